//! Roles moved away from nodes that are dead, silent, out of reach, or back again in the middle of it.

use crate::change_cell::Moved;
use crate::lab::NODES;

/// Everybody but the first PRIMARY.
const OTHERS: [&str; 4] = [NODES[1], NODES[2], NODES[3], NODES[4]];

#[test]
fn a_dead_primary_is_replaced_and_comes_back_as_a_mirror_with_its_writes() {
    let cell = Moved::up();
    cell.write("amsterdam", 7);
    cell.lab(["kill", "amsterdam"]);
    let dry = cell.run("promote --dry-run");
    assert!(dry.assert_code(0).stdout.contains("amsterdam"), "{dry}");
    cell.change("promote").assert(0, "done", &["\"kind\": \"failover\""]);
    cell.assert_settled(&OTHERS, 2, "almaty", "moscow");
    assert_eq!(cell.term("amsterdam").term, 1, "nobody could tell it");

    cell.lab(["revive", "amsterdam"]);
    cell.change("promote almaty").assert(0, "done", &[]);
    cell.assert_settled(&NODES, 3, "almaty", "moscow");
    assert!(cell.holds("almaty", 7), "what amsterdam wrote is taken in");
}

#[test]
fn a_primary_without_power_or_frozen_is_replaced() {
    for fault in ["poweroff", "freeze"] {
        let cell = Moved::up();
        cell.write("amsterdam", 7);
        cell.lab([fault, "amsterdam"]);
        cell.change("promote").assert(0, "done", &["\"kind\": \"failover\""]);
        for node in OTHERS {
            assert_eq!((cell.term(node).term, cell.term(node).primary.as_str()), (2, "almaty"), "{fault}");
        }
        assert!(cell.executing().contains(&"almaty"), "{fault}");
    }
}
