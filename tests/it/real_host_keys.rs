//! Host keys against real OpenSSH: what is recorded, what is shown, and what is said of it.

use std::process::Command;

use crate::cell_file::CellFile;
use crate::many_faced::ManyFaced;
use crate::real_ssh::{assert_silent, assert_up};
use crate::sshd::{Sshd, available, keygen, public_key};
use crate::support::{Home, finish};

/// Writes a node's own `known_hosts` file and names it in the node's `ssh` section.
fn known(home: &Home, name: &str, text: &str) -> (String, String) {
    let path = home.write(&format!("known/{name}"), text);
    (name.to_owned(), format!("known_hosts: {}", path.display()))
}

fn fingerprint(server: &Sshd) -> String {
    m3m::core::known_hosts::fingerprint(
        &ssh_key::PublicKey::from_openssh(&server.host_keys()[0]).unwrap().to_bytes().unwrap(),
    )
}

#[test]
fn host_keys_in_every_state() {
    if !available() {
        return;
    }
    let home = Home::new();
    let identity = keygen(home.path(), "ed25519", "identity", "");
    let other = public_key(&keygen(home.path(), "ed25519", "other", ""));
    let server = ManyFaced::start(&[&identity], "MaxStartups 100", 11);
    let [ed25519, ecdsa] = server.server.host_keys() else { panic!("two host keys") };
    let at = |index: usize| format!("[127.0.0.1]:{}", server.port(index));
    let good = |index: usize| format!("{} {ed25519}\n", at(index));
    let nodes = [
        known(&home, "good", &good(0)),
        known(&home, "unknown", &good(0)),
        known(&home, "changed", &format!("# a comment\n{} {other}\n", at(2))),
        known(&home, "revoked", &format!("{}@revoked * {ed25519}\n", good(3))),
        known(&home, "hashed", &good(4)),
        known(&home, "several", &format!("{} {other}\n{}", at(5), good(5))),
        known(&home, "broken", &format!("{} ssh-ed25519 AAAAC3Nz\nnonsense\n{}", at(6), good(6))),
        // The server also has an ed25519 key, which a client prefers that does not know what is recorded.
        known(&home, "ecdsa", &format!("{} {ecdsa}\n", at(7))),
        known(&home, "authority", &format!("@cert-authority * {ed25519}\n")),
        ("pinned".to_owned(), format!("host_key: {ed25519}")),
        ("mispinned".to_owned(), format!("host_key: {other}")),
    ];
    finish(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(home.path().join("known/hashed"))).assert_code(0);
    let named: Vec<(&str, String)> = nodes.iter().map(|(name, ssh)| (name.as_str(), ssh.clone())).collect();
    let cell: CellFile = server.cell(&home, &named);
    cell.write();

    let shown = home.run(["status"]);
    shown.assert_code(10);
    for node in ["good", "hashed", "several", "broken", "ecdsa", "pinned"] {
        assert_up(&shown, node);
    }
    let fingerprint = fingerprint(&server.server);
    let file = |name: &str| home.path().join("known").join(name).display().to_string();
    assert_silent(&shown, "unknown", "host key unknown", &fingerprint);
    assert_silent(&shown, "changed", "host key changed", &format!("{}:2 says otherwise", file("changed")));
    assert_silent(&shown, "revoked", "host key revoked", &format!("{}:2 revokes the key", file("revoked")));
    assert_silent(&shown, "mispinned", "host key changed", "ssh.host_key of the inventory says otherwise");
    assert_silent(&shown, "authority", "host key unknown", "authority:1 names a certificate authority");
    let broken = file("broken");
    for line in [format!("{broken}:1: skipped: the key is broken"), format!("{broken}:2: skipped: there is no key")] {
        assert!(shown.stderr.contains(&line), "{line}: {shown}");
    }
}

#[test]
fn without_a_file_nothing_is_known_and_nothing_is_recorded() {
    if !available() {
        return;
    }
    let home = Home::new();
    let identity = keygen(home.path(), "ed25519", "identity", "");
    let server = ManyFaced::start(&[&identity], "", 3);
    server.three(&home).write();
    std::fs::remove_file(home.path().join("known_hosts")).unwrap();
    let shown = home.run(["status"]);
    assert!(shown.assert_code(3).stderr.contains("known_hosts: cannot be read"), "{shown}");
    home.write("known_hosts", "");
    let shown = home.run(["status"]);
    shown.assert_code(11);
    assert_silent(&shown, "two", "host key unknown", &format!("ssh-keyscan -p {}", server.port(1)));
    assert_eq!(std::fs::read_to_string(home.path().join("known_hosts")).unwrap(), "", "strict: nothing is added");
    assert!(!home.path().join(".ssh").exists(), "strict: nothing is added");
    assert!(!server.server.log().contains("Accepted"), "no key is offered to an unknown host");
}
