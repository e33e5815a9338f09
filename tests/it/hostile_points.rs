//! Servers that are hostile at each point of the protocol: m3m keeps its deadline, says where and why, and the other
//! nodes are as they were.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cell_file::CellFile;
use crate::processes::Peaks;
use crate::real_ssh::SLACK;
use crate::scripted::{Manner, Point, Script, Scripted, client_key};
use crate::support::{Home, wait};

/// How long m3m gives a node here. Also the good ones, on a crowded machine.
const TIMEOUT_S: u64 = 6;

/// The most memory that m3m may hold resident, in KiB, whatever servers send.
const PEAK_KIB_MAX: u64 = 60 * 1024;

/// Two good servers, PRIMARY and BRAIN, and hostile ones beside them.
pub struct Cell {
    pub home: Home,
    /// Held: the nodes run as long.
    _good: [Scripted; 2],
    pub hostile: Vec<(Script, Scripted)>,
}

impl Cell {
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let home = Home::new();
        home.write("identity", client_key());
        let good = [Scripted::start(None), Scripted::start(None)];
        std::fs::write(good[0].home().join("service"), "").expect("PRIMARY runs the service");
        let hostile: Vec<_> = scripts.into_iter().map(|script| (script, Scripted::start(Some(script)))).collect();
        let mut cell = CellFile::new(&home);
        for (index, server) in good.iter().chain(hostile.iter().map(|(_, server)| server)).enumerate() {
            let name = format!("n{index}");
            cell = cell.known(&server.known_hosts()).node(&name, server.port(), "", server.home());
        }
        cell.write();
        Self { home, _good: good, hostile }
    }

    /// `m3m status`, which must keep its deadline and see the good servers; then what it says of each hostile one.
    #[track_caller]
    fn status(&self) -> Vec<(Script, Said)> {
        let mut m3m = self.home.m3m(["status", "--timeout", &format!("{TIMEOUT_S}s"), "-o", "json"]);
        let start = Instant::now();
        let running = m3m.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start m3m");
        let peaks = Peaks::watch(running.id());
        let shown = wait(running, Duration::from_secs(TIMEOUT_S) + SLACK);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(TIMEOUT_S) + SLACK, "{took:?}: {shown}");
        let peaks = peaks.join().expect("the look at m3m");
        assert!(peaks.resident_kib < PEAK_KIB_MAX, "{peaks:?}: {shown}");
        shown.assert_code(10);
        assert_eq!(shown.stderr, "");
        let status: Value = serde_json::from_str(&shown.stdout).unwrap();
        let nodes = status["nodes"].as_array().unwrap();
        assert!(nodes[..2].iter().all(|node| node["state"] == "up"), "{shown}");
        let said = nodes[2..].iter().map(|node| Said::of(node, &status));
        self.hostile.iter().map(|(script, _)| *script).zip(said).collect()
    }
}

/// What m3m says of a node.
#[derive(Debug)]
struct Said {
    /// Why it gave no answer; `up` where it did.
    reason: String,
    /// The hints below the table, in one.
    hints: String,
}

impl Said {
    fn of(node: &Value, status: &Value) -> Self {
        let reason = if node["state"] == "up" { "up" } else { node["reason"].as_str().expect("a reason") };
        let warnings = status["warnings"].as_array().expect("warnings").iter();
        let own = warnings.filter(|warning| warning["node"] == node["name"]);
        let hints: Vec<&str> = own.filter_map(|warning| warning["hint"].as_str()).collect();
        Self { reason: reason.to_owned(), hints: hints.join("; ") }
    }

    #[track_caller]
    fn assert(&self, script: Script, reasons: &[&str], hint: &str) {
        assert!(reasons.contains(&self.reason.as_str()), "{script:?}: not {reasons:?}: {self:?}");
        assert!(self.reason == "up" || self.hints.contains(hint), "{script:?}: no {hint:?}: {self:?}");
    }
}

/// What is said of a server that does so at each point: one of these reasons, and a hint that holds this.
type Expected = (Point, &'static [&'static str], &'static str);

/// Tries a manner at every point.
#[track_caller]
fn at_every_point(manner: Manner, expected: &[Expected]) {
    let cell = Cell::new(expected.iter().map(|(point, ..)| Script { point: *point, manner }));
    for ((script, said), (_, reasons, hint)) in cell.status().iter().zip(expected) {
        said.assert(*script, reasons, hint);
    }
}

#[test]
fn hanging_at_each_point() {
    const STALLS: &str = "accepts connections and then stalls";
    const SLOW: &str = "slow to authenticate";
    const STOPPED: &str = "stopped answering";
    at_every_point(
        Manner::Hang,
        &[
            (Point::Accepted, &["timeout in banner"], STALLS),
            (Point::Banner, &["timeout in kex"], STALLS),
            (Point::Kexinit, &["timeout in kex"], STALLS),
            (Point::KexReply, &["timeout in kex"], STALLS),
            (Point::NewKeys, &["timeout in kex"], STALLS),
            (Point::Service, &["timeout in kex"], STALLS),
            (Point::KeyOffered, &["timeout in auth"], SLOW),
            (Point::Signed, &["timeout in auth"], SLOW),
            (Point::ChannelOpen, &["timeout in channel"], STOPPED),
            (Point::Exec, &["timeout in exec"], STOPPED),
            (Point::Output, &["timeout in output"], STOPPED),
            (Point::MidOutput, &["timeout in output"], STOPPED),
            // The answer is complete: that its channel stays open takes nothing from it.
            (Point::Eof, &["up"], ""),
            (Point::ChannelClose, &["up"], ""),
        ],
    );
}

#[test]
fn closing_at_each_point() {
    const LOG: &str = "sshd hung up: its log says why";
    at_every_point(
        Manner::Close,
        &[
            (Point::Accepted, &["closed in banner"], LOG),
            (Point::Banner, &["closed in kex"], LOG),
            (Point::Kexinit, &["closed in kex"], LOG),
            (Point::KexReply, &["closed in kex"], LOG),
            (Point::NewKeys, &["closed in kex"], LOG),
            (Point::Service, &["closed in kex"], LOG),
            (Point::KeyOffered, &["closed in auth"], LOG),
            (Point::Signed, &["closed in auth"], LOG),
            (Point::ChannelOpen, &["closed in channel"], LOG),
            (Point::Exec, &["closed in exec"], LOG),
            // What was sent just before may be overtaken by the end, and get lost.
            (Point::Output, &["closed in exec", "closed in output"], LOG),
            (Point::MidOutput, &["closed in output"], LOG),
            (Point::Eof, &["closed in output", "up"], LOG),
            (Point::ChannelClose, &["closed in output", "up"], LOG),
        ],
    );
}

#[test]
fn disconnecting_at_each_point() {
    const LOG: &str = "sshd hung up: its log says why";
    const FAREWELL: &[&str] = &["closed in kex", "kex: no algorithm in common"];
    at_every_point(
        Manner::Disconnect,
        &[
            (Point::Accepted, &["closed in banner"], LOG),
            // libssh2 calls a farewell before algorithms are agreed on one without a common one, unless the end is
            // seen first.
            (Point::Banner, FAREWELL, ""),
            (Point::Kexinit, FAREWELL, ""),
            (Point::KexReply, FAREWELL, ""),
            (Point::NewKeys, &["closed in kex"], LOG),
            // What is asked for is granted first: the farewell may be met in either step.
            (Point::Service, &["closed in kex", "closed in auth"], LOG),
            (Point::KeyOffered, &["closed in auth"], LOG),
            (Point::Signed, &["closed in auth", "closed in channel"], LOG),
            (Point::ChannelOpen, &["closed in channel", "closed in exec"], LOG),
            (Point::Exec, &["closed in exec", "closed in output"], LOG),
            (Point::Output, &["closed in exec", "closed in output"], LOG),
            (Point::MidOutput, &["closed in output"], LOG),
            (Point::Eof, &["closed in output", "up"], LOG),
            (Point::ChannelClose, &["closed in output", "up"], LOG),
        ],
    );
}

#[test]
fn refusing_where_the_protocol_has_a_word_for_it() {
    let refusals: [Expected; 4] = [
        (Point::KeyOffered, &["auth: no key accepted"], "does the user's authorized_keys"),
        (Point::Signed, &["auth: no key accepted"], "does the user's authorized_keys"),
        (Point::ChannelOpen, &["channel: channel open failure (resource shortage)"], "runs no command for this user"),
        (
            Point::Exec,
            &["exec: unable to complete request for channel-process-startup"],
            "runs no command for this user",
        ),
    ];
    let cell = Cell::new(refusals.map(|(point, ..)| Script { point, manner: Manner::Refuse }));
    for ((script, said), (_, reasons, hint)) in cell.status().iter().zip(refusals) {
        said.assert(*script, reasons, hint);
    }
}

#[test]
fn floods_end_at_the_limit_or_the_deadline_and_fill_no_memory() {
    const ENDLESS: &str = "prints without end";
    const STOPPED: &str = "stopped answering";
    let floods = [
        (Point::Output, Manner::FloodStdout, "output over 64 KiB", ENDLESS),
        (Point::Output, Manner::FloodStderr, "output over 64 KiB", ENDLESS),
        (Point::Output, Manner::FloodNothing, "timeout in output", STOPPED),
        (Point::Exec, Manner::FloodNothing, "timeout in exec", STOPPED),
        (Point::Exec, Manner::FloodStdout, "timeout in exec", STOPPED),
    ];
    let cell = Cell::new(floods.map(|(point, manner, ..)| Script { point, manner }));
    for ((script, said), (_, _, reason, hint)) in cell.status().iter().zip(floods) {
        said.assert(*script, &[reason], hint);
    }
}

#[test]
fn lies() {
    const SHELL: &str = "m3m needs a POSIX sh behind the login shell";
    let lies = [
        (Point::Output, Manner::Nothing, "garbled: exit 0 and no answer", SHELL),
        (Point::Output, Manner::Garbage, "garbled: ", SHELL),
        // The last line of the answer is what proves its end, not the status.
        (Point::Output, Manner::Status(7), "up", ""),
        (Point::Exec, Manner::Early, "up", ""),
    ];
    let cell = Cell::new(lies.map(|(point, manner, ..)| Script { point, manner }));
    for ((script, said), (_, _, reason, hint)) in cell.status().iter().zip(lies) {
        assert!(said.reason.starts_with(reason), "{script:?}: {said:?}");
        assert!(said.hints.contains(hint) && !said.reason.contains('\u{1b}'), "{script:?}: {said:?}");
    }
}
