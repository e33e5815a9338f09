//! Host keys: the known_hosts files of this machine, strictly applied.

use std::path::{Path, PathBuf};

use crate::core::known_hosts::{self, KnownHosts, Verdict};
use crate::core::silence::Cause;
use crate::error::Error;

/// The files that OpenSSH reads where none is named, below the home directory and below `/`.
const USUAL_FILES: [&str; 2] = [".ssh/known_hosts", ".ssh/known_hosts2"];
const SYSTEM_FILES: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// Host key algorithms, best first. Certificates are left out: nothing here could check them.
const ALGORITHMS: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];

/// The recorded host keys.
#[derive(Debug)]
pub struct HostKeys {
    known: KnownHosts,
    /// Where a person would record a key.
    file: String,
}

impl HostKeys {
    /// Reads the named file, or those that OpenSSH would read. A usual file that is missing is empty; one that cannot
    /// be read is an error, since it might revoke a key.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn load(named: Option<&Path>, home: &Path) -> Result<Self, Error> {
        let mut known = KnownHosts::default();
        let files: Vec<PathBuf> = match named {
            Some(path) => vec![path.to_owned()],
            None => {
                USUAL_FILES.iter().map(|name| home.join(name)).chain(SYSTEM_FILES.iter().map(PathBuf::from)).collect()
            }
        };
        for path in files {
            match std::fs::read(&path) {
                Ok(bytes) => known.add_file(&path.display().to_string(), &String::from_utf8_lossy(&bytes)),
                Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Error::inventory(format!("known_hosts {}: cannot be read", path.display()))
                        .because(error)
                        .hint("without it no host key can be checked"));
                }
            }
        }
        let file = named.map_or_else(|| "~/.ssh/known_hosts".to_owned(), |path| path.display().to_string());
        Ok(Self { known, file })
    }

    /// Lines that were skipped, one sentence each.
    pub fn notices(&self) -> impl Iterator<Item = String> {
        self.known.bad_lines().iter().map(|bad| format!("{}: skipped: {}", bad.at, bad.why))
    }

    /// The algorithms to ask for: those of the recorded keys first, so that a host known by one key is not asked for
    /// another.
    pub(super) fn preference(&self, host: &str, port: u16, pin: Option<&str>) -> String {
        let recorded = match pin {
            Some(pin) => pin.split_whitespace().next().map(str::to_owned).into_iter().collect(),
            None => self.known.key_types(host, port),
        };
        let is_recorded = |algorithm: &&&str| {
            recorded.iter().any(|kind| *kind == ***algorithm || (kind == "ssh-rsa" && algorithm.starts_with("rsa-")))
        };
        let first = ALGORITHMS.iter().filter(is_recorded);
        let rest = ALGORITHMS.iter().filter(|algorithm| !is_recorded(algorithm));
        first.chain(rest).copied().collect::<Vec<_>>().join(",")
    }

    /// Whether this is the host's key.
    pub(super) fn check(&self, host: &str, port: u16, pin: Option<&str>, blob: &[u8]) -> Result<(), Cause> {
        let shown = known_hosts::fingerprint(blob);
        if let Some(pin) = pin {
            return if known_hosts::matches_pin(pin, blob) {
                Ok(())
            } else {
                Err(Cause::HostKeyChanged { recorded: "ssh.host_key of the inventory".to_owned(), shown })
            };
        }
        match self.known.check(host, port, blob) {
            Verdict::Known => Ok(()),
            Verdict::Unknown => Err(Cause::HostKeyUnknown { shown, file: self.file.clone() }),
            Verdict::Changed { at, .. } => Err(Cause::HostKeyChanged { recorded: at.to_string(), shown }),
            Verdict::Revoked { at } => Err(Cause::HostKeyRevoked(at.to_string())),
            Verdict::AuthorityOnly { at } => Err(Cause::HostKeyAuthorityOnly(at.to_string())),
        }
    }
}
