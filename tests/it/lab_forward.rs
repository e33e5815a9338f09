//! Connections through a node of a lab, as the system's own `ssh` makes them.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::lab::{Labs, SILENCE, SOON, has};
use crate::processes::Running;
use crate::support::{Finished, finish, until, wait};

/// `ssh` with the lab's configuration and these arguments.
pub fn ssh(labs: &Labs, args: &[&str]) -> Command {
    let mut command = Command::new("ssh");
    command.arg("-F").arg(labs.dir("lab").join("ssh_config")).args(args);
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

/// A connection from a node to another one that goes on: what is sent comes back.
struct Echo {
    client: Running,
    out: Receiver<String>,
}

impl Echo {
    fn start(labs: &Labs, from: &str, to: &str) -> Self {
        let mut command = ssh(labs, &["-J", from, to, "cat"]);
        let mut client = Running(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("ssh"));
        let out = BufReader::new(client.0.stdout.take().expect("its output"));
        let (sender, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut echo = Self { client, out: lines };
        echo.say("hello");
        assert_eq!(echo.hear(SOON).as_deref(), Some("hello"));
        echo
    }

    fn say(&mut self, line: &str) {
        let input = self.client.0.stdin.as_mut().expect("its input");
        input.write_all(format!("{line}\n").as_bytes()).expect("sent");
    }

    fn hear(&self, timeout: Duration) -> Option<String> {
        self.out.recv_timeout(timeout).ok()
    }

    fn is_over(&mut self) -> bool {
        self.client.0.try_wait().expect("its state").is_some()
    }
}

#[test]
fn a_cut_between_two_nodes_holds_for_what_one_forwards_to_the_other() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let mut echo = Echo::start(&labs, "moscow", "almaty");
    labs.run(["lab", "cut", "almaty", "--from", "moscow"]).assert_code(0);
    echo.say("are you there");
    assert_eq!(echo.hear(SILENCE), None);
    assert_eq!(finish(&mut labs.ssh("almaty", "echo direct")).stdout, "direct\n", "the other paths are as they were");
    assert_eq!(finish(&mut ssh(&labs, &["-J", "novosibirsk", "almaty", "echo around"])).stdout, "around\n");
    assert_eq!(finish(&mut labs.ssh("moscow", "echo hop")).stdout, "hop\n");

    let hangs = finish(&mut ssh(&labs, &["-o", "ConnectTimeout=1", "-J", "moscow", "almaty", "true"]));
    assert!(hangs.code() == 255 && hangs.stderr.contains("timed out"), "neither made nor refused: {hangs}");
    labs.run(["lab", "heal", "almaty", "--from", "moscow"]).assert_code(0);
    assert_eq!(echo.hear(SOON).as_deref(), Some("are you there"));
    assert!(!echo.is_over());
    assert_eq!(finish(&mut ssh(&labs, &["-J", "moscow", "almaty", "echo again"])).stdout, "again\n");
}

#[test]
fn a_hop_that_waits_for_one_target_serves_its_other_clients() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    labs.run(["lab", "poweroff", "almaty"]).assert_code(0);
    // One session with the hop for all.
    let control = labs.home.path().join("control");
    let _master =
        Running(ssh(&labs, &["-N", "-M", "-S", control.to_str().expect("UTF-8"), "moscow"]).spawn().expect("ssh"));
    until("the session stands", SOON, || control.exists().then_some(()));
    let shared = |place: &str| ssh(&labs, &["-S", control.to_str().expect("UTF-8"), "-W", place, "moscow"]);
    let mut hanging = shared("almaty:22").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ssh");
    let other = finish(&mut shared("novosibirsk:22"));
    assert!(other.stdout.starts_with("SSH-2.0-"), "{other}");
    assert!(hanging.try_wait().expect("its state").is_none(), "it hangs");
    labs.run(["lab", "revive", "almaty"]).assert_code(0);
    let back = wait(hanging, SOON);
    assert!(back.stdout.starts_with("SSH-2.0-"), "{back}");
}

#[test]
fn a_hop_without_power_leaves_its_peers_in_silence() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let mut echo = Echo::start(&labs, "moscow", "almaty");
    labs.run(["lab", "poweroff", "moscow"]).assert_code(0);
    echo.say("are you there");
    assert_eq!(echo.hear(SILENCE), None);
    assert!(!echo.is_over(), "nothing has closed");
    labs.run(["lab", "revive", "moscow"]).assert_code(0);
    until("the old connection ends", SOON, || echo.is_over().then_some(()));
}

#[test]
fn a_delay_between_two_nodes_is_felt_by_what_one_forwards_to_the_other() {
    if !has("ssh", "-V") {
        return;
    }
    let labs = Labs::up();
    let rtt = Duration::from_millis(150);
    let mut echo = Echo::start(&labs, "moscow", "almaty");
    labs.run(["lab", "delay", "150ms", "almaty", "--from", "moscow"]).assert_code(0);
    let asked = Instant::now();
    echo.say("how far");
    assert_eq!(echo.hear(SOON).as_deref(), Some("how far"));
    assert!(asked.elapsed() >= rtt, "{:?}", asked.elapsed());
}
