//! The history of a cell: every term, who claimed it and why, whether it was won, and how long each PRIMARY reigned.
//!
//! Every node has the chain of terms up to the one that it holds. The first parent of a term is the last won one, so the
//! line of first parents from the term in force is the history; whatever else nodes hold or have closed was claimed and
//! not won.

mod merge;
mod reading;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

pub use merge::merge;
pub use reading::{BEGIN, END, read};

use super::inventory::Node;
use super::name::{CellName, NodeName};
use super::shell::{arguments, command_line};
use super::silence::Silence;
use super::term::TermRecord;

/// What runs on the node.
const SCRIPT: &str = include_str!("../../scripts/history.sh");

/// The most terms that a node is asked for.
pub const TERMS_MAX: usize = 10_000;

/// The bytes that the answer for so many terms may have: a record has about 1 KiB.
#[must_use]
pub fn answer_bytes_max(terms: usize) -> usize {
    64 * 1024 + 4 * 1024 * terms.min(TERMS_MAX)
}

/// The command line that asks a node for its newest terms, for its login shell.
#[must_use]
pub fn command(node: &Node, terms: usize) -> String {
    command_line("m3m-history", &(arguments(&[&node.repository.path, &terms.to_string()]) + SCRIPT))
}

/// What a node knows of terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// The commit that it holds; nothing where it holds none.
    pub tip: Option<String>,
    /// The commits, by id.
    pub links: BTreeMap<String, Link>,
    /// Why it could not tell, in its own words.
    pub fault: Option<String>,
}

/// A commit of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// Its parents: the last won term first, then what it closed.
    pub parents: Vec<String>,
    /// What it says, where that can be read.
    pub record: Option<TermRecord>,
}

/// What came of asking nodes for their chains, by node; a node that was not asked is missing.
pub type Chains = BTreeMap<NodeName, Result<Chain, Silence>>;

/// The terms of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The cell.
    pub cell: CellName,
    /// When it was read.
    pub at: Timestamp,
    /// The terms, the newest first, claims that were not won among them.
    pub terms: Vec<Entry>,
    /// Whether there are older ones that were not asked for.
    pub has_more: bool,
    /// The nodes that were asked.
    pub nodes: Vec<NodeHistory>,
}

/// A term of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its commit.
    pub commit: String,
    /// Its parents.
    pub parents: Vec<String>,
    /// What it says.
    pub record: TermRecord,
    /// What became of the claim.
    pub fate: Fate,
    /// How long its PRIMARY reigned from then on, where a reign began with it.
    pub reign: Option<Reign>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was won.
    Won,
    /// It is not known to be won, and nothing has closed it yet.
    Open,
    /// Another one was won instead.
    Lost,
}

/// How long a node was PRIMARY without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reign {
    /// How long.
    pub lasted: Duration,
    /// It lasts still.
    pub is_present: bool,
    /// It may have begun earlier, with a term that was not asked for.
    pub is_cut: bool,
}

/// One node, as far as terms go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHistory {
    /// Its name.
    pub name: NodeName,
    /// The commit that it holds.
    pub tip: Option<String>,
    /// Whether it has the history that is shown.
    pub agreement: Agreement,
}

/// Whether a node has the history that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// It has.
    Agrees,
    /// It holds an earlier won term: its number, and how many won terms it misses.
    Behind {
        /// The number that it holds.
        term: u64,
        /// How many it misses.
        misses: usize,
    },
    /// It holds a claim that is not won, of this number.
    Differs(u64),
    /// It holds no term.
    Without,
    /// What it holds cannot be read: why.
    Damaged(String),
    /// It did not answer.
    Silent(Silence),
}

impl Fate {
    /// The word as JSON and tables have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Open => "open",
            Self::Lost => "lost",
        }
    }
}

impl Agreement {
    /// The word as JSON has it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Behind { .. } => "behind",
            Self::Differs(_) => "differs",
            Self::Without => "without",
            Self::Damaged(_) => "damaged",
            Self::Silent(_) => "silent",
        }
    }
}

impl History {
    /// Whether every node has the history that is shown.
    #[must_use]
    pub fn is_agreed(&self) -> bool {
        self.nodes.iter().all(|node| node.agreement == Agreement::Agrees)
    }
}
