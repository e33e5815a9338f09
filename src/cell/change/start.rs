//! Start: the service on its new node, and whoever is to be told of it.

use std::time::Duration;

use super::super::hooks;
use super::super::step::StepEnd;
use super::Changing;
use super::fence::{KILL_WITHIN, may_have_acted};
use super::run::Came;
use crate::core::change::{Stage, StepResult};
use crate::core::duty::Duty;
use crate::core::event::Listener;
use crate::core::plan::Plan;
use crate::core::status::Warning;
use crate::core::step::{self, Refusal, ServiceEnd, Start};
use crate::error::Error;

/// The least time that a start is given until it counts as failed, whatever it is expected to take.
const START_WITHIN_MIN: Duration = Duration::from_secs(10);

/// How many times as long as expected a start may take until it counts as failed.
const START_FACTOR: u32 = 3;

impl Changing<'_> {
    /// Starts what goes with the role and sees that it runs.
    pub(super) async fn start(
        &mut self,
        plan: &Plan,
        commit: &str,
        listener: &mut dyn Listener,
    ) -> Result<Result<(), Came>, Error> {
        let node = self.node(&plan.to)?;
        let Some(service) = plan.duty.service(node) else { return Ok(Ok(())) };
        let text = format!("start the service of {} on {}", plan.duty.as_str(), plan.to);
        let under_way = self.begin(Stage::Start, Some(&plan.to), text, plan.term(), listener).await?;
        self.has_touched = true;
        let within = START_WITHIN_MIN.max(service.start_within * START_FACTOR);
        let order = Start { commit, duty: plan.duty, expected_head: None, service, within, kill_within: KILL_WITHIN };
        let times = self.times(order.takes_at_most());
        let told = self.cell.step(&plan.to, &|address| step::start(address, &order), times);
        let told = self.unless_dead(std::slice::from_ref(&plan.to), told).await;
        let told = told.unwrap_or_else(|(_, silence)| StepEnd::Unknown(silence));
        self.may_have_acted |= may_have_acted(&told);
        let (result, said, came) = match told {
            StepEnd::NotRun(silence) => (StepResult::Failed, format!("not told: {silence}"), Err(Came::Cut)),
            StepEnd::Unknown(silence) => (StepResult::Unknown, format!("no word: {silence}"), Err(Came::Cut)),
            StepEnd::Answered(answer) => match (&answer.refused, answer.service) {
                (None, Some(ServiceEnd::Running)) if answer.failed.is_none() => {
                    (StepResult::Done, "it ran already".to_owned(), Ok(()))
                }
                (None, Some(ServiceEnd::Started)) => (StepResult::Done, "it runs".to_owned(), Ok(())),
                (Some(refusal), _) if is_passing(refusal) => (StepResult::Failed, refusal.to_string(), Err(Came::Cut)),
                (refusal, end) => {
                    if let Some(refusal) = refusal {
                        self.keep_hint(&plan.to, refusal);
                    }
                    let why = match (refusal, &answer.failed) {
                        (Some(refusal), _) => refusal.to_string(),
                        (None, Some(failed)) => failed.to_string(),
                        (None, None) => "its check does not tell".to_owned(),
                    };
                    let left = if end.is_some_and(ServiceEnd::is_down) { "" } else { ", and something of it may run" };
                    let came = Came::Failed(format!("the service did not start on {}: {why}{left}", plan.to));
                    (StepResult::Failed, format!("{why}{left}"), Err(came))
                }
            },
        };
        self.take(under_way, result, said, listener).await;
        Ok(came)
    }

    /// Tells of a BRAIN that moved out of PRIMARY's way: its own service did not.
    pub(super) fn tell_of_brain(&mut self, plan: &Plan) {
        let Some(claim) = plan.claim.as_ref().filter(|_| plan.duty == Duty::Primary) else { return };
        let (before, now) = (&plan.base.record.brain, &claim.record.brain);
        if before != now && self.cell.inventory.nodes.iter().any(|node| node.brain.is_some()) {
            let text = format!("BRAIN moved from {before} to {now}, and its own service did not");
            let hint = Some(format!("m3m inherit-brain {now} moves it"));
            self.warnings.push(Warning { node: Some(now.clone()), text, hint });
        }
    }

    /// Tells this machine's own command of the PRIMARY. What has been changed stands, whatever comes of this.
    pub(super) async fn announce(&mut self, plan: &Plan, listener: &mut dyn Listener) -> Result<(), Error> {
        let Some(command) = &self.cell.inventory.announce else { return Ok(()) };
        let before = if plan.holder == plan.to { plan.base.record.from.first() } else { Some(&plan.holder) };
        let (old, new) = (before.unwrap_or(&plan.to).clone(), plan.to.clone());
        let text = format!("announce {new}");
        let under_way = self.begin(Stage::Announce, None, text, plan.term(), listener).await?;
        match hooks::announce(command, &old, &new, plan.term()).await {
            Ok(announced) => {
                let said =
                    if announced.tries == 1 { "done".to_owned() } else { format!("done, at try {}", announced.tries) };
                self.take(under_way, StepResult::Done, said, listener).await;
            }
            Err(warning) => {
                self.take(under_way, StepResult::Failed, warning.text.clone(), listener).await;
                self.warnings.push(warning);
            }
        }
        Ok(())
    }
}

/// Whether a fresh look at the cell and a new plan may get around it.
fn is_passing(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Busy(_)
            | Refusal::Late
            | Refusal::Rebooted
            | Refusal::Rival(_)
            | Refusal::NotNamed(_)
            | Refusal::Superseded(_)
            | Refusal::Head(_)
    )
}
