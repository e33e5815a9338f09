//! A node that dies as any line of a change's journal appears: it ends in bounded time, says what became of it, and the
//! next one goes on. Most are killed, since silence takes long to tell from patience.

use std::time::Instant;

use crate::change_cell::Moved;
use crate::change_runs::{END, Operator, end};
use crate::lab::NODES;
use crate::support::Finished;

/// The lines that a switchover with writes to take in has in its journal.
const LINES: usize = 8;
const FROM: &str = "amsterdam";
const TO: &str = "almaty";

/// A lab in which nodes die in the middle of switchovers from `FROM` to `TO`.
struct Deaths {
    cell: Moved,
    ann: Operator,
    bob: Operator,
    numbers: u64,
}

impl Deaths {
    fn new() -> Self {
        let cell = Moved::up();
        let (ann, bob) = (Operator::new(&cell, "ann").in_haste(), Operator::new(&cell, "bob"));
        Self { cell, ann, bob, numbers: 0 }
    }

    /// Switches over, and lets a node die once there are so many lines.
    fn die(&mut self, node: &str, fault: &str, lines: usize) -> Finished {
        self.numbers += 1;
        self.cell.write(FROM, self.numbers);
        let start = Instant::now();
        let running = self.ann.start_until(&format!("promote {TO} --yes"), lines);
        self.cell.lab([fault, node]);
        let ended = running.map(end);
        let ended = ended.unwrap_or_else(|| panic!("it ended before line {lines}"));
        assert!(start.elapsed() < END, "{fault} {node} at {lines}: {:?}: {ended}", start.elapsed());
        ended
    }

    /// After the node is back everything goes on, to where it began.
    fn goes_on(&self, node: &str, undo: &str, what: &str) {
        self.cell.lab([undo, node]);
        for to in [TO, FROM] {
            let done = self.bob.run(&format!("promote {to} --yes"));
            assert_eq!(done.code(), 0, "{what}, then promote {to}: {done}");
            self.cell.assert_at_rest(&NODES, to, what);
            self.cell.assert_whole(to, self.numbers, what);
        }
    }
}

#[test]
fn a_candidate_may_die_at_any_step() {
    let mut deaths = Deaths::new();
    // As each step begins.
    for lines in (1..=LINES).step_by(2) {
        let (fault, undo) = match lines {
            3 => ("poweroff", "revive"),
            7 => ("freeze", "thaw"),
            _ => ("kill", "revive"),
        };
        let what = format!("{fault} {TO} after {lines} lines");
        let ended = deaths.die(TO, fault, lines);
        assert!(matches!(ended.code(), 0 | 20 | 21), "{what}: {ended}");
        let executing = deaths.cell.executing();
        // Where it started before it died, that is told; where it did not, PRIMARY goes back.
        if executing == [FROM] {
            assert!(ended.stdout.contains(TO), "{what}: {ended}");
        } else {
            let says_so = ended.code() == 21 && ended.stdout.contains("goes on from here");
            assert!(says_so || lines == LINES - 1, "{what}: {executing:?}: {ended}");
        }
        deaths.goes_on(TO, undo, &what);
    }
}

#[test]
fn the_old_primary_may_die_at_any_step() {
    let mut deaths = Deaths::new();
    // As each step has ended, and the first as it begins.
    for lines in [1, 2, 4, 6, LINES] {
        let (fault, undo) = match lines {
            1 => ("poweroff", "revive"),
            4 => ("freeze", "thaw"),
            _ => ("kill", "revive"),
        };
        let what = format!("{fault} {FROM} after {lines} lines");
        let ended = deaths.die(FROM, fault, lines);
        assert!(matches!(ended.code(), 0 | 20 | 21), "{what}: {ended}");
        if ended.code() == 0 {
            assert!(deaths.cell.executing().contains(&TO), "{what}: {ended}");
        } else {
            assert!(ended.stdout.contains("--allow-data-loss") || ended.stdout.contains(FROM), "{what}: {ended}");
            assert!(!deaths.cell.executing().contains(&TO), "{what}: {ended}");
        }
        deaths.goes_on(FROM, undo, &what);
    }
}
