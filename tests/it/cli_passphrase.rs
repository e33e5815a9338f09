//! The prompt for the passphrase of a key file.

use std::process::Command;

use crate::lab::Labs;
use crate::support::finish;
use crate::terminal::{Terminal, available};

/// A lab whose nodes let in an encrypted key, and an inventory that names the key.
fn locked() -> Labs {
    let labs = Labs::up();
    let key = labs.home.path().join("locked");
    std::fs::copy(labs.dir("lab").join("identity"), &key).expect("a copy of the key");
    // One round of the key derivation: the tests are about the prompt.
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-p", "-a", "1", "-P", "", "-N", "correct horse", "-f"]).arg(&key);
    finish(&mut keygen).assert_code(0);
    let inventory = std::fs::read_to_string(labs.dir("lab").join("inventory.yaml")).expect("the lab's inventory");
    let plain = labs.dir("lab").join("identity").display().to_string();
    assert!(inventory.contains(&plain), "{inventory}");
    let inventory = inventory.replace(&plain, &key.display().to_string());
    labs.home.write("locked.yaml", inventory);
    labs
}

fn status(labs: &Labs) -> Command {
    labs.home.m3m(["-i", "locked.yaml", "status"])
}

const PROMPT: &str = "Passphrase of ";
const AGAIN: &str = "Wrong. Passphrase of ";

#[test]
fn without_a_terminal_nobody_is_asked() {
    let labs = locked();
    let shown = finish(&mut status(&labs));
    assert!(shown.assert_code(11).stdout.contains("locked is encrypted: ssh-add it"), "{shown}");
    assert!(!shown.stderr.contains(PROMPT), "{shown}");
}

#[test]
fn it_is_asked_once_for_all_nodes_and_again_when_it_is_wrong() {
    if !available() {
        return;
    }
    let labs = locked();
    let terminal = Terminal::open(&labs.home, &status(&labs), 120, 30);
    terminal.until("the prompt", |screen| screen.contains(PROMPT));
    let screen = terminal.answer("wrong one", "the next prompt", |screen| screen.contains(AGAIN));
    assert!(!screen.contains("wrong one"), "{screen}");
    terminal.answer("correct horse", "the report", |screen| screen.contains("OPERATIONAL"));
    assert_eq!(terminal.end(), 0);
    let screen = terminal.screen();
    assert!(
        screen.starts_with("OPERATIONAL") && !screen.contains("assphrase") && !screen.contains("horse"),
        "{screen}"
    );
}

#[test]
fn three_wrong_answers_are_enough() {
    if !available() {
        return;
    }
    let labs = locked();
    let terminal = Terminal::open(&labs.home, &status(&labs), 120, 30);
    terminal.until("the prompt", |screen| screen.contains(PROMPT));
    terminal.answer("no", "the report", |screen| screen.contains("DOWN"));
    assert_eq!(terminal.end(), 11);
    assert!(terminal.screen().contains("the passphrase was wrong 3 times"), "{}", terminal.screen());
}

#[test]
fn a_signal_ends_the_prompt_and_restores_the_echo() {
    if !available() {
        return;
    }
    let labs = locked();
    let m3m = status(&labs);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap : INT; \"$@\"; echo \"status $?\"; stty -a", "sh"]);
    shell.arg(m3m.get_program()).args(m3m.get_args()).env_clear();
    shell.envs(m3m.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let terminal = Terminal::open(&labs.home, &shell, 120, 30);
    terminal.until("the prompt", |screen| screen.contains(PROMPT));
    terminal.press("C-c");
    let screen = terminal.until("the status", |screen| screen.contains("status 130"));
    terminal.end();
    assert!(terminal.screen().contains(" echo "), "{screen}");
}
