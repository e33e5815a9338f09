//! What hangs or fails for as long as it is given: every wait ends.

use std::fs;

use crate::change_cell::Moved;
use crate::change_services::{assert_went_back, promoted_from, promoted_to};
use crate::lab::NODES;

#[test]
fn a_start_that_hangs_goes_back() {
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
fn a_stop_that_fails_leaves_the_service_where_it_was() {
    let (cell, came) = promoted_from("{ stop: 'echo Access denied; exit 4' }", "promote almaty");
    came.assert(21, "went_back", &["amsterdam: it could not be stopped", "exit 4: Access denied"]);
    cell.assert_settled(&NODES, 3, "amsterdam", "moscow");
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
fn a_check_that_hangs_with_its_service_lets_nobody_else_start() {
    let check = "{ check: 'test ! -e hangs || sleep 1000; ledger check' }";
    let cell = Moved::with_service("amsterdam", check).with_a_check_that_hangs();
    let hangs = cell.labs.node("amsterdam").join("home/hangs");
    fs::write(&hangs, "").expect("it hangs from now on");
    let vouch = "if you have seen to it that amsterdam is off: --confirm-off amsterdam";
    cell.change("promote almaty").assert(21, "incomplete", &["whether it has stopped cannot be told", vouch]);
    assert!(!cell.executing().contains(&"almaty"));

    fs::remove_file(&hangs).expect("it does no more");
    cell.change("promote almaty").assert(0, "done", &[]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
}

#[test]
fn a_fence_command_that_hangs_proves_nothing() {
    let cell = Moved::with(&[("/safety/fence", "required"), ("/safety/fence_command", "sleep 1000 #")]);
    cell.lab(["kill", "amsterdam"]);
    let says = ["fence_command does not prove that amsterdam is off", "m3m promote almaty goes on"];
    cell.change("promote").assert(21, "incomplete", &says);
    assert!(cell.executing().is_empty());
    cell.change("promote almaty --confirm-off amsterdam").assert(0, "done", &[]);
    assert_eq!(cell.executing(), ["almaty"]);
}

#[test]
fn an_announce_that_hangs_is_a_warning() {
    let cell = Moved::with(&[("/announce", "sleep 1000 #")]);
    cell.change("promote almaty").assert(0, "done", &["announce failed 3 times", "clients may still ask amsterdam"]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
}
