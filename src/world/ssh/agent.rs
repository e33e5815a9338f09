//! The key agent of this machine.

use std::sync::mpsc;
use std::time::Duration;

/// How long the agent may take to list its keys. It only reads a table; one that takes longer is out of order.
const LIST_TIMEOUT: Duration = Duration::from_secs(2);

/// What the agent says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentKeys {
    /// `SSH_AUTH_SOCK` is not set, or nobody listens there.
    Absent,
    /// It does not answer.
    Silent,
    /// The public keys that it holds, in SSH wire format.
    Held(Vec<Vec<u8>>),
}

/// Asks the agent for its keys; it has two seconds.
#[must_use]
pub fn list() -> AgentKeys {
    if std::env::var_os("SSH_AUTH_SOCK").is_none() {
        return AgentKeys::Absent;
    }
    let (done, answer) = mpsc::channel();
    // The agent's socket has no deadline of its own, so a thread takes the risk of waiting for ever.
    std::thread::spawn(move || {
        // Nobody receives where the wait is over.
        let _ = done.send(ask().map_or(AgentKeys::Absent, AgentKeys::Held));
    });
    answer.recv_timeout(LIST_TIMEOUT).unwrap_or(AgentKeys::Silent)
}

fn ask() -> Result<Vec<Vec<u8>>, ssh2::Error> {
    let mut agent = ssh2::Session::new()?.agent()?;
    agent.connect()?;
    agent.list_identities()?;
    Ok(agent.identities()?.iter().map(|key| key.blob().to_vec()).collect())
}
