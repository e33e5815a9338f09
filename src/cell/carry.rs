//! Carrying commits from one node to another: a pack of them comes from the one, waits in a file of this machine and goes
//! to the other, each over the session by which that node answered last. Nodes need no keys for one another.

use std::fmt;
use std::time::{Duration, Instant};

use super::Cell;
use super::step::FRAME;
use crate::core::inventory::NodeName;
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::step::{ANSWER_BYTES_MAX, NotAfter, PACK_BEGIN};
use crate::core::text::harmless;
use crate::world::scratch::Scratch;
use crate::world::ssh::{Input, RemoteCommand, Reply, Sink};

/// The most characters told of what a node says.
const TEXT_CHARS_MAX: usize = 120;

/// What is to be carried.
pub struct Load<'a> {
    /// The command line that packs it: it prints `m3m-pack 1` and, from the next line on, the pack.
    pub pack: String,
    /// The command line that takes the pack in from its standard input and says `took ID` for each commit that is whole.
    pub take: &'a (dyn Fn(&NotAfter) -> String + Sync),
    /// The ids of the commits that must be whole in the end.
    pub wanted: &'a [String],
    /// The most bytes that the pack may have.
    pub bytes_max: u64,
}

/// What was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// How large the pack was, in bytes.
    pub bytes: u64,
    /// How long it took from the first question to the proof.
    pub took: Duration,
}

/// Why commits did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCarried {
    /// This node was not reached, or broke off.
    Silent(NodeName, Silence),
    /// This node refused, or could not: its own words.
    Refused(NodeName, String),
    /// The pack of this node is larger than is allowed, in bytes.
    TooLarge(NodeName, u64),
    /// This machine could not keep the pack on its way.
    Local(String),
}

impl NotCarried {
    /// Whether a node was silent, so that it takes a fresh look at the cell.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Silent(..))
    }
}

impl fmt::Display for NotCarried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(node, silence) => write!(f, "{node}: {silence}"),
            Self::Refused(node, words) => write!(f, "{node} says: {words}"),
            Self::TooLarge(node, bytes) => write!(f, "what {node} sends is over {} MiB", bytes / (1024 * 1024)),
            Self::Local(why) => write!(f, "cannot keep a pack on its way here: {why}"),
        }
    }
}

impl std::error::Error for NotCarried {}

impl Cell {
    /// Carries commits from one node to another, all before the deadline. Nothing of it stays on this machine. It is safe
    /// to repeat: the receiving node adds objects, or nothing, and moves no ref.
    ///
    /// # Errors
    /// One of the nodes was silent or refused, or there is no room for the pack. The receiving node then holds what it
    /// held before, and perhaps objects that nothing names.
    pub async fn carry(
        &self,
        from: &NodeName,
        to: &NodeName,
        load: Load<'_>,
        deadline: Instant,
    ) -> Result<Carried, NotCarried> {
        let begun = Instant::now();
        let (pack, bytes) = self.pack(from, &load, deadline).await?;
        let command = self.step_command(to, load.take, deadline);
        let command = RemoteCommand { input: Input::File(pack), frame: Some(FRAME), ..command };
        let reply = self.command(to, command, deadline).await;
        proof(to, &reply, load.wanted)?;
        Ok(Carried { bytes, took: begun.elapsed() })
    }

    /// Fetches a pack into a file of this machine.
    async fn pack(&self, from: &NodeName, load: &Load<'_>, deadline: Instant) -> Result<(Scratch, u64), NotCarried> {
        let file = Scratch::create(self.scratch.as_deref()).map_err(|error| NotCarried::Local(error.to_string()))?;
        let sink = Sink { after: PACK_BEGIN, file: file.clone(), bytes_max: load.bytes_max };
        let line = load.pack.clone();
        let command = RemoteCommand { sink: Some(sink), ..RemoteCommand::new(move |_| line.clone(), ANSWER_BYTES_MAX) };
        let reply = self.command(from, command, deadline).await;
        match (&reply.broken, reply.stored) {
            (Some(Silence { cause: Cause::TooLong(_), .. }), Some(_)) => {
                Err(NotCarried::TooLarge(from.clone(), load.bytes_max))
            }
            (Some(Silence { cause: Cause::Local(why), phase: Phase::Output }), _) => {
                Err(NotCarried::Local(why.clone()))
            }
            (None, Some(bytes)) if reply.exit_status == Some(0) => Ok((file, bytes)),
            // Without the mark, or with another status, there is a reason: the node's own words tell more than silence.
            _ => Err(failure(from, &reply)),
        }
    }
}

/// Whether a node took everything in, by its own word for each commit.
fn proof(to: &NodeName, reply: &Reply, wanted: &[String]) -> Result<(), NotCarried> {
    let text = String::from_utf8_lossy(&reply.stdout);
    let answer: Vec<&str> = text.lines().skip_while(|line| line.trim_end() != FRAME.begin).map(str::trim_end).collect();
    let took = |id: &String| answer.iter().any(|line| line.strip_prefix("took ") == Some(id));
    // Half a last line is no word of the node's.
    if answer.last() == Some(&FRAME.end) && wanted.iter().all(took) { Ok(()) } else { Err(failure(to, reply)) }
}

/// Why a node did not do its part: its refusal, else its silence, else what it complained of.
fn failure(node: &NodeName, reply: &Reply) -> NotCarried {
    let words = |words: &str| NotCarried::Refused(node.clone(), words.to_owned());
    let stdout = String::from_utf8_lossy(&reply.stdout);
    let mut refusals = stdout.lines().skip_while(|line| line.trim_end() != FRAME.begin);
    if let Some(reason) = refusals.find_map(|line| line.strip_prefix("refused ")) {
        return words(&harmless(reason, TEXT_CHARS_MAX));
    }
    if let Some(silence) = &reply.broken {
        return NotCarried::Silent(node.clone(), silence.clone());
    }
    let stderr = String::from_utf8_lossy(&reply.stderr);
    let last = stderr.lines().map(|line| harmless(line, TEXT_CHARS_MAX)).rfind(|line| !line.is_empty());
    match (last, reply.exit_status) {
        (Some(said), _) => words(&said),
        (None, Some(status)) if status != 0 => words(&format!("exit {status}")),
        _ => {
            let cause = Cause::Garbled("it ended early".to_owned());
            NotCarried::Silent(node.clone(), Silence { phase: Phase::Output, cause })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proven(stdout: &str, stderr: &str, broken: Option<Silence>) -> Result<(), String> {
        let closed = Silence { phase: Phase::Output, cause: Cause::Closed };
        let mut reply = Reply::not_begun(closed);
        (reply.stdout, reply.stderr, reply.broken) = (stdout.into(), stderr.into(), broken);
        let wanted = ["aa".to_owned(), "bb".to_owned()];
        proof(&"almaty".parse().expect("a name"), &reply, &wanted).map_err(|why| why.to_string())
    }

    #[test]
    fn only_a_word_for_each_commit_is_proof() {
        let timeout = || Some(Silence { phase: Phase::Output, cause: Cause::Timeout });
        assert_eq!(proven("Welcome\nm3m-step 1\ntook aa\ntook bb\nm3m-end\n", "", None), Ok(()));
        for (stdout, stderr, broken, said) in [
            ("m3m-step 1\ntook aa\nm3m-end\n", "", None, "almaty: garbled: it ended early"),
            ("took aa\ntook bb\nm3m-step 1\nm3m-end\n", "", None, "almaty: garbled: it ended early"),
            ("m3m-step 1\ntook aa\ntook bb\n", "", timeout(), "almaty: timeout in output"),
            ("m3m-step 1\nrefused broken-pack\nm3m-end\n", "fatal: x\n", None, "almaty says: broken-pack"),
            ("m3m-step 1\nm3m-end\n", "fatal: early EOF\n\n", None, "almaty says: fatal: early EOF"),
        ] {
            assert_eq!(proven(stdout, stderr, broken), Err(said.to_owned()), "{stdout}");
        }
    }
}
