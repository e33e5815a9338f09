//! `m3m lab`: killed or interrupted at any moment, and what is asked of several nodes or labs at once.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::cli_status::json;
use crate::lab::{Labs, SOON};
use crate::processes::{Running, has_open, marked};
use crate::support::{Home, finish, until};

/// The processes of any lab in this home.
fn processes_in(labs: &Labs) -> Vec<u32> {
    let mark = format!("M3M_LAB_NODE={}", labs.dir("").display());
    marked(|variable| variable.starts_with(&mark)).collect()
}

#[test]
fn a_lab_whose_maker_was_ended_is_whole_or_gone() {
    // From before main to after the end; the moments are spread, not aimed.
    for (index, delay_ms) in [5, 30, 60, 90, 120, 150, 200, 250, 300].into_iter().enumerate() {
        let labs = Labs::new();
        let mut up = labs.home.m3m(["lab", "up"]);
        let up = up.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().expect("m3m");
        let mut up = Running(up);
        std::thread::sleep(Duration::from_millis(delay_ms));
        // To its whole group, as a terminal does it.
        let signal = [Signal::KILL, Signal::INT, Signal::TERM][index % 3];
        kill_process_group(Pid::from_child(&up.0), signal).expect("signal a child that was not waited for");
        up.0.wait().expect("its end");
        until("it is whole or gone", SOON, || {
            let is_whole = labs.dir("lab").join("inventory.yaml").exists() && processes_in(&labs).len() == 7;
            let is_gone = !labs.dir("lab").exists() && processes_in(&labs).is_empty();
            (is_whole || is_gone).then_some(())
        });
        labs.run(["lab", "up"]).assert_code(0);
        assert_eq!(processes_in(&labs).len(), 7, "{delay_ms} ms");
    }
}

#[test]
fn an_interrupted_lab_up_says_so() {
    let labs = Labs::new();
    let path = labs.home.write("state/m3m/labs/.lab.lock", "");
    let lock = File::open(&path).expect("the lock");
    lock.lock().expect("hold it");
    let mut up = Running(labs.home.m3m(["lab", "up"]).stdout(Stdio::null()).spawn().expect("m3m"));
    until("it waits for the lock", SOON, || has_open(up.0.id(), &path).then_some(()));
    kill_process(Pid::from_child(&up.0), Signal::INT).expect("interrupt it");
    assert_eq!(until("it ends", SOON, || up.0.try_wait().expect("its end")).code(), Some(130));
    assert!(!labs.dir("lab").exists());
}

#[test]
fn a_fault_hits_all_nodes_or_none() {
    let labs = Labs::up();
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    let refused = labs.run(["lab", "freeze", "moscow", "almaty", "novosibirsk"]);
    assert!(refused.assert_code(20).stderr.contains("dead: almaty"), "{refused}");
    let list = json(&labs.run(["lab", "list", "-o", "json"]));
    let nodes = list["labs"][0]["nodes"].as_array().expect("nodes");
    let states: Vec<_> = nodes.iter().map(|node| &node["state"]).collect();
    assert_eq!(states, ["up", "up", "dead", "up", "up"]);
    // The same node twice is one node.
    labs.run(["lab", "revive", "almaty", "almaty"]).assert_code(0);
}

#[test]
fn a_fault_answers_a_program_and_says_nothing_to_the_quiet() {
    let labs = Labs::up();
    let killed = json(labs.run(["lab", "kill", "moscow,almaty", "-o", "json"]).assert_code(0));
    assert_eq!((&killed["schema"], &killed["labs"][0]["name"]), (&"m3m.labs/1".into(), &"lab".into()));
    assert_eq!(killed["labs"][0]["nodes"][1]["state"], "dead");
    assert_eq!(labs.run(["lab", "revive", "moscow", "almaty", "-q"]).assert_code(0).stdout, "");
    assert_eq!(json(labs.run(["lab", "up", "-o", "json"]).assert_code(0))["labs"][0]["nodes"][1]["state"], "up");
    let down = json(labs.run(["lab", "down", "-o", "json"]).assert_code(0));
    assert_eq!(down["labs"].as_array().map(Vec::len), Some(0));
}

#[test]
fn whoever_revives_primary_learns_how_its_service_starts() {
    let labs = Labs::up();
    labs.run(["lab", "kill", "amsterdam"]).assert_code(0);
    let line = "m3m --lab ssh amsterdam -- ledger start\n";
    let up = labs.run(["lab", "up"]);
    assert!(up.assert_code(10).stdout.contains(line), "{up}");
    let revived = labs.run(["lab", "revive", "amsterdam"]);
    assert!(revived.assert_code(0).stdout.contains(line), "{revived}");
    let up = labs.run(["lab", "up"]);
    assert!(up.assert_code(0).stdout.contains(line), "{up}");
}

#[test]
fn the_only_lab_needs_no_name_to_end_and_two_do() {
    let labs = Labs::new();
    for name in ["one", "two"] {
        fs::create_dir_all(labs.dir(name)).expect("an incomplete lab");
    }
    let unnamed = labs.run(["lab", "down"]);
    assert!(unnamed.assert_code(2).stderr.contains("one, two"), "{unnamed}");
    let both = labs.run(["lab", "down", "one", "--lab=two"]);
    assert!(both.assert_code(2).stderr.contains("two labs are named"), "{both}");
    labs.run(["lab", "list", "--node", "nosuch"]).assert_code(2);
    labs.run(["lab", "down", "one", "--lab=one"]).assert_code(0);
    assert_eq!(labs.run(["lab", "down"]).assert_code(0).stdout, "the lab two is gone\n");
    assert!(!labs.dir("one").exists() && !labs.dir("two").exists());
}

#[test]
fn a_directory_with_an_odd_name_is_refused_or_quoted() {
    for odd in ["a:b", "a\"b"] {
        let home = Home::new();
        let place = home.path().join(odd);
        fs::create_dir(&place).expect("an odd directory");
        let up = finish(home.m3m(["lab", "up"]).env("XDG_STATE_HOME", &place));
        assert!(up.assert_code(3).stderr.contains("set XDG_STATE_HOME to another"), "{up}");
        let status = finish(home.m3m(["--lab", "status"]).env("TMPDIR", &place));
        assert!(status.assert_code(3).stderr.contains("set TMPDIR to another"), "{status}");
    }
    let home = Home::new();
    let place = home.path().join("it's");
    finish(home.m3m(["lab", "up"]).env("XDG_STATE_HOME", &place)).assert_code(0);
    finish(home.m3m(["--lab", "ssh", "moscow", "--", "true"]).env("XDG_STATE_HOME", &place)).assert_code(0);
    finish(home.m3m(["lab", "down"]).env("XDG_STATE_HOME", &place)).assert_code(0);
}
