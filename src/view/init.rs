//! What `m3m init` found and did, as people read it: a line, then one a node, each hint below its own.

use console::Style;

use super::human::{SENTENCE_CHARS_MAX, paragraph};
use super::{Screen, Settings};
use crate::core::drift::{APPLY, drifted};
use crate::core::init::{End, NodeReport, Report, State};
use crate::core::plan::Refusal;
use crate::core::text::harmless;

/// The report for a screen.
pub(super) fn words(report: &Report, settings: Settings, screen: Screen) -> String {
    let paint = |style: Style, text: &str| style.force_styling(screen.colored).apply_to(text).to_string();
    let is_well = report.end == End::Done && report.count(State::Ready) == report.nodes.len();
    let style = if is_well { Style::new().green().bold() } else { Style::new().yellow().bold() };
    let mut text = paragraph(&paint(style, &harmless(&head(report), SENTENCE_CHARS_MAX)), "", screen);
    if settings.quiet {
        return text;
    }
    for line in &report.differences {
        text += &paragraph(&format!("  {}", harmless(line, SENTENCE_CHARS_MAX)), "    ", screen);
    }
    let width = report.nodes.iter().map(|node| node.node.as_str().len()).max().unwrap_or_default();
    for node in &report.nodes {
        let sign = match node.state {
            State::Ready => " ",
            State::NotReady | State::Absent => "!",
        };
        let line = format!("{sign} {:width$}  {}", node.node.as_str(), harmless(&sentence(node), SENTENCE_CHARS_MAX));
        text += &paragraph(&line, "    ", screen);
        if let Some(hint) = &node.hint {
            text += &told(hint, screen);
        }
    }
    if let (true, Some(term)) = (report.is_drifted, report.term) {
        text += &paragraph(&format!("! {}", drifted(term)), "    ", screen);
        text += &told(APPLY, screen);
    }
    if let End::Waits(refusal) | End::Incomplete(refusal) = &report.end {
        text += &refusal.hints.iter().map(|hint| told(hint, screen)).collect::<String>();
    }
    text
}

fn told(hint: &str, screen: Screen) -> String {
    let hint = format!("hint: {}", harmless(hint, SENTENCE_CHARS_MAX));
    let dim = Style::new().dim().force_styling(screen.colored).apply_to(hint).to_string();
    paragraph(&format!("  {dim}"), "    ", screen)
}

/// The whole in a sentence.
fn head(report: &Report) -> String {
    let (all, ready) = (report.nodes.len(), report.count(State::Ready));
    let term = report.claimed.last().map(|record| record.term).or(report.term);
    let at = term.map_or_else(|| "no term".to_owned(), |term| format!("term {term}"));
    let how_many = if ready == all { format!("all {all} nodes") } else { format!("{ready} of {all} nodes") };
    let would = if report.is_dry { "would be " } else { "" };
    let state = match (ready, report.is_dry) {
        (1, false) if all == 1 => "1 node is ready".to_owned(),
        _ if all == 1 => format!("{ready} of 1 node {would}ready"),
        _ => format!("{how_many} {would}ready"),
    };
    let idle = if report.is_idle() && ready == all && report.end == End::Done { ": nothing to do" } else { "" };
    match &report.end {
        End::Done => format!("cell {}: {state}, {at}{idle}", report.cell),
        End::Waits(Refusal { reason, .. }) | End::Incomplete(Refusal { reason, .. }) => {
            format!("cell {}: {state}, {at}; {reason}", report.cell)
        }
        End::Lost(held) => {
            format!("cell {}: lost to term {} of {}", report.cell, held.record.term, held.record.by)
        }
    }
}

/// What was done on a node, and what is not right there.
fn sentence(node: &NodeReport) -> String {
    let mut parts: Vec<String> = node.deeds.iter().map(ToString::to_string).collect();
    match (&node.reason, node.state) {
        (Some(reason), State::Absent) => parts.push(format!("does not answer: {reason}")),
        (Some(reason), _) => parts.push(format!("not ready: {reason}")),
        (None, _) if parts.is_empty() => parts.push("already ready".to_owned()),
        (None, _) => {}
    }
    let via = node.via.as_ref().map(|via| format!(" (via {via})")).unwrap_or_default();
    parts.join(", ") + &via
}
