//! `m3m init` on a lab: nodes that never saw it, nodes that are behind or damaged, members that come and go.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use m3m::core::term::TermRecord;
use serde_json::Value;

use crate::cli_status::json;
use crate::init_script::tree;
use crate::lab::{Labs, NODES, SOON};
use crate::support::{Finished, finish, wait};
use crate::terminal::{Terminal, available};

/// A lab whose nodes have their sshd, their service and nothing else.
fn bare() -> Labs {
    let labs = Labs::up();
    for node in NODES {
        std::fs::remove_dir_all(repository(&labs, node)).expect("remove a repository");
    }
    labs
}

fn repository(labs: &Labs, node: &str) -> PathBuf {
    labs.node(node).join("home/montana")
}

fn git(labs: &Labs, node: &str, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(repository(labs, node)).args(args).env("HOME", labs.home.path());
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "t").env(format!("GIT_{who}_EMAIL"), "t@example.org");
    }
    finish(&mut command).assert_code(0).stdout.trim().to_owned()
}

/// The one term that all these nodes hold, and its commit.
#[track_caller]
fn held_by_all(labs: &Labs, nodes: &[&str]) -> (TermRecord, String) {
    let commits: Vec<String> = nodes.iter().map(|node| git(labs, node, &["rev-parse", "refs/m3m/term"])).collect();
    assert!(commits.iter().all(|commit| *commit == commits[0]), "{commits:?}");
    let json = git(labs, nodes[0], &["cat-file", "blob", "refs/m3m/term:term.json"]);
    (TermRecord::read(&json).expect("a term"), commits[0].clone())
}

/// A node holds a term of its own that follows what it held.
fn claim_alone(labs: &Labs, node: &str, number: u64, primary: &str) {
    let json = git(labs, node, &["cat-file", "blob", "refs/m3m/term:term.json"]);
    let held = TermRecord::read(&json).expect("a term");
    let record = TermRecord { term: number, primary: primary.parse().expect("a name"), ..held };
    let path = labs.home.write("term.json", record.write());
    let blob = git(labs, node, &["hash-object", "-w", path.to_str().expect("UTF-8")]);
    let index = labs.home.path().join("index").display().to_string();
    let mut add = Command::new("git");
    add.arg("-C").arg(repository(labs, node)).env("GIT_INDEX_FILE", &index);
    finish(add.args(["update-index", "--add", "--cacheinfo", &format!("100644,{blob},term.json")])).assert_code(0);
    let mut write = Command::new("git");
    let write = write.arg("-C").arg(repository(labs, node)).env("GIT_INDEX_FILE", &index).arg("write-tree");
    let tree = finish(write).assert_code(0).stdout.trim().to_owned();
    std::fs::remove_file(&index).expect("the index");
    let commit = git(labs, node, &["commit-tree", &tree, "-p", "refs/m3m/term", "-m", "alone"]);
    git(labs, node, &["update-ref", "refs/m3m/term", &commit]);
}

/// The node's line, with what was done there.
#[track_caller]
fn line<'a>(shown: &'a Finished, node: &str) -> &'a str {
    let found = shown.stdout.lines().find(|line| line.trim_start_matches(['!', ' ']).starts_with(node));
    found.unwrap_or_else(|| panic!("no line for {node}: {shown}"))
}

/// An inventory of the lab with some of its lines changed.
fn inventory(labs: &Labs, name: &str, change: impl Fn(&str) -> Option<String>) -> PathBuf {
    let text = std::fs::read_to_string(labs.dir("lab").join("inventory.yaml")).expect("an inventory");
    labs.home.write(name, text.lines().filter_map(change).map(|line| line + "\n").collect::<String>())
}

#[test]
fn nodes_that_never_saw_it_get_all_and_a_dry_run_nothing() {
    let labs = bare();
    let homes = || NODES.map(|node| tree(&labs.node(node).join("home")));
    let before = homes();
    let dry = labs.run(["--lab", "init", "--dry-run"]);
    assert!(line(dry.assert_code(0), "almaty").ends_with("repository created, first commit, named, term 1 claimed"));
    assert!(homes() == before && !labs.home.path().join("state/m3m/journal.jsonl").exists(), "nothing is touched");

    let done = labs.run(["--lab", "init"]);
    assert!(done.assert_code(0).stdout.starts_with("cell lab: all 5 nodes ready, term 1\n"), "{done}");
    for node in NODES {
        assert_eq!(line(&done, node), line(&dry, node), "as it was said beforehand");
    }
    let (record, _) = held_by_all(&labs, &NODES);
    assert_eq!((record.term, record.primary.as_str(), record.brain.as_str()), (1, "amsterdam", "moscow"));
    let heads = NODES.map(|node| git(&labs, node, &["rev-parse", "main"]));
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
    labs.run(["--lab", "status"]).assert_code(0);

    let again = labs.run(["--lab", "init", "-o", "json"]);
    let again: Value = json(again.assert_code(0));
    assert_eq!((&again["schema"], &again["end"], &again["term"]), (&"m3m.init/1".into(), &"done".into(), &1.into()));
    for node in again["nodes"].as_array().expect("nodes") {
        assert_eq!((&node["state"], &node["done"]), (&"ready".into(), &serde_json::json!([])), "{node}");
    }
    let journal = std::fs::read_to_string(labs.home.path().join("state/m3m/journal.jsonl")).expect("a journal");
    assert_eq!(journal.lines().count(), 12, "five repositories and one claim, each begun and done: {journal}");
}

#[test]
fn two_at_once_leave_one_term() {
    let labs = bare();
    let start = || {
        let mut command = labs.home.m3m(["--lab", "init"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("m3m")
    };
    for both in [start(), start()].map(|child| wait(child, SOON)) {
        both.assert_code(0);
    }
    held_by_all(&labs, &NODES);
    labs.run(["--lab", "status"]).assert_code(0);
}

#[test]
fn the_first_term_waits_for_more_than_half_of_the_nodes() {
    let labs = bare();
    let few = labs.run(["--lab", "init", "almaty", "moscow"]);
    assert!(few.assert_code(10).stdout.contains("2 of 5 that answer are ready"), "{few}");
    assert!(line(&few, "almaty").ends_with("repository created, first commit, named"), "{few}");
    labs.run(["--lab", "init", "-n", "amsterdam"]).assert_code(0);
    let rest = labs.run(["--lab", "init"]);
    assert!(line(rest.assert_code(0), "novosibirsk").contains("named, raised to term 1"), "{rest}");
    held_by_all(&labs, &NODES);
}

#[test]
fn who_is_behind_follows_and_who_is_not_ready_says_why() {
    let labs = Labs::up();
    labs.run(["--lab", "promote", "almaty", "--yes"]).assert_code(0);
    git(&labs, "amsterdam", &["update-ref", "-d", "refs/m3m/term"]);
    git(&labs, "saint-petersburg", &["config", "m3m.node", "almaty"]);
    finish(&mut labs.ssh("amsterdam", "ledger start")).assert_code(0);

    let shown = labs.run(["--lab", "init"]);
    shown.assert_code(10);
    assert!(line(&shown, "almaty").ends_with("already ready"), "{shown}");
    assert!(line(&shown, "amsterdam").contains("the service runs there, and PRIMARY is almaty"), "{shown}");
    assert!(shown.stdout.contains("hint: m3m promote almaty"), "{shown}");
    assert!(line(&shown, "saint-petersburg").contains("it was made ready as almaty of the cell lab"), "{shown}");
    assert_eq!(git(&labs, "saint-petersburg", &["config", "m3m.node"]), "almaty");

    git(&labs, "saint-petersburg", &["config", "m3m.node", "saint-petersburg"]);
    finish(&mut labs.ssh("amsterdam", "ledger stop")).assert_code(0);
    labs.run(["lab", "kill", "novosibirsk"]).assert_code(0);
    let shown = labs.run(["--lab", "init"]);
    assert!(line(shown.assert_code(10), "amsterdam").ends_with("raised to term 2"), "{shown}");
    assert!(line(&shown, "novosibirsk").contains("does not answer: refused"), "{shown}");
    labs.run(["lab", "revive", "novosibirsk"]).assert_code(0);
    git(&labs, "moscow", &["update-ref", "refs/m3m/term", "refs/m3m/term^"]);
    let shown = labs.run(["--lab", "init"]);
    assert!(line(shown.assert_code(0), "moscow").ends_with("raised from term 1 to 2"), "{shown}");
    held_by_all(&labs, &NODES);
}

#[test]
fn an_open_term_is_closed_by_one_that_follows_all() {
    let labs = Labs::up();
    claim_alone(&labs, "novosibirsk", 2, "novosibirsk");
    claim_alone(&labs, "almaty", 2, "almaty");
    let shown = labs.run(["--lab", "init", "moscow"]);
    shown.assert_code(0);
    let (record, _) = held_by_all(&labs, &NODES);
    assert_eq!((record.term, record.primary.as_str(), record.act.as_str()), (3, "amsterdam", "close"));
    let parents = git(&labs, "moscow", &["log", "-1", "--format=%P", "refs/m3m/term"]);
    assert_eq!(parents.split(' ').count(), 3, "{parents}");
    labs.run(["--lab", "status"]).assert_code(0);
}

#[test]
fn a_term_of_another_cell_and_no_answer_at_all_stop_everything() {
    let labs = bare();
    labs.run(["--lab", "init"]).assert_code(0);
    std::fs::remove_dir_all(repository(&labs, "almaty")).expect("remove a repository");
    let other = inventory(&labs, "other.yaml", |line| Some(line.replace("cell: \"lab\"", "cell: other")));
    let refused = finish(labs.home.m3m(["init", "-i"]).arg(&other));
    assert!(refused.assert_code(20).stderr.contains("term 1 is of cell lab"), "{refused}");
    assert!(!repository(&labs, "almaty").exists());
    labs.run(["lab", "kill", "amsterdam", "moscow", "almaty", "saint-petersburg", "novosibirsk"]).assert_code(0);
    labs.run(["--lab", "init"]).assert_code(12);
}

#[test]
fn a_damaged_term_is_repaired_once_its_node_is_typed() {
    if !available() {
        return;
    }
    let labs = Labs::up();
    let file = repository(&labs, "almaty").join(".git/refs/m3m/term");
    std::fs::write(&file, "garbage\n").expect("damage");
    let shown = labs.run(["--lab", "init"]);
    assert!(shown.assert_code(10).stdout.contains("hint: m3m init --repair almaty"), "{shown}");
    labs.run(["--lab", "init", "--repair", "almaty"]).assert_code(20);
    labs.run(["--lab", "init", "--repair"]).assert_code(2);

    let repair = labs.home.m3m(["--lab", "init", "--repair", "almaty"]);
    for (typed, code) in [("moscow", 20), ("almaty", 0)] {
        let terminal = Terminal::open(&labs.home, &repair, 100, 20);
        let prompt = |screen: &str| screen.ends_with("Type almaty to go on:");
        let screen = terminal.until("the prompt", prompt);
        assert!(screen.contains("the term of almaty cannot be read") && screen.contains("hold term 1"), "{screen}");
        terminal.answer(typed, "its answer", |screen| !prompt(screen));
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        assert_eq!(std::fs::read_to_string(&file).expect("a reference") == "garbage\n", code != 0);
    }
    held_by_all(&labs, &NODES);
    let none = labs.run(["--lab", "init", "--repair", "almaty"]);
    assert!(none.assert_code(0).stdout.contains("nothing to do"), "without damage nobody is asked: {none}");
}

#[test]
fn members_and_settings_of_the_inventory_become_the_cells() {
    let labs = Labs::up();
    let fewer = inventory(&labs, "fewer.yaml", |line| {
        (!line.contains("name: novosibirsk")).then(|| line.replace("safety: {", "safety: { quorum: majority,"))
    });
    let run = |args: &[&str]| finish(labs.home.m3m(["-i"]).arg(&fewer).args(args));
    let refused = run(&["init", "--apply"]);
    assert!(refused.assert_code(20).stderr.contains("nobody can be asked"), "{refused}");
    let dry = run(&["init", "--apply", "--dry-run"]);
    assert!(dry.assert_code(0).stdout.contains("- node: novosibirsk (term 1)"), "{dry}");
    assert!(dry.stdout.contains("+ safety.quorum: majority (inventory)") && dry.stdout.contains("term 3"), "{dry}");
    assert_eq!(held_by_all(&labs, &NODES).0.term, 1);

    run(&["init", "--apply", "--yes", "--reason", "OPS-17"]).assert_code(0);
    let (record, _) = held_by_all(&labs, &NODES[..4]);
    assert_eq!((record.term, record.members.len(), record.quorum.as_str()), (3, 4, "majority"));
    assert_eq!((record.act.as_str(), record.reason.as_str()), ("apply", "OPS-17"));
    assert!(run(&["init", "--apply"]).assert_code(0).stdout.contains("nothing to do"));

    let shown = labs.run(["--lab", "init"]);
    assert!(shown.assert_code(10).stdout.contains("no member of the cell by term 3"), "{shown}");
    std::fs::remove_dir_all(repository(&labs, "novosibirsk")).expect("a new machine");
    labs.run(["--lab", "init", "--apply", "--yes"]).assert_code(0);
    let (record, _) = held_by_all(&labs, &NODES);
    assert_eq!((record.term, record.members.len(), record.quorum.as_str()), (5, 5, "any"));

    let without = inventory(&labs, "without.yaml", |line| {
        let line = line.replace("location: KZ, role: mirror", "location: KZ, role: primary");
        (!line.contains("name: amsterdam")).then_some(line)
    });
    let refused = finish(labs.home.m3m(["init", "--apply", "--yes", "-i"]).arg(&without));
    assert!(refused.assert_code(20).stderr.contains("leaves out amsterdam, which is PRIMARY"), "{refused}");
}
