//! `m3m::core::known_hosts` against `ssh-keygen`: the same names, the same hashes, the same fingerprints.

use std::path::Path;
use std::process::Command;

use m3m::core::known_hosts::{KnownHosts, Verdict, fingerprint, matches_pin, pin_key_type};

use crate::sshd::{Options, Sshd, available};
use crate::support::{Finished, Home, finish};

fn keygen<const N: usize>(home: &Home, args: [&str; N]) -> Finished {
    finish(Command::new("ssh-keygen").args(args).current_dir(home.path()).env("HOME", home.path()))
}

/// Makes a key and returns its public half as text, without the comment.
fn new_key(home: &Home, kind: &str, name: &str) -> String {
    keygen(home, ["-q", "-t", kind, "-N", "", "-C", "", "-f", name]).assert_code(0);
    read(&home.path().join(format!("{name}.pub"))).trim().to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The wire format of a public key file's text.
fn blob(public_key: &str) -> Vec<u8> {
    ssh_key::PublicKey::from_openssh(public_key).unwrap().to_bytes().unwrap()
}

#[test]
fn finds_the_names_that_ssh_keygen_finds() {
    if !available() {
        return;
    }
    let home = Home::new();
    let key = new_key(&home, "ed25519", "key");
    let names = ["h.example", "*.example,!h.example", "a,H.EXAMPLE", "h.?xample", "!x,*", "[h.example]:22", "[*]:2222"];
    for name in names {
        let text = format!("{name} {key}\n");
        home.write("kh", &text);
        let mut known = KnownHosts::default();
        known.add_file("kh", &text);
        for (host, port, asked) in [
            ("h.example", 22, "h.example"),
            ("H.example", 22, "H.example"),
            ("x.example", 22, "x.example"),
            ("x", 22, "x"),
        ] {
            let theirs = keygen(&home, ["-F", asked, "-f", "kh"]).code() == 0;
            let ours = known.check(host, port, &blob(&key)) == Verdict::Known;
            assert_eq!(ours, theirs, "{name} asked for {asked}");
        }
    }
}

#[test]
fn reads_what_ssh_keygen_hashes() {
    if !available() {
        return;
    }
    let home = Home::new();
    let (one, two) = (new_key(&home, "ed25519", "one"), new_key(&home, "ecdsa", "two"));
    home.write("kh", format!("H.example,10.0.0.1 {one}\n[h.example]:2222 {two}\n@revoked * {two}\n"));
    keygen(&home, ["-q", "-H", "-f", "kh"]).assert_code(0);
    let text = read(&home.path().join("kh"));
    assert!(!text.contains("h.example"), "it is hashed: {text}");
    let mut known = KnownHosts::default();
    known.add_file("kh", &text);
    assert_eq!(known.bad_lines(), []);
    assert_eq!(known.check("h.example", 22, &blob(&one)), Verdict::Known);
    assert_eq!(known.check("10.0.0.1", 22, &blob(&one)), Verdict::Known);
    assert_eq!(known.key_types("h.example", 2222), ["ecdsa-sha2-nistp256"]);
    assert!(matches!(known.check("h.example", 2222, &blob(&two)), Verdict::Revoked { .. }));
    assert!(matches!(known.check("h.example", 2222, &blob(&one)), Verdict::Changed { .. }));
    assert_eq!(known.check("x.example", 22, &blob(&one)), Verdict::Unknown);
}

#[test]
fn shows_the_fingerprints_that_ssh_keygen_shows() {
    if !available() {
        return;
    }
    let home = Home::new();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let key = new_key(&home, kind, kind);
        let shown = keygen(&home, ["-l", "-f", kind]);
        let ours = fingerprint(&blob(&key));
        assert!(shown.stdout.contains(&ours), "{ours} in {shown}");
        assert!(matches_pin(&key, &blob(&key)), "{key}");
        assert!(key.starts_with(&pin_key_type(&key).unwrap()), "{key}");
    }
}

/// What OpenSSH's client says of the server's key.
fn theirs(sshd: &Sshd, known_hosts: &Path) -> &'static str {
    // Of an option given twice the first counts, so the file is named before the rig's own.
    let mut ssh = Command::new("ssh");
    ssh.arg("-o").arg(format!("UserKnownHostsFile={}", known_hosts.display())).args(sshd.ssh().get_args());
    ssh.args(["-o", "StrictHostKeyChecking=yes", "-o", "KexAlgorithms=curve25519-sha256"]);
    let answer = finish(ssh.args(["LocalHost", "true"]));
    match &answer.stderr {
        text if text.contains("REVOKED") => "revoked",
        text if text.contains("HAS CHANGED") => "changed",
        text if text.contains("key is known for") => "unknown",
        _ if answer.code() == 0 => "known",
        _ => panic!("{answer}"),
    }
}

fn ours(text: &str, port: u16, key: &str) -> &'static str {
    let mut known = KnownHosts::default();
    known.add_file("kh", text);
    match known.check("LocalHost", port, &blob(key)) {
        Verdict::Known => "known",
        Verdict::Unknown | Verdict::AuthorityOnly { .. } => "unknown",
        Verdict::Changed { .. } => "changed",
        Verdict::Revoked { .. } => "revoked",
    }
}

#[test]
fn judges_as_ssh_does() {
    if !available() {
        return;
    }
    let home = Home::new();
    let sshd = Sshd::start(&Options { host_keys: &["ed25519"], ..Options::default() });
    let (port, key) = (sshd.port(), sshd.host_keys()[0].as_str());
    let (other, ecdsa) = (new_key(&home, "ed25519", "other"), new_key(&home, "ecdsa", "ecdsa"));
    let name = format!("[localhost]:{port}");
    for text in [
        String::new(),
        format!("{name} {key}\n"),
        format!("{} {key} comment\r\n", name.to_uppercase()),
        format!("localhost {key}\n"),
        format!("localhost {other}\n"),
        format!("{name} {other}\nlocalhost {key}\n"),
        format!("{name} {other}\n{name} {key}\n"),
        format!("{name} {ecdsa}\n"),
        format!("[local*]:*,!{name} {key}\n"),
        format!("*,!localhost {key}\n"),
        format!("@revoked * {key}\n{name} {key}\n"),
        format!("@revoked {name} {other}\n{name} {key}\n"),
        format!("@revoked elsewhere {key}\n{name} {key}\n"),
        format!("@cert-authority * {key}\n"),
        format!("{name} ssh-of-tomorrow AAAA\n{name} ssh-ed25519 AAAA\n@what {name} {key}\n"),
    ] {
        let file = home.write("kh", &text);
        assert_eq!(ours(&text, port, key), theirs(&sshd, &file), "{text}");
    }
}
