//! `m3m status` and `m3m where` on a lab that is broken and mended: verdict, exit status, reasons, and the time it takes.

use std::time::{Duration, Instant};

use crate::cli_status::json;
use crate::lab::{Labs, NODES};
use crate::support::Finished;

/// How long a frozen node is waited for here, and what a noisy machine may add to it: five, one after the other, would
/// take 20 s.
const TIMEOUT: (&str, Duration) = ("4s", Duration::from_secs(4));
const NOISE: Duration = Duration::from_secs(12);

fn lab(labs: &Labs, verb: &str, nodes: &[&str]) {
    crate::support::finish(labs.home.m3m(["lab", verb]).args(nodes)).assert_code(0);
}

/// The status, and how long it took.
fn timed(labs: &Labs) -> (Finished, Duration) {
    let start = Instant::now();
    let shown = labs.run(["--lab", "status", "--timeout", TIMEOUT.0]);
    (shown, start.elapsed())
}

/// A line a node, whatever the node says.
#[track_caller]
fn assert_rows(shown: &Finished, states: [&str; 5]) {
    for (node, state) in NODES.iter().zip(states) {
        let row = shown.stdout.lines().find(|line| line.starts_with(node)).unwrap_or_else(|| panic!("{node}: {shown}"));
        assert!(row.contains(state), "{node} is not {state}: {shown}");
    }
}

#[test]
fn nodes_die_one_by_one_and_come_back() {
    let labs = Labs::up();
    lab(&labs, "kill", &["novosibirsk"]);
    let one = labs.run(["--lab", "status"]);
    assert!(one.assert_code(10).stdout.starts_with("DEGRADED: "), "{one}");
    assert_rows(&one, ["up", "up", "up", "up", "refused"]);

    lab(&labs, "kill", &["moscow", "almaty", "saint-petersburg"]);
    let four = labs.run(["--lab", "status"]);
    four.assert_code(10);
    assert_rows(&four, ["up", "refused", "refused", "refused", "refused"]);
    assert!(four.stdout.contains("and 3 more"), "{four}");

    lab(&labs, "revive", &["moscow", "almaty", "saint-petersburg", "novosibirsk"]);
    labs.run(["--lab", "status"]).assert_code(0);
}

#[test]
fn without_its_primary_the_cell_is_down_and_without_any_node_as_well() {
    let labs = Labs::up();
    lab(&labs, "kill", &["amsterdam"]);
    let down = labs.run(["--lab", "status"]);
    assert!(down.assert_code(11).stdout.starts_with("DOWN: amsterdam (PRIMARY)"), "{down}");
    assert_rows(&down, ["refused", "up", "up", "up", "up"]);
    let place = labs.run(["--lab", "where"]);
    assert_eq!(place.assert_code(10).stdout, "127.0.0.1\n", "the record still names it");
    labs.run(["--lab", "where", "brain"]).assert_code(0);

    lab(&labs, "kill", &NODES[1..]);
    let all = labs.run(["--lab", "status"]);
    assert!(all.assert_code(11).stdout.starts_with("DOWN: none of 5 nodes"), "{all}");
    assert_rows(&all, ["refused"; 5]);
    // The one lab there is, by name or without.
    labs.run(["--lab=lab", "status"]).assert_code(11);
    let nowhere = labs.run(["--lab", "where"]);
    assert!(nowhere.assert_code(11).stdout.is_empty() && nowhere.stderr.contains("no node answered"), "{nowhere}");

    lab(&labs, "revive", &NODES);
    let revived = labs.run(["--lab", "status"]);
    assert!(revived.assert_code(11).stdout.contains("hint: m3m promote amsterdam starts it"), "{revived}");
}

#[test]
fn where_prints_a_host_and_json_says_more() {
    let labs = Labs::up();
    assert_eq!(labs.run(["--lab", "where"]).assert_code(0).stdout, "127.0.0.1\n");
    assert_eq!(labs.run(["where", "primary", "--lab"]).assert_code(0).stdout, "127.0.0.1\n");
    let brain = json(labs.run(["--lab", "where", "brain", "-o", "json"]).assert_code(0));
    assert_eq!((&brain["schema"], &brain["role"]), (&"m3m.where/1".into(), &"brain".into()));
    assert_eq!((&brain["node"], &brain["port"]), (&"moscow".into(), &labs.port("moscow").into()));
    let yaml = labs.run(["--lab", "where", "-o", "yaml"]);
    assert!(yaml.assert_code(0).stdout.contains("node: amsterdam"), "{yaml}");
    labs.run(["--lab", "where", "mirror"]).assert_code(2);
    labs.run(["--lab", "where", "-n", "moscow"]).assert_code(2);
}

#[test]
fn a_stopped_service_is_down() {
    let labs = Labs::up();
    labs.ssh("amsterdam", "ledger stop").status().expect("ssh");
    let down = labs.run(["--lab", "status"]);
    assert!(down.assert_code(11).stdout.starts_with("DOWN: the service does not run on amsterdam"), "{down}");
    assert!(down.stdout.contains("stands by !"), "{down}");
    labs.run(["--lab", "where"]).assert_code(10);
    labs.ssh("moscow", "ledger start").status().expect("ssh");
    let elsewhere = labs.run(["--lab", "status"]);
    assert!(elsewhere.assert_code(10).stdout.contains("moscow executes the service and is recorded as brain"));
    labs.ssh("amsterdam", "ledger start").status().expect("ssh");
    let two = labs.run(["--lab", "status"]);
    assert!(two.assert_code(10).stdout.contains("TWO WRITERS"), "{two}");
    labs.ssh("moscow", "ledger stop").status().expect("ssh");
    labs.run(["--lab", "status"]).assert_code(0);
}

#[test]
fn frozen_nodes_cost_the_timeout_once_however_many_there_are() {
    let labs = Labs::up();
    for frozen in [&["almaty"][..], &["saint-petersburg"], &["amsterdam", "moscow", "novosibirsk"]] {
        lab(&labs, "freeze", frozen);
        let (shown, took) = timed(&labs);
        assert!(took >= TIMEOUT.1 && took < TIMEOUT.1 + NOISE, "{took:?} {shown}");
        assert!(shown.stdout.contains("timeout in "), "{shown}");
        let all = frozen.len() == 3;
        shown.assert_code(if all { 12 } else { 10 });
        assert_eq!(shown.stdout.starts_with("CUT OFF: "), all, "{shown}");
    }
    assert!(labs.run(["--lab", "where", "--timeout", "1s"]).assert_code(12).stdout.is_empty());
    lab(&labs, "thaw", &NODES);
    labs.run(["--lab", "status"]).assert_code(0);
}

#[test]
fn a_clock_an_hour_off_and_a_node_without_git() {
    let labs = Labs::up();
    let bin = |node: &str, name: &str, text: &str| {
        let path = labs.home.write(&format!("state/m3m/labs/lab/nodes/{node}/home/bin/{name}"), text);
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("a program");
    };
    bin(
        "almaty",
        "date",
        "#!/bin/sh\ncase $* in\n'+%s.%N') echo $(($(/bin/date +%s) + 3600)).5 ;;\n*) echo $(($(/bin/date +%s) + 3600)) ;;\nesac\n",
    );
    bin("novosibirsk", "git", "#!/bin/sh\nexit 127\n");
    let shown = labs.run(["--lab", "status"]);
    shown.assert_code(10);
    assert!(
        shown.stdout.contains("almaty's clock is 3") && shown.stdout.contains("ahead of this machine's"),
        "{shown}"
    );
    assert!(shown.stdout.contains("+59m") || shown.stdout.contains("+1h"), "{shown}");
    assert!(shown.stdout.contains("novosibirsk"), "{shown}");
    let status = json(&labs.run(["--lab", "status", "-o", "json"]));
    assert!(
        status["nodes"][2]["offset_s"].as_f64().is_some_and(|offset| offset > 3500.0 && offset < 3700.0),
        "{status}"
    );
    assert!(status["nodes"][4]["head"].is_null(), "{status}");
    assert_eq!(status["warnings"].as_array().map(Vec::len), Some(2), "{status}");
}
