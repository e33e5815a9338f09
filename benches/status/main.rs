//! How long `m3m status` takes, beside five `ssh` in parallel that ask the same. `README.md` says how to read it.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot measure ends, and says why")]
#![expect(clippy::print_stdout, reason = "the tables are the product")]
#![expect(unreachable_pub, dead_code, reason = "the test rig is shared, and offers more than is used here")]

#[path = "../../tests/it/acceptor.rs"]
mod acceptor;
mod cell;
#[path = "../../tests/it/cell_file.rs"]
mod cell_file;
#[path = "../../tests/it/five.rs"]
mod five;
mod hundred;
mod lines;
mod measure;
#[path = "../../tests/it/processes.rs"]
mod processes;
#[path = "../../tests/it/proxy.rs"]
mod proxy;
mod report;
#[path = "../../tests/it/sshd.rs"]
mod sshd;
#[path = "../../tests/it/support.rs"]
mod support;

use std::time::Duration;

use cell::{Cell, Lab, View};
use five::Five;
use lines::Answers;
use measure::{interleaved, median, slope};
use proxy::Proxy;
use report::{Measured, Row};
use sshd::Options;

const ROUNDS_PLAIN: usize = 15;
const ROUNDS_DELAYED: usize = 9;
const ROUNDS_SILENT: usize = 7;
/// Round trips of the proxied ways, in milliseconds.
const DELAYS_MS: [u16; 3] = [50, 100, 150];
/// The proxy answers TCP connects itself; a real way takes one round trip for it.
const CONNECT_TRIPS: f64 = 1.0;
/// The time for a node that says nothing.
const SILENT_TIMEOUT: Duration = Duration::from_secs(3);

const M3M: &str = "\"$M3M\" status -o json";

fn main() {
    assert!(sshd::available(), "the benchmark needs OpenSSH's server");
    // Both are held until the end: the nodes run as long.
    // A hundred clients at once are more than a server lets in by itself.
    let five = Five::start(&Options { config: "MaxStartups 200", ..Options::default() });
    let lab = Lab::up();
    let cells = [Cell::new("five sshd", &five.inventory()), Cell::new("five lab nodes", &lab.inventory())];
    if !std::env::args().any(|word| word == "--hundred") {
        let measured = cells.each_ref().map(measure);
        measured.iter().for_each(report::print_walls);
        report::print_targets(&measured);
    }
    report::print_hundred(&cells.each_ref().map(hundred::measure));
}

fn measure(cell: &Cell) -> Measured {
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
    Row { rtt_ms, runs, warm_s: lines::warm_s(cell, view) }
}

/// The last node goes silent: when the others' answers are shown, with it and without; and the end over the timeout.
fn one_silent(cell: &Cell) -> report::OneSilent {
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
    report::OneSilent {
        without_s: last(&runs[0]),
        with_s: last(&runs[1]),
        end_over_timeout: median(runs[1].iter().map(|run| run.end_s)) / SILENT_TIMEOUT.as_secs_f64(),
    }
}
