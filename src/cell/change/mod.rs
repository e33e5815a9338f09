//! A change of a role: observed, planned, carried out, and planned again until what is true is what was asked.
//!
//! Whatever cuts a step off, the next look at the cell shows what is left to do. So a run that was killed is finished by
//! the next one, and a node that falls silent half way is dealt with as if it had been silent from the start.

mod attempt;
mod fence;
mod last;
mod run;
mod start;
mod state;
mod watch;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::attempt::Attempt;
use self::run::Came;
use super::Cell;
use crate::core::change::{Change, End, Taken};
use crate::core::duty::Duty;
use crate::core::event::Listener;
use crate::core::name::NodeName;
use crate::core::observation::Picture;
use crate::core::plan::{Kind, Life, Plan, Refusal, Scene, Signature, Wish, plan};
use crate::core::status::Warning;
use crate::core::step;
use crate::core::term::Held;
use crate::error::Error;
use crate::world::clock;
use crate::world::journal::Journal;

/// How often a change is planned anew before it is given up: against rivals, and after nodes that fell silent.
const ROUNDS_MAX: u32 = 8;

/// The longest pause after a claim that nobody has won, times the number of the round. Rivals that pause alike collide
/// again, so the pause is random.
const BACK_OFF: Duration = Duration::from_millis(150);

/// A change of a role, from the first look to the last.
pub struct Changing<'a> {
    cell: &'a Cell,
    journal: &'a Journal,
    by: String,
    /// The time for one look at the cell, and for one answer to a step beside what it has to wait for on the node.
    timeout: Duration,
    wish: Wish,
    pictures: Vec<Picture>,
    taken: Vec<Taken>,
    warnings: Vec<Warning>,
    /// What else a person may do where it is not finished.
    hints: Vec<String>,
    /// The marks of own claims.
    claims: BTreeSet<String>,
    /// Whether a service may have been touched, by a term that was won.
    has_touched: bool,
    /// Whether one may have been stopped or started: a node that holds another term refuses that.
    may_have_acted: bool,
    attempts: Vec<Attempt>,
    at: Timestamp,
    begun: Instant,
}

impl<'a> Changing<'a> {
    /// Begins with a wish. Nothing is asked yet.
    #[must_use]
    pub fn new(cell: &'a Cell, journal: &'a Journal, by: String, timeout: Duration, wish: Wish) -> Self {
        Self {
            cell,
            journal,
            by,
            timeout,
            wish,
            pictures: Vec::new(),
            taken: Vec::new(),
            warnings: Vec::new(),
            hints: Vec::new(),
            claims: BTreeSet::new(),
            has_touched: false,
            may_have_acted: false,
            attempts: Vec::new(),
            at: clock::now(),
            begun: Instant::now(),
        }
    }

    /// The latest picture.
    #[must_use]
    pub fn picture(&self) -> Option<&Picture> {
        self.pictures.last()
    }

    /// Whether something may have been changed on a node already.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        !self.claims.is_empty() || self.has_touched
    }

    /// Looks at the cell, as often as it takes to call a silent node dead, and plans.
    ///
    /// # Errors
    /// The listener's output is gone.
    pub async fn prepare(&mut self, listener: &mut dyn Listener) -> Result<Result<Plan, Refusal>, Error> {
        let mut looks = 0;
        loop {
            self.look(listener).await?;
            looks += 1;
            let planned = self.plan();
            // A check that failed is repeated: one lost packet is no death.
            if looks >= self.cell.inventory.timing.misses || !self.is_in_doubt() {
                return Ok(planned);
            }
        }
    }

    async fn look(&mut self, listener: &mut dyn Listener) -> Result<(), Error> {
        let picture = self.cell.gather(self.timeout, listener).await.map_err(Error::output)?;
        self.pictures.push(picture);
        Ok(())
    }

    fn scene(&self) -> Scene<'_> {
        Scene { inventory: &self.cell.inventory, pictures: &self.pictures }
    }

    fn plan(&self) -> Result<Plan, Refusal> {
        let claim = format!("{:016x}", mark());
        let signature = Signature { by: self.by.clone(), at: clock::now(), claim };
        plan(&self.scene(), &self.wish, &signature)
    }

    /// Whether somebody who may execute is silent, and that is not settled yet.
    fn is_in_doubt(&self) -> bool {
        let scene = self.scene();
        let standing = scene.standing();
        let terms = standing.in_force().into_iter().chain(&standing.open);
        let mut names = terms.flat_map(|held| {
            let record = &held.record;
            [&record.primary, self.wish.duty.holder(record)].into_iter().chain(&record.from)
        });
        names.any(|name| matches!(scene.life(name), Life::Unknown(_)))
    }

    /// Carries a plan out, and plans anew as long as what is true is not what was asked. The last word is a fresh look.
    ///
    /// # Errors
    /// The journal could not be written before anything was done. Everything else is an end of the change.
    pub async fn carry_out(&mut self, plan: Plan, listener: &mut dyn Listener) -> Result<Change, Error> {
        // From here on: who thought about it before saying yes did not make it slower.
        (self.at, self.begun) = (clock::now(), Instant::now());
        let asked = plan.clone();
        let mut change = match self.rounds(plan, listener).await {
            Err(error) if self.has_begun() => self.incomplete(&asked, &asked, error.render()),
            other => other?,
        };
        if self.has_begun() {
            self.look_at_the_end(&mut change, listener).await?;
        }
        Ok(change)
    }

    async fn rounds(&mut self, plan: Plan, listener: &mut dyn Listener) -> Result<Change, Error> {
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
                        Some((why, true)) => End::WentBack { why, hints: std::mem::take(&mut self.hints) },
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

    /// The end where the next plan was refused.
    fn stopped(&mut self, asked: &Plan, plan: &Plan, went_back: Option<(String, bool)>, refusal: Refusal) -> Change {
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
    fn overtaken(&mut self, asked: &Plan, plan: &Plan, held: Held) -> Change {
        let term = held.record.term;
        if !self.may_have_acted {
            return self.end(asked, term, End::Lost(Box::new(held)));
        }
        self.incomplete(asked, plan, format!("term {term} by {} came in between", held.record.by))
    }

    fn incomplete(&mut self, asked: &Plan, plan: &Plan, why: String) -> Change {
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

    fn end(&mut self, asked: &Plan, term: u64, end: End) -> Change {
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

    /// When a step that is told now has to begin, and until when it is waited for, if it needs so much time on the node.
    fn times(&self, needs: Duration) -> (Instant, Instant) {
        let begin_by = Instant::now() + self.timeout;
        (begin_by, begin_by + needs)
    }

    /// Keeps what a person may do about a refusal for the end.
    fn keep_hint(&mut self, node: &NodeName, refusal: &step::Refusal) {
        let hint = self.hint(node, refusal).filter(|hint| !self.hints.contains(hint));
        self.hints.extend(hint);
    }

    fn hint(&self, node: &NodeName, refusal: &step::Refusal) -> Option<String> {
        let path = self.cell.inventory.node(node).map(|told| told.repository.path.as_str());
        refusal.hint(node.as_str(), path.unwrap_or_default())
    }

    /// The node of the inventory; a plan names no other.
    fn node(&self, name: &NodeName) -> Result<&'a crate::core::inventory::Node, Error> {
        let unknown = || Error::unexpected(format!("a plan names {name}, which the inventory does not have"));
        self.cell.inventory.node(name).ok_or_else(unknown)
    }
}

/// A random pause.
fn back_off(round: u32) -> Duration {
    let most_ms = u64::try_from(BACK_OFF.as_millis()).unwrap_or(u64::MAX).saturating_mul(u64::from(round)).max(1);
    Duration::from_millis(mark() % most_ms)
}

/// A number that nobody else draws.
fn mark() -> u64 {
    use std::hash::BuildHasher as _;
    std::hash::RandomState::new().hash_one(Instant::now())
}
