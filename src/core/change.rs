//! A change of a role as it happens, step by step, and what came of it in the end.

use std::time::Duration;

use jiff::Timestamp;

use super::duty::Duty;
use super::name::{CellName, NodeName};
use super::plan::Kind;
use super::status::{Status, Warning};
use super::term::Held;

/// What every change is made of, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The next term is put to the members.
    Claim,
    /// Whoever may still execute is stopped.
    Fence,
    /// The new holder takes in what others wrote.
    State,
    /// The service is started, and its check has to pass.
    Start,
    /// This machine's own command is told.
    Announce,
    /// What is true afterwards is observed afresh.
    Check,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it belongs to.
    pub stage: Stage,
    /// The node it is done to, if it is one.
    pub node: Option<NodeName>,
    /// What is done, in words that stand alone.
    pub text: String,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The step.
    pub step: Step,
    /// Whether it did what it should.
    pub result: StepResult,
    /// What there is to say of it, in words that follow those of the step.
    pub text: String,
    /// How long it took.
    pub took: Duration,
}

/// Whether a step did what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepResult {
    /// It did.
    Done,
    /// It did not.
    Failed,
    /// No answer came: it may have.
    Unknown,
}

/// A change of a role from its plan to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The cell.
    pub cell: CellName,
    /// When it began.
    pub at: Timestamp,
    /// The role.
    pub duty: Duty,
    /// Who had it by the term before.
    pub from: NodeName,
    /// Who was to have it.
    pub to: NodeName,
    /// What kind of change it is.
    pub kind: Kind,
    /// The number of the term that is in force now, as far as is known.
    pub term: u64,
    /// What was done, in the order in which it ended.
    pub steps: Vec<Taken>,
    /// How it ended.
    pub end: End,
    /// What a person should know.
    pub warnings: Vec<Warning>,
    /// From the first step to the last one that changes something: a last look waits for the dead.
    pub took: Duration,
    /// What is true afterwards, where that was observed.
    pub after: Option<Status>,
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// As asked.
    Done,
    /// It was so already.
    Nothing,
    /// Another claim won; no service was touched.
    Lost(Box<Held>),
    /// The claim was not won, and no other one is; no service was touched.
    NotWon {
        /// Why.
        why: String,
        /// What to do next.
        hints: Vec<String>,
    },
    /// It could not be finished, and the role is where it was before.
    WentBack {
        /// What failed.
        why: String,
        /// What to do next.
        hints: Vec<String>,
    },
    /// Something was changed, and it is not finished.
    Incomplete {
        /// Why.
        why: String,
        /// How to go on.
        hints: Vec<String>,
    },
}

impl Stage {
    /// The word that tables and JSON have.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Fence => "fence",
            Self::State => "state",
            Self::Start => "start",
            Self::Announce => "announce",
            Self::Check => "check",
        }
    }
}

impl StepResult {
    /// The word that JSON has.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl End {
    /// The word that JSON has.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Nothing => "nothing",
            Self::Lost(_) => "lost",
            Self::NotWon { .. } => "not_won",
            Self::WentBack { .. } => "went_back",
            Self::Incomplete { .. } => "incomplete",
        }
    }
}
