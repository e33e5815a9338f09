//! Commits from one lab node to another, by way of this machine.

use std::time::{Duration, Instant};

use m3m::cell::carry::Load;
use m3m::core::step::{self, Address, NotAfter};

use crate::hands::{Hands, SOON, TAKE, name};
use crate::lab::Labs;
use crate::real_ssh::SLACK;

#[test]
fn commits_go_from_node_to_node_and_leave_nothing_here() {
    let labs = Labs::up();
    let hands = Hands::open(&labs.home, &labs.dir("lab").join("inventory.yaml"));
    let commit = hands.large_commit("moscow", 3);
    let refs = hands.git("almaty", "for-each-ref");
    let carried = hands.carry("moscow", "almaty", &commit, TAKE, SOON).expect("it is carried");
    assert!(carried.bytes > 3 << 20 && carried.took < SOON, "{carried:?}");
    assert_eq!(hands.git("almaty", &format!("cat-file -s {commit}:large")), (3 << 20).to_string());
    assert_eq!(hands.git("almaty", "for-each-ref"), refs, "no ref moves");

    // Once more does no harm; what there is not is said.
    hands.carry("moscow", "almaty", &commit, TAKE, SOON).expect("it is carried again");
    let missing = "1".repeat(40);
    let refused = hands.carry("moscow", "almaty", &missing, TAKE, SOON).expect_err("there is no such commit");
    assert!(refused.to_string().starts_with("moscow says: fatal: bad object"), "{refused}");
    let refusal = "echo 'm3m-step 1'; echo 'refused identity amsterdam montana'; echo m3m-end";
    let refused = hands.carry("moscow", "almaty", &commit, refusal, SOON).expect_err("it refuses");
    assert_eq!(refused.to_string(), "almaty says: identity amsterdam montana");
    let state = labs.home.path().join("state/m3m");
    let left: Vec<_> =
        std::fs::read_dir(state).expect("the state").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, ["labs"]);
}

#[test]
fn a_target_that_freezes_midway_holds_nothing_half() {
    let labs = Labs::up();
    let hands = Hands::open(&labs.home, &labs.dir("lab").join("inventory.yaml"));
    let commit = hands.large_commit("moscow", 4);
    let refs = hands.git("almaty", "for-each-ref");
    // A reader in front of git stops the whole node.
    let take = format!("{{ head -c 2000000; kill -STOP $PPID; cat; }} | {{ {TAKE}; }}");
    let (begun, timeout) = (Instant::now(), Duration::from_secs(4));
    let failed = hands.carry("moscow", "almaty", &commit, &take, timeout).expect_err("it freezes");
    assert_eq!(failed.to_string(), "almaty: timeout in output");
    assert!(begun.elapsed() < timeout + SLACK, "{:?}", begun.elapsed());
    labs.run(["lab", "thaw", "almaty"]).assert_code(0);
    assert_eq!(hands.git("almaty", "for-each-ref"), refs);
    hands.carry("moscow", "almaty", &commit, TAKE, SOON).expect("now it is carried");
}

#[test]
fn a_node_whose_clock_is_known_gets_the_deadline_by_it() {
    let labs = Labs::up();
    let hands = Hands::open(&labs.home, &labs.dir("lab").join("inventory.yaml"));
    let almaty = name("almaty");
    assert_eq!(hands.cell.clock_of(&almaty), None);
    let picture = hands.gather(SOON);
    let facts = picture.facts(&almaty).expect("an answer");
    let anchor = hands.cell.clock_of(&almaty).expect("a clock");
    assert_eq!(
        (anchor.boot_id.as_ref(), Some(anchor.clock)),
        (facts.boot_id.as_ref(), facts.boot_clock.or(facts.clock))
    );
    let deadline = Instant::now() + Duration::from_secs(5);
    let told = std::cell::RefCell::new(None);
    let line = |address: Address<'_>| {
        told.replace(Some(address.not_after.clone()));
        "printf 'm3m-step 1\\nm3m-end\\n'".to_owned()
    };
    hands.wait(hands.cell.step(&almaty, &line, (deadline, deadline)));
    assert_eq!(told.take(), Some(anchor.at(deadline)));
}

#[test]
fn the_programs_for_nodes_fit_the_way_between() {
    let labs = Labs::up();
    let hands = Hands::open(&labs.home, &labs.dir("lab").join("inventory.yaml"));
    let wanted = [hands.large_commit("moscow", 1)];
    let (moscow, almaty, inventory) = (name("moscow"), name("almaty"), hands.cell.inventory());
    let to = inventory.node(&almaty).expect("a node");
    let take = |not_after: &NotAfter| step::take(Address { node: to, cell: &inventory.cell, not_after }, &wanted);
    let known = [hands.git("almaty", "rev-parse HEAD"), "1".repeat(40)];
    let load = Load {
        pack: step::pack(&hands.repository("moscow"), &wanted, &known),
        take: &take,
        wanted: &wanted,
        bytes_max: 2 << 20,
    };
    hands.gather(SOON);
    let carried = hands.wait(hands.cell.carry(&moscow, &almaty, load, Instant::now() + SOON)).expect("it is carried");
    assert!(carried.bytes > 1 << 20, "{carried:?}");
    assert_eq!(hands.git("almaty", &format!("cat-file -s {}:large", wanted[0])), (1 << 20).to_string());
}
