//! Standard input, and commits from node to node, with real OpenSSH: over a node's own path and through a relay.

use std::time::{Duration, Instant};

use crate::hands::{Hands, SOON, TAKE, assert_binary_clean, assert_input_may_be_left, assert_output_fits_a_file, name};
use crate::real_relays::Ground;
use crate::real_ssh::SLACK;

/// Time for a gathering in which one node has to be reached through another.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A cell of three, of which the third is reached through a relay.
fn around() -> Option<(Ground, Hands)> {
    let ground = Ground::new("")?;
    ground.write(ground.far.host_keys());
    ground.way.cut_own_path(true);
    let hands = Hands::open(&ground.home, &ground.home.path().join("inventory.yaml"));
    let picture = hands.gather(TIMEOUT);
    assert!(picture.observations[&name("three")].via.is_some(), "{picture:?}");
    Some((ground, hands))
}

#[test]
fn servers_take_any_input_and_give_any_output() {
    let Some(ground) = Ground::new("") else { return };
    ground.write(ground.far.host_keys());
    let hands = Hands::open(&ground.home, &ground.home.path().join("inventory.yaml"));
    assert_binary_clean(&hands, "one");
    assert_input_may_be_left(&hands, "one");
    assert_output_fits_a_file(&hands, "one");
}

#[test]
fn the_same_through_a_relay() {
    let Some((_ground, hands)) = around() else { return };
    assert_binary_clean(&hands, "three");
    assert_input_may_be_left(&hands, "three");
    assert_output_fits_a_file(&hands, "three");
}

#[test]
fn commits_go_both_ways_through_a_relay() {
    let Some((_ground, hands)) = around() else { return };
    for (from, to) in [("one", "three"), ("three", "one"), ("two", "one")] {
        let commit = hands.large_commit(from, 4);
        let carried = hands.carry(from, to, &commit, TAKE, SOON).expect("it is carried");
        assert!(carried.bytes > 4 << 20, "{carried:?}");
        assert_eq!(hands.git(to, &format!("cat-file -s {commit}:large")), (4 << 20).to_string());
    }
}

#[test]
fn a_pack_that_is_cut_off_is_no_pack() {
    let Some(ground) = Ground::new("") else { return };
    ground.write(ground.far.host_keys());
    let hands = Hands::open(&ground.home, &ground.home.path().join("inventory.yaml"));
    let commit = hands.large_commit("three", 4);
    let refs = hands.git("one", "for-each-ref");
    ground.way.go_silent_after(2 << 20);
    let (begun, timeout) = (Instant::now(), Duration::from_secs(4));
    let failed = hands.carry("three", "one", &commit, TAKE, timeout).expect_err("it is cut off");
    assert_eq!(failed.to_string(), "three: timeout in output");
    assert!(begun.elapsed() < timeout + SLACK, "{:?}", begun.elapsed());
    assert_eq!(hands.git("one", "for-each-ref"), refs);
    let left = std::fs::read_dir(ground.home.path().join("state/m3m")).expect("the state").count();
    assert_eq!(left, 0, "nothing stays here");
}
