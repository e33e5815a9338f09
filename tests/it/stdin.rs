//! Standard input of commands on nodes: as it is, to its end, and never in the way of a deadline.

use std::time::{Duration, Instant};

use m3m::cell::step::StepEnd;
use m3m::world::ssh::{Input, RemoteCommand};

use crate::cell_file::CellFile;
use crate::hands::{
    Hands, OUTPUT_BYTES_MAX, SOON, assert_binary_clean, assert_input_may_be_left, assert_output_fits_a_file, command,
    noise,
};
use crate::lab::Labs;
use crate::scripted::{Manner, Point, Script, Scripted, client_key};
use crate::support::Home;

/// How late an answer may be that is due at a deadline, on a crowded machine.
const LATE_MAX: Duration = Duration::from_secs(20);

fn labs() -> (Labs, Hands) {
    let labs = Labs::up();
    let hands = Hands::open(&labs.home, &labs.dir("lab").join("inventory.yaml"));
    (labs, hands)
}

#[test]
fn lab_nodes_take_any_input_and_give_any_output() {
    let (_labs, hands) = labs();
    assert_binary_clean(&hands, "almaty");
    assert_input_may_be_left(&hands, "almaty");
    assert_output_fits_a_file(&hands, "almaty");
}

#[test]
fn a_node_that_freezes_midway_holds_up_nobody_beyond_the_deadline() {
    let (labs, hands) = labs();
    let timeout = Duration::from_secs(4);
    let begun = Instant::now();
    let line = "head -c 300000 >/dev/null; kill -STOP $PPID";
    let reply = hands.run_within("almaty", command(line, Input::Bytes(noise(20 << 20).into())), timeout);
    assert_eq!(reply.broken.expect("it is frozen").to_string(), "timeout in output");
    assert!(reply.may_have_run && begun.elapsed() < timeout + LATE_MAX, "{:?}", begun.elapsed());
    labs.run(["lab", "thaw", "almaty"]).assert_code(0);
}

#[test]
fn a_server_that_never_takes_a_byte_is_given_up_in_time() {
    let home = Home::new();
    home.write("identity", client_key());
    let shut = Script { point: Point::ChannelOpen, manner: Manner::Shut };
    let servers = [Scripted::start(Some(shut)), Scripted::start(None), Scripted::start(None)];
    let named = ["shut", "two", "three"].into_iter().zip(&servers);
    let cell = named.fold(CellFile::new(&home), |cell, (name, server)| {
        cell.known(&server.known_hosts()).node(name, server.port(), "", server.home())
    });
    cell.write();
    let hands = Hands::open(&home, &home.path().join("inventory.yaml"));
    let timeout = Duration::from_secs(4);
    let begun = Instant::now();
    let reply = hands.run_within("shut", command("exec sleep 1000", Input::Bytes(noise(1 << 20).into())), timeout);
    assert_eq!(reply.broken.expect("nothing moves").to_string(), "timeout in output");
    assert!(begun.elapsed() < timeout + LATE_MAX, "{:?}", begun.elapsed());
    // One that needs no input at all gets on with it.
    assert_eq!(hands.run("shut", "echo well", Input::Bytes(noise(1 << 20).into())).stdout, b"well\n");
}

#[test]
fn a_command_that_waits_in_vain_for_its_turn_is_not_sent_and_disturbs_nobody() {
    let (labs, hands) = labs();
    let go = labs.node("almaty").join("home/go");
    let session = hands.session("almaty");
    let until_go = command("echo begun; while [ ! -e go ]; do sleep 0.05; done; echo went", Input::None);
    let (first, second) = hands.wait(async {
        let first = session.exec(until_go, Instant::now() + SOON);
        let second = async {
            let late =
                session.exec(command("echo ran >ran", Input::None), Instant::now() + Duration::from_secs(1)).await;
            std::fs::write(&go, "").expect("a file");
            late
        };
        tokio::join!(first, second)
    });
    assert_eq!((first.stdout.as_slice(), &first.broken), (&b"begun\nwent\n"[..], &None));
    assert!(second.broken.is_some() && !second.may_have_run, "{second:?}");
    let ls = hands.run("almaty", "ls", Input::None);
    assert!(!ls.fresh && !String::from_utf8_lossy(&ls.stdout).contains("ran"), "{ls:?}");
}

#[test]
fn what_was_certainly_not_sent_is_told_from_what_may_have_run() {
    let (labs, hands) = labs();
    let almaty = crate::hands::name("almaty");
    let within = |line: &'static str, timeout| {
        let begun = Instant::now();
        match hands.wait(hands.cell.step(&almaty, &|_| line.to_owned(), (begun + timeout, begun + timeout))) {
            StepEnd::Answered(answer) => format!("answered {:?}", answer.uncommitted),
            StepEnd::NotRun(silence) => format!("not run: {silence}"),
            StepEnd::Unknown(silence) => format!("unknown: {silence}"),
        }
    };
    let step = |line| within(line, SOON);
    let good = "printf 'm3m-step 1\\nuncommitted 1\\nm3m-end\\n'";
    assert_eq!(step("printf 'm3m-step 1\\nuncommitted 1\\nm3m-end\\n'; sleep 1000"), "answered Some(1)");
    assert_eq!(step("echo half; echo 'm3m-step 1'"), "unknown: garbled: it ended early");
    assert_eq!(step("echo no step"), "not run: garbled: no step");
    let stuck = "echo 'm3m-step 1'; exec sleep 1000";
    assert_eq!(within(stuck, Duration::from_secs(3)), "unknown: timeout in output");
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    assert_eq!(step("echo never"), "not run: refused");
    // What broke while nobody looked is no reason for doubt: nothing was sent yet.
    labs.run(["lab", "revive", "almaty"]).assert_code(0);
    assert_eq!(step(good), "answered Some(1)");
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    labs.run(["lab", "revive", "almaty"]).assert_code(0);
    assert_eq!(step(good), "answered Some(1)");
}

#[test]
fn a_session_that_is_let_go_holds_up_nobody() {
    let (labs, hands) = labs();
    labs.run(["lab", "freeze", "almaty"]).assert_code(0);
    let begun = Instant::now();
    let session = hands.session("almaty");
    hands.wait(async {
        let silent = session.exec(RemoteCommand::new(|_| "true".to_owned(), OUTPUT_BYTES_MAX), begun + SOON);
        assert!(tokio::time::timeout(Duration::from_millis(200), silent).await.is_err());
    });
    drop((session, hands));
    assert!(begun.elapsed() < LATE_MAX, "{:?}", begun.elapsed());
}
