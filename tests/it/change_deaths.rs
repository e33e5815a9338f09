//! Roles moved away from nodes that are dead, silent, out of reach, or back again in the middle of it.

use std::net::{Ipv4Addr, TcpStream};

use rustix::process::{Pid, Signal, kill_process};

use crate::change_cell::{Came, Moved};
use crate::lab::{NODES, SOON, read_number};
use crate::support::until;

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
    // The new one goes on; whoever wants the old one's writes at once makes it PRIMARY again.
    cell.change("promote almaty").assert(0, "nothing", &[]);
    let status = cell.run("status");
    assert!(status.assert_code(10).stdout.contains("amsterdam holds term 1, the cell is at term 2"), "{status}");
    cell.write("almaty", 8);
    cell.change("promote amsterdam").assert(0, "done", &["\"kind\": \"switchover\""]);
    cell.assert_settled(&NODES, 3, "amsterdam", "moscow");
    assert!(cell.holds("amsterdam", 7) && cell.holds("amsterdam", 8));
}

#[test]
fn a_primary_without_power_or_frozen_is_replaced_and_stopped_when_it_comes_back() {
    for (fault, end) in [("poweroff", "revive"), ("freeze", "thaw")] {
        let cell = Moved::up().with_the_silent();
        cell.write("amsterdam", 7);
        cell.lab([fault, "amsterdam"]);
        cell.change("promote").assert(0, "done", &["\"kind\": \"failover\""]);
        for node in OTHERS {
            assert_eq!((cell.term(node).term, cell.term(node).primary.as_str()), (2, "almaty"), "{fault}");
        }
        assert!(cell.executing().contains(&"almaty"), "{fault}");
        cell.write("almaty", 8);

        cell.lab([end, "amsterdam"]);
        cell.change("promote almaty").finished.assert_code(0);
        assert_eq!(cell.executing(), ["almaty"], "{fault}");
        cell.change("promote amsterdam").assert(0, "done", &["\"kind\": \"switchover\""]);
        assert!(cell.holds("amsterdam", 7) && cell.holds("amsterdam", 8), "{fault}");
    }
}

#[test]
fn a_primary_behind_a_cut_path_is_switched_over_through_another_node() {
    let cell = Moved::up().with_the_silent();
    cell.write("amsterdam", 7);
    cell.lab(["cut", "amsterdam", "--from", "operator"]);
    let came = cell.change("promote");
    came.assert(0, "done", &["\"kind\": \"switchover\""]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    assert!(cell.holds("almaty", 7));
}

#[test]
fn a_primary_that_comes_back_in_mid_promotion_does_not_go_on_unseen() {
    for (fault, end, act) in [("freeze", "thaw", "claim"), ("cut", "heal", "claim"), ("freeze", "thaw", "start")] {
        let cell = Moved::up().with_the_silent();
        cell.write("amsterdam", 7);
        cell.lab([fault, "amsterdam"]);
        let mut promote = cell.changing("promote");
        cell.until_journal(act, "begun");
        cell.lab([end, "amsterdam"]);
        let came = Came::wait(&mut promote);
        came.finished.assert_code(0);
        // Where both still run it has not seen the old one again, or says so; the same command ends that.
        let both = cell.executing().contains(&"amsterdam");
        let is_told = came.says("amsterdam does not answer") || came.says("STALE PRIMARY: amsterdam");
        assert!(!both || is_told, "{fault} {act}: {}", came.finished);
        cell.change("promote almaty").finished.assert_code(0);
        assert_eq!(cell.executing(), ["almaty"], "{fault} {act}");
    }
}

#[test]
fn a_primary_whose_sshd_alone_is_dead_counts_as_dead_and_the_plan_says_what_that_rests_on() {
    let cell = Moved::up();
    let sshd: i32 = read_number(&cell.labs.node("amsterdam").join("lock"));
    kill_process(Pid::from_raw(sshd).expect("a process"), Signal::KILL).expect("it ran");
    until("its port is closed", SOON, || TcpStream::connect((Ipv4Addr::LOCALHOST, cell.labs.port("amsterdam"))).err());
    assert_eq!(cell.executing(), ["amsterdam"], "the service lives");
    let dry = cell.run("promote --dry-run");
    let says = "nothing proves that the service has stopped on amsterdam (fence: attempt)";
    assert!(dry.assert_code(0).stdout.contains(says), "{dry}");
    cell.change("promote").assert(0, "done", &[]);
    assert_eq!(cell.executing(), ["amsterdam", "almaty"]);
}

#[test]
fn a_primary_that_turns_m3m_away_is_left_alone_unless_a_person_vouches_for_it() {
    let moscow = |cell: &Moved| std::fs::read_to_string(cell.labs.dir("lab").join("known_hosts")).expect("host keys");
    let other_host_key = moscow(&Moved::up());
    let host_key = other_host_key.lines().nth(1).and_then(|line| line.split_once(' ')).expect("a key").1.to_owned();
    let home = crate::support::Home::new();
    let key = crate::sshd::keygen(home.path(), "ed25519", "other", "");
    for (field, value) in [("host_key", host_key), ("identity", key.display().to_string())] {
        let cell = Moved::with(&[(&format!("/nodes/0/ssh/{field}"), &value)]).with_the_silent();
        let why = "amsterdam may still execute the service, and cannot be told to stop: it lives and turns m3m away";
        cell.change("promote").assert_refused(&[why, "--confirm-off amsterdam"]);
        cell.assert_settled(&NODES, 1, "amsterdam", "moscow");
        cell.lab(["freeze", "amsterdam"]);
        cell.change("promote --confirm-off amsterdam").assert(0, "done", &[]);
        assert_eq!(cell.term("almaty").primary.as_str(), "almaty");
    }
}
