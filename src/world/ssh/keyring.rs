//! The keys that m3m may offer to a host: those of files and those of an agent.

use std::sync::Arc;

use super::agent::{AgentKeys, Agents};
use super::key_file::{ASK_COUNT_MAX, KeyFile, KeyFiles, Secret};
use crate::core::ssh_config::{AgentSocket, KeySource};
use crate::error::Error;

pub use super::key_file::AskPassphrase;

/// The keys for one way of reaching nodes.
#[derive(Debug)]
pub struct Keyring {
    files: Vec<Arc<KeyFile>>,
    /// Only keys that have a file are offered, from the file or from the agent.
    files_only: bool,
    socket: AgentSocket,
    agent: AgentKeys,
}

/// What keyrings are made of: each file read once and each agent asked once, however many nodes share them.
#[derive(Debug, Default)]
pub struct Keys {
    files: KeyFiles,
    agents: Agents,
}

impl Keyring {
    /// Opens the keys. A passphrase is asked for where all that could be offered are encrypted files, and never for a
    /// key that the agent holds.
    ///
    /// # Errors
    /// A named file cannot be read or is no key. Others that are missing or broken are passed over, as by ssh.
    pub fn open(source: &KeySource, keys: &mut Keys, ask: &mut AskPassphrase<'_>) -> Result<Self, Error> {
        let mut files: Vec<Arc<KeyFile>> =
            source.named.iter().map(|path| keys.files.read(path)).collect::<Result<_, _>>()?;
        files.extend(source.files.iter().filter_map(|path| keys.files.read(path).ok()));
        let agent = keys.agents.list(&source.agent);
        let mut keyring = Self { files, files_only: source.files_only, socket: source.agent.clone(), agent };
        if !keyring.has_usable() {
            for key in keyring.files.iter_mut().filter(|key| key.is_locked()) {
                *key = keys.files.unlock(key, ask);
            }
        }
        Ok(keyring)
    }

    fn has_usable(&self) -> bool {
        self.files.iter().any(|key| key.is_open())
            || matches!(&self.agent, AgentKeys::Held(held) if held.iter().any(|public| self.offers(public)))
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &KeyFile> {
        self.files.iter().map(AsRef::as_ref)
    }

    /// The agent to ask, if there is one that answers.
    pub(super) fn agent(&self) -> Option<&AgentSocket> {
        matches!(self.agent, AgentKeys::Held(_)).then_some(&self.socket)
    }

    /// Whether an agent's key may be offered.
    pub(super) fn offers(&self, public: &[u8]) -> bool {
        !self.files_only || self.place_of(public).is_some()
    }

    /// The place of the file that a key has here: such keys are offered first, in that order.
    pub(super) fn place_of(&self, public: &[u8]) -> Option<usize> {
        self.files.iter().position(|key| key.public.as_deref() == Some(public))
    }

    /// What to know when no key was accepted.
    pub(super) fn note(&self) -> Option<String> {
        let of = |which: fn(&Secret) -> bool| {
            let paths = self.files.iter().filter(|key| which(&key.secret)).map(|key| key.path.display().to_string());
            Some(paths.collect::<Vec<_>>().join(", ")).filter(|paths| !paths.is_empty())
        };
        if self.agent == AgentKeys::Silent {
            Some(format!("{} does not answer", agent_words(&self.socket)))
        } else if let Some(refused) = of(|secret| matches!(secret, Secret::Refused)) {
            Some(format!("{refused} stays encrypted: the passphrase was wrong {ASK_COUNT_MAX} times"))
        } else if let Some(locked) = of(|secret| matches!(secret, Secret::Locked)) {
            Some(format!("{locked} is encrypted: ssh-add it, or run m3m in a terminal"))
        } else if let Some(hardware) = of(|secret| matches!(secret, Secret::Hardware)) {
            Some(format!("{hardware} is in a security key, which m3m reaches through an agent only: ssh-add it"))
        } else {
            let elsewhere = of(|secret| matches!(secret, Secret::Elsewhere))?;
            Some(format!("of {elsewhere} only the public half is here: ssh-add the private one"))
        }
    }
}

/// The agent, as a person knows it.
pub(super) fn agent_words(socket: &AgentSocket) -> String {
    match socket {
        AgentSocket::At(path) => format!("the agent behind {}", path.display()),
        AgentSocket::Usual | AgentSocket::None => "the agent behind SSH_AUTH_SOCK".to_owned(),
    }
}
