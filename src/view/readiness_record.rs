//! Readiness as programs read it: `m3m.check/1`, with all that the promises alone have. Times are UTC, durations in
//! seconds, sizes in bytes; what is not known is null.

use serde::Serialize;

use super::promises::{CheckRecord, Judgement};
use crate::core::readiness::{Finding, NodeReadiness, Pair, Readiness, Verdict};

#[derive(Serialize)]
pub(super) struct ReadinessRecord<'a> {
    #[serde(flatten)]
    promises: CheckRecord<'a>,
    at: String,
    ready: bool,
    verdict: &'static str,
    reason: String,
    nodes_total: usize,
    nodes: Vec<NodeRecord<'a>>,
    relays: Vec<PairRecord<'a>>,
}

#[derive(Serialize)]
struct NodeRecord<'a> {
    name: &'a str,
    host: &'a str,
    port: u16,
    ready: bool,
    checks: Vec<FindingRecord<'a>>,
}

#[derive(Serialize)]
struct FindingRecord<'a> {
    check: &'static str,
    outcome: &'static str,
    text: Option<&'a str>,
    value: Option<f64>,
    unit: Option<&'static str>,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct PairRecord<'a> {
    relay: &'a str,
    target: &'a str,
    outcome: &'static str,
    reason: Option<String>,
    phase: Option<&'static str>,
}

impl<'a> ReadinessRecord<'a> {
    pub(super) fn of(readiness: &'a Readiness) -> Self {
        let (verdict, reason) = readiness.verdict();
        let Readiness { cell, promises, .. } = readiness;
        Self {
            promises: Judgement { cell, promises }.record(),
            at: readiness.at.to_string(),
            ready: verdict == Verdict::Ready,
            verdict: verdict.as_str(),
            reason,
            nodes_total: readiness.nodes_total,
            nodes: readiness.nodes.iter().map(NodeRecord::of).collect(),
            relays: readiness.pairs.iter().map(PairRecord::of).collect(),
        }
    }
}

impl<'a> NodeRecord<'a> {
    fn of(node: &'a NodeReadiness) -> Self {
        Self {
            name: node.name.as_str(),
            host: &node.host,
            port: node.port,
            ready: node.is_ready(),
            checks: node.findings.iter().map(FindingRecord::of).collect(),
        }
    }
}

impl<'a> FindingRecord<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            check: finding.check.id(),
            outcome: finding.outcome.as_str(),
            text: Some(finding.text.as_str()).filter(|text| !text.is_empty()),
            value: finding.measure.map(|measure| measure.value),
            unit: finding.measure.map(|measure| measure.unit),
            hint: finding.hint.as_deref(),
        }
    }
}

impl<'a> PairRecord<'a> {
    fn of(pair: &'a Pair) -> Self {
        let silence = pair.outcome.silence();
        Self {
            relay: pair.relay.as_str(),
            target: pair.target.as_str(),
            outcome: pair.outcome.as_str(),
            reason: silence.map(ToString::to_string),
            phase: silence.map(|silence| silence.phase.as_str()),
        }
    }
}
