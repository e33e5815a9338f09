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
mod measure;
#[path = "../../tests/it/processes.rs"]
mod processes;
#[path = "../../tests/it/proxy.rs"]
mod proxy;
#[path = "../../tests/it/sshd.rs"]
mod sshd;
#[path = "../../tests/it/support.rs"]
mod support;

use std::time::Duration;

use cell::{Cell, View};
use five::Five;
use measure::{Run, Script, interleaved, slope};
use proxy::Proxy;
use sshd::Options;

const ROUNDS_PLAIN: usize = 15;
const ROUNDS_DELAYED: usize = 9;
/// Round trips of the proxied ways, in milliseconds.
const DELAYS_MS: [u16; 3] = [50, 100, 150];
/// The proxy answers TCP connects itself; a real way takes one round trip for it.
const CONNECT_TRIPS: f64 = 1.0;

const M3M: &str = "\"$M3M\" status -o json";
const CURVE25519: &str = "-o KexAlgorithms=curve25519-sha256";

/// The medians of one way: m3m, ssh with curve25519, ssh as it comes.
struct Row {
    /// In milliseconds; nothing where no proxy stands between.
    rtt_ms: Option<u16>,
    runs: [Run; 3],
}

fn main() {
    assert!(sshd::available(), "the benchmark needs OpenSSH's server");
    // Held until the end: the servers run as long.
    let five = Five::start(&Options::default());
    let inventory = m3m::world::inventory_file::load(&five.inventory()).expect("the inventory of the servers");
    let cells = [Cell { name: "OpenSSH", home: support::Home::new(), inventory }];
    for cell in &cells {
        let rows = measure(cell);
        print_walls(cell.name, &rows);
        print_trips(&rows);
    }
}

fn measure(cell: &Cell) -> Vec<Row> {
    let mut rows = vec![Row { rtt_ms: None, runs: compare(cell, &cell.view(cell.ports()), ROUNDS_PLAIN) }];
    for rtt_ms in DELAYS_MS {
        let rtt = Duration::from_millis(rtt_ms.into());
        let proxies: Vec<Proxy> = cell.ports().into_iter().map(|port| Proxy::start(port, rtt)).collect();
        let view = cell.view(proxies.iter().map(Proxy::port).collect());
        rows.push(Row { rtt_ms: Some(rtt_ms), runs: compare(cell, &view, ROUNDS_DELAYED) });
    }
    rows
}

fn compare(cell: &Cell, view: &View, rounds: usize) -> [Run; 3] {
    let environment = cell.environment(view);
    let [curve25519, default] = [CURVE25519, ""].map(|options| cell.ssh_script(view, options));
    let scripts = [M3M, &curve25519, &default].map(|text| Script { text, environment: &environment });
    interleaved(rounds, &scripts)
}

fn print_walls(name: &str, rows: &[Row]) {
    println!("### Five nodes: {name}\n");
    println!(
        "| round trip | m3m wall | ssh curve25519 | ratio | ssh default | ratio | m3m CPU | ssh curve25519 CPU | ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for Row { rtt_ms, runs: [m3m, curve25519, default] } in rows {
        let way = rtt_ms.map_or("none".to_owned(), |rtt_ms| format!("{rtt_ms} ms"));
        println!(
            "| {way} | {} | {} | {:.2} | {} | {:.2} | {} | {} | {:.2} |",
            ms(m3m.wall_s),
            ms(curve25519.wall_s),
            m3m.wall_s / curve25519.wall_s,
            ms(default.wall_s),
            m3m.wall_s / default.wall_s,
            ms(m3m.cpu_s),
            ms(curve25519.cpu_s),
            m3m.cpu_s / curve25519.cpu_s,
        );
    }
    println!();
}

fn print_trips(rows: &[Row]) {
    let trips: [f64; 3] = std::array::from_fn(|index| {
        let points = rows.iter().filter_map(|row| Some((f64::from(row.rtt_ms?) / 1000.0, row.runs[index].wall_s)));
        slope(&points.collect::<Vec<_>>()) + CONNECT_TRIPS
    });
    println!(
        "Round trips, connect included: m3m {:.1}, ssh curve25519 {:.1}, ssh default {:.1}\n",
        trips[0], trips[1], trips[2]
    );
}

fn ms(seconds: f64) -> String {
    format!("{:.0} ms", seconds * 1000.0)
}
