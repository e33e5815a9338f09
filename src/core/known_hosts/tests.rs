use proptest::prelude::*;

use super::*;

const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPDXrIKADIc4Lx1tRdw+qRtBfX5yDjUV/wUHarXk7nUf";
const OTHER_ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAhs5GSPIophvf5bX6uOn+cEJrRtCFhld4tR+5uxdp9K";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGnQ6y5CDvJNT+TI0+ALoh6RH+BV1tJGu6jenyxbXLH8DUV0n28DViNxJv6d5AWSNZc4ELiM3sNST0JhFWZorAw=";
const ED25519_FINGERPRINT: &str = "SHA256:8AU4QvN8c7hj3/UqxRdLv/9/PH3EurXtnSm60n3Q3mQ";
const OTHER_FINGERPRINT: &str = "SHA256:8xmBRdZmPdkLE+J34c6A6W1TE8dvm1W6jC7qkFm7DQc";
/// `h.example`, and the same on port 2222, as `ssh-keygen -H` wrote them.
const HASHED: &str = "|1|KETPUSxK8Fa18wzhoPOUdav6zOU=|A2Tj24Fisl2v3NIrz4c+GFzP5ek=";
const HASHED_2222: &str = "|1|ZHTwH5hWClJW6GFi+bxZYR5rjOY=|o4eUbBgUj97LtNek8yOXID+tupk=";

fn blob(key: &str) -> Vec<u8> {
    ssh_key::PublicKey::from_openssh(key).unwrap().to_bytes().unwrap()
}

fn read(text: &str) -> KnownHosts {
    let mut known = KnownHosts::default();
    known.add_file("kh", text);
    known
}

/// The text without bad lines, asked for the ed25519 key of `h.example`.
#[track_caller]
fn check(text: &str, port: u16) -> Verdict {
    let known = read(text);
    assert_eq!(known.bad_lines(), [], "{text}");
    known.check("h.example", port, &blob(ED25519))
}

fn at(line: usize) -> Place {
    Place { file: "kh".to_owned(), line }
}

fn changed(line: usize) -> Verdict {
    Verdict::Changed { at: at(line), recorded: OTHER_FINGERPRINT.to_owned() }
}

#[test]
fn names_in_every_form() {
    for names in [
        "h.example",
        "H.EXAMPLE",
        "a,h.example,b",
        "h.example,",
        "*",
        "h.*",
        "?.example",
        "*.*,!x.*",
        "*example,!*.example.*",
        HASHED,
    ] {
        assert_eq!(check(&format!("{names} {ED25519}"), 22), Verdict::Known, "{names}");
    }
    for names in
        ["h", "h.example.", "x.example", "??.example", "!x.example", "*,!h.example", "!h.*,h.example", HASHED_2222]
    {
        assert_eq!(check(&format!("{names} {ED25519}"), 22), Verdict::Unknown, "{names}");
    }
}

#[test]
fn another_port_has_a_name_of_its_own() {
    for names in ["[h.example]:2222", "[H.example]:2222", "[h.*]:22??", "[*]:*", "*", HASHED_2222] {
        assert_eq!(check(&format!("{names} {ED25519}"), 2222), Verdict::Known, "{names}");
    }
    for names in ["[h.example]:22", "[h.example]:2223", "[h.example]", "h.example:2222"] {
        assert_eq!(check(&format!("{names} {ED25519}"), 2222), Verdict::Unknown, "{names}");
    }
    assert_eq!(check(&format!("[h.example]:22 {ED25519}"), 22), Verdict::Unknown);
    let known = read(&format!("[::1]:2222 {ED25519}"));
    assert_eq!(known.check("::1", 2222, &blob(ED25519)), Verdict::Known);
}

#[test]
fn the_plain_name_vouches_for_another_port_but_never_accuses() {
    assert_eq!(check(&format!("h.example {ED25519}"), 2222), Verdict::Known);
    assert_eq!(check(&format!("{HASHED} {ED25519}"), 2222), Verdict::Known);
    assert_eq!(check(&format!("h.example {OTHER_ED25519}"), 2222), Verdict::Unknown);
    assert_eq!(check(&format!("[h.example]:2222 {OTHER_ED25519}\nh.example {ED25519}"), 2222), changed(1));
}

#[test]
fn any_of_several_keys_will_do() {
    assert_eq!(check(&format!("h.example {OTHER_ED25519}\nh.example {ED25519}"), 22), Verdict::Known);
    assert_eq!(check(&format!("h.example {ED25519}\nh.example {OTHER_ED25519}"), 22), Verdict::Known);
    assert_eq!(check(&format!("h.example {OTHER_ED25519}"), 22), changed(1));
    assert_eq!(check(&format!("h.example {ECDSA}\nh.example {OTHER_ED25519}"), 22), changed(2), "the type shown");
    assert!(matches!(check(&format!("h.example {ECDSA}"), 22), Verdict::Changed { .. }), "another type is a change");
    assert_eq!(check(&format!("x.example {OTHER_ED25519}"), 22), Verdict::Unknown);
}

#[test]
fn a_revoked_key_is_never_known() {
    for names in ["h.example", "*", HASHED] {
        let text = format!("h.example {ED25519}\n@revoked {names} {ED25519}");
        assert_eq!(check(&text, 22), Verdict::Revoked { at: at(2) }, "{names}");
    }
    assert_eq!(check(&format!("@revoked * {OTHER_ED25519}\nh.example {ED25519}"), 22), Verdict::Known);
    assert_eq!(check(&format!("@revoked x.example {ED25519}\nh.example {ED25519}"), 22), Verdict::Known);
    assert_eq!(check(&format!("@revoked * {OTHER_ED25519}"), 22), Verdict::Unknown, "not a recorded key");
    let under_plain_name = format!("[h.example]:2222 {ED25519}\n@revoked\th.example {ED25519}");
    assert_eq!(check(&under_plain_name, 2222), Verdict::Revoked { at: at(2) });
}

#[test]
fn an_authority_is_no_key_of_the_host() {
    let authority = format!("@cert-authority *.example {ED25519}");
    assert_eq!(check(&authority, 22), Verdict::AuthorityOnly { at: at(1) });
    assert_eq!(check(&format!("@cert-authority x.example {ED25519}"), 22), Verdict::Unknown);
    assert_eq!(check(&format!("{authority}\nh.example {ED25519}"), 22), Verdict::Known);
    assert_eq!(check(&format!("{authority}\nh.example {OTHER_ED25519}"), 22), changed(2));
}

#[test]
fn files_as_people_leave_them() {
    let text = format!("\u{feff}# comment\r\n\r\n  \t\r\n #x\r\n\t h.example \t {ED25519}  a comment # more\r\n");
    assert_eq!(check(&text, 22), Verdict::Known);
    assert_eq!(check(&format!("\u{feff}h.example {ED25519}\r\n"), 22), Verdict::Known);
    assert_eq!(check(&format!("#h.example {ED25519}"), 22), Verdict::Unknown);
    assert_eq!(check("", 22), Verdict::Unknown);
}

#[test]
fn bad_lines_are_named_and_skipped() {
    let long = format!("{} {ED25519}", "h.example,".repeat(LINE_BYTES_MAX / 10));
    let bad = [
        ("@foo h.example ssh-ed25519 AAAA", "the marker is neither @cert-authority nor @revoked"),
        ("@revoked", "there are no host names"),
        ("h.example", "there is no key after the host names"),
        (ED25519, "there is no key after the host names"),
        ("h.example ssh-ed25519", "there is no key after the host names"),
        ("h.example ssh-ed25519 AAAAC3Nz", "the key is broken"),
        ("h.example ssh-ed25519 %%%%", "the key is broken"),
        (&format!("h.example {}", ED25519.replace("ssh-ed25519", "ssh-rsa")), "the key is broken"),
        (&format!("h.example {}", &ED25519[..ED25519.len() - 4]), "the key is broken"),
        (&format!("|1|short {ED25519}"), "the hashed host name is broken"),
        (&format!("|1|a=|b= {ED25519}"), "the hashed host name is broken"),
        (&format!("|2|a|b {ED25519}"), "the hashed host name is of an unknown kind"),
        (&long, "the line is longer than 64 KiB"),
    ];
    let mut known = KnownHosts::default();
    let lines: Vec<&str> = bad.iter().map(|(line, _)| *line).collect();
    known.add_file("one", &lines.join("\n"));
    known.add_file("two", &format!("h.example {ED25519}\nbad"));
    let named: Vec<(String, &str)> = known.bad_lines().iter().map(|line| (line.at.to_string(), line.why)).collect();
    let mut expected: Vec<_> = bad.iter().zip(1..).map(|((_, why), n)| (format!("one:{n}"), *why)).collect();
    expected.push(("two:2".to_owned(), "there is no key after the host names"));
    assert_eq!(named, expected);
    assert_eq!(known.check("h.example", 22, &blob(ED25519)), Verdict::Known);
}

#[test]
fn a_key_of_an_unknown_type_neither_vouches_nor_accuses() {
    let unknown = "h.example ssh-of-tomorrow AAAABBBB\nh.example 1024 35 12345";
    assert_eq!(check(unknown, 22), Verdict::Unknown);
    assert_eq!(check(&format!("{unknown}\nh.example {ED25519}"), 22), Verdict::Known);
    assert_eq!(read(unknown).key_types("h.example", 22), [""; 0]);
}

#[test]
fn the_recorded_types_in_order() {
    let text = format!(
        "@revoked * {OTHER_ED25519}\n{HASHED} {ECDSA}\nh.* {ED25519}\nh.example {OTHER_ED25519}\n[h.example]:2222 {ED25519}"
    );
    let known = read(&text);
    assert_eq!(known.key_types("h.example", 22), ["ecdsa-sha2-nistp256", "ssh-ed25519"]);
    assert_eq!(known.key_types("h.example", 2222), ["ssh-ed25519"]);
    assert_eq!(known.key_types("h.example", 2223), ["ecdsa-sha2-nistp256", "ssh-ed25519"], "the plain name's");
    assert_eq!(known.key_types("x.example", 22), [""; 0]);
}

#[test]
fn fingerprints_and_pins() {
    assert_eq!(fingerprint(&blob(ED25519)), ED25519_FINGERPRINT);
    for pin in [ED25519.to_owned(), format!("  {ED25519}  a comment\n")] {
        assert!(matches_pin(&pin, &blob(ED25519)), "{pin}");
        assert_eq!(pin_key_type(&pin).as_deref(), Some("ssh-ed25519"));
    }
    assert!(!matches_pin(OTHER_ED25519, &blob(ED25519)));
    for pin in ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-of-tomorrow AAAABBBB", ED25519_FINGERPRINT] {
        assert!(!matches_pin(pin, &blob(ED25519)), "{pin}");
        assert!(!matches_pin(pin, &[]), "{pin}");
        assert_eq!(pin_key_type(pin), None, "{pin}");
    }
}

/// What a pattern means, in the plainest words: slow for many stars.
fn plain_glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => plain_glob(rest, name),
        (Some((b'*', rest)), Some((_, tail))) => plain_glob(rest, name) || plain_glob(pattern, tail),
        (Some((p, rest)), Some((n, tail))) => (*p == b'?' || p == n) && plain_glob(rest, tail),
        _ => false,
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), host in any::<String>(), port: u16, key in any::<Vec<u8>>()) {
        let known = read(&text);
        let _ = known.check(&host, port, &key);
        let _ = known.key_types(&host, port);
        let _ = matches_pin(&text, &key);
    }

    #[test]
    fn nothing_like_a_line_makes_it_panic(
        words in proptest::collection::vec("(@revoked|@cert-authority|h.example|[|]1[|][A-Za-z0-9=]{0,30}[|][A-Za-z0-9=]{0,30}|[!*?,h]{0,9}|ssh-ed25519|ssh-rsa|AAAA[A-Za-z0-9+/=]{0,90}|\n)", 0..12),
        key in any::<Vec<u8>>(),
    ) {
        let known = read(&words.join(" "));
        let _ = known.check("h.example", 22, &key);
        let _ = known.key_types("h.example", 2222);
    }

    #[test]
    fn patterns_mean_what_they_say(pattern in "[ab?*]{0,8}", name in "[ab]{0,8}") {
        prop_assert_eq!(name::glob(&pattern, &name), plain_glob(pattern.as_bytes(), name.as_bytes()));
    }

    #[test]
    fn many_stars_take_no_time(stars in 1_usize..400) {
        let name = "a".repeat(2000) + "b";
        prop_assert!(!name::glob(&"*a".repeat(stars), &name));
    }
}

#[test]
fn a_recorded_line_is_known() {
    for salt in [None, Some([7; SALT_BYTES])] {
        for (host, port) in [("h.example", 22), ("H.Example", 2222), ("fe80::1%eth0", 22)] {
            let line = line(host, port, &blob(ED25519), salt).expect("a line");
            assert_eq!(read(&line).check(host, port, &blob(ED25519)), Verdict::Known, "{line}");
            assert!(salt.is_none() || !line.to_lowercase().contains("h.example"), "{line}");
        }
    }
    for host in ["", "*", "a,b", "!a", "|1|a", "@revoked", "a b", "#", "a\nb"] {
        assert_eq!(line(host, 22, &blob(ED25519), None), None, "{host:?}");
    }
    assert_eq!(line("h", 22, b"no key", None), None);
}
