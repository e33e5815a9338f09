//! Connections through a node of a lab, as the system's own `ssh` makes them.

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use crate::lab::{Labs, has};
use crate::support::{Finished, finish};

/// `ssh` with the lab's configuration and these arguments.
pub fn ssh(labs: &Labs, args: &[&str]) -> Command {
    let mut command = Command::new("ssh");
    command.arg("-F").arg(labs.dir("lab").join("ssh_config")).args(["-o", "ConnectTimeout=10"]).args(args);
    command.stdin(Stdio::null());
    command
}

/// What a connection through almaty to this place brings.
fn through(labs: &Labs, place: &str) -> Finished {
    finish(&mut ssh(labs, &["-W", place, "almaty"]))
}

#[test]
fn one_node_is_reached_through_another_and_through_two() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    for jumps in ["moscow", "moscow,almaty"] {
        let run = finish(&mut ssh(&labs, &["-J", jumps, "amsterdam", "pwd; cat; exit 7"]));
        assert_eq!(run.code(), 7, "{run}");
        assert_eq!(run.stdout.trim(), labs.node("amsterdam").join("home").to_str().expect("UTF-8"));
    }
    // Names are the node's to resolve: nobody else knows this one.
    let run = through(&labs, "novosibirsk:22");
    assert!(run.stdout.starts_with("SSH-2.0-"), "{run}");
}

#[test]
fn bytes_go_both_ways_and_each_side_ends_its_own() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let place = format!("localhost:{}", listener.local_addr().expect("its address").port());
    // It answers only when its client has said its last word.
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut heard = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut heard).expect("all of it");
        stream.write_all(&heard).expect("sent");
    });
    let text = "0123456789abcdef".repeat(128 * 1024);
    let path = labs.home.write("text", &text);
    let run = finish(ssh(&labs, &["-W", &place, "almaty"]).stdin(File::open(path).expect("the text")));
    echo.join().expect("the other side");
    assert!(run.stdout == text, "{} bytes came back of {}: {}", run.stdout.len(), text.len(), run.stderr);
}

#[test]
fn what_cannot_be_reached_is_said_as_sshd_says_it() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    for place in ["192.0.2.1:22", "example.org:22", "[2001:db8::1]:22"] {
        let run = through(&labs, place);
        assert!(run.code() != 0 && run.stderr.contains("administratively prohibited"), "{place}: {run}");
    }
    labs.run(["lab", "kill", "moscow"]).assert_code(0);
    for place in ["moscow:22", &format!("127.0.0.1:{}", labs.port("moscow"))] {
        let run = through(&labs, place);
        assert!(run.code() != 0 && run.stderr.contains("connect failed"), "{place}: {run}");
    }
}
