//! `m3m ssh` in the lab: the system's client, with a lab's settings.

use crate::lab::{Labs, has};
use crate::support::{Home, finish};
use crate::terminal::{Terminal, available};

#[test]
fn it_hands_over_to_ssh_and_ends_as_that_does() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let ssh = |words: &[&str]| finish(labs.home.m3m(["--lab", "ssh"]).args(words));
    let there = ssh(&["almaty", "--", "basename \"${HOME%/home}\"; echo err >&2; exit 9"]);
    assert_eq!((there.assert_code(9).stdout.as_str(), there.stderr.as_str()), ("almaty\n", "err\n"));
    let words = ssh(&["almaty", "--", "printf", "<%s>", "a b", "it's", "-v"]);
    assert_eq!(words.assert_code(0).stdout, "<a b><it's><-v>");
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    ssh(&["almaty", "--", "true"]).assert_code(255);
}

#[test]
fn where_its_own_path_is_cut_it_soon_gives_up_and_another_node_is_a_way() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    labs.run(["lab", "cut", "almaty", "--from", "operator"]).assert_code(0);
    let ssh = |words: &[&str]| finish(labs.home.m3m(["--lab", "ssh", "almaty"]).args(words));
    let cut = ssh(&["--timeout", "200ms", "--", "true"]);
    assert!(cut.assert_code(255).stderr.contains("timed out"), "{cut}");
    let around = ssh(&["--via", "moscow", "--", "basename \"${HOME%/home}\"; exit 9"]);
    assert_eq!(around.assert_code(9).stdout, "almaty\n");
}

#[test]
fn a_throw_away_lab_lives_until_ssh_ends() {
    if !has("ssh", "-V") {
        return;
    }
    let home = Home::new();
    let there = home.run(["--lab", "ssh", "novosibirsk", "--", "git -C montana log -1 --format=%H | wc -c; exit 5"]);
    assert_eq!(there.assert_code(5).stdout.trim(), "41", "{there}");
    let left = std::fs::read_dir(home.path()).expect("the home").flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with("m3m-lab-")));
}

#[test]
fn a_wrong_call_is_told() {
    let home = Home::new();
    let unknown = home.run(["--lab", "ssh", "almty"]);
    assert!(unknown.assert_code(2).stderr.contains("did you mean almaty?"), "{unknown}");
    home.run(["--lab", "ssh", "almaty", "-n", "moscow"]).assert_code(2);
    let itself = home.run(["--lab", "ssh", "almaty", "--via", "almaty"]);
    assert!(itself.assert_code(2).stderr.contains("almaty is no way to itself"), "{itself}");
    home.write(
        "inventory.yaml",
        "cell: c\nrepository: { path: /srv/c }\nservice: { start: a, stop: b, check: c }\nnodes:\n  \
         - { name: amber, host: 127.0.0.1, role: primary }\n  - { name: birch, host: 127.0.0.2, role: brain }\n  \
         - { name: cedar, host: 127.0.0.3, role: mirror }\n",
    );
    let none = finish(home.m3m(["ssh", "amber"]).env("PATH", home.path()));
    assert!(none.assert_code(20).stderr.starts_with("error: cannot run ssh\n"), "{none}");
    assert!(none.stderr.contains("hint: install OpenSSH's client"), "{none}");
}

#[test]
fn a_login_has_a_terminal_of_this_ones_size_and_control_c_is_for_what_runs_there() {
    if !has("ssh", "-V") || !has("script", "--version") || !available() {
        return;
    }
    let home = Home::new();
    let terminal = Terminal::open(&home, &home.m3m(["--lab", "ssh", "almaty"]), 91, 23);
    terminal.answer("stty size; echo \"in $TERM\"", "a login", |screen| screen.contains("23 91\nin screen"));
    terminal.answer("echo sleeps; sleep 1000", "a long command", |screen| screen.contains("\nsleeps\n"));
    terminal.press("C-c");
    terminal.answer("exit 5", "the end", |screen| screen.contains("Connection to 127.0.0.1 closed"));
    assert_eq!(terminal.end(), 5);
}
