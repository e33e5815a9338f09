//! Repositories in a bad state, and nodes whose disk is full, while roles move; with real OpenSSH.

use std::fs;
use std::time::SystemTime;

use crate::five::NAMES;
use crate::real_change_cell::RealCell;
use crate::sshd::Options;

/// A session in which no file can be written once the node is full: writes fail as they do on a full disk.
const FILLS_UP: &str = "trap '' XFSZ; [ ! -e ~/full ] || ulimit -f 0; exec sh -c \"$SSH_ORIGINAL_COMMAND\"";

fn lock(cell: &RealCell, node: &str) {
    fs::write(cell.file(node, ".git/index.lock"), "").expect("a lock file");
}

/// One that a crash has left long ago.
fn lock_for_long(cell: &RealCell, node: &str) {
    let lock = fs::File::create(cell.file(node, ".git/index.lock")).expect("a lock file");
    lock.set_modified(SystemTime::UNIX_EPOCH).expect("its age");
}

#[test]
fn a_lock_file_that_git_has_left_is_seen_before_anything_is_touched() {
    let Some(cell) = RealCell::start() else { return };
    lock_for_long(&cell, "cedar");
    let says = ["git crashed and left a lock file", "hint: on cedar: if no git runs there: rm "];
    cell.change("promote cedar").assert_refused().assert_says(&says);
    cell.change("promote").assert(0, "done");
    cell.assert_settled(&NAMES, 2, "dogwood", "birch");
    lock_for_long(&cell, "dogwood");
    cell.change("promote amber").assert_refused().assert_says(&["dogwood could not commit what it wrote", "rm "]);
    cell.assert_settled(&NAMES, 2, "dogwood", "birch");
    let status = cell.run("status");
    assert!(status.assert_code(10).stdout.contains("left a lock file"), "{status}");
}

#[test]
fn a_lock_file_of_git_is_named_and_never_removed() {
    let Some(cell) = RealCell::start() else { return };
    lock(&cell, "elm");
    lock(&cell, "dogwood");
    fs::write(cell.file("amber", "written"), "1\n").expect("a file");
    // Mirrors that have no part in it.
    cell.change("promote cedar").assert(0, "done");
    cell.assert_settled(&NAMES, 2, "cedar", "birch");

    // One that cannot take anything in: it goes back.
    cell.change("promote elm").assert(21, "went_back").assert_says(&["elm: a lock file stands in the way", "on elm: "]);
    cell.assert_settled(&NAMES, 4, "cedar", "birch");

    // What the old one wrote could not be committed.
    lock(&cell, "cedar");
    fs::write(cell.file("cedar", "written"), "2\n").expect("a file");
    cell.change("promote amber").assert(21, "went_back").assert_says(&["cedar: a lock file stands", "on cedar: "]);
    cell.assert_settled(&NAMES, 6, "cedar", "birch");
    assert!(cell.file("cedar", ".git/index.lock").exists());

    fs::remove_file(cell.file("cedar", ".git/index.lock")).expect("the lock file");
    cell.change("promote amber").assert(0, "done");
    assert_eq!(fs::read(cell.file("amber", "written")).expect("the file"), b"2\n");
}

#[test]
fn a_full_disk() {
    let options = |_: usize, _: &str| Options { force_command: Some(FILLS_UP), ..Options::default() };
    let Some(cell) = RealCell::bare(&options, "tree") else { return };
    cell.make_ready();
    let full = |node: &str| cell.server(node).home().join("full");
    fs::write(cell.file("amber", "written"), "1\n").expect("a file");

    // Of a mirror: it does not even take the term.
    fs::write(full("elm"), "").expect("a sign");
    cell.change("promote cedar").assert(0, "done");
    cell.assert_settled(&["amber", "birch", "cedar", "dogwood"], 2, "cedar", "birch");
    assert_eq!(cell.term("elm").term, 1);

    // Of the one that is to take over: nobody is stopped for it.
    fs::write(full("dogwood"), "").expect("a sign");
    let came = cell.change("promote dogwood");
    came.finished.assert_code(20);
    came.assert_says(&["dogwood"]);
    assert_eq!(cell.executing(), ["cedar"], "{}", came.finished);

    // Of the old one: it cannot commit what it wrote, and goes on.
    fs::write(full("cedar"), "").expect("a sign");
    fs::write(cell.file("cedar", "written"), "2\n").expect("a file");
    let came = cell.change("promote amber");
    came.assert_says(&["cedar"]);
    assert_eq!(cell.executing(), ["cedar"], "{}", came.finished);

    fs::remove_file(full("cedar")).expect("room");
    cell.change("promote amber").assert(0, "done");
    assert_eq!(cell.executing(), ["amber"]);
    assert_eq!(fs::read(cell.file("amber", "written")).expect("the file"), b"2\n");
}
