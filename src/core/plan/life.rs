//! Whether a node lives: the evidence without which nothing is moved away from it.

use crate::core::name::NodeName;
use crate::core::observation::{Observation, Picture};
use crate::core::probe::Facts;
use crate::core::relay::Outcome;
use crate::core::silence::{Cause, Silence};

/// What is known of a node's life.
#[derive(Debug, Clone, PartialEq)]
pub enum Life<'a> {
    /// It answers, over whichever path.
    Answers(&'a Facts),
    /// It lives and turns m3m away: nothing can be asked of it.
    TurnsAway(Silence),
    /// It is dead, as far as that can be known from here.
    Dead(Evidence),
    /// It is silent, and that may have other reasons: what is missing, in words.
    Unknown(String),
}

/// What speaks for a node's death.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Checks in a row that failed, each past its own deadline.
    pub misses: u32,
    /// Nodes that tried to reach it and failed.
    pub witnesses: Vec<NodeName>,
    /// How its own path failed last; nothing where a person has said that it is off.
    pub silence: Option<Silence>,
}

/// Judges a node by pictures, the oldest first: it is dead when `misses` checks in a row have failed since its last sign
/// of life, at least one other node has tried to reach it and failed, and none has reached it.
#[must_use]
pub fn life<'a>(node: &NodeName, pictures: &'a [Picture], misses: u32) -> Life<'a> {
    let seen: Vec<&Observation> = pictures.iter().rev().filter_map(|picture| picture.observations.get(node)).collect();
    let Some(last) = seen.first() else { return Life::Unknown("it was not asked".to_owned()) };
    let silence = match &last.answer {
        Ok(facts) => return Life::Answers(facts),
        Err(silence) if turns_away(silence) => return Life::TurnsAway(silence.clone()),
        Err(silence) => silence,
    };
    if let Some((relay, refused)) = reached(last) {
        return match refused {
            Some(silence) => Life::TurnsAway(silence.clone()),
            None => Life::Unknown(format!("{relay} reached it")),
        };
    }
    let failed: Vec<&Observation> = seen.into_iter().take_while(|observation| is_miss(observation)).collect();
    let (mut witnesses, mut mute) = (Vec::new(), Vec::new());
    for attempt in failed.iter().flat_map(|observation| &observation.relays) {
        let has_tried = matches!(attempt.outcome, Outcome::Failed(_));
        let names = if has_tried { &mut witnesses } else { &mut mute };
        names.push(attempt.relay.clone());
    }
    for names in [&mut witnesses, &mut mute] {
        names.sort_unstable();
        names.dedup();
    }
    let count = u32::try_from(failed.len()).unwrap_or(u32::MAX);
    if count < misses {
        Life::Unknown(format!("{count} of {misses} checks failed: {silence}"))
    } else if witnesses.is_empty() {
        let why =
            if mute.is_empty() { "no other node could try".to_owned() } else { format!("{} cannot tell", list(&mute)) };
        Life::Unknown(format!("{silence}, and no other node confirms it: {why}"))
    } else {
        Life::Dead(Evidence { misses: count, witnesses, silence: Some(silence.clone()) })
    }
}

/// Whether that is the node's own word. A closed port is nobody's: whoever is asked next may find the node dead.
fn turns_away(silence: &Silence) -> bool {
    silence.is_refusal() && silence.cause != Cause::Refused
}

/// The relay that reached the node, and how it was turned away there.
fn reached(observation: &Observation) -> Option<(&NodeName, Option<&Silence>)> {
    observation.relays.iter().find_map(|attempt| match &attempt.outcome {
        Outcome::Reached(refused) => Some((&attempt.relay, refused.as_ref())),
        Outcome::Failed(_) | Outcome::NoWord(_) => None,
    })
}

/// Whether nothing in it is a sign of life.
fn is_miss(observation: &Observation) -> bool {
    observation.answer.as_ref().is_err_and(|silence| !turns_away(silence)) && reached(observation).is_none()
}

/// Names in a row.
#[must_use]
pub fn list(names: &[NodeName]) -> String {
    names.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}
