//! Nodes that do not do as they should: each has a clear reason, within the deadline, and harms no other.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::cell_file::{CellFile, furnish, repository};
use crate::hostile::{self, Deaf, Manner};
use crate::many_faced::ManyFaced;
use crate::proxy::Proxy;
use crate::real_ssh::{SLACK, assert_silent, assert_up, row};
use crate::sshd::{Options, Sshd, available, free_port, keygen, public_key};
use crate::support::{Finished, Home, until};

/// How long m3m gives a node here. Also the good ones, on a crowded machine.
const TIMEOUT_S: u64 = 8;

/// How long anything may take that has no deadline of its own.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Two good servers, PRIMARY and BRAIN, beside which the others are tried.
pub struct Ground {
    pub home: Home,
    key: String,
    good: [Sshd; 2],
}

impl Ground {
    /// Nothing, aloud, where no server can be started.
    #[track_caller]
    pub fn new() -> Option<Self> {
        if !available() {
            return None;
        }
        let home = Home::new();
        let key = public_key(&keygen(home.path(), "ed25519", "identity", ""));
        let good = [true, false].map(|is_primary| {
            let server = Sshd::start(&Options { authorized_keys: Some(&key), ..Options::default() });
            furnish(&server, is_primary);
            server
        });
        Some(Self { home, key, good })
    }

    pub fn cell(&self) -> CellFile<'_> {
        let [primary, brain] = &self.good;
        CellFile::new(&self.home).server("primary", primary).server("brain", brain)
    }

    /// A further server, with a repository, that the cell's key gets into.
    #[track_caller]
    pub fn start(&self, options: &Options) -> Sshd {
        let server = Sshd::start(&Options { authorized_keys: Some(&self.key), ..*options });
        furnish(&server, false);
        server
    }

    /// `m3m status` of a cell with servers that run a script in place of the probe, which is in
    /// `$SSH_ORIGINAL_COMMAND`.
    #[track_caller]
    fn status_with_liars(&self, liars: &[(&str, &str)]) -> Finished {
        let servers: Vec<Sshd> = liars
            .iter()
            .map(|(_, script)| self.start(&Options { force_command: Some(script), ..Options::default() }))
            .collect();
        let named = liars.iter().zip(&servers);
        named.fold(self.cell(), |cell, ((name, _), server)| cell.server(name, server)).write();
        self.status()
    }

    /// `m3m status`, which must keep its deadline and see the good servers.
    #[track_caller]
    pub fn status(&self) -> Finished {
        let start = Instant::now();
        let shown = self.home.run(["status", "--timeout", &format!("{TIMEOUT_S}s")]);
        assert!(start.elapsed() < Duration::from_secs(TIMEOUT_S) + SLACK, "{:?}: {shown}", start.elapsed());
        assert_up(&shown, "primary");
        assert_up(&shown, "brain");
        shown
    }
}

#[test]
fn ports_without_a_working_ssh_server() {
    let Some(ground) = Ground::new() else { return };
    let manners = [
        ("mute", Manner::Mute, "timeout in banner"),
        ("stalled", Manner::BannerThenMute, "timeout in kex"),
        ("hung-up", Manner::Close, "closed in banner"),
        ("lost", Manner::BannerThenClose, "closed in kex"),
    ];
    let servers: Vec<_> = manners.iter().map(|(_, manner, _)| hostile::start(*manner)).collect();
    let deaf = Deaf::start();
    let mut cell = ground.cell();
    for ((name, ..), server) in manners.iter().zip(&servers) {
        cell = cell.node(name, server.port(), "", "/nowhere".as_ref());
    }
    let closed = free_port();
    cell = cell.node("closed", closed, "", "/nowhere".as_ref()).node("deaf", deaf.port(), "", "/nowhere".as_ref());
    cell.write();
    let shown = ground.status();
    shown.assert_code(10);
    for (name, manner, reason) in manners {
        let hint = match manner {
            Manner::Mute | Manner::BannerThenMute => "accepts connections and then stalls",
            _ => "sshd hung up",
        };
        assert_silent(&shown, name, reason, hint);
    }
    assert_silent(&shown, "closed", "refused", &format!("nothing listens on 127.0.0.1:{closed}"));
    assert_silent(&shown, "deaf", "timeout in connect", "deaf is off, or its whole network is");
}

#[test]
fn ports_that_talk_nonsense() {
    let Some(ground) = Ground::new() else { return };
    let manners = [
        ("http", Manner::Http, "banner: not SSH but HTTP/1.1 400 Bad Request", "really the sshd of http?"),
        ("garbage", Manner::BannerThenGarbage, "kex: no algorithm in common", "really the sshd"),
        ("preamble", Manner::EndlessPreamble, "timeout in banner", "stalls"),
        ("throttled", Manner::Throttled, "turned away: Exceeded MaxStartups", "is somebody guessing passwords?"),
        ("strained", Manner::ThrottledThenMute, "turned away: Exceeded MaxStartups", "is somebody guessing passwords?"),
        ("shunned", Manner::Shunned, "turned away: Not allowed at this time", "shuns this machine for a while"),
        ("huge", Manner::BannerThenHugePacket, "kex: no algorithm in common", "really the sshd"),
    ];
    let servers: Vec<_> = manners.iter().map(|(_, manner, ..)| hostile::start(*manner)).collect();
    let cell = manners
        .iter()
        .zip(&servers)
        .fold(ground.cell(), |cell, ((name, ..), server)| cell.node(name, server.port(), "", "/nowhere".as_ref()));
    cell.write();
    let shown = ground.status();
    shown.assert_code(10);
    for (name, _, reason, hint) in manners {
        assert_silent(&shown, name, reason, hint);
    }
}

#[test]
fn no_algorithm_in_common() {
    let Some(ground) = Ground::new() else { return };
    let config = "KexAlgorithms sntrup761x25519-sha512@openssh.com";
    let server = Sshd::start(&Options { authorized_keys: Some(&ground.key), config, ..Options::default() });
    ground.cell().server("modern", &server).write();
    let shown = ground.status();
    shown.assert_code(10);
    // sshd hangs up at the same moment: where that is seen first, libssh2 does not say what came before.
    let reasons = ["cannot be observed: kex: no algorithm in common", "does not answer: closed in kex"];
    let said = |reason: &&str| shown.stdout.contains(&format!("! modern {reason}"));
    assert!(reasons.iter().any(said), "{shown}");
}

#[test]
fn a_connection_that_goes_silent_in_each_phase() {
    let Some(ground) = Ground::new() else { return };
    // After so many bytes of the server: its banner, its proposal of algorithms, half of what follows.
    let cuts = [("in-banner", 5), ("in-kex", 200), ("later", 1900)];
    let proxies = cuts.map(|(_, bytes)| {
        let proxy = Proxy::start(ground.good[1].port(), Duration::ZERO);
        proxy.go_silent_after(bytes);
        proxy
    });
    let mut cell = ground.cell();
    for ((name, _), proxy) in cuts.iter().zip(&proxies) {
        let keys = ground.good[1].host_keys().iter();
        let known: Vec<String> = keys.map(|key| format!("[127.0.0.1]:{} {key}\n", proxy.port())).collect();
        cell = cell.known(&known.concat()).node(name, proxy.port(), "", "/nowhere".as_ref());
    }
    cell.write();
    let shown = ground.status();
    shown.assert_code(10);
    assert_silent(&shown, "in-banner", "timeout in banner", "stalls");
    assert_silent(&shown, "in-kex", "timeout in kex", "stalls");
    assert!(row(&shown, "later").contains("timeout in "), "{shown}");
}

#[test]
fn commands_that_never_end() {
    let Some(ground) = Ground::new() else { return };
    let shown = ground.status_with_liars(&[
        ("hang", "exec sleep 1000"),
        ("half", "sh -c \"$SSH_ORIGINAL_COMMAND\" | head -n 3; exec sleep 1000"),
        ("endless", "exec yes"),
        ("noisy", "exec yes >&2"),
    ]);
    shown.assert_code(10);
    assert_silent(&shown, "hang", "timeout in output", "stopped answering");
    assert_silent(&shown, "endless", "output over 64 KiB", "prints without end");
    assert_silent(&shown, "noisy", "output over 64 KiB", "prints without end");
    // What it did say is shown.
    assert!(row(&shown, "half").contains(" timeout in output "), "{shown}");
    assert!(shown.stdout.contains("! half: the answer broke off before it was complete"), "{shown}");
}

#[test]
fn answers_that_are_none() {
    let Some(ground) = Ground::new() else { return };
    let shown = ground.status_with_liars(&[
        ("exits", "exit 7"),
        ("complains", "echo 'This account is currently not available.'; exit 1"),
        ("colors", "printf '\\033[2J\\033]0;owned\\007\\033[31mred\\033[0m\\n'"),
        ("bytes", "printf '\\377\\376\\200 bytes\\n'"),
        ("killed", "kill -9 $$"),
    ]);
    shown.assert_code(10);
    let hint = "m3m needs a POSIX sh behind the login shell";
    assert_silent(&shown, "exits", "garbled: exit 7 and no answer", hint);
    assert_silent(&shown, "complains", "garbled: exit 1, This account is currently not available.", hint);
    assert_silent(&shown, "colors", "garbled: red", hint);
    assert_silent(&shown, "bytes", "garbled: \u{fffd}\u{fffd}\u{fffd} bytes", hint);
    assert_silent(&shown, "killed", "garbled: no answer", hint);
    assert!(!shown.stdout.contains('\u{1b}'), "no escape sequence gets through: {shown}");
}

#[test]
fn a_login_shell_that_talks_first_does_no_harm() {
    let Some(ground) = Ground::new() else { return };
    let banner = "echo Welcome to the machine; echo WARNING >&2; echo; sh -c \"$SSH_ORIGINAL_COMMAND\"";
    let chatty = format!("{banner}; echo Bye");
    let colorful = format!("printf '\\033[1m'; printf '\\377\\n'; {banner}");
    // Late, so that others are asked to reach it; it answers itself all the same.
    let late = "sleep 3.5; sh -c \"$SSH_ORIGINAL_COMMAND\"";
    let shown = ground.status_with_liars(&[("chatty", &chatty), ("colorful", &colorful), ("late", late)]);
    shown.assert_code(0);
    assert_up(&shown, "late");
    assert_up(&shown, "chatty");
    assert_up(&shown, "colorful");
    assert!(!shown.stdout.contains("Welcome"), "{shown}");
}

#[test]
fn what_start_up_files_leave_running_is_not_waited_for_and_does_not_turn_the_clock() {
    let Some(ground) = Ground::new() else { return };
    let run = "sh -c \"$SSH_ORIGINAL_COMMAND\"";
    let (held, slow) = (format!("sleep 1000 & {run}"), format!("echo Welcome; sleep 3; {run}"));
    let shown = ground.status_with_liars(&[("held", &held), ("slow", &slow)]);
    shown.assert_code(0);
    assert_up(&shown, "held");
    assert_up(&shown, "slow");
}

#[test]
fn a_server_that_prints_a_banner_before_authentication() {
    let Some(ground) = Ground::new() else { return };
    let text = ground.home.write("issue", "Authorized use only.\n".repeat(20));
    let config = format!("Banner {}", text.display());
    let server = Sshd::start(&Options { authorized_keys: Some(&ground.key), config: &config, ..Options::default() });
    furnish(&server, false);
    ground.cell().server("stern", &server).write();
    ground.status().assert_code(0);
}

#[test]
fn many_nodes_behind_one_server_that_lets_few_log_in_at_a_time() {
    let home = Home::new();
    let Some(server) = available().then(|| {
        let key = keygen(home.path(), "ed25519", "identity", "");
        ManyFaced::start(&[&key], "MaxStartups 2:100:2", 12)
    }) else {
        return;
    };
    let names: Vec<String> = (0..12).map(|index| format!("n{index}")).collect();
    let nodes: Vec<_> = names.iter().map(|name| (name.as_str(), String::new())).collect();
    server.cell(&home, &nodes).write();
    let shown = home.run(["status", "--timeout", "60s"]);
    for name in &names {
        assert_up(&shown, name);
    }
    assert!(server.server.log().contains("past MaxStartups"), "it did turn some away: {}", server.server.log());
}

#[test]
fn a_standing_connection_that_goes_silent() {
    let Some(ground) = Ground::new() else { return };
    let brain = &ground.good[1];
    let proxy = Proxy::start(brain.port(), Duration::ZERO);
    let keys = brain.host_keys().iter();
    let known: Vec<String> = keys.map(|key| format!("[127.0.0.1]:{} {key}\n", proxy.port())).collect();
    ground.cell().known(&known.concat()).node("far", proxy.port(), "", &repository(brain)).write();
    let mut m3m = ground.home.m3m(["status", "--every=100ms", "--timeout", "5s", "-o", "json"]);
    let mut running = m3m.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (sender, documents) = channel();
    let lines = BufReader::new(running.stdout.take().unwrap()).lines().map_while(Result::ok);
    std::thread::spawn(move || lines.map(|line| sender.send(line)).find(Result::is_err));
    let seen = |what: &str, is_it: &dyn Fn(&serde_json::Value) -> bool| {
        let document = || serde_json::from_str(&documents.recv_timeout(TIMEOUT).ok()?).ok();
        until(what, TIMEOUT, || document().filter(|status: &serde_json::Value| is_it(&status["nodes"][2])))
    };
    seen("a standing connection", &|far| far["state"] == "up" && far["fresh_connection"] == false);
    proxy.go_silent();
    let status = seen("silence", &|far| far["state"] == "silent");
    assert!(status["nodes"][2]["reason"].as_str().unwrap().starts_with("timeout in "), "{status}");
    assert_eq!((&status["nodes"][0]["state"], &status["nodes"][1]["state"]), (&"up".into(), &"up".into()), "{status}");
    running.kill().unwrap();
    running.wait().unwrap();
}
