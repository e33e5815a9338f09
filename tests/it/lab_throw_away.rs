//! The lab of `--lab`: gone with its owner.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use m3m::lab::ThrowAway;

use crate::lab::{NODES, SOON, read_number};
use crate::support::until;

/// Tells the helper below that it is not run by hand.
const OWNER: &str = "M3M_TEST_OWNER";

pub fn throw_away() -> ThrowAway {
    ThrowAway::start_with(Path::new(env!("CARGO_BIN_EXE_m3m"))).expect("a lab")
}

#[test]
fn a_throw_away_lab_is_complete_and_gone_when_it_is_dropped() {
    let lab = throw_away();
    let dir = lab.lab().path().to_owned();
    assert!(lab.inventory_path().exists());
    assert!(lab.lab().nodes().iter().all(|node| node.state == m3m::lab::State::Up));
    lab.lab().freeze("almaty").expect("freeze a node");
    lab.lab().kill("moscow").expect("kill a node");
    let processes = processes_of(&dir);
    assert!(processes.len() >= 5, "four nodes and the ledger: {processes:?}");
    drop(lab);
    assert!(!dir.exists());
    assert_eq!(processes_of(&dir), Vec::<u32>::new());
}

#[test]
fn a_throw_away_lab_is_gone_when_its_owner_is_killed() {
    let mut owner = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "lab_throw_away::owner_of_a_throw_away_lab", "--ignored", "--nocapture"])
        .env(OWNER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the owner");
    let lines = BufReader::new(owner.stdout.take().expect("its output")).lines();
    let dir = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("LAB ").map(PathBuf::from));
    let dir = dir.expect("the owner's lab");
    let ports: Vec<u16> = NODES.iter().map(|node| read_number(&dir.join("nodes").join(node).join("port"))).collect();
    assert!(!processes_of(&dir).is_empty());

    owner.kill().expect("kill the owner");
    owner.wait().expect("its end");
    until("the lab is gone", SOON, || (!dir.exists() && processes_of(&dir).is_empty()).then_some(()));
    assert!(ports.iter().all(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err()));
}

#[test]
#[ignore = "the process that another test kills"]
fn owner_of_a_throw_away_lab() {
    assert!(std::env::var_os(OWNER).is_some(), "not run by hand");
    let lab = throw_away();
    // With all nodes frozen none of them could clean up.
    for node in NODES {
        lab.lab().freeze(node).expect("freeze a node");
    }
    println!("\nLAB {}", lab.lab().path().display());
    // Until it is killed; the bound is for a test that died before.
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        std::thread::park_timeout(end - Instant::now());
    }
}

/// The living processes that carry the mark of a node of this lab.
fn processes_of(lab: &Path) -> Vec<u32> {
    let mark = format!("M3M_LAB_NODE={}/", lab.display());
    let names = fs::read_dir("/proc").expect("a list of processes").flatten().map(|entry| entry.file_name());
    let pids = names.filter_map(|name| name.to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environ).split('\0').any(|entry| entry.starts_with(&mark))
    })
    .collect()
}
