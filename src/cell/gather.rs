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
use crate::core::silence::{Cause, Phase, Silence};
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
        while let Some(done) = questions.join_next().await {
            if let Ok(observation) = done {
                listener.hear(&Event::Observed(&observation))?;
                observations.insert(observation.node.clone(), observation);
            }
        }
        // A question that panicked was reported where it happened. Its node must not be missing from the picture.
        for node in nodes {
            observations.entry(node.clone()).or_insert_with(|| lost(node));
        }
        Ok(Picture { at: clock::now(), observations })
    }
}

/// Asks one node everything.
async fn observe(node: Node, session: Arc<Session>, timeout: Duration) -> Observation {
    let begun = Instant::now();
    let asked = node.clone();
    let command = RemoteCommand {
        line: Arc::new(move |time_left| probe::command(&asked, time_left)),
        output_bytes_max: probe::ANSWER_BYTES_MAX,
    };
    let deadline = begun + timeout;
    let mut reply = session.exec(command.clone(), deadline).await;
    // A standing connection that broke while nobody looked says nothing of the node as it is now: ask again.
    if !reply.fresh && matches!(&reply.broken, Some(silence) if silence.cause == Cause::Closed) {
        reply = session.exec(command, deadline).await;
    }
    let (asked_at, fresh, rtt, first_byte) = (reply.asked_at, reply.fresh, reply.rtt, reply.first_byte);
    let (answer, broken) = read(reply);
    Observation { node: node.name, asked_at, took: begun.elapsed(), rtt, first_byte, fresh, answer, broken }
}

/// Reads a reply. One that broke off is still read: what a node said before it stalled is worth more than nothing.
/// Where the last line came, nothing was missed.
fn read(reply: Reply) -> (Result<Facts, Silence>, Option<Silence>) {
    match (reading::read(&reply.stdout, &reply.stderr, reply.exit_status), reply.broken) {
        (Ok(facts), _) if facts.complete => (Ok(facts), None),
        (Ok(facts), Some(silence)) => (Ok(facts), Some(silence)),
        (Ok(facts), None) => {
            let ended = Silence { phase: Phase::Output, cause: Cause::Garbled("it ended early".to_owned()) };
            (Ok(facts), Some(ended))
        }
        (Err(garbled), broken) => (Err(broken.unwrap_or(garbled)), None),
    }
}

/// The observation of a node whose question was lost.
fn lost(node: NodeName) -> Observation {
    let cause = Cause::Local("the question was lost, which is a bug in m3m".to_owned());
    Observation {
        node,
        asked_at: clock::now(),
        took: Duration::ZERO,
        rtt: None,
        first_byte: None,
        fresh: true,
        answer: Err(Silence { phase: Phase::Resolve, cause }),
        broken: None,
    }
}
