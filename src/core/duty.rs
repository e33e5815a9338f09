//! Duties: the two roles that exactly one node holds.

use super::inventory::{Node, Service};
use super::name::NodeName;
use super::term::TermRecord;

/// A role that exactly one node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// Executes the service.
    Primary,
    /// Observes and decides.
    Brain,
}

impl Duty {
    /// The word that people read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Brain => "BRAIN",
        }
    }

    /// The word of term.json and of the inventory.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Brain => "brain",
        }
    }

    /// Who has it by a term.
    #[must_use]
    pub fn holder(self, record: &TermRecord) -> &NodeName {
        match self {
            Self::Primary => &record.primary,
            Self::Brain => &record.brain,
        }
    }

    /// What runs on a node that has it, if anything.
    #[must_use]
    pub fn service(self, node: &Node) -> Option<&Service> {
        match self {
            Self::Primary => Some(&node.service),
            Self::Brain => node.brain.as_ref(),
        }
    }
}
