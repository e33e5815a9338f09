//! Judging what a node knows of who is who: whether it was made ready for this cell, and which term it holds.

use super::answer::Answer;
use super::judge::Yardstick;
use super::{Check, Finding};
use crate::core::inventory::Node;
use crate::core::probe::{Facts, ServiceState};
use crate::core::step::Refusal;
use crate::core::term::{HeldTerm, TermRecord};

/// Which node and cell it is by its own word, and whether it holds the cell's term.
pub(super) fn term(node: &Node, facts: &Facts, answer: &Answer, yardstick: Yardstick<'_>) -> Finding {
    let (check, name) = (Check::Term, node.name.as_str());
    // A repository that is missing or broken is said above, and holds no term for that reason.
    if !facts.complete || facts.repository().is_none() {
        return Finding::unknown(check, "");
    }
    let refused = |refusal: &Refusal| {
        let hint = refusal.hint(name, &node.repository.path).unwrap_or_default();
        Finding::cross(check, refusal.to_string(), hint)
    };
    let in_force = yardstick.standing.in_force();
    match (&facts.identity, &facts.term) {
        // One command makes all of them ready.
        (None, _) if in_force.is_none() => Finding::cross(check, Refusal::NotInitialised.to_string(), "m3m init"),
        (None, _) => refused(&Refusal::NotInitialised),
        (Some(own), _) if own.node != name || own.cell != yardstick.cell.as_str() => {
            refused(&Refusal::Identity { node: own.node.clone(), cell: own.cell.clone() })
        }
        (_, Some(HeldTerm { record: None, .. })) => {
            Finding::cross(check, "its term cannot be read", format!("m3m init --repair {name}"))
        }
        (_, Some(HeldTerm { record: Some(held), .. })) => holds(node, held, facts, answer, yardstick),
        (_, None) => match in_force {
            Some(cell) => {
                let text = format!("holds no term, the cell is at term {}", cell.record.term);
                Finding::cross(check, text, format!("m3m init {name}"))
            }
            None => Finding::cross(check, "no node holds a term", "m3m init"),
        },
    }
}

/// A term that can be read.
fn holds(node: &Node, held: &TermRecord, facts: &Facts, answer: &Answer, yardstick: Yardstick<'_>) -> Finding {
    let (check, name, number) = (Check::Term, &node.name, held.term);
    if held.cell != *yardstick.cell {
        let text = format!("term {number} is one of the cell {}", held.cell);
        return Finding::cross(check, text, "is this the cell's present inventory?");
    }
    let standing = yardstick.standing;
    let won = standing.won.as_ref().map(|won| &won.record);
    if let Some(won) = won.filter(|won| number < won.term) {
        let text = format!("holds term {number}, the cell is at term {}", won.term);
        let is_stale = facts.service == ServiceState::Runs && *name != won.primary;
        let hint = if is_stale {
            format!("m3m promote {} stops the service there and keeps its writes", won.primary)
        } else {
            format!("m3m init {name} raises it to term {}", won.term)
        };
        return Finding::cross(check, text, hint);
    }
    if standing.open.iter().any(|open| open.holders.contains(name)) {
        let text = format!("term {number} is open");
        return Finding::warn(check, text, "m3m status says who claimed it and what closes it");
    }
    let lock = if answer.lacks_flock { "; no flock there: git's own lock takes its place" } else { "" };
    Finding::ok(check, format!("term {number}{lock}"))
}
