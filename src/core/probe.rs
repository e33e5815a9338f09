//! The probe: what m3m asks of a node, and the shape of the answer. Asking and reading ([`super::reading`]) belong
//! together and are pure: one exec a node, everything in it.

use std::time::Duration;

use super::inventory::Node;
use super::name::NodeName;
use super::pause::Pause;
use super::shell::{arguments, command_line};
use super::term::HeldTerm;

/// What runs on the node.
const SCRIPT: &str = include_str!("../scripts/probe.sh");

/// How many recent commits a node names: a lag up to this many commits is counted exactly.
pub const COMMITS_MAX: usize = 64;

/// The most bytes that an answer may have; a good one stays far below.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is left of the time for the answer when the service's check is given up, so that its failure to end does not
/// take the rest of the answer with it: at least this, and this part of it, since a busy node is slow to say the rest.
const CHECK_RESERVE: Duration = Duration::from_millis(500);
const CHECK_RESERVE_PART: u32 = 4;

/// The command line that asks a node everything, for its login shell.
///
/// `time_left` is the time for the answer, from the sending of the question; the service's check is given up a little
/// earlier, after a whole number of seconds, at least one.
#[must_use]
pub fn command(node: &Node, time_left: Duration) -> String {
    command_line("m3m-probe", &script(node, time_left))
}

/// The probe with its arguments, for `sh`.
pub(super) fn script(node: &Node, time_left: Duration) -> String {
    let (check_s, commits) = (patience_s(time_left).to_string(), COMMITS_MAX.to_string());
    arguments(&[&node.repository.path, &node.service.check, &check_s, &commits]) + SCRIPT
}

/// After how many seconds a node gives up what may hang, where the answer has this time.
pub(super) fn patience_s(time_left: Duration) -> u64 {
    time_left.saturating_sub(CHECK_RESERVE.max(time_left / CHECK_RESERVE_PART)).as_secs().max(1)
}

/// What a node said of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// The wall clock when the answer began, as time since 1970 (UTC).
    pub clock: Option<Duration>,
    /// The identity of this boot.
    pub boot_id: Option<String>,
    /// The boot clock: time since this boot, suspension included.
    pub boot_clock: Option<Duration>,
    /// The load average of one minute.
    pub load: Option<f64>,
    /// Memory: all of it and what is left, in bytes.
    pub memory: Option<Room>,
    /// The repository's file system: all of it and what is left, in bytes.
    pub disk: Option<Room>,
    /// The work tree that breathes.
    pub repository: RepositoryState,
    /// Whose repository it says to be, where it was made ready.
    pub identity: Option<Identity>,
    /// The service's check.
    pub service: ServiceState,
    /// How long that took on the node, at most; nothing where its clock counts whole seconds.
    pub service_took: Option<Duration>,
    /// The term, where the node holds one.
    pub term: Option<HeldTerm>,
    /// The pause that it holds, be it on or over.
    pub pause: Option<Pause>,
    /// Whether the answer came to its end.
    pub complete: bool,
}

/// Whose repository it is, by its own configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The node.
    pub node: String,
    /// The cell.
    pub cell: String,
}

/// Room for something, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// All there is.
    pub total: u64,
    /// What is left.
    pub free: u64,
}

/// A disk with less than this share left is worth a word: git needs room to repack.
const FREE_PERCENT_MIN: u64 = 5;

impl Room {
    /// How much of it is left, in percent, rounded down.
    #[must_use]
    pub fn percent_free(&self) -> u64 {
        let percent = (u128::from(self.free) * 100).checked_div(u128::from(self.total)).unwrap_or(0);
        u64::try_from(percent).unwrap_or(u64::MAX)
    }

    /// Whether so little is left that it is worth a word.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.percent_free() < FREE_PERCENT_MIN
    }
}

/// What the service's own check said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServiceState {
    /// Nothing: the answer broke off before.
    #[default]
    Unknown,
    /// It exited 0.
    Runs,
    /// It exited otherwise, with this status.
    Stopped(i32),
    /// The check itself could not be run: the status that sh gives then.
    CheckFails(i32),
    /// It did not end in time and was killed.
    NoAnswer,
}

/// What stands where the repository should be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RepositoryState {
    /// Nothing was said of it.
    #[default]
    Unknown,
    /// The node has no git.
    GitMissing,
    /// git cannot use it: its first line of complaint.
    Unusable(String),
    /// The path lies inside another repository's work tree, this far below its top.
    Inside(String),
    /// A repository.
    Found(Repository),
}

/// A node's repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repository {
    /// It has no work tree.
    pub bare: bool,
    /// The branch checked out; nothing where the head is detached.
    pub branch: Option<String>,
    /// The recent commits, the head first; empty before the first commit.
    pub commits: Vec<Commit>,
    /// Paths that differ from the head; nothing where git did not say.
    pub uncommitted: Option<u64>,
    /// A lock file that git left when it crashed.
    pub lock_file: Option<String>,
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full id.
    pub id: String,
    /// The committer's time, in seconds since 1970.
    pub time_s: i64,
    /// The ids of its parents.
    pub parents: Vec<String>,
}

impl Facts {
    /// The repository, where there is one.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        match &self.repository {
            RepositoryState::Found(repository) => Some(repository),
            _ => None,
        }
    }

    /// Whether it is another node than the one of this name that answered, by its own word.
    #[must_use]
    pub fn is_anothers(&self, name: &NodeName) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.node != name.as_str())
    }

    /// The head commit.
    #[must_use]
    pub fn head(&self) -> Option<&Commit> {
        self.repository()?.commits.first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_hangs_leaves_time_for_the_rest_of_the_answer() {
        let patience_s = |time_left_ms| patience_s(Duration::from_millis(time_left_ms));
        assert_eq!([1500, 2900, 4900, 9900, 59_900].map(patience_s), [1, 2, 3, 7, 44]);
        assert_eq!(patience_s(100), 1, "a watchdog gives no less");
    }
}
