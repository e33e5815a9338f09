//! A change of a role as people read it: each step as it ends, and in the end a sentence and what is true by then.

use std::time::Duration;

use console::Style;

use super::human::{self, SENTENCE_CHARS_MAX, hint, paint, paragraph, warning};
use super::plan::STAGE_WIDTH;
use super::{Screen, Settings, words};
use crate::core::change::{Change, End, Stage, StepResult, Taken};
use crate::core::plan::Kind;
use crate::core::term::Held;
use crate::core::text::harmless;

/// The sign and the stage before the words of a step.
const HEAD_WIDTH: usize = 2 + STAGE_WIDTH;
/// A duration behind them, with the gap before it.
const TOOK_WIDTH: usize = 8;
/// Durations stand below one another, and near to the words on a wide terminal.
const LINE_WIDTH_MAX: usize = 80;
/// Words in less room than this are no longer words in a column.
const WORDS_WIDTH_MIN: usize = 24;

/// A step that has ended, for a screen.
pub(super) fn step(taken: &Taken, screen: Screen) -> String {
    let (stage, took) = (taken.step.stage.as_str(), words::duration(taken.took));
    let said = harmless(&outcome(taken), SENTENCE_CHARS_MAX);
    let head = format!("{} {stage:<STAGE_WIDTH$}", sign(taken.result, screen));
    let Some(width) = screen.width else { return format!("{head}{said}  {took}\n") };
    let width = width.min(LINE_WIDTH_MAX);
    let room = width.saturating_sub(HEAD_WIDTH + TOOK_WIDTH);
    if room < WORDS_WIDTH_MIN {
        return paragraph(&format!("{head}{said}  {took}"), "  ", screen);
    }
    let lines = paragraph(&said, "", Screen { width: Some(room), ..screen });
    let mut lines = lines.lines();
    let first = lines.next().unwrap_or_default();
    let gap = " ".repeat(room.saturating_sub(console::measure_text_width(first)));
    let further = lines.map(|line| format!("{}{line}\n", " ".repeat(HEAD_WIDTH)));
    format!("{head}{first}{gap}{took:>TOOK_WIDTH$}\n{}", further.collect::<String>())
}

/// What came of a step, in words that stand alone.
pub(super) fn outcome(Taken { step, text, .. }: &Taken) -> String {
    match (step.stage, &step.node) {
        _ if text.is_empty() => step.text.clone(),
        // What is done to a node is clear from the stage.
        (Stage::Fence | Stage::Start, Some(node)) => format!("{node}: {text}"),
        (Stage::Check, _) => text.clone(),
        _ => format!("{}; {text}", step.text),
    }
}

fn sign(result: StepResult, screen: Screen) -> String {
    let (sign, ascii, style) = match result {
        StepResult::Done => ("✓", "+", Style::new().green()),
        StepResult::Failed => ("✗", "x", Style::new().red().bold()),
        StepResult::Unknown => ("?", "?", Style::new().yellow()),
    };
    paint(style, if screen.unicode { sign } else { ascii }, screen)
}

/// How it ended, in a sentence.
pub(super) fn sentence(change: &Change) -> String {
    let Change { to, from, term, took, .. } = change;
    let (role, took) = (change.duty.as_str(), words::duration(*took));
    let text = match &change.end {
        End::Nothing => format!("{to} is {role} already, by term {term}: nothing was left to do"),
        End::Done if change.kind == Kind::Finish => format!("{to} is {role} by term {term}; finished in {took}"),
        End::Done => format!("{to} is {role} by term {term}; {} in {took}", change.kind.as_str()),
        End::Lost(winner) => format!("{}: nothing was touched", lost(change, winner)),
        End::NotWon { why, .. } => format!("not won: {why}; no service was touched"),
        End::WentBack { why, .. } => format!("went back: {from} is {role} again, by term {term}: {why}"),
        End::Incomplete { why, .. } => format!("incomplete, term {term}: {why}"),
    };
    harmless(&text, SENTENCE_CHARS_MAX)
}

/// To whom, and since when.
fn lost(change: &Change, winner: &Held) -> String {
    let record = &winner.record;
    let ended = jiff::SignedDuration::try_from(change.took).unwrap_or_default();
    let ago = (change.at.as_duration() + ended) - record.at.as_duration();
    // Their clock need not agree with this one.
    let ago = match Duration::try_from(ago) {
        Ok(ago) if ago >= Duration::from_secs(1) => format!("{} ago", words::duration(ago)),
        _ => "just now".to_owned(),
    };
    let who = if record.by.is_empty() { "somebody" } else { &record.by };
    let role = change.duty.as_str();
    format!("lost to term {} ({role} {}), claimed by {who} {ago}", record.term, change.duty.holder(record))
}

/// What to do next.
pub(super) fn hints(change: &Change) -> Vec<String> {
    match &change.end {
        End::NotWon { hints, .. } | End::WentBack { hints, .. } | End::Incomplete { hints, .. } => hints.clone(),
        End::Lost(_) => vec![format!("run it again if {} is to be {} all the same", change.to, change.duty.as_str())],
        End::Done | End::Nothing => Vec::new(),
    }
}

/// How a change ended and what is true then, for a screen.
pub(super) fn words(change: &Change, settings: Settings, screen: Screen) -> String {
    let style = match change.end {
        End::Done | End::Nothing => Style::new().green().bold(),
        End::Lost(_) | End::NotWon { .. } | End::WentBack { .. } => Style::new().yellow().bold(),
        End::Incomplete { .. } => Style::new().red().bold(),
    };
    let mut text = paragraph(&paint(style, &sentence(change), screen), "", screen);
    if settings.quiet {
        return text;
    }
    text = hints(change).iter().fold(text, |text, said| text + &hint(said, screen));
    text = change.warnings.iter().fold(text, |text, said| text + &warning(said, screen));
    match &change.after {
        Some(status) => text + "\n" + &human::words(status, settings, screen),
        None => text,
    }
}
