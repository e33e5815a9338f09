//! `m3m exec` and `m3m ssh` with real OpenSSH servers.

use std::path::Path;

use crate::cell_file::CellFile;
use crate::five::{Five, NAMES};
use crate::sshd::{Options, Sshd, available, keygen, public_key};
use crate::support::Home;

#[test]
fn a_command_on_five_servers() {
    if !available() {
        return;
    }
    let five = Five::start(&Options::default());
    let ended = five.home.run(["exec", "--", "echo out; echo err >&2; exit 3"]);
    let all = NAMES.join(",");
    assert_eq!(ended.assert_code(3).stdout, format!("{all}: out\n"));
    assert_eq!(ended.stderr, format!("{all}: err\nm3m: {all}: exit status 3\n"));
    // What sshd starts is as much its own as what a lab's node starts.
    let late = five.home.run(["exec", "-n", "amber", "--timeout", "300ms", "--", "echo $$ >\"$HOME/pid\"; sleep 1000"]);
    assert!(late.assert_code(255).stderr.contains("its time was over, and it was ended there"), "{late}");
    let pid = std::fs::read_to_string(five.nodes[0].home().join("pid")).expect("its process");
    assert!(crate::processes::state(pid.trim().parse().expect("a number")).is_none());
}

#[test]
fn an_end_without_a_proof_is_none() {
    if !available() {
        return;
    }
    for (force, reason) in
        [("exit 0", "it ended without its status"), ("echo closed; exit 1", "the login shell ended with status 1")]
    {
        let five = Five::start(&Options { force_command: Some(force), ..Options::default() });
        let ended = five.home.run(["exec", "-n", "amber", "--", "true"]);
        assert!(ended.assert_code(255).stderr.contains(&format!("no end: garbled: {reason}\n  hint: ")), "{ended}");
    }
}

#[test]
fn ssh_gets_the_settings_of_the_inventory() {
    if !available() {
        return;
    }
    let home = Home::new();
    // A path that means something in ssh's configuration.
    std::fs::create_dir(home.path().join("50% \"of\" all")).expect("a directory");
    let identity = keygen(&home.path().join("50% \"of\" all"), "ed25519", "key", "");
    let server = Sshd::start(&Options { authorized_keys: Some(&public_key(&identity)), ..Options::default() });
    let other = public_key(&keygen(home.path(), "ed25519", "other", ""));
    let pin = |key: &str| format!("host_key: {}", key.split(' ').take(2).collect::<Vec<_>>().join(" "));
    home.write("empty", "");
    let right = format!("{}, known_hosts: empty", pin(&server.host_keys()[0]));
    for (ssh, known) in [("", true), (right.as_str(), true), (&pin(&other), false), ("known_hosts: empty", false)] {
        let nowhere = Path::new("/nowhere");
        let cell = CellFile::new(&home).known(&server.known_hosts()).node("amber", server.port(), ssh, nowhere);
        let cell = cell.node("birch", 1, "", nowhere).node("cedar", 2, "", nowhere);
        cell.write_with(", identity: '50% \"of\" all/key'");
        let there = home.run(["ssh", "amber", "--", "echo in; exit 6"]);
        if known {
            assert_eq!(there.assert_code(6).stdout, "in\n", "{ssh}: {there}");
        } else {
            assert!(there.assert_code(255).stderr.contains("Host key verification failed"), "{ssh}: {there}");
        }
    }
}
