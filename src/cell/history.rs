//! Reading the chain of terms from every node.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{collections::BTreeMap, io};

use tokio::task::JoinSet;

use super::Cell;
use crate::core::event::Listener;
use crate::core::history::{self, BEGIN, Chain, Chains, END, answer_bytes_max};
use crate::core::inventory::NodeName;
use crate::core::silence::{Cause, Phase, Silence};
use crate::world::ssh::{Frame, RemoteCommand, Reply, Session};

impl Cell {
    /// Asks every node for its newest terms: first whether and how it is reached, then for the terms, each within this
    /// time.
    ///
    /// # Errors
    /// The listener's output is gone.
    pub async fn history(&self, terms: usize, timeout: Duration, listener: &mut dyn Listener) -> io::Result<Chains> {
        let picture = self.gather(timeout, listener).await?;
        let deadline = Instant::now() + timeout;
        let (mut chains, mut questions) = (BTreeMap::new(), JoinSet::new());
        for (node, seen) in picture.observations {
            let told = self.inventory.node(&node).map(|told| history::command(told, terms));
            let session = self.session(&node).zip(told);
            match (&seen.answer, session) {
                (Ok(_), Some((session, line))) => {
                    questions.spawn(ask(node.clone(), session, line, terms, deadline));
                    chains.insert(node, Err(lost()));
                }
                (answer, _) => {
                    let silence = answer.as_ref().err().cloned().unwrap_or_else(lost);
                    chains.insert(node, Err(silence));
                }
            }
        }
        while let Some(done) = questions.join_next().await {
            // A question that panicked was reported where it happened.
            if let Ok((node, chain)) = done {
                chains.insert(node, chain);
            }
        }
        Ok(chains)
    }
}

async fn ask(
    node: NodeName,
    session: Arc<Session>,
    line: String,
    terms: usize,
    deadline: Instant,
) -> (NodeName, Result<Chain, Silence>) {
    let frame = Some(Frame { begin: BEGIN, end: END });
    let command = RemoteCommand { frame, ..RemoteCommand::new(move |_| line.clone(), answer_bytes_max(terms)) };
    (node, read(&session.exec(command, deadline).await))
}

fn read(reply: &Reply) -> Result<Chain, Silence> {
    let chain = history::read(&reply.stdout, &reply.stderr, reply.exit_status);
    // Where it broke off, that says more than what is missing.
    chain.map_err(|garbled| reply.broken.clone().unwrap_or(garbled))
}

fn lost() -> Silence {
    let cause = Cause::Local("the question was lost, which is a bug in m3m".to_owned());
    Silence { phase: Phase::Output, cause }
}
