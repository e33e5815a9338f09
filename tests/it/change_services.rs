//! Services that do not do as told when roles move. In the end the service runs in one place, or a person is told.

use crate::change_cell::{Came, Moved};
use crate::lab::NODES;

/// Moves PRIMARY to almaty, with another service there.
fn promoted_to(service: &str) -> (Moved, Came) {
    let cell = Moved::with_service("almaty", service);
    let came = cell.change("promote almaty");
    (cell, came)
}

/// Moves PRIMARY away from amsterdam, with another service there.
fn promoted_from(service: &str, line: &str) -> (Moved, Came) {
    let cell = Moved::with_service("amsterdam", service);
    cell.write("amsterdam", 7);
    let came = cell.change(line);
    (cell, came)
}

/// PRIMARY is where it was before, by a term of its own, and goes on from there.
#[track_caller]
fn assert_went_back(cell: &Moved, came: &Came, says: &[&str]) {
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
fn a_start_that_hangs_goes_back_unless_the_service_runs() {
    let (cell, came) = promoted_to("{ start: 'echo waiting for the array; sleep 1000' }");
    assert_went_back(&cell, &came, &["the service did not start on almaty: did not end: waiting for the array"]);
}

#[test]
fn a_start_in_the_foreground_is_a_start() {
    let (cell, came) = promoted_to("{ start: 'ledger start; sleep 1000' }");
    came.assert(0, "done", &[]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
}

#[test]
fn a_check_that_never_passes_goes_back_and_leaves_nothing_behind() {
    let (cell, came) = promoted_to("{ check: 'ledger check && false' }");
    assert_went_back(&cell, &came, &["the service did not start on almaty: ended well, but the check did not pass"]);
}

#[test]
fn a_check_that_cannot_be_run_goes_back() {
    let (cell, came) = promoted_to("{ check: no-such-command }");
    assert_went_back(&cell, &came, &["the service did not start on almaty: the service's check cannot be run"]);
}

#[test]
fn a_stop_that_fails_leaves_the_service_where_it_was() {
    let (cell, came) = promoted_from("{ stop: 'echo Access denied; exit 4' }", "promote almaty");
    came.assert(21, "went_back", &["amsterdam: it could not be stopped", "exit 4: Access denied"]);
    cell.assert_settled(&NODES, 3, "amsterdam", "moscow");
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
fn a_service_that_had_to_be_killed_goes_back() {
    let (cell, came) = promoted_from("{ stop: 'sleep 1000', kill: ledger stop }", "promote almaty");
    came.assert(21, "went_back", &["did not stop and was killed", "what it had not written may be lost"]);
    cell.assert_settled(&NODES, 3, "amsterdam", "moscow");
}

#[test]
fn a_service_that_had_to_be_killed_moves_on_where_loss_is_allowed() {
    let (cell, came) = promoted_from("{ stop: 'true', kill: ledger stop }", "promote almaty --allow-data-loss");
    came.assert(0, "done", &["what it had not written is lost"]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    assert!(cell.holds("almaty", 7));
}

#[test]
fn where_the_old_check_says_nothing_nobody_else_starts() {
    for check in ["no-such-command", "sleep 1000"] {
        let (cell, came) = promoted_from(&format!("{{ check: {check} }}"), "promote almaty");
        println!("{}", came.finished);
        assert_eq!(came.finished.code(), 21, "{}", came.finished);
        assert_eq!(cell.executing(), ["amsterdam"], "{check}");
    }
}
