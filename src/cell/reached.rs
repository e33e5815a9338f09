//! What nodes left when they answered last: the way by which they were reached, and their clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Cell;
use crate::core::inventory::NodeName;
use crate::core::probe::Facts;
use crate::core::step::NotAfter;
use crate::world::ssh::{Reply, Session};

/// A node's clock, as it told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The identity of the boot, where the node tells one.
    pub boot_id: Option<String>,
    /// The boot clock; on a node that has none to show, its wall clock.
    pub clock: Duration,
    /// When that had arrived here: the node had read it before.
    pub received: Instant,
}

impl Anchor {
    /// What the clock told in an answer says. A clock that was read before `received` can only be further on than
    /// reckoned from there, so what is reckoned is never too late.
    pub(super) fn of(facts: &Facts, reply: &Reply) -> Option<Self> {
        let (key, clock) = match facts.boot_clock {
            Some(clock) => ("uptime ", clock),
            None => ("clock ", facts.clock?),
        };
        let text = &reply.stdout;
        let lines = text.split_inclusive(|byte| *byte == b'\n').scan(0, |end, line| {
            *end += line.len();
            Some((*end, line))
        });
        // A banner may hold such a line as well; the last one came no earlier.
        let last = lines.filter(|(_, line)| line.starts_with(key.as_bytes())).last();
        Some(Self { boot_id: facts.boot_id.clone(), clock, received: reply.arrived(last?.0)? })
    }

    /// What the node's clock shows at this time of this machine's, or a little less.
    #[must_use]
    pub fn at(&self, deadline: Instant) -> NotAfter {
        let since = deadline.saturating_duration_since(self.received);
        NotAfter { boot_id: self.boot_id.clone(), clock: Some(self.clock.saturating_add(since)) }
    }
}

/// What the nodes left. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Reached(Arc<Mutex<BTreeMap<NodeName, Last>>>);

#[derive(Debug, Clone, Default)]
struct Last {
    via: Option<NodeName>,
    clock: Option<Anchor>,
}

impl Reached {
    /// A node answered, and told its clock or not.
    pub(super) fn note_clock(&self, node: &NodeName, clock: Option<Anchor>) {
        self.lock().entry(node.clone()).or_default().clock = clock;
    }

    /// A node's answer counts: it came over its own path, or through a relay.
    pub(super) fn note_way(&self, node: &NodeName, via: Option<NodeName>) {
        self.lock().entry(node.clone()).or_default().via = via;
    }

    fn last(&self, node: &NodeName) -> Last {
        self.lock().get(node).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<NodeName, Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cell {
    /// The session over which a node answered last: its own, or one that stands through a relay. A node that has not
    /// answered yet is spoken to over its own path. Nothing for a node that this cell was not opened for.
    #[must_use]
    pub fn session(&self, node: &NodeName) -> Option<Arc<Session>> {
        let reach = self.reach.get(node)?;
        let relayed = self.reached.last(node).via.and_then(|relay| self.relayed(node, &relay));
        Some(relayed.unwrap_or_else(|| Arc::clone(&reach.session)))
    }

    /// The clock that a node told in its last answer.
    #[must_use]
    pub fn clock_of(&self, node: &NodeName) -> Option<Anchor> {
        self.reached.last(node).clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(base: Instant, ms: u64) -> Instant {
        base + Duration::from_millis(ms)
    }

    #[test]
    fn a_clock_counts_from_the_arrival_of_its_own_line() {
        let base = Instant::now();
        let stdout = "uptime is no fact of a banner\nm3m-probe 1\nclock 1700000000.5\nuptime 12.50 3\nservice 0\n";
        let facts = Facts {
            boot_id: Some("b".to_owned()),
            clock: Some(Duration::from_secs(1_700_000_000)),
            boot_clock: Some(Duration::from_millis(12_500)),
            ..Facts::default()
        };
        let after = |line: &str| stdout.find(line).expect("a line") + line.len();
        let arrivals = vec![
            (after("m3m-probe 1\n"), instant(base, 10)),
            (after("clock 1700000000.5\nupt"), instant(base, 20)),
            (after("uptime 12.50 3\n"), instant(base, 30)),
            (stdout.len(), instant(base, 4000)),
        ];
        let reply = Reply { stdout: stdout.into(), arrivals, ..Reply::not_begun(closed()) };
        let anchor = Anchor::of(&facts, &reply).expect("a clock");
        assert_eq!((anchor.received, anchor.boot_id.as_deref()), (instant(base, 30), Some("b")));
        assert_eq!(anchor.at(instant(base, 2030)).clock, Some(Duration::from_millis(14_500)));
        assert_eq!(anchor.at(base).clock, Some(anchor.clock), "a deadline that has passed");

        let without = Facts { boot_clock: None, boot_id: None, ..facts };
        let wall = Anchor::of(&without, &reply).expect("a clock");
        assert_eq!((wall.received, wall.clock), (instant(base, 20), Duration::from_secs(1_700_000_000)));
        assert_eq!(Anchor::of(&Facts::default(), &reply), None);
    }

    fn closed() -> crate::core::silence::Silence {
        use crate::core::silence::{Cause, Phase, Silence};
        Silence { phase: Phase::Output, cause: Cause::Closed }
    }
}
