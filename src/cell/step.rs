//! One step on one node: a program that changes something, over the session by which the node answered last.

use std::time::Instant;

use super::Cell;
use super::reached::NotAfter;
use crate::core::inventory::NodeName;
use crate::core::silence::{Cause, Phase, Silence};
use crate::world::ssh::{Frame, RemoteCommand, Reply};

/// The lines around the answer of a step.
pub const FRAME: Frame = Frame { begin: "m3m-step 1", end: "m3m-end" };

/// The most bytes that the answer of a step may have.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

impl Cell {
    /// Runs one step on a node, at most until the deadline, connecting included. Its command line is made from the same
    /// deadline by the node's own clock, where the node has told that.
    ///
    /// It is never repeated: what may have run must not run twice because a connection broke. `may_have_run` in the
    /// reply tells whether it certainly has not.
    pub async fn step(&self, node: &NodeName, line: impl Fn(Option<&NotAfter>) -> String, deadline: Instant) -> Reply {
        let command = self.step_command(node, line, deadline);
        self.command(node, RemoteCommand { frame: Some(FRAME), ..command }, deadline).await
    }

    /// The command of a step, without its frame.
    pub(super) fn step_command(
        &self,
        node: &NodeName,
        line: impl Fn(Option<&NotAfter>) -> String,
        deadline: Instant,
    ) -> RemoteCommand {
        let not_after = self.clock_of(node).map(|clock| clock.at(deadline));
        let line = line(not_after.as_ref());
        RemoteCommand::new(move |_| line.clone(), ANSWER_BYTES_MAX)
    }

    /// Runs a command once over the session by which a node answered last.
    pub(super) async fn command(&self, node: &NodeName, command: RemoteCommand, deadline: Instant) -> Reply {
        match self.session(node) {
            Some(session) => session.exec(command, deadline).await,
            None => {
                let cause = Cause::Local(format!("{node} is not among the nodes that are asked"));
                Reply::not_begun(Silence { phase: Phase::Resolve, cause })
            }
        }
    }
}
