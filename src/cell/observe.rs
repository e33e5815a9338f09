//! One question to one node, over one session.

use std::time::{Duration, Instant};

use super::reached::{Anchor, Reached};
use crate::core::inventory::{Node, NodeName};
use crate::core::observation::Observation;
use crate::core::probe::Facts;
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::{probe, reading};
use crate::world::clock;
use crate::world::ssh::{Frame, RemoteCommand, Reply, Session};

/// Asks one node everything that the probe asks.
pub(super) async fn observe(node: &Node, session: &Session, deadline: Instant, reached: &Reached) -> Observation {
    ask(node, session, deadline, Question { line: probe::command, end: reading::END }, reached).await.0
}

/// A question that begins with the probe.
#[derive(Clone, Copy)]
pub(super) struct Question {
    /// The command line for a node, made from the time that is left.
    pub(super) line: fn(&Node, Duration) -> String,
    /// The last line of the answer.
    pub(super) end: &'static str,
}

/// Puts a question to one node; what the node printed comes along, and its clock is noted.
pub(super) async fn ask(
    node: &Node,
    session: &Session,
    deadline: Instant,
    question: Question,
    reached: &Reached,
) -> (Observation, Vec<u8>) {
    let begun = Instant::now();
    let asked = node.clone();
    let command = RemoteCommand {
        frame: Some(Frame { begin: reading::BEGIN, end: question.end }),
        ..RemoteCommand::new(move |time_left| (question.line)(&asked, time_left), probe::ANSWER_BYTES_MAX)
    };
    let mut reply = session.exec(command.clone(), deadline).await;
    // A standing connection that broke while nobody looked says nothing of the node as it is now: ask again.
    if !reply.fresh && matches!(&reply.broken, Some(silence) if silence.cause == Cause::Closed) {
        reply = session.exec(command, deadline).await;
    }
    let mut observation = blank(node.name.clone(), Err(Silence { phase: Phase::Output, cause: Cause::Closed }));
    (observation.asked_at, observation.took, observation.fresh) = (reply.asked_at, begun.elapsed(), reply.fresh);
    (observation.rtt, observation.first_byte) = (reply.rtt, reply.first_byte);
    (observation.answer, observation.broken) = read(&reply);
    if let Some(facts) = observation.facts() {
        reached.note_clock(&node.name, Anchor::of(facts, &reply));
    }
    (observation, reply.stdout)
}

/// Reads a reply. One that broke off is still read: what a node said before it stalled is worth more than nothing.
/// Where the last line came, nothing was missed.
fn read(reply: &Reply) -> (Result<Facts, Silence>, Option<Silence>) {
    let broken = reply.broken.clone();
    match (reading::read(&reply.stdout, &reply.stderr, reply.exit_status), broken) {
        (Ok(facts), _) if facts.complete => (Ok(facts), None),
        (Ok(facts), Some(silence)) => (Ok(facts), Some(silence)),
        (Ok(facts), None) => {
            let ended = Silence { phase: Phase::Output, cause: Cause::Garbled("it ended early".to_owned()) };
            (Ok(facts), Some(ended))
        }
        (Err(garbled), broken) => (Err(broken.unwrap_or(garbled)), None),
    }
}

/// The observation of a node whose question was lost.
pub(super) fn lost(node: NodeName) -> Observation {
    let cause = Cause::Local("the question was lost, which is a bug in m3m".to_owned());
    blank(node, Err(Silence { phase: Phase::Resolve, cause }))
}

fn blank(node: NodeName, answer: Result<Facts, Silence>) -> Observation {
    Observation {
        node,
        asked_at: clock::now(),
        took: Duration::ZERO,
        rtt: None,
        first_byte: None,
        fresh: true,
        answer,
        broken: None,
        via: None,
        relays: Vec::new(),
    }
}
