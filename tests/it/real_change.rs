//! `m3m promote` and `m3m inherit-brain` with real OpenSSH: what was written moves along, however far the nodes are.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::five::NAMES;
use crate::proxy::Proxy;
use crate::real_change_cell::{RealCell, index};

/// Files of all kinds, of which some are committed.
fn write_files(cell: &RealCell, node: &str) {
    let file = |path: &str| cell.file(node, path);
    fs::create_dir_all(file("deep/er/est")).expect("directories");
    fs::create_dir(file("turns")).expect("a directory");
    for path in
        ["changed", "gone", "deep/er/est/kept", "deep/gone", "turns/into", "into", "script", "a 'b' \"c\" é\n$d"]
    {
        fs::write(file(path), format!("{path} of {node}\n")).expect("a file");
    }
    symlink("changed", file("link")).expect("a link");
    symlink("nowhere", file("dangling")).expect("a link");
    cell.git(node, ["add", "-A"]);
    cell.git(node, ["commit", "-qm", "by hand"]);
    fs::write(file(".gitignore"), "*.tmp\n").expect("a file");
    fs::write(file("scratch.tmp"), "of this node alone\n").expect("a file");
    fs::write(file("empty"), "").expect("a file");
}

/// Changes each of them in its own way, and commits nothing.
fn change_files(cell: &RealCell, node: &str) {
    let file = |path: &str| cell.file(node, path);
    fs::write(file("changed"), [0, 159, 146, 150, 13, 10]).expect("a change");
    for path in ["gone", "deep/gone", "into", "link", "turns/into", "dangling"] {
        fs::remove_file(file(path)).expect("remove a file");
    }
    fs::remove_dir(file("turns")).expect("an empty directory");
    fs::write(file("turns"), "a file where a directory was\n").expect("a file");
    fs::create_dir(file("into")).expect("a directory where a file was");
    fs::write(file("into/it"), "below\n").expect("a file");
    symlink("deep/er", file("link")).expect("a link to another place");
    fs::set_permissions(file("script"), fs::Permissions::from_mode(0o755)).expect("its mode");
    fs::write(file("added"), "new\n").expect("a file");
}

#[test]
fn a_switchover_takes_along_whatever_was_written() {
    let Some(cell) = RealCell::start() else { return };
    let own = Path::new("scratch.tmp");
    write_files(&cell, "amber");
    cell.change("promote").assert(0, "done").assert_says(&["\"kind\": \"switchover\""]);
    cell.assert_settled(&NAMES, 2, "cedar", "birch");
    let mut written = cell.tree("amber");
    assert!(written.remove(own).is_some(), "what is ignored stays where it is");
    assert_eq!(cell.tree("cedar"), written);

    change_files(&cell, "cedar");
    let (mut before, written) = (cell.tree("amber"), cell.tree("cedar"));
    cell.change("promote amber").assert(0, "done");
    cell.assert_settled(&NAMES, 3, "amber", "birch");
    let mut now = cell.tree("amber");
    assert_eq!(now.remove(own), before.remove(own));
    assert_eq!((&now, cell.tree("cedar")), (&written, written.clone()));
    for node in ["amber", "cedar"] {
        assert_eq!(cell.git(node, ["status", "--porcelain"]), "", "{node}");
    }
    assert_eq!(cell.git("amber", ["rev-parse", "HEAD"]), cell.git("cedar", ["rev-parse", "HEAD"]));

    cell.change("promote amber").assert(0, "nothing");
    cell.change("inherit-brain").assert(0, "done");
    cell.assert_settled(&NAMES, 4, "amber", "cedar");
}

#[test]
fn a_failover_from_servers_that_are_gone() {
    let Some(mut cell) = RealCell::start() else { return };
    cell.server("amber").signal(Signal::KILL);
    cell.change("promote --reason burnt").assert(0, "done").assert_says(&["\"kind\": \"failover\"", "refused"]);
    let alive = &NAMES[1..];
    cell.assert_settled(alive, 2, "cedar", "birch");
    assert_eq!(cell.term("birch").reason, "burnt");

    // Both holders at once.
    for node in ["birch", "cedar"] {
        cell.server(node).signal(Signal::KILL);
    }
    cell.change("promote").assert(0, "done");
    cell.assert_settled(&NAMES[3..], 3, "dogwood", "birch");
    cell.change("inherit-brain").assert(0, "done");
    cell.assert_settled(&NAMES[3..], 4, "dogwood", "elm");

    // A node that comes back with a service of its own is stopped, and what it wrote stays.
    cell.nodes[index("amber")].restart();
    fs::write(cell.file("amber", "late"), "written under the first term\n").expect("a file");
    cell.serve_by_hand("amber");
    assert_eq!(cell.executing(), ["amber", "dogwood"]);
    cell.change("promote dogwood").assert(0, "done");
    // Two of five are no proof that the term before was won: it is claimed once more.
    cell.assert_settled(&["amber", "dogwood", "elm"], 5, "dogwood", "elm");
    assert_eq!(fs::read(cell.file("dogwood", "late")).expect("the late file"), b"written under the first term\n");
}

#[test]
fn a_majority_is_needed_where_the_term_says_so() {
    let Some(mut cell) = RealCell::bare(&|_, _| crate::sshd::Options::default(), "tree") else { return };
    cell.inventory["safety"] = json!({ "quorum": "majority" });
    cell.write_inventory();
    cell.make_ready();
    for node in ["amber", "elm"] {
        cell.server(node).signal(Signal::KILL);
    }
    cell.change("promote").assert(0, "done");
    let alive = ["birch", "cedar", "dogwood"];
    cell.assert_settled(&alive, 2, "cedar", "birch");
    cell.server("cedar").signal(Signal::KILL);
    // What the inventory says now makes nobody less careful.
    cell.inventory["safety"] = json!({ "quorum": "any" });
    cell.write_inventory();
    cell.change("promote").assert_refused().assert_says(&[
        "2 of 5 members answer",
        "asks for 3",
        "hint: bring nodes back",
    ]);
    assert_eq!((cell.term("dogwood").term, cell.executing()), (2, vec![]));
}

#[test]
fn nodes_that_only_another_node_reaches_give_and_take() {
    let Some(mut cell) = RealCell::bare(&|_, _| crate::sshd::Options::default(), "tree") else { return };
    let mut known = fs::read_to_string(cell.home.path().join("known_hosts")).expect("the host keys");
    let ways = ["amber", "cedar"].map(|node| {
        let way = Proxy::start(cell.server(node).port(), Duration::ZERO);
        let keys = cell.server(node).host_keys().iter();
        known.extend(keys.map(|key| format!("[127.0.0.1]:{} {key}\n", way.port())));
        cell.inventory["nodes"][index(node)]["ssh"]["port"] = way.port().into();
        way
    });
    cell.home.write("known_hosts", known);
    cell.write_inventory();
    cell.make_ready();
    fs::write(cell.file("amber", "written"), "far away\n").expect("a file");
    for way in &ways {
        way.cut_own_path(true);
    }
    cell.timeout = "5s";
    cell.change("promote cedar").assert(0, "done").assert_says(&["\"kind\": \"switchover\""]);
    cell.assert_settled(&NAMES, 2, "cedar", "birch");
    assert_eq!(cell.tree("cedar"), cell.tree("amber"));
    assert!(cell.tree("cedar").contains_key(Path::new("written")));
}
