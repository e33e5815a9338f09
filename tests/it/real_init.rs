//! `m3m init` with five real OpenSSH servers.

use std::process::Command;

use crate::cell_file::repository;
use crate::five::{Five, NAMES};
use crate::sshd::{Options, available};
use crate::support::finish;

#[test]
fn five_servers_get_ready_and_stay_so() {
    if !available() {
        return;
    }
    let five = Five::start(&Options::default());
    let git = |index: usize, args: &[&str]| {
        let mut command = Command::new("git");
        let asked = finish(command.arg("-C").arg(repository(&five.nodes[index])).args(args));
        asked.assert_code(0).stdout.trim().to_owned()
    };
    // One of them has no repository yet; the others have a history of their own and something that is not committed.
    std::fs::remove_dir_all(repository(&five.nodes[4])).expect("remove a repository");
    std::fs::write(repository(&five.nodes[1]).join("draft"), "").expect("a file");
    let heads: Vec<String> = (0..4).map(|index| git(index, &["rev-parse", "HEAD"])).collect();

    let done = five.home.run(["init"]);
    assert!(done.assert_code(0).stdout.contains("all 5 nodes ready, term 1"), "{done}");
    assert!(done.stdout.contains("elm      repository created, first commit, named, term 1 claimed"), "{done}");
    let terms: Vec<String> = (0..5).map(|index| git(index, &["rev-parse", "refs/m3m/term"])).collect();
    assert!(terms.iter().all(|term| *term == terms[0]), "{terms:?}");
    assert_eq!((0..4).map(|index| git(index, &["rev-parse", "HEAD"])).collect::<Vec<_>>(), heads);
    assert_eq!(git(1, &["status", "--porcelain"]), "?? draft");
    for (index, name) in NAMES.iter().enumerate() {
        assert_eq!(git(index, &["config", "m3m.node"]), *name);
        git(index, &["fsck", "--strict"]);
    }

    let reference = repository(&five.nodes[2]).join(".git/refs/m3m/term");
    std::fs::write(reference, "garbage\n").expect("damage");
    git(3, &["update-ref", "-d", "refs/m3m/term"]);
    let repaired = five.home.run(["init", "--repair", "cedar", "--yes"]);
    assert!(repaired.assert_code(0).stdout.contains("raised to term 1"), "{repaired}");
    let again = five.home.run(["init"]);
    assert!(again.assert_code(0).stdout.contains("dogwood  raised to term 1"), "{again}");
    assert!(five.home.run(["init"]).assert_code(0).stdout.contains("nothing to do"));
}
