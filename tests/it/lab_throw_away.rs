//! The lab of `--lab`: there while its owner lives, gone however the owner ends.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use m3m::lab::{State, ThrowAway};
use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{NODES, SOON, read_number};
use crate::processes::{Running, marked, session, signal_marked};
use crate::support::{Home, until};

pub fn throw_away() -> ThrowAway {
    ThrowAway::start_with(Path::new(env!("CARGO_BIN_EXE_m3m"))).expect("a lab")
}

#[test]
fn it_is_complete_and_gone_when_it_is_dropped() {
    let lab = throw_away();
    let dir = lab.lab().path().to_owned();
    assert!(lab.inventory_path().exists());
    assert!(lab.lab().nodes().iter().all(|node| node.state == State::Up));
    lab.lab().freeze(&["almaty"]).expect("freeze a node");
    lab.lab().kill(&["moscow"]).expect("kill a node");
    let running = processes_of(&dir);
    assert!(running.len() >= 5, "four nodes and the ledger: {running:?}");
    drop(lab);
    assert_gone(&dir);
}

#[test]
fn nothing_of_it_can_open_the_terminal_of_its_owner() {
    let lab = throw_away();
    let running = processes_of(lab.lab().path());
    assert!(running.len() >= 6, "five nodes and the ledger: {running:?}");
    let shared: Vec<_> = running.into_iter().filter(|pid| session(*pid) == session(std::process::id())).collect();
    assert_eq!(shared, Vec::<u32>::new(), "in the session of their owner");
}

#[test]
fn it_is_gone_when_its_owner_is_killed_even_with_all_nodes_frozen() {
    let home = Home::new();
    let mut owner = owner(&home);
    let dir = complete(&home);
    let ports: Vec<u16> = NODES.iter().map(|node| read_number(&dir.join("nodes").join(node).join("port"))).collect();
    assert!(!processes_of(&dir).is_empty());
    // Frozen, none of them could clean up.
    for node in NODES {
        signal_marked(&format!("M3M_LAB_NODE={}", dir.join("nodes").join(node).display()), Signal::STOP);
    }
    owner.0.kill().expect("kill the owner");
    owner.0.wait().expect("its end");
    until("the lab is gone", SOON, || (!dir.exists() && processes_of(&dir).is_empty()).then_some(()));
    assert!(ports.iter().all(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err()));
}

#[test]
fn it_is_gone_when_its_owner_is_told_to_end() {
    let home = Home::new();
    let mut owner = owner(&home);
    let dir = complete(&home);
    kill_process(Pid::from_child(&owner.0), Signal::TERM).expect("tell the owner");
    let status = until("the owner ends", SOON, || owner.0.try_wait().expect("its end"));
    assert_eq!(status.code(), Some(130));
    assert_gone(&dir);
}

/// An m3m that goes on and on with a lab of its own.
fn owner(home: &Home) -> Running {
    let mut command = home.m3m(["--lab", "status", "--every"]);
    Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("m3m"))
}

/// The directory of the one throw-away lab in this home, once its last file is there.
fn complete(home: &Home) -> PathBuf {
    let find = || {
        let entries = fs::read_dir(home.path()).expect("the home").flatten();
        let mut labs = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("m3m-lab-"));
        let dir = labs.next()?.path().canonicalize().ok()?;
        dir.join("inventory.yaml").exists().then_some(dir)
    };
    until("the lab is complete", SOON, find)
}

#[track_caller]
fn assert_gone(lab: &Path) {
    assert!(!lab.exists());
    assert_eq!(processes_of(lab), Vec::<u32>::new());
}

/// The living processes that carry the mark of a node of this lab.
fn processes_of(lab: &Path) -> Vec<u32> {
    let mark = format!("M3M_LAB_NODE={}/", lab.display());
    marked(|variable| variable.starts_with(&mark)).collect()
}
