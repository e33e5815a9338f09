//! The command of this machine that is told of a new PRIMARY.

use std::fs;

use crate::change_cell::Moved;
use crate::lab::NODES;

const ANNOUNCE: &str = "/announce";

#[test]
fn it_is_told_of_each_new_primary_and_again_by_the_same_command() {
    let cell = Moved::with(&[(ANNOUNCE, "sh -c 'echo \"$*\" >>told' announce")]);
    let told = || fs::read_to_string(cell.labs.home.path().join("told")).unwrap_or_default();
    cell.change("inherit-brain almaty").assert(0, "done", &[]);
    assert_eq!(told(), "", "clients ask PRIMARY alone");
    cell.change("promote saint-petersburg").assert(0, "done", &[]);
    assert_eq!(told(), "amsterdam saint-petersburg 3\n");
    cell.change("promote saint-petersburg").assert(0, "nothing", &[]);
    assert_eq!(told(), "amsterdam saint-petersburg 3\namsterdam saint-petersburg 3\n");
}

#[test]
fn one_that_fails_is_a_warning_with_the_line_to_type_and_nothing_goes_back() {
    let cell = Moved::with(&[(ANNOUNCE, "sh -c 'test -e dns || { echo no such zone; exit 1; }' announce")]);
    let says = ["announce failed 3 times", "no such zone", "clients may still ask amsterdam"];
    let came = cell.change("promote almaty");
    came.assert(0, "done", &says);
    cell.assert_settled(&NODES, 2, "almaty", "moscow");
    cell.labs.home.write("dns", "");
    let again = cell.change("promote almaty");
    assert!(again.assert(0, "nothing", &[]).document["warnings"].as_array().is_some_and(Vec::is_empty));
}
