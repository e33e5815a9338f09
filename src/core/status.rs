//! The status of a cell: recorded and observed side by side, node by node, with the verdict on all of it.

use std::time::Duration;

use jiff::Timestamp;

use super::drift::Difference;
use super::inventory::Role;
use super::lag::Lag;
use super::name::{CellName, NodeName};
use super::observation::{ClockOffset, Observation};
use super::pause::Pause;
use super::probe::{Facts, Room};
use super::silence::Silence;
use super::term::Standing;

/// What is true now, as far as m3m can see.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The cell.
    pub cell: CellName,
    /// When the picture was complete.
    pub at: Timestamp,
    /// The one word.
    pub verdict: Verdict,
    /// The sentence behind the word.
    pub reason: String,
    /// The terms that the nodes hold. The recorded roles are those of the term in force, or the inventory's where no
    /// node that answered holds a term.
    pub standing: Standing,
    /// What the term in force and the inventory say differently.
    pub drift: Vec<Difference>,
    /// The pause, where one is on.
    pub pause: Option<Pause>,
    /// The nodes that were asked, in the order of the inventory.
    pub nodes: Vec<NodeStatus>,
    /// How many nodes the cell has.
    pub nodes_total: usize,
    /// What a person should know; empty when all is well.
    pub warnings: Vec<Warning>,
}

/// The one word about a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The service runs where it should, and there is nothing to say.
    Operational,
    /// The service runs; something else is not right.
    Degraded,
    /// The service is not seen to run.
    Down,
    /// Nothing could be reached.
    CutOff,
}

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeStatus {
    /// Its name.
    pub name: NodeName,
    /// Its host.
    pub host: String,
    /// The name or address that it is reached at, where ssh's configuration has another one for its host.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// Where it stands.
    pub location: Option<String>,
    /// The role it should have; PRIMARY where it has both.
    pub recorded: Role,
    /// Whether it is the BRAIN, be it alone or besides being PRIMARY.
    pub is_brain: bool,
    /// Whether it is a member of the cell, by the term in force.
    pub is_member: bool,
    /// Its rank among the mirrors, from 1: its place in the chain of who executes next.
    pub rank: Option<usize>,
    /// What it is found doing; nothing where that could not be seen.
    pub observed: Option<Observed>,
    /// How it stands with the node's head.
    pub lag: Option<Lag>,
    /// The node's clock against this machine's.
    pub clock: Option<ClockOffset>,
    /// How old the observation is.
    pub age: Duration,
    /// What the node said, or why it did not.
    pub observation: Observation,
}

/// What a node is found doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// The service runs on it.
    Executes,
    /// It answers, and the service does not run on it.
    StandsBy,
}

/// Something a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The node it is about.
    pub node: Option<NodeName>,
    /// What is not right.
    pub text: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Verdict {
    /// The word as tables and JSON have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "OPERATIONAL",
            Self::Degraded => "DEGRADED",
            Self::Down => "DOWN",
            Self::CutOff => "CUT OFF",
        }
    }
}

impl Observed {
    /// The word as JSON has it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Executes => "executes",
            Self::StandsBy => "stands_by",
        }
    }

    /// The words as tables have them.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Executes => "executes",
            Self::StandsBy => "stands by",
        }
    }
}

impl NodeStatus {
    /// The facts, where the node answered.
    #[must_use]
    pub fn facts(&self) -> Option<&Facts> {
        self.observation.facts()
    }

    /// What kept the node from answering, or from answering to the end.
    #[must_use]
    pub fn trouble(&self) -> Option<&Silence> {
        self.observation.trouble()
    }

    /// Whether the node turned m3m away.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.observation.answer.as_ref().err().is_some_and(Silence::is_refusal)
    }

    /// Whether this is a role that it should have.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.recorded == role || (role == Role::Brain && self.is_brain)
    }

    /// What it is found doing contradicts its recorded role.
    #[must_use]
    pub fn contradicts(&self) -> bool {
        self.observed.is_some_and(|observed| (observed == Observed::Executes) != (self.recorded == Role::Primary))
    }

    /// How much of the repository's disk is left, where the node said so.
    #[must_use]
    pub fn disk(&self) -> Option<Room> {
        self.facts()?.disk
    }
}

impl Status {
    /// The number of the term that the recorded roles come from.
    #[must_use]
    pub fn term(&self) -> Option<u64> {
        self.standing.in_force().map(|held| held.record.term)
    }
}
