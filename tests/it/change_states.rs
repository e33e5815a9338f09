//! Files that several nodes wrote: whose is there in the end, after PRIMARY has moved.

use std::fs;

use crate::change_cell::{Came, Moved};
use crate::lab::NODES;
use crate::support::{finish, until};
use crate::terminal::{Terminal, available};

/// A file that every node writes, unlike the ledger's.
const FILE: &str = "home/montana/balance";

fn write(cell: &Moved, node: &str, text: &str) {
    fs::write(cell.labs.node(node).join(FILE), text).expect("written");
}

fn read(cell: &Moved, node: &str) -> String {
    fs::read_to_string(cell.labs.node(node).join(FILE)).unwrap_or_default()
}

fn commit(cell: &Moved, node: &str) {
    let tree = cell.labs.node(node).join("home/montana");
    for args in [&["add", "-A"][..], &["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "own"]] {
        finish(std::process::Command::new("git").arg("-C").arg(&tree).args(args)).assert_code(0);
    }
}

#[test]
fn the_old_primarys_files_stay_whatever_a_mirror_has() {
    let cell = Moved::up();
    write(&cell, "saint-petersburg", "stale");
    commit(&cell, "saint-petersburg");
    write(&cell, "amsterdam", "fresh");
    cell.change("promote almaty").assert(0, "done", &[]);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    assert_eq!(read(&cell, "almaty"), "fresh");
}

#[test]
fn whoever_executes_keeps_its_files_when_an_old_primary_comes_back() {
    let cell = Moved::up().with_the_silent();
    cell.lab(["freeze", "amsterdam"]);
    cell.change("promote almaty").assert(0, "done", &[]);
    write(&cell, "almaty", "fresh");
    cell.lab(["thaw", "amsterdam"]);
    write(&cell, "amsterdam", "stale");
    cell.change("promote almaty").assert(0, "done", &["1 paths as almaty has them"]);
    assert_eq!(cell.executing(), ["almaty"]);
    assert_eq!(read(&cell, "almaty"), "fresh");
    let tree = cell.labs.node("almaty").join("home/montana");
    let found = finish(std::process::Command::new("git").arg("-C").arg(&tree).args(["show", "HEAD^1:balance"]));
    assert_eq!(found.assert_code(0).stdout, "stale", "it stays in the history");
}

#[test]
fn who_agreed_to_what_is_no_longer_so_is_asked_again() {
    if !available() {
        return;
    }
    let cell = Moved::with(&[("/timing", "{ health_check: 50ms, health_timeout: 40ms }")]);
    let mut command = cell.labs.home.m3m(["--timeout", "10s", "promote", "almaty", "-i"]);
    command.arg(&cell.inventory);
    let terminal = Terminal::open(&cell.labs.home, &command, 100, 40);
    let prompt = |screen: &str| screen.ends_with("Type almaty to go on:");
    terminal.until("the prompt", prompt);
    Came::of(cell.run("promote novosibirsk --yes -o json")).assert(0, "done", &[]);
    terminal.answer("almaty", "another question", |screen| screen.contains("so has the plan") && prompt(screen));
    cell.assert_settled(&NODES, 2, "novosibirsk", "moscow");
    terminal.answer("almaty", "the end", |screen| !prompt(screen));
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    until("the end", crate::lab::SOON, || (cell.executing() == ["almaty"]).then_some(()));
}
