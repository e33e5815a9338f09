//! The promises of a cell, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::core::name::CellName;
use crate::core::promises::{Promise, Promises, show};

/// What an inventory's own numbers make of its promises.
#[derive(Debug, Clone, Copy)]
pub struct Judgement<'a> {
    /// Whose promises.
    pub cell: &'a CellName,
    /// The promises.
    pub promises: &'a Promises,
}

/// `m3m.check/1`. Times are in seconds.
#[derive(Serialize)]
pub(crate) struct CheckRecord<'a> {
    schema: &'static str,
    cell: &'a str,
    holds: bool,
    promises: Vec<PromiseRecord<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct PromiseRecord<'a> {
    name: &'a str,
    text: &'a str,
    holds: bool,
    bound_s: Option<f64>,
    limit_s: f64,
    formula: &'a str,
    hint: Option<&'a str>,
}

impl<'a> Judgement<'a> {
    /// The judgement as text: a verdict, then every promise with its numbers, then notes. Only the verdict if `quiet`.
    #[must_use]
    pub fn words(self, quiet: bool) -> String {
        let mut text = self.verdict();
        if quiet {
            return text;
        }
        for promise in &self.promises.promises {
            text += &words(promise);
        }
        text.push('\n');
        for note in &self.promises.notes {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "note: {note}");
        }
        text
    }

    fn verdict(self) -> String {
        let broken = self.promises.broken();
        if broken.is_empty() {
            format!("HOLDS: every promise of cell {}, by the numbers of its inventory\n", self.cell)
        } else {
            format!("CANNOT HOLD: {}, by the numbers of cell {}'s inventory\n", broken.join(", "), self.cell)
        }
    }

    /// The judgement as a record.
    pub(crate) fn record(self) -> CheckRecord<'a> {
        CheckRecord {
            schema: "m3m.check/1",
            cell: self.cell.as_str(),
            holds: self.promises.hold(),
            promises: self.promises.promises.iter().map(PromiseRecord::of).collect(),
            notes: &self.promises.notes,
        }
    }
}

impl<'a> PromiseRecord<'a> {
    fn of(promise: &'a Promise) -> Self {
        Self {
            name: promise.name,
            text: promise.text,
            holds: promise.holds(),
            bound_s: promise.bound.map(|bound| bound.as_secs_f64()),
            limit_s: promise.limit.as_secs_f64(),
            formula: &promise.formula,
            hint: promise.hint.as_deref(),
        }
    }
}

/// A promise with its numbers.
pub(super) fn words(promise: &Promise) -> String {
    let mark = if promise.holds() { ' ' } else { '!' };
    let limit = show(promise.limit);
    let bound = match promise.bound {
        Some(bound) => format!("{} of {limit}", show(bound)),
        None => format!("no bound, promised {limit}"),
    };
    let Promise { name, text, formula, .. } = promise;
    let hint = promise.hint.as_ref().map(|hint| format!("    hint: {hint}\n")).unwrap_or_default();
    format!("\n{mark} {name:<9}  {bound}: {text}\n    {formula}\n{hint}")
}
