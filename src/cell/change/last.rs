//! The last look at a cell after a change: it counts, whatever the steps have said.

use std::time::Instant;

use super::super::step::StepEnd;
use super::run::Came;
use super::{Changing, back_off};
use crate::core::change::{Change, End, Stage, Step, StepResult, Taken};
use crate::core::diagnosis::diagnose;
use crate::core::duty::Duty;
use crate::core::event::{Event, Listener};
use crate::core::name::NodeName;
use crate::core::status::Verdict;
use crate::error::Error;

/// How often terms of rivals are closed: whoever raced sees at its next look that it has lost.
const CLOSINGS_MAX: u32 = 3;

impl Changing<'_> {
    /// Looks afresh, and again where something had to be closed.
    pub(super) async fn look_at_the_end(
        &mut self,
        change: &mut Change,
        listener: &mut dyn Listener,
    ) -> Result<(), Error> {
        self.check(change, listener).await?;
        for round in 1..=CLOSINGS_MAX {
            let is_settled = matches!(change.end, End::Done | End::WentBack { .. });
            if !is_settled || !(self.close(round, change, listener).await || self.raise_behind(change, listener).await)
            {
                break;
            }
            self.check(change, listener).await?;
        }
        Ok(())
    }

    async fn check(&mut self, change: &mut Change, listener: &mut dyn Listener) -> Result<(), Error> {
        let step = Step { stage: Stage::Check, node: None, text: "observe every node afresh".to_owned() };
        // A reader that has gone does not change what is to be known at the end.
        let _ = listener.hear(&Event::Begun(&step));
        let since = Instant::now();
        self.look(listener).await?;
        let Some(picture) = self.picture() else { return Ok(()) };
        let status = diagnose(&self.cell.inventory, picture);
        let result = if status.verdict <= Verdict::Degraded { StepResult::Done } else { StepResult::Failed };
        let text = format!("{}: {}", status.verdict.as_str(), status.reason);
        let taken = Taken { step, result, text, took: since.elapsed() };
        let _ = listener.hear(&Event::Taken(&taken));
        change.steps.push(taken);
        if result == StepResult::Failed && change.duty == Duty::Primary && change.end == End::Done {
            let why = format!("the last look says {}", status.reason);
            let hints = vec![format!("m3m promote {} goes on from here", change.to), "m3m status".to_owned()];
            change.end = End::Incomplete { why, hints };
        }
        change.after = Some(status);
        Ok(())
    }

    /// Closes the terms of rivals that have lost and still stand on some nodes: nothing is decided by itself meanwhile.
    /// Stops an old PRIMARY that has come back in the meantime and goes on. What was asked is done, whatever comes of
    /// this. Gives whether anything was tried.
    async fn close(&mut self, round: u32, change: &mut Change, listener: &mut dyn Listener) -> bool {
        let standing = self.scene().standing();
        let is_own = standing.won.as_ref().is_some_and(|won| self.claims.contains(&won.record.claim));
        if !is_own || standing.open.is_empty() && !self.executes_elsewhere() {
            return false;
        }
        let Ok(plan) = self.plan() else { return false };
        match self.run(&plan, listener).await {
            Ok(Came::Through) => change.term = plan.term(),
            Ok(Came::Contested | Came::Cut) => tokio::time::sleep(back_off(round)).await,
            Ok(Came::Lost(_) | Came::Failed(_)) | Err(_) => {}
        }
        change.steps.append(&mut self.taken);
        change.warnings.append(&mut self.warnings);
        true
    }

    /// Whether the service is seen to run on another node than it was moved to.
    fn executes_elsewhere(&self) -> bool {
        let mut others = self.cell.inventory.nodes.iter().filter(|node| self.wish.to.as_ref() != Some(&node.name));
        self.wish.duty == Duty::Primary && others.any(|node| self.scene().executes(&node.name))
    }

    /// Brings the nodes to the term that it did not reach: it was won without waiting for those that had to be brought
    /// what it follows. Gives whether one of them came on.
    async fn raise_behind(&mut self, change: &mut Change, listener: &mut dyn Listener) -> bool {
        let standing = self.scene().standing();
        let Some(won) = standing.won.filter(|won| won.record.term == change.term) else { return false };
        let Some(holder) = won.holders.first() else { return false };
        let behind: Vec<NodeName> = standing.behind.into_iter().flat_map(|held| held.holders).collect();
        let mut has_come_on = false;
        for node in behind.iter().filter(|node| won.record.has(node)) {
            // What still runs there has to be stopped on the way.
            if self.scene().executes(node) && *node != won.record.primary {
                continue;
            }
            let text = format!("put term {} to {node}", change.term);
            let Ok(under_way) = self.begin(Stage::Claim, Some(node), text, change.term, listener).await else { break };
            let carried = self.cell.carry_terms(holder, node, &won.commit, self.times(self.timeout).1).await;
            let (result, said) = match carried {
                Err(why) => (StepResult::Failed, why),
                Ok(()) => match self.raise_only(node, &won.commit).await {
                    StepEnd::Answered(answer) => match answer.refused {
                        None => (StepResult::Done, "held".to_owned()),
                        Some(refusal) => (StepResult::Failed, refusal.to_string()),
                    },
                    StepEnd::NotRun(silence) => (StepResult::Failed, silence.to_string()),
                    StepEnd::Unknown(silence) => (StepResult::Unknown, silence.to_string()),
                },
            };
            has_come_on |= result == StepResult::Done;
            self.take(under_way, result, said, listener).await;
        }
        change.steps.append(&mut self.taken);
        has_come_on
    }
}
