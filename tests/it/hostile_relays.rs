//! Relays that are hostile where they are to forward: a node behind them is told as silent in time, and one sound relay
//! is enough.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cell_file::CellFile;
use crate::hostile;
use crate::real_ssh::SLACK;
use crate::scripted::{Manner, Point, Script, Scripted, client_key};
use crate::support::Home;

/// Time for a node and its relays: a third of it passes before a relay is asked.
const TIMEOUT_S: u64 = 7;

/// What is said of a node whose own path is cut, when three others, each with its script, are the relays.
#[track_caller]
fn behind(relays: [Option<Script>; 3]) -> Value {
    let home = Home::new();
    home.write("identity", client_key());
    let far = Scripted::start(None);
    // What m3m itself connects to accepts and is mute; the relays know the way.
    let cut = hostile::start(hostile::Manner::Mute);
    let relays = relays.map(Scripted::start);
    for relay in &relays {
        relay.lead_to(far.port());
    }
    let mut cell = CellFile::new(&home);
    for (name, relay) in ["one", "two", "three"].iter().zip(&relays) {
        cell = cell.known(&relay.known_hosts()).node(name, relay.port(), "", relay.home());
    }
    let known = far.known_hosts().replace(&far.port().to_string(), &cut.port().to_string());
    cell.known(&known).node("far", cut.port(), "", far.home()).write();
    let start = Instant::now();
    let shown = home.run(["status", "--timeout", &format!("{TIMEOUT_S}s"), "-o", "json"]);
    assert!(start.elapsed() < Duration::from_secs(TIMEOUT_S) + SLACK, "{:?}: {shown}", start.elapsed());
    let mut status: Value = serde_json::from_str(&shown.stdout).unwrap_or_else(|error| panic!("{error}: {shown}"));
    let mut nodes = status["nodes"].as_array_mut().expect("nodes").drain(..);
    let far = nodes.next_back().expect("the last node");
    assert!(nodes.all(|relay| relay["state"] == "up"), "the relays themselves answer: {shown}");
    far
}

#[track_caller]
fn assert_silent(points: [(Point, Manner); 3], outcomes: [&[&str]; 3]) {
    let far = behind(points.map(|(point, manner)| Some(Script { point, manner })));
    assert_eq!((&far["state"], &far["via"]), (&"silent".into(), &Value::Null), "{far}");
    assert_eq!(far["reason"], "timeout in banner", "{far}");
    for (relay, accepted) in ["one", "two", "three"].iter().zip(outcomes) {
        let told = far["relays"].as_array().expect("relays").iter().find(|told| told["relay"] == *relay);
        let outcome = told.and_then(|told| told["outcome"].as_str()).unwrap_or_else(|| panic!("{relay}: {far}"));
        assert!(accepted.contains(&outcome), "{relay}: {far}");
    }
}

#[test]
fn relays_that_do_not_forward_say_nothing_of_the_node() {
    let points = [Manner::Hang, Manner::Close, Manner::Refuse].map(|manner| (Point::Forward, manner));
    assert_silent(points, [&["no word"]; 3]);
}

#[test]
fn relays_that_break_in_mid_use() {
    let points = [Manner::Hang, Manner::Close, Manner::Disconnect].map(|manner| (Point::MidForward, manner));
    // One that forwards and lets nothing through cannot be told from a node that is frozen.
    assert_silent(points, [&["failed"], &["no word"], &["no word"]]);
}

#[test]
fn one_sound_relay_is_enough() {
    let hostile = |point, manner| Some(Script { point, manner });
    let far = behind([hostile(Point::Forward, Manner::Hang), hostile(Point::MidForward, Manner::Hang), None]);
    assert_eq!((&far["state"], &far["via"]), (&"up".into(), &"three".into()), "{far}");
}
