//! The tables, in Markdown.

use crate::measure::median;
use crate::rounds::{CASES, Measured, Move, STAGES, look_s};

/// What claim and start may take together on the distances of Montana.
const TARGET_S: f64 = 1.0;

pub fn print(title: &str, measured: &Measured) {
    let rounds = measured.each_ref().map(|(_, moves)| moves.len().to_string()).join(", ");
    println!("\n### {title}: median / worst, in ms, of {rounds} moves\n");
    println!("| | service gap | wall | look | {} | claim + start |", STAGES.join(" | "));
    println!("| --- |{}", " --- |".repeat(STAGES.len() + 4));
    for ((_, name), (_, moves)) in CASES.iter().zip(measured) {
        let mut cells = vec![of(moves, |moved| Some(moved.gap_s)), of(moves, |moved| Some(moved.wall_s))];
        cells.push(of(moves, look_s));
        cells.extend((0..STAGES.len()).map(|index| of(moves, |moved| moved.stages.map(|stages| stages[index]))));
        cells.push(of(moves, claim_and_start_s));
        println!("| {name} | {} |", cells.join(" | "));
    }
    print_targets(measured);
}

fn print_targets(measured: &Measured) {
    let [switchover, killed, off, by_hand] = measured.each_ref().map(|(_, moves)| moves);
    println!("\n| | target | median | worst |\n| --- | --- | --- | --- |");
    for ((_, name), moves) in CASES.iter().zip([switchover, killed, off]) {
        let times: Vec<f64> = moves.iter().filter_map(claim_and_start_s).collect();
        let within = times.iter().filter(|time| **time <= TARGET_S).count();
        let target = format!("≤ {:.0} ms", TARGET_S * 1000.0);
        let [median, worst] = [median(times.iter().copied()), worst(&times)].map(ms);
        println!("| {name}: claim + start ({within} of {} within) | {target} | {median} | {worst} |", times.len());
    }
    for (what, time) in [("gap", (|moved| moved.gap_s) as fn(&Move) -> f64), ("wall", |moved| moved.wall_s)] {
        let [ours, theirs] = [switchover, by_hand].map(|moves| moves.iter().map(time).collect::<Vec<f64>>());
        let medians = median(ours.iter().copied()) / median(theirs.iter().copied());
        println!("| switchover: {what} over by hand | | {medians:.2} | {:.2} |", worst(&ours) / worst(&theirs));
    }
}

/// The service's own check is part of its start.
fn claim_and_start_s(moved: &Move) -> Option<f64> {
    moved.stages.map(|[claim, _, _, start, _]| claim + start)
}

fn of(moves: &[Move], time: impl Fn(&Move) -> Option<f64>) -> String {
    let times: Vec<f64> = moves.iter().filter_map(time).collect();
    if times.is_empty() {
        String::new()
    } else {
        format!("{} / {}", ms(median(times.iter().copied())), ms(worst(&times)))
    }
}

fn worst(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::NAN, f64::max)
}

fn ms(seconds: f64) -> String {
    format!("{:.0}", seconds * 1000.0)
}
