//! The names of a line: hashed, or a list of patterns.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use ssh_key::known_hosts::HostPatterns;

/// The port that names go without.
const SSH_PORT: u16 = 22;

/// The bytes of a hashed name's salt.
pub const SALT_BYTES: usize = 20;

/// The host names that a line stands for.
#[derive(Debug, Clone)]
pub(super) struct Names(HostPatterns);

impl Names {
    pub(super) fn read(word: &str) -> Result<Self, &'static str> {
        if word.starts_with('|') && !word.starts_with("|1|") {
            return Err("the hashed host name is of an unknown kind");
        }
        word.parse().map(Self).map_err(|_| "the hashed host name is broken")
    }

    /// The names of a line for one host, given as `host` or `[host]:port`.
    pub(super) fn of(name: &str, salt: Option<[u8; SALT_BYTES]>) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-:[]%".contains(c);
        if name.is_empty() || !name.chars().all(is_plain) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        Some(Self(match salt {
            None => HostPatterns::Patterns(vec![name]),
            Some(salt) => {
                let mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?.chain_update(name);
                HostPatterns::HashedName { salt: salt.to_vec(), hash: mac.finalize().into_bytes().into() }
            }
        }))
    }

    /// Whether the line stands for a host, given as `host` or `[host]:port`, in any case.
    pub(super) fn matches(&self, name: &str) -> bool {
        match &self.0 {
            HostPatterns::HashedName { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
                .is_ok_and(|mac| mac.chain_update(name.to_ascii_lowercase()).verify_slice(hash).is_ok()),
            HostPatterns::Patterns(patterns) => {
                let denied = |pattern: &str| pattern.strip_prefix('!').is_some_and(|pattern| glob(pattern, name));
                !patterns.iter().any(|pattern| denied(pattern)) && patterns.iter().any(|pattern| glob(pattern, name))
            }
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string())
    }
}

/// The name under which a host on a port is recorded.
pub(super) fn with_port(host: &str, port: u16) -> String {
    if port == SSH_PORT { host.to_owned() } else { format!("[{host}]:{port}") }
}

/// Whether a pattern of `*`, `?` and plain bytes fits a whole name, in any case of ASCII letters.
///
/// It takes at most the product of both lengths: only the last `*` is ever tried again.
pub(super) fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, n));
            }
            Some(b) if *b == b'?' || b.eq_ignore_ascii_case(&name[n]) => (p, n) = (p + 1, n + 1),
            _ => match &mut star {
                Some((after_star, taken)) => {
                    *taken += 1;
                    (p, n) = (*after_star, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}
