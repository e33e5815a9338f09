//! What `m3m init` found and did, node by node.

use std::fmt;

use jiff::Timestamp;

use crate::core::name::{CellName, NodeName};
use crate::core::plan::Refusal;
use crate::core::term::{Held, TermRecord};

/// What became of a cell's nodes and of its term.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The cell.
    pub cell: CellName,
    /// When it ended.
    pub at: Timestamp,
    /// Nothing was done: it says what would be.
    pub is_dry: bool,
    /// The nodes that were to be ready, in the order of the inventory.
    pub nodes: Vec<NodeReport>,
    /// What the inventory's members and settings change of the cell's, as the lines of a diff; empty where they are not to.
    pub differences: Vec<String>,
    /// The inventory says something else than the term in force, which is not to be changed.
    pub is_drifted: bool,
    /// The terms that were claimed and won, in their order; in a dry run those that would be claimed.
    pub claimed: Vec<TermRecord>,
    /// The number of the term in force, as far as it is known.
    pub term: Option<u64>,
    /// How it ended.
    pub end: End,
}

/// What became of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    /// The node.
    pub node: NodeName,
    /// Through which other node it was reached, where its own path fails.
    pub via: Option<NodeName>,
    /// Whether it is ready.
    pub state: State,
    /// What was done there, or would be, in its order.
    pub deeds: Vec<Deed>,
    /// The number of the term that it holds.
    pub term: Option<u64>,
    /// Why it is not ready.
    pub reason: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

/// Whether a node is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its repository is there and its own, and it holds the term in force.
    Ready,
    /// It answers, and something is missing.
    NotReady,
    /// It does not answer.
    Absent,
}

/// Something that was done on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Its repository was made.
    Repository,
    /// Its repository got its first commit.
    Commit,
    /// Its repository was told whose it is.
    Name,
    /// A term that could not be read was kept under this reference; without one: it will be, if it can.
    Aside(Option<String>),
    /// What stood in the place of a term could not be kept; these words say what it was.
    Dropped(String),
    /// It holds a term that was claimed.
    Claimed(u64),
    /// It follows the term in force; it held this one before, or none.
    Raised {
        /// The number before.
        from: Option<u64>,
        /// The number now.
        to: u64,
    },
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// What could be done was done.
    Done,
    /// The term could not be brought on: why.
    Waits(Refusal),
    /// Another claim won.
    Lost(Box<Held>),
    /// A claim was neither won nor lost, and others may be needed: why, and how to go on.
    Incomplete(Refusal),
}

impl Report {
    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.claimed.is_empty() && self.nodes.iter().all(|node| node.deeds.is_empty())
    }

    /// How many nodes are in this state.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.nodes.iter().filter(|node| node.state == state).count()
    }
}

impl State {
    /// The word that JSON has.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not_ready",
            Self::Absent => "absent",
        }
    }
}

impl End {
    /// The word that JSON has.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Waits(_) => "waits",
            Self::Lost(_) => "lost",
            Self::Incomplete(_) => "incomplete",
        }
    }
}

impl Deed {
    /// The word that JSON has.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Commit => "commit",
            Self::Name => "name",
            Self::Aside(_) => "aside",
            Self::Dropped(_) => "dropped",
            Self::Claimed(_) => "claimed",
            Self::Raised { .. } => "raised",
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository => f.write_str("repository created"),
            Self::Commit => f.write_str("first commit"),
            Self::Name => f.write_str("named"),
            Self::Aside(Some(reference)) => write!(f, "damaged term kept as {reference}"),
            Self::Aside(None) => f.write_str("damaged term set aside"),
            Self::Dropped(raw) => write!(f, "damaged term removed ({raw})"),
            Self::Claimed(term) => write!(f, "term {term} claimed"),
            Self::Raised { from: Some(from), to } => write!(f, "raised from term {from} to {to}"),
            Self::Raised { from: None, to } => write!(f, "raised to term {to}"),
        }
    }
}
