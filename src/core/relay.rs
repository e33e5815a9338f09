//! Relays: what it says of a silent node that another node's sshd tried to reach it.
//!
//! A relay reaches the node, and then only this machine's own path to it is broken; or it tries and fails, which is
//! evidence that the node is dead; or it says nothing of it, which is evidence of nothing.

use std::time::Duration;

use super::name::NodeName;
use super::silence::{Cause, Phase, Silence};

/// At most this many relays are asked for one node. One that reaches it is enough, and of three live ones that all
/// fail the next would fail as well.
pub const RELAYS_MAX: usize = 3;

/// At most this many nodes are asked about through one relay in one round.
pub const USES_MAX: usize = 8;

/// One attempt to reach a node through another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The node that was to forward.
    pub relay: NodeName,
    /// What came of it.
    pub outcome: Outcome,
}

/// What an attempt says of the node that was to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The node lives: it proved who it is. Where it turned m3m away nevertheless, this is why.
    Reached(Option<Silence>),
    /// The relay lives and tried, and the node gave no answer that could be used.
    Failed(Silence),
    /// Nothing: the relay itself is silent, or forbids forwarding, or reached something that does not prove to be the
    /// node.
    NoWord(Silence),
}

impl Outcome {
    /// Judges an attempt by how far it got.
    #[must_use]
    pub fn of(answer: Result<(), &Silence>) -> Self {
        let Err(silence) = answer else { return Self::Reached(None) };
        let told = silence.clone();
        match (silence.phase, &silence.cause) {
            // Whose end that is cannot be told: a relay that dies takes the connection along.
            (_, Cause::Closed) => Self::NoWord(told),
            // From here on the host key was right: it is the node, and it answers or it stalls.
            (phase, Cause::Timeout) if phase >= Phase::Auth => Self::Failed(told),
            (phase, _) if phase >= Phase::Auth => Self::Reached(Some(told)),
            // The relay was connected, and nobody behind that connection speaks: a frozen node's kernel does this.
            (Phase::Connect, Cause::NotReached(_)) | (Phase::Banner | Phase::Kex, Cause::Timeout) => Self::Failed(told),
            _ => Self::NoWord(told),
        }
    }

    /// The outcome in a word, as JSON has it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Reached(_) => "reached",
            Self::Failed(_) => "failed",
            Self::NoWord(_) => "no word",
        }
    }

    /// What ended the attempt, if anything did.
    #[must_use]
    pub fn silence(&self) -> Option<&Silence> {
        match self {
            Self::Reached(silence) => silence.as_ref(),
            Self::Failed(silence) | Self::NoWord(silence) => Some(silence),
        }
    }
}

/// A node that may serve as a relay: it answered this machine itself.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its name.
    pub name: &'a NodeName,
    /// Its round trip.
    pub rtt: Duration,
    /// For how many nodes it was asked already.
    pub uses: usize,
}

/// The relays to ask next for a node for which `asked` were asked already: those least used, then the nearest. One that
/// is asked enough already is left alone: where half of a large cell is silent, whoever answered first would be asked
/// about all of it.
#[must_use]
pub fn choose<'a>(mut candidates: Vec<Candidate<'a>>, asked: &[&NodeName]) -> Vec<&'a NodeName> {
    candidates.retain(|candidate| candidate.uses < USES_MAX && !asked.contains(&candidate.name));
    candidates.sort_by_key(|candidate| (candidate.uses, candidate.rtt, candidate.name));
    let more = RELAYS_MAX.saturating_sub(asked.len());
    candidates.into_iter().take(more).map(|candidate| candidate.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(phase: Phase, cause: Cause) -> Silence {
        Silence { phase, cause }
    }

    #[test]
    fn only_a_relay_that_tried_is_evidence_of_death() {
        let hop = || Cause::Hop {
            name: "b".into(),
            at: ("b.test".into(), 22),
            silence: Box::new(silence(Phase::Connect, Cause::Timeout)),
        };
        let rows = [
            (silence(Phase::Jump, hop()), "no word"),
            (silence(Phase::Jump, Cause::ForwardingProhibited("b".into())), "no word"),
            (silence(Phase::Jump, Cause::Timeout), "no word"),
            (silence(Phase::Connect, Cause::NotReached("b".into())), "failed"),
            (silence(Phase::Connect, Cause::Timeout), "no word"),
            (silence(Phase::Banner, Cause::Timeout), "failed"),
            (silence(Phase::Banner, Cause::Closed), "no word"),
            (silence(Phase::Kex, Cause::Timeout), "failed"),
            (silence(Phase::HostKey, Cause::HostKeyRevoked("f:1".into())), "no word"),
            (silence(Phase::Auth, Cause::AuthFailed { offered: 1, note: None }), "reached"),
            (silence(Phase::Auth, Cause::Timeout), "failed"),
            (silence(Phase::Auth, Cause::AgentSilent("an agent".into())), "reached"),
            (silence(Phase::Output, Cause::Garbled("x".into())), "reached"),
            (silence(Phase::Auth, Cause::Closed), "no word"),
            (silence(Phase::Output, Cause::Closed), "no word"),
        ];
        for (silence, word) in rows {
            assert_eq!(Outcome::of(Err(&silence)).as_str(), word, "{silence:?}");
        }
        assert_eq!(Outcome::of(Ok(())), Outcome::Reached(None));
    }

    #[test]
    fn the_least_used_then_the_nearest_are_asked_and_never_too_many() {
        let names: Vec<NodeName> = ["a", "b", "c", "d", "e"].iter().map(|name| name.parse().unwrap()).collect();
        let candidate =
            |index: usize, rtt_ms, uses| Candidate { name: &names[index], rtt: Duration::from_millis(rtt_ms), uses };
        let all = || {
            vec![candidate(0, 50, 0), candidate(1, 10, 0), candidate(2, 5, 1), candidate(3, 90, 0), candidate(4, 1, 2)]
        };
        assert_eq!(choose(all(), &[]), [&names[1], &names[0], &names[3]]);
        assert_eq!(choose(all(), &[&names[1], &names[0]]), [&names[3]]);
        assert!(choose(all(), &[&names[1], &names[0], &names[2]]).is_empty());
        assert!(choose(Vec::new(), &[]).is_empty());
        assert!(choose(vec![candidate(0, 1, USES_MAX)], &[]).is_empty());
    }
}
