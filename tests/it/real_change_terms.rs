//! What `m3m promote` does where nodes were never made ready, where a term is damaged, and where an inventory says
//! something else than the term; with real OpenSSH.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::five::NAMES;
use crate::real_change_cell::{RealCell, index};
use crate::sshd::Options;

/// As before any `m3m init`.
fn forget(cell: &RealCell, node: &str) {
    cell.git(node, ["update-ref", "-d", "refs/m3m/term"]);
    cell.git(node, ["config", "--remove-section", "m3m"]);
}

fn damage(cell: &RealCell, node: &str) {
    fs::write(cell.file(node, ".git/refs/m3m/term"), "garbage\n").expect("the reference");
}

#[test]
fn nodes_that_were_never_made_ready() {
    let Some(cell) = RealCell::bare(&|_, _| Options::default(), "tree") else { return };
    for line in ["promote", "promote cedar", "inherit-brain"] {
        cell.change(line).assert_refused().assert_says(&["no node holds a term", "hint: m3m init"]);
    }
    cell.make_ready();
    forget(&cell, "cedar");
    cell.change("promote cedar").assert_refused().assert_says(&["never made ready", "hint: m3m init cedar"]);
    // The next of the chain that is ready.
    cell.change("promote").assert(0, "done");
    cell.assert_settled(&["amber", "birch", "dogwood"], 2, "dogwood", "birch");
    // The PRIMARY itself: it cannot be told under which term it stops.
    forget(&cell, "dogwood");
    cell.change("promote amber").assert_refused().assert_says(&["dogwood cannot be told", "hint: m3m init dogwood"]);
    assert_eq!((cell.term("amber").term, cell.executing()), (2, vec!["dogwood"]));
    // Its own term is not known to be won without it: init closes that one too.
    cell.run("init").assert_code(0);
    cell.change("promote cedar").assert(0, "done");
    cell.assert_settled(&NAMES, 4, "cedar", "birch");
}

#[test]
fn a_damaged_term_of_a_mirror_holds_nothing_up() {
    let Some(cell) = RealCell::start() else { return };
    damage(&cell, "elm");
    cell.change("promote elm")
        .assert_refused()
        .assert_says(&["its term cannot be read", "hint: m3m init --repair elm"]);
    cell.change("promote cedar").assert(0, "done").assert_says(&["elm"]);
    cell.assert_settled(&["amber", "birch", "cedar", "dogwood"], 2, "cedar", "birch");
    cell.server("cedar").signal(Signal::KILL);
    cell.change("promote").assert(0, "done");
    cell.assert_settled(&["amber", "birch", "dogwood"], 3, "dogwood", "birch");
}

#[test]
fn a_damaged_term_of_the_next_and_of_the_present_primary() {
    let Some(cell) = RealCell::start() else { return };
    damage(&cell, "cedar");
    cell.change("promote").assert(0, "done");
    cell.assert_settled(&["amber", "birch", "dogwood", "elm"], 2, "dogwood", "birch");
    damage(&cell, "dogwood");
    cell.change("promote elm").assert_refused().assert_says(&["dogwood cannot be told", "m3m init --repair dogwood"]);
    assert_eq!((cell.term("elm").term, cell.executing()), (2, vec!["dogwood"]));
}

#[test]
fn the_term_counts_where_the_inventory_says_something_else() {
    let Some(mut cell) = RealCell::start() else { return };
    let first = cell.inventory.clone();
    let nodes = first["nodes"].as_array().expect("nodes").clone();

    // Another order, another PRIMARY to begin with, and another will.
    let mut other: Vec<Value> = nodes.iter().rev().cloned().collect();
    for (node, role) in other.iter_mut().zip(["primary", "mirror", "mirror", "brain", "mirror"]) {
        node["role"] = role.into();
    }
    cell.inventory["nodes"] = other.into();
    cell.inventory["nodes"][2]["candidate"] = false.into();
    cell.inventory["safety"] = json!({ "quorum": "majority", "fence": "required" });
    cell.write_inventory();
    let planned = cell.run("promote --dry-run");
    assert!(planned.stdout.contains("the inventory differs from term 1, and the term counts"), "{planned}");
    cell.change("promote").assert(0, "done").assert_says(&["the inventory differs from term 2"]);
    cell.assert_settled(&NAMES, 2, "cedar", "birch");
    let members: Vec<String> = cell.term("cedar").members.iter().map(|member| member.name.to_string()).collect();
    assert_eq!(members, ["cedar", "dogwood", "elm", "amber", "birch"]);

    // A node that is no member.
    cell.inventory = first.clone();
    let mut new = nodes[index("elm")].clone();
    (new["name"], new["ssh"]["port"]) = ("fir".into(), crate::sshd::free_port().into());
    cell.inventory["nodes"].as_array_mut().expect("nodes").push(new);
    cell.write_inventory();
    cell.change("promote fir").assert_refused().assert_says(&["fir", "no member", "hint: members are cedar"]);

    // A member that the inventory does not know.
    cell.inventory = first.clone();
    cell.inventory["nodes"].as_array_mut().expect("nodes").remove(index("dogwood"));
    cell.write_inventory();
    cell.change("promote amber").assert_refused().assert_says(&["does not name: dogwood"]);

    // Another cell.
    cell.inventory = first;
    cell.inventory["cell"] = "other".into();
    cell.write_inventory();
    cell.change("promote amber").assert_refused().assert_says(&["term 2 is of cell test"]);
    cell.assert_settled(&NAMES, 2, "cedar", "birch");
}

#[test]
fn nobody_is_promoted_whom_the_term_keeps_out() {
    let Some(mut cell) = RealCell::bare(&|_, _| Options::default(), "tree") else { return };
    cell.inventory["nodes"][index("cedar")]["candidate"] = false.into();
    cell.write_inventory();
    cell.make_ready();
    cell.inventory["nodes"][index("cedar")]["candidate"] = true.into();
    cell.write_inventory();
    cell.change("promote cedar").assert_refused().assert_says(&["candidate: false"]);
    cell.change("promote").assert(0, "done");
    cell.assert_settled(&NAMES, 2, "dogwood", "birch");
    cell.change("inherit-brain cedar").assert(0, "done");
    cell.assert_settled(&NAMES, 3, "dogwood", "cedar");
}
