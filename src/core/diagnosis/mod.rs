//! The diagnosis: from an inventory and a picture to recorded and observed side by side, warnings and one verdict.

mod verdict;
mod warnings;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::inventory::{Inventory, Node, Role};
use super::lag::History;
use super::name::NodeName;
use super::observation::{Observation, Picture};
use super::probe::{Facts, ServiceState};
use super::status::{NodeStatus, Observed, Record, Status};
use super::term::TermRecord;

/// Puts recorded and observed side by side and judges.
#[must_use]
pub fn diagnose(inventory: &Inventory, picture: &Picture) -> Status {
    let record = record(picture);
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
            Some(node_status(inventory, node, observation, &record, &history, picture.at))
        })
        .collect();
    let warnings = warnings::warnings(inventory, &nodes, &record);
    let (verdict, reason) = verdict::verdict(inventory, &nodes, &warnings);
    Status {
        cell: inventory.cell.clone(),
        at: picture.at,
        verdict,
        reason,
        record,
        nodes,
        nodes_total: inventory.nodes.len(),
        warnings,
    }
}

/// The highest term that any node holds. Of two different records under one number the one that more nodes hold
/// counts, and the warnings name the others.
fn record(picture: &Picture) -> Record {
    let mut holders: BTreeMap<(u64, &str), (&TermRecord, Vec<NodeName>)> = BTreeMap::new();
    for (name, observation) in &picture.observations {
        let Some(held) = observation.facts().and_then(|facts| facts.term.as_ref()) else { continue };
        let Some(record) = &held.record else { continue };
        holders.entry((record.term, &held.commit)).or_insert((record, Vec::new())).1.push(name.clone());
    }
    let best = holders.into_iter().max_by_key(|((term, commit), (_, held_by))| (*term, held_by.len(), *commit));
    best.map_or(Record::Inventory, |(_, (record, held_by))| Record::Term { record: record.clone(), held_by })
}

/// The role that the record gives a node.
fn recorded_role(node: &Node, record: &Record) -> Role {
    match record {
        Record::Inventory => node.role,
        Record::Term { record, .. } if record.primary == node.name => Role::Primary,
        Record::Term { record, .. } if record.brain == node.name => Role::Brain,
        Record::Term { .. } => Role::Mirror,
    }
}

fn node_status(
    inventory: &Inventory,
    node: &Node,
    observation: &Observation,
    record: &Record,
    history: &History<'_>,
    at: Timestamp,
) -> NodeStatus {
    let recorded = recorded_role(node, record);
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
        recorded,
        rank: inventory.mirror_rank(&node.name).filter(|_| recorded == Role::Mirror),
        observed,
        lag: facts.and_then(Facts::head).and_then(|head| history.lag(head, at.as_second())),
        clock: observation.clock_offset(),
        age: Duration::try_from(at.duration_since(observation.asked_at)).unwrap_or_default(),
        observation: observation.clone(),
    }
}
