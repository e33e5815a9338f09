//! Gathering: every node is asked at once, and told to the listener as it answers. A node that is late or silent is
//! asked through others as well, all within the same time.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Cell;
use super::observe::{lost, observe};
use crate::core::event::{Event, Listener};
use crate::core::inventory::NodeName;
use crate::core::observation::{Observation, Picture, Via};
use crate::core::relay::{self, Attempt, Candidate, Outcome};
use crate::core::silence::{Cause, Silence};
use crate::world::clock;

/// A node from which nothing has come after this part of its time is quiet, and others are asked to reach it.
const QUIET_PART: u32 = 6;

/// A node that has not answered after this part of its time is late, and what it says through another one is told.
const LATE_PART: u32 = 3;

/// With less time left than this no further relay is asked: no answer could come.
const RELAY_TIME_MIN: Duration = Duration::from_millis(50);

impl Cell {
    /// Observes all nodes of this cell's sessions; the whole takes as long as the slowest, at most the timeout.
    ///
    /// # Errors
    /// The listener's output is gone.
    pub async fn gather(&self, timeout: Duration, listener: &mut dyn Listener) -> io::Result<Picture> {
        let nodes: Vec<NodeName> = self.reach.keys().cloned().collect();
        listener.hear(&Event::Asking { nodes: &nodes, timeout })?;
        let mut round = Round::start(self, &nodes, timeout);
        let mut observations = BTreeMap::new();
        while let Some(done) = round.questions.join_next().await {
            // A question that panicked was reported where it happened.
            if let Ok(done) = done {
                round.take(done);
            }
            for observation in round.settle() {
                if observation.answer.is_ok() {
                    self.reached.note_way(&observation.node, observation.via.as_ref().map(|via| via.relay.clone()));
                }
                listener.hear(&Event::Observed(&observation))?;
                observations.insert(observation.node.clone(), observation);
            }
            if observations.len() == nodes.len() {
                break;
            }
        }
        // Its node must not be missing from the picture.
        for node in nodes {
            observations.entry(node.clone()).or_insert_with(|| lost(node));
        }
        Ok(Picture { at: clock::now(), observations })
    }
}

/// What a question came to.
enum Done {
    /// A node answered over this machine's own path to it, or did not.
    Direct(Observation),
    /// A node answered through this one, or did not.
    Relayed(NodeName, Observation),
    /// Whoever has given no sign of life by now is quiet.
    Quiet,
    /// Whoever has not answered by now is late.
    Late,
}

/// One round of questions.
struct Round<'a> {
    cell: &'a Cell,
    deadline: Instant,
    questions: JoinSet<Done>,
    asked: BTreeMap<NodeName, Asked>,
    /// How often each node was asked to relay.
    uses: BTreeMap<NodeName, usize>,
}

/// Whether a node is taken to be there.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    #[default]
    None,
    /// It is quiet: relays are asked to reach it, in case it is late.
    Quiet,
    /// It is late, or its own path failed: what it says through a relay is told.
    Suspect,
}

/// How it stands with one node's question.
#[derive(Default)]
struct Asked {
    doubt: Doubt,
    /// It was reached around in the last round, and its own path has not come back since. That path is tried again
    /// all the same, and goes on being tried when the round is over.
    is_around: bool,
    direct: Option<Observation>,
    /// Whoever was asked to relay, and what came of it.
    relays: BTreeMap<NodeName, Option<Outcome>>,
    /// What it said through a relay.
    relayed: Option<(NodeName, Observation)>,
    /// Its round trip, where it answered itself.
    rtt: Option<Duration>,
    settled: bool,
}

impl<'a> Round<'a> {
    fn start(cell: &'a Cell, nodes: &[NodeName], timeout: Duration) -> Self {
        let deadline = Instant::now() + timeout;
        let mut questions = JoinSet::new();
        for (name, reach) in &cell.reach {
            let Some(node) = cell.inventory.node(name).cloned() else { continue };
            let session = Arc::clone(&reach.session);
            let reached = cell.reached.clone();
            questions.spawn(async move { Done::Direct(observe(&node, &session, deadline, &reached).await) });
        }
        for (part, due) in [(QUIET_PART, Done::Quiet), (LATE_PART, Done::Late)] {
            questions.spawn(async move {
                tokio::time::sleep(timeout / part).await;
                due
            });
        }
        let asked = nodes.iter().map(|node| (node.clone(), Asked::default())).collect();
        let mut round = Self { cell, deadline, questions, asked, uses: BTreeMap::new() };
        for (node, relay) in cell.standing_relays() {
            round.ask(&node, &relay);
            let own_path_stands = cell.reach.get(&node).is_some_and(|reach| reach.session.is_standing());
            if let Some(asked) = round.asked.get_mut(&node) {
                asked.is_around = !own_path_stands;
            }
        }
        round
    }

    fn take(&mut self, done: Done) {
        match done {
            Done::Direct(observation) => {
                let Some(asked) = self.asked.get_mut(&observation.node) else { return };
                let silence = observation.answer.as_ref().err();
                // One that was late and answers after all was never gone.
                let is_gone = |silence: &Silence| !silence.is_refusal() || silence.cause == Cause::Refused;
                asked.doubt = if silence.is_some_and(is_gone) { Doubt::Suspect } else { Doubt::None };
                asked.rtt = if silence.is_none() { observation.rtt } else { None };
                asked.direct = Some(observation);
            }
            Done::Relayed(relay, observation) => {
                let node = observation.node.clone();
                let Some(asked) = self.asked.get_mut(&node) else { return };
                let outcome = Outcome::of(observation.answer.as_ref().map(|_| ()));
                if matches!(outcome, Outcome::Reached(_)) && asked.relayed.is_none() {
                    asked.relayed = Some((relay.clone(), observation));
                }
                if !matches!(outcome, Outcome::Reached(None)) {
                    // What stood broke, or never came to stand.
                    self.cell.forget_relay(&node, &relay);
                }
                asked.relays.insert(relay, Some(outcome));
            }
            Done::Quiet => {
                for (name, asked) in self.asked.iter_mut().filter(|(_, asked)| asked.direct.is_none()) {
                    if self.cell.reach.get(name).is_some_and(|reach| reach.session.is_quiet()) {
                        asked.doubt = asked.doubt.max(Doubt::Quiet);
                    }
                }
            }
            Done::Late => {
                for asked in self.asked.values_mut().filter(|asked| asked.direct.is_none()) {
                    asked.doubt = Doubt::Suspect;
                }
            }
        }
    }

    /// Asks relays where they may help, and gives out what is settled now.
    fn settle(&mut self) -> Vec<Observation> {
        self.ask_relays();
        let is_open = self.deadline.saturating_duration_since(Instant::now()) > RELAY_TIME_MIN;
        let is_awaited = |asked: &Asked| !asked.settled && asked.direct.is_none() && asked.doubt < Doubt::Suspect;
        let more_may_answer = is_open && self.asked.values().any(is_awaited);
        let mut settled = Vec::new();
        for (name, asked) in self.asked.iter_mut().filter(|(_, asked)| !asked.settled) {
            let is_direct = asked.direct.is_some() && asked.doubt < Doubt::Suspect;
            let is_waiting = asked.relays.values().any(Option::is_none)
                || (more_may_answer && asked.relays.len() < relay::RELAYS_MAX);
            let is_coming = || self.cell.reach.get(name).is_some_and(|reach| reach.session.is_coming());
            let is_relayed = asked.is_to_be_relayed() && (asked.direct.is_some() || !is_coming());
            if is_direct || is_relayed || asked.direct.is_some() && !is_waiting {
                asked.settled = true;
                match &asked.relayed {
                    _ if is_direct => self.cell.forget_relays(name),
                    // One way around is enough, and a report that names another one each time disturbs.
                    Some((relay, _)) if is_relayed => self.cell.keep_relay(name, relay),
                    _ => {}
                }
                settled.extend(asked.outcome(|| self.cell.reach.get(name).map(|reach| reach.session.late())));
            }
        }
        settled
    }

    fn ask_relays(&mut self) {
        if self.deadline.saturating_duration_since(Instant::now()) <= RELAY_TIME_MIN {
            return;
        }
        let in_question: Vec<NodeName> = self
            .asked
            .iter()
            .filter(|(_, asked)| asked.doubt > Doubt::None && !asked.settled && asked.relayed.is_none())
            .map(|(name, _)| name.clone())
            .collect();
        for node in in_question {
            let asked: Vec<&NodeName> = self.asked[&node].relays.keys().collect();
            let chosen: Vec<NodeName> = relay::choose(self.candidates(&node), &asked).into_iter().cloned().collect();
            for relay in chosen {
                self.ask(&node, &relay);
            }
        }
    }

    /// The nodes that answered themselves, and those that were not to be asked anything.
    fn candidates(&self, node: &NodeName) -> Vec<Candidate<'_>> {
        let uses = |name| self.uses.get(name).copied().unwrap_or(0);
        let answered = self.asked.iter().filter_map(|(name, asked)| Some((name, asked.rtt?)));
        let others = self.cell.others.keys().map(|name| (name, Duration::MAX));
        let all = answered.chain(others).filter(|(name, _)| *name != node);
        all.map(|(name, rtt)| Candidate { name, rtt, uses: uses(name) }).collect()
    }

    fn ask(&mut self, node: &NodeName, relay: &NodeName) {
        let (Some(asked), Some(node)) = (self.asked.get_mut(node), self.cell.inventory.node(node).cloned()) else {
            return;
        };
        let Some(through) = self.cell.through(&node.name, relay) else { return };
        asked.relays.insert(relay.clone(), None);
        *self.uses.entry(relay.clone()).or_default() += 1;
        let (relay, deadline, reached) = (relay.clone(), self.deadline, self.cell.reached.clone());
        self.questions.spawn(async move {
            let session = through.session(deadline).await;
            Done::Relayed(relay, observe(&node, &session, deadline, &reached).await)
        });
    }
}

impl Asked {
    /// Whether what it said through a relay is to be told.
    fn is_to_be_relayed(&self) -> bool {
        self.relayed.is_some() && (self.doubt == Doubt::Suspect || self.is_around && self.direct.is_none())
    }

    /// What is to be said of the node: what it said itself, else what it said through a relay, else its silence.
    fn outcome(&mut self, late: impl FnOnce() -> Option<Silence>) -> Option<Observation> {
        let attempts = std::mem::take(&mut self.relays);
        let attempts = attempts.into_iter().filter_map(|(relay, outcome)| Some(Attempt { relay, outcome: outcome? }));
        let needs_relay = self.is_to_be_relayed();
        let mut observation = match (self.relayed.take(), self.direct.take()) {
            (Some((relay, relayed)), direct) if needs_relay => {
                let direct = match direct.and_then(|direct| direct.answer.err()) {
                    Some(silence) => silence,
                    None => late()?,
                };
                Observation { via: Some(Via { relay, direct }), ..relayed }
            }
            (_, direct) => direct?,
        };
        observation.relays = attempts.collect();
        Some(observation)
    }
}
