//! How it stands: which of the terms that nodes hold is known to be won, and which are open.

use std::collections::BTreeMap;

use super::{HeldTerm, Holdings, TermRecord};
use crate::core::inventory::Quorum;
use crate::core::name::NodeName;

/// A term, and the nodes that hold exactly it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its commit.
    pub commit: String,
    /// What it says.
    pub record: TermRecord,
    /// Who holds it, of those that answered.
    pub holders: Vec<NodeName>,
}

/// How it stands with the terms of a cell, as far as nodes answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The highest term that is known to be won.
    pub won: Option<Held>,
    /// Terms that are not known to be won and not below the won one, the highest first. Nobody starts, stops or raises
    /// anything because of them; the next claim closes them.
    pub open: Vec<Held>,
    /// Terms with a lower number than the won one.
    pub behind: Vec<Held>,
    /// Nodes that hold no term.
    pub without: Vec<NodeName>,
    /// Nodes that hold something that cannot be read.
    pub damaged: Vec<NodeName>,
}

impl Standing {
    /// Judges what nodes hold.
    #[must_use]
    pub fn of(holdings: &Holdings) -> Self {
        let mut standing = Self::default();
        let mut terms: BTreeMap<(u64, &str), Held> = BTreeMap::new();
        for (node, held) in holdings {
            match held {
                None => standing.without.push(node.clone()),
                Some(HeldTerm { record: None, .. }) => standing.damaged.push(node.clone()),
                Some(HeldTerm { commit, record: Some(record) }) => {
                    let held = terms.entry((record.term, commit)).or_insert_with(|| Held {
                        commit: commit.clone(),
                        record: record.clone(),
                        holders: Vec::new(),
                    });
                    held.holders.push(node.clone());
                }
            }
        }
        let mut terms: Vec<Held> = terms.into_values().collect();
        // The highest first; of one number what more nodes hold.
        terms.sort_by_key(|held| std::cmp::Reverse((held.record.term, held.holders.len())));
        let won = terms.iter().position(|held| is_won(&held.record, &held.commit, holdings));
        standing.won = won.map(|index| terms.remove(index));
        let height = standing.won.as_ref().map_or(0, |won| won.record.term);
        (standing.open, standing.behind) = terms.into_iter().partition(|held| held.record.term >= height);
        standing
    }

    /// The highest term that anybody holds, won or open.
    #[must_use]
    pub fn highest(&self) -> Option<&Held> {
        let open = self.open.first();
        match (&self.won, open) {
            (Some(won), Some(open)) if open.record.term > won.record.term => Some(open),
            (Some(won), _) => Some(won),
            (None, open) => open,
        }
    }

    /// The term whose word counts for who is a member and how safe the cell is to be: the won one, else the highest.
    #[must_use]
    pub fn in_force(&self) -> Option<&Held> {
        self.won.as_ref().or_else(|| self.highest())
    }

    /// The number that the next claim has.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.highest().map_or(0, |held| held.record.term) + 1
    }
}

/// Whether a term is won, from what members hold: more than half of all members hold exactly it, or under `any` all
/// that answered; and so does the node that takes a role by it, if it answered.
///
/// More than half of those that answered would not do: a rival may have been taken by nodes that are silent now, and
/// whoever answered and does not hold this term can still take the rival, and so win it. As long as the silent nodes
/// are dead and those that live can be reached, no two terms of one number are won for candidates that both live.
#[must_use]
pub fn is_won(record: &TermRecord, commit: &str, holdings: &Holdings) -> bool {
    let holds =
        |node: &NodeName| holdings.get(node).map(|held| held.as_ref().is_some_and(|held| held.commit == commit));
    let number = |held: &HeldTerm| held.record.as_ref().map_or(0, |other| other.term);
    // Who has moved on to a higher term may have held this one.
    let has_moved_on = |node: &NodeName| matches!(holdings.get(node), Some(Some(held)) if number(held) > record.term);
    if record.taker().is_some_and(|taker| holds(taker) == Some(false) && !has_moved_on(taker)) {
        return false;
    }
    let answers: Vec<bool> = record.members.iter().filter_map(|member| holds(&member.name)).collect();
    let holders = answers.iter().filter(|holds| **holds).count();
    let is_unanimous = record.quorum == Quorum::Any && holders > 0 && holders == answers.len();
    is_unanimous || holders * 2 > record.members.len()
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{name, record};
    use super::*;

    /// What nodes hold, as in `a=7 b=7x c=- d=?`: number and commit, nothing, or something unreadable.
    fn holdings(text: &str, quorum: Quorum) -> Holdings {
        let hold = |word: &str| {
            let (node, held) = word.split_once('=').expect("node=held");
            let held = match held {
                "-" => None,
                "?" => Some(HeldTerm { commit: "?".to_owned(), record: None }),
                commit => {
                    let number: String = commit.chars().take_while(char::is_ascii_digit).collect();
                    // 8b is claimed for b, 8 for a.
                    let primary = commit.strip_prefix(&number).filter(|text| !text.is_empty()).unwrap_or("a");
                    let record = TermRecord { quorum, ..record(number.parse().expect("a number"), primary, "e") };
                    Some(HeldTerm { commit: commit.to_owned(), record: Some(record) })
                }
            };
            (name(node), held)
        };
        text.split_whitespace().map(hold).collect()
    }

    #[test]
    fn what_is_won_and_what_is_open() {
        use Quorum::{Any, Majority};
        for (quorum, text, won, open) in [
            (Any, "", None, vec![]),
            (Any, "a=- b=-", None, vec![]),
            (Any, "a=7 b=7 c=7 d=7 e=7", Some("7"), vec![]),
            (Any, "a=7", Some("7"), vec![]),
            (Majority, "a=7", None, vec!["7"]),
            (Majority, "a=7 b=7", None, vec!["7"]),
            (Majority, "a=7 b=7 c=7", Some("7"), vec![]),
            (Any, "a=7 b=7 c=7 d=6", Some("7"), vec![]),
            (Any, "a=7 b=6", None, vec!["7", "6"]),
            (Any, "a=7 b=?", None, vec!["7"]),
            // Claimed on two nodes before its claimer died.
            (Any, "a=8 b=8 c=7 d=7 e=7", Some("7"), vec!["8"]),
            (Majority, "a=8 b=8 c=7 d=7 e=7", Some("7"), vec!["8"]),
            // The last won one is out of sight behind the open one.
            (Any, "a=8 b=8 c=7 d=7", None, vec!["8", "7"]),
            // Races.
            (Any, "a=8 c=8 d=8 b=8b e=8b", Some("8"), vec!["8b"]),
            (Any, "a=8 c=8 b=8b d=8b e=7", None, vec!["8", "8b", "7"]),
            (Any, "b=8 c=8 d=8 a=8b e=8b", None, vec!["8", "8b"]),
            // Three answer, one of them holds a rival that two silent ones may have won.
            (Any, "a=8 c=8 b=8b", None, vec!["8", "8b"]),
            (Any, "a=8 c=8", Some("8"), vec![]),
            // Who takes the role is silent, the others know.
            (Any, "b=8 c=8 d=8 e=8", Some("8"), vec![]),
            (Majority, "b=8 c=8 d=8", Some("8"), vec![]),
            // Two silent ones may hold a rival that the one without it can still take, and so win for that.
            (Any, "a=8 c=8 b=7", None, vec!["8", "7"]),
            (Any, "a=8 c=8 b=-", None, vec!["8"]),
            (Any, "a=8 c=8 d=8 b=7", Some("8"), vec![]),
            // Who has gone on to a higher term may have come there by a rival.
            (Any, "b=8 e=8 a=9", None, vec!["9", "8"]),
            // A node that is no member says nothing of it.
            (Any, "a=8 x=7 y=7 z=7", Some("8"), vec![]),
        ] {
            let standing = Standing::of(&holdings(text, quorum));
            let mut found: Vec<&str> = standing.open.iter().map(|held| held.commit.as_str()).collect();
            // Of two with as many holders either may stand first.
            found.sort_unstable_by_key(|commit| (std::cmp::Reverse(commit.as_bytes()[0]), commit.len()));
            assert_eq!(
                (standing.won.as_ref().map(|held| held.commit.as_str()), found),
                (won, open),
                "{quorum:?} {text}"
            );
        }
    }

    #[test]
    fn the_next_number_is_above_all_that_was_seen() {
        let of = |text| Standing::of(&holdings(text, Quorum::Any)).next_number();
        assert_eq!((of(""), of("a=7 b=7 c=9"), of("a=7 b=6")), (1, 10, 8));
    }

    #[test]
    fn what_is_behind_is_not_open() {
        let standing = Standing::of(&holdings("a=7 b=7 c=7 d=5 e=?", Quorum::Any));
        assert_eq!(standing.behind.iter().map(|held| held.commit.as_str()).collect::<Vec<_>>(), ["5"]);
        assert_eq!((standing.open.len(), standing.damaged), (0, vec![name("e")]));
    }
}
