//! Attempts: a dead node is told to stop all the same, over every path, and nobody waits for it.

use std::time::Instant;

use tokio::task::JoinSet;

use super::super::step::StepEnd;
use super::Changing;
use super::fence::raise_line;
use super::run::UnderWay;
use crate::core::change::{Stage, StepResult};
use crate::core::event::Listener;
use crate::core::plan::{Fencing, Plan};
use crate::core::status::Warning;
use crate::core::step::{Address, ServiceEnd};
use crate::error::Error;

/// A dead node that is being told to stop.
pub(super) struct Attempt {
    step: UnderWay,
    ways: JoinSet<StepEnd>,
}

impl Changing<'_> {
    /// Tells a dead node to stop over every path.
    pub(super) async fn attempt(
        &mut self,
        plan: &Plan,
        fencing: &Fencing,
        commit: &str,
        listener: &mut dyn Listener,
    ) -> Result<(), Error> {
        let node = &fencing.node;
        let step = self.begin(Stage::Fence, Some(node), fencing.words(plan.duty), plan.term(), listener).await?;
        let line = |address: Address<'_>| raise_line(plan, address, commit);
        let ways = self.cell.step_over_all_ways(node, &plan.voters, &line, Instant::now() + self.timeout);
        self.attempts.push(Attempt { step, ways: ways.into_iter().collect() });
        Ok(())
    }

    /// Ends the attempts, with what has come of them by now.
    pub(super) async fn end_attempts(&mut self, listener: &mut dyn Listener) {
        for Attempt { step, mut ways } in std::mem::take(&mut self.attempts) {
            let paths = ways.len();
            let (mut is_stopped, mut answered) = (false, None);
            while let Some(done) = ways.try_join_next() {
                let Ok(StepEnd::Answered(answer)) = done else { continue };
                is_stopped |= answer.service.is_some_and(ServiceEnd::is_down);
                answered = Some(answer);
            }
            if is_stopped {
                self.take(step, StepResult::Done, "it answered after all, and is stopped".to_owned(), listener).await;
            } else if let Some(answer) = answered {
                let why = answer.refused.map_or("whether it stopped cannot be told".to_owned(), |why| why.to_string());
                let node = step.node().cloned();
                let text = format!("it answered after all, and may still execute: {why}");
                self.warnings.push(Warning {
                    hint: Some("m3m status shows what runs where".to_owned()),
                    node,
                    text: text.clone(),
                });
                self.take(step, StepResult::Failed, text, listener).await;
            } else {
                let s = if paths == 1 { "" } else { "s" };
                let said = format!("told over {paths} path{s}, no answer");
                self.take(step, StepResult::Unknown, said, listener).await;
            }
        }
    }
}
