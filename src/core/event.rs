//! Events: the only way in which m3m speaks while it works. Views listen; whoever works never holds a terminal.

use std::io;
use std::time::Duration;

use super::change::{Change, Step, Taken};
use super::history::History;
use super::init::Report;
use super::name::NodeName;
use super::observation::Observation;
use super::pause::Pausing;
use super::plan::Plan;
use super::readiness::Readiness;
use super::run::{Execution, Run};
use super::status::Status;

/// Something that happened, or a result.
#[derive(Debug)]
pub enum Event<'a> {
    /// All these nodes are asked now, with this time for each.
    Asking {
        /// Whom.
        nodes: &'a [NodeName],
        /// How long each has.
        timeout: Duration,
    },
    /// One node's answer or silence is in.
    Observed(&'a Observation),
    /// A command has ended on one node, or did not get there.
    Ran(&'a Run),
    /// The command has ended everywhere.
    Executed(&'a Execution),
    /// Nodes are asked to reach one another now: so many pairs of them.
    Relaying {
        /// How many.
        pairs: usize,
    },
    /// A role would be moved, as this plan says: the result where nothing is to be done.
    Planned(&'a Plan),
    /// A person is asked for consent now: nothing else may move on the terminal.
    Consenting,
    /// A step of a change begins.
    Begun(&'a Step),
    /// A step of a change has ended.
    Taken(&'a Taken),
    /// A change of a role is over.
    Changed(&'a Change),
    /// Nodes were made ready, or would be.
    Initialised(&'a Report),
    /// The status of the cell.
    Status(&'a Status),
    /// The terms of the cell.
    History(&'a History),
    /// A pause was ordered or ended, and what came of it.
    Paused(&'a Pausing),
    /// What the cell still lacks.
    Readiness(&'a Readiness),
    /// Something about this machine's own files that a person should know.
    Notice(&'a str),
}

/// Whoever hears events.
pub trait Listener {
    /// Hears one event.
    ///
    /// # Errors
    /// The listener's output is gone, as when a pipe's reader has left: there is no use in telling it more.
    fn hear(&mut self, event: &Event<'_>) -> io::Result<()>;
}
