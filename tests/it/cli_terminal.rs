//! m3m in real terminals: progress, width, redrawing, colours.

use std::process::Command;

use crate::lab::{Labs, NODES};
use crate::support::finish;
use crate::terminal::{Terminal, available};

#[test]
fn healthy_answers_appear_while_a_frozen_node_is_waited_for_and_the_table_replaces_them() {
    if !available() {
        return;
    }
    let labs = Labs::up();
    labs.run(["lab", "freeze", "almaty"]).assert_code(0);
    let terminal = Terminal::open(&labs.home, &labs.home.m3m(["--lab", "status", "--timeout", "1h"]), 80, 30);
    // With an hour to go this is long before the timeout.
    let screen = terminal.until("four answers", |screen| screen.matches("answered after").count() == 4);
    assert!(screen.contains("almaty asked"), "{screen}");
    assert!(!screen.contains("OPERATIONAL") && !screen.contains("DEGRADED"), "{screen}");
    labs.run(["lab", "thaw", "almaty"]).assert_code(0);
    assert_eq!(terminal.end(), 0);
    let screen = terminal.screen();
    assert!(screen.starts_with("OPERATIONAL") && !screen.contains("answered after"), "{screen}");
    assert!(screen.contains("answered ·"), "{screen}");
}

#[test]
fn the_progress_is_cleared_by_an_interrupt_as_well() {
    if !available() {
        return;
    }
    let labs = Labs::up();
    labs.run(["lab", "freeze", "almaty"]).assert_code(0);
    let terminal = Terminal::open(&labs.home, &labs.home.m3m(["--lab", "status", "--timeout", "1h"]), 80, 30);
    terminal.until("four answers", |screen| screen.matches("answered after").count() == 4);
    terminal.press("C-c");
    assert_eq!(terminal.end(), 130);
    assert_eq!(terminal.screen(), "", "no line of it stays, and no ^C");
}

#[test]
fn the_report_fits_the_terminal() {
    if !available() {
        return;
    }
    let labs = Labs::up();
    labs.run(["lab", "kill", "saint-petersburg"]).assert_code(0);
    for columns in [40, 80, 120] {
        let terminal = Terminal::open(&labs.home, &labs.home.m3m(["--lab", "status"]), columns, 40);
        assert_eq!(terminal.end(), 10);
        let screen = terminal.screen();
        let table = screen.split("\n\n").nth(1).expect("the table between verdict and warnings");
        for node in NODES {
            let lines: Vec<&str> = table.lines().filter(|line| line.starts_with(node)).collect();
            assert_eq!(lines.len(), 1, "{node} at {columns}:\n{screen}");
        }
        // A line that is too long would go on in the next one, at the table's first column.
        let rows: Vec<&str> = table.lines().filter(|line| NODES.iter().any(|node| line.starts_with(node))).collect();
        assert!(columns == 40 || rows[0].contains("executes"), "{columns}:\n{screen}");
        assert_eq!(screen.contains("RTT"), columns > 40, "{screen}");
        assert_eq!(screen.contains("AGE"), columns == 120, "{screen}");
    }
}

#[test]
fn a_repeated_report_is_redrawn_in_place() {
    if !available() {
        return;
    }
    let labs = Labs::up();
    let terminal = Terminal::open(&labs.home, &labs.home.m3m(["--lab", "status", "--every=200ms"]), 100, 30);
    terminal.until("a first report", |screen| screen.starts_with("OPERATIONAL"));
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    let screen = terminal.until("a second one", |screen| screen.starts_with("DEGRADED"));
    assert!(!screen.contains("OPERATIONAL") && screen.matches("NODE ").count() == 1, "{screen}");
    labs.run(["lab", "revive", "almaty"]).assert_code(0);
    let screen = terminal.until("the first again", |screen| screen.starts_with("OPERATIONAL"));
    assert!(!screen.contains("hint:"), "what was below is cleared: {screen}");
    terminal.press("C-c");
    assert_eq!(terminal.end(), 130);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let labs = Labs::up();
    let always = labs.run(["--lab", "status", "--color=always"]);
    assert!(always.assert_code(0).stdout.contains("\u{1b}["), "{always}");
    let mut forced = labs.home.m3m(["--lab", "status", "--color", "always"]);
    assert!(finish(forced.env("NO_COLOR", "1")).stdout.contains("\u{1b}["), "an option beats the environment");
    if !available() {
        return;
    }
    let m3m = |option: &str, variable: (&str, &str)| -> Command {
        let mut command = labs.home.m3m(["--lab", "status", "-q", option]);
        command.env(variable.0, variable.1);
        command
    };
    let cases = [
        ("--color=auto", ("NO_COLOR", ""), true),
        ("--color=auto", ("NO_COLOR", "1"), false),
        ("--color=auto", ("TERM", "dumb"), false),
        ("--color=never", ("TERM", "screen"), false),
        ("--color=always", ("TERM", "dumb"), true),
    ];
    for (option, variable, colored) in cases {
        let terminal = Terminal::open(&labs.home, &m3m(option, variable), 80, 10);
        assert_eq!(terminal.end(), 0);
        let screen = terminal.colored_screen();
        assert_eq!(screen.contains("\u{1b}["), colored, "{option} {variable:?}: {screen:?}");
    }
}
