//! The nodes of a lab, as the system's own `ssh` and `git` see them.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::lab::{Labs, SOON, has};
use crate::lab_forward::ssh;
use crate::processes::{self, Running, state};
use crate::support::{finish, until};

#[test]
fn ssh_gets_output_error_output_and_status() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let run = finish(&mut labs.ssh("almaty", "echo out; echo err >&2; exit 7"));
    assert_eq!((run.code(), run.stdout.as_str(), run.stderr.as_str()), (7, "out\n", "err\n"));
    // A command that was ended by a signal has no status, and ssh says so with its own.
    assert_eq!(finish(&mut labs.ssh("almaty", "kill -9 $$")).code(), 255);
    let run =
        finish(labs.ssh("almaty", "").stdin(File::open(labs.home.write("script", "echo shell; exit 3")).unwrap()));
    assert_eq!((run.code(), run.stdout.trim()), (3, "shell"), "a shell reads its commands from its input: {run}");
}

#[test]
fn a_command_sees_the_node_and_nothing_of_the_caller() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let run = finish(labs.ssh("almaty", "pwd; env").env("LC_SECRET", "x"));
    let home = labs.node("almaty").join("home");
    assert!(run.stdout.starts_with(&format!("{}\n", home.display())), "{run}");
    assert!(run.stdout.contains(&format!("\nPATH={}/bin:", home.display())), "{run}");
    for line in run.stdout.lines().skip(1) {
        let (name, _) = line.split_once('=').expect("a variable");
        let known = ["HOME", "LANG", "LOGNAME", "M3M_LAB_NODE", "PATH", "PWD", "SHELL", "USER", "SHLVL", "OLDPWD", "_"];
        assert!(known.contains(&name), "{line}");
    }
}

#[test]
fn what_a_node_does_not_offer_is_refused_and_not_left_unanswered() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let refused = |options: &[&str]| {
        let mut command = Command::new("ssh");
        command.arg("-F").arg(labs.dir("lab").join("ssh_config")).args(options).stdin(Stdio::null());
        assert_ne!(finish(&mut command).code(), 0, "{options:?}");
    };
    refused(&["-s", "almaty", "sftp"]);
    refused(&["-W", "127.0.0.1:9", "almaty"]);
    assert_eq!(finish(labs.ssh("almaty", "true").args(["-o", "SendEnv=LANG"])).code(), 0, "an unknown variable");
}

#[test]
fn no_other_key_gets_in() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    labs.run(["lab", "up", "other"]).assert_code(0);
    let config = fs::read_to_string(labs.dir("lab").join("ssh_config")).expect("the configuration");
    let other = config.replace("labs/lab/identity", "labs/other/identity");
    assert_ne!(config, other);
    let other = labs.home.write("other_config", other);
    let run = finish(Command::new("ssh").arg("-F").arg(other).args(["almaty", "true"]).stdin(Stdio::null()));
    assert!(run.code() == 255 && run.stderr.contains("Permission denied"), "{run}");
}

#[test]
fn twenty_megabytes_go_through_cat_both_ways() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let line = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\n";
    let text = line.repeat(20 * 1024 * 1024 / line.len());
    let path = labs.home.write("large", &text);
    let run = finish(labs.ssh("moscow", "cat").stdin(File::open(path).expect("the file")));
    assert_eq!(run.code(), 0, "{}", run.stderr);
    assert!(run.stdout == text, "{} bytes came back of {}", run.stdout.len(), text.len());
}

#[test]
fn what_outlives_its_session_is_frozen_and_dies_with_its_node() {
    if !has("ssh", "-V") || !has("setsid", "--version") {
        return;
    }
    let labs = Labs::up();
    // One out of its group, one that ignores hangups, and one without the environment that it is known by.
    let quiet = ">/dev/null 2>&1 </dev/null";
    let line =
        format!("setsid sleep 600 {quiet} & nohup sleep 601 {quiet} & echo $!; env -i sleep 602 {quiet} & echo $!");
    let run = finish(&mut labs.ssh("almaty", &line));
    let pids: Vec<u32> = run.stdout.lines().map(|line| line.parse().expect("a process id")).collect();
    assert_eq!(pids.len(), 2, "{run}");
    let setsid = until("the detached process runs", SOON, || marked(&labs.node("almaty"), "sleep\x00600\x00"));
    let all = [setsid, pids[0], pids[1]];
    assert!(all.iter().all(|pid| state(*pid).is_some()), "they outlive their session");

    labs.run(["lab", "freeze", "almaty"]).assert_code(0);
    assert!(all.iter().all(|pid| state(*pid) == Some('T')), "they are frozen with the node");
    labs.run(["lab", "thaw", "almaty"]).assert_code(0);
    assert!(all.iter().all(|pid| state(*pid) != Some('T')));
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    assert!(all.iter().all(|pid| state(*pid).is_none()), "they die with the node");
}

#[test]
fn a_command_without_a_reader_gets_a_broken_pipe_when_its_client_is_gone() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let mut client = labs.ssh("almaty", "yes").stdout(Stdio::null()).spawn().expect("ssh");
    until("it writes", SOON, || marked(&labs.node("almaty"), "yes\0"));
    client.kill().expect("kill the client");
    client.wait().expect("its end");
    until("it has ended", SOON, || marked(&labs.node("almaty"), "yes\0").is_none().then_some(()));
}

#[test]
fn what_runs_in_a_terminal_is_hung_up_when_its_client_is_gone() {
    if !has("ssh", "-V") || !has("script", "--version") {
        return;
    }
    let labs = Labs::up();
    let mut client = ssh(&labs, &["-tt", "almaty", "sleep 603 & nohup sleep 604 & wait"]);
    let mut client = Running(client.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("ssh"));
    let sleeps = |seconds: u32| marked(&labs.node("almaty"), &format!("sleep\0{seconds}\0"));
    until("both run", SOON, || sleeps(603).and(sleeps(604)));
    client.0.kill().expect("kill the client");
    until("it is hung up", SOON, || sleeps(603).is_none().then_some(()));
    assert!(sleeps(604).is_some(), "it asked to be left alone");
}

/// A process of this node with that command line, its words ended by NUL.
fn marked(node: &Path, line: &str) -> Option<u32> {
    let mark = format!("M3M_LAB_NODE={}", node.display());
    processes::marked(|variable| variable == mark).find(|pid| processes::command_line(*pid) == line)
}

#[test]
fn git_clones_and_pushes() {
    if !has("ssh", "-V") || !has("git", "--version") {
        return;
    }
    let labs = Labs::up();
    let config = labs.dir("lab").join("ssh_config");
    let clone = labs.home.path().join("clone");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Test", "-c", "user.email=test@localhost"]).args(args);
        // Whoever runs the tests may sign commits or rewrite addresses.
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_SSH_COMMAND", format!("ssh -F '{}'", config.display())).stdin(Stdio::null());
        let run = finish(&mut command);
        assert_eq!(run.code(), 0, "{args:?}: {run}");
    };
    let path = clone.to_str().expect("UTF-8");
    git(&["clone", "-q", "novosibirsk:montana", path]);
    git(&["-C", path, "commit", "-q", "--allow-empty", "-m", "Another"]);
    git(&["-C", path, "push", "-q", "origin", "HEAD:refs/heads/other"]);
    assert!(labs.node("novosibirsk").join("home/montana/.git/refs/heads/other").exists());
}

#[test]
fn the_service_commands_are_idempotent() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let run = |node, act: &str| finish(&mut labs.ssh(node, &format!("ledger {act}"))).code();
    assert_eq!(run("amsterdam", "check"), 0);
    assert_ne!(run("almaty", "check"), 0, "it runs on PRIMARY only");
    assert_eq!((run("amsterdam", "stop"), run("amsterdam", "stop")), (0, 0));
    assert_ne!(run("amsterdam", "check"), 0);
    assert_eq!((run("almaty", "start"), run("almaty", "start"), run("almaty", "check")), (0, 0, 0));
    assert_eq!((run("almaty", "stop"), run("amsterdam", "start"), run("amsterdam", "check")), (0, 0, 0));
}
