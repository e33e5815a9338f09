//! Lag: how far a node's head is behind the newest head of the cell.
//!
//! Each node names its recent commits with their parents; together they are a window of the history, in which lag is
//! counted exactly and without a further question.

use std::collections::{HashMap, HashSet};

use super::probe::Commit;

/// How a head stands to the newest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Commits of the newest head's history that this head lacks.
    pub commits: u64,
    /// Since when the oldest of them waits: this many seconds before the picture was taken.
    pub seconds: u64,
    /// Whether the count is exact. Where it is not, the window is too short, and there are at least so many.
    pub exact: bool,
    /// This head has commits that the newest one lacks.
    pub diverged: bool,
}

/// The recent history of a cell: what all nodes named.
#[derive(Debug, Default)]
pub struct History<'a> {
    commits: HashMap<&'a str, &'a Commit>,
    newest: Option<&'a Commit>,
}

impl<'a> History<'a> {
    /// Gathers the windows of all nodes, each with its head first. The newest head is none that another head contains,
    /// whatever its clock said; of those the one with the latest time, and then with the greater id, so that the order
    /// of the nodes does not matter.
    #[must_use]
    pub fn gather(windows: impl Iterator<Item = &'a [Commit]>) -> Self {
        let mut history = Self::default();
        let mut heads: Vec<&Commit> = Vec::new();
        for window in windows {
            history.commits.extend(window.iter().map(|commit| (commit.id.as_str(), commit)));
            heads.extend(window.first());
        }
        let contained = |head: &Commit| {
            heads
                .iter()
                .any(|other| other.id != head.id && history.reachable(&other.id).commits.contains(head.id.as_str()))
        };
        let newest = heads.iter().filter(|head| !contained(head)).max_by_key(|head| (head.time_s, head.id.as_str()));
        history.newest = newest.copied();
        history
    }

    /// The newest head.
    #[must_use]
    pub fn newest(&self) -> Option<&'a Commit> {
        self.newest
    }

    /// How a head stands to the newest one at a time (in seconds since 1970); nothing where no node has a head.
    #[must_use]
    pub fn lag(&self, head: &Commit, at_s: i64) -> Option<Lag> {
        let theirs = self.reachable(&self.newest?.id);
        let ours = self.reachable(&head.id);
        let missing: Vec<&&str> = theirs.commits.difference(&ours.commits).collect();
        let oldest_s = missing.iter().filter_map(|id| Some(self.commits.get(**id)?.time_s)).min().unwrap_or(at_s);
        let contained = theirs.commits.contains(head.id.as_str());
        // Without a common commit the heads are unrelated, or the window is too short to see how they are related.
        let related = contained || theirs.commits.intersection(&ours.commits).next().is_some();
        Some(Lag {
            commits: missing.len() as u64,
            seconds: u64::try_from(at_s.saturating_sub(oldest_s)).unwrap_or(0),
            exact: related || theirs.complete,
            diverged: !contained && (related || theirs.complete),
        })
    }

    /// All known commits reachable from one, and whether that is its whole history.
    fn reachable(&self, from: &str) -> Reachable<'a> {
        let mut reachable = Reachable { commits: HashSet::new(), complete: true };
        let mut ahead: Vec<&str> = vec![from];
        while let Some(id) = ahead.pop() {
            match self.commits.get(id) {
                Some(commit) if reachable.commits.insert(commit.id.as_str()) => {
                    ahead.extend(commit.parents.iter().map(String::as_str));
                }
                Some(_) => {}
                None => reachable.complete = false,
            }
        }
        reachable
    }
}

struct Reachable<'a> {
    commits: HashSet<&'a str>,
    complete: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(id: &str, time_s: i64, parents: &[&str]) -> Commit {
        Commit { id: id.to_owned(), time_s, parents: parents.iter().map(ToString::to_string).collect() }
    }

    /// A line of history `c0 ← c1 ← … ← c{n-1}`, the head first.
    fn line(n: i64) -> Vec<Commit> {
        let parent = |i: i64| if i == 0 { vec![] } else { vec![format!("c{}", i - 1)] };
        (0..n).rev().map(|i| Commit { id: format!("c{i}"), time_s: i * 10, parents: parent(i) }).collect()
    }

    #[test]
    fn behind_is_counted_in_commits_and_seconds() {
        let (new, old) = (line(10), line(7));
        let history = History::gather([old.as_slice(), new.as_slice()].into_iter());
        assert_eq!(history.newest().map(|head| head.id.as_str()), Some("c9"));
        let lag = |commits, seconds| Some(Lag { commits, seconds, exact: true, diverged: false });
        assert_eq!(history.lag(&new[0], 100), lag(0, 0));
        assert_eq!(history.lag(&old[0], 100), lag(3, 30), "c7 was written at 70 and has waited since");
        assert_eq!(history.lag(&old[0], 0), lag(3, 0), "a clock that is behind gives no negative lag");
    }

    #[test]
    fn a_merge_counts_both_sides() {
        let old = line(3);
        let mut new = vec![commit("m", 100, &["a", "b"]), commit("b", 90, &["c2"]), commit("a", 80, &["c2"])];
        new.extend(line(3));
        let history = History::gather([old.as_slice(), new.as_slice()].into_iter());
        assert_eq!(history.lag(&old[0], 100).map(|lag| (lag.commits, lag.seconds)), Some((3, 20)));
    }

    #[test]
    fn a_head_of_its_own_is_diverged() {
        let mut theirs = line(5);
        theirs.insert(0, commit("x", 60, &["c4"]));
        let mut ours = line(5);
        ours.insert(0, commit("y", 50, &["c4"]));
        let history = History::gather([theirs.as_slice(), ours.as_slice()].into_iter());
        assert_eq!(history.lag(&ours[0], 70), Some(Lag { commits: 1, seconds: 10, exact: true, diverged: true }));

        let unrelated = [commit("z", 1, &[])];
        let history = History::gather([theirs.as_slice(), unrelated.as_slice()].into_iter());
        assert_eq!(history.lag(&unrelated[0], 70), Some(Lag { commits: 6, seconds: 70, exact: true, diverged: true }));
    }

    #[test]
    fn beyond_the_window_is_a_minimum_and_not_diverged() {
        let new = line(100);
        let old = line(5);
        let history = History::gather([&new[..10], &old[..1]].into_iter());
        assert_eq!(history.lag(&old[0], 1000), Some(Lag { commits: 10, seconds: 100, exact: false, diverged: false }));
    }

    #[test]
    fn a_child_that_looks_older_is_newer() {
        let ahead = [commit("a", 3600, &[])];
        let child = [commit("b", 10, &["a"]), commit("a", 3600, &[])];
        let history = History::gather([ahead.as_slice(), child.as_slice()].into_iter());
        assert_eq!(history.newest().map(|head| head.id.as_str()), Some("b"));
        assert_eq!(history.lag(&ahead[0], 20), Some(Lag { commits: 1, seconds: 10, exact: true, diverged: false }));
    }

    #[test]
    fn the_order_of_the_nodes_does_not_matter() {
        let (a, b) = ([commit("a", 5, &[])], [commit("b", 5, &[])]);
        let one = History::gather([a.as_slice(), b.as_slice()].into_iter()).newest().map(|c| c.id.clone());
        let two = History::gather([b.as_slice(), a.as_slice()].into_iter()).newest().map(|c| c.id.clone());
        assert_eq!(one, two);
        assert_eq!(History::gather(std::iter::empty()).newest(), None);
    }
}
