//! A role moved away from a real OpenSSH server that is dead while its service lives.

use rustix::process::Signal;

use crate::change_cell::Came;
use crate::five::{Five, NAMES};
use crate::processes;
use crate::sshd::{Options, available};

/// Five servers that hold their first term.
fn five() -> Five {
    let cell = Five::start(&Options::default());
    cell.home.run(["init"]).assert_code(0);
    cell
}

fn change<const N: usize>(cell: &Five, args: [&str; N]) -> Came {
    let mut command = cell.home.m3m(args);
    Came::of(crate::support::finish(command.args(["--yes", "-o", "json"])))
}

/// The nodes that execute.
fn executing(cell: &Five) -> Vec<&'static str> {
    let nodes = NAMES.into_iter().zip(&cell.nodes);
    nodes.filter(|(_, node)| node.home().join("service").exists()).map(|(name, _)| name).collect()
}

#[test]
fn roles_move_there_and_back_with_what_was_written() {
    if !available() {
        return;
    }
    let cell = five();
    let repository = |index: usize| crate::cell_file::repository(&cell.nodes[index]);
    std::fs::write(repository(0).join("ledger"), "1\n2\n").expect("a write");
    change(&cell, ["promote", "cedar"]).assert(0, "done", &["\"kind\": \"switchover\""]);
    assert_eq!(executing(&cell), ["cedar"]);
    assert_eq!(std::fs::read_to_string(repository(2).join("ledger")).expect("it is there"), "1\n2\n");
    change(&cell, ["inherit-brain"]).assert(0, "done", &["\"to\": \"dogwood\""]);
    change(&cell, ["promote", "amber"]).assert(0, "done", &["\"kind\": \"switchover\""]);
    assert_eq!(executing(&cell), ["amber"]);
    cell.home.run(["status"]).assert_code(0);
}

#[test]
fn behind_a_dead_sshd_a_service_may_live_on_until_the_node_can_be_told() {
    if !available() {
        return;
    }
    let cell = five();
    processes::signal_tree(cell.nodes[0].pid(), Signal::KILL);
    let dry = cell.home.run(["promote", "--dry-run"]);
    let says = "nothing proves that the service has stopped on amber (fence: attempt)";
    assert!(dry.assert_code(0).stdout.contains(says), "{dry}");
    change(&cell, ["promote"]).assert(0, "done", &["\"kind\": \"failover\""]);
    assert_eq!(executing(&cell), ["amber", "cedar"]);
}
