//! README.md says what the binary does: its table of exit statuses, and every command line in it.

use clap::Parser;
use m3m::cli::Cli;
use m3m::error::Exit;

const README: &str = include_str!("../../README.md");

#[test]
fn the_exit_statuses_are_those_of_the_binary() {
    let rows = README.lines().skip_while(|line| *line != "| code | meaning |").skip(2);
    let rows: Vec<String> = rows.take_while(|line| line.starts_with('|')).map(|line| line.replace('`', "")).collect();
    assert_eq!(rows, Exit::TABLE.map(|(_, code, meaning)| format!("| {code} | {meaning} |")));
}

/// The command lines: in code blocks behind `$`, and between backticks.
fn command_lines() -> impl Iterator<Item = String> {
    let blocks = README.lines().filter_map(|line| line.strip_prefix("$ ")).map(|line| line.split('#').next());
    let spans = README.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).map(Some);
    blocks
        .chain(spans)
        .flatten()
        .map(|line| line.replace("cargo run --", "m3m"))
        .filter(|line| line.starts_with("m3m "))
}

#[test]
fn every_command_line_is_one() {
    // What stands for a value, and one that fits.
    let filled = |line: &str| {
        line.replace("[primary\\|brain]", "primary")
            .replace("SHELL", "bash")
            .replace("[NODE]", "almaty")
            .replace("NODE", "almaty")
    };
    let lines: Vec<String> = command_lines().map(|line| filled(&line)).collect();
    assert!(lines.len() >= 10, "{lines:?}");
    for line in &lines {
        let parsed = Cli::try_parse_from(line.split_whitespace());
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
}
