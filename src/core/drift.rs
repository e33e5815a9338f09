//! Drift: what the term in force and an inventory say differently. The term counts; the inventory is what somebody
//! wants the cell to be.

use super::inventory::{Fence, Inventory, Quorum};
use super::term::{Member, TermRecord, members};
use super::text::listed;

/// One thing that is said differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is: a setting as the inventory names it.
    pub what: String,
    /// The number of the term.
    pub term: u64,
    /// What the term says; nothing where it says nothing of it.
    pub by_term: Option<String>,
    /// What the inventory says; nothing where it says nothing of it.
    pub by_inventory: Option<String>,
}

/// What to do where they differ.
pub const APPLY: &str = "m3m init --apply makes the inventory's members and settings the cell's";

/// That they differ, in a sentence.
#[must_use]
pub fn drifted(term: u64) -> String {
    format!("the inventory differs from term {term}; the term counts")
}

/// What the term and the inventory say differently of members, their order, who may be PRIMARY, and safety.
#[must_use]
pub fn differences(record: &TermRecord, inventory: &Inventory) -> Vec<Difference> {
    let wanted = members(inventory);
    let difference = |what: &str, by_term: Option<String>, by_inventory: Option<String>| Difference {
        what: what.to_owned(),
        term: record.term,
        by_term,
        by_inventory,
    };
    let mut found = Vec::new();
    for member in record.members.iter().filter(|member| of(&wanted, member).is_none()) {
        found.push(difference("node", Some(described(member)), None));
    }
    for member in wanted.iter().filter(|member| of(&record.members, member).is_none()) {
        found.push(difference("node", None, Some(described(member))));
    }
    for (member, wanted) in record.members.iter().filter_map(|member| Some((member, of(&wanted, member)?))) {
        if member.candidate != wanted.candidate {
            let what = format!("candidate of {}", member.name);
            found.push(difference(&what, Some(member.candidate.to_string()), Some(wanted.candidate.to_string())));
        }
    }
    let (by_term, by_inventory) = (order(&record.members, &wanted), order(&wanted, &record.members));
    if by_term != by_inventory {
        found.push(difference("chain", Some(listed(&by_term)), Some(listed(&by_inventory))));
    }
    let (quorum, fence) = (inventory.safety.quorum, inventory.safety.fence);
    if record.quorum != quorum {
        let word = |quorum: Quorum| Some(quorum.as_str().to_owned());
        found.push(difference("safety.quorum", word(record.quorum), word(quorum)));
    }
    if record.fence != fence {
        let word = |fence: Fence| Some(fence.as_str().to_owned());
        found.push(difference("safety.fence", word(record.fence), word(fence)));
    }
    found
}

/// The member of the same name.
fn of<'a>(members: &'a [Member], like: &Member) -> Option<&'a Member> {
    members.iter().find(|member| member.name == like.name)
}

fn described(member: &Member) -> String {
    if member.candidate { member.name.to_string() } else { format!("{}, no candidate", member.name) }
}

/// The order of those that both have.
fn order<'a>(members: &'a [Member], others: &[Member]) -> Vec<&'a str> {
    members.iter().filter(|member| of(others, member).is_some()).map(|member| member.name.as_str()).collect()
}

impl Difference {
    /// The lines of a diff: what the term says, then what the inventory says.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let by_term = self.by_term.iter().map(|said| format!("- {}: {said} (term {})", self.what, self.term));
        let by_inventory = self.by_inventory.iter().map(|said| format!("+ {}: {said} (inventory)", self.what));
        by_term.chain(by_inventory)
    }
}
