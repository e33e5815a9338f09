//! BRAIN with a service of its own, moved.

use crate::change_cell::Moved;
use crate::lab::NODES;

const BRAIN: (&str, &str) = ("/brain", "{ start: touch brain, stop: rm -f brain, check: test -e brain }");

/// The nodes on which BRAIN's service runs.
fn deciding(cell: &Moved) -> Vec<&'static str> {
    NODES.into_iter().filter(|node| cell.labs.node(node).join("home/brain").exists()).collect()
}

#[test]
fn its_service_starts_moves_and_follows_a_dead_one() {
    let cell = Moved::with(&[BRAIN]);
    cell.change("inherit-brain moscow").assert(0, "done", &["\"kind\": \"finish\""]);
    assert_eq!(deciding(&cell), ["moscow"]);
    cell.change("inherit-brain").assert(0, "done", &["\"kind\": \"switchover\""]);
    assert_eq!(deciding(&cell), ["almaty"]);
    cell.assert_settled(&NODES, 2, "amsterdam", "almaty");

    cell.lab(["kill", "almaty"]);
    cell.change("inherit-brain").assert(0, "done", &["\"kind\": \"failover\""]);
    assert!(deciding(&cell).contains(&"saint-petersburg"));
    cell.lab(["revive", "almaty"]);
    cell.change("inherit-brain saint-petersburg").finished.assert_code(0);
    assert_eq!(deciding(&cell), ["saint-petersburg"], "it is stopped where it lived on");
}

#[test]
fn a_start_that_fails_goes_back_and_the_service_of_primary_is_left_alone() {
    let cell = Moved::with(&[BRAIN, ("/nodes/2/brain", "{ start: 'echo no licence; exit 1' }")]);
    cell.change("inherit-brain moscow").assert(0, "done", &[]);
    cell.change("inherit-brain almaty").assert(21, "went_back", &["did not start on almaty: exit 1: no licence"]);
    assert_eq!(deciding(&cell), ["moscow"]);
    cell.assert_settled(&NODES, 3, "amsterdam", "moscow");
}

#[test]
fn where_primary_moves_onto_its_node_a_person_is_told_how_its_service_follows() {
    let cell = Moved::with(&[BRAIN]);
    cell.change("inherit-brain moscow").assert(0, "done", &[]);
    let says = ["BRAIN moved from moscow to almaty, and its own service did not", "m3m inherit-brain almaty moves it"];
    cell.change("promote moscow").assert(0, "done", &says);
    cell.assert_settled(&NODES, 2, "moscow", "almaty");
    assert_eq!(deciding(&cell), ["moscow"]);
    cell.change("inherit-brain almaty").finished.assert_code(0);
    assert_eq!(deciding(&cell), ["almaty"]);
}
