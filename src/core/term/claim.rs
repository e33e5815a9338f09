//! A claim: the next term, and whether it is won.

use std::collections::{BTreeMap, BTreeSet};

use super::standing::{Held, Standing, is_won};
use super::{Act, HeldTerm, Holdings, TermRecord};
use crate::core::inventory::Quorum;
use crate::core::name::NodeName;

/// A term that is about to be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it says.
    pub record: TermRecord,
    /// The commits that it follows: the last won term first, then all else that nodes were seen to hold.
    pub parents: Vec<String>,
}

/// What came of putting a claim to one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimAnswer {
    /// It holds the claim, under this commit id.
    Holds(String),
    /// It holds something else and keeps it.
    Keeps(Option<Box<HeldTerm>>),
    /// It lacks a commit that the claim follows.
    Lacks(String),
    /// It did not take the claim for a reason of its own, in words.
    Refuses(String),
    /// It did not answer: it may hold the claim or not.
    Silent(String),
}

/// The answers to a claim, by node. A node that is missing has not answered yet.
pub type Answers = BTreeMap<NodeName, ClaimAnswer>;

/// Terms of others that stand in the way of a claim.
pub type Rivals = Vec<Held>;

/// What a claim has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Whoever has not answered yet cannot change anything.
    Won,
    /// Another claim is won.
    Lost(Box<Held>),
    /// Neither, and nobody is left who could change that.
    Open(Rivals),
    /// It depends on answers that are not in yet.
    Undecided,
}

impl Claim {
    /// The claim that follows what nodes hold. `record` is complete but for its number.
    #[must_use]
    pub fn next(standing: &Standing, record: TermRecord) -> Self {
        let first = standing.in_force().map(|held| &held.commit);
        let others = standing.open.iter().chain(&standing.behind).map(|held| &held.commit);
        let mut parents: Vec<String> = Vec::new();
        for commit in first.into_iter().chain(others) {
            if !parents.contains(commit) {
                parents.push(commit.clone());
            }
        }
        Self { record: TermRecord { term: standing.next_number(), ..record }, parents }
    }

    /// The text of the commit behind its tree: the same bytes on every node, and so the same commit.
    #[must_use]
    pub fn head(&self) -> String {
        let TermRecord { term, cell, primary, brain, act, at, .. } = &self.record;
        let parents: String = self.parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let who = format!("m3m <m3m@{cell}> {} +0000", at.as_second());
        let subject = format!("term {term}: PRIMARY {primary}, BRAIN {brain} ({})", act.as_str());
        format!("{parents}author {who}\ncommitter {who}\n\n{subject}\n")
    }
}

/// What a claim has come to, given the term that it follows, the answers so far, and the nodes whose answers are still
/// awaited. It counts for the members before it and for its own, which are the same unless it changes them: then more than
/// half of each have to hold it, whatever the quorum. Who is left out is not asked, so that all who answer agree says little.
#[must_use]
pub fn judge(claim: &Claim, before: Option<&TermRecord>, answers: &Answers, awaited: &BTreeSet<NodeName>) -> Outcome {
    let Some(commit) = answers.values().find_map(|answer| match answer {
        ClaimAnswer::Holds(commit) => Some(commit.as_str()),
        _ => None,
    }) else {
        return if awaited.is_empty() {
            lost_or_open(claim, &holdings(claim, answers), None)
        } else {
            Outcome::Undecided
        };
    };
    let holdings = holdings(claim, answers);
    // A node that has yet to answer may turn out to hold a rival.
    let mut doubtful = holdings.clone();
    doubtful.extend(awaited.iter().map(|node| (node.clone(), Some(rival_of(claim)))));
    let wins = |holdings: &Holdings| {
        let taker_holds = claim.record.taker().is_none_or(|taker| answers.get(taker).is_some_and(is_holder));
        let by_members_before = before.is_none_or(|before| {
            let quorum = if claim.record.act == Act::Apply { Quorum::Majority } else { before.quorum };
            let electorate = TermRecord { members: before.members.clone(), quorum, ..claim.record.clone() };
            is_won(&electorate, commit, holdings)
        });
        taker_holds && by_members_before && is_won(&claim.record, commit, holdings)
    };
    if wins(&doubtful) {
        Outcome::Won
    } else if awaited.is_empty() {
        if wins(&holdings) { Outcome::Won } else { lost_or_open(claim, &holdings, Some(commit)) }
    } else {
        Outcome::Undecided
    }
}

fn is_holder(answer: &ClaimAnswer) -> bool {
    matches!(answer, ClaimAnswer::Holds(_))
}

fn holdings(claim: &Claim, answers: &Answers) -> Holdings {
    let held = |answer: &ClaimAnswer| match answer {
        ClaimAnswer::Holds(commit) => {
            Some(Some(HeldTerm { commit: commit.clone(), record: Some(claim.record.clone()) }))
        }
        ClaimAnswer::Keeps(held) => Some(held.as_deref().cloned()),
        ClaimAnswer::Lacks(_) | ClaimAnswer::Refuses(_) => Some(None),
        ClaimAnswer::Silent(_) => None,
    };
    answers.iter().filter_map(|(node, answer)| Some((node.clone(), held(answer)?))).collect()
}

/// The worst that a node can turn out to hold.
fn rival_of(claim: &Claim) -> HeldTerm {
    HeldTerm { commit: String::new(), record: Some(claim.record.clone()) }
}

fn lost_or_open(claim: &Claim, holdings: &Holdings, own: Option<&str>) -> Outcome {
    let is_other = |held: &Held| own != Some(held.commit.as_str()) && held.record.term >= claim.record.term;
    let standing = Standing::of(holdings);
    match standing.won {
        Some(won) if is_other(&won) => Outcome::Lost(Box::new(won)),
        _ => Outcome::Open(standing.open.into_iter().filter(is_other).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{name, record};
    use super::*;

    const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn claim(quorum: Quorum) -> Claim {
        Claim { record: TermRecord { quorum, ..record(8, "a", "e") }, parents: vec!["7".to_owned()] }
    }

    /// Answers, as in `a=8 b=8b c=7 d=! e=?`: holds, keeps a rival or what was before, refuses, is awaited; the rest is
    /// silent.
    fn judged(text: &str, quorum: Quorum) -> Outcome {
        let (mut answers, mut awaited) = (Answers::new(), BTreeSet::new());
        for (node, held) in text.split_whitespace().filter_map(|word| word.split_once('=')) {
            let keeps = |number, primary| {
                let record = Some(TermRecord { quorum, ..record(number, primary, "e") });
                ClaimAnswer::Keeps(Some(Box::new(HeldTerm { commit: held.to_owned(), record })))
            };
            let answer = match held {
                "8" => ClaimAnswer::Holds("8".to_owned()),
                "8b" => keeps(8, "b"),
                "9b" => keeps(9, "b"),
                "7" => keeps(7, "d"),
                "!" => ClaimAnswer::Refuses("its disk is full".to_owned()),
                _ => {
                    awaited.insert(name(node));
                    continue;
                }
            };
            answers.insert(name(node), answer);
        }
        for node in FIVE.map(name).into_iter().filter(|node| !awaited.contains(node)) {
            answers.entry(node).or_insert_with(|| ClaimAnswer::Silent("does not answer".to_owned()));
        }
        judge(&claim(quorum), Some(&TermRecord { quorum, ..record(7, "d", "e") }), &answers, &awaited)
    }

    #[test]
    fn a_claim_is_won_lost_or_open() {
        use Quorum::{Any, Majority};
        for (quorum, text, word) in [
            (Any, "a=8 b=8 c=8 d=8 e=8", "won"),
            (Any, "a=8", "won"),
            (Majority, "a=8 b=8", "open"),
            (Majority, "a=8 b=8 c=8", "won"),
            // Decided before everybody has answered, or not yet.
            (Any, "a=8 b=8 c=8 d=? e=?", "won"),
            (Any, "a=8 b=8 d=?", "undecided"),
            (Any, "a=? b=8 c=8 d=8 e=8", "undecided"),
            (Majority, "a=8 b=8 c=?", "undecided"),
            (Any, "a=? b=?", "undecided"),
            // Who takes the role has to hold it.
            (Any, "b=8 c=8 d=8 e=8", "open"),
            (Any, "a=! b=8 c=8 d=8 e=8", "open"),
            (Any, "a=8 b=! c=8 d=8 e=!", "won"),
            (Any, "a=8 b=!", "open"),
            // Races.
            (Any, "a=8 c=8 d=8 b=8b e=8b", "won"),
            (Any, "a=8 c=8 b=8b d=8b e=8b", "lost"),
            (Any, "b=8b d=8b e=8b", "lost"),
            (Any, "a=8 c=8 b=8b d=8b e=7", "open 8b"),
            (Any, "a=8 c=8 b=8b", "open 8b"),
            (Any, "a=8 b=9b c=9b d=9b e=9b", "lost"),
            (Any, "a=8 c=8 d=7 e=7 b=7", "open"),
            (Any, "", "open"),
        ] {
            let found = match judged(text, quorum) {
                Outcome::Won => "won".to_owned(),
                Outcome::Lost(held) => {
                    assert_eq!(held.record.primary, name("b"));
                    "lost".to_owned()
                }
                Outcome::Open(rivals) => {
                    let commits = rivals.iter().map(|rival| format!(" {}", rival.commit));
                    format!("open{}", commits.collect::<String>())
                }
                Outcome::Undecided => "undecided".to_owned(),
            };
            assert_eq!(found, word, "{quorum:?} {text}");
        }
    }

    #[test]
    fn a_change_of_members_needs_both_sets() {
        // Before: the nodes a to e under `majority`; by the claim: a and b alone.
        let before = TermRecord { quorum: Quorum::Majority, ..record(7, "d", "e") };
        let mut claim = claim(Quorum::Any);
        claim.record.members.truncate(2);
        let answers = |nodes: &[&str]| -> Answers {
            nodes.iter().map(|node| (name(node), ClaimAnswer::Holds("8".to_owned()))).collect()
        };
        let judge = |nodes: &[&str]| judge(&claim, Some(&before), &answers(nodes), &BTreeSet::new());
        assert_eq!(judge(&["a", "b"]), Outcome::Open(Vec::new()));
        assert_eq!(judge(&["a", "b", "c"]), Outcome::Won);
    }

    #[test]
    fn a_change_of_the_cell_needs_more_than_half_of_all_also_under_any() {
        let before = record(7, "d", "e");
        let claim = Claim { record: TermRecord { act: Act::Apply, ..claim(Quorum::Any).record }, parents: Vec::new() };
        let judge = |nodes: &[&str]| {
            let answers = nodes.iter().map(|node| (name(node), ClaimAnswer::Holds("8".to_owned()))).collect();
            judge(&claim, Some(&before), &answers, &BTreeSet::new())
        };
        assert_eq!(judge(&["a", "b"]), Outcome::Open(Vec::new()));
        assert_eq!(judge(&["a", "b", "c"]), Outcome::Won);
    }

    #[test]
    fn a_claim_follows_all_that_was_seen_the_won_one_first() {
        let held = |commit: &str, term, holders: &[&str]| Held {
            commit: commit.to_owned(),
            record: record(term, "a", "e"),
            holders: holders.iter().map(|node| name(node)).collect(),
        };
        let standing = Standing {
            won: Some(held("7", 7, &["b", "c", "d"])),
            open: vec![held("8", 8, &["a"])],
            behind: vec![held("5", 5, &["e"])],
            ..Standing::default()
        };
        let next = Claim::next(&standing, record(0, "b", "e"));
        assert_eq!((next.record.term, next.parents.clone()), (9, vec!["7".to_owned(), "8".to_owned(), "5".to_owned()]));
        assert_eq!(
            next.head(),
            "parent 7\nparent 8\nparent 5\nauthor m3m <m3m@montana> 1795316400 +0000\n\
             committer m3m <m3m@montana> 1795316400 +0000\n\nterm 9: PRIMARY b, BRAIN e (switchover)\n"
        );
        let first = Claim::next(&Standing::default(), record(0, "d", "e"));
        assert_eq!((first.record.term, first.parents), (1, Vec::new()));
    }
}
