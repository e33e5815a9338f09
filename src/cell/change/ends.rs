//! Ends: what a change has come to, and what a person may do then.

use super::Changing;
use crate::core::change::{Change, End};
use crate::core::duty::Duty;
use crate::core::name::NodeName;
use crate::core::plan::{Plan, Refusal};
use crate::core::step;
use crate::core::term::Held;

impl Changing<'_> {
    /// The end where the next plan was refused.
    pub(super) fn stopped(
        &mut self,
        asked: &Plan,
        plan: &Plan,
        went_back: Option<(String, bool)>,
        refusal: Refusal,
    ) -> Change {
        let Refusal { reason, hints, .. } = refusal;
        let why = match went_back {
            Some((failed, _)) => format!("{failed}; and going back is refused: {reason}"),
            None => reason,
        };
        let term = self.scene().standing().in_force().map_or(plan.base.record.term, |held| held.record.term);
        self.hints.extend(hints);
        self.unfinished(asked, term, why)
    }

    /// The end where somebody else's term is in force.
    pub(super) fn overtaken(&mut self, asked: &Plan, plan: &Plan, held: Held) -> Change {
        let term = held.record.term;
        if !self.may_have_acted {
            return self.end(asked, term, End::Lost(Box::new(held)));
        }
        self.incomplete(asked, plan, format!("term {term} by {} came in between", held.record.by))
    }

    pub(super) fn incomplete(&mut self, asked: &Plan, plan: &Plan, why: String) -> Change {
        let term = if self.has_touched { plan.term() } else { plan.base.record.term };
        self.unfinished(asked, term, why)
    }

    /// The end where what was asked is not done, with what a person may do then.
    fn unfinished(&mut self, asked: &Plan, term: u64, why: String) -> Change {
        let verb = match asked.duty {
            Duty::Primary => "promote",
            Duty::Brain => "inherit-brain",
        };
        let mut hints = std::mem::take(&mut self.hints);
        if self.has_touched {
            hints.insert(0, format!("m3m {verb} {} goes on from here, also with another node", asked.to));
            hints.push("m3m status shows what is true now".to_owned());
            self.end(asked, term, End::Incomplete { why, hints })
        } else {
            hints.insert(0, format!("no service was touched; try again: m3m {verb} {}", asked.to));
            self.end(asked, term, End::NotWon { why, hints })
        }
    }

    pub(super) fn end(&mut self, asked: &Plan, term: u64, end: End) -> Change {
        Change {
            cell: self.cell.inventory.cell.clone(),
            at: self.at,
            duty: asked.duty,
            from: asked.holder.clone(),
            to: asked.to.clone(),
            kind: asked.kind,
            term,
            steps: std::mem::take(&mut self.taken),
            end,
            warnings: std::mem::take(&mut self.warnings),
            took: self.begun.elapsed(),
            after: None,
        }
    }

    /// Keeps what a person may do about a refusal for the end.
    pub(super) fn keep_hint(&mut self, node: &NodeName, refusal: &step::Refusal) {
        let hint = self.hint(node, refusal).filter(|hint| !self.hints.contains(hint));
        self.hints.extend(hint);
    }

    pub(super) fn hint(&self, node: &NodeName, refusal: &step::Refusal) -> Option<String> {
        let path = self.cell.inventory.node(node).map(|told| told.repository.path.as_str());
        refusal.hint(node.as_str(), path.unwrap_or_default())
    }
}
