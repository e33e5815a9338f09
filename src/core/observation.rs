//! Observations: what one node said at one time, and the picture of all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::name::{CellName, NodeName};
use super::pause::{self, Pause};
use super::probe::Facts;
use super::relay::Attempt;
use super::silence::{Cause, Phase, Silence};
use super::term::Holdings;

/// One question to one node and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Whom m3m asked.
    pub node: NodeName,
    /// When the question was sent, by this machine's clock.
    pub asked_at: Timestamp,
    /// How long it took altogether, connecting included.
    pub took: Duration,
    /// One round trip: from the question to the server's word that it was understood.
    pub rtt: Option<Duration>,
    /// From the question to the first line of its answer: the login shell's start-up comes on top.
    pub first_byte: Option<Duration>,
    /// Whether the connection was made for this question.
    pub fresh: bool,
    /// The answer.
    pub answer: Result<Facts, Silence>,
    /// Why the answer is not complete, where it broke off.
    pub broken: Option<Silence>,
    /// How it was reached, where that was not over this machine's own path to it.
    pub via: Option<Via>,
    /// The other nodes that were asked to reach it, when it was late or silent.
    pub relays: Vec<Attempt>,
}

/// A way around.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The node whose sshd forwards.
    pub relay: NodeName,
    /// What keeps this machine from reaching the node itself.
    pub direct: Silence,
}

/// The latest observation of each node.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// When the picture was complete, by this machine's clock.
    pub at: Timestamp,
    /// By node; a node that was not asked is missing.
    pub observations: BTreeMap<NodeName, Observation>,
}

/// How far a node's clock is from this machine's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockOffset {
    /// The node's clock minus this machine's, in seconds.
    pub offset_s: f64,
    /// The error is at most this, in seconds: the node read its clock at some time between question and answer.
    pub error_s: f64,
}

/// A clock further off than this, in seconds, is worth a word: stamps order writes.
const CLOCK_OFFSET_S_MAX: f64 = 2.0;

impl ClockOffset {
    /// Whether it is worth a word, whatever the round trip leaves open.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.offset_s.abs() - self.error_s > CLOCK_OFFSET_S_MAX
    }
}

impl Observation {
    /// The facts, where the node answered.
    #[must_use]
    pub fn facts(&self) -> Option<&Facts> {
        self.answer.as_ref().ok()
    }

    /// What kept the node from answering, or from answering to the end.
    #[must_use]
    pub fn trouble(&self) -> Option<&Silence> {
        self.answer.as_ref().err().or(self.broken.as_ref())
    }

    /// Whether nothing at all was heard of the node. On a connection that stood before, even a channel that does not
    /// open is silence; on a fresh one the node has spoken by then.
    #[must_use]
    pub fn heard_nothing(&self) -> bool {
        self.answer.as_ref().err().is_some_and(|silence| {
            let unheard = !self.fresh && silence.cause == Cause::Timeout && silence.phase <= Phase::Exec;
            unheard || silence.is_total()
        })
    }

    /// The clock offset, after Cristian (1989): the node read its clock right before the first byte left it, which is
    /// half a round trip before that byte arrived. It was certainly after the question left and before the byte came.
    #[must_use]
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        let clock = self.facts()?.clock?;
        let (half, first_byte) = (self.rtt?.as_secs_f64() / 2.0, self.first_byte?.as_secs_f64());
        let read_at = self.asked_at.as_duration().as_secs_f64() + first_byte - half;
        Some(ClockOffset { offset_s: clock.as_secs_f64() - read_at, error_s: half.max(first_byte - half) })
    }
}

impl Picture {
    /// What nodes hold, of those that answered to the end. What is another node's by its own word, as behind a wrong host
    /// in the inventory, does not count twice.
    #[must_use]
    pub fn holdings(&self) -> Holdings {
        let held = self.observations.iter().filter_map(|(name, seen)| {
            let facts = seen.facts().filter(|facts| facts.complete && !facts.is_anothers(name))?;
            Some((name.clone(), facts.term.clone()))
        });
        held.collect()
    }

    /// The pause that counts of those that nodes hold, be it on or over.
    #[must_use]
    pub fn pause(&self, cell: &CellName) -> Option<&Pause> {
        pause::latest(cell, self.observations.values().filter_map(|seen| seen.facts()?.pause.as_ref()))
    }

    /// The facts of a node, where it answered.
    #[must_use]
    pub fn facts(&self, node: &NodeName) -> Option<&Facts> {
        self.observations.get(node)?.facts()
    }
}
