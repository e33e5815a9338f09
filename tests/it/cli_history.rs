//! `m3m history`: the chain of terms as nodes of a lab hold it.

use std::path::PathBuf;

use m3m::core::term::TermRecord;
use serde_json::Value;

use crate::cli_status::json;
use crate::lab::{Labs, NODES};
use crate::terms;

fn repository(labs: &Labs, node: &str) -> PathBuf {
    labs.node(node).join("home/montana")
}

fn record(term: u64, primary: &str, reason: &str) -> TermRecord {
    let cell = "lab".parse().expect("a name");
    TermRecord { cell, reason: reason.to_owned(), ..terms::record(term, primary, "moscow") }
}

/// Puts a history to every node: 2 was claimed twice, 3 closed it, 4 is open on one node, and one node stayed at 2.
fn tell(labs: &Labs) {
    for node in NODES {
        let at = repository(labs, node);
        let one = terms::git(&at, &["rev-parse", m3m::core::term::REF], "");
        let two = terms::write(&at, &record(2, "saint-petersburg", "the disk"), &[&one]);
        let lost = terms::write(&at, &record(2, "almaty", "the other desk"), &[&one]);
        let three = terms::write(&at, &record(3, "saint-petersburg", "closed"), &[&two, &lost]);
        let four = terms::write(&at, &record(4, "novosibirsk", "\u{1b}[2Jred\nline"), &[&three]);
        terms::hold(
            &at,
            match node {
                "almaty" => &four,
                "moscow" => &two,
                _ => &three,
            },
        );
    }
}

fn column(history: &Value, list: &str, field: &str) -> Vec<String> {
    let rows = history[list].as_array().expect("a list").iter();
    rows.map(|row| row[field].as_str().map_or_else(|| row[field].to_string(), str::to_owned)).collect()
}

#[test]
fn won_open_and_lost_terms_are_told_with_the_nodes_that_disagree() {
    let labs = Labs::up();
    tell(&labs);
    let history = json(labs.run(["--lab", "history", "-o", "json"]).assert_code(10));
    assert_eq!(history["schema"], "m3m.history/1");
    assert_eq!(column(&history, "terms", "term"), ["4", "3", "2", "2", "1"]);
    assert_eq!(column(&history, "terms", "fate"), ["open", "won", "won", "lost", "won"]);
    assert_eq!(column(&history, "terms", "primary")[2..], ["saint-petersburg", "almaty", "amsterdam"]);
    assert_eq!(column(&history, "terms", "reign_is_present"), ["null", "null", "true", "null", "false"]);
    assert_eq!(column(&history, "nodes", "agreement"), ["agrees", "behind", "differs", "agrees", "agrees"]);
    assert_eq!((&history["nodes"][1]["misses"], &history["nodes"][2]["term"]), (&1.into(), &4.into()));
    assert_eq!(history["terms"][1]["parents"].as_array().map(Vec::len), Some(2), "{history}");

    let shown = labs.run(["--lab", "history"]);
    let lines: Vec<&str> = shown.assert_code(10).stdout.lines().collect();
    let row = |start: &str| lines.iter().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{shown}"));
    assert!(row("4 open").ends_with("red line") && row("2 lost").ends_with("the other desk"), "{shown}");
    assert!(!shown.stdout.contains('\u{1b}'), "{shown}");
    for said in ["! moscow holds term 2 and misses 1 term", "! almaty holds a claim to term 4", "m3m init moscow"] {
        assert!(shown.stdout.contains(said), "{said}: {shown}");
    }
}

#[test]
fn what_is_older_than_was_asked_for_is_not_made_up() {
    let labs = Labs::up();
    tell(&labs);
    let history = json(labs.run(["--lab", "history", "--limit", "1", "-o", "json"]).assert_code(10));
    assert_eq!(
        (&history["has_more"], column(&history, "terms", "term")),
        (&true.into(), ["4", "3", "2"].map(String::from).into())
    );
    let cut = labs.run(["--lab", "history", "--limit", "1"]);
    assert!(cut.stdout.contains("hint: m3m history --limit "), "{cut}");
    labs.run(["--lab", "history", "--limit", "0"]).assert_code(2);
}

#[test]
fn a_fresh_cell_agrees_and_nodes_without_terms_are_told() {
    let labs = Labs::up();
    let fresh = labs.run(["--lab", "history"]);
    assert!(fresh.assert_code(0).stdout.contains("1 term · held by 5 of 5 nodes"), "{fresh}");
    for node in NODES {
        terms::git(&repository(&labs, node), &["update-ref", "-d", m3m::core::term::REF], "");
    }
    let none = labs.run(["--lab", "history"]);
    assert!(none.assert_code(10).stdout.contains("! amsterdam holds no term\n  hint: m3m init amsterdam\n"), "{none}");
    labs.run(["lab", "kill", "moscow"]).assert_code(0);
    let silent = labs.run(["--lab", "history", "--node", "moscow"]);
    assert!(silent.assert_code(11).stdout.contains("! moscow does not answer: refused"), "{silent}");
}
