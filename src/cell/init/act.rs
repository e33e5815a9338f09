//! What changes nodes, each act in the journal before it is done.

use std::time::Duration;

use tokio::task::JoinSet;

use super::super::step::StepEnd;
use super::super::terms::{OnNodes, TermStore};
use super::super::together::together;
use super::{Initialising, Look, mark};
use crate::core::event::{Event, Listener};
use crate::core::init::{End, is_ready};
use crate::core::journal::{Act as Written, Outcome as Noted};
use crate::core::name::NodeName;
use crate::core::step::{self, Answer, Aside, Mode, Raise};
use crate::core::term::{Act, Claim, Held, Outcome};
use crate::error::Error;
use crate::world::journal::{Journal, Ticket};

/// The longest pause after a claim that nobody has won. Rivals that pause alike collide again, so it is random.
const BACK_OFF: Duration = Duration::from_millis(300);

/// raise wants times for what it does not do here.
const NO_SERVICE: Duration = Duration::from_secs(1);

impl Initialising<'_> {
    /// Makes what the repositories lack, on all nodes at once.
    pub(super) async fn make(&mut self, journal: &Journal, listener: &mut dyn Listener) -> Result<(), Error> {
        let mode = if self.order.repairs { Mode::Repair } else { Mode::Make };
        let mut under_way = JoinSet::new();
        for node in self.unready() {
            let ticket = begin(journal, "init", Some(&node), None, self.detail(&node)).await?;
            self.has_begun = true;
            let end = self.step(&node, &|address| step::init(address, mode));
            under_way.spawn(async move { (node, ticket, end.await) });
        }
        while let Some(done) = under_way.join_next().await {
            // One that panicked was reported where it happened, and its ticket says that its outcome is unknown.
            let Ok((node, ticket, end)) = done else { continue };
            let noted = match &end {
                StepEnd::Answered(answer) => said(answer),
                StepEnd::NotRun(silence) => Noted::failed(silence.to_string()),
                StepEnd::Unknown(silence) => Noted::unknown(silence.to_string()),
            };
            end_of(ticket, &noted, listener).await;
            self.take(&node, end);
        }
        Ok(())
    }

    /// Whoever lacks something that can be made.
    fn unready(&self) -> Vec<NodeName> {
        let lacks = |node: &NodeName, look: &Look| match look {
            Look::Missing(made) => !made.needs.is_empty() || (self.order.repairs && made.damaged.is_some()),
            Look::Refused(_) => self.order.repairs && self.damage(node).is_some(),
            Look::Silent(_) => false,
        };
        self.looks.iter().filter(|(node, look)| lacks(node, look)).map(|(node, _)| node.clone()).collect()
    }

    fn detail(&self, node: &NodeName) -> String {
        let path = self.cell.inventory().node(node).map_or("", |node| &node.repository.path);
        match self.damage(node).filter(|_| self.order.repairs) {
            Some(damage) => format!("{path}: {damage}"),
            None => path.to_owned(),
        }
    }

    /// Keeps what came of a step on a node.
    fn take(&mut self, node: &NodeName, end: StepEnd) -> bool {
        let path = self.cell.inventory().node(node).map_or("", |node| &node.repository.path);
        let failed = match end {
            StepEnd::Answered(answer) => {
                self.made.entry(node.clone()).or_insert(answer.made);
                answer.refused.map(|refusal| (refusal.to_string(), refusal.hint(node.as_str(), path)))
            }
            StepEnd::NotRun(silence) | StepEnd::Unknown(silence) => {
                Some((format!("it did not answer to the end: {silence}"), Some(format!("m3m init {node}"))))
            }
        };
        let is_done = failed.is_none();
        self.failed.extend(failed.map(|failed| (node.clone(), failed)));
        is_done
    }

    /// Puts a claim to whoever is ready. Says whether it brought the term on.
    pub(super) async fn claim(
        &mut self,
        claim: &Claim,
        journal: &Journal,
        listener: &mut dyn Listener,
    ) -> Result<bool, Error> {
        let record = &claim.record;
        let text = format!("PRIMARY {}, BRAIN {} ({})", record.primary, record.brain, record.act.as_str());
        let ticket = begin(journal, "claim", None, Some(record.term), text).await?;
        self.has_begun = true;
        self.marks.insert(record.claim.clone());
        let (picture, inventory) = (self.picture(), self.cell.inventory());
        let is_ready = |node: &&NodeName| picture.facts(node).is_some_and(|facts| is_ready(inventory, node, facts));
        let voters = picture.observations.keys().filter(is_ready).cloned().collect();
        let (_, deadline) = self.times();
        let standing = self.standing();
        let (outcome, _) = OnNodes(self.cell).claim(claim, &standing, &voters, deadline).await;
        let (noted, has_come_on) = match &outcome {
            Outcome::Won => (Noted::done("won"), true),
            Outcome::Lost(held) => {
                (Noted::failed(format!("lost to term {} of {}", held.record.term, held.record.by)), true)
            }
            Outcome::Open(_) | Outcome::Undecided => (Noted::unknown("not won by now"), false),
        };
        end_of(ticket, &noted, listener).await;
        match outcome {
            Outcome::Won => self.claimed.push(record.clone()),
            // Whoever was faster with a first term or in closing one did what was to be done.
            Outcome::Lost(held) if record.act == Act::Apply => self.end = End::Lost(held),
            Outcome::Lost(_) => {}
            Outcome::Open(_) | Outcome::Undecided => tokio::time::sleep(back_off()).await,
        }
        Ok(has_come_on)
    }

    /// Brings nodes to the won term, all at once. Says whether one of them came on.
    pub(super) async fn raise(
        &mut self,
        held: &Held,
        nodes: &[NodeName],
        journal: &Journal,
        listener: &mut dyn Listener,
    ) -> Result<bool, Error> {
        let raise = Raise {
            commit: &held.commit,
            role: None,
            service: None,
            stop_within: NO_SERVICE,
            kill_within: NO_SERVICE,
            exhale: false,
        };
        let mut has_come_on = false;
        let (this, mut under_way) = (&*self, Vec::new());
        for node in nodes {
            let ticket = begin(journal, "raise", Some(node), Some(held.record.term), String::new()).await?;
            under_way.push(async move {
                let holder = held.holders.iter().find(|holder| *holder != node);
                let carried = match holder {
                    Some(holder) => this.cell.carry_terms(holder, node, &held.commit, this.times().1).await,
                    None => Ok(()),
                };
                let end = match carried {
                    Ok(()) => Ok(this.step(node, &|address| step::raise(address, &raise)).await),
                    Err(why) => Err(why),
                };
                (node, ticket, end)
            });
        }
        for (node, ticket, end) in together(under_way).await {
            let end = match end {
                Ok(end) => end,
                Err(why) => {
                    end_of(ticket, &Noted::failed(&why), listener).await;
                    self.failed.insert(node.clone(), (format!("the term did not get there: {why}"), None));
                    continue;
                }
            };
            let noted = match &end {
                StepEnd::Answered(answer) => said(answer),
                StepEnd::NotRun(silence) => Noted::failed(silence.to_string()),
                StepEnd::Unknown(silence) => Noted::unknown(silence.to_string()),
            };
            end_of(ticket, &noted, listener).await;
            has_come_on |= self.take(node, end);
        }
        Ok(has_come_on)
    }
}

async fn begin(
    journal: &Journal,
    act: &'static str,
    node: Option<&NodeName>,
    term: Option<u64>,
    detail: String,
) -> Result<Ticket, Error> {
    journal.begin(&Written { act, node: node.cloned(), term, detail }).await
}

async fn end_of(ticket: Ticket, noted: &Noted, listener: &mut dyn Listener) {
    if let Err(notice) = ticket.end(noted).await {
        // A reader that has gone does not stop half a change.
        let _ = listener.hear(&Event::Notice(&notice));
    }
}

/// What a node answered, for the journal.
fn said(answer: &Answer) -> Noted {
    if let Some(refusal) = &answer.refused {
        return Noted::failed(refusal.to_string());
    }
    Noted::done(match &answer.made.aside {
        Some(Aside::Kept(reference)) => format!("the damaged term is kept as {reference}"),
        Some(Aside::Dropped(raw)) => format!("the damaged term could not be kept: {raw}"),
        None => String::new(),
    })
}

fn back_off() -> Duration {
    BACK_OFF.mul_f64(f64::from(u32::try_from(mark() % 1000).unwrap_or_default()) / 1000.0)
}
