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

/// Judges a node by pictures, the oldest first: it is dead when `misses` checks in a row have failed, at least one
/// other node has tried to reach it and failed, and none has reached it.
#[must_use]
pub fn life<'a>(node: &NodeName, pictures: &'a [Picture], misses: u32) -> Life<'a> {
    let seen: Vec<&Observation> = pictures.iter().rev().filter_map(|picture| picture.observations.get(node)).collect();
    let Some(last) = seen.first() else { return Life::Unknown("it was not asked".to_owned()) };
    let silence = match &last.answer {
        Ok(facts) => return Life::Answers(facts),
        Err(silence) => silence,
    };
    if silence.is_refusal() && silence.cause != Cause::Refused {
        return Life::TurnsAway(silence.clone());
    }
    let failed: Vec<&Observation> = seen.into_iter().take_while(|observation| observation.answer.is_err()).collect();
    let (mut witnesses, mut mute) = (Vec::new(), Vec::new());
    for attempt in failed.iter().flat_map(|observation| &observation.relays) {
        match &attempt.outcome {
            Outcome::Reached(refused) => {
                return match refused {
                    Some(silence) => Life::TurnsAway(silence.clone()),
                    None => Life::Unknown(format!("{} reached it", attempt.relay)),
                };
            }
            Outcome::Failed(_) => witnesses.push(attempt.relay.clone()),
            Outcome::NoWord(_) => mute.push(attempt.relay.clone()),
        }
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
            if mute.is_empty() { "no other node answers".to_owned() } else { format!("{} cannot tell", list(&mute)) };
        Life::Unknown(format!("{silence}, and no other node confirms it: {why}"))
    } else {
        Life::Dead(Evidence { misses: count, witnesses, silence: Some(silence.clone()) })
    }
}

/// Names in a row.
#[must_use]
pub fn list(names: &[NodeName]) -> String {
    names.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}
