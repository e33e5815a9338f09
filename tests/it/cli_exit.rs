//! Every exit status of the table, produced from outside.

use std::process::Stdio;

use m3m::error::Exit;
use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{Labs, NODES, SOON};
use crate::support::{finish, until};

/// How each row comes about; nothing for a bug, which a test cannot order.
fn produced(exit: Exit) -> Option<i32> {
    let labs = Labs::up();
    let lab = |verb: &str, nodes: &[&str]| {
        finish(labs.home.m3m(["lab", verb]).args(nodes)).assert_code(0);
    };
    let status = || labs.run(["--lab", "status", "--timeout", "1s"]).code();
    Some(match exit {
        Exit::Unexpected => return None,
        Exit::Ok => labs.run(["--lab", "status"]).code(),
        Exit::Usage => labs.run(["status", "--lab", "-i", "x.yaml"]).code(),
        Exit::Inventory => labs.run(["status", "-i", "missing.yaml"]).code(),
        Exit::Degraded => {
            lab("kill", &["moscow"]);
            labs.run(["--lab", "status"]).code()
        }
        Exit::Down => {
            lab("kill", &["amsterdam"]);
            labs.run(["--lab", "status"]).code()
        }
        Exit::CutOff => {
            lab("freeze", &NODES);
            status()
        }
        Exit::Refused => {
            lab("kill", &["almaty"]);
            labs.run(["lab", "freeze", "almaty"]).code()
        }
        Exit::Incomplete => {
            // It goes back from where the service cannot start, and tells what to look at there.
            let inventory = labs.home.write("inventory.yaml", unable(&labs, "almaty"));
            let inventory = inventory.to_str().expect("a path in UTF-8");
            let gone_back = labs.run(["promote", "almaty", "--yes", "-i", inventory]);
            assert!(gone_back.stdout.contains("hint: m3m check --node almaty says what it lacks\n"), "{gone_back}");
            labs.run(["--lab", "status"]).assert_code(0);
            gone_back.code()
        }
        Exit::Remote(_) => {
            lab("kill", &["almaty"]);
            labs.run(["--lab", "exec", "--", "exit 7"]).code()
        }
        Exit::Interrupted => {
            let mut command = labs.home.m3m(["--lab", "status", "--every=100ms"]);
            let mut child = command.stdout(Stdio::piped()).spawn().expect("m3m");
            let mut first = [0];
            std::io::Read::read_exact(child.stdout.as_mut().expect("its output"), &mut first).expect("a report");
            kill_process(Pid::from_child(&child), Signal::INT).expect("signal it");
            until("it ends", SOON, || child.try_wait().expect("its end")).code().expect("a status")
        }
    })
}

/// The lab's inventory, in which the service cannot be started on a node.
fn unable(labs: &Labs, node: &str) -> String {
    let text = std::fs::read_to_string(labs.dir("lab").join("inventory.yaml")).expect("the lab's inventory");
    let begin = format!("{{ name: {node}, ");
    assert!(text.contains(&begin), "{text}");
    text.replace(&begin, &format!("{begin}service: {{ start: \"false\" }}, "))
}

#[test]
fn every_row_of_the_table_is_produced() {
    for (exit, code, meaning) in Exit::TABLE {
        if let Some(produced) = produced(exit) {
            assert_eq!(produced, i32::from(code), "{meaning}");
        }
    }
}
