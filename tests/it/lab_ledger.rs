//! The lab's service: a write that was acknowledged is there.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use m3m::lab::ThrowAway;
use m3m::lab::ledger::Ledger;

use crate::lab::SOON;
use crate::lab_throw_away::throw_away;
use crate::processes::Running;
use crate::support::Home;

fn ledger(lab: &ThrowAway, node: &str) -> Ledger {
    let port = lab.lab().ledger_port(node).expect("a ledger that was started");
    Ledger::connect(port, SOON).expect("a ledger that listens")
}

fn record(lab: &ThrowAway, node: &str, name: &str) -> PathBuf {
    lab.lab().repository_path(node).join("ledger").join(name)
}

#[test]
fn a_write_is_a_file_when_it_is_acknowledged() {
    let lab = throw_away();
    let mut ledger = ledger(&lab, "amsterdam");
    assert_eq!(ledger.ping().expect("an answer"), "amsterdam");
    for number in [1, 42, u64::MAX] {
        ledger.write(number).expect("acknowledged");
        let text = fs::read_to_string(record(&lab, "amsterdam", &format!("{number:020}"))).expect("its file");
        assert!(text.starts_with(&format!("number: {number}\nnode: amsterdam\ntime: 20")), "{text}");
        assert!(text.ends_with("Z\n"), "UTC: {text}");
    }
}

#[test]
fn the_same_number_again_changes_nothing() {
    let lab = throw_away();
    let path = record(&lab, "amsterdam", "00000000000000000007");
    ledger(&lab, "amsterdam").write(7).expect("acknowledged");
    let first = fs::read(&path).expect("its file");
    ledger(&lab, "amsterdam").write(7).expect("acknowledged again");
    assert_eq!(fs::read(&path).expect("its file"), first);
}

#[test]
fn a_bad_line_is_answered_and_an_endless_one_ends() {
    let lab = throw_away();
    let port = lab.lab().ledger_port("amsterdam").expect("its port");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream.write_all(b"write -1\nping\n").expect("sent");
    let mut reader = BufReader::new(stream.try_clone().expect("the same connection"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("an answer");
    assert!(line.starts_with("error: "), "{line}");
    line.clear();
    reader.read_line(&mut line).expect("an answer");
    assert_eq!(line, "pong amsterdam\n", "one bad line does not end the conversation");

    stream.write_all(&[b'x'; 300]).expect("sent");
    let mut rest = Vec::new();
    // What was sent beyond the limit may turn the end into a reset.
    let _ = reader.read_to_end(&mut rest);
    assert!(rest.starts_with(b"error: ") || rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
}

#[test]
fn a_lock_that_names_another_program_does_not_end_that_program() {
    let home = Home::new();
    let mut other = Running(Command::new("sleep").arg("600").spawn().expect("another program"));
    let lock = File::open(home.write("almaty/ledger.lock", format!("{:>10}\n", other.0.id()))).expect("the lock");
    lock.lock().expect("hold it");
    let stop = home.run(["lab-ledger", "stop", "--dir", "almaty"]);
    assert!(stop.assert_code(20).stderr.contains("still there"), "{stop}");
    assert!(other.0.try_wait().expect("its state").is_none(), "it was signalled");
}

#[test]
fn a_ledger_that_ends_at_once_is_not_waited_for() {
    let lab = throw_away();
    let node = lab.lab().path().join("nodes/almaty");
    fs::write(node.join("ledger.port"), "no port").expect("spoil a file");
    let start = Instant::now();
    let failed = Home::new().run(["lab-ledger", "start", "--dir", node.to_str().expect("UTF-8")]);
    assert!(failed.assert_code(20).stderr.contains("it ended at once"), "{failed}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_ledger_without_its_work_tree_does_not_acknowledge() {
    let lab = throw_away();
    fs::remove_dir_all(lab.lab().repository_path("amsterdam")).expect("remove the work tree");
    let error = ledger(&lab, "amsterdam").write(1).expect_err("nowhere to write");
    assert!(error.to_string().contains("not written"), "{error}");
}
