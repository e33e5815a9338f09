//! A change of a role: observed, planned, carried out, and planned again until what is true is what was asked.
//!
//! Whatever cuts a step off, the next look at the cell shows what is left to do. So a run that was killed is finished by
//! the next one, and a node that falls silent half way is dealt with as if it had been silent from the start.

mod attempt;
mod ends;
mod fence;
mod last;
mod rounds;
mod run;
mod start;
mod state;
mod watch;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::attempt::Attempt;
use super::Cell;
use crate::core::change::{Change, Taken};
use crate::core::event::Listener;
use crate::core::name::NodeName;
use crate::core::observation::Picture;
use crate::core::plan::{Life, Plan, Refusal, Scene, Signature, Wish, plan};
use crate::core::status::Warning;
use crate::error::Error;
use crate::world::clock;
use crate::world::journal::Journal;

/// The longest pause after a claim that nobody has won, times the number of the round. Rivals that pause alike collide
/// again, so the pause is random.
const BACK_OFF: Duration = Duration::from_millis(150);

/// How long a claim that is met half way may take to come to its end.
const RIVAL_WITHIN: Duration = Duration::from_millis(500);

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
        let mut has_waited = false;
        loop {
            self.look(listener).await?;
            if !std::mem::replace(&mut has_waited, true) && self.meets_a_rival() {
                tokio::time::sleep(RIVAL_WITHIN).await;
                continue;
            }
            looks += 1;
            let planned = self.plan();
            // A check that failed is repeated: one lost packet is no death.
            if looks >= self.cell.inventory.timing.misses || !self.is_in_doubt() {
                return Ok(planned);
            }
        }
    }

    /// Whether somebody else's term is open. It may be on its way to the nodes just now, and is then not to be closed.
    fn meets_a_rival(&self) -> bool {
        self.scene().standing().open.iter().any(|held| !self.claims.contains(&held.record.claim))
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

    /// When a step that is told now has to begin, and until when it is waited for, if it needs so much time on the node.
    fn times(&self, needs: Duration) -> (Instant, Instant) {
        let begin_by = Instant::now() + self.timeout;
        (begin_by, begin_by + needs)
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
