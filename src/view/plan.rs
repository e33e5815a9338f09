//! A plan as people read it: what follows from it in a sentence, and its steps. It is read before anything is touched,
//! at any hour.

use console::Style;

use super::human::{SENTENCE_CHARS_MAX, background, dim, paint, paragraph, remark};
use super::{Screen, Settings, table};
use crate::core::change::Stage;
use crate::core::duty::Duty;
use crate::core::name::NodeName;
use crate::core::plan::{Evidence, Fencing, Kind, Means, Plan, Proof, list};
use crate::core::status::Status;
use crate::core::term::Act;
use crate::core::text::harmless;

/// The widest word of a stage, and the gap behind it.
pub(super) const STAGE_WIDTH: usize = 10;

/// What follows from a plan, in a sentence.
#[must_use]
pub fn consequence(plan: &Plan) -> String {
    let Plan { duty, to, holder, base, .. } = plan;
    let role = duty.as_str();
    let in_force = base.record.term;
    let text = match plan.kind {
        Kind::Nothing => format!("{to} is {role} by term {in_force}, and nothing is left to do"),
        Kind::Finish => {
            format!("{to} is {role} by term {in_force}, and what is left of that is done now{}", rest(plan))
        }
        Kind::Switchover => format!("{}: {}{}", becomes(plan), moves(plan), brain_moves(plan)),
        Kind::Failover => {
            format!("{}: {}, and {}{}", gone(plan, holder), becomes(plan), moves(plan), brain_moves(plan))
        }
    };
    harmless(&text, SENTENCE_CHARS_MAX)
}

fn becomes(plan: &Plan) -> String {
    let Plan { duty, to, claim, base, .. } = plan;
    let record = claim.as_ref().map_or(&base.record, |claim| &claim.record);
    let verb = if record.act == Act::GoBack { "is again" } else { "becomes" };
    format!("{to} {verb} {} by term {}", duty.as_str(), record.term)
}

/// Why somebody else has to have the role.
fn gone(plan: &Plan, holder: &NodeName) -> String {
    let fence = plan.fences.iter().find(|fence| fence.node == *holder).map(|fence| &fence.means);
    match fence {
        Some(Means::Attempt(evidence) | Means::Prove(evidence, _)) => dead(holder, evidence),
        Some(Means::Stop) | None => format!("{holder} gives no answer"),
    }
}

fn dead(node: &NodeName, evidence: &Evidence) -> String {
    let Evidence { misses, witnesses, silence } = evidence;
    let Some(silence) = silence else { return format!("{node} is off, as you say") };
    let checks = if *misses == 1 { "1 check".to_owned() } else { format!("{misses} checks in a row") };
    let reach = if witnesses.len() == 1 { "does not reach it either" } else { "do not reach it either" };
    format!("{node} is dead as far as can be seen from here ({silence}, {checks}; {} {reach})", list(witnesses))
}

/// What stops and what starts.
fn moves(plan: &Plan) -> String {
    let Plan { duty, to, holder, .. } = plan;
    let what = what_runs(*duty);
    let starts = plan.starts.then(|| format!("starts on {to}"));
    let proof = plan.fences.iter().find(|fence| matches!(fence.means, Means::Prove(_, Proof::Command)));
    let proof = proof.map(|fence| format!(" once fence_command has proved that {} is off", fence.node));
    // Nodes that only may still run something are among the steps.
    let stops = plan.fences.iter().any(|fence| fence.node == *holder && fence.means == Means::Stop);
    match (stops, starts) {
        (true, Some(starts)) => format!("{what} stops on {holder} and {starts}{}", proof.unwrap_or_default()),
        (true, None) => format!("{what} runs there already, and is stopped on {holder} if it runs there too"),
        (false, Some(starts)) => format!("{what} {starts}{}", proof.unwrap_or_default()),
        (false, None) if *duty == Duty::Primary => format!("{what} runs there already"),
        (false, None) => "no service stops or starts".to_owned(),
    }
}

/// What is left of a change that was begun.
fn rest(plan: &Plan) -> String {
    let what = what_runs(plan.duty);
    let stopped = stopped(&plan.fences);
    let parts = [
        plan.claim.as_ref().map(|claim| format!("term {} is claimed for it", claim.record.term)),
        (!stopped.is_empty()).then(|| format!("{what} is stopped on {} if it still runs there", list(&stopped))),
        plan.starts.then(|| format!("{what} starts on {}", plan.to)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

fn brain_moves(plan: &Plan) -> String {
    let Some(claim) = &plan.claim else { return String::new() };
    let (next, before) = (&claim.record, &plan.base.record);
    if next.primary == next.brain && before.primary != before.brain {
        format!("; {} then has both roles", next.primary)
    } else if plan.duty == Duty::Primary && next.brain != before.brain {
        format!("; BRAIN moves to {}", next.brain)
    } else {
        String::new()
    }
}

fn what_runs(duty: Duty) -> &'static str {
    match duty {
        Duty::Primary => "the service",
        Duty::Brain => "BRAIN's service",
    }
}

fn stopped(fences: &[Fencing]) -> Vec<NodeName> {
    let stopped = fences.iter().filter(|fence| fence.means == Means::Stop);
    stopped.map(|fence| fence.node.clone()).collect()
}

/// The steps that a plan takes, in order: what each belongs to, and what is done.
pub(super) fn steps(plan: &Plan) -> Vec<(Stage, String)> {
    let Plan { duty, to, .. } = plan;
    if plan.kind == Kind::Nothing {
        return Vec::new();
    }
    let mut steps = Vec::new();
    if let Some(claim) = &plan.claim {
        let record = &claim.record;
        let (number, act) = (record.term, record.act.as_str());
        let (primary, brain) = (&record.primary, &record.brain);
        let (voters, members) = (plan.voters.len(), record.members.len());
        let text =
            format!("put term {number} ({act}: PRIMARY {primary}, BRAIN {brain}) to {voters} of {members} members");
        steps.push((Stage::Claim, text));
    }
    steps.extend(plan.fences.iter().map(|fence| (Stage::Fence, fence.words(*duty))));
    if *duty == Duty::Primary {
        let givers = [plan.sources.clone(), stopped(&plan.fences)].concat();
        if !givers.is_empty() {
            steps.push((Stage::State, format!("{to} takes in what {} holds", givers_words(&givers))));
        }
    }
    if plan.starts {
        let text = format!("start {} on {to}, unless it runs there; its check has to pass", what_runs(*duty));
        steps.push((Stage::Start, text));
    }
    if plan.announces {
        steps.push((Stage::Announce, format!("tell this machine's announce command that PRIMARY is {to}")));
    }
    steps.push((Stage::Check, "observe every node afresh".to_owned()));
    steps
}

fn givers_words(givers: &[NodeName]) -> String {
    match givers {
        [one] => one.to_string(),
        [first @ .., last] => format!("each of {} and {last}", list(first)),
        [] => String::new(),
    }
}

/// A plan as people read it, for a screen.
pub(super) fn words(plan: &Plan, settings: Settings, screen: Screen) -> String {
    let kind = paint(Style::new().bold(), plan.kind.as_str(), screen);
    let mut text = paragraph(&format!("{kind}: {}", consequence(plan)), "", screen);
    if settings.quiet {
        return text;
    }
    let steps = steps(plan);
    if !steps.is_empty() {
        text.push('\n');
    }
    for (stage, step) in steps {
        let line = format!("{:<STAGE_WIDTH$}{}", stage.as_str(), harmless(&step, SENTENCE_CHARS_MAX));
        text += &paragraph(&line, &" ".repeat(STAGE_WIDTH), screen);
    }
    let notes = notes(plan, screen);
    if !notes.is_empty() {
        text = text + "\n" + &notes;
    }
    text + "\n" + &paragraph(&dim("dry run: nothing was done", screen), "", screen)
}

/// Who is passed over, and what a person should know before saying yes.
fn notes(plan: &Plan, screen: Screen) -> String {
    let passed = plan.passed_over.iter().map(|(node, why)| format!("{node} is passed over: {why}"));
    let passed: String = passed.map(|line| paragraph(&harmless(&line, SENTENCE_CHARS_MAX), "  ", screen)).collect();
    plan.remarks.iter().fold(passed, |text, line| text + &remark(line, screen))
}

/// What a person has to see before a question: the topology, a line a node, and what speaks against the plan.
pub(super) fn topology(plan: &Plan, status: &Status, screen: Screen) -> String {
    let head = dim(&background(status), screen);
    let text = paragraph(&head, "", screen) + &table::topology(status, screen);
    let notes = notes(plan, screen);
    if notes.is_empty() { text } else { text + "\n" + &notes }
}
