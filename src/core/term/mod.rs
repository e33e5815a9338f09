//! The term: the numbered record of who is PRIMARY and BRAIN.
//!
//! Each node holds it in its own repository, as a commit under `refs/m3m/term` whose tree has one file, `term.json`.
//! Terms are linked by their parents: the first parent is the last term that was known to be won, further ones are
//! what else nodes held when it was claimed. A node moves only to a descendant of higher number.

mod claim;
mod record;
mod standing;

use std::collections::BTreeMap;

pub use claim::{Answers, Claim, ClaimAnswer, Outcome, Rivals, judge};
pub use record::{Act, Member, TermRecord, members};
pub use standing::{Held, Standing, is_won};

use super::name::NodeName;

/// The ref under which a node holds its term.
pub const REF: &str = "refs/m3m/term";

/// The one file in the tree of a term's commit.
pub const FILE: &str = "term.json";

/// What a node says of its term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldTerm {
    /// The commit that the ref names; empty where the ref itself cannot be read.
    pub commit: String,
    /// Its `term.json`, where that could be read.
    pub record: Option<TermRecord>,
}

/// What nodes hold, by node; a node that did not answer, or not to the end, is missing.
pub type Holdings = BTreeMap<NodeName, Option<HeldTerm>>;

#[cfg(test)]
pub(in crate::core) use record::tests;
