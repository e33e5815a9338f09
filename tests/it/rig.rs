//! The test rig itself: what the other tests lean on.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::acceptor::Acceptor;
use crate::agent::Agent;
use crate::cell_file::repository;
use crate::five::{Five, NAMES};
use crate::hostile::Deaf;
use crate::processes::state;
use crate::proxy::Proxy;
use crate::sshd::{HARDENED, Options, Sshd, available, keygen, public_key};
use crate::support::{Home, finish, until, wait};

const TIMEOUT: Duration = Duration::from_secs(60);

#[test]
fn a_server_runs_commands_and_leaves_nothing_behind() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(&Options::default());
    // One that outlives its session and one whose session still stands.
    let left = sshd.run("sleep 1000 >/dev/null 2>&1 & echo $!");
    let left: u32 = left.assert_code(0).stdout.trim().parse().unwrap();
    let mut ssh = sshd.ssh();
    ssh.args(["127.0.0.1", "echo $$ >\"$HOME/pid\"; sleep 1000"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let session = ssh.spawn().unwrap();
    let pid_file = sshd.home().join("pid");
    let standing: u32 = until("the session runs", TIMEOUT, || {
        std::fs::read_to_string(&pid_file).ok()?.strip_suffix('\n')?.parse().ok()
    });
    assert!(state(left).is_some() && state(standing).is_some(), "both run");
    assert!(sshd.log().contains("Accepted publickey"), "{}", sshd.log());
    drop(sshd);
    // The client sees the connection break.
    wait(session, TIMEOUT).assert_code(255);
    until("nothing is left", TIMEOUT, || (state(left).is_none() && state(standing).is_none()).then_some(()));
}

#[test]
fn a_frozen_server_goes_on_when_it_is_thawed() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(&Options::default());
    sshd.signal(Signal::STOP);
    until("it is stopped", TIMEOUT, || (state(sshd.pid()) == Some('T')).then_some(()));
    sshd.signal(Signal::CONT);
    sshd.run("true").assert_code(0);
}

#[test]
fn options_reach_the_server() {
    if !available() {
        return;
    }
    let force = "echo \"asked: $SSH_ORIGINAL_COMMAND\"; exit 7";
    let options =
        Options { host_keys: &["ed25519"], config: HARDENED, force_command: Some(force), authorized_keys: None };
    let sshd = Sshd::start(&options);
    let answer = sshd.run("echo OK");
    assert_eq!(answer.assert_code(7).stdout, "asked: echo OK\n");
    let wrong = finish(sshd.ssh().args(["-o", "KexAlgorithms=ecdh-sha2-nistp256", "127.0.0.1", "true"]));
    assert!(wrong.assert_code(255).stderr.contains("no matching key exchange method"), "{wrong}");
}

#[test]
fn five_servers_hold_the_same_commit_and_primary_the_service() {
    if !available() {
        return;
    }
    let five = Five::start(&Options::default());
    let inventory = std::fs::read_to_string(five.inventory()).unwrap();
    let mut heads = Vec::new();
    for (index, node) in five.nodes.iter().enumerate() {
        assert!(inventory.contains(&format!("name: {}", NAMES[index])), "{inventory}");
        let git = format!("git -C {} rev-parse HEAD; test -e \"$HOME/service\"", repository(node).display());
        let identity = five.home.path().join("identity");
        let answer = finish(node.ssh().arg("-i").arg(identity).args(["127.0.0.1", &git]));
        heads.push(answer.assert_code(i32::from(index > 0)).stdout.clone());
    }
    heads.dedup();
    assert_eq!(heads.len(), 1, "{heads:?}");
}

#[test]
fn an_agent_holds_the_keys_and_gets_in() {
    if !available() {
        return;
    }
    let home = Home::new();
    let (wrong, right) = (keygen(home.path(), "ed25519", "wrong", ""), keygen(home.path(), "ecdsa", "right", ""));
    let agent = Agent::start(home.path(), &[&wrong, &right]);
    let listed = finish(Command::new("ssh-add").arg("-L").env("SSH_AUTH_SOCK", agent.socket()));
    assert_eq!(listed.assert_code(0).stdout, public_key(&wrong) + "\n" + &public_key(&right) + "\n");
    let sshd = Sshd::start(&Options { authorized_keys: Some(&public_key(&right)), ..Options::default() });
    let mut ssh = Command::new("ssh");
    ssh.args([
        "-F",
        "none",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "BatchMode=yes",
    ]);
    ssh.args(["-p", &sshd.port().to_string(), "127.0.0.1", "true"]).env("SSH_AUTH_SOCK", agent.socket());
    finish(&mut ssh).assert_code(0);
}

/// Sends a byte and waits for its echo.
fn echo_time(port: u16) -> Duration {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    let start = Instant::now();
    socket.write_all(b"x").unwrap();
    socket.read_exact(&mut [0]).unwrap();
    start.elapsed()
}

/// A server that sends back what it gets.
fn echo() -> Acceptor {
    Acceptor::start(|socket, _| {
        let _ = std::io::copy(&mut &socket, &mut &socket);
        let _ = socket.shutdown(Shutdown::Both);
    })
}

#[test]
fn a_proxy_delays_and_carries_much() {
    let server = echo();
    let rtt = Duration::from_millis(200);
    let proxy = Proxy::start(server.port(), rtt);
    assert!(echo_time(proxy.port()) >= rtt);
    // Many pieces in few round trips, not in one each; and their end.
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    let sent = vec![7; 8 << 20];
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (&socket).write_all(&sent).unwrap();
            socket.shutdown(Shutdown::Write).unwrap();
        });
        let mut got = Vec::new();
        (&socket).read_to_end(&mut got).unwrap();
        assert!(got == sent, "{} bytes came back", got.len());
    });
    assert!(start.elapsed() < 30 * rtt, "{:?}", start.elapsed());
}

#[test]
fn a_proxy_goes_silent_and_closes_nothing() {
    let server = echo();
    let proxy = Proxy::start(server.port(), Duration::ZERO);
    proxy.go_silent_after(3);
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    socket.write_all(b"12345").unwrap();
    let mut got = [0; 3];
    socket.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"123");
    let is_silent = |socket: &mut TcpStream| {
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        socket.write_all(b"more").unwrap();
        socket.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    assert!(is_silent(&mut socket), "the connection that stands");
    assert!(is_silent(&mut TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap()), "a new one");
    let port = proxy.port();
    drop(proxy);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "the port is closed");
    assert!(!is_silent(&mut socket), "the connection is closed");
}

#[test]
fn a_deaf_port_never_answers() {
    let deaf = Deaf::start();
    let address = (Ipv4Addr::LOCALHOST, deaf.port()).into();
    let error = TcpStream::connect_timeout(&address, Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}
