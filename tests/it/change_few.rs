//! Roles moved when few nodes are left, and when proof is asked for.

use crate::change_cell::Moved;
use crate::lab::NODES;

const MAJORITY: (&str, &str) = ("/safety/quorum", "majority");
const REQUIRED: (&str, &str) = ("/safety/fence", "required");

#[test]
fn under_any_brain_alone_takes_both_roles() {
    let cell = Moved::up();
    cell.lab(["kill", "amsterdam", "almaty", "saint-petersburg", "novosibirsk"]);
    cell.change("promote").assert(0, "done", &["\"kind\": \"failover\""]);
    cell.assert_settled(&["moscow"], 2, "moscow", "moscow");
    cell.change("promote moscow").assert(0, "nothing", &[]);

    // The first mirror that comes back is the observer again.
    cell.lab(["revive", "novosibirsk"]);
    cell.change("inherit-brain").assert(0, "done", &[]);
    cell.assert_settled(&["moscow", "novosibirsk"], 3, "moscow", "novosibirsk");
}

#[test]
fn under_any_primary_alone_becomes_brain_as_well() {
    let cell = Moved::up();
    cell.lab(["kill", "moscow", "almaty", "saint-petersburg", "novosibirsk"]);
    cell.change("inherit-brain").assert(0, "done", &["\"kind\": \"failover\""]);
    cell.assert_settled(&["amsterdam"], 2, "amsterdam", "amsterdam");
}

#[test]
fn under_any_the_roles_move_on_while_nodes_die_one_by_one() {
    let cell = Moved::up();
    let mut dead = Vec::new();
    for (index, primary) in ["almaty", "saint-petersburg", "novosibirsk", "moscow"].into_iter().enumerate() {
        let before = cell.term("moscow").primary;
        cell.lab(["kill", before.as_str()]);
        dead.push(before.to_string());
        cell.change("promote").assert(0, "done", &[]);
        let alive: Vec<&str> = NODES.into_iter().filter(|node| !dead.contains(&(*node).to_owned())).collect();
        cell.assert_settled(&alive, index as u64 + 2, primary, "moscow");
    }
    cell.lab(["kill", "moscow"]);
    cell.change("promote").assert_refused(&["no node answers", "nothing was done"]);
}

#[test]
fn under_majority_two_may_be_dead_and_three_may_not() {
    let cell = Moved::with(&[MAJORITY]);
    cell.lab(["kill", "amsterdam", "moscow"]);
    cell.change("promote").assert(0, "done", &[]);
    cell.change("inherit-brain").assert(0, "done", &[]);
    cell.assert_settled(&["almaty", "saint-petersburg", "novosibirsk"], 3, "almaty", "saint-petersburg");

    cell.lab(["kill", "novosibirsk"]);
    let too_few = "2 of 5 members answer, and quorum: majority asks for 3";
    for verb in ["promote", "promote saint-petersburg", "inherit-brain", "promote --confirm-off=novosibirsk"] {
        cell.change(verb).assert_refused(&[too_few, "bring nodes back"]);
    }
    // The executing PRIMARY is left alone, and a third one is enough again.
    cell.assert_settled(&["almaty", "saint-petersburg"], 3, "almaty", "saint-petersburg");
    cell.lab(["revive", "amsterdam"]);
    cell.change("promote saint-petersburg").assert(0, "done", &["\"kind\": \"switchover\""]);
    // BRAIN does not stay where PRIMARY goes.
    cell.assert_settled(&["almaty", "saint-petersburg", "amsterdam"], 4, "saint-petersburg", "almaty");
}

#[test]
fn without_proof_that_it_is_off_nothing_follows_a_dead_primary() {
    let cell = Moved::with(&[REQUIRED]);
    cell.lab(["kill", "amsterdam"]);
    let why = "fence: required asks for proof that amsterdam has stopped, and there is none";
    cell.change("promote").assert_refused(&[why, "--confirm-off amsterdam", "fence_command"]);
    assert_eq!((cell.term("moscow").term, cell.executing().len()), (1, 0));
    // BRAIN is no matter of proof.
    cell.change("inherit-brain almaty").assert(0, "done", &[]);
    cell.change("promote almaty --confirm-off amsterdam").assert(0, "done", &["a person vouches for it"]);
    cell.assert_settled(&["moscow", "almaty"], 3, "almaty", "saint-petersburg");
}

#[test]
fn a_live_primary_proves_itself_that_it_has_stopped() {
    let cell = Moved::with(&[REQUIRED, MAJORITY]);
    cell.write("amsterdam", 7);
    cell.change("promote").assert(0, "done", &["\"kind\": \"switchover\""]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    assert!(cell.holds("almaty", 7));
}

#[test]
fn a_fence_command_proves_by_its_exit_status_alone() {
    let proves = ("/safety/fence_command", "sh -c 'echo \"$1 at $2\" >>fenced; test -e off' fence");
    let cell = Moved::with(&[REQUIRED, proves]);
    cell.lab(["kill", "amsterdam"]);
    let failed = "fence_command does not prove that amsterdam is off";
    cell.change("promote").assert(21, "incomplete", &[failed, "m3m promote almaty"]);
    assert_eq!(cell.executing().len(), 0, "nobody was started");

    cell.labs.home.write("off", "");
    cell.change("promote almaty").assert(0, "done", &[]);
    assert_eq!((cell.term("almaty").primary.as_str(), cell.executing()), ("almaty", vec!["almaty"]));
    let asked = std::fs::read_to_string(cell.labs.home.path().join("fenced")).expect("it was asked");
    assert_eq!(asked, "amsterdam at 127.0.0.1\namsterdam at 127.0.0.1\n", "a proof is of its own run");
}
