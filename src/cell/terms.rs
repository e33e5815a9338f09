//! Where terms are kept: on the nodes themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Instant;

use tokio::task::JoinSet;

use super::Cell;
use super::carry::Load;
use super::step::StepEnd;
use crate::core::name::NodeName;
use crate::core::step::{self, Answer, Refusal};
use crate::core::term::{Answers, Claim, ClaimAnswer, Held, Outcome, Standing, judge};

/// The most bytes of terms that are carried to a node in one go: a term is below one KiB.
const TERMS_BYTES_MAX: u64 = 64 << 20;

/// A store of terms: it takes a claim in whole or not at all, and of two claims that follow the same term it never
/// takes both. What it holds is read with the picture ([`crate::core::observation::Picture::holdings`]).
pub(super) trait TermStore {
    /// Puts a claim to the voters, who were seen to hold what `standing` says, and tells what it has come to by the
    /// deadline, with each voter's answer.
    fn claim(
        &self,
        claim: &Claim,
        standing: &Standing,
        voters: &BTreeSet<NodeName>,
        deadline: Instant,
    ) -> impl Future<Output = (Outcome, Answers)>;
}

/// Each node keeps the term in its own repository and compares and sets it there.
pub(super) struct OnNodes<'a>(pub(super) &'a Cell);

impl TermStore for OnNodes<'_> {
    async fn claim(
        &self,
        claim: &Claim,
        standing: &Standing,
        voters: &BTreeSet<NodeName>,
        deadline: Instant,
    ) -> (Outcome, Answers) {
        let before = standing.in_force().map(|held| held.record.clone());
        let (mut awaited, mut answers) = (voters.clone(), Answers::new());
        let mut carried: BTreeMap<NodeName, BTreeSet<String>> = BTreeMap::new();
        let mut puts = JoinSet::new();
        for node in voters {
            self.put(claim, node, deadline, &mut puts);
        }
        while let Some(done) = puts.join_next().await {
            // One that panicked was reported where it happened, and its node stays silent.
            let Ok((node, answer)) = done else { continue };
            if let ClaimAnswer::Lacks(commit) = &answer
                && carried.entry(node.clone()).or_default().insert(commit.clone())
                && let Some(holder) = holder(standing, commit, &node)
                && self.0.carry_terms(holder, &node, commit, deadline).await.is_ok()
            {
                self.put(claim, &node, deadline, &mut puts);
                continue;
            }
            awaited.remove(&node);
            answers.insert(node, answer);
            if judge(claim, before.as_ref(), &answers, &awaited) == Outcome::Won {
                // The others are told all the same.
                puts.detach_all();
                return (Outcome::Won, answers);
            }
        }
        (judge(claim, before.as_ref(), &answers, &BTreeSet::new()), answers)
    }
}

impl OnNodes<'_> {
    fn put(&self, claim: &Claim, node: &NodeName, deadline: Instant, puts: &mut JoinSet<(NodeName, ClaimAnswer)>) {
        let (head, json) = (claim.head(), claim.record.write());
        let put = self.0.step(node, &|address| step::claim(address, &head, &json), (deadline, deadline));
        let node = node.clone();
        puts.spawn(async move {
            let answer = put.await;
            (node, answered(answer))
        });
    }
}

impl Cell {
    /// Carries a term and all before it from one node to another.
    pub(super) async fn carry_terms(
        &self,
        from: &NodeName,
        to: &NodeName,
        commit: &str,
        deadline: Instant,
    ) -> Result<(), String> {
        let (Some(source), Some(target)) = (self.inventory.node(from), self.inventory.node(to)) else {
            return Err("it is not in the inventory".to_owned());
        };
        let wanted = [commit.to_owned()];
        let cell = &self.inventory.cell;
        let load = Load {
            pack: step::pack(&source.repository.path, &wanted, &[]),
            take: &|not_after| step::take(step::Address { node: target, cell, not_after }, &wanted),
            wanted: &wanted,
            bytes_max: TERMS_BYTES_MAX,
        };
        self.carry(from, to, load, deadline).await.map(drop).map_err(|error| error.to_string())
    }
}

/// Somebody else who holds a commit.
fn holder<'a>(standing: &'a Standing, commit: &str, other_than: &NodeName) -> Option<&'a NodeName> {
    let all = standing.won.iter().chain(&standing.open).chain(&standing.behind);
    let held: Option<&Held> = all.into_iter().find(|held| held.commit == commit);
    held?.holders.iter().find(|name| *name != other_than)
}

fn answered(end: StepEnd) -> ClaimAnswer {
    let answer = match end {
        StepEnd::Answered(answer) => answer,
        StepEnd::NotRun(silence) | StepEnd::Unknown(silence) => return ClaimAnswer::Silent(silence.to_string()),
    };
    let Answer { refused, claim, term, .. } = *answer;
    match (refused, claim, term) {
        (_, Some(claim), Some(held)) if held.commit == claim => ClaimAnswer::Holds(claim),
        (Some(Refusal::Missing(commit)), ..) => ClaimAnswer::Lacks(commit),
        (Some(Refusal::Rival(_)), _, held) => ClaimAnswer::Keeps(held.map(Box::new)),
        (Some(refusal), ..) => ClaimAnswer::Refuses(refusal.to_string()),
        (None, ..) => ClaimAnswer::Refuses("it did not say what it holds".to_owned()),
    }
}
