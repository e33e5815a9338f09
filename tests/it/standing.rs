//! Standing connections: many questions over the same sessions, each answered whole.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Home, until};

/// Enough rounds that an answer which waits for a packet that is there already, now and then, is met.
const ROUNDS: usize = 60;

#[test]
fn every_answer_of_many_rounds_is_whole() {
    let home = Home::new();
    let mut m3m = home
        .m3m(["--lab", "status", "--every=20ms", "-o", "json", "--timeout", "10s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("start m3m");
    let lines = BufReader::new(m3m.stdout.take().expect("a pipe")).lines();
    for (round, line) in lines.take(ROUNDS).enumerate() {
        let status: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("a line is a document");
        let nodes = status["nodes"].as_array().expect("nodes");
        assert_eq!(nodes.len(), 5);
        for node in nodes {
            assert!(node["service"].is_string() && node["head"].is_string(), "round {round}: {node}");
            assert_eq!(node["fresh_connection"], round == 0, "round {round}: {node}");
            let took_s = node["took_s"].as_f64().expect("a time");
            assert!(took_s < 9.0, "round {round}: an answer that was there was waited for: {node}");
        }
    }
    let pid = Pid::from_child(&m3m);
    kill_process(pid, Signal::INT).expect("interrupt m3m");
    let status = until("m3m ends", Duration::from_secs(60), || m3m.try_wait().expect("wait for m3m"));
    assert_eq!(status.code(), Some(130));
}
