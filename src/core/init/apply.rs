//! Members and settings of the inventory become the cell's: one claim at a time, each won before the next.

use crate::core::inventory::Inventory;
use crate::core::name::NodeName;
use crate::core::plan::Refusal;
use crate::core::term::{Act, Member, TermRecord, members};

/// What the next term says on the way to the inventory: one member more, else one fewer, else order, candidates and
/// settings; nothing where they are the same. Whoever has to agree to two of them has a node in common then.
///
/// # Errors
/// The inventory leaves out who is PRIMARY or BRAIN.
pub fn next_record(record: &TermRecord, inventory: &Inventory) -> Result<Option<TermRecord>, Refusal> {
    for (role, name, verb) in [("PRIMARY", &record.primary, "promote"), ("BRAIN", &record.brain, "inherit-brain")] {
        if inventory.node(name).is_none() {
            let text = format!("the inventory leaves out {name}, which is {role} by term {}", record.term);
            return Err(Refusal::new(text)
                .hint(format!("move the role first, with an inventory that has {name}: m3m {verb} NODE")));
        }
    }
    let wanted = members(inventory);
    let next = next_members(&record.members, &wanted);
    let (quorum, fence) = (inventory.safety.quorum, inventory.safety.fence);
    Ok(match next {
        Some(members) => Some(TermRecord { members, ..record.clone() }),
        None if record.members != wanted || record.quorum != quorum || record.fence != fence => {
            Some(TermRecord { members: wanted, quorum, fence, ..record.clone() })
        }
        None => None,
    })
}

/// The members with one of them more or fewer. More come first: a spare one makes the loss of another bearable.
fn next_members(present: &[Member], wanted: &[Member]) -> Option<Vec<Member>> {
    let has = |members: &[Member], name: &NodeName| members.iter().any(|member| member.name == *name);
    let mut next = present.to_vec();
    if let Some((place, new)) = wanted.iter().enumerate().find(|(_, member)| !has(present, &member.name)) {
        next.insert(place.min(next.len()), new.clone());
        return Some(next);
    }
    let leaves = present.iter().position(|member| !has(wanted, &member.name))?;
    next.remove(leaves);
    Some(next)
}

/// What the terms after this one will say, one after the other, up to the inventory.
#[must_use]
pub fn records_ahead(record: &TermRecord, inventory: &Inventory) -> Vec<TermRecord> {
    let mut ahead: Vec<TermRecord> = Vec::new();
    loop {
        let last = ahead.last().unwrap_or(record);
        match next_record(last, inventory) {
            Ok(Some(next)) => {
                let term = last.term + 1;
                ahead.push(TermRecord { term, act: Act::Apply, ..next });
            }
            Ok(None) | Err(_) => return ahead,
        }
    }
}
