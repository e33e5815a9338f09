//! Readiness: every node is asked what it lacks, and then each to reach the others.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Cell;
use super::observe::{Question, ask, lost};
use crate::core::event::{Event, Listener};
use crate::core::inventory::{Node, NodeName};
use crate::core::observation::{Observation, Picture};
use crate::core::promises::promises;
use crate::core::readiness::{self, NodeReadiness, Pair, Readiness, Yardstick};
use crate::core::relay::Outcome;
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::term::Standing;
use crate::world::clock;
use crate::world::ssh::RemoteCommand;

/// What each node is asked.
const QUESTION: Question = Question { line: readiness::command, end: readiness::END };

/// At most this many pairs are tried at once: each needs a few sockets.
const PAIRS_AT_ONCE: usize = 50;

impl Cell {
    /// Asks all nodes of this cell's sessions what they lack, and then tries the relays that they make. Each half takes
    /// as long as its slowest, at most the timeout.
    ///
    /// # Errors
    /// The listener's output is gone.
    pub async fn readiness(&self, timeout: Duration, listener: &mut dyn Listener) -> io::Result<Readiness> {
        let names: Vec<NodeName> = self.reach.keys().cloned().collect();
        listener.hear(&Event::Asking { nodes: &names, timeout })?;
        let mut questions = JoinSet::new();
        let deadline = Instant::now() + timeout;
        for (name, reach) in &self.reach {
            let Some(node) = self.inventory.node(name).cloned() else { continue };
            let session = Arc::clone(&reach.session);
            let reached = self.reached.clone();
            questions.spawn(async move { ask(&node, &session, deadline, QUESTION, &reached).await });
        }
        let mut answers = Vec::new();
        while let Some(done) = questions.join_next().await {
            if let Ok((observation, stdout)) = done {
                listener.hear(&Event::Observed(&observation))?;
                answers.push((observation, stdout));
            }
        }
        let observations = answers.iter().map(|(seen, _)| (seen.node.clone(), seen.clone())).collect();
        let picture = Picture { at: clock::now(), observations };
        let standing = Standing::of(&picture.holdings());
        let judged = self.inventory.nodes.iter().filter(|node| self.reach.contains_key(&node.name));
        let nodes = judged.map(|node| self.judge(node, &answers, &standing)).collect();
        let pairs = self.pairs(&picture, timeout, listener).await?;
        let readiness = Readiness {
            cell: self.inventory.cell.clone(),
            at: clock::now(),
            nodes_total: self.inventory.nodes.len(),
            nodes,
            pairs: Vec::new(),
            promises: promises(&self.inventory),
        };
        Ok(readiness.with_pairs(pairs))
    }

    fn judge(&self, node: &Node, answers: &[(Observation, Vec<u8>)], standing: &Standing) -> NodeReadiness {
        let late = self.inventory.timing.health_timeout / 3;
        let yardstick = Yardstick { cell: &self.inventory.cell, standing, late };
        // A question that panicked was reported where it happened. Its node must not be missing.
        let unheard = (lost(node.name.clone()), Vec::new());
        let (observation, stdout) =
            answers.iter().find(|(observation, _)| observation.node == node.name).unwrap_or(&unheard);
        NodeReadiness {
            name: node.name.clone(),
            host: node.host.clone(),
            port: node.ssh.port(),
            heard_nothing: observation.heard_nothing(),
            findings: readiness::judge(node, observation, &readiness::read(stdout), yardstick),
        }
    }

    /// Tries the pairs in which an asked node takes part.
    async fn pairs(&self, picture: &Picture, timeout: Duration, listener: &mut dyn Listener) -> io::Result<Vec<Pair>> {
        let all: Vec<NodeName> = self.inventory.nodes.iter().map(|node| node.name.clone()).collect();
        let mut pairs = readiness::pairs(&all);
        pairs.retain(|(relay, target)| self.reach.contains_key(relay) || self.reach.contains_key(target));
        listener.hear(&Event::Relaying { pairs: pairs.len() })?;
        let deadline = Instant::now() + timeout;
        let turns = Arc::new(Semaphore::new(PAIRS_AT_ONCE));
        let mut attempts = JoinSet::new();
        let mut tried = Vec::new();
        for (index, (relay, target)) in pairs.into_iter().enumerate() {
            let observed = picture.observations.get(&relay);
            if let Some((node, Err(silence))) = self.inventory.node(&relay).zip(observed.map(|seen| &seen.answer)) {
                // Who does not speak to this machine relays nothing for it.
                let (name, at) = (relay.to_string(), (node.address().to_owned(), node.ssh.port()));
                let cause = Cause::Hop { name, at, silence: Box::new(silence.clone()) };
                let outcome = Outcome::NoWord(Silence { phase: Phase::Jump, cause });
                tried.push((index, Pair { relay, target, outcome }));
                continue;
            }
            let Some(through) = self.through(&target, &relay) else { continue };
            let turns = Arc::clone(&turns);
            attempts.spawn(async move {
                // It is never closed.
                let _turn = turns.acquire_owned().await;
                // What has too little time left would fail for that alone, and say nothing of the nodes.
                if Instant::now() + timeout / 2 > deadline {
                    let outcome = Outcome::NoWord(Silence { phase: Phase::Jump, cause: Cause::Timeout });
                    return (index, Pair { relay, target, outcome });
                }
                let session = through.session(deadline).await;
                // Any login shell knows it.
                let command = RemoteCommand::new(|_| "true".to_owned(), 64 * 1024);
                let reply = session.exec(command, deadline).await;
                let outcome = Outcome::of(reply.broken.as_ref().map_or(Ok(()), Err));
                (index, Pair { relay, target, outcome })
            });
        }
        while let Some(done) = attempts.join_next().await {
            tried.extend(done.ok());
        }
        tried.sort_by_key(|(index, _)| *index);
        Ok(tried.into_iter().map(|(_, pair)| pair).collect())
    }
}
