//! `m3m init --new`: an inventory from the answers of a person at a terminal.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Home;
use crate::terminal::{Terminal, available};

#[test]
fn nobody_is_asked_without_a_terminal_and_no_file_is_replaced() {
    let home = Home::new();
    let refused = home.run(["init", "--new"]);
    assert!(refused.assert_code(20).stderr.contains("m3m-inventory(5)"), "{refused}");
    assert!(!home.path().join("inventory.yaml").exists());
    let file = home.write("inventory.yaml", "mine");
    let there = home.run(["init", "--new"]);
    assert!(there.assert_code(20).stderr.contains("is there already"), "{there}");
    assert_eq!(std::fs::read_to_string(file).expect("the file"), "mine");
    home.run(["init", "--new", "almaty"]).assert_code(2);
}

#[test]
fn the_answers_become_an_inventory_that_is_sound() {
    if !available() {
        return;
    }
    let home = Home::new();
    let mut new = home.m3m(["init", "--new", "-i", "cell.yaml"]);
    let terminal = Terminal::open(&home, new.env("USER", "ops"), 100, 40);
    for (prompt, typed) in [
        ("Name of the cell", "montana"),
        ("User on the nodes", ""),
        ("Path of the repository on the nodes", "relative"),
        ("a path that begins with /", "/srv/it's \"here\""),
        ("Command that starts the service", ""),
        ("Command that stops it", ""),
        ("Command that exits 0 while it runs", "true"),
        ("Name of the PRIMARY", "Amsterdam!"),
        ("Name of the PRIMARY", "amsterdam"),
        ("Host of amsterdam", "192.0.2.1"),
        ("Name of the BRAIN", "amsterdam"),
        ("there is a node amsterdam already", "moscow"),
        ("Host of moscow", "192.0.2.2"),
        ("Name of MIRROR 1", "almaty"),
        ("Host of almaty", "192.0.2.3"),
        ("Name of MIRROR 2 (empty: no more)", ""),
    ] {
        let before = terminal.until(prompt, |screen| {
            let tail: Vec<&str> = screen.lines().rev().take(3).collect();
            tail.iter().any(|line| line.contains(prompt)) && screen.ends_with('›')
        });
        if !typed.is_empty() {
            terminal.press(typed);
        }
        terminal.press("Enter");
        terminal.until("the next question", |screen| screen != before);
    }
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    let path = home.path().join("cell.yaml");
    let text = std::fs::read_to_string(&path).expect("the file");
    assert!(text.contains("user: \"ops\"") && text.contains(r#"path: "/srv/it's \"here\"""#), "{text}");
    assert_eq!(std::fs::metadata(&path).expect("the file").permissions().mode() & 0o133, 0);
    home.run(["-i", "cell.yaml", "check", "--offline"]).assert_code(0);
}

#[test]
fn an_interrupt_writes_nothing() {
    if !available() {
        return;
    }
    let home = Home::new();
    let terminal = Terminal::open(&home, &home.m3m(["init", "--new"]), 100, 20);
    terminal.until("the first question", |screen| screen.contains("Name of the cell"));
    terminal.press("C-c");
    assert_eq!(terminal.end(), 130, "{}", terminal.screen());
    assert!(!home.path().join("inventory.yaml").exists());
}
