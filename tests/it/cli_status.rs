//! `m3m status` in a pipe: lines, JSON, YAML, and which nodes are asked.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lab::{Labs, NODES};
use crate::support::Finished;

/// The fields that scripts may lean on.
const FIELDS: [&str; 8] = ["schema", "at", "verdict", "term", "waiting_on", "nodes", "warnings", "reason"];
const NODE_FIELDS: [&str; 15] = [
    "name",
    "host",
    "recorded",
    "observed",
    "state",
    "reason",
    "via",
    "rtt_s",
    "head",
    "lag_commits",
    "lag_s",
    "dirty",
    "service",
    "offset_s",
    "fresh_connection",
];

#[track_caller]
pub fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished}"))
}

/// The names of the nodes in a JSON status.
fn names(status: &Value) -> Vec<&str> {
    status["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].as_str().expect("a name")).collect()
}

#[test]
fn a_pipe_gets_the_verdict_and_a_plain_line_a_node_in_order() {
    let labs = Labs::up();
    let shown = labs.run(["--lab", "status"]);
    let lines: Vec<&str> = shown.assert_code(0).stdout.lines().collect();
    assert_eq!(lines[0], "OPERATIONAL: amsterdam executes the service", "{shown}");
    let first_words = lines.iter().filter_map(|line| line.split_whitespace().next());
    let nodes: Vec<&str> = first_words.filter(|word| NODES.contains(word)).collect();
    assert_eq!(nodes, NODES, "{shown}");
    assert!(!shown.stdout.contains('\u{1b}') && shown.stderr.is_empty(), "{shown}");

    let wide = labs.run(["status", "--lab", "--wide"]);
    for head in ["HOST", "BRANCH", "MEMORY", "LOCATION"] {
        assert!(wide.assert_code(0).stdout.contains(head) && !shown.stdout.contains(head), "{wide}");
    }
    let quiet = labs.run(["status", "--lab", "-q"]);
    assert_eq!(quiet.assert_code(0).stdout, "OPERATIONAL: amsterdam executes the service\n");
    let verbose = labs.run(["-v", "status", "--lab"]);
    for node in NODES {
        assert!(verbose.stderr.contains(&format!("{node} answered after ")), "{verbose}");
    }
}

#[test]
fn a_throw_away_lab_is_operational() {
    let home = crate::support::Home::new();
    let shown = home.run(["--lab", "status", "-o", "json"]);
    assert_eq!(json(shown.assert_code(0))["verdict"], "OPERATIONAL", "{shown}");
    let left: Vec<_> = std::fs::read_dir(home.path()).expect("the home").flatten().map(|entry| entry.path()).collect();
    assert!(!left.iter().any(|path| path.to_string_lossy().contains("m3m-lab-")), "{left:?}");
}

#[test]
fn json_and_yaml_say_the_same_and_everything() {
    let labs = Labs::up();
    let status = json(labs.run(["--lab", "status", "-o", "json"]).assert_code(0));
    assert_eq!(status["schema"], "m3m.status/1");
    for field in FIELDS {
        assert!(status.get(field).is_some(), "no {field} in {status}");
    }
    assert_eq!((&status["waiting_on"], &status["warnings"]), (&serde_json::json!([]), &serde_json::json!([])));
    let at: jiff::Timestamp = status["at"].as_str().expect("a time").parse().expect("a time in UTC");
    assert!(at.duration_since(m3m::world::clock::now()).abs() < jiff::SignedDuration::from_mins(5));
    assert_eq!(names(&status), NODES);
    for (node, name) in status["nodes"].as_array().expect("nodes").iter().zip(NODES) {
        for field in NODE_FIELDS {
            assert!(node.get(field).is_some(), "no {field} in {node}");
        }
        assert_eq!(node["head"].as_str().map(str::len), Some(40), "{node}");
        assert_eq!((&node["host"], &node["state"]), (&"127.0.0.1".into(), &"up".into()), "{node}");
        assert!(node["rtt_s"].as_f64().is_some_and(|rtt| rtt > 0.0 && rtt < 60.0), "{node}");
        assert!(node["offset_s"].as_f64().is_some_and(|offset| offset.abs() < 60.0), "{node}");
        assert_eq!(node["service"], if name == "amsterdam" { "runs" } else { "stopped" });
    }
    assert_eq!(status["nodes"][0]["recorded"], "primary");
    assert_eq!(status["nodes"][1]["recorded"], "brain");

    let yaml = labs.run(["--lab", "status", "-o", "yaml"]);
    let yaml: Value = serde_yaml::from_str(&yaml.assert_code(0).stdout).expect("YAML");
    assert_eq!(shape(&yaml), shape(&status));
    assert_eq!(yaml["nodes"][3]["head"], status["nodes"][3]["head"]);
}

#[test]
fn warnings_in_json_have_node_text_and_hint() {
    let labs = Labs::up();
    labs.run(["lab", "kill", "moscow"]).assert_code(0);
    let status = json(labs.run(["--lab", "status", "-o", "json"]).assert_code(10));
    let warning = &status["warnings"][0];
    assert_eq!(warning["node"], "moscow", "{status}");
    assert!(warning["text"].as_str().is_some_and(|text| text.contains("refused")), "{warning}");
    assert!(warning["hint"].as_str().is_some_and(|hint| hint.contains("is sshd running on moscow")), "{warning}");
    let moscow = &status["nodes"][1];
    assert_eq!(
        (&moscow["reason"], &moscow["head"], &moscow["observed"]),
        (&"refused".into(), &Value::Null, &Value::Null)
    );
}

/// Every path of keys, with the kind of what stands there.
fn shape(value: &Value) -> BTreeSet<String> {
    let below = |prefix: &str, value: &Value| -> Vec<String> {
        shape(value).into_iter().map(|path| format!("{prefix}/{path}")).collect()
    };
    match value {
        Value::Object(map) => map.iter().flat_map(|(key, value)| below(key, value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(index, value)| below(&index.to_string(), value)).collect()
        }
        Value::Null => ["null".to_owned()].into(),
        Value::Bool(_) => ["bool".to_owned()].into(),
        Value::Number(_) => ["number".to_owned()].into(),
        Value::String(_) => ["string".to_owned()].into(),
    }
}

#[test]
fn nodes_are_chosen_by_repeating_by_commas_before_and_after_the_verb() {
    let labs = Labs::up();
    let asked =
        |finished: &Finished| -> Vec<String> { names(&json(finished)).into_iter().map(str::to_owned).collect() };
    let after = labs.run(["--lab", "status", "-o", "json", "--node", "almaty,amsterdam"]);
    assert_eq!(asked(after.assert_code(0)), ["amsterdam", "almaty"], "the order is the inventory's");
    let before = labs.run(["--node", "almaty", "-n", "moscow", "--lab", "-o", "json", "status"]);
    assert_eq!(asked(before.assert_code(0)), ["moscow", "almaty"]);
    let plain = labs.run(["--lab", "status", "-n", "moscow"]);
    assert!(plain.assert_code(0).stdout.contains("as far as asked (1 of 5 nodes asked)"), "{plain}");

    let unknown = labs.run(["--lab", "status", "--node", "amsterdm"]);
    assert!(unknown.assert_code(2).stderr.contains("did you mean amsterdam?"), "{unknown}");
    let strange = labs.run(["--lab", "status", "--node", "almaty,zzz"]);
    assert!(strange.assert_code(2).stderr.contains("it has amsterdam, moscow"), "{strange}");
    assert!(strange.stdout.is_empty(), "nobody was asked: {strange}");
    labs.run(["--lab", "status", "--node", "Almaty!"]).assert_code(2);
}

#[test]
fn the_timeout_is_a_duration() {
    let labs = Labs::up();
    labs.run(["--timeout", "30s", "--lab", "status"]).assert_code(0);
    for wrong in ["5", "soon", "0s", "-1s"] {
        labs.run(["--lab", "status", "--timeout", wrong]).assert_code(2);
    }
}
