//! Host keys: the known_hosts files of this machine. No host goes unchecked, whatever ssh's configuration says.

use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use super::record::Record;
use crate::core::known_hosts::{self, KnownHosts, Verdict};
use crate::core::silence::Cause;
use crate::core::ssh_config::{HostKeySource, UnknownKey};
use crate::error::Error;

/// Host key algorithms, best first. Certificates are left out: nothing here could check them.
const ALGORITHMS: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];

/// How the revocation lists begin that `ssh-keygen -k` makes.
const REVOCATION_LIST: &str = "SSHKRL\n";

/// The recorded host keys.
#[derive(Debug)]
pub struct HostKeys {
    source: HostKeySource,
    known: RwLock<KnownHosts>,
}

/// The name under which a host's key is recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownName<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// It is not the host's own.
    pub(super) is_alias: bool,
    /// What logs in to the host through which this one is reached.
    pub(super) login: Option<&'a str>,
}

impl HostKeys {
    /// Reads the files. A named one has to be there; another one that is missing is empty, and one that cannot be read
    /// is an error, since it might revoke a key.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn load(source: &HostKeySource) -> Result<Self, Error> {
        let known = read(source).map_err(|(path, error)| {
            Error::inventory(format!("known_hosts {}: cannot be read", path.display()))
                .because(error)
                .hint("without it no host key can be checked")
        })?;
        Ok(Self { source: source.clone(), known: RwLock::new(known) })
    }

    /// What a person should know: lines that were skipped, and a setting that is not followed, one sentence each.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let bad = known.bad_lines().iter().map(|bad| format!("{}: skipped: {}", bad.at, bad.why));
        let not_followed = (self.source.unknown == UnknownKey::RecordedNotIgnored).then(|| {
            "StrictHostKeyChecking no of ssh's configuration counts as accept-new: m3m checks every host key".to_owned()
        });
        bad.chain(not_followed).collect()
    }

    /// The file in which a new key is recorded.
    fn file(&self) -> Option<&Path> {
        self.source.named.iter().chain(&self.source.files).map(AsRef::as_ref).next()
    }

    /// The algorithms to ask for: those of the recorded keys first, so that a host known by one key is not asked for
    /// another.
    pub(super) fn preference(&self, name: KnownName<'_>, pin: Option<&str>) -> String {
        let recorded = match pin {
            Some(pin) => pin.split_whitespace().next().map(str::to_owned).into_iter().collect(),
            None => self.known.read().unwrap_or_else(PoisonError::into_inner).key_types(name.host, name.port),
        };
        let is_recorded = |algorithm: &&&str| {
            recorded.iter().any(|kind| *kind == ***algorithm || (kind == "ssh-rsa" && algorithm.starts_with("rsa-")))
        };
        let first = ALGORITHMS.iter().filter(is_recorded);
        let rest = ALGORITHMS.iter().filter(|algorithm| !is_recorded(algorithm));
        first.chain(rest).copied().collect::<Vec<_>>().join(",")
    }

    /// Whether this is the host's key. A key of a host without any may be recorded on the way.
    pub(super) fn check(&self, name: KnownName<'_>, pin: Option<&str>, blob: &[u8]) -> Result<(), Cause> {
        let verdict = self.known.read().unwrap_or_else(PoisonError::into_inner).check(name.host, name.port, blob);
        if let Some(pin) = pin
            && !matches!(verdict, Verdict::Revoked { .. })
        {
            let (shown, recorded) = (known_hosts::fingerprint(blob), "ssh.host_key of the inventory".to_owned());
            let is_pinned = known_hosts::matches_pin(pin, blob);
            return if is_pinned { Ok(()) } else { Err(Cause::HostKeyChanged { recorded, shown }) };
        }
        match verdict {
            Verdict::Unknown if self.source.unknown != UnknownKey::Refused => self.accept(name, blob),
            verdict => self.judge(verdict, name, blob),
        }
    }

    fn judge(&self, verdict: Verdict, name: KnownName<'_>, blob: &[u8]) -> Result<(), Cause> {
        let shown = known_hosts::fingerprint(blob);
        match verdict {
            Verdict::Known => Ok(()),
            Verdict::Unknown => {
                let file =
                    self.file().map_or_else(|| "~/.ssh/known_hosts".to_owned(), |file| file.display().to_string());
                let alias = name.is_alias.then(|| name.host.to_owned());
                Err(Cause::HostKeyUnknown { shown, file, alias, login: name.login.map(str::to_owned) })
            }
            Verdict::Changed { at, .. } => Err(Cause::HostKeyChanged { recorded: at.to_string(), shown }),
            Verdict::Revoked { at } => Err(Cause::HostKeyRevoked(at.to_string())),
            Verdict::AuthorityOnly { at } => Err(Cause::HostKeyAuthorityOnly(at.to_string())),
        }
    }

    /// Records a new key. Another process, or another session of this one, may have recorded one meanwhile: what
    /// counts is what the files say under the lock.
    fn accept(&self, name: KnownName<'_>, blob: &[u8]) -> Result<(), Cause> {
        let not_recorded = |why: String| Cause::HostKeyNotRecorded { shown: known_hosts::fingerprint(blob), why };
        let file = self.file().ok_or_else(|| not_recorded("ssh's configuration names no file for it".to_owned()))?;
        let failed = |error: io::Error| not_recorded(format!("{}: {error}", file.display()));
        let mut record = Record::open(file).map_err(failed)?;
        let fresh = read(&self.source).map_err(|(path, error)| not_recorded(format!("{}: {error}", path.display())))?;
        let verdict = fresh.check(name.host, name.port, blob);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        if verdict != Verdict::Unknown {
            return self.judge(verdict, name, blob);
        }
        let salt = if self.source.is_hashed { Some(super::record::salt().map_err(failed)?) } else { None };
        let line = known_hosts::line(name.host, name.port, blob, salt)
            .ok_or_else(|| not_recorded(format!("{} cannot stand in known_hosts", name.host)))?;
        record.add(&line).map_err(failed)?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).add_file(&file.display().to_string(), &line);
        Ok(())
    }
}

/// Reads all files of a source, or tells which one cannot be read.
fn read(source: &HostKeySource) -> Result<KnownHosts, (&Path, io::Error)> {
    let mut known = KnownHosts::default();
    let named = source.named.iter().map(|path| (path, true));
    for (path, must_exist) in named.chain(source.files.iter().chain(&source.global_files).map(|path| (path, false))) {
        match std::fs::read(path) {
            Ok(bytes) => known.add_file(&path.display().to_string(), &String::from_utf8_lossy(&bytes)),
            Err(error) if !must_exist && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((path, error)),
        }
    }
    if let Some(path) = &source.revoked {
        let bytes = std::fs::read(path).map_err(|error| (path.as_ref(), error))?;
        let text = String::from_utf8_lossy(&bytes);
        if text.starts_with(REVOCATION_LIST) {
            return Err((
                path,
                io::Error::other("it is a revocation list of ssh-keygen; m3m reads public keys as text"),
            ));
        }
        known.add_revoked(&path.display().to_string(), &text);
    }
    Ok(known)
}
