//! The cell's promises as numbers: what the inventory's own timing makes of them, before anything is measured.
//!
//! Every bound is the worst case of a node that falls silent without closing a connection, right after it answered.
//! A connection that is refused or breaks is known within the round trips of one confirmation.

use std::time::Duration;

use super::duration::display;
use super::inventory::{Fence, Inventory, Node, Quorum, Role, Timing};

/// What is assumed of the network: a round trip to any node takes no longer.
pub const ROUND_TRIP_ASSUMED: Duration = Duration::from_millis(100);
/// A claim writes the term to the nodes and reads who won.
const CLAIM_ROUND_TRIPS: u32 = 2;
/// A lease outlives the last check by the round trips of one grant.
const LEASE_ROUND_TRIPS: u32 = 2;
/// The guard on a node stops the service within this time after the lease ended, clock drift included.
const GUARD: Duration = Duration::from_millis(800);
/// A breath gives and takes.
const BREATH_PHASES: u32 = 2;
/// The mirrors of a Montana cell.
const MIRRORS: usize = 3;

/// One promise and the bound that follows from the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// A short name: `primary`.
    pub name: &'static str,
    /// What is promised, in words.
    pub text: &'static str,
    /// How the bound comes about, with its numbers; or why there is none.
    pub formula: String,
    /// The longest it can take; nothing where it might never happen.
    pub bound: Option<Duration>,
    /// What was promised.
    pub limit: Duration,
    /// What would make it hold, where it does not.
    pub hint: Option<String>,
}

/// What an inventory promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promises {
    /// Each promise.
    pub promises: Vec<Promise>,
    /// What else follows from the inventory, and what is assumed.
    pub notes: Vec<String>,
}

impl Promise {
    /// Whether the bound is within the limit.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.bound.is_some_and(|bound| bound <= self.limit)
    }
}

impl Promises {
    /// Whether every promise holds.
    #[must_use]
    pub fn hold(&self) -> bool {
        self.promises.iter().all(Promise::holds)
    }

    /// The names of those that do not.
    #[must_use]
    pub fn broken(&self) -> Vec<&'static str> {
        self.promises.iter().filter(|promise| !promise.holds()).map(|promise| promise.name).collect()
    }
}

/// The promises of a cell.
#[must_use]
pub fn promises(inventory: &Inventory) -> Promises {
    let bounds = Bounds::of(inventory);
    let mut promises = vec![bounds.detection()];
    promises.extend(bounds.lease());
    promises.extend([bounds.primary(), bounds.brain()]);
    promises.extend(bounds.both());
    promises.push(bounds.breath());
    Promises { promises, notes: notes(inventory) }
}

/// The parts that the bounds are made of.
struct Bounds<'a> {
    inventory: &'a Inventory,
    timing: &'a Timing,
    /// A check is late after this time: a few round trips, a third of its deadline at most.
    late: Duration,
    detection: Duration,
    /// Set where the end of a lease is the proof that is awaited.
    lease: Option<Duration>,
    claim: Duration,
    /// The slowest start among those that may take over; nothing where nobody may.
    start: Option<Duration>,
}

impl<'a> Bounds<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let timing = &inventory.timing;
        let late = whole_millis(timing.health_timeout / 3);
        let detection = (timing.health_check)
            .saturating_add(late.saturating_mul(timing.misses - 1))
            .saturating_add(timing.health_timeout);
        let lease = (timing.health_check)
            .saturating_add(timing.health_timeout)
            .saturating_add(ROUND_TRIP_ASSUMED * LEASE_ROUND_TRIPS + GUARD);
        Self {
            inventory,
            timing,
            late,
            detection,
            lease: uses_lease(inventory).then_some(lease),
            claim: ROUND_TRIP_ASSUMED * CLAIM_ROUND_TRIPS,
            start: successors(inventory).map(|node| node.service.start_within).max(),
        }
    }

    /// When the old PRIMARY is known to be silent and, where proof is needed, stopped.
    fn decided(&self) -> Duration {
        self.detection.max(self.lease.unwrap_or_default())
    }

    fn decided_name(&self) -> &'static str {
        if self.decided() > self.detection { "lease" } else { "detection" }
    }

    fn detection(&self) -> Promise {
        let Timing { health_check, health_timeout, misses, failover, .. } = self.timing;
        let repeats = misses - 1;
        Promise {
            name: "detection",
            text: "a silent node is known to be dead",
            formula: format!(
                "health_check {} + {repeats} × {} late + health_timeout {}",
                show(*health_check),
                show(self.late),
                show(*health_timeout)
            ),
            bound: Some(self.detection),
            limit: *failover,
            hint: Some("shorten timing.health_check or timing.health_timeout, or lower timing.misses".to_owned()),
        }
        .settled()
    }

    fn lease(&self) -> Option<Promise> {
        let promise = Promise {
            name: "lease",
            text: "a PRIMARY that is cut off has stopped",
            formula: format!(
                "health_check {} + health_timeout {} + {LEASE_ROUND_TRIPS} × {} round trip + {} guard",
                show(self.timing.health_check),
                show(self.timing.health_timeout),
                show(ROUND_TRIP_ASSUMED),
                show(GUARD)
            ),
            bound: Some(self.lease?),
            limit: self.timing.failover,
            hint: Some("shorten timing.health_check or timing.health_timeout".to_owned()),
        };
        Some(promise.settled())
    }

    fn primary(&self) -> Promise {
        let text = "a dead PRIMARY is replaced and the service runs";
        self.takeover("primary", text, self.timing.failover)
    }

    fn takeover(&self, name: &'static str, text: &'static str, limit: Duration) -> Promise {
        let before = self.decided().saturating_add(self.claim);
        let (formula, bound, hint) = match self.start {
            None => {
                let hint = "let another node become PRIMARY: candidate: true";
                ("no other node may become PRIMARY".to_owned(), None, hint.to_owned())
            }
            Some(_) if lacks_proof(self.inventory) => {
                let hint = "set safety.fence_command or safety.lease: on; else it waits for your word: \
                            m3m promote --confirm-off NODE";
                ("nothing can prove that a silent PRIMARY stopped".to_owned(), None, hint.to_owned())
            }
            Some(start) => {
                let formula = format!("{} + start_within {}", self.until_claimed(), show(start));
                let hint = match limit.checked_sub(before) {
                    Some(left) if left.as_millis() > 0 => {
                        format!("service.start_within may be {} at most", show_most(left))
                    }
                    _ => format!("{} are gone before the service can start: shorten timing", show(before)),
                };
                (formula, Some(before.saturating_add(start)), hint)
            }
        };
        Promise { name, text, formula, bound, limit, hint: Some(hint) }.settled()
    }

    fn until_claimed(&self) -> String {
        format!("{} {} + claim {}", self.decided_name(), show(self.decided()), show(self.claim))
    }

    fn brain(&self) -> Promise {
        Promise {
            name: "brain",
            text: "a dead BRAIN is replaced",
            formula: format!("detection {} + claim {}", show(self.detection), show(self.claim)),
            bound: Some(self.detection.saturating_add(self.claim)),
            limit: self.timing.failover,
            hint: Some("shorten timing.health_check or timing.health_timeout, or lower timing.misses".to_owned()),
        }
        .settled()
    }

    /// Both roles at once are one decision. Nothing is promised where the rest of the cell may not decide at once.
    fn both(&self) -> Option<Promise> {
        let limit = self.timing.failover.saturating_mul(3) / 2;
        let text = "PRIMARY and BRAIN, dead at once, are replaced";
        decides_without(self.inventory, 2).then(|| self.takeover("both", text, limit))
    }

    /// A write that just missed one breath waits for the next one, which starts when the rhythm or the present breath
    /// allows it: the rhythm is shortened by the length of a breath, and breaths do not overlap.
    fn breath(&self) -> Promise {
        let timeout = self.timing.health_timeout;
        let breath = timeout.saturating_mul(BREATH_PHASES);
        let rhythm = self.timing.breath.saturating_sub(breath).max(breath);
        Promise {
            name: "breath",
            text: "a write is on every live node",
            formula: format!(
                "rhythm {} + breath of {BREATH_PHASES} phases, each given up after {}",
                show(rhythm),
                show(timeout)
            ),
            bound: Some(rhythm.saturating_add(breath)),
            limit: self.timing.breath,
            hint: Some(format!(
                "timing.health_timeout may be {} at most",
                show_most(self.timing.breath / (2 * BREATH_PHASES))
            )),
        }
        .settled()
    }
}

impl Promise {
    /// A promise that holds needs no hint.
    fn settled(self) -> Self {
        let hint = if self.holds() { None } else { self.hint };
        Self { hint, ..self }
    }
}

/// Nodes that may become PRIMARY when the present one is gone.
fn successors(inventory: &Inventory) -> impl Iterator<Item = &Node> {
    inventory.nodes.iter().filter(|node| node.candidate && node.role != Role::Primary)
}

fn uses_lease(inventory: &Inventory) -> bool {
    inventory.safety.fence == Fence::Required && inventory.safety.lease
}

fn lacks_proof(inventory: &Inventory) -> bool {
    let safety = &inventory.safety;
    safety.fence == Fence::Required && !safety.lease && safety.fence_command.is_none()
}

/// Whether the cell decides without a further wait when so many nodes fall silent at once.
fn decides_without(inventory: &Inventory, lost: usize) -> bool {
    let all = inventory.nodes.len();
    match inventory.safety.quorum {
        // Losing more than half at once may be a partition: one more detection is waited for.
        Quorum::Any => 2 * lost <= all,
        Quorum::Majority => 2 * (all - lost) > all,
    }
}

fn notes(inventory: &Inventory) -> Vec<String> {
    let mut notes = vec![quorum_note(inventory)];
    let mirrors = inventory.nodes.iter().filter(|node| node.role == Role::Mirror).count();
    if mirrors != MIRRORS {
        let plural = if mirrors == 1 { "" } else { "s" };
        notes.push(format!("the cell has {mirrors} mirror{plural}; a Montana cell has {MIRRORS}"));
    }
    if !decides_without(inventory, 2) {
        let all = inventory.nodes.len();
        notes.push(format!("nothing is promised for PRIMARY and BRAIN dead at once: they are two of {all} nodes"));
    }
    let has_successor_mirror = successors(inventory).any(|node| node.role == Role::Mirror);
    if !has_successor_mirror && successors(inventory).next().is_some() {
        notes.push("no mirror may become PRIMARY: only the BRAIN's node is left to take over".to_owned());
    }
    notes.extend(fence_note(inventory));
    let round_trip = show(ROUND_TRIP_ASSUMED);
    notes.push(format!("assumed: a round trip to any node takes {round_trip} at most; drills measure what is true"));
    notes
}

fn quorum_note(inventory: &Inventory) -> String {
    let all = inventory.nodes.len();
    let survived = match inventory.safety.quorum {
        Quorum::Any => all - 1,
        Quorum::Majority => (all - 1) / 2,
    };
    let (word, price) = match inventory.safety.quorum {
        Quorum::Any => ("any", "during a partition each side may have a PRIMARY, and the higher term wins"),
        Quorum::Majority => ("majority", "with fewer than a majority nothing is decided"),
    };
    format!("quorum {word}: the service survives the loss of {survived} of {all} nodes; {price}")
}

fn fence_note(inventory: &Inventory) -> Option<String> {
    let safety = &inventory.safety;
    match safety.fence {
        Fence::Required if safety.lease => {
            Some("the lease lives while a watch runs: one watch alone makes its machine a point of failure".to_owned())
        }
        Fence::Required if safety.fence_command.is_some() => {
            Some("the time that safety.fence_command takes comes on top of the bounds".to_owned())
        }
        _ => None,
    }
}

/// A duration in whole milliseconds, rounded up.
fn whole_millis(duration: Duration) -> Duration {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

/// A duration as a promise shows it, rounded up: a bound is never shown shorter than it is.
#[must_use]
pub fn show(duration: Duration) -> String {
    display(whole_millis(duration))
}

/// What a setting may be at most, rounded down: what is advised must hold.
fn show_most(duration: Duration) -> String {
    display(Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
}
