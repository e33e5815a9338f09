//! Gathering: every node is asked at once, each with its own deadline, and told to the listener as it answers.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Cell;
use crate::core::event::{Event, Listener};
use crate::core::inventory::{Node, NodeName};
use crate::core::observation::{Observation, Picture};
use crate::core::probe::Facts;
use crate::core::silence::{Cause, Silence};
use crate::core::{probe, reading};
use crate::world::clock;
use crate::world::ssh::{RemoteCommand, Reply, Session};

impl Cell {
    /// Observes all nodes of this cell's sessions; the whole takes as long as the slowest, at most the timeout.
    ///
    /// # Errors
    /// The listener's output is gone.
    pub async fn gather(&self, timeout: Duration, listener: &mut dyn Listener) -> io::Result<Picture> {
        let nodes: Vec<NodeName> = self.sessions.keys().cloned().collect();
        listener.hear(&Event::Asking { nodes: &nodes, timeout })?;
        let mut questions = JoinSet::new();
        for node in &self.inventory.nodes {
            if let Some(session) = self.sessions.get(&node.name) {
                questions.spawn(observe(node.clone(), Arc::clone(session), timeout));
            }
        }
        let mut observations = BTreeMap::new();
        // A question that panicked is a bug that was reported where it happened; the others still count.
        while let Some(done) = questions.join_next().await {
            if let Ok(observation) = done {
                listener.hear(&Event::Observed(&observation))?;
                observations.insert(observation.node.clone(), observation);
            }
        }
        Ok(Picture { at: clock::now(), observations })
    }
}

/// Asks one node everything.
async fn observe(node: Node, session: Arc<Session>, timeout: Duration) -> Observation {
    let begun = Instant::now();
    let command = RemoteCommand { line: probe::command(&node, timeout), output_bytes_max: probe::ANSWER_BYTES_MAX };
    let deadline = begun + timeout;
    let mut reply = session.exec(command.clone(), deadline).await;
    // A standing connection that broke while nobody looked says nothing of the node as it is now: ask again.
    if !reply.fresh && matches!(&reply.broken, Some(silence) if silence.cause == Cause::Closed) {
        reply = session.exec(command, deadline).await;
    }
    Observation {
        node: node.name,
        asked_at: reply.asked_at,
        took: begun.elapsed(),
        rtt: reply.rtt,
        first_byte: reply.first_byte,
        fresh: reply.fresh,
        answer: read(reply),
    }
}

/// Reads a reply. One that broke off is still read: what a node said before it stalled is worth more than nothing.
fn read(reply: Reply) -> Result<Facts, Silence> {
    let read = reading::read(&reply.stdout, &reply.stderr, reply.exit_status);
    match (read, reply.broken) {
        (Ok(facts), Some(silence)) if !matches!(silence.cause, Cause::Timeout) && !facts.complete => Err(silence),
        (Ok(facts), _) => Ok(facts),
        (Err(_), Some(silence)) => Err(silence),
        (Err(garbled), None) => Err(garbled),
    }
}
