//! Claims that reached some nodes before their claimer died: whatever is asked next closes them.

use git2::ObjectType;
use m3m::core::term::{Act, Claim, Standing, TermRecord};

use crate::change_cell::Moved;
use crate::change_runs::Operator;
use crate::lab::NODES;

/// Puts a claim for that PRIMARY to these nodes alone, as m3m would: the same bytes on each.
fn claim_on(cell: &Moved, nodes: &[&'static str], primary: &str) {
    let before = cell.repository(nodes[0]).refname_to_id("refs/m3m/term").expect("a term").to_string();
    let record = cell.term(nodes[0]);
    let (from, word) = (vec![record.primary.clone()], format!("{}-{primary}", record.term));
    let number = record.term + 1;
    let primary = primary.parse().expect("a name");
    let next = TermRecord { primary, from, act: Act::Switchover, by: "dead@desk".to_owned(), claim: word, ..record };
    let mut claim = Claim::next(&Standing::default(), next);
    claim.record.term = number;
    claim.parents = vec![before];
    for node in nodes {
        let repository = cell.repository(node);
        let blob = repository.blob(claim.record.write().as_bytes()).expect("a blob");
        let mut tree = repository.treebuilder(None).expect("a tree");
        tree.insert("term.json", blob, 0o100_644).expect("its file");
        let text = format!("tree {}\n{}", tree.write().expect("a tree"), claim.head());
        let commit = repository.odb().and_then(|odb| odb.write(ObjectType::Commit, text.as_bytes())).expect("a commit");
        repository.reference("refs/m3m/term", commit, true, "test").expect("the reference");
    }
}

/// The verbs that may come next, `HERE` being PRIMARY, `ONE` and `OTHER` those that were claimed for.
const NEXT: [&str; 4] = ["promote ONE", "promote OTHER", "promote HERE", "inherit-brain novosibirsk"];

/// Splits the cell in this way, again and again, and asks for everything.
fn closes(split: impl Fn(&Moved, &'static str, [&'static str; 2])) {
    let cell = Moved::up();
    let ann = Operator::new(&cell, "ann");
    let witness = cell.witness();
    let mut here = "amsterdam";
    for verb in NEXT {
        let others = ["amsterdam", "almaty", "saint-petersburg"].into_iter().filter(|node| *node != here);
        let others: Vec<&'static str> = others.collect();
        split(&cell, here, [others[0], others[1]]);
        let primary = match verb {
            "promote ONE" => others[0],
            "promote OTHER" => others[1],
            _ => here,
        };
        let line = verb.replace("ONE", others[0]).replace("OTHER", others[1]).replace("HERE", here);
        let before = cell.term(others[0]).term.max(cell.term(here).term);
        let done = ann.run(&format!("{line} --yes"));
        assert_eq!(done.code(), 0, "{verb}: {done}");
        cell.assert_at_rest(&NODES, primary, verb);
        assert_eq!(cell.term(here).term, before + 1, "{verb}");
        here = primary;
    }
    witness.assert_never_two();
}

#[test]
fn a_claim_on_one_node_is_closed() {
    closes(|cell, _, [one, _]| claim_on(cell, &[one], one));
}

#[test]
fn a_claim_on_two_nodes_is_closed() {
    closes(|cell, _, [one, _]| claim_on(cell, &["moscow", one], one));
}

#[test]
fn a_claim_that_its_taker_does_not_hold_is_closed() {
    closes(|cell, here, [one, other]| claim_on(cell, &[here, "moscow", "novosibirsk", other], one));
}

#[test]
fn a_split_in_three_is_closed() {
    closes(|cell, _, [one, other]| {
        claim_on(cell, &[one, "moscow"], one);
        claim_on(cell, &[other, "novosibirsk"], other);
    });
}

#[test]
fn a_split_whose_won_term_is_on_a_dead_primary_is_closed() {
    let cell = Moved::up();
    let ann = Operator::new(&cell, "ann");
    cell.write("amsterdam", 1);
    claim_on(&cell, &["almaty", "moscow"], "almaty");
    claim_on(&cell, &["saint-petersburg", "novosibirsk"], "saint-petersburg");
    cell.lab(["kill", "amsterdam"]);
    let done = ann.run("promote saint-petersburg --yes");
    assert_eq!(done.code(), 0, "{done}");
    cell.assert_at_rest(&NODES[1..], "saint-petersburg", "without amsterdam");
    cell.lab(["revive", "amsterdam"]);
    let back = ann.run("promote amsterdam --yes");
    assert_eq!(back.code(), 0, "{back}");
    cell.assert_at_rest(&NODES, "amsterdam", "with amsterdam");
    cell.assert_whole("amsterdam", 1, "with amsterdam");
}

#[test]
fn what_is_asked_twice_is_done_once() {
    let cell = Moved::up();
    let ann = Operator::new(&cell, "ann");
    let twice = |line: &str, primary: &'static str, nodes: &[&'static str]| {
        let done = ann.run(line);
        assert_eq!(done.code(), 0, "{line}: {done}");
        let before = (cell.held(nodes), cell.ledger_pid(primary), ann.journal());
        let again = ann.run(line);
        assert_eq!(again.code(), 0, "{line}: {again}");
        assert_eq!((cell.held(nodes), cell.ledger_pid(primary), ann.journal()), before, "{line}: {again}");
        cell.assert_at_rest(nodes, primary, line);
    };
    twice("promote almaty --yes", "almaty", &NODES);
    twice("inherit-brain novosibirsk --yes", "almaty", &NODES);
    cell.lab(["kill", "almaty"]);
    twice("promote amsterdam --yes", "amsterdam", &["amsterdam", "moscow", "saint-petersburg", "novosibirsk"]);
}
