//! Completion in shells: the static scripts, and what m3m itself offers while a line is typed.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::acceptor::Acceptor;
use crate::support::{Home, finish, skipped};

const NAMES: [&str; 3] = ["amber", "birch", "birdsong"];

/// An inventory whose three nodes are one port of this machine.
fn inventory(port: u16) -> String {
    let roles = ["primary", "brain", "mirror"];
    let mut text =
        "cell: c\nrepository: { path: /srv/c }\nservice: { start: a, stop: b, check: c }\nnodes:\n".to_owned();
    for (index, (name, role)) in NAMES.iter().zip(roles).enumerate() {
        let host = index + 1;
        text += &format!("  - {{ name: {name}, host: 127.0.0.{host}, role: {role}, ssh: {{ port: {port} }} }}\n");
    }
    text
}

/// What is offered for the last word of a line, as bash asks for it; the rest of what it says must be nothing.
#[track_caller]
fn offered(home: &Home, line: &[&str]) -> Vec<String> {
    let mut command = home.m3m(["--", "m3m"]);
    command.args(line).env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", line.len().to_string());
    command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "true").env("_CLAP_IFS", "\n");
    let inventory = home.path().join("cell.yaml");
    let answer = finish(command.env("M3M_INVENTORY", inventory));
    assert!(answer.assert_code(0).stderr.is_empty(), "{answer}");
    answer.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn static_scripts_are_sound() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.write(shell, home.run(["completions", shell]).assert_code(0).stdout.clone());
        let mut check = Command::new(shell);
        check.arg("-n").arg(&script).env("HOME", home.path());
        if check.output().is_err() {
            skipped(&format!("no {shell}"));
            continue;
        }
        let checked = finish(&mut check);
        assert!(checked.assert_code(0).stderr.is_empty(), "{shell}: {checked}");
    }
    home.run(["completions", "tcsh"]).assert_code(2);
}

#[test]
fn node_names_are_offered_from_the_inventory_without_dialling() {
    let home = Home::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&calls);
    let listener = Acceptor::start(move |_, _| {
        heard.fetch_add(1, Ordering::SeqCst);
    });
    home.write("cell.yaml", inventory(listener.port()));
    assert_eq!(offered(&home, &["status", "--node", ""]), NAMES);
    assert_eq!(offered(&home, &["--node", "bir"]), NAMES[1..]);
    assert_eq!(offered(&home, &["status", "-n", "am"]), ["amber"]);
    assert_eq!(offered(&home, &["ssh", "am"]), ["amber"]);
    assert_eq!(offered(&home, &["status", "--node", "amber,bird"]), ["amber,birdsong"]);
    assert_eq!(offered(&home, &["status", "--node=am"]), ["--node=amber"]);
    assert!(offered(&home, &["status", "--node", "zebra"]).is_empty());

    home.write("other.yaml", inventory(listener.port()).replace("amber", "yew"));
    for option in [&["-i", "other.yaml"][..], &["--inventory", "other.yaml"], &["--inventory=other.yaml"]] {
        let line: Vec<&str> = option.iter().copied().chain(["status", "--node", "y"]).collect();
        assert_eq!(offered(&home, &line), ["yew"]);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0, "nobody was dialled");
}

#[test]
fn without_a_sound_inventory_nothing_is_offered_and_nothing_said() {
    let home = Home::new();
    assert!(offered(&home, &["status", "--node", ""]).is_empty(), "a missing file");
    for broken in ["", "nodes: [", "\u{0}\u{1}", "nodes: { name: [", "- - -\n\t: {"] {
        home.write("cell.yaml", broken);
        assert!(offered(&home, &["status", "--node", ""]).is_empty(), "{broken:?}");
    }
    std::fs::remove_file(home.path().join("cell.yaml")).expect("remove it");
    std::fs::create_dir(home.path().join("cell.yaml")).expect("a directory in its place");
    assert!(offered(&home, &["status", "--node", ""]).is_empty());
}

#[cfg(feature = "lab")]
#[test]
fn a_labs_nodes_are_offered_for_the_lab() {
    let home = Home::new();
    home.write("cell.yaml", inventory(1));
    assert_eq!(offered(&home, &["lab", "kill", "al"]), ["almaty"]);
    assert_eq!(offered(&home, &["--lab", "status", "--node", "mos"]), ["moscow"]);
    assert_eq!(offered(&home, &["lab", "fr"]), ["freeze"]);
    assert_eq!(offered(&home, &["lab", "cut", "almaty", "--from", "op"]), ["operator"]);
    assert_eq!(offered(&home, &["lab", "delay", "80ms", "mos"]), ["moscow"]);
    assert_eq!(offered(&home, &["lab", "up", "--wan", "mo"]), ["montana"]);
}

#[test]
fn a_real_bash_completes_by_the_documented_line() {
    let home = Home::new();
    home.write("cell.yaml", inventory(1));
    let script = "PATH=\"${M3M%/*}:$PATH\"; source <(COMPLETE=bash m3m) || exit 9\n\
         COMP_WORDS=(m3m status --node bird); COMP_CWORD=3; COMP_TYPE=9; COMPREPLY=()\n\
         spec=$(complete -p m3m) || exit 8; spec=${spec##*-F }; ${spec%% *} m3m bird --node\n\
         printf '%s\\n' \"${COMPREPLY[@]}\"";
    let m3m = home.m3m([]);
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script]).current_dir(home.path()).env_clear();
    bash.envs(m3m.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bash.env("M3M", m3m.get_program()).env("M3M_INVENTORY", home.path().join("cell.yaml"));
    if Command::new("bash").arg("--version").output().is_err() {
        skipped("no bash");
        return;
    }
    let completed = finish(&mut bash);
    assert_eq!(completed.assert_code(0).stdout.trim(), "birdsong", "{completed}");
}
