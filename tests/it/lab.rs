//! `m3m lab`: labs that stay, their nodes and their faults.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use m3m::core::term::TermRecord;
use m3m::lab::ledger::Ledger;

use crate::support::{Finished, Home, finish, skipped, until};

/// Generous: a step that takes this long is a hang.
pub const SOON: Duration = Duration::from_secs(60);
/// What counts as silence: a living node answers on loopback much sooner.
pub const SILENCE: Duration = Duration::from_millis(300);
pub const NODES: [&str; 5] = ["amsterdam", "moscow", "almaty", "saint-petersburg", "novosibirsk"];

/// A home whose labs are ended with it, also when the test fails.
pub struct Labs {
    pub home: Home,
}

impl Labs {
    pub fn new() -> Self {
        Self { home: Home::new() }
    }

    /// With the default lab up.
    pub fn up() -> Self {
        let labs = Self::new();
        labs.run(["lab", "up"]).assert_code(0);
        labs
    }

    pub fn run<const N: usize>(&self, args: [&str; N]) -> Finished {
        self.home.run(args)
    }

    /// The directory of a lab.
    pub fn dir(&self, lab: &str) -> PathBuf {
        self.home.path().canonicalize().expect("the home").join("state/m3m/labs").join(lab)
    }

    pub fn node(&self, node: &str) -> PathBuf {
        self.dir("lab").join("nodes").join(node)
    }

    pub fn port(&self, node: &str) -> u16 {
        read_number(&self.node(node).join("port"))
    }

    /// A shell command on a node of the default lab, by the system's client.
    pub fn ssh(&self, node: &str, line: &str) -> Command {
        let mut command = Command::new("ssh");
        command.arg("-F").arg(self.dir("lab").join("ssh_config")).args(["-o", "ConnectTimeout=10", node, line]);
        command.stdin(Stdio::null());
        command
    }

    fn list(&self) -> String {
        self.run(["lab", "list"]).assert_code(0).stdout.clone()
    }

    /// The line of a node in `lab list`.
    #[track_caller]
    fn assert_node(&self, node: &str, state: &str) {
        let list = self.list();
        let line = list.lines().find(|line| line.trim_start().starts_with(node)).expect("a line for the node");
        assert_eq!(line.split_whitespace().nth(2), Some(state), "{list}");
    }
}

impl Drop for Labs {
    fn drop(&mut self) {
        for entry in fs::read_dir(self.dir("")).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                let mut down = self.home.m3m(["lab", "down"]);
                // A panic while a failed test unwinds would end all tests.
                let _ = down.arg(entry.file_name()).stdout(Stdio::null()).stderr(Stdio::null()).status();
            }
        }
    }
}

pub fn read_number<T: std::str::FromStr>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.trim().parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}

/// Whether the program is there. Where not, it says so aloud; with `M3M_REQUIRE_SSHD=1` the test fails.
#[track_caller]
pub fn has(program: &str, version: &str) -> bool {
    let found = Command::new(program).arg(version).output().is_ok();
    if !found {
        let is_required = std::env::var_os("M3M_REQUIRE_SSHD").is_some_and(|value| value == "1");
        assert!(!is_required, "M3M_REQUIRE_SSHD=1, but there is no {program}");
        skipped(&format!("there is no {program}"));
    }
    found
}

#[test]
fn a_lab_comes_up_is_listed_and_goes_down() {
    let labs = Labs::new();
    labs.run(["lab", "list"]).assert_code(0);
    let up = labs.run(["lab", "up"]);
    assert!(up.assert_code(0).stdout.starts_with("the lab lab is up: 5 SSH nodes"), "{up}");
    for node in NODES {
        labs.assert_node(node, "up");
        assert!(labs.list().contains(&format!("127.0.0.1:{}", labs.port(node))));
    }
    let services: Vec<_> = labs.list().lines().filter(|line| line.ends_with("service")).map(str::to_owned).collect();
    assert!(services.len() == 1 && services[0].contains("primary"), "the service runs on PRIMARY only: {services:?}");

    let again = labs.run(["lab", "up"]);
    assert!(again.assert_code(0).stdout.contains("is up already"), "{again}");

    let port = labs.port("almaty");
    labs.run(["lab", "down"]).assert_code(0);
    assert_eq!(fs::read_dir(labs.dir("")).expect("the labs").count(), 0, "its lock as well");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    assert!(labs.run(["lab", "down"]).assert_code(0).stdout.contains("nothing to end"));
}

#[test]
fn only_the_owner_may_read_a_lab() {
    use std::os::unix::fs::PermissionsExt as _;
    let labs = Labs::up();
    let mode = |path: PathBuf| fs::metadata(path).expect("a file of the lab").permissions().mode() & 0o777;
    assert_eq!(mode(labs.dir("lab")), 0o700);
    assert_eq!(mode(labs.dir("lab").join("inventory.yaml")), 0o600);
    assert_eq!(mode(labs.dir("lab").join("identity")), 0o600);
    assert_eq!(mode(labs.node("almaty")), 0o700);
}

#[test]
fn all_repositories_begin_with_the_same_commit() {
    let labs = Labs::up();
    let heads: Vec<_> = NODES
        .iter()
        .map(|node| {
            let repository = git2::Repository::open(labs.node(node).join("home/montana")).expect("a repository");
            assert_eq!(repository.statuses(None).expect("its status").len(), 0, "a clean work tree");
            let head = repository.head().expect("its head");
            assert_eq!(head.name().expect("UTF-8"), "refs/heads/main");
            head.target().expect("a commit")
        })
        .collect();
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
}

#[test]
fn all_nodes_know_their_names_and_hold_the_first_term() {
    let labs = Labs::up();
    let git = |node: &str, args: &[&str]| {
        let asked = finish(Command::new("git").arg("-C").arg(labs.node(node).join("home/montana")).args(args));
        assert!(asked.assert_code(0).stderr.is_empty(), "{asked}");
        asked.stdout.clone()
    };
    let term = git("amsterdam", &["rev-parse", "refs/m3m/term"]);
    for node in NODES {
        assert_eq!(git(node, &["config", "m3m.node"]), format!("{node}\n"));
        assert_eq!(git(node, &["config", "m3m.cell"]), "lab\n");
        assert_eq!(git(node, &["rev-parse", "refs/m3m/term"]), term, "one claim, the same on all");
        git(node, &["fsck", "--strict", "--no-progress"]);
    }
    assert_eq!(git("moscow", &["ls-tree", "--name-only", "refs/m3m/term"]), "term.json\n");
    let json = git("moscow", &["cat-file", "blob", "refs/m3m/term:term.json"]);
    let record = TermRecord::read(&json).expect("a term");
    assert_eq!((record.term, record.primary.as_str(), record.brain.as_str()), (1, "amsterdam", "moscow"));
    assert_eq!(record.write(), json, "as m3m writes it");
    let subject = git("moscow", &["log", "--format=%s", "refs/m3m/term"]);
    assert_eq!(subject, "term 1: PRIMARY amsterdam, BRAIN moscow (init)\n");
}

#[test]
fn a_killed_node_is_dead_and_revives_on_its_port_with_its_repository_without_its_service() {
    let labs = Labs::up();
    let (port, ledger) = (labs.port("amsterdam"), read_number(&labs.node("amsterdam").join("ledger.port")));
    Ledger::connect(ledger, SOON).and_then(|mut ledger| ledger.write(7)).expect("a write");

    labs.run(["lab", "kill", "amsterdam"]).assert_code(0);
    labs.assert_node("amsterdam", "dead");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "the node is gone");
    assert!(Ledger::connect(ledger, SOON).is_err(), "its service is gone");
    labs.run(["lab", "kill", "amsterdam"]).assert_code(0);
    let up = labs.run(["lab", "up"]);
    assert!(up.assert_code(10).stdout.contains("lab revive amsterdam"), "{up}");
    labs.run(["lab", "freeze", "amsterdam"]).assert_code(20);

    labs.run(["lab", "revive", "amsterdam"]).assert_code(0);
    labs.assert_node("amsterdam", "up");
    assert_eq!(labs.port("amsterdam"), port);
    let mut banner = [0; 8];
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the same port");
    stream.read_exact(&mut banner).expect("a banner");
    assert_eq!(&banner, b"SSH-2.0-");
    assert!(labs.node("amsterdam").join("home/montana/ledger/00000000000000000007").exists());
    assert!(Ledger::connect(ledger, SOON).is_err(), "nobody said that it is PRIMARY again");
    labs.run(["lab", "revive", "amsterdam"]).assert_code(0);
}

#[test]
fn a_node_whose_port_was_taken_says_so() {
    let labs = Labs::up();
    let port = labs.port("almaty");
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
    let revived = labs.run(["lab", "revive", "almaty"]);
    assert_ne!(revived.code(), 0, "{revived}");
    assert!(revived.stderr.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{revived}");
    drop(taken);
    labs.run(["lab", "revive", "almaty"]).assert_code(0);
}

#[test]
fn a_frozen_node_is_silent_and_goes_on_after_a_thaw() {
    let labs = Labs::up();
    labs.run(["lab", "freeze", "almaty"]).assert_code(0);
    labs.assert_node("almaty", "frozen");
    labs.run(["lab", "freeze", "almaty"]).assert_code(0);
    labs.run(["lab", "revive", "almaty"]).assert_code(20);

    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, labs.port("almaty"))).expect("the kernel accepts");
    stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    let mut banner = [0; 8];
    let silence = stream.read(&mut banner).expect_err("silence");
    assert!(matches!(silence.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{silence}");

    labs.run(["lab", "thaw", "almaty"]).assert_code(0);
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream.read_exact(&mut banner).expect("the answer that was due");
    assert_eq!(&banner, b"SSH-2.0-");
    labs.assert_node("almaty", "up");
}

#[test]
fn two_labs_do_not_collide() {
    let labs = Labs::new();
    labs.run(["lab", "up", "one"]).assert_code(0);
    labs.run(["lab", "up", "two"]).assert_code(0);
    let unnamed = labs.run(["lab", "kill", "almaty"]);
    assert!(unnamed.assert_code(2).stderr.contains("one, two"), "{unnamed}");
    assert!(m3m_state(&labs, "one", "almaty") && m3m_state(&labs, "two", "almaty"), "nothing was done");

    labs.run(["--lab=one", "lab", "kill", "almaty"]).assert_code(0);
    assert!(!m3m_state(&labs, "one", "almaty") && m3m_state(&labs, "two", "almaty"));
    labs.run(["lab", "down", "one"]).assert_code(0);
    assert!(m3m_state(&labs, "two", "almaty"));
    // Now there is only one, so it needs no name.
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    assert!(!m3m_state(&labs, "two", "almaty"));
}

fn m3m_state(labs: &Labs, lab: &str, node: &str) -> bool {
    let port: u16 = read_number(&labs.dir(lab).join("nodes").join(node).join("port"));
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[test]
fn two_at_once_make_one_lab() {
    let labs = Labs::new();
    let start = || {
        let mut command = labs.home.m3m(["lab", "up"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("m3m")
    };
    let both = [start(), start()].map(|child| crate::support::wait(child, SOON));
    let already = both.iter().filter(|up| up.assert_code(0).stdout.contains("already")).count();
    assert_eq!(already, 1, "{}\n{}", both[0], both[1]);
    labs.assert_node("almaty", "up");
}

#[test]
fn what_was_cut_off_while_it_was_made_is_made_anew() {
    let labs = Labs::new();
    fs::create_dir_all(labs.dir("lab").join("nodes/almaty")).expect("an incomplete lab");
    assert_eq!(labs.list(), "lab  incomplete: m3m lab down lab\n");
    labs.run(["lab", "up"]).assert_code(0);
    labs.assert_node("almaty", "up");
}

#[test]
fn a_lab_that_cannot_be_made_says_why() {
    let labs = Labs::new();
    let file = labs.home.write("file", "");
    let up = finish(labs.home.m3m(["lab", "up"]).env("XDG_STATE_HOME", &file));
    assert!(up.assert_code(3).stderr.contains("set XDG_STATE_HOME"), "{up}");
    let unknown = labs.run(["lab", "kill", "almaty"]);
    assert!(unknown.assert_code(2).stderr.contains("m3m lab up"), "{unknown}");
    labs.run(["lab", "up"]).assert_code(0);
    let unknown = labs.run(["lab", "kill", "almaty", "atlantis"]);
    assert!(unknown.assert_code(2).stderr.contains("saint-petersburg"), "{unknown}");
    labs.assert_node("almaty", "up");
}

#[test]
fn nodes_whose_directory_was_removed_end() {
    let labs = Labs::up();
    let port = labs.port("moscow");
    fs::remove_dir_all(labs.dir("lab")).expect("remove the lab behind its back");
    until("the node ends", SOON, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err().then_some(()));
}
