//! `m3m check` on real OpenSSH servers.

use std::process::Command;

use serde_json::Value;

use crate::cell_file::{CellFile, furnish, repository};
use crate::five::{Five, NAMES};
use crate::sshd::{Options, Sshd, available, keygen, public_key};
use crate::support::{Home, skipped};

/// What came of a check of a node, and what is said of it.
#[track_caller]
fn found(json: &Value, node: &str, check: &str) -> (String, String) {
    let of = |list: &Value, key: &str, value: &str| {
        let list = list.as_array().expect("a list");
        list.iter().find(|item| item[key] == value).cloned().unwrap_or_else(|| panic!("no {value}: {json:#}"))
    };
    let found = of(&of(&json["nodes"], "name", node)["checks"], "check", check);
    let word = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (word("outcome"), format!("{} hint: {}", word("text"), word("hint")))
}

#[track_caller]
fn assert_found(json: &Value, node: &str, check: &str, outcome: &str, said: &str) {
    let (came, text) = found(json, node, check);
    assert_eq!(came, outcome, "{node} {check}: {text}\n{json:#}");
    assert!(text.contains(said), "{node} {check}: {said:?} in {text:?}");
}

/// Two servers as they come, PRIMARY and BRAIN, beside which the others are checked.
struct Ground {
    home: Home,
    key: String,
    good: [Sshd; 2],
}

impl Ground {
    /// Nothing, aloud, where no server can be started.
    #[track_caller]
    fn new() -> Option<Self> {
        if !available() {
            return None;
        }
        let home = Home::new();
        let key = public_key(&keygen(home.path(), "ed25519", "identity", ""));
        let good = [true, false].map(|is_primary| start(&key, &Options::default(), is_primary));
        Some(Self { home, key, good })
    }

    fn start(&self, options: &Options<'_>) -> Sshd {
        start(&self.key, options, false)
    }

    fn cell(&self) -> CellFile<'_> {
        let [one, two] = &self.good;
        CellFile::new(&self.home).server("one", one).server("two", two)
    }
}

fn start(key: &str, options: &Options<'_>, is_primary: bool) -> Sshd {
    let authorized_keys = options.authorized_keys.or(Some(key));
    let server = Sshd::start(&Options { authorized_keys, ..*options });
    furnish(&server, is_primary);
    server
}

/// `m3m check` of the home's inventory; it exits as its verdict says.
#[track_caller]
fn check(home: &Home) -> Value {
    let shown = home.run(["check", "-o", "json", "--timeout", "20s"]);
    let json: Value = serde_json::from_str(&shown.stdout).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(shown.code(), if json["ready"] == true { 0 } else { 10 }, "{json:#}");
    json
}

#[test]
fn five_servers_lack_nothing() {
    if !available() {
        return;
    }
    let five = Five::start(&Options::default());
    five.home.run(["init"]).assert_code(0);
    let json = check(&five.home);
    assert_eq!((&json["ready"], &json["verdict"]), (&true.into(), &"READY".into()), "{json:#}");
    for name in NAMES {
        assert_found(&json, name, "relays", "ok", "4 of 4");
        assert_found(&json, name, "write", "ok", "references");
        assert_found(&json, name, "boot", "unknown", "");
    }
}

#[test]
fn doors_that_are_closed() {
    let Some(ground) = Ground::new() else { return };
    let stranger = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbmIvGVYhzPSSeHFC4JVs0oVv5WLNKkf3oC3SdwRbXL stranger";
    let silent = ground.start(&Options { config: "AllowTcpForwarding no\n", ..Options::default() });
    let strict = ground.start(&Options { authorized_keys: Some(stranger), ..Options::default() });
    let other = ground.start(&Options::default());
    // Another key than the one that it shows.
    let known = format!("{} {}\n", other.known_name(), silent.host_keys()[0]);
    let cell = ground.cell().server("silent", &silent).server("strict", &strict).known(&known);
    cell.node("other", other.port(), "", &repository(&other)).write();
    let json = check(&ground.home);
    assert_found(&json, "silent", "forwarding", "cross", "forbidden hint: allow it in sshd_config (AllowTcpForwarding");
    assert_found(&json, "silent", "relays", "ok", "2 of 2");
    assert_found(&json, "one", "forwarding", "ok", "allowed");
    assert_found(&json, "strict", "auth", "cross", "no key accepted hint: does the user's authorized_keys");
    assert_found(&json, "strict", "host_key", "ok", "");
    assert_found(&json, "strict", "login_shell", "unknown", "");
    assert_found(&json, "strict", "relays", "ok", "2 of 2");
    assert_found(&json, "other", "host_key", "cross", "host key changed");
    assert_found(&json, "other", "auth", "unknown", "");
}

#[test]
fn login_shells() {
    let Some(ground) = Ground::new() else { return };
    let mut shells = vec![
        ("greets", "echo Welcome; exec sh -c \"$SSH_ORIGINAL_COMMAND\""),
        ("slow", "sleep 0.6; exec sh -c \"$SSH_ORIGINAL_COMMAND\""),
        ("locked", "echo 'This account is currently not available.'; exit 1"),
    ];
    let strange = [
        ("tcsh", "SHELL=/bin/tcsh exec tcsh -c \"$SSH_ORIGINAL_COMMAND\""),
        ("fish", "SHELL=/bin/fish exec fish -c \"$SSH_ORIGINAL_COMMAND\""),
    ];
    let is_there = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let (there, missing): (Vec<_>, Vec<_>) = strange.into_iter().partition(|(name, _)| is_there(name));
    for (name, _) in missing {
        skipped(&format!("there is no {name}"));
    }
    shells.extend(&there);
    let start = |script| ground.start(&Options { force_command: Some(script), ..Options::default() });
    let servers: Vec<Sshd> = shells.iter().map(|(_, script)| start(script)).collect();
    let named = shells.iter().zip(&servers);
    named.fold(ground.cell(), |cell, ((name, _), server)| cell.server(name, server)).write();
    let json = check(&ground.home);
    assert_found(
        &json,
        "greets",
        "login_shell",
        "cross",
        "prints something before any answer: Welcome hint: git cannot",
    );
    assert_found(&json, "greets", "write", "ok", "");
    assert_found(&json, "slow", "login_shell", "warn", "starts within ");
    assert_found(&json, "locked", "login_shell", "cross", "This account is currently not available.");
    assert_found(&json, "locked", "auth", "ok", "");
    for (name, _) in there {
        assert_found(&json, name, "login_shell", "ok", &format!("/bin/{name}, starts within "));
        assert_found(&json, name, "write", "ok", "files, objects, references");
    }
}
