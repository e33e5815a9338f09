//! The target: who is to have a role.

use super::life::{Life, list};
use super::{Refusal, Scene, Wish};
use crate::core::chains::{control, execution};
use crate::core::duty::Duty;
use crate::core::name::NodeName;
use crate::core::probe::ServiceState;
use crate::core::readiness::repository_fault;
use crate::core::term::TermRecord;

/// The node named, or the next of the chain that can take the role; with those passed over, and why.
pub(super) fn choose(
    scene: &Scene<'_>,
    wish: &Wish,
    record: &TermRecord,
) -> Result<(NodeName, Vec<(NodeName, String)>), Refusal> {
    if let Some(name) = &wish.to {
        return match unfit(scene, wish.duty, record, name) {
            None => Ok((name.clone(), Vec::new())),
            Some((why, hint)) => {
                let refusal = Refusal::new(format!("{name} cannot be {}: {why}", wish.duty.as_str()));
                Err(refusal.hint(hint))
            }
        };
    }
    let chain = match wish.duty {
        Duty::Primary => execution(record),
        Duty::Brain => control(record),
    };
    let mut passed_over = Vec::new();
    for name in chain {
        // Both roles on one node is what is left when nobody else lives, not what is chosen.
        match unfit(scene, wish.duty, record, name) {
            None => return Ok((name.clone(), passed_over)),
            Some((why, _)) => passed_over.push((name.clone(), why)),
        }
    }
    let role = wish.duty.as_str();
    let mut refusal = Refusal::new(format!("no node of the chain can be {role}"));
    for (name, why) in passed_over {
        refusal = refusal.hint(format!("{name}: {why}"));
    }
    Err(refusal)
}

/// Why a node cannot take the role, and what to do about it.
fn unfit(scene: &Scene<'_>, duty: Duty, record: &TermRecord, name: &NodeName) -> Option<(String, String)> {
    let told = |why: &str, hint: String| Some((why.to_owned(), hint));
    let Some(member) = record.member(name) else {
        let members: Vec<NodeName> = record.members.iter().map(|member| member.name.clone()).collect();
        return told(
            &format!("it is no member of the cell by term {}", record.term),
            format!("members are {}; m3m init --apply changes them", list(&members)),
        );
    };
    if duty == Duty::Primary && !member.candidate && *name != record.primary {
        return told(
            "the term keeps it out of the execution chain (candidate: false)",
            "choose another one, or change the inventory and m3m init --apply".to_owned(),
        );
    }
    let facts = match scene.life(name) {
        Life::Answers(facts) if facts.complete => facts,
        Life::Answers(_) => return told("its answer broke off", format!("try again; m3m check --node {name}")),
        Life::TurnsAway(silence) => {
            return told(&format!("it turns m3m away ({silence})"), format!("m3m check --node {name}"));
        }
        Life::Dead(_) | Life::Unknown(_) => return told("it does not answer", format!("m3m check --node {name}")),
    };
    let node = scene.inventory.node(name)?;
    match &facts.identity {
        None => return told("its repository was never made ready", format!("m3m init {name}")),
        Some(identity) if identity.node != name.as_str() || identity.cell != record.cell.as_str() => {
            return told(
                &format!("its repository is that of {} in cell {}", identity.node, identity.cell),
                format!("correct host or repository.path of {name} in the inventory"),
            );
        }
        Some(_) => {}
    }
    if facts.term.as_ref().is_some_and(|held| held.record.is_none()) {
        return told("its term cannot be read", format!("m3m init --repair {name}"));
    }
    if let Some((why, remedy)) = repository_fault(&node.repository, facts) {
        return Some((why, remedy.of(name)));
    }
    // Who starts there could not see it run, and whoever is to go back could not see it stopped.
    let why = match facts.service {
        ServiceState::CheckFails(status) => format!("its service's check cannot be run (exit {status})"),
        ServiceState::NoAnswer => "its service's check does not end".to_owned(),
        ServiceState::Unknown | ServiceState::Runs | ServiceState::Stopped(_) => return None,
    };
    (duty == Duty::Primary).then(|| (why, format!("m3m check --node {name} says more of its service.check")))
}
