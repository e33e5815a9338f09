//! Standing connections to servers that turn hostile: each is noticed, and replaced once its server is sound again.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{ChildStdout, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::hostile_points::Cell;
use crate::processes::{Peaks, Running};
use crate::scripted::{Manner, Point, Script};

use crate::support::until;

const TIMEOUT: Duration = Duration::from_secs(120);

/// An m3m that shows a JSON line a round.
struct Every {
    child: Running,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Every {
    fn start(cell: &Cell) -> Self {
        let mut m3m = cell.home.m3m(["status", "--every=100ms", "--timeout", "2s", "-o", "json"]);
        let mut child = m3m.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("m3m");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child: Running(child), lines }
    }

    /// Waits for a round in which the nodes are as wanted.
    #[track_caller]
    fn until(&mut self, what: &str, wanted: impl Fn(&[Value]) -> bool) {
        until(what, TIMEOUT, || {
            let line = self.lines.next().expect("a further line").expect("its text");
            let status: Value = serde_json::from_str(&line).expect("a document");
            wanted(status["nodes"].as_array().expect("nodes")).then_some(())
        });
    }

    /// Open files and threads, where there is a /proc to tell.
    fn holds(&self) -> Option<(usize, usize)> {
        Peaks::now(self.child.0.id()).map(|now| (now.files, now.threads))
    }
}

fn stands(node: &Value) -> bool {
    node["state"] == "up" && node["fresh_connection"] == false
}

#[test]
fn sessions_that_die_are_replaced_and_leave_nothing_behind() {
    let scripts = [
        // The channel that is opened ahead of the next question.
        (Point::ChannelOpen, Manner::Hang),
        (Point::ChannelOpen, Manner::Close),
        (Point::Exec, Manner::Hang),
        (Point::Exec, Manner::Disconnect),
        (Point::Exec, Manner::Refuse),
        (Point::Output, Manner::Hang),
        (Point::Output, Manner::Close),
        (Point::Output, Manner::FloodStderr),
        (Point::MidOutput, Manner::Disconnect),
        (Point::MidOutput, Manner::Hang),
    ];
    let cell = Cell::new(scripts.map(|(point, manner)| Script { point, manner }));
    let arm = |is_armed| cell.hostile.iter().for_each(|(_, server)| server.arm(is_armed));
    arm(false);
    let mut every = Every::start(&cell);
    every.until("all stand", |nodes| nodes.iter().all(stands));
    let before = every.holds();
    arm(true);
    every.until("none of the hostile answers, and the good ones stand", |nodes| {
        nodes[..2].iter().all(stands) && nodes[2..].iter().all(|node| node["state"] != "up")
    });
    arm(false);
    every.until("all stand again", |nodes| nodes.iter().all(stands));
    assert!(cell.hostile.iter().all(|(_, server)| server.accepted() > 1), "new connections");
    until("as many files and threads as before", TIMEOUT, || {
        every.until("a round", |_| true);
        (every.holds() <= before).then_some(())
    });
}
