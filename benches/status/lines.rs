//! Measuring m3m while it runs: by the lines that it prints, and when they come.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cell::{Cell, View};
use crate::measure::median;
use crate::processes::Peaks;

/// How many answers over standing connections are measured, after the first one that connects.
const WARM_ANSWERS: usize = 8;

/// A running m3m; it is killed when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A round over standing connections.
pub struct Warm {
    /// How long the slowest node took to answer.
    pub answer_s: f64,
    /// From the question to the report.
    pub round_s: f64,
}

/// The medians of a status over standing connections.
pub fn warm(cell: &Cell, view: &View) -> Warm {
    let mut m3m = start(cell, view, &["status", "--every=1s", "-o", "json"]);
    let lines = BufReader::new(m3m.0.stdout.take().expect("a pipe")).lines();
    let warm: Vec<Warm> = lines.skip(1).take(WARM_ANSWERS).map(|line| round(&line.expect("a line"))).collect();
    assert_eq!(warm.len(), WARM_ANSWERS, "m3m ended too early");
    let middle = |seconds: fn(&Warm) -> f64| median(warm.iter().map(seconds));
    Warm { answer_s: middle(|warm| warm.answer_s), round_s: middle(|warm| warm.round_s) }
}

fn round(line: &str) -> Warm {
    let status: serde_json::Value = serde_json::from_str(line).expect("a JSON document a line");
    let nodes = status["nodes"].as_array().expect("nodes");
    for node in nodes {
        assert!(node["state"] == "up" && node["fresh_connection"] == false, "not over a standing connection: {node}");
    }
    let asked = nodes.iter().map(|node| time(&node["asked_at"])).min().expect("a node");
    Warm {
        answer_s: nodes.iter().filter_map(|node| node["took_s"].as_f64()).fold(0.0, f64::max),
        round_s: time(&status["at"]).duration_since(asked).as_secs_f64(),
    }
}

fn time(text: &serde_json::Value) -> Timestamp {
    text.as_str().expect("a time").parse().expect("a time")
}

/// When the answers came, from the command's start.
pub struct Answers {
    /// The last one of those that answer.
    pub last_answer_s: f64,
    /// The command's end.
    pub end_s: f64,
}

/// Runs one status and looks when each node's answer is shown.
pub fn answers(cell: &Cell, view: &View, timeout: Duration, waited_for: &[&str]) -> Answers {
    let begun = Instant::now();
    let timeout = format!("{}ms", timeout.as_millis());
    let mut m3m = start(cell, view, &["status", "-v", "--timeout", &timeout]);
    let lines = BufReader::new(m3m.0.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let shown: Vec<(String, f64)> = lines.map(|line| (line, begun.elapsed().as_secs_f64())).collect();
    let _ = m3m.0.wait();
    let end_s = begun.elapsed().as_secs_f64();
    let of = |node: &&str| {
        let start = format!("{node} answered after ");
        let found = shown.iter().find(|(line, _)| line.starts_with(&start));
        found.unwrap_or_else(|| panic!("{node} did not answer: {shown:?}")).1
    };
    Answers { last_answer_s: waited_for.iter().map(of).fold(0.0, f64::max), end_s }
}

/// Runs one status and looks what it holds meanwhile.
pub fn peaks(cell: &Cell, view: &View) -> Peaks {
    let mut m3m = start(cell, view, &["status", "--timeout", "60s"]);
    let peaks = Peaks::watch(m3m.0.id());
    let read = std::io::copy(&mut m3m.0.stdout.take().expect("a pipe"), &mut std::io::sink());
    read.expect("what it prints");
    m3m.0.wait().expect("its end");
    peaks.join().expect("the look at it")
}

fn start(cell: &Cell, view: &View, args: &[&str]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_m3m"));
    command.args(args).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(cell.environment(view)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Running(command.spawn().expect("start m3m"))
}
