//! Plans and changes of a role as programs read them: `m3m.plan/1` and `m3m.change/1`. Times are UTC, durations in
//! seconds; what is not known is null.

use serde::Serialize;

use super::change::{hints, outcome, sentence};
use super::plan::{consequence, steps};
use super::record::{HeldRecord, StatusRecord, WarningRecord, names};
use crate::core::change::{Change, End, Taken};
use crate::core::name::NodeName;
use crate::core::plan::{Evidence, Fencing, Means, Plan, Proof};
use crate::core::term::Claim;

/// `m3m.plan/1`.
#[derive(Serialize)]
pub(super) struct PlanRecord<'a> {
    schema: &'static str,
    cell: &'a str,
    role: &'static str,
    from: &'a str,
    to: &'a str,
    kind: &'static str,
    text: String,
    /// The term in force.
    term: HeldRecord<'a>,
    claim: Option<ClaimRecord<'a>>,
    steps: Vec<PlannedRecord>,
    fences: Vec<FenceRecord<'a>>,
    sources: Vec<&'a str>,
    passed_over: Vec<PassedRecord<'a>>,
    remarks: &'a [String],
}

/// `m3m.change/1`.
#[derive(Serialize)]
pub(super) struct ChangeRecord<'a> {
    schema: &'static str,
    at: String,
    cell: &'a str,
    role: &'static str,
    from: &'a str,
    to: &'a str,
    kind: &'static str,
    end: &'static str,
    text: String,
    why: Option<&'a str>,
    term: u64,
    lost_to: Option<HeldRecord<'a>>,
    took_s: f64,
    steps: Vec<TakenRecord<'a>>,
    hints: Vec<String>,
    warnings: Vec<WarningRecord<'a>>,
    /// `m3m.status/1`: what is true afterwards.
    after: Option<StatusRecord<'a>>,
}

#[derive(Serialize)]
struct ClaimRecord<'a> {
    term: u64,
    primary: &'a str,
    brain: &'a str,
    act: &'static str,
    reason: &'a str,
    by: &'a str,
    at: String,
    put_to: Vec<&'a str>,
    members_total: usize,
    /// The terms that it follows.
    parents: &'a [String],
}

#[derive(Serialize)]
struct PlannedRecord {
    stage: &'static str,
    text: String,
}

#[derive(Serialize)]
struct FenceRecord<'a> {
    node: &'a str,
    means: &'static str,
    proof: Option<&'static str>,
    misses: Option<u32>,
    witnesses: Option<Vec<&'a str>>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct PassedRecord<'a> {
    node: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct TakenRecord<'a> {
    stage: &'static str,
    node: Option<&'a str>,
    step: &'a str,
    result: &'static str,
    text: String,
    took_s: f64,
}

impl<'a> PlanRecord<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let planned = steps(plan).into_iter().map(|(stage, text)| PlannedRecord { stage: stage.as_str(), text });
        let passed_over = plan.passed_over.iter();
        Self {
            schema: "m3m.plan/1",
            cell: plan.base.record.cell.as_str(),
            role: plan.duty.id(),
            from: plan.holder.as_str(),
            to: plan.to.as_str(),
            kind: plan.kind.as_str(),
            text: consequence(plan),
            term: HeldRecord::of(&plan.base),
            claim: plan.claim.as_ref().map(|claim| ClaimRecord::of(claim, plan)),
            steps: planned.collect(),
            fences: plan.fences.iter().map(FenceRecord::of).collect(),
            sources: names(&plan.sources),
            passed_over: passed_over.map(|(node, why)| PassedRecord { node: node.as_str(), reason: why }).collect(),
            remarks: &plan.remarks,
        }
    }
}

impl<'a> ChangeRecord<'a> {
    pub(super) fn of(change: &'a Change) -> Self {
        Self {
            schema: "m3m.change/1",
            at: change.at.to_string(),
            cell: change.cell.as_str(),
            role: change.duty.id(),
            from: change.from.as_str(),
            to: change.to.as_str(),
            kind: change.kind.as_str(),
            end: change.end.as_str(),
            text: sentence(change),
            why: match &change.end {
                End::NotWon { why, .. } | End::WentBack { why, .. } | End::Incomplete { why, .. } => Some(why),
                End::Done | End::Nothing | End::Lost(_) => None,
            },
            term: change.term,
            lost_to: match &change.end {
                End::Lost(winner) => Some(HeldRecord::of(winner)),
                _ => None,
            },
            took_s: change.took.as_secs_f64(),
            steps: change.steps.iter().map(TakenRecord::of).collect(),
            hints: hints(change),
            warnings: change.warnings.iter().map(WarningRecord::of).collect(),
            after: change.after.as_ref().map(StatusRecord::of),
        }
    }
}

impl<'a> ClaimRecord<'a> {
    fn of(Claim { record, parents }: &'a Claim, plan: &'a Plan) -> Self {
        Self {
            term: record.term,
            primary: record.primary.as_str(),
            brain: record.brain.as_str(),
            act: record.act.as_str(),
            reason: &record.reason,
            by: &record.by,
            at: record.at.to_string(),
            put_to: names(&plan.voters),
            members_total: record.members.len(),
            parents,
        }
    }
}

impl<'a> FenceRecord<'a> {
    fn of(fence: &'a Fencing) -> Self {
        let (means, evidence, proof) = match &fence.means {
            Means::Stop => ("stop", None, None),
            Means::Attempt(evidence) => ("attempt", Some(evidence), None),
            Means::Prove(evidence, Proof::Command) => ("prove", Some(evidence), Some("fence_command")),
            Means::Prove(evidence, Proof::Person) => ("prove", Some(evidence), Some("person")),
        };
        let silence = evidence.and_then(|evidence: &Evidence| evidence.silence.as_ref());
        Self {
            node: fence.node.as_str(),
            means,
            proof,
            misses: evidence.map(|evidence| evidence.misses),
            witnesses: evidence.map(|evidence| names(&evidence.witnesses)),
            reason: silence.map(ToString::to_string),
        }
    }
}

impl<'a> TakenRecord<'a> {
    fn of(taken: &'a Taken) -> Self {
        Self {
            stage: taken.step.stage.as_str(),
            node: taken.step.node.as_ref().map(NodeName::as_str),
            step: &taken.step.text,
            result: taken.result.as_str(),
            text: outcome(taken),
            took_s: taken.took.as_secs_f64(),
        }
    }
}
