//! Rounds: a plan is carried out, and where that was not all, the next one follows from a fresh look.

use super::run::Came;
use super::{BACK_OFF, Changing, back_off};
use crate::core::change::{Change, End};
use crate::core::event::Listener;
use crate::core::plan::{Kind, Life, Plan, Wish};
use crate::error::Error;

/// How often a change is planned anew before it is given up: against rivals, and after nodes that fell silent.
const ROUNDS_MAX: u32 = 8;

impl Changing<'_> {
    /// Carries plans out, one after the other, until nothing is left of what was asked, or nothing can be done about it.
    pub(super) async fn rounds(&mut self, plan: Plan, listener: &mut dyn Listener) -> Result<Change, Error> {
        let asked = plan.clone();
        // Whoever agreed to the next of the chain agreed to this node: by the new term the next one is another.
        self.wish.to = Some(plan.to.clone());
        let mut plan = plan;
        let mut went_back: Option<(String, bool)> = None;
        for round in 1..=ROUNDS_MAX {
            let came = self.run(&plan, listener).await?;
            self.end_attempts(listener).await;
            match came {
                Came::Through => {
                    let end = match went_back {
                        Some((why, true)) => {
                            self.hints.push(format!("m3m check --node {} says what it lacks", asked.to));
                            End::WentBack { why, hints: std::mem::take(&mut self.hints) }
                        }
                        Some((why, false)) => {
                            self.hints.push("m3m status shows what is true now".to_owned());
                            End::NotWon { why, hints: std::mem::take(&mut self.hints) }
                        }
                        None if plan.kind == Kind::Nothing => End::Nothing,
                        None => End::Done,
                    };
                    return Ok(self.end(&asked, plan.term(), end));
                }
                Came::Lost(held) => return Ok(self.overtaken(&asked, &plan, *held)),
                Came::Contested => tokio::time::sleep(back_off(round)).await,
                Came::Cut => tokio::time::sleep(BACK_OFF).await,
                Came::Failed(why) => {
                    let back = self.way_back(&asked, &plan, went_back.is_some());
                    let Some(back) = back else {
                        let why = match went_back {
                            Some((failed, _)) => format!("{failed}; and going back failed: {why}"),
                            None => why,
                        };
                        return Ok(self.incomplete(&asked, &plan, why));
                    };
                    went_back = Some((why, self.has_touched));
                    self.wish = back;
                }
            }
            plan = match self.prepare(listener).await? {
                Ok(next) if self.is_overtaken(&asked, &next) => {
                    return Ok(self.overtaken(&asked, &next, next.base.clone()));
                }
                Ok(next) => next,
                Err(refusal) => {
                    // Such as of a target that has died meanwhile.
                    let Some(back) = self.way_back(&asked, &plan, went_back.is_some()) else {
                        return Ok(self.stopped(&asked, &plan, went_back, refusal));
                    };
                    self.wish = back;
                    went_back = Some((refusal.reason, self.has_touched));
                    match self.plan() {
                        Ok(next) => next,
                        Err(refusal) => return Ok(self.stopped(&asked, &plan, went_back, refusal)),
                    }
                }
            };
        }
        Ok(self.incomplete(&asked, &plan, format!("it was not done after {ROUNDS_MAX} rounds")))
    }

    /// Whether somebody else has moved on from the term that this change started from.
    fn is_overtaken(&self, asked: &Plan, next: &Plan) -> bool {
        let record = &next.base.record;
        record.term > asked.base.record.term && !self.claims.contains(&record.claim) && self.is_known_won(next)
    }

    fn is_known_won(&self, plan: &Plan) -> bool {
        self.scene().standing().won.is_some_and(|won| won.commit == plan.base.commit)
    }

    /// The wish to give the role back to whom it had before, where that may help: it was a live node, and this is not
    /// the way back already.
    fn way_back(&self, asked: &Plan, plan: &Plan, is_back: bool) -> Option<Wish> {
        let before = &asked.holder;
        let lives = matches!(self.scene().life(before), Life::Answers(_));
        let may = !is_back && plan.to != *before && asked.kind == Kind::Switchover && lives;
        may.then(|| Wish {
            to: Some(before.clone()),
            reason: format!("going back: {} could not take over", plan.to),
            goes_back: true,
            ..self.wish.clone()
        })
    }
}
