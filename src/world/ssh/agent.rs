//! The key agents of this machine.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use crate::core::ssh_config::AgentSocket;

/// How long an agent may take to list its keys. It only reads a table; one that takes longer is out of order.
const LIST_TIMEOUT: Duration = Duration::from_secs(2);

/// What an agent says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentKeys {
    /// There is none, or nobody listens on its socket.
    Absent,
    /// It does not answer.
    Silent,
    /// The public keys that it holds, in SSH wire format.
    Held(Vec<Vec<u8>>),
}

/// The agents that were asked, each once.
#[derive(Debug, Default)]
pub struct Agents(BTreeMap<AgentSocket, AgentKeys>);

impl Agents {
    /// What an agent says; it has two seconds.
    pub fn list(&mut self, socket: &AgentSocket) -> AgentKeys {
        self.0.entry(socket.clone()).or_insert_with(|| list(socket)).clone()
    }
}

fn list(socket: &AgentSocket) -> AgentKeys {
    let is_there = match socket {
        AgentSocket::Usual => std::env::var_os("SSH_AUTH_SOCK").is_some(),
        AgentSocket::None => false,
        AgentSocket::At(_) => true,
    };
    if !is_there {
        return AgentKeys::Absent;
    }
    let (done, answer) = mpsc::channel();
    let socket = socket.clone();
    // The agent's socket has no deadline of its own, so a thread takes the risk of waiting for ever.
    std::thread::spawn(move || {
        // Nobody receives where the wait is over.
        let _ = done.send(ask(&socket).map_or(AgentKeys::Absent, AgentKeys::Held));
    });
    answer.recv_timeout(LIST_TIMEOUT).unwrap_or(AgentKeys::Silent)
}

fn ask(socket: &AgentSocket) -> Result<Vec<Vec<u8>>, ssh2::Error> {
    let agent = connect(&ssh2::Session::new()?, socket)?;
    Ok(agent.identities()?.iter().map(|key| key.blob().to_vec()).collect())
}

/// Connects a session to an agent, which has listed its keys then.
pub(super) fn connect(session: &ssh2::Session, socket: &AgentSocket) -> Result<ssh2::Agent, ssh2::Error> {
    let mut agent = session.agent()?;
    if let AgentSocket::At(path) = socket {
        agent.set_identity_path(path)?;
    }
    agent.connect()?;
    agent.list_identities()?;
    Ok(agent)
}
