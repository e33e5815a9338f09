//! A hundred nodes: one command, all at once, and no more threads, sockets and memory than that takes.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use m3m::core::relay::RELAYS_MAX;
use serde_json::Value;

use crate::cell_file::CellFile;
use crate::processes::Peaks;
use crate::scripted::{Scripted, client_key};
use crate::support::{Home, wait};

const COUNT: usize = 100;
const TIMEOUT: Duration = Duration::from_secs(120);

/// What a node says whose repository was not asked for.
const ANSWER: &str = "m3m-probe 1\nclock 1700000000.5\nservice 0\nm3m-end\n";

/// `m3m status` of a hundred nodes, of which only the first ones are alive; and what it held at once.
fn status(alive: usize, timeout: &str) -> (Vec<Value>, Peaks) {
    let home = Home::new();
    home.write("identity", client_key());
    let servers: Vec<Scripted> = (0..alive).map(|_| Scripted::telling(ANSWER)).collect();
    let known: String = servers.iter().map(Scripted::known_hosts).collect();
    // Held until all are chosen, so that each is another one.
    let held: Vec<TcpListener> =
        (alive..COUNT).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port")).collect();
    let dead = held.iter().map(|port| port.local_addr().expect("its address").port());
    let ports: Vec<u16> = servers.iter().map(Scripted::port).chain(dead).collect();
    drop(held);
    let mut cell = CellFile::new(&home).known(&known);
    for (index, port) in ports.into_iter().enumerate() {
        cell = cell.node(&format!("n{index}"), port, "", Path::new("/nowhere"));
    }
    cell.write();
    let mut m3m = home.m3m(["status", "--timeout", timeout, "-o", "json"]);
    let running = m3m.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start m3m");
    let peaks = Peaks::watch(running.id());
    let shown = wait(running, TIMEOUT);
    let mut status: Value = serde_json::from_str(&shown.stdout).unwrap_or_else(|error| panic!("{error}: {shown}"));
    let nodes = status["nodes"].as_array_mut().expect("nodes").drain(..).collect();
    (nodes, peaks.join().expect("the look at m3m"))
}

fn up(nodes: &[Value]) -> usize {
    nodes.iter().filter(|node| node["state"] == "up").count()
}

#[test]
fn a_hundred_nodes_answer_and_cost_little() {
    let (nodes, peaks) = status(COUNT, "60s");
    assert_eq!(up(&nodes), COUNT, "{nodes:?}");
    assert!(peaks.resident_kib < 60 * 1024, "{peaks:?}");
    assert!(peaks.files <= COUNT + 20 && peaks.threads <= COUNT + 10, "{peaks:?}");
}

#[test]
fn dead_ones_among_a_hundred_have_their_relays_and_cost_little_more() {
    let dead = 4;
    let (nodes, peaks) = status(COUNT - dead, "60s");
    assert_eq!(up(&nodes), COUNT - dead, "{nodes:?}");
    for node in &nodes[COUNT - dead..] {
        let relays = node["relays"].as_array().expect("relays");
        assert!(relays.len() == RELAYS_MAX && relays.iter().all(|relay| relay["outcome"] == "failed"), "{node}");
    }
    assert!(peaks.resident_kib < 60 * 1024, "{peaks:?}");
    // A relayed connection has a thread and two sockets for the bridge, and those of a session at either end.
    assert!(peaks.files <= COUNT + 20 + 4 * dead * RELAYS_MAX, "{peaks:?}");
    assert!(peaks.threads <= COUNT + 10 + 4 * dead * RELAYS_MAX, "{peaks:?}");
}
