//! Commands of the inventory on this machine: whatever they do, they are bounded, and nothing of them is left.

use std::path::Path;
use std::time::{Duration, Instant};

use m3m::cell::hooks;
use m3m::world::local_command::{End, Ran, run, typed};
use rustix::process::{Pid, test_kill_process};

use crate::inventory::{SMALL, accepted};
use crate::support::{Home, block_on, until};

/// Far more than any of these commands takes.
const LONG: Duration = Duration::from_secs(180);
const SHORT: Duration = Duration::from_secs(2);
const SOON: Duration = Duration::from_secs(60);

fn done(command: &str, timeout: Duration) -> Ran {
    block_on(run(command, &[], timeout))
}

/// The process whose id stands in the file, once it does.
fn process(file: &Path) -> Pid {
    let read = || std::fs::read_to_string(file).ok().filter(|text| text.ends_with('\n'));
    let id = until("a process id", SOON, read);
    Pid::from_raw(id.trim().parse().expect("a number")).expect("an id")
}

fn is_gone(pid: Pid) -> bool {
    // One that was killed and whose parent has ended waits for init as a zombie.
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_err() || state.is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn arguments_are_added_whatever_they_hold() {
    let arguments = ["a b", "$(touch x)", "'", "-n", ""];
    let ran = block_on(run("printf '<%s>'\n", &arguments, LONG));
    assert_eq!((&ran.end, ran.said.as_str()), (&End::Exited(0), "<a b><$(touch x)><'><-n><>"));
    assert_eq!(typed("move-address --to\n", &["old", "a b"]), "move-address --to old 'a b'");
}

#[test]
fn how_it_ended_and_the_first_line_of_either_output_are_told() {
    for (command, words) in [
        ("true", "exit status 0"),
        ("echo; echo ' no route' >&2; echo more; exit 3;", "exit status 3: no route"),
        ("kill -9 $$;", "ended by signal 9"),
        ("printf '\\033[2Jcleared\\n';", "exit status 0: cleared"),
        ("cat;", "exit status 0"),
        ("no-such-command-here 2>/dev/null", "exit status 127"),
    ] {
        assert_eq!(done(command, LONG).words(), words, "{command}");
    }
}

#[test]
fn ten_mebibytes_are_read_and_not_kept() {
    let ran = done("echo first; head -c 10485760 /dev/zero | tr '\\0' x", LONG);
    assert_eq!((&ran.end, ran.said.as_str()), (&End::Exited(0), "first"));
    let line = done("head -c 10485760 /dev/zero | tr '\\0' x", LONG);
    assert!(line.succeeded() && line.said.chars().count() < 1000);
}

#[test]
fn one_that_never_stops_is_killed_with_all_that_it_started() {
    let home = Home::new();
    for (name, what) in [("silent", "sleep 1000"), ("loud", "yes"), ("deaf", "trap '' TERM INT HUP; sleep 1000")] {
        let file = home.path().join(name);
        let start = Instant::now();
        let ran = done(&format!("(echo $$ >{}; {what}) & wait; sleep 1000;", file.display()), SHORT);
        assert!(start.elapsed() < SOON, "{what}");
        assert_eq!(ran.end, End::TimedOut, "{what}");
        assert!(ran.words().starts_with("not done after 2."), "{}", ran.words());
        let pid = process(&file);
        until(what, SOON, || is_gone(pid).then_some(()));
    }
}

#[test]
fn one_that_leaves_a_daemon_is_not_waited_for_and_the_daemon_lives() {
    let home = Home::new();
    let file = home.path().join("pid");
    // It holds both outputs open, and writes on.
    let daemon = "while test ! -e go; do echo more; sleep 0.01; done; echo $$ >\"$1\"";
    let ran = done(
        &format!("cd {}; echo moved; trap '' PIPE; sh -c '{daemon}' sh {} &", home.path().display(), file.display()),
        LONG,
    );
    assert_eq!((&ran.end, ran.said.as_str()), (&End::Exited(0), "moved"));
    assert!(ran.took < SOON);
    home.write("go", "");
    process(&file);
}

#[test]
fn whoever_stops_waiting_ends_it() {
    let home = Home::new();
    let file = home.path().join("pid");
    let command = format!("sleep 1000 & echo $! >{}; wait;", file.display());
    let pid = block_on(async {
        let waiting = run(&command, &[], LONG);
        tokio::pin!(waiting);
        while !file.exists() {
            assert!(tokio::time::timeout(Duration::from_millis(5), &mut waiting).await.is_err(), "it waits");
        }
        process(&file)
    });
    until("it is gone", SOON, || is_gone(pid).then_some(()));
}

#[test]
fn announce_is_tried_again_and_its_failure_is_a_warning_that_shows_the_command() {
    let home = Home::new();
    let [old, new] = ["amsterdam", "almaty"].map(|name| name.parse().expect("a name"));
    let log = home.path().join("log");
    let second = format!("echo >>{0}; test $(wc -l <{0}) -ge 2 && echo", log.display());
    let never = "echo no route to; exit 4;";
    let both = async { tokio::join!(hooks::announce(&second, &old, &new, 8), hooks::announce(never, &old, &new, 8)) };
    let (announced, warning) = block_on(both);
    assert_eq!(announced.expect("the second try works").tries, 2);
    let warning = warning.expect_err("it never works");
    assert_eq!(warning.text, "announce failed 3 times: exit status 4: no route to");
    assert!(warning.hint.expect("a hint").ends_with("run echo no route to; exit 4; amsterdam almaty 8"));
}

#[test]
fn only_exit_zero_proves_that_a_node_is_off() {
    let inventory = accepted(SMALL);
    let node = &inventory.nodes[0];
    let ran = block_on(hooks::fence("echo off:", node)).expect("a proof");
    assert_eq!(ran.said, "off: one one.example");
    for command in ["false", "kill -9 $$;", "exit 1;", "no-such-command"] {
        assert!(block_on(hooks::fence(command, node)).is_err(), "{command}");
    }
}
