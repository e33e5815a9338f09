//! Services that do not do as told when roles move. In the end the service runs in one place, or a person is told.

use crate::change_cell::{Came, Moved};
use crate::lab::NODES;

/// Moves PRIMARY to almaty, with another service there.
pub fn promoted_to(service: &str) -> (Moved, Came) {
    let cell = Moved::with_service("almaty", service);
    let came = cell.change("promote almaty");
    (cell, came)
}

/// Moves PRIMARY away from amsterdam, with another service there.
pub fn promoted_from(service: &str, line: &str) -> (Moved, Came) {
    let cell = Moved::with_service("amsterdam", service);
    cell.write("amsterdam", 7);
    let came = cell.change(line);
    (cell, came)
}

/// PRIMARY is where it was before, by a term of its own, and goes on from there.
#[track_caller]
pub fn assert_went_back(cell: &Moved, came: &Came, says: &[&str]) {
    came.assert(21, "went_back", says);
    cell.assert_settled(&NODES, 3, "amsterdam", "moscow");
    cell.change("promote saint-petersburg").assert(0, "done", &[]);
    cell.assert_settled(&NODES, 4, "saint-petersburg", "moscow");
}

#[test]
fn a_start_that_fails_goes_back() {
    let (cell, came) = promoted_to("{ start: 'echo no space left on device >&2; exit 3' }");
    assert_went_back(&cell, &came, &["the service did not start on almaty: exit 3: no space left on device"]);
}

#[test]
fn a_start_that_holds_its_outputs_open_is_a_start() {
    let (cell, came) = promoted_to("{ start: 'ledger start; sleep 1000 & echo up' }");
    came.assert(0, "done", &[]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
}

#[test]
fn a_node_whose_check_does_not_tell_is_passed_over() {
    for (check, why) in [("no-such-command", "cannot be run (exit 127)"), ("sleep 1000", "does not end")] {
        let cell = Moved::with_service("almaty", &format!("{{ check: {check} }}")).with_a_check_that_hangs();
        let came = cell.change("promote almaty");
        came.assert_refused(&["almaty cannot be PRIMARY: its service's check", why, "m3m check --node almaty"]);
        cell.assert_settled(&NODES, 1, "amsterdam", "moscow");
        cell.change("promote").assert(0, "done", &[]);
        cell.assert_settled(&NODES, 2, "saint-petersburg", "moscow");
    }
}

#[test]
fn a_stop_that_returns_before_the_service_is_gone_is_waited_for() {
    let (cell, came) =
        promoted_from("{ stop: '(sleep 1; ledger stop) >/dev/null 2>&1 & true', kill: 'false' }", "promote almaty");
    came.assert(0, "done", &[]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    assert!(cell.holds("almaty", 7));
}

#[test]
fn where_nobody_could_see_the_old_one_stop_it_is_left_alone_unless_a_person_vouches_for_it() {
    let (cell, came) = promoted_from("{ check: no-such-command }", "promote almaty");
    came.assert_refused(&["nobody could see the service stop on amsterdam", "--confirm-off amsterdam"]);
    cell.assert_settled(&NODES, 1, "amsterdam", "moscow");
    let came = cell.change("promote almaty --confirm-off amsterdam");
    came.assert(0, "done", &["only your word says that it did"]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    assert!(cell.holds("almaty", 7));
}
