//! Running a person's command: on every node at once, each told to the listener as it ends.

use std::hash::BuildHasher as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Cell;
use crate::core::event::{Event, Listener};
use crate::core::inventory::{Node, NodeName};
use crate::core::run::{Answer, End, Run, wrapper};
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

impl Cell {
    /// Runs a command on all nodes of this cell's sessions. The runs come in as they end, so that whoever stops
    /// waiting has those that did.
    ///
    /// # Errors
    /// The listener's output is gone.
    pub async fn run(&self, order: &Order, runs: &mut Vec<Run>, listener: &mut dyn Listener) -> io::Result<()> {
        let nodes: Vec<NodeName> = self.sessions.keys().cloned().collect();
        listener.hear(&Event::Asking { nodes: &nodes, timeout: order.timeout })?;
        let mut orders = JoinSet::new();
        for node in &self.inventory.nodes {
            if let Some(session) = self.sessions.get(&node.name) {
                orders.spawn(run(node.clone(), Arc::clone(session), order.clone()));
            }
        }
        while let Some(done) = orders.join_next().await {
            // One that panicked was reported where it happened, and its run stays missing.
            if let Ok(run) = done {
                listener.hear(&Event::Ran(&run))?;
                runs.push(run);
            }
        }
        Ok(())
    }
}

/// Runs the command on one node.
async fn run(node: Node, session: Arc<Session>, order: Order) -> Run {
    let begun = Instant::now();
    // A new one each time, unknown to the node beforehand.
    let mark = format!("{:016x}", std::hash::RandomState::new().hash_one(begun));
    let line = wrapper::line(&order.command, &mark, order.timeout);
    let command = RemoteCommand { line: Arc::new(move |_| line.clone()), output_bytes_max: OUTPUT_BYTES_MAX };
    let connect_by = begun + order.connect_timeout;
    let reply = session.exec_once_connected(command, connect_by, connect_by + order.timeout + LAST_WORDS).await;
    let output = wrapper::unwrap(&reply.stdout, &reply.stderr, &mark);
    let took = begun.elapsed();
    let answer = Answer { proven: output.status, claimed: reply.exit_status, broken: reply.broken, took };
    Run {
        end: End::of(answer, order.timeout),
        node: node.name,
        host: node.host,
        port: node.ssh.port,
        took,
        stdout: output.stdout,
        stderr: output.stderr,
    }
}
