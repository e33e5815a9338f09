//! A hundred nodes: the five of a cell, whose mirrors stand behind many ports.

use std::time::Duration;

use crate::cell::Cell;
use crate::lines;
use crate::measure::{Run, interleaved};
use crate::processes::Peaks;
use crate::proxy::Proxy;

const COUNT: usize = 100;
const ROUNDS: usize = 5;

/// The servers of a hundred nodes share this machine's processors: what takes them seconds is not m3m's.
const M3M: &str = "\"$M3M\" status -o json --timeout 60s";

/// What was measured.
pub struct Hundred {
    pub cell: &'static str,
    /// m3m, ssh with curve25519, ssh as it comes.
    pub runs: [Run; 3],
    /// What m3m held at once.
    pub peaks: Peaks,
}

pub fn measure(five: &Cell) -> Hundred {
    let cell = five.grown(COUNT);
    let proxies: Vec<Proxy> = cell.ports().into_iter().map(|port| Proxy::start(port, Duration::ZERO)).collect();
    let view = cell.view(proxies.iter().map(Proxy::port).collect());
    let runs = cell.scripts(&view, M3M, |scripts| interleaved(ROUNDS, scripts));
    Hundred { cell: five.name, runs, peaks: lines::peaks(&cell, &view) }
}
