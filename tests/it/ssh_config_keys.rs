//! Keys and host keys as the configuration of OpenSSH's client says: which agent, which files, what is recorded.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::agent::Agent;
use crate::real_ssh::{SLACK, assert_silent, assert_up};
use crate::ssh_config::{Configured, aliased};
use crate::sshd::{available, keygen, public_key};
use crate::support::finish;

const FIVE: [&str; 5] = ["one", "two", "three", "four", "five"];

fn five() -> [(&'static str, &'static str); 5] {
    FIVE.map(|name| (name, ""))
}

#[test]
fn agents_and_the_keys_that_may_be_used() {
    if !available() {
        return;
    }
    let there = Configured::start(&["ed25519"], "", &["right"]);
    let dir = there.home.path();
    let wrong: Vec<_> = (0..7).map(|index| keygen(dir, "ed25519", &format!("wrong{index}"), "")).collect();
    let right = dir.join("right");
    let keys: Vec<_> = wrong.iter().chain([&right]).map(AsRef::as_ref).collect();
    let agent = Agent::start(dir, &keys);
    there.home.write("public/right.pub", public_key(&right));
    there.home.write("known_hosts", FIVE.map(|name| there.known(name, 0)).concat());
    let mute = UnixListener::bind(dir.join("mute")).expect("a socket that accepts and says nothing");
    let own = "Host one two\n IdentityAgent {home}/agent.sock\nHost one\n IdentityFile {home}/public/right\n \
               IdentitiesOnly yes\nHost two\n IdentityFile none\nHost three\n IdentityAgent {home}/mute\n \
               IdentityFile none\nHost four\n IdentityAgent none\n IdentityFile {home}/right\nHost five\n \
               IdentityAgent $AGENT\n IdentityFile {home}/public/right.pub\n";
    there.cell(&five(), &aliased(&FIVE, own).replace(" IdentityFile {identity}\n", ""));
    let start = Instant::now();
    let shown = finish(
        there.home.m3m(["status", "--timeout", "8s"]).env("AGENT", agent.socket()).env("SSH_AUTH_SOCK", "/nowhere"),
    );
    assert!(start.elapsed() < Duration::from_secs(8) + SLACK, "{:?}", start.elapsed());
    assert_up(&shown, "one");
    let advice = "name the right one with ssh.identity in the inventory, or with IdentityFile and IdentitiesOnly";
    assert_silent(&shown, "two", "auth: no key accepted", advice);
    let said = format!("the agent behind {} does not answer", dir.join("mute").display());
    assert_silent(&shown, "three", "auth: no key to offer", &said);
    assert_up(&shown, "four");
    assert_up(&shown, "five");
    drop(mute);
}

/// An agent that lists the keys of another one and signs nothing.
fn unsigning(path: &Path, listed_by: &Path) {
    const LIST: u8 = 11;
    let (listener, listed_by) = (UnixListener::bind(path).expect("a socket"), listed_by.to_owned());
    // It ends with the tests.
    std::thread::spawn(move || {
        let mut waiting = Vec::new();
        for mut client in listener.incoming().flatten() {
            let mut request = [0; 5];
            while client.read_exact(&mut request).is_ok() && request[4] == LIST {
                let mut other = UnixStream::connect(&listed_by).expect("the other agent");
                other.write_all(&request).expect("asked");
                let mut length = [0; 4];
                other.read_exact(&mut length).expect("a length");
                let mut keys = vec![0; u32::from_be_bytes(length) as usize];
                other.read_exact(&mut keys).expect("the keys");
                client.write_all(&[&length[..], &keys].concat()).expect("told");
            }
            waiting.push(client);
        }
    });
}

#[test]
fn an_agent_that_does_not_sign_is_named() {
    if !available() {
        return;
    }
    let there = Configured::start(&["ed25519"], "", &["right"]);
    let dir = there.home.path();
    let agent = Agent::start(dir, &[&dir.join("right")]);
    unsigning(&dir.join("waits"), agent.socket());
    there.home.write("known_hosts", FIVE.map(|name| there.known(name, 0)).concat());
    let own = "Host one\n IdentityAgent {home}/waits\nHost *\n IdentityAgent {home}/agent.sock\n";
    there.cell(&five(), &aliased(&FIVE, own).replace(" IdentityFile {identity}\n", " IdentityFile none\n"));
    let shown = there.home.run(["status", "--timeout", "5s"]);
    let said = format!("the agent behind {} does not sign", dir.join("waits").display());
    assert_silent(&shown, "one", "auth: agent is silent", &said);
    assert_up(&shown, "two");
}

#[test]
fn a_server_that_wants_more_than_a_key() {
    if !available() {
        return;
    }
    let more = "PasswordAuthentication yes\nAuthenticationMethods publickey,password\n";
    let there = Configured::start(&["ed25519"], more, &[]);
    there.home.write("known_hosts", FIVE.map(|name| there.known(name, 0)).concat());
    there.cell(&five(), &aliased(&FIVE, ""));
    assert_silent(&there.status(), "one", "auth: no key accepted", "the server wants password");
}

#[test]
fn new_host_keys_are_recorded_once() {
    if !available() {
        return;
    }
    let there = Configured::start(&["ed25519"], "", &["right", "other"]);
    let file = there.home.path().join("new/known_hosts");
    let own = "Host *\n StrictHostKeyChecking accept-new\n UserKnownHostsFile {home}/new/known_hosts\n IdentityFile \
               {home}/right\n";
    there.cell(&five(), &aliased(&FIVE, own));
    let all_up = || {
        let shown = there.status();
        for node in FIVE {
            assert_up(&shown, node);
        }
        assert_eq!(shown.stderr, "");
        std::fs::read_to_string(&file).unwrap()
    };
    // All five at once, into a file and a directory that are not there.
    let mut recorded: Vec<String> = all_up().lines().map(str::to_owned).collect();
    recorded.sort();
    let mut expected = FIVE.map(|name| there.known(name, 0).trim().to_owned());
    expected.sort();
    assert_eq!(recorded, expected);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    // Another key, a revoked one, and a last line without its end.
    let other = public_key(&there.home.path().join("other"));
    let text = format!("one {other}\n@revoked two {}\n{}", there.server.host_keys()[0], there.known("four", 0).trim());
    std::fs::write(&file, &text).unwrap();
    let shown = there.status();
    assert_silent(&shown, "one", "host key changed", "known_hosts:1 says otherwise");
    assert_silent(&shown, "two", "host key revoked", "known_hosts:2 revokes the key");
    for node in ["three", "four", "five"] {
        assert_up(&shown, node);
    }
    let after = std::fs::read_to_string(&file).unwrap();
    assert!(after.starts_with(&(text + "\n")) && after.lines().count() == 5 && after.ends_with('\n'), "{after}");

    std::fs::remove_file(&file).unwrap();
    there.cell(&five(), &aliased(&FIVE, &format!("HashKnownHosts yes\n{own}")));
    let hashed = all_up();
    assert!(hashed.lines().count() == 5 && hashed.lines().all(|line| line.starts_with("|1|")), "{hashed}");
    let found = finish(Command::new("ssh-keygen").args(["-F", "three", "-f"]).arg(&file));
    assert!(found.assert_code(0).stdout.contains(there.known("", 0).trim()), "{found}");
    assert_eq!(all_up(), hashed, "the second time nothing is added");
}

#[test]
fn revoked_host_keys_are_refused_wherever_they_are_recorded() {
    if !available() {
        return;
    }
    let there = Configured::start(&["ed25519"], "", &["other"]);
    let (own_key, other) = (there.server.host_keys()[0].clone(), public_key(&there.home.path().join("other")));
    there.home.write("known_hosts", FIVE.map(|name| there.known(name, 0)).concat());
    there.home.write("own", format!("# gone\n\n{own_key}\n"));
    there.home.write("others", other);
    let config = "Host one two\n RevokedHostKeys {home}/own\nHost three\n RevokedHostKeys {home}/others\nHost four\n \
                  RevokedHostKeys none\nHost *\n IdentityFile {home}/other\n";
    let pin = format!("host_key: {}", there.known("", 0).trim());
    there.cell(&FIVE.map(|name| (name, if name == "two" { pin.as_str() } else { "" })), &aliased(&FIVE, config));
    let shown = there.status();
    for revoked in ["one", "two"] {
        assert_silent(&shown, revoked, "host key revoked", "/own:3 revokes the key");
    }
    for node in ["three", "four", "five"] {
        assert_up(&shown, node);
    }
    // What cannot be read might revoke any key.
    for (text, why) in [(Some("SSHKRL\n"), "it is a revocation list"), (None, "No such file")] {
        std::fs::remove_file(there.home.path().join("own")).unwrap();
        if let Some(text) = text {
            there.home.write("own", text);
        }
        let refused = there.status();
        assert!(refused.assert_code(3).stderr.contains(why), "{refused}");
    }
}

#[test]
fn m3m_ssh_treats_new_host_keys_alike() {
    if !available() {
        return;
    }
    let there = Configured::start(&["ed25519"], "", &[]);
    let own = "Host one\n StrictHostKeyChecking accept-new\nHost two\n StrictHostKeyChecking no\nHost three\n \
               StrictHostKeyChecking ask\nHost four\n StrictHostKeyChecking accept-new\n";
    let pin = format!("host_key: {}", there.known("", 0).trim());
    there.cell(&FIVE.map(|name| (name, if name == "four" { pin.as_str() } else { "" })), &aliased(&FIVE, own));
    let file = there.home.path().join("known_hosts");
    for (node, code, recorded) in [("one", 0, true), ("two", 0, true), ("three", 255, false), ("four", 0, false)] {
        let shown = there.home.run(["ssh", node, "--", "true"]);
        shown.assert_code(code);
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(text.contains(&format!("{node} ssh-")), recorded, "{node}: {text} {shown}");
    }
    // Not even then does a changed key pass.
    std::fs::write(&file, format!("two {}\n", public_key(&keygen(there.home.path(), "ed25519", "other", "")))).unwrap();
    there.home.run(["ssh", "two", "--", "true"]).assert_code(255);
}

#[test]
fn a_key_that_cannot_be_recorded_is_not_accepted() {
    if !available() {
        return;
    }
    let there = Configured::start(&["ed25519"], "", &[]);
    let own = "Host one\n UserKnownHostsFile /dev/null\nHost two\n UserKnownHostsFile none\nHost three\n \
               UserKnownHostsFile /proc/nowhere/known_hosts\nHost four\n StrictHostKeyChecking yes\nHost *\n \
               StrictHostKeyChecking no\n GlobalKnownHostsFile none\n";
    there.cell(&five(), &aliased(&FIVE, own));
    let shown = there.status();
    assert!(shown.stderr.contains("StrictHostKeyChecking no of ssh's configuration counts as accept-new"), "{shown}");
    assert_silent(&shown, "one", "host key not recorded", "/dev/null: it is no file that could keep it");
    assert_silent(&shown, "two", "host key not recorded", "names no file for it");
    assert_silent(&shown, "three", "host key not recorded", "/proc/nowhere/known_hosts: ");
    assert_silent(&shown, "four", "host key unknown", "then record that as four in ");
    assert_up(&shown, "five");
    assert_eq!(std::fs::read_to_string(there.home.path().join("known_hosts")).unwrap(), there.known("five", 0));
    assert_eq!(there.server.log().matches("Accepted publickey").count(), 1, "no key is offered to the others");
}
