//! The status as programs read it: `m3m.status/1`. Times are UTC, durations in seconds, sizes in bytes; what is not
//! known is null.

use serde::Serialize;

use super::pause::PauseRecord;
use crate::core::drift::Difference;
use crate::core::inventory::Role;
use crate::core::name::NodeName;
use crate::core::probe::{Facts, ServiceState};
use crate::core::relay::Attempt;
use crate::core::status::{NodeStatus, Observed, Status, Warning};
use crate::core::term::Held;

#[derive(Debug, Serialize)]
pub(super) struct StatusRecord<'a> {
    schema: &'static str,
    at: String,
    cell: &'a str,
    verdict: &'static str,
    reason: &'a str,
    /// The term that the roles come from; null where no node that answered holds one.
    term: Option<u64>,
    /// `term` or `inventory`.
    recorded_by: &'static str,
    term_held_by: Vec<&'a str>,
    /// Whether that term is known to be won; else it is the highest of those that are open.
    term_won: Option<bool>,
    /// Claims that are not known to be won, the highest first.
    terms_open: Vec<HeldRecord<'a>>,
    /// What the term and the inventory say differently.
    drift: Vec<DifferenceRecord<'a>>,
    /// Where nothing is to change by itself.
    pause: Option<PauseRecord<'a>>,
    nodes_total: usize,
    waiting_on: [(); 0],
    nodes: Vec<NodeRecord<'a>>,
    warnings: Vec<WarningRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct NodeRecord<'a> {
    name: &'a str,
    host: &'a str,
    /// Where ssh's configuration leads; the host itself where it has nothing to say.
    address: &'a str,
    port: u16,
    location: Option<&'a str>,
    recorded: &'static str,
    /// Every role that it should have: `primary`, `brain`, both, or `mirror`; none where it is no member.
    roles: Vec<&'static str>,
    rank: Option<usize>,
    observed: Option<&'static str>,
    contradiction: bool,
    state: &'static str,
    reason: Option<String>,
    phase: Option<&'static str>,
    via: Option<&'a str>,
    /// Why this machine's own path to it does not serve, where it was reached through another node.
    direct_reason: Option<String>,
    relays: Vec<RelayRecord<'a>>,
    asked_at: String,
    age_s: f64,
    took_s: f64,
    fresh_connection: bool,
    rtt_s: Option<f64>,
    head: Option<&'a str>,
    branch: Option<&'a str>,
    lag_commits: Option<u64>,
    lag_exact: Option<bool>,
    lag_s: Option<u64>,
    diverged: Option<bool>,
    dirty: Option<u64>,
    service: Option<&'static str>,
    service_exit_status: Option<i32>,
    term: Option<u64>,
    /// The commit that its ref names, be it readable or not.
    term_id: Option<&'a str>,
    offset_s: Option<f64>,
    offset_error_s: Option<f64>,
    load: Option<f64>,
    memory_free_bytes: Option<u64>,
    memory_total_bytes: Option<u64>,
    disk_free_bytes: Option<u64>,
    disk_total_bytes: Option<u64>,
    boot_id: Option<&'a str>,
    boot_clock_s: Option<f64>,
}

/// One node that was asked to reach another one.
#[derive(Debug, Serialize)]
struct RelayRecord<'a> {
    relay: &'a str,
    outcome: &'static str,
    reason: Option<String>,
}

/// A term that nodes hold.
#[derive(Debug, Serialize)]
pub(super) struct HeldRecord<'a> {
    term: u64,
    id: &'a str,
    primary: &'a str,
    brain: &'a str,
    act: &'static str,
    reason: &'a str,
    by: &'a str,
    at: String,
    held_by: Vec<&'a str>,
}

/// What a term and the inventory say of one thing; null where one of them says nothing of it.
#[derive(Debug, Serialize)]
struct DifferenceRecord<'a> {
    what: &'a str,
    term: Option<&'a str>,
    inventory: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct WarningRecord<'a> {
    node: Option<&'a str>,
    text: &'a str,
    hint: Option<&'a str>,
}

impl<'a> StatusRecord<'a> {
    pub(super) fn of(status: &'a Status) -> Self {
        let in_force = status.standing.in_force();
        Self {
            schema: "m3m.status/1",
            at: status.at.to_string(),
            cell: status.cell.as_str(),
            verdict: status.verdict.as_str(),
            reason: &status.reason,
            term: status.term(),
            recorded_by: if in_force.is_some() { "term" } else { "inventory" },
            term_held_by: in_force.map(|held| names(&held.holders)).unwrap_or_default(),
            term_won: in_force.map(|_| status.standing.won.is_some()),
            terms_open: status.standing.open.iter().map(HeldRecord::of).collect(),
            drift: status.drift.iter().map(DifferenceRecord::of).collect(),
            pause: status.pause.as_ref().map(|pause| PauseRecord::of(pause, status.at)),
            nodes_total: status.nodes_total,
            waiting_on: [],
            nodes: status.nodes.iter().map(NodeRecord::of).collect(),
            warnings: status.warnings.iter().map(WarningRecord::of).collect(),
        }
    }
}

pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a NodeName>) -> Vec<&'a str> {
    names.into_iter().map(NodeName::as_str).collect()
}

fn roles(node: &NodeStatus) -> Vec<&'static str> {
    let is_mirror = node.recorded == Role::Mirror;
    let brain = (node.recorded == Role::Primary && node.is_brain).then_some(Role::Brain);
    let recorded = (node.is_member || !is_mirror).then_some(node.recorded);
    recorded.into_iter().chain(brain).map(Role::as_str).collect()
}

impl<'a> HeldRecord<'a> {
    pub(super) fn of(held: &'a Held) -> Self {
        let Held { commit, record, holders } = held;
        Self {
            term: record.term,
            id: commit,
            primary: record.primary.as_str(),
            brain: record.brain.as_str(),
            act: record.act.as_str(),
            reason: &record.reason,
            by: &record.by,
            at: record.at.to_string(),
            held_by: names(holders),
        }
    }
}

impl<'a> DifferenceRecord<'a> {
    fn of(difference: &'a Difference) -> Self {
        let (term, inventory) = (difference.by_term.as_deref(), difference.by_inventory.as_deref());
        Self { what: &difference.what, term, inventory }
    }
}

impl<'a> WarningRecord<'a> {
    pub(super) fn of(warning: &'a Warning) -> Self {
        Self { node: warning.node.as_ref().map(NodeName::as_str), text: &warning.text, hint: warning.hint.as_deref() }
    }
}

impl<'a> RelayRecord<'a> {
    fn of(attempt: &'a Attempt) -> Self {
        Self {
            relay: attempt.relay.as_str(),
            outcome: attempt.outcome.as_str(),
            reason: attempt.outcome.silence().map(ToString::to_string),
        }
    }
}

impl<'a> NodeRecord<'a> {
    fn of(node: &'a NodeStatus) -> Self {
        let facts = node.facts();
        let repository = facts.and_then(Facts::repository);
        let observation = &node.observation;
        Self {
            name: node.name.as_str(),
            host: &node.host,
            address: &node.address,
            port: node.port,
            location: node.location.as_deref(),
            recorded: node.recorded.as_str(),
            roles: roles(node),
            rank: node.rank,
            observed: node.observed.map(Observed::id),
            contradiction: node.contradicts(),
            state: match (node.facts(), node.trouble()) {
                (Some(_), None) => "up",
                (Some(_), Some(_)) => "stalled",
                (None, _) if node.refuses() => "refuses",
                (None, _) => "silent",
            },
            reason: node.trouble().map(ToString::to_string),
            phase: node.trouble().map(|trouble| trouble.phase.as_str()),
            via: observation.via.as_ref().map(|via| via.relay.as_str()),
            direct_reason: observation.via.as_ref().map(|via| via.direct.to_string()),
            relays: observation.relays.iter().map(RelayRecord::of).collect(),
            asked_at: observation.asked_at.to_string(),
            age_s: node.age.as_secs_f64(),
            took_s: observation.took.as_secs_f64(),
            fresh_connection: observation.fresh,
            rtt_s: observation.rtt.map(|rtt| rtt.as_secs_f64()),
            head: facts.and_then(Facts::head).map(|head| head.id.as_str()),
            branch: repository.and_then(|repository| repository.branch.as_deref()),
            lag_commits: node.lag.map(|lag| lag.commits),
            lag_exact: node.lag.map(|lag| lag.exact),
            lag_s: node.lag.map(|lag| lag.seconds),
            diverged: node.lag.map(|lag| lag.diverged),
            dirty: repository.and_then(|repository| repository.uncommitted),
            service: facts.and_then(|facts| match facts.service {
                ServiceState::Unknown => None,
                ServiceState::Runs => Some("runs"),
                ServiceState::Stopped(_) => Some("stopped"),
                ServiceState::NoAnswer => Some("no answer"),
                ServiceState::CheckFails(_) => Some("check fails"),
            }),
            service_exit_status: facts.and_then(|facts| match facts.service {
                ServiceState::Stopped(status) | ServiceState::CheckFails(status) => Some(status),
                ServiceState::Runs => Some(0),
                ServiceState::Unknown | ServiceState::NoAnswer => None,
            }),
            term: facts.and_then(|facts| Some(facts.term.as_ref()?.record.as_ref()?.term)),
            term_id: facts.and_then(|facts| Some(facts.term.as_ref()?.commit.as_str())),
            offset_s: node.clock.map(|clock| clock.offset_s),
            offset_error_s: node.clock.map(|clock| clock.error_s),
            load: facts.and_then(|facts| facts.load),
            memory_free_bytes: facts.and_then(|facts| Some(facts.memory?.free)),
            memory_total_bytes: facts.and_then(|facts| Some(facts.memory?.total)),
            disk_free_bytes: node.disk().map(|room| room.free),
            disk_total_bytes: node.disk().map(|room| room.total),
            boot_id: facts.and_then(|facts| facts.boot_id.as_deref()),
            boot_clock_s: facts.and_then(|facts| Some(facts.boot_clock?.as_secs_f64())),
        }
    }
}
