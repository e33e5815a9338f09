//! `m3m pause` and `m3m resume` on a lab.

use serde_json::Value;

use crate::cli_status::json;
use crate::lab::{Labs, NODES};
use crate::terms;

fn status(labs: &Labs) -> Value {
    serde_json::from_str(&labs.run(["--lab", "status", "-o", "json"]).stdout).expect("a status")
}

#[test]
fn a_pause_is_the_first_thing_of_status_until_it_is_over_also_for_a_node_that_was_away() {
    let labs = Labs::up();
    let paused = labs.run(["--lab", "pause", "--for", "30m", "--reason", "a disk is replaced"]);
    assert!(paused.assert_code(0).stdout.ends_with("5 of 5 nodes know\n"), "{paused}");
    let shown = labs.run(["--lab", "status"]);
    let second = shown.assert_code(0).stdout.lines().nth(1).expect("a line").to_owned();
    assert!(second.starts_with("PAUSED: ") && second.ends_with(": a disk is replaced"), "{shown}");
    let pause = &status(&labs)["pause"];
    assert!(pause["left_s"].as_f64().is_some_and(|left| left > 1500.0 && left <= 1800.0), "{pause}");

    labs.run(["lab", "kill", "moscow"]).assert_code(0);
    let resumed = labs.run(["--lab", "resume"]);
    assert!(resumed.assert_code(10).stdout.contains("! moscow does not know: refused"), "{resumed}");
    labs.run(["lab", "revive", "moscow"]).assert_code(0);
    assert_eq!(status(&labs)["pause"], Value::Null, "its older pause does not count");

    let again = json(labs.run(["--lab", "resume", "-o", "json"]).assert_code(0));
    assert_eq!(
        (&again["schema"], &again["pause"], &again["before"]),
        (&"m3m.pause/1".into(), &Value::Null, &Value::Null)
    );
    assert_eq!(again["nodes"].as_array().map(Vec::len), Some(5));
}

#[test]
fn every_record_is_in_the_journal_before_and_after() {
    let labs = Labs::up();
    labs.run(["--lab", "pause", "--reason", "look"]).assert_code(0);
    let journal = std::fs::read_to_string(labs.home.path().join("state/m3m/journal.jsonl")).expect("a journal");
    for stage in ["begun", "done"] {
        let of_stage = journal.lines().filter(|line| line.contains(&format!("\"stage\":\"{stage}\"")));
        assert_eq!(of_stage.filter(|line| line.contains("\"act\":\"pause\"")).count(), 5, "{journal}");
    }
}

#[test]
fn a_node_that_is_cut_off_from_here_is_told_through_another_one() {
    let labs = Labs::up();
    labs.run(["lab", "cut", "moscow", "--from", "operator"]).assert_code(0);
    let paused = labs.run(["--lab", "pause", "--reason", "look"]);
    assert!(paused.assert_code(0).stdout.ends_with("5 of 5 nodes know\n"), "{paused}");
}

#[test]
fn a_node_that_never_saw_init_says_so_and_a_dry_run_changes_nothing() {
    let labs = Labs::up();
    let repository = |node: &str| labs.node(node).join("home/montana");
    let dry = labs.run(["--lab", "pause", "--reason", "look", "--dry-run"]);
    assert!(dry.assert_code(0).stdout.contains("5 of 5 nodes would be told"), "{dry}");
    let refs = terms::git(&repository("almaty"), &["for-each-ref", "--format=%(refname)", "refs/m3m/pause"], "");
    assert!(refs.is_empty() && status(&labs)["pause"] == Value::Null);

    terms::git(&repository("almaty"), &["config", "--unset", "m3m.node"], "");
    let paused = labs.run(["--lab", "pause", "--reason", "look"]);
    let said = "! almaty refuses: no m3m init has made it ready\n  hint: m3m init almaty makes it ready\n";
    assert!(paused.assert_code(10).stdout.contains(said), "{paused}");
    for node in NODES.into_iter().filter(|node| *node != "almaty") {
        terms::git(&repository(node), &["config", "--unset", "m3m.node"], "");
    }
    let refused = labs.run(["--lab", "resume"]);
    assert!(refused.assert_code(20).stdout.starts_with("NOT RESUMED: "), "{refused}");
}

#[test]
fn what_is_missing_is_a_usage_error_and_silence_of_all_is_being_cut_off() {
    let labs = Labs::up();
    labs.run(["--lab", "pause"]).assert_code(2);
    assert!(labs.run(["--lab", "pause", "--reason", " "]).assert_code(2).stderr.contains("needs a reason"));
    labs.run(["--lab", "pause", "--reason", "look", "--node", "almaty"]).assert_code(2);
    for node in NODES {
        labs.run(["lab", "freeze", node]).assert_code(0);
    }
    let silent = labs.run(["--lab", "pause", "--reason", "look", "--timeout", "1s"]);
    assert!(silent.assert_code(12).stdout.starts_with("NOT PAUSED: "), "{silent}");
}
