//! `m3m status --every`: standing connections, nodes that go and come, and its end.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::lab::{Labs, SOON};
use crate::support::until;

/// An m3m that shows JSON lines. Dropping it kills it.
struct Every {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Every {
    fn start(labs: &Labs) -> Self {
        let mut command = labs.home.m3m(["--lab", "status", "--every=200ms", "-o", "json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("m3m");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines }
    }

    /// The next status.
    fn next(&mut self) -> Value {
        let line = self.lines.next().expect("a further line").expect("its text");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The first status from now on that is as wanted; they come five a second.
    #[track_caller]
    fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = (0..100).map(|_| self.next()).find(|status| wanted(status));
        found.unwrap_or_else(|| panic!("{what} did not come"))
    }
}

impl Drop for Every {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_fresh(status: &Value, index: usize) -> bool {
    status["nodes"][index]["fresh_connection"] == true
}

#[test]
fn connections_stand_and_a_node_is_seen_to_go_and_come() {
    let labs = Labs::up();
    let mut every = Every::start(&labs);
    assert!(is_fresh(&every.next(), 0));
    let warm = every.until("a warm round", |status| (0..5).all(|index| !is_fresh(status, index)));
    for node in warm["nodes"].as_array().expect("nodes") {
        assert!(node["rtt_s"].as_f64().is_some_and(|rtt| rtt > 0.0), "{node}");
    }
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    // The round that was under way when it died, then all say so.
    every.until("its death", |status| status["nodes"][2]["state"] != "up");
    assert_ne!(every.next()["nodes"][2]["state"], "up");
    labs.run(["lab", "revive", "almaty"]).assert_code(0);
    let back = every.until("its return", |status| status["nodes"][2]["state"] == "up");
    assert!(is_fresh(&back, 2) && !is_fresh(&back, 0), "{back}");
    // Killed and revived between two rounds: the broken connection says nothing of the node as it is now.
    labs.run(["lab", "kill", "moscow"]).assert_code(0);
    labs.run(["lab", "revive", "moscow"]).assert_code(0);
    every.until("a fresh connection", |status| is_fresh(status, 1) && status["nodes"][1]["state"] == "up");
}

#[test]
fn a_signal_ends_it() {
    let labs = Labs::up();
    for signal in [Signal::INT, Signal::TERM] {
        let mut every = Every::start(&labs);
        every.next();
        kill_process(Pid::from_child(&every.child), signal).expect("signal it");
        let status = until("it ends", SOON, || every.child.try_wait().expect("its end"));
        assert_eq!(status.code(), Some(130));
    }
    labs.run(["--lab", "status"]).assert_code(0);
}
