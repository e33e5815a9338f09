//! A node whose own path is broken is reached through the sshd of another one, and what is said of one that is not.

use std::io::{BufRead, BufReader, Lines};
use std::process::{ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::cell_file::{CellFile, furnish, repository};
use crate::hostile::{self, Manner};
use crate::processes::Running;
use crate::proxy::Proxy;
use crate::real_ssh::{SLACK, row};
use crate::sshd::{Options, Sshd, available, free_port, keygen, public_key};
use crate::support::{Finished, Home, until, wait};

/// Time for a node and its relays, on a crowded machine: a third of it passes before a relay is asked.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Two servers, PRIMARY and BRAIN, and a third one behind a proxy.
pub struct Ground {
    pub home: Home,
    pub relays: [Sshd; 2],
    pub far: Sshd,
    pub way: Proxy,
}

impl Ground {
    /// Nothing, aloud, where no server can be started. The relays have these lines in their `sshd_config`.
    #[track_caller]
    pub fn new(relay_config: &str) -> Option<Self> {
        if !available() {
            return None;
        }
        let home = Home::new();
        let key = public_key(&keygen(home.path(), "ed25519", "identity", ""));
        let start = |config, is_primary| {
            let server = Sshd::start(&Options { authorized_keys: Some(&key), config, ..Options::default() });
            furnish(&server, is_primary);
            server
        };
        let relays = [start(relay_config, true), start(relay_config, false)];
        let far = start("", false);
        let way = Proxy::start(far.port(), Duration::ZERO);
        Some(Self { home, relays, far, way })
    }

    fn cell(&self) -> CellFile<'_> {
        let [primary, brain] = &self.relays;
        CellFile::new(&self.home).server("one", primary).server("two", brain)
    }

    /// Writes the inventory; the third node shows these host keys.
    pub fn write(&self, host_keys: &[String]) {
        let known: String = host_keys.iter().map(|key| format!("[127.0.0.1]:{} {key}\n", self.way.port())).collect();
        self.cell().known(&known).node("three", self.way.port(), "", &repository(&self.far)).write();
    }

    #[track_caller]
    fn status(&self) -> (Finished, Value) {
        let start = Instant::now();
        let timeout = format!("{}s", TIMEOUT.as_secs());
        let shown = self.home.run(["status", "--timeout", &timeout, "-o", "json"]);
        assert!(start.elapsed() < TIMEOUT + SLACK, "{:?}", start.elapsed());
        let status: Value = serde_json::from_str(&shown.stdout).unwrap_or_else(|error| panic!("{error}: {shown}"));
        (shown, status)
    }
}

/// The warning about the third node.
#[track_caller]
fn warning(status: &Value) -> String {
    let warnings = status["warnings"].as_array().expect("warnings");
    let mut about = warnings.iter().filter(|warning| warning["node"] == "three");
    let warning = about.next().unwrap_or_else(|| panic!("no warning about three: {status}"));
    format!("{} hint: {}", warning["text"], warning["hint"])
}

/// What each relay came to.
fn outcomes(status: &Value) -> Vec<String> {
    let relays = status["nodes"][2]["relays"].as_array().expect("relays");
    relays.iter().map(|relay| relay["outcome"].as_str().expect("an outcome").to_owned()).collect()
}

#[test]
fn a_node_whose_own_path_is_cut_answers_through_another() {
    let Some(ground) = Ground::new("") else { return };
    ground.write(ground.far.host_keys());
    ground.way.cut_own_path(true);
    let (shown, status) = ground.status();
    shown.assert_code(10);
    let node = &status["nodes"][2];
    assert_eq!((&node["state"], &node["observed"]), (&"up".into(), &"stands_by".into()), "{node}");
    assert!(["one", "two"].map(Value::from).contains(&node["via"]), "{node}");
    assert_eq!(node["direct_reason"], "timeout in banner", "{node}");
    let text = warning(&status);
    assert!(text.contains("three is reached through") && text.contains("look for a firewall"), "{text}");

    let table = ground.home.run(["status", "--timeout", "8s"]);
    assert!(row(&table, "three").contains("via "), "{table}");
    // The node alone is asked for, and the others may still help.
    let alone = ground.home.run(["status", "--timeout", "8s", "--node", "three"]);
    assert!(row(&alone, "three").contains("via "), "{alone}");
}

#[test]
fn a_quiet_node_is_asked_about_early_and_one_that_is_not_late_speaks_for_itself() {
    let Some(ground) = Ground::new("") else { return };
    ground.write(ground.far.host_keys());
    // It is quiet after 6 s and late after 12 s: this one speaks in between, when both relays have reached it.
    ground.way.hold_own_path(true);
    let mut m3m = ground.home.m3m(["status", "--timeout", "36s", "-o", "json"]);
    let m3m = m3m.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start m3m");
    let logins = || ground.far.log().matches("Accepted publickey").count();
    until("both relays have reached it", TIMEOUT + SLACK, || (logins() >= 2).then_some(()));
    ground.way.hold_own_path(false);
    let shown = wait(m3m, TIMEOUT + SLACK);
    let status: Value = serde_json::from_str(&shown.assert_code(0).stdout).expect("a document");
    assert_eq!((&status["nodes"][2]["via"], &status["nodes"][2]["state"]), (&Value::Null, &"up".into()), "{status}");
    assert_eq!(outcomes(&status), ["reached", "reached"], "{status}");
}

#[test]
fn relays_that_tried_in_vain_say_so() {
    let Some(ground) = Ground::new("") else { return };
    let closed = free_port();
    ground.cell().node("three", closed, "", "/nowhere".as_ref()).write();
    let (shown, status) = ground.status();
    shown.assert_code(10);
    assert_eq!(outcomes(&status), ["failed", "failed"], "{status}");
    assert!(warning(&status).contains("refused; not reached from one, two either"), "{status}");
    assert_eq!(status["nodes"][2]["via"], Value::Null);

    let mute = hostile::start(Manner::Mute);
    ground.cell().node("three", mute.port(), "", "/nowhere".as_ref()).write();
    let (shown, status) = ground.status();
    shown.assert_code(10);
    assert_eq!(outcomes(&status), ["failed", "failed"], "a relay was connected and nobody spoke: {status}");
}

#[test]
fn when_all_have_said_what_they_can_nobody_is_waited_for() {
    let Some(ground) = Ground::new("") else { return };
    ground.cell().node("three", free_port(), "", "/nowhere".as_ref()).write();
    let start = Instant::now();
    // Fewer relays than might be asked; a node is late after 50 s.
    let shown = ground.home.run(["status", "--timeout", "150s", "-o", "json"]);
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    let status: Value = serde_json::from_str(&shown.assert_code(10).stdout).expect("a document");
    assert_eq!(outcomes(&status), ["failed", "failed"], "{status}");
}

#[test]
fn a_relay_that_forbids_forwarding_says_nothing_of_the_node() {
    let Some(ground) = Ground::new("AllowTcpForwarding no\n") else { return };
    ground.write(ground.far.host_keys());
    ground.way.cut_own_path(true);
    let (shown, status) = ground.status();
    shown.assert_code(10);
    assert_eq!(outcomes(&status), ["no word", "no word"], "{status}");
    let reason = status["nodes"][2]["relays"][0]["reason"].as_str().expect("a reason");
    assert_eq!(reason, "one forbids forwarding");
    assert!(warning(&status).contains("timeout in banner; one, two cannot tell"), "{status}");
}

#[test]
fn a_wrong_key_behind_a_relay_is_not_believed() {
    let Some(ground) = Ground::new("") else { return };
    // The far server is known by the keys of another one.
    ground.write(ground.relays[0].host_keys());
    ground.way.cut_own_path(true);
    let (shown, status) = ground.status();
    shown.assert_code(10);
    assert_eq!(outcomes(&status), ["no word", "no word"], "{status}");
    let node = &status["nodes"][2];
    assert_eq!((&node["via"], &node["observed"]), (&Value::Null, &Value::Null), "{node}");
    assert_eq!(node["relays"][0]["reason"], "host key changed", "{node}");
}

/// Reads documents until one is as wanted.
fn wait_for(lines: &mut Lines<BufReader<ChildStdout>>, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    for line in lines {
        let status: Value = serde_json::from_str(&line.expect("a line")).expect("a line is a document");
        if is_wanted(&status["nodes"][2]) {
            return status;
        }
        assert!(Instant::now() < deadline, "never {what}: {status}");
    }
    panic!("the output ended before {what}");
}

/// Through whom the third node answers in some documents that follow, and the seconds between one and the next.
fn rounds(lines: &mut Lines<BufReader<ChildStdout>>) -> (Vec<Value>, Vec<f64>) {
    let read = |line: std::io::Result<String>| serde_json::from_str(&line.expect("a line")).expect("a document");
    let documents: Vec<Value> = lines.take(6).map(read).collect();
    let at = |status: &Value| status["at"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
    let rounds_s = documents.windows(2).map(|pair| at(&pair[1]).duration_since(at(&pair[0])).as_secs_f64()).collect();
    (documents.iter().map(|status| status["nodes"][2]["via"].clone()).collect(), rounds_s)
}

#[test]
fn a_relay_that_dies_in_use_is_replaced_and_one_no_longer_needed_is_left() {
    let Some(ground) = Ground::new("") else { return };
    ground.write(ground.far.host_keys());
    ground.way.cut_own_path(true);
    let mut m3m = ground.home.m3m(["status", "--every=100ms", "--timeout", "9s", "-o", "json"]);
    let mut m3m = Running(m3m.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("start m3m"));
    let mut lines = BufReader::new(m3m.0.stdout.take().expect("a pipe")).lines();

    let stands = |node: &Value| node["via"].is_string() && node["fresh_connection"] == false;
    wait_for(&mut lines, "a relay that stands", stands);
    // A node that was late in the last round is not waited for once more: a third of the timeout would pass.
    let (vias, rounds_s) = rounds(&mut lines);
    assert!(vias.iter().all(|via| *via == vias[0]), "one relay that serves is kept: {vias:?}");
    assert!(rounds_s.iter().any(|round_s| *round_s < 2.9), "each waits for the node's own path: {rounds_s:?}");

    let index = usize::from(vias[0] == "two");
    ground.relays[index].signal(Signal::KILL);
    let other = if index == 0 { "two" } else { "one" };
    wait_for(&mut lines, "the other relay", |node| node["via"] == other);

    ground.way.cut_own_path(false);
    wait_for(&mut lines, "its own path", |node| node["via"].is_null() && node["state"] == "up");
    ground.far.signal(Signal::KILL);
    wait_for(&mut lines, "silence", |node| node["state"] == "silent" || node["state"] == "refuses");
}

#[test]
fn a_command_runs_once_through_another_node() {
    let Some(ground) = Ground::new("") else { return };
    ground.write(ground.far.host_keys());
    ground.way.cut_own_path(true);
    let line = "echo ran >>\"$HOME/ran\"; echo out";
    for nodes in ["one,two,three", "three"] {
        let ended = ground.home.run(["exec", "--connect-timeout", "8s", "-n", nodes, "--", line]);
        assert_eq!(ended.assert_code(0).stdout, format!("{nodes}: out\n"), "{ended}");
        assert!(ended.stderr.starts_with("m3m: three: reached through "), "{ended}");
    }
    assert_eq!(std::fs::read_to_string(ground.far.home().join("ran")).expect("the trace"), "ran\nran\n");
}
