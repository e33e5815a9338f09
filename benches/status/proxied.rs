//! Five nodes as they are and behind proxies, and one of them silent.

use std::time::Duration;

use crate::cell::{Cell, M3M, View};
use crate::lines::{self, Answers};
use crate::measure::{interleaved, median, slope};
use crate::proxy::Proxy;
use crate::report::{Measured, OneSilent, Row};

const ROUNDS_PLAIN: usize = 15;
const ROUNDS_DELAYED: usize = 9;
const ROUNDS_SILENT: usize = 7;
/// Round trips of the proxied ways, in milliseconds.
const DELAYS_MS: [u16; 3] = [50, 100, 150];
/// The proxy answers TCP connects itself; a real way takes one round trip for it.
const CONNECT_TRIPS: f64 = 1.0;
/// The time for a node that says nothing.
const SILENT_TIMEOUT: Duration = Duration::from_secs(3);

pub fn measure(cell: &Cell) -> Measured {
    let plain = cell.view(cell.ports());
    let mut rows = vec![compare(cell, &plain, None, ROUNDS_PLAIN)];
    let [m3m_peak_kib, ssh_peak_kib] = cell.scripts(&plain, M3M, |[m3m, ssh, _]| [m3m.peak_kib(), ssh.peak_kib()]);
    for rtt_ms in DELAYS_MS {
        let proxies = proxies(cell, rtt_ms);
        rows.push(compare(cell, &proxied(cell, &proxies), Some(rtt_ms), ROUNDS_DELAYED));
    }
    let trips = |wall_s: &dyn Fn(&Row) -> f64| {
        let points: Vec<_> =
            rows.iter().filter_map(|row| Some((f64::from(row.rtt_ms?) / 1000.0, wall_s(row)))).collect();
        slope(&points)
    };
    Measured {
        cell: cell.name,
        cold_trips: [0, 1, 2].map(|index| trips(&|row| row.runs[index].wall_s) + CONNECT_TRIPS),
        warm_trips: trips(&|row| row.warm_s),
        m3m_peak_kib,
        ssh_peak_kib,
        silent: one_silent(cell),
        rows,
    }
}

fn proxies(cell: &Cell, rtt_ms: u16) -> Vec<Proxy> {
    cell.ports().into_iter().map(|port| Proxy::start(port, Duration::from_millis(rtt_ms.into()))).collect()
}

fn proxied(cell: &Cell, proxies: &[Proxy]) -> View {
    cell.view(proxies.iter().map(Proxy::port).collect())
}

fn compare(cell: &Cell, view: &View, rtt_ms: Option<u16>, rounds: usize) -> Row {
    let runs = cell.scripts(view, M3M, |scripts| interleaved(rounds, scripts));
    Row { rtt_ms, runs, warm_s: lines::warm(cell, view).answer_s }
}

/// The last node goes silent: when the others' answers are shown, with it and without; and the end over the timeout.
fn one_silent(cell: &Cell) -> OneSilent {
    let (good, bad) = (proxies(cell, DELAYS_MS[0]), proxies(cell, DELAYS_MS[0]));
    bad.last().expect("a node").go_silent();
    let names: Vec<&str> = cell.inventory.nodes.iter().map(|node| node.name.as_str()).collect();
    let others = &names[..names.len() - 1];
    let mut runs: [Vec<Answers>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS_SILENT {
        for (proxies, runs) in [&good, &bad].into_iter().zip(&mut runs) {
            runs.push(lines::answers(cell, &proxied(cell, proxies), SILENT_TIMEOUT, others));
        }
    }
    let last = |runs: &[Answers]| median(runs.iter().map(|run| run.last_answer_s));
    OneSilent {
        without_s: last(&runs[0]),
        with_s: last(&runs[1]),
        end_over_timeout: median(runs[1].iter().map(|run| run.end_s)) / SILENT_TIMEOUT.as_secs_f64(),
    }
}
