//! Private key files, and public ones whose private half an agent holds.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ssh_key::{Algorithm, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use crate::error::Error;

/// How often a passphrase is asked for.
pub(super) const ASK_COUNT_MAX: usize = 3;

/// The most bytes of a key file.
const KEY_BYTES_MAX: u64 = 256 * 1024;

/// Asks a person for the passphrase of a key file, with the number of wrong ones so far; `None` where there is no one
/// to ask or no answer.
pub type AskPassphrase<'a> = dyn FnMut(&Path, usize) -> Option<Zeroizing<String>> + 'a;

/// A key file.
#[derive(Debug, Clone)]
pub(super) struct KeyFile {
    pub(super) path: PathBuf,
    /// The public key in SSH wire format; nothing where only libssh2 can read the file.
    pub(super) public: Option<Vec<u8>>,
    pub(super) secret: Secret,
}

/// The private half.
#[derive(Clone)]
pub(super) enum Secret {
    /// It can be used; an old PEM file keeps its passphrase beside it.
    Open { text: Zeroizing<String>, passphrase: Option<Zeroizing<String>> },
    /// It is encrypted, and nobody was asked or answered.
    Locked,
    /// It is encrypted, and every passphrase given was wrong.
    Refused,
    /// It is not in this file: an agent may hold it.
    Elsewhere,
    /// It is in a security key (`sk-…`), which only an agent can ask.
    Hardware,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open { .. } => "open",
            Self::Locked => "locked",
            Self::Refused => "refused",
            Self::Elsewhere => "elsewhere",
            Self::Hardware => "in a security key",
        })
    }
}

/// The key files that were read, each once; and each passphrase is asked for once.
#[derive(Debug, Default)]
pub(super) struct KeyFiles(BTreeMap<PathBuf, Arc<KeyFile>>);

impl KeyFiles {
    /// The key of a file.
    pub(super) fn read(&mut self, path: &Path) -> Result<Arc<KeyFile>, Error> {
        if let Some(known) = self.0.get(path) {
            return Ok(Arc::clone(known));
        }
        let key = Arc::new(KeyFile::read(path)?);
        self.0.insert(path.to_owned(), Arc::clone(&key));
        Ok(key)
    }

    /// The same key, unlocked if its passphrase is given now.
    pub(super) fn unlock(&mut self, key: &KeyFile, ask: &mut AskPassphrase<'_>) -> Arc<KeyFile> {
        let unlocked = Arc::new(KeyFile { secret: key.unlocked(ask), ..key.clone() });
        self.0.insert(key.path.clone(), Arc::clone(&unlocked));
        unlocked
    }
}

impl KeyFile {
    fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: &str| Error::inventory(format!("ssh.identity {}: {why}", path.display()));
        let text = match read_text(path) {
            Ok(text) => text,
            Err(error) => {
                let public = public_beside(path).ok_or_else(|| wrong("cannot be read").because(error))?;
                return Ok(Self { path: path.to_owned(), public: Some(public), secret: Secret::Elsewhere });
            }
        };
        if let Some(public) = public_of(&text) {
            return Ok(Self { path: path.to_owned(), public: Some(public), secret: Secret::Elsewhere });
        }
        if !text.contains("PRIVATE KEY-----") {
            return Err(wrong("is neither a private nor a public key"));
        }
        // What this library cannot read is an older format, which libssh2 reads through OpenSSL.
        let key = PrivateKey::from_openssh(text.as_str()).ok();
        let is_locked = key.as_ref().map_or_else(|| text.contains("ENCRYPTED"), PrivateKey::is_encrypted);
        let is_hardware = key.as_ref().is_some_and(|key| is_hardware(&key.algorithm()));
        let public = key.as_ref().and_then(|key| key.public_key().to_bytes().ok()).or_else(|| public_beside(path));
        let secret = match () {
            () if is_hardware => Secret::Hardware,
            () if is_locked => Secret::Locked,
            () => Secret::Open { text, passphrase: None },
        };
        Ok(Self { path: path.to_owned(), public, secret })
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.secret, Secret::Open { .. })
    }

    pub(super) fn is_locked(&self) -> bool {
        matches!(self.secret, Secret::Locked)
    }

    /// Asks for the passphrase. A wrong one is noticed here, once, and not by every node; only an old PEM file has to
    /// be taken on trust.
    fn unlocked(&self, ask: &mut AskPassphrase<'_>) -> Secret {
        let Ok(text) = read_text(&self.path) else { return Secret::Locked };
        for wrong in 0..ASK_COUNT_MAX {
            let Some(passphrase) = ask(&self.path, wrong) else { return Secret::Locked };
            let Ok(key) = PrivateKey::from_openssh(text.as_str()) else {
                return Secret::Open { text, passphrase: Some(passphrase) };
            };
            let open = key.decrypt(passphrase.as_bytes()).and_then(|key| key.to_openssh(ssh_key::LineEnding::LF));
            if let Ok(text) = open {
                return Secret::Open { text, passphrase: None };
            }
        }
        Secret::Refused
    }
}

fn is_hardware(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256)
}

/// The public half that stands beside a private file, in SSH wire format: an old private file does not tell it.
fn public_beside(path: &Path) -> Option<Vec<u8>> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    public_of(&read_text(Path::new(&beside)).ok()?)
}

fn public_of(text: &str) -> Option<Vec<u8>> {
    PublicKey::from_openssh(text).ok()?.to_bytes().ok()
}

fn read_text(path: &Path) -> std::io::Result<Zeroizing<String>> {
    use std::io::Read;
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(path)?.take(KEY_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}
