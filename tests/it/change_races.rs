//! Runs that change roles at once.

use std::fs::{self, File};
use std::process::Child;

use serde_json::Value;

use crate::change_cell::Moved;
use crate::change_runs::{END, Operator};
use crate::lab::{NODES, SOON};
use crate::processes::has_open;
use crate::support::{Finished, until, wait};

/// How many races there are, where `M3M_RACES` does not say: each takes most of a second.
const ROUNDS: usize = 4;

/// Two runs that have both looked and planned before either may act: their journals are held.
struct Race {
    operators: [Operator; 2],
    ended: [Finished; 2],
}

impl Race {
    fn run(cell: &Moved, round: usize, lines: [&str; 2]) -> Self {
        let operators = ["ann", "bob"].map(|name| Operator::of_round(cell, name, round));
        let mut started = Vec::new();
        for (operator, line) in operators.iter().zip(lines) {
            let run = operator.start(line);
            // It is there as soon as it has been seen to be writable, and next written when there is a plan.
            until("its journal", SOON, || operator.journal_file().exists().then_some(()));
            let lock = File::options().write(true).open(operator.journal_lock()).expect("the lock of its journal");
            lock.lock().expect("hold it");
            started.push((run, lock));
        }
        for (operator, (run, _)) in operators.iter().zip(&mut started) {
            until("it waits for its journal", SOON, || {
                let has_ended = run.try_wait().expect("its state").is_some();
                (has_ended || has_open(run.id(), &operator.journal_lock())).then_some(())
            });
        }
        let runs: Vec<Child> = started
            .into_iter()
            .map(|(run, lock)| {
                lock.unlock().expect("let go");
                run
            })
            .collect();
        let ended: Vec<Finished> = runs.into_iter().map(|run| wait(run, END)).collect();
        let ended = ended.try_into().unwrap_or_else(|_| panic!("two runs"));
        Self { operators, ended }
    }

    /// The number of each run's first claim.
    fn first_claims(&self) -> [Option<u64>; 2] {
        [0, 1].map(|index| {
            let journal = self.operators[index].journal();
            let line: Value = serde_json::from_str(journal.lines().next()?).expect("JSON");
            line["term"].as_u64()
        })
    }

    /// The index of the one that won; the other has said so, and has touched no service.
    #[track_caller]
    fn winner(&self, what: &str) -> usize {
        let [one, other] = self.first_claims();
        assert!(one.is_some() && one == other, "{what}: they claimed the same number: {one:?} {other:?}");
        let codes = [0, 1].map(|index| self.ended[index].code());
        let text = format!(
            "{what}\n{}\n{}\n{}\n{}",
            self.ended[0],
            self.operators[0].journal(),
            self.ended[1],
            self.operators[1].journal()
        );
        let winner = codes.iter().position(|code| *code == 0).unwrap_or_else(|| panic!("nobody won: {text}"));
        let loser = 1 - winner;
        let name = self.operators[winner].by();
        assert!(self.ended[loser].stdout.contains(&name) || self.ended[loser].stderr.contains(&name), "{text}");
        // One that had won, and was overtaken while it stopped the old PRIMARY or started the new one, says so and no less.
        let journal = self.operators[loser].journal();
        let touches = ["\"outcome\":\"stopped", "\"outcome\":\"killed", "\"act\":\"start\""];
        let has_touched = touches.iter().any(|touch| journal.contains(touch));
        assert_eq!(codes[loser], if has_touched { 21 } else { 20 }, "{text}");
        winner
    }
}

#[test]
fn of_two_that_promote_one_wins_and_the_other_has_touched_nothing() {
    let rounds = std::env::var("M3M_RACES").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let cell = Moved::up();
    let witness = cell.witness();
    let mut at = "amsterdam";
    for round in 0..rounds {
        let others = ["amsterdam", "almaty", "saint-petersburg"].into_iter().filter(|name| *name != at);
        let candidates: Vec<&str> = others.collect();
        let started = |node: &str| fs::read_to_string(cell.labs.node(node).join("ledger.lock")).unwrap_or_default();
        let before: Vec<String> = candidates.iter().map(|node| started(node)).collect();
        let lines = [0, 1].map(|index| format!("promote {} --yes", candidates[index]));
        let race = Race::run(&cell, round, [&lines[0], &lines[1]]);
        let what = format!("round {round}");
        let winner = race.winner(&what);
        at = candidates[winner];
        assert_eq!(started(candidates[1 - winner]), before[1 - winner], "{what}: nothing was started there");
        cell.assert_at_rest(&NODES, at, &what);
    }
    witness.assert_never_two();
}

#[test]
fn two_that_promote_the_same_node_are_not_one() {
    let cell = Moved::up();
    let witness = cell.witness();
    for (round, to) in ["almaty", "amsterdam"].into_iter().enumerate() {
        let line = format!("promote {to} --yes");
        Race::run(&cell, round, [&line, &line]).winner(to);
        cell.assert_at_rest(&NODES, to, to);
    }
    witness.assert_never_two();
}

#[test]
fn primary_and_brain_are_not_moved_at_once() {
    let cell = Moved::up();
    let (mut primary, mut brain) = ("amsterdam", "moscow");
    for round in 0..3 {
        let to = if primary == "amsterdam" { "almaty" } else { "amsterdam" };
        let heir = if brain == "moscow" { "novosibirsk" } else { "moscow" };
        let lines = [format!("promote {to} --yes"), format!("inherit-brain {heir} --yes")];
        let what = format!("round {round}");
        match Race::run(&cell, round, [&lines[0], &lines[1]]).winner(&what) {
            0 => primary = to,
            _ => brain = heir,
        }
        cell.assert_at_rest(&NODES, primary, &what);
        assert_eq!(cell.term(NODES[0]).brain.as_str(), brain, "{what}");
    }
}
