//! Steps that arrive late: whoever ordered them has given them up, and the node refuses them.

use crate::change_cell::{Came, Moved};
use crate::lab::NODES;

/// A stop that takes long enough for the path to the next PRIMARY to be cut meanwhile.
const SLOW_STOP: (&str, &str) = ("/nodes/0/service", "{ stop: 'sleep 1; ledger stop' }");

#[test]
fn a_start_that_arrives_late_starts_nothing() {
    let cell = Moved::with(&[SLOW_STOP]);
    let mut promote = cell.changing("promote almaty");
    cell.until_journal("fence", "begun");
    cell.lab(["cut", "almaty"]);
    let came = Came::wait(&mut promote);
    came.assert(21, "incomplete", &["almaty cannot be PRIMARY: it does not answer", "m3m promote almaty goes on"]);
    assert!(cell.executing().is_empty(), "{}", came.finished);

    cell.lab(["heal", "almaty"]);
    cell.change("promote saint-petersburg").assert(0, "done", &[]);
    cell.assert_settled(&NODES, 3, "saint-petersburg", "moscow");
}

#[test]
fn a_candidate_that_freezes_in_its_start_does_not_run_beside_the_next_one() {
    let cell = Moved::with(&[SLOW_STOP]);
    let mut promote = cell.changing("promote");
    cell.until_journal("start", "begun");
    cell.lab(["freeze", "almaty"]);
    // Nobody was named, so the next of the chain follows at once.
    let came = Came::wait(&mut promote);
    println!("{}", came.finished);
    came.assert(0, "done", &[]);
    assert!(cell.executing().contains(&"saint-petersburg"));
    cell.lab(["thaw", "almaty"]);
    cell.change("promote saint-petersburg").finished.assert_code(0);
    assert_eq!(cell.executing(), ["saint-petersburg"]);
}

#[test]
fn a_stop_that_arrives_late_stops_nothing() {
    let cell = Moved::up();
    cell.write("amsterdam", 7);
    let mut promote = cell.changing("promote almaty");
    cell.until_journal("claim", "begun");
    cell.lab(["cut", "amsterdam"]);
    let came = Came::wait(&mut promote);
    println!("{}", came.finished);
    came.assert(0, "done", &[]);
    cell.lab(["heal", "amsterdam"]);
    cell.change("promote almaty").finished.assert_code(0);
    assert_eq!(cell.executing(), ["almaty"]);
}
