//! A command that a person runs on nodes: how it came to its end on each, and what that makes of the whole.

pub mod wrapper;

use std::time::Duration;

use jiff::Timestamp;

use super::name::{CellName, NodeName};
use super::silence::{Cause, Phase, Silence};

/// The status where a node was not reached, or what ran there did not come to its end; as ssh has it.
pub const NO_STATUS: u8 = 255;

/// Statuses of `timeout(1)` that has ended its command: its own, and those of the signals that it sends.
const TIME_OVER: [u8; 3] = [124, 128 + 9, 128 + 15];

/// The signals that a person may meet, by number. These numbers are the same everywhere.
const SIGNALS: [(u8, &str); 8] =
    [(1, "HUP"), (2, "INT"), (3, "QUIT"), (6, "ABRT"), (9, "KILL"), (11, "SEGV"), (13, "PIPE"), (15, "TERM")];

/// One command on several nodes.
#[derive(Debug, Clone)]
pub struct Execution {
    /// When it was begun.
    pub at: Timestamp,
    /// The cell.
    pub cell: CellName,
    /// The line for the nodes' `sh`.
    pub command: String,
    /// How long it might run on each.
    pub timeout: Duration,
    /// How it went, in the order of the inventory.
    pub runs: Vec<Run>,
}

/// The command on one node.
#[derive(Debug, Clone)]
pub struct Run {
    /// The node.
    pub node: NodeName,
    /// Its host, and the port of its sshd.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The node through which it was reached, where its own path was broken.
    pub via: Option<NodeName>,
    /// From the first step of connecting to the end.
    pub took: Duration,
    /// How it ended.
    pub end: End,
    /// Its standard output, as far as it came.
    pub stdout: Vec<u8>,
    /// Its standard error, as far as it came.
    pub stderr: Vec<u8>,
}

/// How a command ended on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status; 128 and the number of the signal where one ended it.
    Exited(u8),
    /// By itself, with this status, but something that it started still holds its output open.
    Left(u8),
    /// The node ended it when its time was over.
    TimeOver,
    /// It was begun, and nothing proves that it ended.
    Lost(Silence),
    /// It was not begun.
    NotBegun(Silence),
    /// The person who waited did not wait any longer.
    Interrupted,
}

/// What m3m got back for a command.
#[derive(Debug)]
pub struct Answer {
    /// The status that the command's own wrapper names.
    pub proven: Option<u8>,
    /// The status that the SSH server names; 0 says nothing.
    pub claimed: Option<i32>,
    /// What broke the connection off.
    pub broken: Option<Silence>,
    /// How long it all took.
    pub took: Duration,
}

impl End {
    /// What an answer says of the end of a command that had this much time.
    #[must_use]
    pub fn of(answer: Answer, timeout: Duration) -> Self {
        match (answer.proven, answer.broken) {
            (Some(status), _) if TIME_OVER.contains(&status) && answer.took >= timeout => Self::TimeOver,
            (Some(status), None) => Self::Exited(status),
            (Some(status), Some(_)) => Self::Left(status),
            (None, Some(silence)) if silence.phase < Phase::Exec => Self::NotBegun(silence),
            (None, Some(silence)) => Self::Lost(silence),
            (None, None) => {
                let how = match answer.claimed {
                    Some(status @ 1..) => format!("the login shell ended with status {status}"),
                    _ => "it ended without its status".to_owned(),
                };
                Self::Lost(Silence { phase: Phase::Output, cause: Cause::Garbled(how) })
            }
        }
    }

    /// The command's own status, where it is known.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        match self {
            Self::Exited(status) | Self::Left(status) => Some(*status),
            _ => None,
        }
    }

    /// The name of the signal that ended it, as far as a status can tell.
    #[must_use]
    pub fn signal(&self) -> Option<&'static str> {
        let number = self.status()?.checked_sub(128)?;
        SIGNALS.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
    }

    /// Why it is not known how it ended.
    #[must_use]
    pub fn silence(&self) -> Option<&Silence> {
        match self {
            Self::Lost(silence) | Self::NotBegun(silence) => Some(silence),
            _ => None,
        }
    }

    /// Whether it may still run on the node.
    #[must_use]
    pub fn may_still_run(&self) -> bool {
        match self {
            Self::Lost(silence) => !matches!(silence.cause, Cause::Garbled(_)),
            Self::Interrupted => true,
            _ => false,
        }
    }
}

impl Run {
    /// Whether there was more output than m3m takes.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.end.silence().is_some_and(|silence| matches!(silence.cause, Cause::TooLong(_)))
    }

    /// What to do next about its end; `name` is what the node is called there.
    #[must_use]
    pub fn hint(&self, name: &str) -> Option<String> {
        match &self.end {
            End::Left(_) => Some("redirect the output of what is to stay: >/dev/null 2>&1".to_owned()),
            End::TimeOver => Some("--timeout gives it more time".to_owned()),
            End::Lost(Silence { cause: Cause::TooLong(_), .. }) => {
                Some("m3m ssh NODE -- CMD takes any amount".to_owned())
            }
            end => end.silence()?.hint(name, &self.host, self.port),
        }
    }
}

impl Execution {
    /// The exit status of the whole: the highest of all nodes, [`NO_STATUS`] where one has none.
    #[must_use]
    pub fn status(&self) -> u8 {
        self.runs.iter().map(|run| run.end.status().unwrap_or(NO_STATUS)).max().unwrap_or(0)
    }
}

/// Nodes of which the same is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<T> {
    /// The nodes, in the order in which they came.
    pub nodes: Vec<NodeName>,
    /// What is to be said of them.
    pub what: T,
}

/// Puts nodes together of which the same is to be said, in the order of each group's first node.
#[must_use]
pub fn fold<T: PartialEq>(all: impl IntoIterator<Item = (NodeName, T)>) -> Vec<Group<T>> {
    let mut groups: Vec<Group<T>> = Vec::new();
    for (node, what) in all {
        match groups.iter_mut().find(|group| group.what == what) {
            Some(group) => group.nodes.push(node),
            None => groups.push(Group { nodes: vec![node], what }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(proven: Option<u8>, claimed: Option<i32>, broken: Option<Silence>) -> Answer {
        Answer { proven, claimed, broken, took: Duration::from_secs(5) }
    }

    #[test]
    fn a_status_is_believed_where_it_is_proven() {
        let timeout = |phase| Silence { phase, cause: Cause::Timeout };
        let end = |proven, claimed, broken| End::of(answer(proven, claimed, broken), Duration::from_secs(60));
        assert_eq!(end(Some(3), Some(3), None), End::Exited(3));
        assert_eq!(end(Some(0), None, Some(timeout(Phase::Output))), End::Left(0));
        assert_eq!(end(Some(124), None, None), End::Exited(124), "its own, long before the time is over");
        assert!(matches!(end(None, Some(0), None), End::Lost(_)), "an unproven 0 is none");
        assert_eq!(end(None, None, Some(timeout(Phase::Auth))), End::NotBegun(timeout(Phase::Auth)));
        assert_eq!(end(None, None, Some(timeout(Phase::Exec))), End::Lost(timeout(Phase::Exec)));
        for status in TIME_OVER {
            assert_eq!(End::of(answer(Some(status), None, None), Duration::from_secs(5)), End::TimeOver);
        }
    }

    #[test]
    fn a_signal_is_read_off_the_status() {
        assert_eq!(End::Exited(137).signal(), Some("KILL"));
        assert_eq!((End::Exited(128).signal(), End::Exited(1).signal(), End::TimeOver.signal()), (None, None, None));
    }

    proptest! {
        #[test]
        fn folding_loses_nothing_and_repeats_nothing(outputs in prop::collection::vec(0_u8..4, 0..20)) {
            let name = |index: usize| format!("n{index}").parse::<NodeName>().expect("a name");
            let all: Vec<_> = outputs.iter().enumerate().map(|(index, output)| (name(index), *output)).collect();
            let groups = fold(all.clone());
            let mut unfolded: Vec<_> =
                groups.iter().flat_map(|group| group.nodes.iter().map(|node| (node.clone(), group.what))).collect();
            let place = |node: &NodeName| all.iter().position(|(name, _)| name == node);
            for group in &groups {
                prop_assert!(group.nodes.is_sorted_by_key(place));
            }
            prop_assert!(groups.is_sorted_by_key(|group| place(&group.nodes[0])));
            unfolded.sort_by_key(|(node, _)| place(node));
            prop_assert_eq!(unfolded, all);
            let mut heads: Vec<u8> = groups.iter().map(|group| group.what).collect();
            heads.sort_unstable();
            prop_assert!(heads.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
