//! One step on one node: a program that changes something, over the session by which the node answered last.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use super::Cell;
use super::through::Through;
use crate::core::inventory::NodeName;
use crate::core::relay::RELAYS_MAX;
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::step::{self, ANSWER_BYTES_MAX, Address, Answer, NotAfter};
use crate::world::ssh::{Frame, RemoteCommand, Reply};

/// The lines around the answer of a step.
pub(super) const FRAME: Frame = Frame { begin: step::BEGIN, end: step::END };

/// What came of a step.
#[derive(Debug, Clone)]
pub enum StepEnd {
    /// The node said so, to the end.
    Answered(Box<Answer>),
    /// It has certainly not run: the node was not reached, for this reason.
    NotRun(Silence),
    /// No answer came, or not all of it: it may have run, or still run.
    Unknown(Silence),
}

impl Cell {
    /// Runs one step on a node. It has to begin by the first of both times, connecting included: the node refuses to begin
    /// it later, by its own clock, where it has told that. It is waited for until the second.
    ///
    /// It is never repeated: what may have run must not run twice because a connection broke.
    pub fn step(
        &self,
        node: &NodeName,
        line: &dyn Fn(Address<'_>) -> String,
        (begin_by, deadline): (Instant, Instant),
    ) -> impl Future<Output = StepEnd> + Send + 'static + use<> {
        let told = self.inventory.node(node).map(|told| {
            let not_after = self.not_after(node, begin_by);
            line(Address { node: told, cell: &self.inventory.cell, not_after: &not_after })
        });
        let command = told.map(|line| framed(line, begin_by));
        let (session, name) = (self.session(node), node.clone());
        async move {
            match session.zip(command) {
                Some((session, command)) => end(&session.exec_once_connected(command, begin_by, deadline).await),
                None => StepEnd::NotRun(unknown(&name)),
            }
        }
    }

    /// The same step over every path to a node at once: its own, and through each of these others. Who does it first
    /// does it; the node's lock and its own look at what is true keep the rest from doing more.
    pub(super) fn step_over_all_ways(
        &self,
        node: &NodeName,
        relays: &BTreeSet<NodeName>,
        line: &dyn Fn(Address<'_>) -> String,
        deadline: Instant,
    ) -> Vec<impl Future<Output = StepEnd> + Send + 'static + use<>> {
        let relays = relays.iter().filter(|relay| *relay != node).take(RELAYS_MAX);
        let relayed = relays.filter_map(|relay| self.through(node, relay));
        let own = self.reach.get(node).map(|reach| Through::Standing(Arc::clone(&reach.session)));
        let ways = own.into_iter().chain(relayed);
        let command = self.inventory.node(node).map(|told| {
            let not_after = self.not_after(node, deadline);
            framed(line(Address { node: told, cell: &self.inventory.cell, not_after: &not_after }), deadline)
        });
        let command = command.into_iter();
        let told = ways.zip(command.cycle()).map(|(way, command)| async move {
            let session = way.session(deadline).await;
            end(&session.exec(command, deadline).await)
        });
        told.collect()
    }

    /// Until when a step may be done, by the node's own clock.
    fn not_after(&self, node: &NodeName, deadline: Instant) -> NotAfter {
        self.clock_of(node).map(|clock| clock.at(deadline)).unwrap_or_default()
    }

    /// The command of a step, without its frame.
    pub(super) fn step_command(
        &self,
        node: &NodeName,
        line: impl Fn(&NotAfter) -> String,
        deadline: Instant,
    ) -> RemoteCommand {
        let line = line(&self.not_after(node, deadline));
        RemoteCommand::new(move |_| line.clone(), ANSWER_BYTES_MAX)
    }

    /// Runs a command once over the session by which a node answered last.
    pub(super) async fn command(&self, node: &NodeName, command: RemoteCommand, deadline: Instant) -> Reply {
        if let Some(session) = self.session(node) {
            return session.exec(command, deadline).await;
        }
        Reply::not_begun(unknown(node))
    }
}

fn framed(line: String, begin_by: Instant) -> RemoteCommand {
    RemoteCommand {
        frame: Some(FRAME),
        begin_by: Some(begin_by),
        ..RemoteCommand::new(move |_| line.clone(), ANSWER_BYTES_MAX)
    }
}

fn unknown(node: &NodeName) -> Silence {
    let cause = Cause::Local(format!("{node} is not among the nodes that are asked"));
    Silence { phase: Phase::Resolve, cause }
}

fn end(reply: &Reply) -> StepEnd {
    let early = || Silence { phase: Phase::Output, cause: Cause::Garbled("it ended early".to_owned()) };
    match step::read(&reply.stdout, &reply.stderr, reply.exit_status) {
        Ok(answer) if answer.complete => StepEnd::Answered(Box::new(answer)),
        _ if !reply.may_have_run => StepEnd::NotRun(reply.broken.clone().unwrap_or_else(early)),
        Ok(_) => StepEnd::Unknown(reply.broken.clone().unwrap_or_else(early)),
        // Whatever the login shell said instead, it was not the step.
        Err(garbled) => match reply.broken.clone() {
            Some(silence) => StepEnd::Unknown(silence),
            None => StepEnd::NotRun(garbled),
        },
    }
}
