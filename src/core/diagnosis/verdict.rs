//! The verdict: one word for the whole cell, and the sentence behind it.

use crate::core::inventory::{Inventory, Role};
use crate::core::probe::ServiceState;
use crate::core::silence::{Cause, Silence};
use crate::core::status::{NodeStatus, Observed, Verdict, Warning};

/// The one word and the sentence behind it. What is down and who is cut off is said only when every node was asked.
pub(super) fn verdict(inventory: &Inventory, nodes: &[NodeStatus], warnings: &[Warning]) -> (Verdict, String) {
    let total = inventory.nodes.len();
    let executing = nodes.iter().find(|node| node.observed == Some(Observed::Executes));
    if nodes.len() == total {
        if nodes.iter().all(|node| node.observation.heard_nothing()) {
            let why = match hop_of_all(nodes) {
                Some(hop) => format!("the way to all of them leads through {hop}, which gave no connection"),
                None => "is this machine's network up?".to_owned(),
            };
            return (Verdict::CutOff, format!("none of {total} nodes could be reached: {why}"));
        }
        if nodes.iter().all(NodeStatus::refuses) {
            return (Verdict::Down, format!("none of {total} nodes lets m3m in: nothing is known of the service"));
        }
        if executing.is_none() {
            return (Verdict::Down, down(nodes.iter().find(|node| node.recorded == Role::Primary)));
        }
    }
    let asked = if nodes.len() == total { String::new() } else { format!(" ({} of {total} nodes asked)", nodes.len()) };
    match (warnings, executing) {
        ([], Some(node)) => (Verdict::Operational, format!("{} executes the service{asked}", node.name)),
        ([], None) => (Verdict::Operational, format!("nothing wrong as far as asked{asked}")),
        ([only], _) => (Verdict::Degraded, format!("{}{asked}", only.text)),
        ([first, rest @ ..], _) => (Verdict::Degraded, format!("{}, and {} more{asked}", first.text, rest.len())),
    }
}

/// The one host on the way to every node that gave no connection, where there is one.
fn hop_of_all(nodes: &[NodeStatus]) -> Option<&str> {
    let mut hops = nodes.iter().map(|node| match &node.observation.answer {
        Err(Silence { cause: Cause::Hop { name, .. }, .. }) => Some(name.as_str()),
        _ => None,
    });
    let first = hops.next()??;
    hops.all(|hop| hop == Some(first)).then_some(first)
}

fn down(primary: Option<&NodeStatus>) -> String {
    let Some(node) = primary else { return "no node executes the service".to_owned() };
    match (&node.observation.answer, node.facts().map(|facts| facts.service)) {
        (Err(silence), _) => {
            let how = if silence.is_refusal() { "cannot be observed" } else { "does not answer" };
            format!("{} (PRIMARY) {how} ({silence}), and no other node is seen executing the service", node.name)
        }
        (_, Some(ServiceState::Stopped(status))) => {
            format!("the service does not run on {} (PRIMARY): its check exits {status}", node.name)
        }
        (_, Some(ServiceState::NoAnswer)) => format!("the service's check on {} (PRIMARY) does not end", node.name),
        (_, Some(ServiceState::CheckFails(status))) => {
            format!("the service's check on {} (PRIMARY) cannot be run: exit {status}", node.name)
        }
        _ => format!("{} (PRIMARY) did not say whether the service runs", node.name),
    }
}
