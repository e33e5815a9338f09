//! The host keys that this machine knows: the text of `known_hosts` files, and what it says of a key.
//!
//! The rules are those of OpenSSH's client, which differ from those of libssh2: names may be hashed, patterns or
//! negated; a node on a port other than 22 is `[host]:port`, with the plain name as a fallback that can only vouch;
//! any of several recorded keys will do. A line that cannot be read is named and skipped.

mod key;
mod name;
#[cfg(test)]
mod tests;

use std::fmt;

pub use key::{fingerprint, matches_pin, pin_key_type};
pub use name::SALT_BYTES;

use key::Key;
use name::Names;

/// The longest line that is read, in bytes. The longest real ones hold an RSA key and a list of names: a few KiB.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// The entries of all files, in the order in which the files were added.
#[derive(Debug, Clone, Default)]
pub struct KnownHosts {
    entries: Vec<Entry>,
    bad_lines: Vec<BadLine>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named to [`KnownHosts::add_file`].
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A line that says nothing, because it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Where it stands.
    pub at: Place,
    /// What is wrong with it.
    pub why: &'static str,
}

/// What the files say of a host's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The key is recorded for the host.
    Known,
    /// Nothing is recorded for the host.
    Unknown,
    /// Only a certificate authority is recorded for the host: m3m does not verify host certificates.
    AuthorityOnly {
        /// Where the authority stands.
        at: Place,
    },
    /// Other keys are recorded for the host.
    Changed {
        /// Where one of them stands: of the same type where there is one.
        at: Place,
        /// Its fingerprint, `SHA256:…`.
        recorded: String,
    },
    /// The key is revoked.
    Revoked {
        /// Where that stands.
        at: Place,
    },
}

/// One readable line.
#[derive(Debug, Clone)]
struct Entry {
    at: Place,
    kind: Kind,
    names: Names,
    key: Key,
}

/// What a line says of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is the host's.
    Host,
    /// It signs host certificates.
    Authority,
    /// It is not to be trusted any more.
    Revoked,
}

impl KnownHosts {
    /// Adds the lines of one file; `file` is its name in messages. Lines that cannot be read are collected.
    pub fn add_file(&mut self, file: &str, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let at = Place { file: file.to_owned(), line: index + 1 };
            match Entry::read(line) {
                Ok(Some((kind, names, key))) => self.entries.push(Entry { at, kind, names, key }),
                Ok(None) => {}
                Err(why) => self.bad_lines.push(BadLine { at, why }),
            }
        }
    }

    /// Adds a file of public keys, one a line, that no host may have any more.
    pub fn add_revoked(&mut self, file: &str, text: &str) {
        let is_key = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let revoking = text.lines().map(|line| Some(line).filter(is_key).map(|key| format!("@revoked * {key}")));
        self.add_file(file, &revoking.map(Option::unwrap_or_default).collect::<Vec<_>>().join("\n"));
    }

    /// The lines that were skipped.
    #[must_use]
    pub fn bad_lines(&self) -> &[BadLine] {
        &self.bad_lines
    }

    /// The types of the keys recorded for a host, such as `ssh-ed25519`, each once, in the order of the files.
    ///
    /// A client asks for these first: otherwise a server with several keys may show one that is not recorded.
    #[must_use]
    pub fn key_types(&self, host: &str, port: u16) -> Vec<String> {
        let types_of = |name: &str| {
            let mut types: Vec<String> = Vec::new();
            for entry in self.of(Kind::Host, name).filter(|entry| entry.key.blob().is_some()) {
                if !types.iter().any(|known| known == entry.key.type_name()) {
                    types.push(entry.key.type_name().to_owned());
                }
            }
            types
        };
        let types = types_of(&name::with_port(host, port));
        if types.is_empty() { types_of(host) } else { types }
    }

    /// What the files say of the key that a host has shown.
    ///
    /// `key_blob` is the public key in the SSH wire format.
    #[must_use]
    pub fn check(&self, host: &str, port: u16, key_blob: &[u8]) -> Verdict {
        let name = name::with_port(host, port);
        let both = [name.as_str(), host];
        // OpenSSH overlooks a key revoked under the plain name when `[host]:port` records it: nobody means that.
        let revoked = both.iter().flat_map(|name| self.of(Kind::Revoked, name)).find(|entry| entry.key.is(key_blob));
        if let Some(entry) = revoked {
            return Verdict::Revoked { at: entry.at.clone() };
        }
        let vouches = |name: &str| self.of(Kind::Host, name).any(|entry| entry.key.is(key_blob));
        if vouches(&name) {
            return Verdict::Known;
        }
        if let Some((entry, blob)) = self.instead(&name, key_blob) {
            return Verdict::Changed { at: entry.at.clone(), recorded: fingerprint(blob) };
        }
        if vouches(host) {
            return Verdict::Known;
        }
        match both.iter().flat_map(|name| self.of(Kind::Authority, name)).next() {
            Some(entry) => Verdict::AuthorityOnly { at: entry.at.clone() },
            None => Verdict::Unknown,
        }
    }

    fn of<'a>(&'a self, kind: Kind, name: &str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind && entry.names.matches(name))
    }

    /// A key that is recorded for the name in place of the shown one: of its type where there is one.
    fn instead(&self, name: &str, key_blob: &[u8]) -> Option<(&Entry, &[u8])> {
        let shown_type = key::type_of(key_blob);
        let recorded = || self.of(Kind::Host, name).filter_map(|entry| Some((entry, entry.key.blob()?)));
        recorded().find(|(entry, _)| Some(entry.key.type_name()) == shown_type).or_else(|| recorded().next())
    }
}

/// The line that records a host's key, without its end; hashed with a salt, so that the file does not tell the name.
/// Nothing for a key that cannot be read, and for a name that would say more than itself in such a file.
#[must_use]
pub fn line(host: &str, port: u16, key_blob: &[u8], salt: Option<[u8; SALT_BYTES]>) -> Option<String> {
    let names = Names::of(&name::with_port(host, port), salt)?;
    Some(format!("{names} {}", key::as_text(key_blob)?))
}

impl Entry {
    /// Reads one line: nothing for an empty one and a comment.
    fn read(line: &str) -> Result<Option<(Kind, Names, Key)>, &'static str> {
        if line.len() > LINE_BYTES_MAX {
            return Err("the line is longer than 64 KiB");
        }
        let mut words = line.split_ascii_whitespace().peekable();
        let kind = match words.peek() {
            None => return Ok(None),
            Some(word) if word.starts_with('#') => return Ok(None),
            Some(word) if word.starts_with('@') => Some(Kind::of_marker(word)?),
            Some(_) => None,
        };
        if kind.is_some() {
            words.next();
        }
        let names = Names::read(words.next().ok_or("there are no host names")?)?;
        let (Some(type_name), Some(base64)) = (words.next(), words.next()) else {
            return Err("there is no key after the host names");
        };
        Ok(Some((kind.unwrap_or(Kind::Host), names, Key::read(type_name, base64)?)))
    }
}

impl Kind {
    fn of_marker(word: &str) -> Result<Self, &'static str> {
        match word {
            "@cert-authority" => Ok(Self::Authority),
            "@revoked" => Ok(Self::Revoked),
            _ => Err("the marker is neither @cert-authority nor @revoked"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
