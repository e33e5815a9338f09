//! One plan carried out, stage by stage; each step is in the journal before it is done.

use std::time::Instant;

use super::super::terms::{OnNodes, TermStore};
use super::Changing;
use crate::core::change::{Stage, Step, StepResult, Taken};
use crate::core::duty::Duty;
use crate::core::event::{Event, Listener};
use crate::core::journal::{Act, Outcome as Noted};
use crate::core::name::NodeName;
use crate::core::plan::{Kind, Plan, list};
use crate::core::term::{Answers, Claim, ClaimAnswer, Held, Outcome, Rivals};
use crate::error::Error;
use crate::world::journal::Ticket;

/// What carrying a plan out has come to.
pub(super) enum Came {
    /// Everything in it is done.
    Through,
    /// Another claim is won.
    Lost(Box<Held>),
    /// No claim is won.
    Contested,
    /// A node fell silent, or holds something else than was seen: it takes a fresh look.
    Cut,
    /// Something did not work, and trying it again would not help.
    Failed(String),
}

/// A step under way: what it is, and since when.
pub(super) struct UnderWay {
    step: Step,
    ticket: Ticket,
    since: Instant,
}

impl UnderWay {
    /// The node that it is done to, if it is one.
    pub(super) fn node(&self) -> Option<&NodeName> {
        self.step.node.as_ref()
    }
}

impl Changing<'_> {
    /// Carries a plan out.
    pub(super) async fn run(&mut self, plan: &Plan, listener: &mut dyn Listener) -> Result<Came, Error> {
        let commit = match &plan.claim {
            None => plan.base.commit.clone(),
            Some(claim) => match self.claim(plan, claim, listener).await? {
                Ok(commit) => commit,
                Err(came) => return Ok(came),
            },
        };
        if plan.kind != Kind::Nothing {
            self.has_touched |= !plan.fences.is_empty();
            let heads = match self.fence(plan, &commit, listener).await? {
                Ok(heads) => heads,
                Err(came) => return Ok(came),
            };
            if plan.duty == Duty::Primary
                && let Err(came) = self.take_in(plan, &commit, heads, listener).await?
            {
                return Ok(came);
            }
            if let Err(came) = self.start(plan, &commit, listener).await? {
                return Ok(came);
            }
        }
        self.tell_of_brain(plan);
        if plan.announces {
            self.announce(plan, listener).await?;
        }
        Ok(Came::Through)
    }

    /// Puts the claim to the members, and gives its commit where it is won.
    async fn claim(
        &mut self,
        plan: &Plan,
        claim: &Claim,
        listener: &mut dyn Listener,
    ) -> Result<Result<String, Came>, Error> {
        let record = &claim.record;
        let text = format!("term {}: PRIMARY {}, BRAIN {}", record.term, record.primary, record.brain);
        let under_way = self.begin(Stage::Claim, None, text, record.term, listener).await?;
        self.claims.insert(record.claim.clone());
        let standing = self.scene().standing();
        let deadline = Instant::now() + self.timeout;
        let store = OnNodes(self.cell);
        let (outcome, answers) = store.claim(claim, &standing, &plan.voters, deadline).await;
        let commit = answers.values().find_map(|answer| match answer {
            ClaimAnswer::Holds(commit) => Some(commit.clone()),
            _ => None,
        });
        let (result, said, came) = match (outcome, commit) {
            (Outcome::Won, Some(commit)) => {
                let held = answers.values().filter(|answer| matches!(answer, ClaimAnswer::Holds(_))).count();
                (StepResult::Done, format!("won: held by {held} of {}", record.members.len()), Ok(commit))
            }
            (Outcome::Lost(held), _) => {
                let text =
                    format!("lost to term {} of {}: PRIMARY {}", held.record.term, held.record.by, held.record.primary);
                (StepResult::Failed, text, Err(Came::Lost(held)))
            }
            (Outcome::Open(rivals), _) => {
                let said = not_won(&answers, &rivals);
                let refused = record.taker().and_then(|taker| Some((taker, answers.get(taker)?)));
                let is_silent = answers.values().any(|answer| matches!(answer, ClaimAnswer::Silent(_)));
                let came = match refused {
                    Some((taker, ClaimAnswer::Refuses(why))) => {
                        Came::Failed(format!("{taker} does not take the term: {why}"))
                    }
                    // Nobody stands in the way, and nobody is left who might still take it.
                    _ if rivals.is_empty() && !is_silent => Came::Failed(format!("the term is not won: {said}")),
                    _ => Came::Contested,
                };
                (StepResult::Failed, said, Err(came))
            }
            (Outcome::Won | Outcome::Undecided, _) => {
                (StepResult::Unknown, "no node said what it holds".to_owned(), Err(Came::Contested))
            }
        };
        self.take(under_way, result, said, listener).await;
        Ok(came)
    }

    /// Writes a step down and tells of it.
    pub(super) async fn begin(
        &mut self,
        stage: Stage,
        node: Option<&NodeName>,
        text: String,
        term: u64,
        listener: &mut dyn Listener,
    ) -> Result<UnderWay, Error> {
        let step = Step { stage, node: node.cloned(), text };
        let act = Act { act: stage.as_str(), node: step.node.clone(), term: Some(term), detail: step.text.clone() };
        let ticket = self.journal.begin(&act).await?;
        // A reader that has gone does not stop half a change.
        let _ = listener.hear(&Event::Begun(&step));
        Ok(UnderWay { step, ticket, since: Instant::now() })
    }

    /// Writes down what came of a step and tells of it.
    pub(super) async fn take(
        &mut self,
        under_way: UnderWay,
        result: StepResult,
        text: String,
        listener: &mut dyn Listener,
    ) {
        let UnderWay { step, ticket, since } = under_way;
        let taken = Taken { step, result, text: text.clone(), took: since.elapsed() };
        let _ = listener.hear(&Event::Taken(&taken));
        self.taken.push(taken);
        let noted = match result {
            StepResult::Done => Noted::done(text),
            StepResult::Failed => Noted::failed(text),
            StepResult::Unknown => Noted::unknown(text),
        };
        if let Err(notice) = ticket.end(&noted).await {
            let _ = listener.hear(&Event::Notice(&notice));
        }
    }
}

/// Why a claim is not won, in words.
fn not_won(answers: &Answers, rivals: &Rivals) -> String {
    let mut said: Vec<String> = Vec::new();
    for rival in rivals {
        let Held { record, holders, .. } = rival;
        said.push(format!("{} hold term {} of {}", list(holders), record.term, record.by));
    }
    for (node, answer) in answers {
        match answer {
            ClaimAnswer::Refuses(why) | ClaimAnswer::Silent(why) => said.push(format!("{node}: {why}")),
            ClaimAnswer::Lacks(_) => said.push(format!("{node} lacks terms that came before")),
            ClaimAnswer::Holds(_) | ClaimAnswer::Keeps(_) => {}
        }
    }
    let held = answers.values().filter(|answer| matches!(answer, ClaimAnswer::Holds(_))).count();
    said.insert(0, format!("open: held by {held}"));
    said.join("; ")
}
