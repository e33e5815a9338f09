//! The promises of the inventory: the paper's numbers, what breaks them, and `m3m check --offline`.

use std::time::Duration;

use m3m::core::promises::{Promises, promises};

use crate::inventory::{SMALL, accepted};
use crate::support::Home;

const FIVE: &str = "\
cell: montana
repository: { path: /srv/montana }
nodes:
  - { name: one, host: one.example, role: primary }
  - { name: two, host: two.example, role: brain }
  - { name: three, host: three.example, role: mirror }
  - { name: four, host: four.example, role: mirror }
  - { name: five, host: five.example, role: mirror }
";
const SERVICE: &str = "service: { start: run, stop: halt, check: runs }\n";

fn judged(rest: &str) -> Promises {
    promises(&accepted(&format!("{FIVE}{rest}")))
}

/// Each promise as `name bound_ms/limit_ms`, `-` where there is no bound.
fn bounds(judged: &Promises) -> Vec<String> {
    let ms = |time: Duration| time.as_millis().to_string();
    let one = |promise: &m3m::core::promises::Promise| {
        format!("{} {}/{}", promise.name, promise.bound.map_or("-".to_owned(), ms), ms(promise.limit))
    };
    judged.promises.iter().map(one).collect()
}

#[test]
fn the_papers_numbers_hold() {
    let judged = judged(SERVICE);
    assert_eq!(
        bounds(&judged),
        ["detection 9000/10000", "primary 10000/10000", "brain 9200/10000", "both 10000/15000", "breath 12000/12000"]
    );
    assert!(judged.hold());
    assert_eq!(judged.promises[1].formula, "detection 9s + claim 0.2s + start_within 0.8s");
    assert!(judged.promises.iter().all(|promise| promise.hint.is_none()), "what holds needs no hint");
}

#[test]
fn a_lease_costs_nothing_at_the_papers_timing() {
    let judged = judged(&format!("{SERVICE}safety: {{ quorum: majority, fence: required }}\n"));
    let bounds = bounds(&judged);
    assert!(bounds.contains(&"lease 9000/10000".to_owned()), "{bounds:?}");
    assert!(bounds.contains(&"primary 10000/10000".to_owned()), "{bounds:?}");
    assert!(judged.notes.iter().any(|note| note.contains("one watch alone")), "{:?}", judged.notes);
}

#[test]
fn a_start_that_is_slow_anywhere_breaks_the_failover() {
    let slow = "service: { start: run, stop: halt, check: runs, start_within: 1s }\n";
    let judged = judged(slow);
    assert!(!judged.hold());
    let primary = &judged.promises[1];
    assert_eq!((primary.name, primary.bound), ("primary", Some(Duration::from_millis(10_200))));
    assert_eq!(primary.hint.as_deref(), Some("service.start_within may be 0.8s at most"));
}

#[test]
fn the_slowest_successor_counts_and_the_present_primary_does_not() {
    let with = |name: &str| {
        let node = format!("name: {name},");
        let text = format!("{FIVE}{SERVICE}").replace(&node, &format!("{node} service: {{ start_within: 5s }},"));
        promises(&accepted(&text)).hold()
    };
    assert!(with("one"), "the PRIMARY's own start is no part of replacing it");
    assert!(!with("four"), "a mirror may be the one that takes over");
    let kept_out = format!("{FIVE}{SERVICE}")
        .replace("name: four,", "name: four, candidate: false, service: { start_within: 5s },");
    assert!(promises(&accepted(&kept_out)).hold(), "a mirror that may not take over does not count");
}

#[test]
fn what_cannot_happen_has_no_bound() {
    let unproven = judged(&format!("{SERVICE}safety: {{ fence: required, lease: off }}\n"));
    assert!(bounds(&unproven).contains(&"primary -/10000".to_owned()));
    assert_eq!(unproven.promises[1].formula, "nothing can prove that a silent PRIMARY stopped");
    let fenced = judged(&format!("{SERVICE}safety: {{ fence: required, lease: off, fence_command: power-off }}\n"));
    assert!(fenced.hold() && fenced.notes.iter().any(|note| note.contains("fence_command")));

    let alone = format!("{FIVE}{SERVICE}").replace("brain }", "brain, candidate: false }");
    let alone = promises(&accepted(&alone.replace("mirror }", "mirror, candidate: false }")));
    assert_eq!(alone.promises[1].formula, "no other node may become PRIMARY");
    assert!(!alone.hold());
}

#[test]
fn slow_checks_break_what_depends_on_them() {
    let broken = |timing: &str| -> Vec<&'static str> {
        let judged = judged(&format!("{SERVICE}timing: {timing}\n"));
        judged.promises.iter().filter(|promise| !promise.holds()).map(|promise| promise.name).collect()
    };
    assert_eq!(broken("{ misses: 3 }"), ["primary", "brain"]);
    assert_eq!(broken("{ health_check: 12s }"), ["detection", "primary", "brain", "both"]);
    assert_eq!(broken("{ health_timeout: 4s, failover: 20s }"), ["breath"]);
    assert_eq!(broken("{ failover: 5s }"), ["detection", "primary", "brain", "both"]);
    assert_eq!(broken("{ misses: 100, health_timeout: 87600h }").len(), 5, "no overflow");
}

#[test]
fn what_is_shown_adds_up_and_what_is_advised_holds() {
    let judgement = |judged: &Promises| {
        let cell = "montana".parse().expect("a name");
        m3m::view::promises::Judgement { cell: &cell, promises: judged }.words(false)
    };
    // A third of the timeout has no end in decimals.
    let thirds = judged(&format!("{SERVICE}timing: {{ health_check: 5s, health_timeout: 1s, misses: 3 }}\n"));
    let text = judgement(&thirds);
    assert!(text.contains("6.668s of 10s: a silent node is known to be dead"), "{text}");
    assert!(text.contains("health_check 5s + 2 × 0.334s late + health_timeout 1s"), "{text}");

    let breath =
        |timeout: &str| judged(&format!("{SERVICE}timing: {{ breath: 12.001s, health_timeout: {timeout} }}\n"));
    let broken = breath("4s");
    let hint = broken.promises.iter().find_map(|promise| promise.hint.clone().filter(|_| promise.name == "breath"));
    assert_eq!(hint.as_deref(), Some("timing.health_timeout may be 3s at most"));
    assert!(breath("3s").promises.iter().any(|promise| promise.name == "breath" && promise.holds()));

    let unproven = judgement(&judged(&format!("{SERVICE}safety: {{ fence: required, lease: off }}\n")));
    assert!(unproven.contains("primary    no bound, promised 10s: a dead PRIMARY is replaced"), "{unproven}");
}

#[test]
fn a_small_cell_is_told_what_it_lacks() {
    let small = promises(&accepted(SMALL));
    assert!(small.hold(), "{:?}", bounds(&small));
    assert!(!small.promises.iter().any(|promise| promise.name == "both"), "two of three are most of the cell");
    let notes = small.notes.join("\n");
    assert!(notes.contains("the cell has 1 mirror; a Montana cell has 3"), "{notes}");
    assert!(notes.contains("nothing is promised for PRIMARY and BRAIN dead at once"), "{notes}");
    assert!(notes.contains("the service survives the loss of 2 of 3 nodes"), "{notes}");
    let majority = judged(&format!("{SERVICE}safety: {{ quorum: majority }}\n"));
    assert!(majority.notes[0].contains("the service survives the loss of 2 of 5 nodes"), "{:?}", majority.notes);
}

#[test]
fn check_prints_the_bounds_and_fails_where_one_cannot_hold() {
    let home = Home::new();
    home.write("inventory.yaml", format!("{FIVE}{SERVICE}"));
    let held = home.run(["check", "--offline"]);
    held.assert_code(0);
    assert!(held.stdout.starts_with("HOLDS: every promise of cell montana"), "{held}");
    assert!(held.stdout.contains("detection 9s + claim 0.2s + start_within 0.8s"), "{held}");

    let slow = home.write("slow.yaml", format!("{FIVE}{SERVICE}timing: {{ misses: 3 }}\n"));
    let slow = slow.to_str().expect("a path in UTF-8");
    let broken = home.run(["check", "--offline", "-i", slow, "-q"]);
    broken.assert_code(3);
    assert_eq!(broken.stdout, "CANNOT HOLD: primary, brain, by the numbers of cell montana's inventory\n");

    let json = home.run(["check", "--offline", "-i", slow, "-o", "json"]);
    json.assert_code(3);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("one JSON document");
    assert_eq!((json["schema"].as_str(), json["holds"].as_bool()), (Some("m3m.check/1"), Some(false)));
    assert_eq!(
        (json["promises"][1]["bound_s"].as_f64(), json["promises"][1]["limit_s"].as_f64()),
        (Some(11.0), Some(10.0))
    );
}

#[test]
fn check_tells_what_is_wrong_with_an_inventory() {
    let home = Home::new();
    let nowhere = home.run(["check", "--offline"]);
    nowhere.assert_code(3);
    assert!(nowhere.stderr.starts_with("error: there is no inventory: looked for ./inventory.yaml and "), "{nowhere}");
    assert!(nowhere.stderr.contains("hint: "), "{nowhere}");

    home.write("inventory.yaml", SMALL.replace("mirror", "mirorr"));
    let wrong = home.run(["check", "--offline"]);
    wrong.assert_code(3);
    assert_eq!(
        wrong.stderr,
        "error: inventory.yaml:7:47: nodes[2].role: unknown role `mirorr`\n  |\n\
         7 |   - { name: three, host: three.example, role: mirorr }\n  \
         |                                               ^^^^^^ accepted: primary, brain, mirror\n\
         hint: did you mean `mirror`?\n"
    );
    assert_eq!(wrong.stdout, "");
    let some = home.run(["check", "--offline", "-n", "one"]);
    assert!(some.assert_code(2).stderr.contains("judges the inventory as a whole"), "{some}");
}
