//! The tables, in Markdown.

use crate::configuration::Configuration;
use crate::distances::{FAR, RELAY, Row as FarRow, Way};
use crate::hundred::Hundred;
use crate::measure::Run;

/// Everything measured on one cell.
pub struct Measured {
    pub cell: &'static str,
    pub rows: Vec<Row>,
    /// m3m, ssh with curve25519, ssh as it comes; the TCP connect included.
    pub cold_trips: [f64; 3],
    pub warm_trips: f64,
    /// Of all of m3m.
    pub m3m_peak_kib: Option<u64>,
    /// Of one ssh.
    pub ssh_peak_kib: Option<u64>,
    pub silent: OneSilent,
}

/// The medians of one way.
pub struct Row {
    /// In milliseconds; nothing where no proxy stands between.
    pub rtt_ms: Option<u16>,
    /// m3m, ssh with curve25519, ssh as it comes.
    pub runs: [Run; 3],
    /// m3m over standing connections.
    pub warm_s: f64,
}

/// One node of the cell says nothing.
pub struct OneSilent {
    /// When the last of the other nodes was shown, all being well.
    pub without_s: f64,
    /// The same, with the silent one.
    pub with_s: f64,
    pub end_over_timeout: f64,
}

pub fn print_five(measured: &[Measured]) {
    measured.iter().for_each(print_walls);
    print_targets(measured);
}

fn print_walls(measured: &Measured) {
    let Measured { cell, rows, cold_trips: trips, .. } = measured;
    println!("\n### {cell}: medians\n");
    println!(
        "| round trip | m3m | ssh curve25519 | ratio | ssh as it comes | ratio | m3m warm | CPU m3m | CPU ssh curve25519 | ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for Row { rtt_ms, runs: [m3m, curve25519, default], warm_s } in rows {
        println!(
            "| {} | {} | {} | {:.2} | {} | {:.2} | {} | {} | {} | {:.2} |",
            rtt_ms.map_or("no proxy".to_owned(), |rtt_ms| format!("{rtt_ms} ms")),
            ms(m3m.wall_s),
            ms(curve25519.wall_s),
            m3m.wall_s / curve25519.wall_s,
            ms(default.wall_s),
            m3m.wall_s / default.wall_s,
            ms(*warm_s),
            ms(m3m.cpu_s),
            ms(curve25519.cpu_s),
            m3m.cpu_s / curve25519.cpu_s,
        );
    }
    println!("| trips | {:.1} | {:.1} | | {:.1} | | {:.1} | | | |", trips[0], trips[1], trips[2], measured.warm_trips);
}

fn print_targets(measured: &[Measured]) {
    println!("\n### Targets\n");
    let columns: String = measured.iter().map(|measured| format!(" {} |", measured.cell)).collect();
    println!("| | target |{columns}\n| --- | --- |{}", " --- |".repeat(measured.len()));
    let line = |what: &str, target: &str, value: &dyn Fn(&Measured) -> String| {
        let values: String = measured.iter().map(|measured| format!(" {} |", value(measured))).collect();
        println!("| {what} | {target} |{values}");
    };
    line("cold round trips, TCP connect included", "≤ 8", &|of| format!("{:.1}", of.cold_trips[0]));
    line("cold at 50 ms, wall over ssh curve25519", "≤ 0.70", &|of| {
        let [m3m, curve25519, _] = of.rows[1].runs;
        format!("{:.2}", m3m.wall_s / curve25519.wall_s)
    });
    line("cold without proxy, CPU over ssh curve25519", "≤ 0.15", &|of| {
        let [m3m, curve25519, _] = of.rows[0].runs;
        format!("{:.2}", m3m.cpu_s / curve25519.cpu_s)
    });
    line("warm round trips", "≤ 1.3", &|of| format!("{:.1}", of.warm_trips));
    line("one node silent: the others shown, with over without", "1", &|of| {
        format!(
            "{:.2} ({} / {})",
            of.silent.with_s / of.silent.without_s,
            ms(of.silent.with_s),
            ms(of.silent.without_s)
        )
    });
    line("one node silent: end over timeout", "≤ 1.05", &|of| format!("{:.3}", of.silent.end_over_timeout));
    line("peak memory: m3m, one of five ssh", "", &|of| format!("{}, {}", mib(of.m3m_peak_kib), mib(of.ssh_peak_kib)));
}

pub fn print_hundred(measured: &[Hundred]) {
    println!("\n### A hundred nodes: medians, without proxy delays\n");
    println!("| | target |{}", measured.iter().map(|of| format!(" {} |", of.cell)).collect::<String>());
    println!("| --- | --- |{}", " --- |".repeat(measured.len()));
    let line = |what: &str, target: &str, value: &dyn Fn(&Hundred) -> String| {
        println!("| {what} | {target} |{}", measured.iter().map(|of| format!(" {} |", value(of))).collect::<String>());
    };
    let ratio = |ours: f64, theirs: f64| format!("{:.2} ({} / {})", ours / theirs, ms(ours), ms(theirs));
    for (index, name) in [(1, "ssh curve25519"), (2, "ssh as it comes")] {
        line(&format!("wall over {name}"), "≤ 0.40", &|of| ratio(of.runs[0].wall_s, of.runs[index].wall_s));
        line(&format!("CPU over {name}"), "≤ 0.40", &|of| ratio(of.runs[0].cpu_s, of.runs[index].cpu_s));
    }
    line("peak memory", "< 60 MiB", &|of| mib(Some(of.peaks.resident_kib)));
    line("open files at once, sockets among them", "", &|of| of.peaks.files.to_string());
    line("threads at once", "", &|of| of.peaks.threads.to_string());
}

pub fn print_distances(ways: &[Way]) {
    println!("\n### The distances of Montana: medians\n");
    println!(
        "| path to {FAR} | m3m | ssh curve25519 | ratio | ssh as it comes | ratio | m3m warm: slowest answer | m3m warm: round |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for way in ways {
        let path = if way.is_relayed { format!("through {RELAY}") } else { "direct".to_owned() };
        for row in &way.rows {
            let warm = format!("{} | {}", ms(row.warm.answer_s), ms(row.warm.round_s));
            print_far(&format!("{path}, {} ms", row.rtt_ms), row.runs[0].wall_s, row, &warm);
        }
        let [m3m, curve25519, default] = [0, 1, 2].map(|index| way.trips(|row| row.runs[index].wall_s));
        let answer = way.trips(|row| row.warm.answer_s);
        println!("| {path}, round trips | {m3m:.1} | {curve25519:.1} | | {default:.1} | | {answer:.1} | |");
        for row in way.rows.iter().filter(|_| way.is_relayed) {
            print_far(&format!("{path}, {} ms, m3m since it asks relays", row.rtt_ms), row.relayed_s(), row, " | ");
        }
    }
}

fn print_far(path: &str, m3m_s: f64, row: &FarRow, warm: &str) {
    let [_, curve25519, default] = row.runs;
    println!(
        "| {path} | {} | {} | {:.2} | {} | {:.2} | {warm} |",
        ms(m3m_s),
        ms(curve25519.wall_s),
        m3m_s / curve25519.wall_s,
        ms(default.wall_s),
        m3m_s / default.wall_s,
    );
}

pub fn print_configuration(measured: &[Configuration]) {
    println!("\n### ssh's configuration: medians, nodes that refuse at once\n");
    println!("| |{}", measured.iter().map(|of| format!(" {} nodes: wall | CPU |", of.nodes)).collect::<String>());
    println!("| --- |{}", " --- | --- |".repeat(measured.len()));
    let line = |what: &str, run: &dyn Fn(&Configuration) -> Run, base: &dyn Fn(&Configuration) -> Run| {
        let cells = measured.iter().map(|of| {
            let (run, base) = (run(of), base(of));
            let more = |run_s: f64, base_s: f64| {
                let more_ms = (run_s - base_s) * 1000.0;
                if more_ms == 0.0 { ms(run_s) } else { format!("{} ({more_ms:+.0} ms)", ms(run_s)) }
            };
            format!(" {} | {} |", more(run.wall_s, base.wall_s), more(run.cpu_s, base.cpu_s))
        });
        println!("| {what} |{}", cells.collect::<String>());
    };
    line("status, ssh.config: none", &|of| of.none, &|of| of.none);
    line("status, nothing kept: ssh -G for each node", &|of| of.cold, &|of| of.none);
    line("status, answers kept", &|of| of.warm, &|of| of.none);
    line("one ssh -G, alone", &|of| of.one, &|of| of.one);
}

fn ms(seconds: f64) -> String {
    format!("{:.0} ms", seconds * 1000.0)
}

fn mib(kib: Option<u64>) -> String {
    kib.map_or("not measured".to_owned(), |kib| format!("{} MiB", kib.div_ceil(1024)))
}
