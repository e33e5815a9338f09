//! The rules for single values of the inventory. Each says what is accepted where it does not hold.

use crate::core::ssh_config;

/// What a rule accepts, and a hint where the mistake is a known one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) accepted: &'static str,
    pub(super) hint: Option<&'static str>,
}

type Rule = Result<(), Refused>;

const HOST_BYTES_MAX: usize = 253;

fn rule(holds: bool, accepted: &'static str) -> Rule {
    hinted(holds, accepted, None)
}

fn hinted(holds: bool, accepted: &'static str, hint: Option<&'static str>) -> Rule {
    if holds { Ok(()) } else { Err(Refused { accepted, hint }) }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_control)
}

/// A host name or an address, safe as an argument.
pub(super) fn host(text: &str) -> Rule {
    let colons_fit = !text.contains(':') || is_ipv6(text);
    let holds = is_word(text) && text.len() <= HOST_BYTES_MAX && !text.contains(['@', '/', '[', ']']) && colons_fit;
    let hint = match text {
        _ if text.contains('@') => Some("the user goes to `ssh: { user: … }`"),
        _ if text.starts_with('[') => {
            Some("write an IPv6 address without brackets; the port goes to `ssh: { port: … }`")
        }
        _ if text.contains(':') => Some("the port goes to `ssh: { port: … }`"),
        _ => None,
    };
    hinted(holds, "a host name, an IPv4 or an IPv6 address, without blanks and not starting with `-`", hint)
}

fn is_ipv6(text: &str) -> bool {
    let address = text.split_once('%').map_or(text, |(address, _zone)| address);
    address.parse::<::core::net::Ipv6Addr>().is_ok()
}

/// A remote user, safe as an argument.
pub(super) fn user(text: &str) -> Rule {
    rule(is_word(text), "a user name without blanks and not starting with `-`")
}

/// A path on this machine.
pub(super) fn local_path(text: &str) -> Rule {
    let other_home = text.starts_with('~') && !text.starts_with("~/");
    let hint = other_home.then_some("only `~/`, your own home directory, is expanded");
    hinted(is_line(text) && !other_home, "the path of a file on this machine", hint)
}

/// Hosts to go through.
pub(super) fn jump(text: &str) -> Rule {
    rule(ssh_config::chain(text).is_some(), "[user@]host[:port], or several parted by commas, or none")
}

/// An OpenSSH public key in one line.
pub(super) fn host_key(text: &str) -> Rule {
    const TYPES: [&str; 7] = [
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ];
    // The key starts with the length of its type's name, which is below 256: three zero bytes, `AAAA` in base64.
    let is_key = |key: &str| {
        let digits = key.trim_end_matches('=');
        let alphabet = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
        key.starts_with("AAAA") && key.len() >= 40 && key.len().is_multiple_of(4) && digits.bytes().all(alphabet)
    };
    let mut words = text.split(' ');
    let holds =
        is_line(text) && words.next().is_some_and(|kind| TYPES.contains(&kind)) && words.next().is_some_and(is_key);
    let hint =
        "it is one line of `ssh-keyscan HOST` without the host name, or the server's /etc/ssh/ssh_host_*_key.pub";
    hinted(holds, "a public key as OpenSSH writes it: `ssh-ed25519 AAAA…`", Some(hint))
}

/// The path of a work tree on a node.
pub(super) fn repository_path(text: &str) -> Rule {
    let holds = text.starts_with('/') && !text.trim_matches('/').is_empty() && !text.contains(char::is_control);
    let hint = text.starts_with('~').then_some("the path is not expanded on the node: write it out, from `/`");
    hinted(holds, "the absolute path of a directory below `/`", hint)
}

/// A git branch.
pub(super) fn branch(text: &str) -> Rule {
    let parts_fit = text.split('/').all(|part| {
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && part.strip_suffix(".lock").is_none()
    });
    let forbidden = text.contains(['~', '^', ':', '?', '*', '[', '\\']) || text.contains("..") || text.contains("@{");
    rule(is_word(text) && parts_fit && !forbidden, "the name of a git branch")
}

/// A git URL.
pub(super) fn upstream(text: &str) -> Rule {
    rule(is_word(text), "a git URL")
}

/// A command for `sh`.
pub(super) fn command(text: &str) -> Rule {
    rule(!text.trim().is_empty() && !text.contains('\0'), "a command for `sh`, not empty and without NUL")
}

/// Free text that a table shows.
pub(super) fn location(text: &str) -> Rule {
    rule(is_line(text), "text of one line without control characters")
}
