//! Outputs that are closed, full, or gone in the middle: no panic, and an exit status that makes sense.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::lab::{Labs, SOON};
use crate::support::{Finished, Home, finish, until, wait};

/// m3m behind a shell's redirections, which come after its arguments.
fn redirected(labs: &Labs, line: &str) -> Finished {
    let plain = labs.home.m3m([]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" {line}")]).arg(plain.get_program()).current_dir(labs.home.path());
    shell.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    finish(&mut shell)
}

#[track_caller]
fn assert_calm(finished: &Finished) {
    for word in ["panicked", "RUST_BACKTRACE", "Backtrace"] {
        assert!(!finished.stderr.contains(word), "{finished}");
    }
}

#[test]
fn a_reader_that_has_gone_has_what_it_wanted() {
    let labs = Labs::up();
    let mut command = labs.home.m3m(["--lab", "status", "--every=100ms"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("m3m");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    assert!(line.starts_with("OPERATIONAL"), "{line}");
    // The pipe is closed now, and m3m finds out at the next round.
    let ended = wait(child, SOON);
    assert_calm(ended.assert_code(0));
    assert!(ended.stderr.is_empty(), "{ended}");

    for verb in ["status", "where", "check --offline", "status -o json", "status -o yaml", "exec -- uname"] {
        let mut command = labs.home.m3m([]);
        command.args(["--lab"]).args(verb.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("m3m");
        drop(child.stdout.take());
        let ended = wait(child, SOON);
        assert_calm(ended.assert_code(0));
        assert!(ended.stderr.is_empty(), "{verb}: {ended}");
    }
    for args in [["completions", "bash"], ["lab", "list"]] {
        let mut child = labs.home.m3m(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("m3m");
        drop(child.stdout.take());
        assert_calm(wait(child, SOON).assert_code(0));
    }
}

#[test]
fn a_full_disk_is_told() {
    if !std::path::Path::new("/dev/full").exists() {
        crate::support::skipped("no /dev/full");
        return;
    }
    let labs = Labs::up();
    for verb in [
        "--lab status",
        "--lab where",
        "--lab check --offline",
        "--lab status -o json",
        "--lab exec -- uname",
        "completions zsh",
        "lab list",
    ] {
        let full = redirected(&labs, &format!("{verb} >/dev/full"));
        assert_calm(full.assert_code(1));
        let told = "error: cannot write the output\n  because: No space left on device (os error 28)\n";
        assert!(full.stderr.ends_with(told) && !full.stderr.contains("bug"), "{full}");
    }
    // Nobody can be told then, and the status is still the verdict.
    for line in ["--lab status -v 2>/dev/full", "--lab status -v 2>&-"] {
        assert_calm(redirected(&labs, line).assert_code(0));
    }
    for line in ["status -i missing.yaml 2>/dev/full", "status -i missing.yaml 2>&-", "status -i missing.yaml >&- 2>&-"]
    {
        assert_calm(redirected(&labs, line).assert_code(3));
    }
}

#[test]
fn closed_outputs_change_no_verdict() {
    let labs = Labs::up();
    for redirections in [">&-", "2>&-", "<&-", "<&- >&- 2>&-"] {
        assert_calm(redirected(&labs, &format!("--lab status {redirections}")).assert_code(0));
    }
    // With the lowest numbers free, what m3m opens next gets them.
    labs.run(["lab", "kill", "amsterdam"]).assert_code(0);
    assert_calm(redirected(&labs, "--lab status <&- >&- 2>&-").assert_code(11));
}

#[test]
fn a_throw_away_lab_needs_no_standard_streams() {
    let labs = Labs::new();
    assert_calm(redirected(&labs, "--lab status <&- >&- 2>&-").assert_code(0));
}

#[test]
fn the_output_may_be_a_file_and_holds_one_report() {
    let home = Home::new();
    let path = home.path().join("report.json");
    let mut command = home.m3m(["--lab", "status", "-o", "json"]);
    let mut child = command.stdout(File::create(&path).expect("a file")).spawn().expect("m3m");
    let status = until("it ends", SOON, || child.try_wait().expect("its end"));
    assert_eq!(status.code(), Some(0));
    let text = std::fs::read_to_string(path).expect("the report");
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
}
