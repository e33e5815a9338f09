//! `m3m check` on the lab's nodes.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::{Labs, NODES};
use crate::support::Finished;
use crate::terminal::{Terminal, available};

/// The words of a node's line about a check, in a pipe.
#[track_caller]
fn line<'a>(shown: &'a Finished, node: &str, check: &str) -> Vec<&'a str> {
    let lines = shown.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut found = lines.filter(|words| words.len() >= 3 && (words[0], words[1]) == (node, check));
    found.next().unwrap_or_else(|| panic!("no line {node} {check}: {shown}"))
}

/// Asserts what came of a check, and what is said of it.
#[track_caller]
fn assert_outcome(shown: &Finished, node: &str, check: &str, outcome: &str, said: &str) {
    let words = line(shown, node, check);
    assert_eq!(words[2], outcome, "{node} {check}: {shown}");
    assert!(words[3..].join(" ").contains(said), "{node} {check}: {said:?} in {words:?}");
}

#[test]
fn a_fresh_lab_is_ready() {
    let labs = Labs::up();
    let shown = labs.run(["--lab", "check"]);
    shown.assert_code(0);
    assert!(shown.stdout.starts_with("READY: 5 nodes lack nothing, and every promise can hold\n"), "{shown}");
    assert!(!shown.stdout.contains(" cross ") && !shown.stdout.contains(" warn "), "{shown}");
    for node in NODES {
        assert_outcome(&shown, node, "write", "ok", "files, objects, references");
        assert_outcome(&shown, node, "login_shell", "ok", "/bin/sh, starts within ");
        assert_outcome(&shown, node, "relays", "ok", "4 of 4");
        assert_outcome(&shown, node, "forwarding", "ok", "");
        assert_outcome(&shown, node, "term", "ok", "term 1");
        assert_outcome(&shown, node, "boot", "unknown", "no systemctl command");
    }
    assert_outcome(&shown, "amsterdam", "service", "ok", "runs, after ");
    assert_outcome(&shown, "promise", "primary", "ok", "10s of 10s");
    assert_eq!(shown.stdout.matches(" relay ").count(), 20, "{shown}");
    assert_eq!(shown.stderr, "");
    // It has left nothing: the nodes are as fresh as before.
    labs.run(["--lab", "status"]).assert_code(0);
    let leftovers =
        crate::support::finish(std::process::Command::new("find").arg(labs.dir("lab")).args(["-name", "*m3m-check*"]));
    assert_eq!(leftovers.stdout, "", "{leftovers}");
}

#[test]
fn what_is_missing_is_named_and_the_rest_is_told_all_the_same() {
    let labs = Labs::up();
    labs.run(["lab", "kill", "moscow"]).assert_code(0);
    labs.run(["lab", "freeze", "almaty"]).assert_code(0);
    let begun = Instant::now();
    let shown = labs.run(["--lab", "check", "--timeout", "5s"]);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    shown.assert_code(10);
    assert!(
        shown.stdout.starts_with("NOT READY: 2 of 5 nodes: moscow (TCP, relayed), almaty (SSH, relayed)\n"),
        "{shown}"
    );
    assert_outcome(&shown, "moscow", "tcp", "cross", "refused (hint: nothing listens on 127.0.0.1:");
    assert_outcome(&shown, "moscow", "ssh", "unknown", "");
    assert_outcome(&shown, "almaty", "tcp", "ok", "127.0.0.1:");
    assert_outcome(&shown, "almaty", "ssh", "cross", "timeout in banner");
    assert_outcome(&shown, "amsterdam", "relays", "ok", "2 of 2");

    labs.run(["lab", "thaw", "almaty"]).assert_code(0);
    let only = labs.run(["--lab", "check", "-n", "novosibirsk", "-o", "json", "--timeout", "5s"]);
    let json: Value = serde_json::from_str(&only.assert_code(0).stdout).expect("one JSON document");
    assert_eq!((&json["schema"], &json["verdict"]), (&"m3m.check/1".into(), &"READY".into()));
    assert_eq!((json["nodes"].as_array().map(Vec::len), json["relays"].as_array().map(Vec::len)), (Some(1), Some(8)));
    let checks = json["nodes"][0]["checks"].as_array().expect("checks");
    assert_eq!(checks.len(), 18);
    assert!(checks.iter().all(|check| check["outcome"] == "ok" || check["check"] == "boot"), "{checks:#?}");
    assert!(checks.iter().any(|check| check["check"] == "service" && check["unit"] == "s" && check["value"].is_f64()));
}

#[test]
fn the_exit_statuses_of_check() {
    let labs = Labs::up();
    let inventory = std::fs::read_to_string(labs.dir("lab").join("inventory.yaml")).expect("the lab's inventory");
    let slow = labs.home.write("slow.yaml", inventory + "timing: { misses: 4 }\n");
    let slow = slow.to_str().expect("a path in UTF-8");
    let broken = labs.run(["check", "-i", slow]);
    broken.assert_code(3);
    assert!(broken.stdout.starts_with("CANNOT HOLD: detection, primary, brain"), "{broken}");
    assert_outcome(&broken, "promise", "primary", "cross", "12s of 10s");
    assert_outcome(&broken, "moscow", "auth", "ok", "");

    for node in NODES {
        labs.run(["lab", "freeze", node]).assert_code(0);
    }
    let cut_off = labs.run(["--lab", "check", "-q", "--timeout", "1s"]);
    cut_off.assert_code(12);
    assert_eq!(cut_off.stdout, "CUT OFF: none of 5 nodes could be reached: is this machine's network up?\n");
}

#[test]
fn the_matrix_fits_a_terminal() {
    if !available() {
        return;
    }
    let labs = Labs::up();
    let terminal = Terminal::open(&labs.home, &labs.home.m3m(["--lab", "check"]), 80, 50);
    assert_eq!(terminal.end(), 0);
    let screen = terminal.screen();
    assert!(screen.starts_with("READY: "), "{screen}");
    let marks = |label: &str| {
        let line =
            screen.lines().find(|line| line.starts_with(label)).unwrap_or_else(|| panic!("no {label}: {screen}"));
        line[label.len()..].split_whitespace().collect::<String>()
    };
    for label in ["name lookup", "authentication", "write access", "relayed"] {
        assert_eq!(marks(label), "✓✓✓✓✓", "{label}: {screen}");
    }
    assert_eq!(marks("start at boot"), "?????");
    assert_eq!(marks("via saint-petersburg"), "✓✓✓✓");
    assert!(!screen.contains("asked"), "the progress is cleared: {screen}");

    let mut dumb = labs.home.m3m(["--lab", "check"]);
    dumb.env("TERM", "dumb");
    let terminal = Terminal::open(&labs.home, &dumb, 80, 50);
    assert_eq!(terminal.end(), 0);
    let screen = terminal.screen();
    assert!(screen.contains("TCP               +          +       +"), "{screen}");
    assert!(!screen.contains('✓'), "{screen}");
}
