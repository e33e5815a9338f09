//! The journal's lines: what m3m is about to change, and what came of it.
//!
//! `m3m.journal/1`, one JSON object a line. Times are UTC, durations in seconds. Each act has two lines with one `id`: one
//! of stage `begun` before anything is done, and one of stage `done`, `failed` or `unknown` after. An act without a
//! second line was cut off with m3m itself; what came of it is as unknown.

use std::time::Duration;

use jiff::{Timestamp, Unit};
use serde::Serialize;

use super::name::{CellName, NodeName};
use super::text::harmless;

/// The name and version of the lines' shape.
const SCHEMA: &str = "m3m.journal/1";

/// The most characters of a text that a line keeps: a line stays one write.
const TEXT_CHARS_MAX: usize = 1000;

/// Something that m3m is about to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The kind, in one word: `claim`, `fence`, `start`, …
    pub act: &'static str,
    /// The node it is done to; nothing for what concerns the cell or this machine.
    pub node: Option<NodeName>,
    /// The number of the term under which it is done, if there is one.
    pub term: Option<u64>,
    /// What a reader needs to know beside that. Nothing secret.
    pub detail: String,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    stage: Stage,
    text: String,
}

/// Who acts: the same in every line of one m3m.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The cell that is acted on.
    pub cell: CellName,
    /// The operator, `user@host`.
    pub by: String,
    /// The command line, as a person would type it.
    pub command: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    Begun,
    Done,
    Failed,
    Unknown,
}

impl Outcome {
    /// It was done; `text` says what there is to say.
    #[must_use]
    pub fn done(text: impl Into<String>) -> Self {
        Self { stage: Stage::Done, text: text.into() }
    }

    /// It was refused, or did not work; `text` says why.
    #[must_use]
    pub fn failed(text: impl Into<String>) -> Self {
        Self { stage: Stage::Failed, text: text.into() }
    }

    /// It may have been done: no answer came, or nobody waited for it. `text` says what is known.
    #[must_use]
    pub fn unknown(text: impl Into<String>) -> Self {
        Self { stage: Stage::Unknown, text: text.into() }
    }
}

/// The fields of a line, in their order. What does not apply is left out.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'a str,
    at: String,
    id: &'a str,
    stage: Stage,
    cell: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    term: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    act: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    by: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    command: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    took_s: Option<f64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    outcome: String,
}

impl Act {
    /// The line before the act, with its line break.
    #[must_use]
    pub fn begun(&self, at: Timestamp, id: &str, actor: &Actor) -> String {
        let (by, command) = (kept(&actor.by), kept(&actor.command));
        Line { detail: kept(&self.detail), by, command, ..self.line(at, id, Stage::Begun, actor) }.text()
    }

    /// The line after the act, with its line break.
    #[must_use]
    pub fn ended(&self, at: Timestamp, id: &str, actor: &Actor, outcome: &Outcome, took: Duration) -> String {
        let took_s = Some((took.as_secs_f64() * 1000.0).round() / 1000.0);
        Line { took_s, outcome: kept(&outcome.text), ..self.line(at, id, outcome.stage, actor) }.text()
    }

    fn line<'a>(&'a self, at: Timestamp, id: &'a str, stage: Stage, actor: &'a Actor) -> Line<'a> {
        Line {
            schema: SCHEMA,
            at: at.round(Unit::Millisecond).unwrap_or(at).to_string(),
            id,
            stage,
            cell: actor.cell.as_str(),
            term: self.term,
            node: self.node.as_ref().map(NodeName::as_str),
            act: self.act,
            detail: String::new(),
            by: String::new(),
            command: String::new(),
            took_s: None,
            outcome: String::new(),
        }
    }
}

impl Line<'_> {
    fn text(&self) -> String {
        // A struct of texts and numbers always serialises.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A text as a line keeps it. The journal is read with cat as well.
fn kept(text: &str) -> String {
    harmless(text, TEXT_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor() -> Actor {
        let (cell, command) = ("montana".parse().unwrap(), "m3m promote almaty".to_owned());
        Actor { cell, by: "ann@ops".to_owned(), command }
    }

    fn at() -> Timestamp {
        "2025-03-01T03:04:05.123456Z".parse().unwrap()
    }

    #[test]
    fn an_act_has_a_line_before_and_a_line_after() {
        let detail = "parent 0123abcd".to_owned();
        let act = Act { act: "claim", node: "almaty".parse().ok(), term: Some(8), detail };
        assert_eq!(
            act.begun(at(), "r.1", &actor()),
            concat!(
                r#"{"schema":"m3m.journal/1","at":"2025-03-01T03:04:05.123Z","id":"r.1","stage":"begun","#,
                r#""cell":"montana","term":8,"node":"almaty","act":"claim","detail":"parent 0123abcd","#,
                r#""by":"ann@ops","command":"m3m promote almaty"}"#,
                "\n"
            )
        );
        let ended = act.ended(at(), "r.1", &actor(), &Outcome::failed("rival"), Duration::from_micros(1_234_567));
        assert_eq!(
            ended,
            concat!(
                r#"{"schema":"m3m.journal/1","at":"2025-03-01T03:04:05.123Z","id":"r.1","stage":"failed","#,
                r#""cell":"montana","term":8,"node":"almaty","act":"claim","took_s":1.235,"outcome":"rival"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn whatever_it_holds_a_line_is_one_short_line_that_no_terminal_obeys() {
        let detail = format!("a\nb\u{1b}[2J\u{202e}\0{}", "ä".repeat(100_000));
        let act = Act { act: "start", node: None, term: None, detail: detail.clone() };
        let line = act.begun(at(), "r.1", &Actor { command: detail, ..actor() });
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.len() < 8 * TEXT_CHARS_MAX && !line.trim_end().contains(char::is_control), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(value["detail"].as_str().unwrap().starts_with("a b") && value.get("node").is_none());
    }
}
