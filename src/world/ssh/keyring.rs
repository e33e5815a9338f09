//! The keys that m3m may offer: one named file, or the agent's keys and the usual files.

use std::fmt;
use std::path::{Path, PathBuf};

use ssh_key::{PrivateKey, PublicKey};
use zeroize::Zeroizing;

use super::agent::AgentKeys;
use crate::error::Error;

/// The files that OpenSSH tries where none is named, in its order.
const USUAL_FILES: [&str; 3] = [".ssh/id_rsa", ".ssh/id_ecdsa", ".ssh/id_ed25519"];

/// How often a passphrase is asked for.
const ASK_COUNT_MAX: usize = 3;

/// The most bytes of a key file.
const KEY_BYTES_MAX: u64 = 256 * 1024;

/// The keys for one way of reaching nodes.
#[derive(Debug)]
pub struct Keyring {
    files: Vec<FileKey>,
    agent: AgentKeys,
    /// Only the named file's key is offered, from the file or from the agent.
    named: bool,
}

/// A key file.
#[derive(Debug)]
pub(super) struct FileKey {
    path: PathBuf,
    /// The public key in SSH wire format; nothing where only libssh2 can read the file.
    pub(super) public: Option<Vec<u8>>,
    pub(super) secret: Secret,
}

/// The private half.
pub(super) enum Secret {
    /// It can be used; an old PEM file keeps its passphrase beside it.
    Open { text: Zeroizing<String>, passphrase: Option<Zeroizing<String>> },
    /// It is encrypted, and nobody was asked or answered.
    Locked,
    /// It is encrypted, and every passphrase given was wrong.
    Refused,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open { .. } => "open",
            Self::Locked => "locked",
            Self::Refused => "refused",
        })
    }
}

/// Asks a person for the passphrase of a key file, with the number of wrong ones so far; `None` where there is no one
/// to ask or no answer.
pub type AskPassphrase<'a> = dyn FnMut(&Path, usize) -> Option<Zeroizing<String>> + 'a;

impl Keyring {
    /// Opens the keys: the named file, or what OpenSSH would try. A passphrase is asked for where an encrypted file
    /// is named, or where there is no other key, and never for a key that the agent holds.
    ///
    /// # Errors
    /// The named file cannot be read or is no private key.
    pub fn open(
        named: Option<&Path>,
        home: &Path,
        agent: AgentKeys,
        ask: &mut AskPassphrase<'_>,
    ) -> Result<Self, Error> {
        let mut files = Vec::new();
        match named {
            Some(path) => files.push(FileKey::read(path)?),
            // A usual file that is missing or broken is passed over, as by ssh.
            None => files.extend(USUAL_FILES.iter().filter_map(|name| FileKey::read(&home.join(name)).ok())),
        }
        let mut keyring = Self { files, agent, named: named.is_some() };
        let usable = !keyring.named
            && (keyring.files.iter().any(|key| !key.is_locked())
                || matches!(&keyring.agent, AgentKeys::Held(keys) if !keys.is_empty()));
        if !usable {
            let held = match &keyring.agent {
                AgentKeys::Held(keys) => keys.as_slice(),
                AgentKeys::Absent | AgentKeys::Silent => &[],
            };
            for key in keyring.files.iter_mut().filter(|key| key.is_locked()) {
                if !key.public.as_ref().is_some_and(|public| held.contains(public)) {
                    key.unlock(ask);
                }
            }
        }
        Ok(keyring)
    }

    pub(super) fn files(&self) -> &[FileKey] {
        &self.files
    }

    pub(super) fn asks_agent(&self) -> bool {
        matches!(self.agent, AgentKeys::Held(_))
    }

    /// Whether an agent's key may be offered.
    pub(super) fn offers(&self, public: &[u8]) -> bool {
        !self.named || self.has_file_of(public)
    }

    /// Whether a key has a file here: such keys are offered first.
    pub(super) fn has_file_of(&self, public: &[u8]) -> bool {
        self.files.iter().any(|key| key.public.as_deref() == Some(public))
    }

    /// What to know when no key was accepted.
    pub(super) fn note(&self) -> Option<String> {
        let closed = |which: fn(&Secret) -> bool| {
            let paths = self.files.iter().filter(|key| which(&key.secret)).map(|key| key.path.display().to_string());
            paths.collect::<Vec<_>>().join(", ")
        };
        let locked = closed(|secret| matches!(secret, Secret::Locked));
        let refused = closed(|secret| matches!(secret, Secret::Refused));
        if self.agent == AgentKeys::Silent {
            Some("the agent behind SSH_AUTH_SOCK does not answer".to_owned())
        } else if !refused.is_empty() {
            Some(format!("{refused} stays encrypted: the passphrase was wrong {ASK_COUNT_MAX} times"))
        } else if !locked.is_empty() {
            Some(format!("{locked} is encrypted: ssh-add it, or run m3m in a terminal"))
        } else {
            None
        }
    }
}

impl FileKey {
    fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: &str| Error::inventory(format!("ssh.identity {}: {why}", path.display()));
        let text = read_text(path).map_err(|error| wrong("cannot be read").because(error))?;
        if !text.contains("PRIVATE KEY-----") {
            return Err(wrong("is not a private key").hint("name the private file, not the .pub one"));
        }
        // What this library cannot read is an older format, which libssh2 reads through OpenSSL.
        let key = PrivateKey::from_openssh(text.as_str()).ok();
        let locked = key.as_ref().map_or_else(|| text.contains("ENCRYPTED"), PrivateKey::is_encrypted);
        let public = key.as_ref().and_then(|key| key.public_key().to_bytes().ok()).or_else(|| public_beside(path));
        let secret = if locked { Secret::Locked } else { Secret::Open { text, passphrase: None } };
        Ok(Self { path: path.to_owned(), public, secret })
    }

    fn is_locked(&self) -> bool {
        matches!(self.secret, Secret::Locked)
    }

    /// Asks for the passphrase. A wrong one is noticed here, once, and not by every node; only an old PEM file has to
    /// be taken on trust.
    fn unlock(&mut self, ask: &mut AskPassphrase<'_>) {
        let Ok(text) = read_text(&self.path) else { return };
        for wrong in 0..ASK_COUNT_MAX {
            let Some(passphrase) = ask(&self.path, wrong) else { return };
            let Ok(key) = PrivateKey::from_openssh(text.as_str()) else {
                self.secret = Secret::Open { text, passphrase: Some(passphrase) };
                return;
            };
            let open = key.decrypt(passphrase.as_bytes()).and_then(|key| key.to_openssh(ssh_key::LineEnding::LF));
            if let Ok(text) = open {
                self.secret = Secret::Open { text, passphrase: None };
                return;
            }
        }
        self.secret = Secret::Refused;
    }
}

/// The public half that stands beside a private file, in SSH wire format: an old private file does not tell it.
fn public_beside(path: &Path) -> Option<Vec<u8>> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    PublicKey::from_openssh(&read_text(Path::new(&beside)).ok()?).ok()?.to_bytes().ok()
}

fn read_text(path: &Path) -> std::io::Result<Zeroizing<String>> {
    use std::io::Read;
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(path)?.take(KEY_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}
