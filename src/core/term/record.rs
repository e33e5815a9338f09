//! `term.json`: the record itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::core::inventory::{Fence, Inventory, Quorum, Role};
use crate::core::name::{CellName, NodeName};

/// The highest number of a term that is believed: far above all that are ever claimed, and below what `sh` can count to.
const NUMBER_MAX: u64 = 1_000_000_000_000_000;

/// Who is who, who may become what, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermRecord {
    /// The number: a higher one wins.
    pub term: u64,
    /// The cell.
    pub cell: CellName,
    /// Who executes the service.
    pub primary: NodeName,
    /// Who observes and decides.
    pub brain: NodeName,
    /// The cell's nodes in the order of the chains: the mirrors as they were listed, the first PRIMARY, the first BRAIN.
    pub members: Vec<Member>,
    /// Who must agree to a claim.
    #[serde(default)]
    pub quorum: Quorum,
    /// What must be known of the old PRIMARY before a new one starts.
    #[serde(default)]
    pub fence: Fence,
    /// The nodes that may still execute the service, or hold writes that the PRIMARY does not have, as far as was known
    /// when the term was claimed. What is started under this term is started after they were dealt with.
    #[serde(default)]
    pub from: Vec<NodeName>,
    /// What the claim was for.
    #[serde(default)]
    pub act: Act,
    /// Why, in a person's or a rule's words.
    #[serde(default)]
    pub reason: String,
    /// By whom: user@host.
    #[serde(default)]
    pub by: String,
    /// When, by the claimer's clock.
    pub at: Timestamp,
    /// A word that no other claim has, so that two of them are never the same commit.
    #[serde(default)]
    pub claim: String,
}

/// A node of the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub name: NodeName,
    /// Whether it may ever become PRIMARY.
    #[serde(default = "yes")]
    pub candidate: bool,
}

/// What a claim was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// The cell's first term.
    Init,
    /// PRIMARY was moved, nothing lost.
    Switchover,
    /// PRIMARY was dead and replaced.
    Failover,
    /// BRAIN was moved.
    InheritBrain,
    /// What was begun under the term before could not be finished, and PRIMARY is the one before again.
    GoBack,
    /// Who is who stays: nodes that held something else were brought together again.
    Close,
    /// Members or safety settings changed.
    Apply,
    /// Something that a later m3m knows.
    #[default]
    #[serde(other)]
    Other,
}

impl TermRecord {
    /// The first term of a cell, as its inventory has it.
    #[must_use]
    pub fn first(inventory: &Inventory, by: String, at: Timestamp, claim: String) -> Option<Self> {
        let holder = |role| inventory.nodes.iter().find(|node| node.role == role).map(|node| node.name.clone());
        Some(Self {
            term: 1,
            cell: inventory.cell.clone(),
            primary: holder(Role::Primary)?,
            brain: holder(Role::Brain)?,
            members: members(inventory),
            quorum: inventory.safety.quorum,
            fence: inventory.safety.fence,
            from: Vec::new(),
            act: Act::Init,
            reason: "the cell's first term".to_owned(),
            by,
            at,
            claim,
        })
    }

    /// Reads `term.json`; fields of no interest here are passed over. Nothing where it is not a term.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        let record: Self = serde_json::from_str(json).ok()?;
        (1..=NUMBER_MAX).contains(&record.term).then_some(record)
    }

    /// Writes `term.json`: one field a line at the top, so that `sh` can read numbers and names.
    #[must_use]
    pub fn write(&self) -> String {
        // Names, numbers and texts always have a form in JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Whether the node is a member.
    #[must_use]
    pub fn has(&self, name: &NodeName) -> bool {
        self.member(name).is_some()
    }

    /// The member of that name.
    #[must_use]
    pub fn member(&self, name: &NodeName) -> Option<&Member> {
        self.members.iter().find(|member| member.name == *name)
    }

    /// The node that takes a role by this term, and so has to hold it before it is won.
    #[must_use]
    pub fn taker(&self) -> Option<&NodeName> {
        match self.act {
            Act::Switchover | Act::Failover | Act::GoBack => Some(&self.primary),
            Act::InheritBrain => Some(&self.brain),
            Act::Init | Act::Close | Act::Apply | Act::Other => None,
        }
    }
}

/// The nodes of an inventory in the order of the chains.
#[must_use]
pub fn members(inventory: &Inventory) -> Vec<Member> {
    let of = |role| inventory.nodes.iter().filter(move |node| node.role == role);
    let chain = of(Role::Mirror).chain(of(Role::Primary)).chain(of(Role::Brain));
    chain.map(|node| Member { name: node.name.clone(), candidate: node.candidate }).collect()
}

impl Act {
    /// The word as JSON and tables have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Switchover => "switchover",
            Self::Failover => "failover",
            Self::InheritBrain => "inherit-brain",
            Self::GoBack => "go-back",
            Self::Close => "close",
            Self::Apply => "apply",
            Self::Other => "other",
        }
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
pub(in crate::core) mod tests {
    use super::*;

    pub(in crate::core) fn name(text: &str) -> NodeName {
        text.parse().expect("a name")
    }

    /// A term of a cell with five nodes a to e: the mirrors a, b and c, the first PRIMARY d, the first BRAIN e.
    pub(in crate::core) fn record(term: u64, primary: &str, brain: &str) -> TermRecord {
        let members = ["a", "b", "c", "d", "e"].map(|text| Member { name: name(text), candidate: true });
        TermRecord {
            term,
            cell: name("montana"),
            primary: name(primary),
            brain: name(brain),
            members: members.to_vec(),
            quorum: Quorum::Any,
            fence: Fence::Attempt,
            from: vec![name("d")],
            act: Act::Switchover,
            reason: "a \"reason\"\nof two lines".to_owned(),
            by: "op@desk".to_owned(),
            at: "2026-11-22T03:00:00Z".parse().expect("a time"),
            claim: "0123456789abcdef".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let written = record(7, "a", "e").write();
        assert_eq!(TermRecord::read(&written), Some(record(7, "a", "e")));
        assert_eq!(TermRecord::read(&written.replace('\n', "")), Some(record(7, "a", "e")), "in one line");
    }

    #[test]
    fn a_shell_finds_number_and_names_on_lines_of_their_own() {
        let written = record(7, "a", "e").write();
        for line in ["  \"term\": 7,", "  \"primary\": \"a\",", "  \"brain\": \"e\","] {
            assert_eq!(written.lines().filter(|found| *found == line).count(), 1, "{line} in {written}");
        }
    }

    #[test]
    fn what_a_later_m3m_adds_is_passed_over_and_what_is_no_term_is_none() {
        let later =
            record(7, "a", "e").write().replace("\"switchover\"", "\"teleport\", \"lease\": {\"holder\": \"x\"}");
        let read = TermRecord::read(&later).expect("a term");
        assert_eq!((read.term, read.act), (7, Act::Other));
        let good = record(7, "a", "e").write();
        for broken in [
            String::new(),
            "{}".to_owned(),
            good.replace("7,", "-1,"),
            good.replace("7,", "0,"),
            good.replace("7,", &format!("{},", u64::MAX)),
            good.replace("\"a\"", "\"A b\""),
            good.replace("2026", "long ago"),
        ] {
            assert_eq!(TermRecord::read(&broken), None, "{broken}");
        }
    }
}
