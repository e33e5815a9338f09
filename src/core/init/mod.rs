//! `m3m init`: what a cell's term still needs once its nodes are ready, decided from what was seen. Whoever begins again
//! after being cut off decides anew from what is true by then.

mod apply;
mod report;

use std::collections::BTreeSet;

pub use apply::{next_record, records_ahead};
pub use report::{Deed, End, NodeReport, Report, State};

use super::inventory::{Inventory, Quorum};
use super::name::NodeName;
use super::observation::Picture;
use super::plan::{Refusal, Scene, Signature, may_execute};
use super::probe::{Facts, ServiceState};
use super::term::{Act, Claim, Held, HeldTerm, Holdings, Standing, TermRecord, is_won};

/// What the cell's term needs next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Nothing more that can be done now.
    Nothing,
    /// This claim, put to the nodes that are ready.
    Claim(Box<Claim>),
    /// These nodes follow the won term, which starts and stops nothing.
    Raise(Box<Held>, Vec<NodeName>),
    /// Nothing can be done yet: why.
    Waits(Refusal),
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The nodes that are to be ready.
    pub nodes: &'a BTreeSet<NodeName>,
    /// The inventory's members and settings are to become the cell's.
    pub applies: bool,
    /// Why, in words for the record.
    pub reason: &'a str,
}

/// Why a node does not follow the won term, or is not part of the cell, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hurdle {
    /// Why.
    pub reason: String,
    /// What to do next.
    pub hint: String,
}

/// Whether a node's repository is there, and this node's.
#[must_use]
pub fn is_ready(inventory: &Inventory, node: &NodeName, facts: &Facts) -> bool {
    let is_own = |node_named: &str, cell: &str| node_named == node.as_str() && cell == inventory.cell.as_str();
    facts.complete && facts.identity.as_ref().is_some_and(|identity| is_own(&identity.node, &identity.cell))
}

/// What stands against doing anything at all.
///
/// # Errors
/// The nodes hold terms of another cell, or the inventory's members cannot become the cell's.
pub fn obstacle(scene: &Scene<'_>, applies: bool) -> Result<(), Refusal> {
    let standing = scene.standing();
    let Some(base) = standing.in_force() else { return Ok(()) };
    if base.record.cell != scene.inventory.cell {
        return Err(other_cell(&base.record, scene.inventory));
    }
    if applies { next_record(&base.record, scene.inventory).map(drop) } else { Ok(()) }
}

/// What comes next.
#[must_use]
pub fn next(scene: &Scene<'_>, wish: Wish<'_>, signature: &Signature) -> Next {
    let Some(picture) = scene.now() else { return Next::Waits(Refusal::unanswered(false)) };
    let (standing, ready) = (scene.standing(), ready_nodes(scene.inventory, picture));
    let waits = |record: &TermRecord| {
        let before = standing.in_force().map(|held| &held.record).filter(|_| record.act == Act::Apply);
        let refusal = before.and_then(|before| too_few_to_apply(before, record, &ready));
        refusal.or_else(|| too_few(record, &ready, &picture.holdings())).map(Next::Waits)
    };
    let Some(base) = standing.in_force() else {
        let Signature { by, at, claim } = signature.clone();
        let Some(mut first) = TermRecord::first(scene.inventory, by, at, claim) else { return Next::Nothing };
        if !wish.reason.is_empty() {
            wish.reason.clone_into(&mut first.reason);
        }
        return waits(&first).unwrap_or_else(|| Next::Claim(Box::new(Claim::next(&standing, first))));
    };
    if base.record.cell != scene.inventory.cell {
        return Next::Waits(other_cell(&base.record, scene.inventory));
    }
    let record = match next_record(&base.record, scene.inventory) {
        Err(refusal) if wish.applies => return Next::Waits(refusal),
        Ok(Some(record)) if wish.applies && is_settled(&standing) => Some(TermRecord { act: Act::Apply, ..record }),
        _ if !is_settled(&standing) => {
            if let Some(refusal) = unknown_members(&base.record, scene.inventory).filter(|_| !wish.applies) {
                return Next::Waits(refusal);
            }
            // A term that nobody is known to have won makes nobody PRIMARY: whoever executes stays it.
            let executing = scene.executing_alone(&base.record).filter(|_| standing.won.is_none());
            let primary = executing.unwrap_or(&base.record.primary).clone();
            Some(TermRecord { act: Act::Close, primary, ..base.record.clone() })
        }
        _ => None,
    };
    if let Some(record) = record {
        let from = may_execute(scene, &standing, &base.record, &record.primary);
        let Signature { by, at, claim } = signature.clone();
        let record = TermRecord { from, reason: wish.reason.to_owned(), by, at, claim, ..record };
        return waits(&record).unwrap_or_else(|| Next::Claim(Box::new(Claim::next(&standing, record))));
    }
    let lags = |node: &&NodeName| {
        let facts = picture.facts(node).filter(|facts| is_ready(scene.inventory, node, facts));
        facts.is_some_and(|facts| lags(facts, base) && hurdle(node, facts, base).is_none())
    };
    let behind: Vec<NodeName> = wish.nodes.iter().filter(lags).cloned().collect();
    if behind.is_empty() { Next::Nothing } else { Next::Raise(Box::new(base.clone()), behind) }
}

/// What keeps a node that answers and is ready from holding the term in force, or from being a member by it.
#[must_use]
pub fn hurdle(node: &NodeName, facts: &Facts, base: &Held) -> Option<Hurdle> {
    let TermRecord { term, primary, .. } = &base.record;
    let of = |reason: String, hint: String| Some(Hurdle { reason, hint });
    if matches!(&facts.term, Some(HeldTerm { record: None, .. })) {
        return of("its term cannot be read".to_owned(), format!("m3m init --repair {node}"));
    }
    if facts.service == ServiceState::Runs && node != primary {
        let reason = format!("the service runs there, and PRIMARY is {primary} by term {term}");
        return of(reason, format!("m3m promote {primary} stops it and takes in what it wrote"));
    }
    None
}

/// Whether a node does not hold the term in force.
fn lags(facts: &Facts, base: &Held) -> bool {
    facts.term.as_ref().is_none_or(|held| held.commit != base.commit)
}

/// Whether a term is known to be won and nothing else is in its way.
fn is_settled(standing: &Standing) -> bool {
    standing.won.is_some() && standing.open.is_empty()
}

/// The nodes that may hold a term: their repository is there and theirs, and what they hold can be read.
fn ready_nodes(inventory: &Inventory, picture: &Picture) -> BTreeSet<NodeName> {
    let is_damaged = |facts: &Facts| matches!(&facts.term, Some(HeldTerm { record: None, .. }));
    let seen = picture.observations.iter().filter_map(|(name, seen)| Some((name, seen.facts()?)));
    seen.filter(|(name, facts)| is_ready(inventory, name, facts) && !is_damaged(facts))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Whether too few are ready for a change of members or settings: more than half of all have to hold it, before and after.
fn too_few_to_apply(before: &TermRecord, record: &TermRecord, ready: &BTreeSet<NodeName>) -> Option<Refusal> {
    [before, record].into_iter().find_map(|record| {
        let (count, all) =
            (record.members.iter().filter(|member| ready.contains(&member.name)).count(), record.members.len());
        let text = format!("a change of the cell needs more than half of its members, and {count} of {all} are ready");
        let hint = "bring nodes back, or new ones in their places under the same names: m3m init makes them ready";
        (count * 2 <= all).then(|| Refusal::new(text).hint(hint))
    })
}

/// Whether a claim could not be won even if everybody who is ready took it.
fn too_few(record: &TermRecord, ready: &BTreeSet<NodeName>, holdings: &Holdings) -> Option<Refusal> {
    const CLAIM: &str = "claim";
    let taken = |name: &NodeName, held: &Option<HeldTerm>| {
        let claim = HeldTerm { commit: CLAIM.to_owned(), record: Some(record.clone()) };
        (name.clone(), if ready.contains(name) { Some(claim) } else { held.clone() })
    };
    let imagined: Holdings = holdings.iter().map(|(name, held)| taken(name, held)).collect();
    if is_won(record, CLAIM, &imagined) {
        return None;
    }
    let count = record.members.iter().filter(|member| ready.contains(&member.name)).count();
    let of = match record.quorum {
        Quorum::Any => format!("{} that answer", holdings.keys().filter(|name| record.has(name)).count()),
        Quorum::Majority => format!("{} members", record.members.len()),
    };
    let text = format!("a term needs more than half of the nodes, and {count} of {of} are ready");
    Some(Refusal::new(text).hint("m3m init, without names, makes all nodes ready"))
}

fn other_cell(record: &TermRecord, inventory: &Inventory) -> Refusal {
    let TermRecord { term, cell, .. } = record;
    Refusal::new(format!("term {term} is of cell {cell}, the inventory of cell {}", inventory.cell))
        .hint("is this the right inventory? (-i FILE)")
}

/// A claim that leaves members out unasked would be judged by the others alone.
fn unknown_members(record: &TermRecord, inventory: &Inventory) -> Option<Refusal> {
    let unknown = record.members.iter().map(|member| &member.name).filter(|name| inventory.node(name).is_none());
    let unknown: Vec<&str> = unknown.map(NodeName::as_str).collect();
    (!unknown.is_empty()).then(|| {
        let (term, names) = (record.term, super::text::listed(&unknown));
        Refusal::new(format!("term {term} has members that the inventory does not name: {names}"))
            .hint("use the cell's present inventory, or change its members: m3m init --apply")
    })
}

#[cfg(test)]
mod tests;
