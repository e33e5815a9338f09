//! Steps that arrive late: whoever ordered them has given them up, and the node refuses them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::change_cell::{Came, Moved, UNTIL_LET_GO};
use crate::lab::NODES;

/// A cell in which the stop of PRIMARY takes as long as the test wants: something happens to the next one meanwhile.
fn with_a_stop_that_waits() -> Moved {
    Moved::with(&[("/nodes/0/service", &format!("{{ stop: '{UNTIL_LET_GO}; ledger stop' }}"))]).with_the_silent()
}

#[test]
fn a_start_that_arrives_late_starts_nothing() {
    let cell = with_a_stop_that_waits();
    let mut promote = cell.changing("promote almaty");
    cell.until_journal("fence", "begun");
    cell.lab(["cut", "almaty"]);
    cell.let_go("amsterdam");
    Came::wait(&mut promote).assert(21, "went_back", &["almaty cannot be PRIMARY: it does not answer"]);
    cell.lab(["heal", "almaty"]);
    cell.change("promote amsterdam").assert(0, "nothing", &[]);
    cell.assert_settled(&["amsterdam", "moscow", "saint-petersburg", "novosibirsk"], 3, "amsterdam", "moscow");
}

#[test]
fn a_candidate_that_freezes_before_its_start_does_not_start_when_it_thaws() {
    let cell = with_a_stop_that_waits();
    let mut promote = cell.changing("promote almaty");
    cell.until_journal("fence", "begun");
    cell.lab(["freeze", "almaty"]);
    cell.let_go("amsterdam");
    Came::wait(&mut promote).assert(21, "went_back", &["almaty cannot be PRIMARY: it does not answer"]);
    cell.change("promote").assert(0, "done", &["\"to\": \"saint-petersburg\""]);
    cell.lab(["thaw", "almaty"]);
    // Whatever it was sent is refused by then: there is nothing to stop.
    cell.change("promote saint-petersburg").assert(0, "nothing", &[]);
    cell.assert_settled(&["moscow", "saint-petersburg", "novosibirsk"], 4, "saint-petersburg", "moscow");
}

#[test]
fn a_stop_that_arrives_late_stops_nothing() {
    let cell = Moved::up().with_the_silent();
    cell.write("amsterdam", 7);
    // The claim is not won without almaty, and so takes until the path to amsterdam is cut.
    let wait = format!("case $* in *update-ref*) {UNTIL_LET_GO} ;; esac");
    let slow = format!("#!/bin/sh\n{wait}\nPATH=${{PATH#*:}} exec git \"$@\"\n");
    let git = cell.labs.home.write("slow-git", slow);
    fs::set_permissions(&git, fs::Permissions::from_mode(0o700)).expect("a program");
    fs::rename(git, cell.labs.node("almaty").join("home/bin/git")).expect("git is slow there");
    let mut promote = cell.changing("promote almaty");
    cell.until_journal("claim", "begun");
    cell.lab(["cut", "amsterdam"]);
    cell.let_go("almaty");
    // It was seen to have writes that nobody else has.
    Came::wait(&mut promote).assert(21, "incomplete", &["amsterdam is silent", "--allow-data-loss"]);
    cell.lab(["heal", "amsterdam"]);
    assert_eq!(cell.executing(), ["amsterdam"]);
    cell.change("promote almaty").assert(0, "done", &[]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    assert!(cell.holds("almaty", 7));
}
