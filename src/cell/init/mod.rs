//! Making nodes ready: their repositories first, then the cell's term. It starts and stops no service.
//!
//! Whatever is true by then is looked at afresh before each step, so a run that was cut off is finished by the next one,
//! and of two at once each finds done what the other one did.

mod act;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Cell;
use super::step::StepEnd;
use crate::core::drift::{Difference, differences};
use crate::core::event::Listener;
use crate::core::init::{End, Next, Report, Wish, next, obstacle, records_ahead};
use crate::core::name::NodeName;
use crate::core::observation::Picture;
use crate::core::plan::{Refusal, Scene, Signature};
use crate::core::probe::Identity;
use crate::core::silence::{Cause, Silence};
use crate::core::step::{self, Made, Mode};
use crate::core::term::{Held, Standing, TermRecord};
use crate::error::Error;
use crate::world::clock;
use crate::world::journal::Journal;

/// The time that a step has beside that for an answer: git writes through to the disk.
const STEP_TIME: Duration = Duration::from_secs(10);

/// The most rounds: each brings the term one step further, or the nodes.
const ROUNDS_MAX: u32 = 64;

/// Rounds in a row that bring nothing, as against others who claim at the same time.
const IDLE_ROUNDS_MAX: u32 = 8;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// The nodes that are to be ready.
    pub nodes: BTreeSet<NodeName>,
    /// What cannot be read is set aside.
    pub repairs: bool,
    /// The inventory's members and settings become the cell's.
    pub applies: bool,
    /// Why, in words for the record.
    pub reason: String,
    /// By whom: user@host.
    pub by: String,
    /// The time for one look at the cell, and for one answer beside what takes longer on the node.
    pub timeout: Duration,
}

/// What a look at a node's repository has shown.
#[derive(Debug, Clone)]
enum Look {
    /// What is missing there.
    Missing(Made),
    /// It cannot be made ready: why.
    Refused(step::Refusal),
    /// It did not say.
    Silent(Silence),
}

/// Nodes on their way to being ready.
pub struct Initialising<'a> {
    cell: &'a Cell,
    order: Order,
    looks: BTreeMap<NodeName, Look>,
    /// What was seen, the first picture first.
    pictures: Vec<Picture>,
    /// What was made there.
    made: BTreeMap<NodeName, Made>,
    /// Why a step did not do it.
    failed: BTreeMap<NodeName, (String, Option<String>)>,
    claimed: Vec<TermRecord>,
    /// The marks of all claims that were put, won or not.
    marks: BTreeSet<String>,
    /// Whether something may have been changed.
    has_begun: bool,
    end: End,
}

impl<'a> Initialising<'a> {
    /// Looks at the cell and at the repositories of the nodes that are to be ready. Nothing is changed.
    ///
    /// # Errors
    /// The listener's output is gone.
    pub async fn look(cell: &'a Cell, order: Order, listener: &mut dyn Listener) -> Result<Self, Error> {
        let picture = cell.gather(order.timeout, listener).await.map_err(Error::output)?;
        let (looks, made, failed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let pictures = vec![picture];
        let (claimed, marks, has_begun, end) = (Vec::new(), BTreeSet::new(), false, End::Done);
        let mut this = Self { cell, order, looks, pictures, made, failed, claimed, marks, has_begun, end };
        let answered = this.order.nodes.iter().filter(|node| this.picture().facts(node).is_some()).cloned();
        let mut under_way = JoinSet::new();
        for node in answered.collect::<Vec<_>>() {
            let looked = this.step(&node, &|address| step::init(address, Mode::Look));
            under_way.spawn(async move { (node, looked.await) });
        }
        while let Some(done) = under_way.join_next().await {
            // One that panicked was reported where it happened.
            let Ok((node, end)) = done else { continue };
            let look = match end {
                StepEnd::Answered(answer) => match answer.refused {
                    Some(refusal) => Look::Refused(refusal),
                    None => Look::Missing(answer.made),
                },
                StepEnd::NotRun(silence) | StepEnd::Unknown(silence) => Look::Silent(silence),
            };
            this.looks.insert(node, look);
        }
        Ok(this)
    }

    /// The latest picture.
    fn picture(&self) -> &Picture {
        // There is one from the first look on.
        &self.pictures[self.pictures.len() - 1]
    }

    /// How it stands with the terms.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::of(&self.picture().holdings())
    }

    /// What the inventory's members and settings change of the cell's, as the lines of a diff; nothing where they are not
    /// to become the cell's.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let first = self.pictures.first().map(|picture| Standing::of(&picture.holdings()));
        let base = first.as_ref().and_then(Standing::in_force).filter(|_| self.order.applies);
        let found = base.map(|base| differences(&base.record, self.cell.inventory())).unwrap_or_default();
        found.iter().flat_map(Difference::lines).collect()
    }

    /// What of a node cannot be read and would be set aside, in words.
    #[must_use]
    pub fn damage(&self, node: &NodeName) -> Option<String> {
        match self.looks.get(node)? {
            Look::Missing(made) => made.damaged.as_ref().map(|why| format!("the term of {node} cannot be read: {why}")),
            Look::Refused(refusal @ step::Refusal::Misnamed(_)) => Some(format!("{node}: {refusal}")),
            Look::Refused(_) | Look::Silent(_) => None,
        }
    }

    /// Why nothing is to be done at all.
    ///
    /// # Errors
    /// That is the answer.
    pub fn may_begin(&self) -> Result<(), Refusal> {
        let picture = self.picture();
        if picture.observations.values().all(|seen| seen.answer.is_err()) {
            let turns_away = |silence: &Silence| silence.is_refusal() && silence.cause != Cause::Refused;
            let are_reached = picture.observations.values().any(|seen| seen.answer.as_ref().is_err_and(turns_away));
            return Err(Refusal::unanswered(are_reached));
        }
        obstacle(&Scene { inventory: self.cell.inventory(), pictures: &self.pictures }, self.order.applies)?;
        let damaged = self.order.nodes.iter().find(|node| self.order.repairs && self.damage(node).is_some());
        if let Some(node) = damaged.filter(|_| self.standing().won.is_none()) {
            return Err(Refusal::new(format!("no term is known to be won by the nodes beside {node}"))
                .hint("nothing could be put in its place: bring more nodes back first, m3m status shows which"));
        }
        Ok(())
    }

    /// What would be done, as far as that can be told beforehand.
    #[must_use]
    pub fn preview(mut self) -> Report {
        let imagined = self.imagined();
        let scene = Scene { inventory: self.cell.inventory(), pictures: std::slice::from_ref(&imagined) };
        match next(&scene, self.wish(), &self.signature()) {
            Next::Claim(claim) => {
                let record = claim.record.clone();
                self.claimed.push(record.clone());
                if self.order.applies {
                    self.claimed.extend(records_ahead(&record, self.cell.inventory()));
                }
            }
            Next::Waits(refusal) => self.end = End::Waits(refusal),
            Next::Nothing | Next::Raise(..) => {}
        }
        self.report(&imagined, true)
    }

    /// The latest picture as it would be with the repositories ready.
    fn imagined(&self) -> Picture {
        let (mut picture, inventory) = (self.picture().clone(), self.cell.inventory());
        for (node, look) in &self.looks {
            let facts = picture.observations.get_mut(node).and_then(|seen| seen.answer.as_mut().ok());
            let Some(facts) = facts else { continue };
            let is_repaired = self.order.repairs && self.damage(node).is_some();
            if matches!(look, Look::Missing(_)) || is_repaired {
                facts.identity = Some(Identity { node: node.to_string(), cell: inventory.cell.to_string() });
            }
            if is_repaired && matches!(look, Look::Missing(_)) {
                facts.term = None;
            }
        }
        picture
    }

    /// Makes the nodes ready, then brings the term on until there is no more to do.
    ///
    /// # Errors
    /// The journal could not be written before anything was done, or the listener's output is gone.
    pub async fn carry_out(mut self, journal: &Journal, listener: &mut dyn Listener) -> Result<Report, Error> {
        match self.rounds(journal, listener).await {
            Err(error) if self.has_begun => {
                let hint = "run m3m init again: it goes on from what is there";
                self.end = End::Incomplete(Refusal::new(error.render()).hint(hint));
            }
            other => other?,
        }
        let last = self.picture().clone();
        Ok(self.report(&last, false))
    }

    async fn rounds(&mut self, journal: &Journal, listener: &mut dyn Listener) -> Result<(), Error> {
        self.make(journal, listener).await?;
        let mut idle = 0;
        for _ in 0..ROUNDS_MAX {
            let picture = self.cell.gather(self.order.timeout, listener).await.map_err(Error::output)?;
            self.pictures.push(picture);
            if let Some(held) = self.changed_by_others() {
                self.end = End::Lost(Box::new(held));
                break;
            }
            let scene = Scene { inventory: self.cell.inventory(), pictures: &self.pictures };
            let has_come_on = match next(&scene, self.wish(), &self.signature()) {
                Next::Nothing => break,
                Next::Waits(refusal) => {
                    self.end = End::Waits(refusal);
                    break;
                }
                Next::Claim(claim) => self.claim(&claim, journal, listener).await?,
                Next::Raise(held, nodes) => self.raise(&held, &nodes, journal, listener).await?,
            };
            idle = if has_come_on { 0 } else { idle + 1 };
            if matches!(self.end, End::Lost(_)) || idle == IDLE_ROUNDS_MAX {
                break;
            }
        }
        if idle == IDLE_ROUNDS_MAX {
            self.end = self.stuck();
        }
        Ok(())
    }

    /// The term in force, where members and settings are to be changed and somebody else has changed them: who agreed to a
    /// difference agreed to no other.
    fn changed_by_others(&self) -> Option<Held> {
        let first = Standing::of(&self.pictures.first()?.holdings());
        let known = self.claimed.last().or(first.in_force().map(|held| &held.record))?;
        let held = self.standing().in_force()?.clone();
        let of = |record: &TermRecord| (record.members.clone(), record.quorum, record.fence);
        let is_foreign = !self.marks.contains(&held.record.claim) && of(&held.record) != of(known);
        Some(held).filter(|_| self.order.applies && is_foreign)
    }

    /// The end of a run that came no further.
    fn stuck(&self) -> End {
        if self.standing().won.is_some() && self.standing().open.is_empty() {
            // The nodes that could not be raised each say why.
            return End::Done;
        }
        let why = "no claim was won: others claim at the same time, or nodes fall silent";
        End::Incomplete(Refusal::new(why).hint("run it again: it goes on from here; m3m status shows who holds what"))
    }

    fn wish(&self) -> Wish<'_> {
        Wish { nodes: &self.order.nodes, applies: self.order.applies, reason: &self.order.reason }
    }

    fn signature(&self) -> Signature {
        Signature { by: self.order.by.clone(), at: clock::now(), claim: format!("{:016x}", mark()) }
    }

    /// By when a step has to begin, and until when it is waited for.
    fn times(&self) -> (Instant, Instant) {
        let begin_by = Instant::now() + self.order.timeout;
        (begin_by, begin_by + STEP_TIME)
    }

    fn step(
        &self,
        node: &NodeName,
        line: &dyn Fn(step::Address<'_>) -> String,
    ) -> impl Future<Output = StepEnd> + Send + 'static + use<> {
        self.cell.step(node, line, self.times())
    }
}

/// A number that nobody else draws.
fn mark() -> u64 {
    use std::hash::BuildHasher as _;
    std::hash::RandomState::new().hash_one(Instant::now())
}
