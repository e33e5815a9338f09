//! The diagnosis: from an inventory and a picture to recorded and observed side by side, warnings and one verdict.

mod terms;
mod verdict;
mod warnings;

use std::time::Duration;

use jiff::Timestamp;

use super::chains;
use super::drift::differences;
use super::inventory::{Inventory, Node, Role};
use super::lag::History;
use super::observation::{Observation, Picture};
use super::probe::{Facts, ServiceState};
use super::status::{NodeStatus, Observed, Status};
use super::term::{Standing, TermRecord};

/// Puts recorded and observed side by side and judges.
#[must_use]
pub fn diagnose(inventory: &Inventory, picture: &Picture) -> Status {
    let standing = Standing::of(&picture.holdings());
    let record = standing.in_force().map(|held| &held.record);
    let drift = record.map(|record| differences(record, inventory)).unwrap_or_default();
    let history = History::gather(
        picture
            .observations
            .values()
            .filter_map(|observation| Some(observation.facts()?.repository()?.commits.as_slice())),
    );
    let nodes: Vec<NodeStatus> = inventory
        .nodes
        .iter()
        .filter_map(|node| {
            let observation = picture.observations.get(&node.name)?;
            Some(node_status(inventory, node, observation, record, &history, picture.at))
        })
        .collect();
    let warnings = warnings::warnings(inventory, &nodes, &standing, &drift);
    let (verdict, reason) = verdict::verdict(inventory, &nodes, &warnings);
    Status {
        cell: inventory.cell.clone(),
        at: picture.at,
        verdict,
        reason,
        standing,
        drift,
        pause: picture.pause(&inventory.cell).filter(|pause| pause.is_on(picture.at)).cloned(),
        nodes,
        nodes_total: inventory.nodes.len(),
        warnings,
    }
}

/// What the record says of a node.
struct Recorded {
    role: Role,
    is_brain: bool,
    is_member: bool,
    rank: Option<usize>,
}

/// What the term in force says of a node, or the inventory where there is none.
fn recorded(inventory: &Inventory, node: &Node, record: Option<&TermRecord>) -> Recorded {
    let Some(record) = record else {
        let (role, rank) = (node.role, inventory.mirror_rank(&node.name));
        return Recorded { role, is_brain: role == Role::Brain, is_member: true, rank };
    };
    let is_brain = record.brain == node.name;
    let role = match is_brain {
        _ if record.primary == node.name => Role::Primary,
        true => Role::Brain,
        false => Role::Mirror,
    };
    let place = chains::execution(record).into_iter().position(|name| *name == node.name);
    let rank = place.map(|place| place + 1).filter(|_| role == Role::Mirror);
    Recorded { role, is_brain, is_member: record.has(&node.name), rank }
}

fn node_status(
    inventory: &Inventory,
    node: &Node,
    observation: &Observation,
    record: Option<&TermRecord>,
    history: &History<'_>,
    at: Timestamp,
) -> NodeStatus {
    let Recorded { role, is_brain, is_member, rank } = recorded(inventory, node, record);
    let facts = observation.facts();
    let observed = facts.and_then(|facts| match facts.service {
        ServiceState::Runs => Some(Observed::Executes),
        ServiceState::Stopped(_) => Some(Observed::StandsBy),
        ServiceState::Unknown | ServiceState::NoAnswer | ServiceState::CheckFails(_) => None,
    });
    NodeStatus {
        name: node.name.clone(),
        host: node.host.clone(),
        address: node.address().to_owned(),
        port: node.ssh.port(),
        location: node.location.clone(),
        recorded: role,
        is_brain,
        is_member,
        rank,
        observed,
        lag: facts.and_then(Facts::head).and_then(|head| history.lag(head, at.as_second())),
        clock: observation.clock_offset(),
        age: Duration::try_from(at.duration_since(observation.asked_at)).unwrap_or_default(),
        observation: observation.clone(),
    }
}
