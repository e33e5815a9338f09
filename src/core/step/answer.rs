//! What a node says to a step.

use std::fmt;
use std::time::Duration;

use super::{Made, Refusal};
use crate::core::term::HeldTerm;

/// What a node said to a step, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Why the node did not do it, or not to the end.
    pub refused: Option<Refusal>,
    /// The commit that a claim wrote there; it is held where [`Answer::term`] names it.
    pub claim: Option<String>,
    /// What became of the service.
    pub service: Option<ServiceEnd>,
    /// How long that took, checks included.
    pub service_took: Option<Duration>,
    /// The service's commands that ended badly, in their order.
    pub faults: Vec<Fault>,
    /// How a start failed.
    pub failed: Option<Failed>,
    /// The branch's commit at the end; nothing where it has none, or was not asked for.
    pub head: Option<String>,
    /// How many paths are not committed, as where somebody still writes.
    pub uncommitted: Option<u64>,
    /// What a merge decided.
    pub merged: Option<Merged>,
    /// The commits that are there with all that belongs to them.
    pub took: Vec<String>,
    /// What the node holds at the end.
    pub term: Option<HeldTerm>,
    /// What was missing in the repository, or was made.
    pub made: Made,
    /// How long the whole step took on the node.
    pub step_took: Option<Duration>,
    /// Whether the answer came to its end.
    pub complete: bool,
}

/// What became of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceEnd {
    /// It did not run.
    WasStopped,
    /// It was stopped, verified. After a start that failed: nothing of it runs.
    Stopped,
    /// It did not stop and was killed, verified.
    Killed,
    /// It runs: after a raise it could not be ended, after a start it did so already.
    Running,
    /// It was started, verified.
    Started,
    /// Its check does not tell.
    Unknown,
}

/// A command of the service that ended badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which one: `stop` or `kill`.
    pub command: &'static str,
    /// How.
    pub failed: Failed,
}

/// How a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// How it ended.
    pub status: Status,
    /// The first line of what it said, if anything.
    pub said: String,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// By itself. A start that ended with 0 and failed brought up nothing that passed the check in time.
    Exit(u8),
    /// It was ended after its time.
    TimedOut,
}

/// What a merge decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// So many paths differed on both sides; the wanted side has them.
    Paths(u64),
    /// No mixture could be made: the wanted side's files, all of them.
    Whole,
    /// So many paths differed on both sides; the node keeps its own, since it was the last to execute.
    Kept(u64),
    /// The same where no mixture could be made: its own files, all of them.
    KeptWhole,
}

impl ServiceEnd {
    /// Whether it was seen that nothing runs.
    #[must_use]
    pub fn is_down(self) -> bool {
        matches!(self, Self::WasStopped | Self::Stopped | Self::Killed)
    }

    /// Whether it was seen to run.
    #[must_use]
    pub fn is_up(self) -> bool {
        matches!(self, Self::Running | Self::Started)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Status::TimedOut => f.write_str("did not end")?,
            Status::Exit(0) => f.write_str("ended well, but the check did not pass")?,
            Status::Exit(status) => write!(f, "exit {status}")?,
        }
        if self.said.is_empty() { Ok(()) } else { write!(f, ": {}", self.said) }
    }
}
