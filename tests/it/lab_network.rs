//! The network of a lab, broken and mended, as a plain TCP client sees it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use m3m::lab::ledger::Ledger;
use m3m::lab::{Direction, End, Lab, State, ThrowAway};

use crate::lab::{SILENCE, SOON};
use crate::lab_throw_away::throw_away;
use crate::support::until;

fn address(lab: &ThrowAway, node: &str) -> SocketAddr {
    let port = lab.lab().nodes().iter().find(|one| one.name == node).and_then(|one| one.port).expect("its port");
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn ledger_address(lab: &ThrowAway, node: &str) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, lab.lab().ledger_port(node).expect("a ledger that was started")))
}

pub fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect_timeout(&address, SOON).expect("a connection")
}

/// New connections are neither made nor refused.
#[track_caller]
pub fn assert_hangs(address: SocketAddr) {
    let error = TcpStream::connect_timeout(&address, SILENCE).expect_err("no connection");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
}

/// Nothing comes, not even an end.
#[track_caller]
pub fn assert_silent(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    let error = loop {
        match stream.read(&mut [0]) {
            // A child of another test has ended meanwhile.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => break other.expect_err("silence"),
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
}

/// The next bytes are these.
#[track_caller]
pub fn assert_hears(stream: &mut TcpStream, text: &str) {
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).expect("an answer");
    assert_eq!(String::from_utf8_lossy(&heard), text);
}

#[track_caller]
fn assert_ends(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
}

/// A connection to the ledger on which a question was answered already.
fn talking(lab: &ThrowAway) -> TcpStream {
    let mut stream = connect(ledger_address(lab, "amsterdam"));
    stream.write_all(b"ping\n").expect("sent");
    assert_hears(&mut stream, "pong amsterdam\n");
    stream
}

fn state(lab: &Lab, node: &str) -> State {
    lab.nodes().iter().find(|one| one.name == node).expect("the node").state
}

#[test]
fn a_node_without_power_is_silent_and_ends_its_connections_when_it_comes_back() {
    let lab = throw_away();
    let mut ssh = connect(address(&lab, "amsterdam"));
    assert_hears(&mut ssh, "SSH-2.0-");
    let mut ledger = talking(&lab);

    lab.lab().poweroff(&["amsterdam"]).expect("power off");
    assert_eq!(state(lab.lab(), "amsterdam"), State::Off);
    ledger.write_all(b"ping\n").expect("the kernel takes it");
    assert_silent(&mut ledger);
    assert_hangs(address(&lab, "amsterdam"));
    assert_hangs(ledger_address(&lab, "amsterdam"));
    let refused = lab.lab().kill(&["amsterdam"]).expect_err("nothing is left to kill");
    assert!(refused.render().contains("m3m lab revive amsterdam"), "{}", refused.render());

    lab.lab().heal(&[], None).expect("healing");
    assert_hangs(address(&lab, "amsterdam"));

    lab.lab().revive(&["amsterdam"]).expect("power on");
    assert_ends(&mut ssh);
    assert_ends(&mut ledger);
    assert_hears(&mut connect(address(&lab, "amsterdam")), "SSH-2.0-");
    assert!(TcpStream::connect(ledger_address(&lab, "amsterdam")).is_err(), "nobody has started the service");
}

#[test]
fn a_connection_that_is_being_made_when_the_power_goes_is_not_refused() {
    let lab = throw_away();
    lab.lab().delay(Duration::from_secs(3), &["almaty"], None).expect("a delay");
    let mut stream = connect(address(&lab, "almaty"));
    lab.lab().poweroff(&["almaty"]).expect("power off");
    assert_silent(&mut stream);
    lab.lab().revive(&["almaty"]).expect("power on");
    assert_ends(&mut stream);
}

#[test]
fn a_dead_node_can_lose_its_power_too() {
    let lab = throw_away();
    lab.lab().kill(&["almaty"]).expect("kill");
    assert!(TcpStream::connect(address(&lab, "almaty")).is_err(), "refused at once");
    lab.lab().poweroff(&["almaty"]).expect("power off");
    assert_hangs(address(&lab, "almaty"));
    lab.lab().revive(&["almaty"]).expect("power on");
    assert_hears(&mut connect(address(&lab, "almaty")), "SSH-2.0-");
}

#[test]
fn a_cut_node_is_silent_and_what_was_sent_arrives_after_the_healing() {
    let lab = throw_away();
    let mut ledger = talking(&lab);
    lab.lab().cut(&["amsterdam"], None, Direction::Both).expect("a cut");
    ledger.write_all(b"write 7\n").expect("the kernel takes it");
    assert_silent(&mut ledger);
    assert_hangs(address(&lab, "amsterdam"));
    assert_hangs(ledger_address(&lab, "amsterdam"));
    assert!(!lab.lab().repository_path("amsterdam").join("ledger").exists(), "it did not arrive");
    assert_hears(&mut connect(address(&lab, "moscow")), "SSH-2.0-");

    // The kernel repeats its question after a second, then after two more.
    let hanging = std::thread::spawn({
        let address = address(&lab, "amsterdam");
        move || connect(address)
    });
    lab.lab().heal(&["amsterdam"], None).expect("healing");
    assert_hears(&mut ledger, "ok 7\n");
    assert_hears(&mut hanging.join().expect("a connection that hung"), "SSH-2.0-");
}

#[test]
fn a_one_way_cut_lets_the_other_way_through() {
    let lab = throw_away();
    let records = lab.lab().repository_path("amsterdam").join("ledger");
    let mut ledger = talking(&lab);
    lab.lab().cut(&["amsterdam"], Some(End::Operator), Direction::From).expect("a cut");
    ledger.write_all(b"write 1\n").expect("sent");
    until("the question arrives", SOON, || records.join(format!("{:020}", 1)).exists().then_some(()));
    assert_silent(&mut ledger);
    assert_hangs(address(&lab, "amsterdam"));
    lab.lab().heal(&["amsterdam"], Some(End::Operator)).expect("healing");
    assert_hears(&mut ledger, "ok 1\n");

    lab.lab().cut(&["amsterdam"], None, Direction::To).expect("a cut");
    ledger.write_all(b"write 2\n").expect("the kernel takes it");
    assert_silent(&mut ledger);
    assert!(!records.join(format!("{:020}", 2)).exists(), "the question did not arrive");
    lab.lab().heal(&[], None).expect("healing");
    assert_hears(&mut ledger, "ok 2\n");
}

#[test]
fn an_answer_on_its_way_arrives_although_the_question_can_no_more_be_asked() {
    let lab = throw_away();
    lab.lab().delay(Duration::from_millis(600), &["amsterdam"], None).expect("a delay");
    let mut ledger = connect(ledger_address(&lab, "amsterdam"));
    ledger.write_all(b"write 1\n").expect("sent");
    let record = lab.lab().repository_path("amsterdam").join("ledger").join(format!("{:020}", 1));
    until("the question arrives", SOON, || record.exists().then_some(()));
    lab.lab().cut(&["amsterdam"], None, Direction::To).expect("a cut");
    assert_hears(&mut ledger, "ok 1\n");
}

#[test]
fn a_delayed_node_answers_a_round_trip_later_and_makes_connections_two_later() {
    let rtt = Duration::from_millis(120);
    let lab = throw_away();
    let mut old = talking(&lab);
    lab.lab().delay(rtt, &["amsterdam"], Some(End::Operator)).expect("a delay");
    let asked = Instant::now();
    old.write_all(b"ping\n").expect("sent");
    assert_hears(&mut old, "pong amsterdam\n");
    assert!(asked.elapsed() >= rtt, "{:?}", asked.elapsed());

    let began = Instant::now();
    assert_hears(&mut connect(address(&lab, "amsterdam")), "SSH-2.0-");
    assert!(began.elapsed() >= rtt * 2, "the handshake of TCP takes one: {:?}", began.elapsed());

    // In order, whatever the size.
    let pings = 2_000;
    old.write_all("ping\n".repeat(pings).as_bytes()).expect("sent");
    assert_hears(&mut old, &"pong amsterdam\n".repeat(pings));
    let too_long = lab.lab().delay(Duration::from_secs(61), &["amsterdam"], None).expect_err("too long");
    assert!(too_long.render().contains("m3m lab cut"), "{}", too_long.render());
}

#[test]
fn a_cut_outlives_a_crash_and_a_killed_node_behind_it_is_silent_until_it_is_healed() {
    let lab = throw_away();
    let mut ssh = connect(address(&lab, "almaty"));
    assert_hears(&mut ssh, "SSH-2.0-");
    lab.lab().cut(&["almaty"], None, Direction::Both).expect("a cut");
    lab.lab().kill(&["almaty"]).expect("kill");
    assert_hangs(address(&lab, "almaty"));
    lab.lab().revive(&["almaty"]).expect("revive");
    assert_eq!(state(lab.lab(), "almaty"), State::Up);
    assert_hangs(address(&lab, "almaty"));
    lab.lab().kill(&["almaty"]).expect("kill");
    lab.lab().heal(&["almaty"], None).expect("healing");
    assert!(TcpStream::connect(address(&lab, "almaty")).is_err(), "dead, and that can be seen again");
    assert_ends(&mut ssh);
}

#[test]
fn a_frozen_node_is_still_accepted_by_the_kernel() {
    let lab = throw_away();
    lab.lab().freeze(&["almaty"]).expect("freeze");
    let mut stream = connect(address(&lab, "almaty"));
    assert_silent(&mut stream);
    lab.lab().thaw(&["almaty"]).expect("thaw");
    assert_hears(&mut stream, "SSH-2.0-");
}

#[test]
fn a_cut_node_still_asks_its_own_service() {
    let lab = throw_away();
    lab.lab().cut(&["amsterdam"], None, Direction::Both).expect("a cut");
    let error = Ledger::connect(lab.lab().ledger_port("amsterdam").expect("its port"), SILENCE).expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    let node = lab.lab().path().join("nodes/amsterdam");
    let check = crate::support::Home::new().run(["lab-ledger", "check", "--dir", node.to_str().expect("UTF-8")]);
    check.assert_code(0);
}
