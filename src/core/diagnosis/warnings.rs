//! Warnings: what a person should know of nodes side by side, each with a hint.

use super::terms;
use crate::core::drift::Difference;
use crate::core::inventory::{Inventory, Role};
use crate::core::name::NodeName;
use crate::core::observation::Via;
use crate::core::probe::ServiceState;
use crate::core::readiness::repository_fault;
use crate::core::relay::{Attempt, Outcome};
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::status::{NodeStatus, Observed, Warning};
use crate::core::term::Standing;

/// What a person should know, the most important first.
pub(super) fn warnings(
    inventory: &Inventory,
    nodes: &[NodeStatus],
    standing: &Standing,
    drift: &[Difference],
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    two_writers(nodes, standing, &mut warnings);
    terms::of_cell(inventory, standing, nodes, &mut warnings);
    for node in nodes {
        if let Err(silence) = &node.observation.answer {
            warnings.push(silent(node, silence, nodes, standing));
            continue;
        }
        reached_around(node, &mut warnings);
        broken(node, &mut warnings);
        service(inventory, node, nodes, standing, &mut warnings);
        repository(inventory, node, &mut warnings);
        lag(inventory, node, &mut warnings);
        clock(node, &mut warnings);
        disk(node, &mut warnings);
        terms::of_node(node, standing, &mut warnings);
    }
    terms::drifted(standing, drift, &mut warnings);
    warnings
}

pub(super) fn about(node: &NodeStatus, text: String, hint: impl Into<Option<String>>) -> Warning {
    Warning { node: Some(node.name.clone()), text, hint: hint.into() }
}

fn two_writers(nodes: &[NodeStatus], standing: &Standing, warnings: &mut Vec<Warning>) {
    let names: Vec<&str> =
        nodes.iter().filter(|node| node.observed == Some(Observed::Executes)).map(|node| node.name.as_str()).collect();
    if names.len() > 1 {
        let hint = match primary_within_reach(nodes, standing) {
            Some(primary) => format!("m3m promote {primary} stops it everywhere else and keeps the writes"),
            None => "stop it everywhere but on the PRIMARY before anything else".to_owned(),
        };
        let text = format!("TWO WRITERS: the service runs on {}", names.join(" and "));
        warnings.push(Warning { node: None, text, hint: Some(hint) });
    }
}

fn silent(node: &NodeStatus, silence: &Silence, nodes: &[NodeStatus], standing: &Standing) -> Warning {
    let name = node.name.as_str();
    let how = if node.refuses() { "cannot be observed" } else { "does not answer" };
    let text = match &node.observation.via {
        Some(Via { relay, direct }) => format!("{name} {how} through {relay}: {silence}; from here: {direct}"),
        None => format!("{name} {how}: {silence}{}", witnesses(&node.observation.relays)),
    };
    let hints = [terms::succession(node, standing, nodes), what_to_do(node, silence, nodes)];
    let hint = hints.into_iter().flatten().collect::<Vec<_>>().join("; ");
    about(node, text, Some(hint).filter(|hint| !hint.is_empty()))
}

/// Of a node that is as silent as one that is off: what others say of it counts for more than what it looks like.
fn what_to_do(node: &NodeStatus, silence: &Silence, nodes: &[NodeStatus]) -> Option<String> {
    let (name, relays) = (node.name.as_str(), &node.observation.relays);
    let told = |silence: &Silence| silence.hint(name, &node.address, node.port);
    if silence.cause != Cause::Timeout || silence.phase > Phase::Connect {
        return told(silence).or_else(|| told(mute_relay(relays)?));
    }
    if relays.iter().any(|attempt| matches!(attempt.outcome, Outcome::Failed(_))) {
        return Some(format!("{name} is off, or its whole network is: look at its console or ask its provider"));
    }
    // Where several are asked and none answers it is more likely this machine's own network, as the verdict says.
    let is_its_own = nodes.len() == 1 || nodes.iter().any(|other| other.facts().is_some());
    mute_relay(relays).and_then(told).or_else(|| told(silence).filter(|_| is_its_own))
}

/// Why a relay can say nothing.
fn mute_relay(relays: &[Attempt]) -> Option<&Silence> {
    relays.iter().find_map(|attempt| match &attempt.outcome {
        Outcome::NoWord(silence) => Some(silence),
        Outcome::Reached(_) | Outcome::Failed(_) => None,
    })
}

/// What other nodes say of one that does not answer this machine.
fn witnesses(relays: &[Attempt]) -> String {
    let those = |which: fn(&Outcome) -> bool| {
        let names = relays.iter().filter(|attempt| which(&attempt.outcome)).map(|attempt| attempt.relay.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let failed = those(|outcome| matches!(outcome, Outcome::Failed(_)));
    let no_word = those(|outcome| matches!(outcome, Outcome::NoWord(_)));
    match (failed.is_empty(), no_word.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("; not reached from {failed} either"),
        (true, false) => format!("; {no_word} cannot tell"),
        (false, false) => format!("; not reached from {failed} either; {no_word} cannot tell"),
    }
}

/// A node that lives, and this machine's own path to it is broken.
fn reached_around(node: &NodeStatus, warnings: &mut Vec<Warning>) {
    let Some(Via { relay, direct }) = &node.observation.via else { return };
    let name = node.name.as_str();
    let text = format!("{name} is reached through {relay} only; from here: {direct}");
    let hint = match direct.cause {
        Cause::Timeout => Some(format!(
            "{name} lives (m3m ssh {name} --via {relay}); look for a firewall between here and {}",
            node.host
        )),
        _ => direct.hint(name, &node.address, node.port),
    };
    warnings.push(about(node, text, hint));
}

fn broken(node: &NodeStatus, warnings: &mut Vec<Warning>) {
    let Some(silence) = &node.observation.broken else { return };
    let name = node.name.as_str();
    let text = format!("{name}: the answer broke off before it was complete: {silence}");
    warnings.push(about(node, text, silence.hint(name, &node.address, node.port)));
}

/// The PRIMARY by the won term, where it answers: who can be made what it should be by promoting it once more.
fn primary_within_reach<'a>(nodes: &'a [NodeStatus], standing: &Standing) -> Option<&'a NodeName> {
    let won = standing.won.as_ref()?;
    let primary = nodes.iter().find(|node| node.name == won.record.primary)?;
    primary.facts().map(|_| &primary.name)
}

fn service(
    inventory: &Inventory,
    node: &NodeStatus,
    nodes: &[NodeStatus],
    standing: &Standing,
    warnings: &mut Vec<Warning>,
) {
    let name = &node.name;
    let Some(facts) = node.facts() else { return };
    let commands = inventory.node(name).map(|node| &node.service);
    match (node.recorded, facts.service) {
        (_, ServiceState::NoAnswer) => {
            let check = commands.map_or("", |service| service.check.as_str());
            warnings.push(about(
                node,
                format!("{name}: the service's check does not end"),
                format!("try it there: {check}"),
            ));
        }
        (_, ServiceState::CheckFails(status)) => {
            let check = commands.map_or("", |service| service.check.as_str());
            let text = format!("{name}: the service's check cannot be run (exit {status})");
            warnings.push(about(node, text, format!("correct service.check, or install what it needs: {check}")));
        }
        (Role::Primary, ServiceState::Stopped(status)) => {
            let elsewhere = nodes.iter().any(|other| other.observed == Some(Observed::Executes));
            let start = commands.map_or("", |service| service.start.as_str());
            let hint = match primary_within_reach(nodes, standing) {
                _ if elsewhere => None,
                Some(_) => Some(format!("m3m promote {name} starts it")),
                None if standing.in_force().is_some() => None,
                None => Some(format!("start it there: {start}")),
            };
            let text = format!("{name} is PRIMARY and does not execute the service (check: exit {status})");
            warnings.push(about(node, text, hint));
        }
        (Role::Brain | Role::Mirror, ServiceState::Runs) if !terms::is_stale(node, standing) => {
            let stop = commands.map_or("", |service| service.stop.as_str());
            let text = format!("{name} executes the service and is recorded as {}", node.recorded.as_str());
            let hint = match (primary_within_reach(nodes, standing), &standing.won) {
                (Some(primary), _) => Some(format!("m3m promote {primary} stops it there and keeps its writes")),
                (None, Some(_)) => Some(format!("m3m promote {name} makes it PRIMARY; to stop it there: {stop}")),
                // Nothing is started or stopped because of a term that may never be won.
                (None, None) if standing.in_force().is_some() => None,
                (None, None) => Some(format!("if it should not, stop it there: {stop}")),
            };
            warnings.push(about(node, text, hint));
        }
        _ => {}
    }
}

fn repository(inventory: &Inventory, node: &NodeStatus, warnings: &mut Vec<Warning>) {
    let (name, Some(facts)) = (&node.name, node.facts()) else { return };
    let Some(expected) = inventory.node(name).map(|node| &node.repository) else { return };
    if let Some((text, remedy)) = repository_fault(expected, facts) {
        warnings.push(about(node, format!("{name}: {text}"), remedy.of(name)));
    }
}

fn lag(inventory: &Inventory, node: &NodeStatus, warnings: &mut Vec<Warning>) {
    let (name, Some(lag)) = (&node.name, node.lag) else { return };
    let overdue = lag.commits > 0 && lag.seconds > inventory.timing.breath.as_secs();
    if lag.diverged {
        warnings.push(about(node, format!("{name} has commits of its own beside the newest head"), None));
    } else if overdue {
        let more = if lag.exact { "" } else { "at least " };
        let s = if lag.commits == 1 { "" } else { "s" };
        let text = format!("{name} is {more}{} commit{s} behind, for {} s", lag.commits, lag.seconds);
        warnings.push(about(node, text, None));
    }
}

fn clock(node: &NodeStatus, warnings: &mut Vec<Warning>) {
    let (name, Some(clock)) = (&node.name, node.clock) else { return };
    if clock.is_off() {
        let way = if clock.offset_s > 0.0 { "ahead of" } else { "behind" };
        let text = format!("{name}'s clock is {:.1} s {way} this machine's", clock.offset_s.abs());
        warnings.push(about(node, text, "which one is wrong? chronyc tracking, timedatectl".to_owned()));
    }
}

fn disk(node: &NodeStatus, warnings: &mut Vec<Warning>) {
    let (name, Some(room)) = (&node.name, node.disk()) else { return };
    if room.is_low() {
        let text =
            format!("{name}'s disk is almost full: {} MiB left, {} %", room.free / (1 << 20), room.percent_free());
        warnings.push(about(node, text, "make room before git cannot write".to_owned()));
    }
}
