//! `m3m exec` in the lab: what is folded, what is told, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{Labs, NODES, SOON};
use crate::support::{Finished, finish, until, wait};
use crate::terminal::{Terminal, available};

/// Prints the name of the node on which it runs.
const NAME: &str = "basename \"${HOME%/home}\"";

fn command(labs: &Labs, options: &str, words: &[&str]) -> Command {
    let mut command = labs.home.m3m(["--lab", "exec"]);
    // Nodes that are there get time to say so on a crowded machine.
    let patience = ["--connect-timeout", "15s"].into_iter().filter(|_| !options.contains("connect-timeout"));
    command.args(patience).args(options.split_ascii_whitespace()).arg("--").args(words);
    command
}

fn exec(labs: &Labs, options: &str, line: &str) -> Finished {
    finish(&mut command(labs, options, &[line]))
}

#[test]
fn equal_output_is_folded_and_both_streams_stay_apart() {
    let labs = Labs::up();
    let all = NODES.join(",");
    let alike = exec(&labs, "", "echo out; echo err >&2; printf 'no line end'");
    assert_eq!(alike.assert_code(0).stdout, format!("{all}: out\n{all}: no line end\n"), "{alike}");
    assert_eq!(alike.stderr, format!("{all}: err\n"));

    let each = exec(&labs, "", NAME);
    let lines: String = NODES.iter().map(|node| format!("{node}: {node}\n")).collect();
    assert_eq!((each.assert_code(0).stdout.as_str(), each.stderr.as_str()), (lines.as_str(), ""));

    let two = exec(&labs, "-n almaty,moscow", &format!("case $({NAME}) in moscow) echo m ;; esac"));
    assert_eq!(two.assert_code(0).stdout, "moscow: m\n", "who says nothing is not named");
    assert!(exec(&labs, "", "true").assert_code(0).stderr.is_empty());
}

#[test]
fn words_stay_words_and_a_line_is_for_sh() {
    let labs = Labs::up();
    let words = ["printf", "<%s>\n", "a b", "it's", "$HOME", "*", "", "-n", "--lab", "\\", "\"!"];
    let printed = finish(&mut command(&labs, "-n almaty", &words));
    let expected: String = words[2..].iter().map(|word| format!("almaty: <{word}>\n")).collect();
    assert_eq!(printed.assert_code(0).stdout, expected);
    assert_eq!(exec(&labs, "-n almaty", "x=1; echo $((x + 1)) | cat").stdout, "almaty: 2\n");
    assert_eq!(exec(&labs, "-n almaty", "cat; echo read").stdout, "almaty: read\n", "the input is empty");
}

#[test]
fn the_highest_status_counts_and_each_is_told() {
    let labs = Labs::up();
    let line = format!("case $({NAME}) in moscow) exit 3 ;; almaty | novosibirsk) exit 7 ;; esac");
    let ended = exec(&labs, "", &line);
    let told = "m3m: moscow: exit status 3\nm3m: almaty,novosibirsk: exit status 7\n";
    assert_eq!((ended.assert_code(7).stderr.as_str(), ended.stdout.as_str()), (told, ""));
    let killed = exec(&labs, "-n almaty", "kill -9 $$");
    assert!(killed.assert_code(137).stderr.ends_with("m3m: almaty: exit status 137: killed by KILL\n"), "{killed}");
    exec(&labs, "-n almaty", "exit 255").assert_code(255);
    exec(&labs, "-n almaty", "no-such-command").assert_code(127);
    let json = exec(&labs, "-n almaty -o json", "exit 124");
    let document: serde_json::Value = serde_json::from_str(&json.assert_code(124).stdout).expect("JSON");
    assert_eq!(document["nodes"][0]["end"], "exited", "a status like timeout's own is the command's");
}

#[test]
fn a_node_that_is_not_reached_costs_its_own_time_and_nobody_elses_output() {
    let labs = Labs::up();
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    labs.run(["lab", "freeze", "moscow"]).assert_code(0);
    let begun = Instant::now();
    let ended = exec(&labs, "--timeout 1h --connect-timeout 4s", "echo here");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(ended.assert_code(255).stdout, "amsterdam,saint-petersburg,novosibirsk: here\n");
    assert!(ended.stderr.starts_with("m3m: moscow: not reached: timeout in banner\n  hint: "), "{ended}");
    assert!(ended.stderr.contains("m3m: almaty: not reached: refused\n  hint: "), "{ended}");
}

#[test]
fn a_command_whose_time_is_over_is_ended_on_the_node() {
    let labs = Labs::up();
    // Its child as well.
    let line = "echo $$ >pid; echo begun; sleep 1000 & echo $! >child; wait";
    let ended = exec(&labs, "-n almaty --timeout 3s", line);
    assert_eq!(ended.assert_code(255).stdout, "almaty: begun\n");
    assert!(ended.stderr.starts_with("m3m: almaty: its time was over, and it was ended there\n"), "{ended}");
    for file in ["pid", "child"] {
        let pid: u32 = crate::lab::read_number(&labs.node("almaty").join("home").join(file));
        until("it is gone", SOON, || crate::processes::state(pid).is_none().then_some(()));
    }
}

#[test]
fn what_stays_behind_and_holds_the_output_hides_no_status() {
    let labs = Labs::up();
    let begun = Instant::now();
    let ended = exec(&labs, "-n almaty", "echo out; (sleep 0.2; echo late; sleep 50) & exit 4");
    assert_eq!(ended.assert_code(4).stdout, "almaty: out\nalmaty: late\n");
    assert!(begun.elapsed() < SOON, "not the whole time for the command: {:?}", begun.elapsed());
    assert!(ended.stderr.contains("exit status 4, but something it started holds its output open"), "{ended}");
}

#[test]
fn a_flood_is_cut_and_that_is_told() {
    let labs = Labs::up();
    let ended = exec(&labs, "-n almaty", "yes");
    assert!(ended.assert_code(255).stderr.starts_with("m3m: almaty: cut off: more output than 1024 KiB"), "{ended}");
    assert!(ended.stdout.len() > 1024 * 1024 / 2, "what came is shown: {} bytes", ended.stdout.len());
    let below = exec(&labs, "-n almaty", "head -c 1000000 /dev/zero | tr '\\0' x");
    assert_eq!(below.assert_code(0).stdout.len(), "almaty: \n".len() + 1_000_000);
}

#[test]
fn nothing_that_a_terminal_obeys_comes_through_and_json_has_all() {
    let labs = Labs::up();
    let line = "printf '\\033[31mred\\033[0m\\tx\\033]0;title\\007\\r\\n\\377'; printf 'e\\b' >&2; exit 2";
    let shown = exec(&labs, "-n almaty", line);
    assert_eq!(shown.assert_code(2).stdout, "almaty: red\tx\nalmaty: \u{fffd}\n");
    assert!(shown.stderr.starts_with("almaty: e \nm3m: almaty: its output is not all UTF-8"), "{shown}");

    let json = exec(&labs, "-n almaty -o json", line);
    let document: serde_json::Value = serde_json::from_str(&json.assert_code(2).stdout).expect("JSON");
    assert_eq!((&document["schema"], &document["exit_status"]), (&"m3m.exec/1".into(), &2.into()));
    let node = &document["nodes"][0];
    assert_eq!(node["stdout"], "\u{1b}[31mred\u{1b}[0m\tx\u{1b}]0;title\u{7}\r\n\u{fffd}");
    assert_eq!((&node["stderr"], &node["is_utf8"], &node["exit_status"]), (&"e\u{8}".into(), &false.into(), &2.into()));
    assert!(node["took_s"].as_f64().expect("seconds") > 0.0 && node["via"].is_null(), "{node}");
    assert!(json.stderr.is_empty(), "{json}");

    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    let json = exec(&labs, "-n almaty -o json", line);
    let document: serde_json::Value = serde_json::from_str(&json.assert_code(255).stdout).expect("JSON");
    let node = &document["nodes"][0];
    assert_eq!(
        (&node["end"], &node["phase"], &node["reason"]),
        (&"not_reached".into(), &"connect".into(), &"refused".into())
    );
    assert!(node["exit_status"].is_null() && node["hint"].is_string(), "{node}");
}

#[test]
fn an_interrupt_shows_what_has_come_in_and_names_the_rest() {
    let labs = Labs::up();
    let line = format!("case $({NAME}) in almaty) echo $$ >pid; sleep 1000 ;; *) echo done ;; esac");
    labs.run(["lab", "kill", "novosibirsk"]).assert_code(0);
    let mut command = command(&labs, "-n moscow,almaty,novosibirsk -v", &[&line]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("m3m");
    let mut err = BufReader::new(child.stderr.take().expect("its stderr"));
    let mut first = String::new();
    while !(first.contains("moscow ended after") && first.contains("novosibirsk not reached: refused after")) {
        assert!(err.read_line(&mut first).expect("two answers") > 0, "{first}");
    }
    let begun = Instant::now();
    kill_process(Pid::from_child(&child), Signal::INT).expect("signal it");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut err, &mut rest).expect("what it says");
    let ended = wait(child, SOON);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(ended.assert_code(130).stdout, "moscow: done\n");
    let told = "m3m: almaty: interrupted: it may still run there\nm3m: novosibirsk: not reached: refused\n";
    assert!(rest.starts_with(told), "{rest}");
}

#[test]
fn a_wrong_call_runs_nothing() {
    let labs = Labs::up();
    let unknown = exec(&labs, "-n almty", "touch ran");
    assert!(unknown.assert_code(2).stderr.contains("did you mean almaty?"), "{unknown}");
    labs.run(["--lab", "exec", "--"]).assert_code(2);
    assert!(NODES.iter().all(|node| !labs.node(node).join("home/ran").exists()));
}

#[test]
fn on_a_terminal_names_stand_above_several_lines() {
    if !available() {
        return;
    }
    let labs = Labs::up();
    let line = format!("echo one; case $({NAME}) in moscow) echo two ;; esac; echo err >&2; exit 3");
    let terminal = Terminal::open(&labs.home, &command(&labs, "", &[&line]), 100, 30);
    assert_eq!(terminal.end(), 3);
    let screen = terminal.screen();
    let others = "amsterdam,almaty,saint-petersburg,novosibirsk";
    let expected =
        format!("{others}: one\nmoscow:\none\ntwo\nall 5 nodes (stderr): err\nm3m: all 5 nodes: exit status 3");
    assert_eq!(screen, expected);
    let terminal = Terminal::open(&labs.home, &command(&labs, "", &["true"]), 100, 30);
    assert_eq!(terminal.end(), 0);
    assert_eq!(terminal.screen(), "m3m: all 5 nodes: exit status 0, no output");
}
