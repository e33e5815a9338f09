//! Warnings of terms: claims that are open, nodes that hold something else, an inventory that has gone another way.

use std::collections::BTreeSet;

use super::warnings::about;
use crate::core::chains::{self, Succession};
use crate::core::drift::{self, Difference};
use crate::core::inventory::{Inventory, Quorum, Role};
use crate::core::name::NodeName;
use crate::core::silence::Cause;
use crate::core::status::{NodeStatus, Observed, Warning};
use crate::core::term::{Act, Held, HeldTerm, Standing, TermRecord};
use crate::core::text::{harmless, listed};

/// The longest words of a claimer, for whom and why, in a warning.
const WORDS_CHARS_MAX: usize = 60;

/// What concerns the cell as a whole.
pub(super) fn of_cell(inventory: &Inventory, standing: &Standing, nodes: &[NodeStatus], warnings: &mut Vec<Warning>) {
    let cell = |text: String, hint: String| Warning { node: None, text, hint: Some(hint) };
    for held in &standing.open {
        warnings.push(open(held, standing, nodes));
    }
    let Some(Held { record, .. }) = standing.in_force() else { return };
    let is_this = || "is this the cell's present inventory?".to_owned();
    if record.cell != inventory.cell {
        warnings.push(cell(format!("term {} is one of the cell {}", record.term, record.cell), is_this()));
    }
    for (role, name) in [("PRIMARY", &record.primary), ("BRAIN", &record.brain)] {
        if inventory.node(name).is_none() {
            let text = format!("term {} names {name} as {role}, which this inventory does not have", record.term);
            warnings.push(cell(text, is_this()));
        }
    }
}

/// An inventory that says something else than the term. What it is stands in the status.
pub(super) fn drifted(standing: &Standing, drift: &[Difference], warnings: &mut Vec<Warning>) {
    let Some(Held { record, .. }) = standing.in_force().filter(|_| !drift.is_empty()) else { return };
    warnings.push(Warning { node: None, text: drift::drifted(record.term), hint: Some(drift::APPLY.to_owned()) });
}

/// A term that is not known to be won: who claimed it, when, for whom, who holds it; and what to do about it.
fn open(held: &Held, standing: &Standing, nodes: &[NodeStatus]) -> Warning {
    let Held { record, holders, .. } = held;
    let (number, members) = (record.term, record.members.len());
    let highest = standing.highest().map_or(0, |highest| highest.record.term);
    let is_lost = standing.won.as_ref().is_some_and(|won| won.record.term == number);
    let answered = nodes.iter().filter(|node| record.has(&node.name) && node.facts().is_some()).count();
    let needed = members / 2 + 1;
    let holders = listed(&holders.iter().map(NodeName::as_str).collect::<Vec<_>>());
    let claim = claim(record);
    let (text, hint) = if is_lost {
        (
            format!("term {number} was claimed twice: the claim that lost is that {claim}, held by {holders}"),
            keeps(standing),
        )
    } else if number < highest {
        let text = format!("term {number} may be the last one that was won: claimed {claim}, held by {holders}");
        (text, "more nodes have to answer to tell".to_owned())
    } else if record.quorum == Quorum::Majority && answered < needed {
        let text = format!("term {number} is not known to be won: {answered} of {members} members answer");
        (text, format!("quorum: majority asks for {needed}: no role can be moved before so many answer"))
    } else {
        (format!("term {number} is open: claimed {claim}, held by {holders}"), carry_out(record, standing))
    };
    Warning { node: None, text, hint: Some(hint) }
}

/// By whom, when and what for.
fn claim(record: &TermRecord) -> String {
    let by = match harmless(&record.by, WORDS_CHARS_MAX) {
        by if by.is_empty() => String::new(),
        by => format!("by {by} "),
    };
    format!("{by}at {} {}", record.at.strftime("%F %T UTC"), purpose(record))
}

/// What a claim was for, in words.
fn purpose(record: &TermRecord) -> String {
    match record.act {
        Act::Switchover | Act::Failover | Act::GoBack => format!("to make {} PRIMARY", record.primary),
        Act::InheritBrain => format!("to make {} BRAIN", record.brain),
        act => format!("to {}, with PRIMARY {} and BRAIN {}", act.as_str(), record.primary, record.brain),
    }
}

/// What carries an open claim out, and what closes it.
fn carry_out(record: &TermRecord, standing: &Standing) -> String {
    let keeps = keeps(standing);
    match record.act {
        Act::Switchover | Act::Failover | Act::GoBack => {
            format!("m3m promote {} carries it out; {keeps}", record.primary)
        }
        Act::InheritBrain => format!("m3m inherit-brain {} carries it out; {keeps}", record.brain),
        Act::Init | Act::Close | Act::Apply | Act::Other => keeps,
    }
}

fn keeps(standing: &Standing) -> String {
    let kept = standing.in_force().map_or(0, |kept| kept.record.term);
    format!("m3m init closes it with the roles of term {kept}")
}

/// What concerns one node that answered: it holds something else than the cell.
pub(super) fn of_node(node: &NodeStatus, standing: &Standing, warnings: &mut Vec<Warning>) {
    let (name, Some(facts), Some(cell)) = (&node.name, node.facts(), standing.in_force()) else { return };
    // A repository that is missing or broken has its own warning, and holds no term for that reason.
    if !facts.complete || facts.repository().is_none() {
        return;
    }
    let (number, primary) = (cell.record.term, &cell.record.primary);
    match &facts.term {
        None => {
            let text = format!("{name} holds no term, the cell is at term {number}");
            warnings.push(about(node, text, format!("m3m init {name}")));
        }
        Some(HeldTerm { record: None, .. }) => {
            let text = format!("{name} holds a term that cannot be read, the cell is at term {number}");
            warnings.push(about(node, text, format!("m3m init --repair {name}")));
        }
        Some(HeldTerm { record: Some(held), .. }) if standing.won.is_some() && held.term < number => {
            if is_stale(node, standing) {
                let text = format!(
                    "STALE PRIMARY: {name} executes the service under term {}, the cell is at term {number} with \
                     PRIMARY {primary}",
                    held.term
                );
                warnings.push(about(node, text, format!("m3m promote {primary} stops it there and keeps its writes")));
            } else {
                let text = format!("{name} holds term {}, the cell is at term {number}", held.term);
                warnings.push(about(node, text, format!("m3m init {name} raises it to term {number}")));
            }
        }
        // Whoever holds an open term is named with it.
        Some(_) => {}
    }
}

/// Whether a warning names the node as a stale PRIMARY.
pub(super) fn is_stale(node: &NodeStatus, standing: &Standing) -> bool {
    let held = node.facts().and_then(|facts| facts.term.as_ref()?.record.as_ref());
    let is_behind = standing.won.as_ref().zip(held).is_some_and(|(won, held)| held.term < won.record.term);
    is_behind && node.observed == Some(Observed::Executes) && node.recorded != Role::Primary
}

/// What moves the roles of a node that is gone to the next of their chains.
pub(super) fn succession(node: &NodeStatus, standing: &Standing, nodes: &[NodeStatus]) -> Option<String> {
    let silence = node.observation.answer.as_ref().err()?;
    let is_gone = !silence.is_refusal() || silence.cause == Cause::Refused;
    if !is_gone || matches!(silence.cause, Cause::Local(_) | Cause::Hop { .. }) {
        return None;
    }
    let record = &standing.won.as_ref()?.record;
    // Who was not asked is not dead.
    let is_dead = |name: &NodeName| nodes.iter().any(|node| node.name == *name && node.facts().is_none());
    let names = record.members.iter().map(|member| &member.name);
    let alive: BTreeSet<NodeName> = names.filter(|name| !is_dead(name)).cloned().collect();
    let next = chains::successions(record, &alive);
    let runs_elsewhere = nodes.iter().any(|other| other.observed == Some(Observed::Executes));
    let primary = match next.primary {
        _ if node.recorded != Role::Primary || runs_elsewhere => None,
        Succession::Moves(to) => Some(format!("m3m promote makes {to} PRIMARY")),
        Succession::MovesWithProof(to) => {
            Some(format!("m3m promote makes {to} PRIMARY, with proof that {} has stopped", node.name))
        }
        Succession::NoQuorum => Some("nobody may become PRIMARY before a majority answers".to_owned()),
        Succession::Stays(_) | Succession::Nobody => None,
    };
    let brain = match next.brain {
        Succession::Moves(to) if node.is_brain => Some(format!("m3m inherit-brain makes {to} BRAIN")),
        _ => None,
    };
    let both: Vec<String> = primary.into_iter().chain(brain).collect();
    (!both.is_empty()).then(|| both.join("; "))
}
