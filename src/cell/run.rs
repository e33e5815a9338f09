//! Running a person's command: on every node at once, each told to the listener as it ends.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Cell;
use super::through::Through;
use crate::core::event::{Event, Listener};
use crate::core::inventory::{Node, NodeName};
use crate::core::relay::{Outcome, RELAYS_MAX};
use crate::core::run::{Answer, End, Run, wrapper};
use crate::core::silence::Cause;
use crate::world::ssh::{RemoteCommand, Session};

/// The most output of one node, both streams together.
pub const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// What a node may need beyond the command's time to end it and to say so.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A command for nodes.
#[derive(Debug, Clone)]
pub struct Order {
    /// The line for `sh`.
    pub command: String,
    /// How long connecting to a node may take.
    pub connect_timeout: Duration,
    /// How long the command may then run.
    pub timeout: Duration,
}

/// What is known of a command, by the node.
pub type Runs = BTreeMap<NodeName, Run>;

impl Cell {
    /// Runs a command on all nodes that this cell was opened for. Whoever stops waiting finds in `runs` what is known
    /// by then; who is not there may still be running it. A node that is not reached is tried through others, one
    /// after the other: what was not begun cannot run twice.
    ///
    /// # Errors
    /// The listener's output is gone.
    pub async fn run(&self, order: &Order, runs: &mut Runs, listener: &mut dyn Listener) -> io::Result<()> {
        let nodes: Vec<NodeName> = self.reach.keys().cloned().collect();
        listener.hear(&Event::Asking { nodes: &nodes, timeout: order.timeout })?;
        let mut round = Round { cell: self, order, runs, under_way: JoinSet::new(), waiting: vec![], alive: vec![] };
        round.start();
        while let Some(done) = round.under_way.join_next().await {
            // One that panicked was reported where it happened, and its run stays missing.
            if let Ok(tried) = done {
                round.take(tried);
            }
            for node in round.settle() {
                listener.hear(&Event::Ran(&round.runs[&node]))?;
            }
        }
        Ok(())
    }
}

/// A run, and whoever was asked to relay it.
struct Tried {
    run: Run,
    relays: Vec<NodeName>,
    /// What the last relay said of the node leaves no hope for another one.
    hopeless: bool,
}

/// One command on its way to all nodes.
struct Round<'a> {
    cell: &'a Cell,
    order: &'a Order,
    runs: &'a mut Runs,
    under_way: JoinSet<Tried>,
    /// What has ended, or may still be tried through another node.
    waiting: Vec<Tried>,
    /// Nodes that were reached.
    alive: Vec<NodeName>,
}

impl Round<'_> {
    fn start(&mut self) {
        for (name, reach) in &self.cell.reach {
            let Some(node) = self.cell.inventory.node(name).cloned() else { continue };
            let (session, order) = (Arc::clone(&reach.session), self.order.clone());
            let first =
                async move { Tried { run: run(&node, &session, &order).await, relays: vec![], hopeless: false } };
            self.under_way.spawn(first);
        }
    }

    fn take(&mut self, tried: Tried) {
        if !matches!(tried.run.end, End::NotBegun(_)) && tried.relays.is_empty() {
            self.alive.push(tried.run.node.clone());
        }
        self.waiting.push(tried);
    }

    /// Sends on what another node may relay, and names the nodes that are settled.
    fn settle(&mut self) -> Vec<NodeName> {
        let mut settled = Vec::new();
        for tried in std::mem::take(&mut self.waiting) {
            let node = tried.run.node.clone();
            let relay = if tried.may_be_relayed() { self.next_relay(&tried) } else { None };
            match relay.and_then(|relay| Some((self.cell.through(&node, &relay)?, relay))) {
                Some((through, relay)) => {
                    self.runs.remove(&node);
                    self.relay(tried, relay, through);
                }
                // Who is still under way may serve when it has answered.
                None if tried.may_be_relayed() && !self.under_way.is_empty() => {
                    self.runs.insert(node, tried.run.clone());
                    self.waiting.push(tried);
                }
                None => {
                    self.runs.insert(node.clone(), tried.run);
                    settled.push(node);
                }
            }
        }
        settled
    }

    /// Whoever was reached, or else was not to be asked anything, and was not asked to relay this yet.
    fn next_relay(&self, tried: &Tried) -> Option<NodeName> {
        let others = self.cell.others.keys().filter(|_| self.under_way.is_empty());
        self.alive.iter().chain(others).find(|relay| !tried.relays.contains(relay)).cloned()
    }

    fn relay(&mut self, tried: Tried, relay: NodeName, through: Through) {
        let Some(node) = self.cell.inventory.node(&tried.run.node).cloned() else { return };
        let order = self.order.clone();
        self.under_way.spawn(async move {
            let session = through.session(Instant::now() + order.connect_timeout).await;
            let relayed = run(&node, &session, &order).await;
            let Tried { run, mut relays, .. } = tried;
            relays.push(relay.clone());
            match &relayed.end {
                // What is told in the end is why the node itself was not reached.
                End::NotBegun(silence) => {
                    let hopeless = !matches!(Outcome::of(Err(silence)), Outcome::NoWord(_));
                    Tried { run: Run { took: run.took + relayed.took, ..run }, relays, hopeless }
                }
                _ => Tried { run: Run { via: Some(relay), ..relayed }, relays, hopeless: true },
            }
        });
    }
}

impl Tried {
    /// Whether it was not begun for want of a way to the node, and another way may be found.
    fn may_be_relayed(&self) -> bool {
        match &self.run.end {
            End::NotBegun(silence) if !self.hopeless && self.relays.len() < RELAYS_MAX => {
                !silence.is_refusal() || silence.cause == Cause::Refused
            }
            _ => false,
        }
    }
}

/// Runs the command on one node.
async fn run(node: &Node, session: &Session, order: &Order) -> Run {
    let begun = Instant::now();
    // A new one each time, unknown to the node beforehand.
    let mark = format!("{:016x}", std::hash::RandomState::new().hash_one(begun));
    let line = wrapper::line(&order.command, &mark, order.timeout);
    let last_words = Some(wrapper::last_words(&mark));
    let command = RemoteCommand { last_words, ..RemoteCommand::new(move |_| line.clone(), OUTPUT_BYTES_MAX) };
    let connect_by = begun + order.connect_timeout;
    let reply = session.exec_once_connected(command, connect_by, connect_by + order.timeout + LAST_WORDS).await;
    let output = wrapper::unwrap(&reply.stdout, &reply.stderr, &mark);
    let took = begun.elapsed();
    let answer = Answer { proven: output.status, claimed: reply.exit_status, broken: reply.broken, took };
    Run {
        end: End::of(answer, order.timeout),
        node: node.name.clone(),
        host: node.host.clone(),
        port: node.ssh.port(),
        via: None,
        took,
        stdout: output.stdout,
        stderr: output.stderr,
    }
}
