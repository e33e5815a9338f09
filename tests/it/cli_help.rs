//! Help texts: where they go, how they end, how wide they are.

use crate::support::{Finished, Home, finish};

/// A line wider than this wraps in the terminals of most people.
const WIDTH_MAX: usize = 100;

fn run(args: &str) -> Finished {
    finish(Home::new().m3m([]).args(args.split_ascii_whitespace()))
}

#[track_caller]
fn assert_fits(finished: &Finished) {
    for line in finished.stdout.lines().chain(finished.stderr.lines()) {
        assert!(line.chars().count() <= WIDTH_MAX, "too wide: {line}");
    }
}

#[test]
fn help_that_was_asked_for_is_an_answer() {
    let mut asked = vec!["-h".to_owned(), "--help".to_owned(), "help".to_owned(), "--version".to_owned()];
    let mut verbs =
        vec!["status", "where", "check", "init", "exec", "ssh", "history", "pause", "resume", "completions"];
    if cfg!(feature = "lab") {
        verbs.extend(["lab", "lab up", "lab down", "lab list", "lab kill", "lab revive", "lab freeze", "lab thaw"]);
    }
    for verb in verbs {
        asked.extend([format!("{verb} -h"), format!("{verb} --help"), format!("help {verb}")]);
    }
    for args in asked {
        let shown = run(&args);
        assert!(!shown.assert_code(0).stdout.is_empty() && shown.stderr.is_empty(), "{args}: {shown}");
        assert_fits(&shown);
    }
}

#[test]
fn the_help_names_every_verb_that_is_for_people() {
    let help = run("--help");
    for verb in ["status", "where", "check", "init", "exec", "ssh", "history", "pause", "resume", "completions"] {
        assert!(help.stdout.lines().any(|line| line.trim_start().starts_with(verb)), "{help}");
    }
    assert!(!help.stdout.contains("lab-node"), "{help}");
}

#[test]
fn a_wrong_command_line_is_told_on_stderr() {
    for args in [
        "",
        "frobnicate",
        "--frobnicate",
        "status extra",
        "check extra",
        "exec",
        "exec uptime",
        "ssh",
        "status -o xml",
        "status -q -v",
        "help no",
    ] {
        let refused = run(args);
        assert!(refused.assert_code(2).stdout.is_empty() && !refused.stderr.is_empty(), "{args}: {refused}");
        assert_fits(&refused);
    }
    assert!(run("statsu").stderr.contains("'status'"), "a verb that is nearly right");
}

#[test]
fn a_command_line_that_almost_says_it_gets_a_tip() {
    let cases = [
        ("--lab mine status", "tip: its value follows `=`: --lab=mine"),
        ("status --every 5s", "tip: its value follows `=`: --every=5s"),
        ("exec uptime", "tip: the command follows `--`: -- uptime"),
        ("ssh almaty uptime -p", "tip: the command follows `--`: -- uptime"),
    ];
    for (args, tip) in cases {
        let shown = run(args);
        assert!(shown.assert_code(2).stderr.contains(tip), "{args}: {shown}");
    }
    assert!(!run("status extra").assert_code(2).stderr.contains("tip:"));
}
