//! `m3m::core::known_hosts` against `ssh-keygen`: the same names, the same hashes, the same fingerprints.

use std::path::Path;
use std::process::Command;

use m3m::core::known_hosts::{KnownHosts, Verdict, fingerprint, matches_pin, pin_key_type};

use crate::support::{Finished, Home, finish};

fn keygen<const N: usize>(home: &Home, args: [&str; N]) -> Finished {
    finish(Command::new("ssh-keygen").args(args).current_dir(home.path()).env("HOME", home.path()))
}

fn has_keygen() -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|dir| dir.join("ssh-keygen").is_file());
    if !found {
        println!("skipped: there is no ssh-keygen");
    }
    found
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
    if !has_keygen() {
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
    if !has_keygen() {
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
    if !has_keygen() {
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
