//! `m3m status` on five real OpenSSH servers.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::cell_file::CellFile;
use crate::five::{Five, NAMES};
use crate::hostile::Deaf;
use crate::sshd::{HARDENED, Options, available, free_port};
use crate::support::{Finished, Home};

/// Beyond a command's own deadline: a crowded machine is slow to start and to end processes.
pub const SLACK: Duration = Duration::from_secs(30);

/// The line of the table that is about a node.
#[track_caller]
pub fn row<'a>(shown: &'a Finished, node: &str) -> &'a str {
    let mut rows = shown.stdout.lines().filter(|line| line.split_whitespace().next() == Some(node));
    rows.next().unwrap_or_else(|| panic!("no row of {node}: {shown}"))
}

/// Asserts that a node is shown to answer.
#[track_caller]
pub fn assert_up(shown: &Finished, node: &str) {
    assert!(row(shown, node).contains(" up "), "{node}: {shown}");
}

/// Asserts the reason that is given for a node's silence, what other nodes say of it left aside, and what the hint
/// below it holds.
#[track_caller]
pub fn assert_silent(shown: &Finished, node: &str, reason: &str, hint: &str) {
    let starts = [format!("! {node} does not answer: "), format!("! {node} cannot be observed: ")];
    let mut lines = shown.stdout.lines().skip_while(|line| !starts.iter().any(|start| line.starts_with(start)));
    let said = lines.next().unwrap_or_else(|| panic!("nothing is said of {node}: {shown}"));
    let given = starts.iter().find_map(|start| said.strip_prefix(start)?.split("; ").next());
    assert_eq!(given, Some(reason), "{node}: {shown}");
    let hinted = lines.next().filter(|line| line.starts_with("  hint: ")).unwrap_or_default();
    assert!(hinted.contains(hint) && hinted.is_empty() == hint.is_empty(), "{node}: {hint:?} in {hinted:?}: {shown}");
}

fn is_whole(shown: &Finished) {
    shown.assert_code(0);
    assert!(shown.stdout.starts_with("OPERATIONAL: amber executes the service\n"), "{shown}");
    let roles = ["primary", "brain", "mirror 1", "mirror 2", "mirror 3"];
    for (name, role) in NAMES.iter().zip(roles) {
        assert_up(shown, name);
        assert!(row(shown, name).contains(role), "{role}: {shown}");
        assert_eq!(row(shown, name).contains("executes"), role == "primary", "{shown}");
        assert!(!row(shown, name).contains(['!', '?']), "{shown}");
    }
    assert_eq!(shown.stderr, "");
}

#[test]
fn five_servers_as_they_come() {
    if available() {
        is_whole(&Five::start(&Options::default()).home.run(["status"]));
    }
}

#[test]
fn five_hardened_servers() {
    if available() {
        is_whole(&Five::start(&Options { config: HARDENED, ..Options::default() }).home.run(["status"]));
    }
}

#[test]
fn json_says_the_same() {
    if !available() {
        return;
    }
    let five = Five::start(&Options::default());
    let shown = five.home.run(["status", "-o", "json"]);
    let status: serde_json::Value = serde_json::from_str(&shown.assert_code(0).stdout).unwrap();
    assert_eq!(status["schema"], "m3m.status/1");
    assert_eq!(status["verdict"], "OPERATIONAL");
    let nodes = status["nodes"].as_array().unwrap();
    let heads: Vec<&str> = nodes.iter().map(|node| node["head"].as_str().unwrap()).collect();
    assert!(heads.iter().all(|head| *head == heads[0] && head.len() == 40), "{heads:?}");
    for (node, name) in nodes.iter().zip(NAMES) {
        assert_eq!(node["name"], name);
        assert_eq!((&node["state"], &node["reason"]), (&"up".into(), &serde_json::Value::Null), "{node}");
        assert_eq!((&node["lag_commits"], &node["dirty"]), (&0.into(), &0.into()), "{node}");
        let offset_s = node["offset_s"].as_f64().unwrap();
        assert!(offset_s.abs() < 1.0, "one machine, one clock: {node}");
    }
}

#[test]
fn a_dead_and_a_frozen_server_beside_three_good_ones() {
    if !available() {
        return;
    }
    let five = Five::start(&Options::default());
    five.nodes[1].signal(Signal::STOP);
    five.nodes[2].signal(Signal::KILL);
    let start = Instant::now();
    let shown = five.home.run(["status", "--timeout", "5s"]);
    assert!(start.elapsed() < Duration::from_secs(5) + SLACK, "{:?}", start.elapsed());
    shown.assert_code(10);
    assert!(shown.stdout.starts_with("DEGRADED: "), "{shown}");
    assert_silent(&shown, "birch", "timeout in banner", "it may be frozen or overloaded");
    assert_silent(&shown, "cedar", "refused", &format!("nothing listens on 127.0.0.1:{}", five.nodes[2].port()));
    for node in ["amber", "dogwood", "elm"] {
        assert_up(&shown, node);
    }
}

#[test]
fn without_primary_the_service_is_down() {
    if !available() {
        return;
    }
    let five = Five::start(&Options::default());
    five.nodes[0].signal(Signal::KILL);
    let shown = five.home.run(["status"]);
    shown.assert_code(11);
    assert!(shown.stdout.starts_with("DOWN: amber (PRIMARY) cannot be observed (refused)"), "{shown}");
}

#[test]
fn nodes_that_are_all_closed_or_all_deaf() {
    if !available() {
        return;
    }
    let home = Home::new();
    crate::sshd::keygen(home.path(), "ed25519", "identity", "");
    let cell = |ports: [u16; 3]| {
        let named = ["one", "two", "three"].into_iter().zip(ports);
        named.fold(CellFile::new(&home), |cell, (name, port)| cell.node(name, port, "", "/nowhere".as_ref())).write();
    };
    cell([free_port(), free_port(), free_port()]);
    let shown = home.run(["status"]);
    shown.assert_code(11);
    assert_silent(&shown, "one", "refused", "nothing listens on");

    let deaf = [Deaf::start(), Deaf::start(), Deaf::start()];
    cell([deaf[0].port(), deaf[1].port(), deaf[2].port()]);
    let start = Instant::now();
    let shown = home.run(["status", "--timeout", "1s"]);
    assert!(start.elapsed() < Duration::from_secs(1) + SLACK, "{:?}", start.elapsed());
    shown.assert_code(12);
    assert!(shown.stdout.starts_with("CUT OFF: "), "{shown}");
    assert_silent(&shown, "three", "timeout in connect", "");
}
