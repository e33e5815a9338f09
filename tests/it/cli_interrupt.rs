//! Ctrl-C and SIGTERM at any moment of a command: it ends soon, says so, and leaves nothing behind.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{Labs, SOON};
use crate::support::{Home, until};

/// How long a command may take to end after a signal, a noisy machine included: never as long as its own deadline.
const END: Duration = Duration::from_secs(30);

fn start(home: &Home, args: [&str; 4]) -> Child {
    home.m3m(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("m3m")
}

/// The directories of throw-away labs in a home.
fn throw_aways(home: &Home) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.path()).expect("the home").flatten().map(|entry| entry.path());
    entries.filter(|path| path.to_string_lossy().contains("/m3m-lab-")).collect()
}

/// Whether any process has the text in its command line.
fn runs(text: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("a list of processes").flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.into_iter().any(|line| String::from_utf8_lossy(&line).contains(text))
}

#[test]
fn a_throw_away_lab_is_gone_whenever_the_signal_comes() {
    // From before main to after the end of a command that takes some 300 ms; the moments are spread, not aimed.
    for (index, delay_ms) in [0, 2, 5, 10, 20, 40, 80, 120, 160, 200, 250, 300].into_iter().enumerate() {
        let home = Home::new();
        let signal = if index % 2 == 0 { Signal::INT } else { Signal::TERM };
        let mut child = start(&home, ["--lab", "status", "--timeout", "20s"]);
        std::thread::sleep(Duration::from_millis(delay_ms));
        kill_process(Pid::from_child(&child), signal).expect("signal a child that was not waited for");
        let status = until("it ends", SOON, || child.try_wait().expect("its end"));
        // By the signal itself where it came before m3m could listen, 0 where it came after the work.
        assert!(matches!(status.code(), None | Some(0 | 130)), "{delay_ms} ms: {status}");
        let place = home.path().canonicalize().expect("the home").display().to_string();
        until("nothing is left", SOON, || (throw_aways(&home).is_empty() && !runs(&place)).then_some(()));
    }
}

#[test]
fn a_frozen_node_does_not_keep_it() {
    let labs = Labs::up();
    labs.run(["lab", "freeze", "amsterdam"]).assert_code(0);
    for signal in [Signal::INT, Signal::TERM] {
        let mut command = labs.home.m3m(["--lab", "status", "-v", "--timeout", "1h"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("m3m");
        // Once a healthy node has answered, the frozen one is being waited for.
        let mut heard = [0];
        std::io::Read::read_exact(child.stderr.as_mut().expect("its stderr"), &mut heard).expect("an answer");
        assert!(child.try_wait().expect("its state").is_none(), "it waits");
        let start = Instant::now();
        kill_process(Pid::from_child(&child), signal).expect("signal it");
        let ended = crate::support::wait(child, SOON);
        assert!(start.elapsed() < END, "{ended}");
        assert!(ended.assert_code(130).stdout.is_empty(), "{ended}");
    }
    labs.run(["lab", "thaw", "amsterdam"]).assert_code(0);
    labs.run(["--lab", "status"]).assert_code(0);
}
