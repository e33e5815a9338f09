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
fn a_node_whose_check_does_not_tell_is_passed_over() {
    for (check, why) in [("no-such-command", "cannot be run (exit 127)"), ("sleep 1000", "does not end")] {
        let (cell, came) = promoted_to(&format!("{{ check: {check} }}"));
        came.assert_refused(&["almaty cannot be PRIMARY: its service's check", why, "m3m check --node almaty"]);
        cell.assert_settled(&NODES, 1, "amsterdam", "moscow");
        cell.change("promote").assert(0, "done", &[]);
        cell.assert_settled(&NODES, 2, "saint-petersburg", "moscow");
    }
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
fn where_nobody_could_see_the_old_one_stop_it_is_left_alone_unless_a_person_vouches_for_it() {
    let (cell, came) = promoted_from("{ check: no-such-command }", "promote almaty");
    came.assert_refused(&["nobody could see the service stop on amsterdam", "--confirm-off amsterdam"]);
    cell.assert_settled(&NODES, 1, "amsterdam", "moscow");
    let came = cell.change("promote almaty --confirm-off amsterdam");
    came.assert(0, "done", &["only your word says that it did"]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    assert!(cell.holds("almaty", 7));
}

#[test]
fn where_the_old_one_hangs_with_its_check_nobody_else_starts_without_a_word() {
    let (cell, came) =
        promoted_from("{ check: 'test ! -e hangs || sleep 1000; ledger check' }", "inherit-brain almaty");
    came.assert(0, "done", &[]);
    std::fs::write(cell.labs.node("amsterdam").join("home/hangs"), "").expect("it hangs from now on");
    let came = cell.change("promote saint-petersburg");
    came.assert(21, "incomplete", &["--confirm-off amsterdam"]);
    println!("{}", came.finished);
    assert!(!cell.executing().contains(&"saint-petersburg"));
    let came = cell.change("promote saint-petersburg --confirm-off amsterdam");
    came.assert(0, "done", &[]);
    assert_eq!(cell.executing(), ["saint-petersburg"]);
}
