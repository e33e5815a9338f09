//! Authentication against real OpenSSH: which keys are offered, and what is said when none gets in.

use std::path::Path;
use std::process::Command;

use crate::agent::Agent;
use crate::cell_file::CellFile;
use crate::many_faced::ManyFaced;
use crate::real_ssh::{assert_silent, assert_up};
use crate::sshd::{available, keygen};
use crate::support::{Finished, Home, finish};

fn identity(path: &Path) -> String {
    format!("identity: {}", path.display())
}

fn status_with_agent(home: &Home, socket: &Path) -> Finished {
    finish(home.m3m(["status"]).env("SSH_AUTH_SOCK", socket))
}

#[test]
fn key_files() {
    if !available() {
        return;
    }
    let home = Home::new();
    let key = |kind: &str, name: &str, passphrase: &str| keygen(home.path(), kind, name, passphrase);
    let (ed25519, ecdsa, rsa) = (key("ed25519", "a", ""), key("ecdsa", "b", ""), key("rsa", "c", ""));
    let (wrong, locked) = (key("ed25519", "wrong", ""), key("ed25519", "locked", "secret"));
    let old = key("rsa", "old", "");
    // The format of before 2018, which OpenSSL reads.
    finish(Command::new("ssh-keygen").args(["-q", "-p", "-P", "", "-N", "", "-m", "PEM", "-f"]).arg(&old))
        .assert_code(0);
    let nodes = [
        ("ed25519", identity(&ed25519)),
        ("ecdsa", identity(&ecdsa)),
        ("rsa", identity(&rsa)),
        ("old", identity(&old)),
        ("wrong", identity(&wrong)),
        ("locked", identity(&locked)),
    ];
    let server = ManyFaced::start(&[&ed25519, &ecdsa, &rsa, &old, &locked], "MaxStartups 100", nodes.len());
    server.cell(&home, &nodes).write_with("");
    // One server stands for all nodes: the service seems to run on each of them.
    let shown = home.run(["status"]);
    shown.assert_code(10);
    for (node, _) in &nodes[..4] {
        assert_up(&shown, node);
    }
    assert_silent(&shown, "wrong", "auth: no key accepted", "authorized_keys on wrong");
    let hint = format!("{} is encrypted: ssh-add it, or run m3m in a terminal", locked.display());
    assert_silent(&shown, "locked", "auth: no key to offer", &hint);
}

#[test]
fn the_usual_files_and_no_files() {
    if !available() {
        return;
    }
    let home = Home::new();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    let usual = keygen(home.path(), "ed25519", ".ssh/id_ed25519", "");
    let server = ManyFaced::start(&[&usual], "", 3);
    server.three(&home).write_with("");
    assert_up(&home.run(["status"]), "three");
    std::fs::remove_file(&usual).unwrap();
    let shown = home.run(["status"]);
    assert_silent(&shown, "three", "auth: no key to offer", "only the public half is here");
    std::fs::remove_file(usual.with_extension("pub")).unwrap();
    let shown = home.run(["status"]);
    shown.assert_code(11);
    assert_silent(&shown, "three", "auth: no key to offer", "start an agent (ssh-add), or set ssh.identity");
}

#[test]
fn an_identity_that_is_none() {
    let home = Home::new();
    let cell = || {
        let nodes = ["one", "two", "three"].iter().zip(1..);
        nodes.fold(CellFile::new(&home), |cell, (name, port)| cell.node(name, port, "", Path::new("/nowhere")))
    };
    cell().write();
    let shown = home.run(["status"]);
    assert!(shown.assert_code(3).stderr.contains("identity: cannot be read"), "{shown}");
    home.write("identity", "ssh-ed25519 AAAA");
    let shown = home.run(["status"]);
    assert!(shown.assert_code(3).stderr.contains("is neither a private nor a public key"), "{shown}");
}

#[test]
fn agents() {
    if !available() {
        return;
    }
    let home = Home::new();
    let key = |name: &str, passphrase: &str| keygen(home.path(), "ed25519", name, passphrase);
    let right = key("right", "");
    let wrong: Vec<_> = (0..7).map(|index| key(&format!("wrong{index}"), "")).collect();
    let server = ManyFaced::start(&[&right], "", 3);
    server.three(&home).write_with("");

    let (few, many) = (home.path().join("few"), home.path().join("many"));
    std::fs::create_dir(&few).unwrap();
    std::fs::create_dir(&many).unwrap();
    // The right key is the last of several.
    let agent = Agent::start(&few, &[&wrong[0], &wrong[1], &right]);
    assert_up(&status_with_agent(&home, agent.socket()), "three");
    // sshd hangs up after six keys.
    let keys: Vec<&Path> = wrong.iter().chain([&right]).map(AsRef::as_ref).collect();
    let crowded = Agent::start(&many, &keys);
    let shown = status_with_agent(&home, crowded.socket());
    shown.assert_code(11);
    assert_silent(&shown, "three", "auth: no key accepted", "hung up after");
    // No agent behind the socket.
    let shown = status_with_agent(&home, &home.path().join("nobody"));
    shown.assert_code(11);
    assert_silent(&shown, "three", "auth: no key to offer", "start an agent");
    // A named identity picks its key out of the crowd.
    server.three(&home).write_with(&format!(", {}", identity(&right)));
    assert_up(&status_with_agent(&home, crowded.socket()), "three");
}

#[test]
fn an_agent_unlocks_an_encrypted_identity() {
    if !available() {
        return;
    }
    let home = Home::new();
    let key = keygen(home.path(), "ed25519", "key", "");
    let agent = Agent::start(home.path(), &[&key]);
    // Encrypted after the agent took it in: the file alone does not help.
    finish(Command::new("ssh-keygen").args(["-q", "-p", "-P", "", "-N", "secret", "-f"]).arg(&key)).assert_code(0);
    let server = ManyFaced::start(&[&key], "", 3);
    server.three(&home).write_with(&format!(", {}", identity(&key)));
    assert_silent(&home.run(["status"]), "three", "auth: no key to offer", "is encrypted");
    assert_up(&status_with_agent(&home, agent.socket()), "three");
}
