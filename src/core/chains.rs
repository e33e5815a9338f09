//! The chains: who executes next, who decides next, and what becomes of a cell when nodes fail.
//!
//! Execution goes from PRIMARY along the members as the term lists them: the mirrors, the first PRIMARY, the first
//! BRAIN; whoever holds BRAIN now comes last. Control goes from BRAIN along the members that are not PRIMARY, and to
//! PRIMARY last. So a single live node is both: the paper's chains have no such last resort, and with them a cell of
//! which only BRAIN or only PRIMARY is left would be down or without control.

use std::collections::BTreeSet;

use super::inventory::{Fence, Quorum};
use super::name::NodeName;
use super::term::{Member, TermRecord};

/// Who executes the service next, after the present PRIMARY: members that may ever be PRIMARY, the first choice first.
#[must_use]
pub fn execution(record: &TermRecord) -> Vec<&NodeName> {
    let follows = |member: &&Member| member.candidate && member.name != record.primary;
    let (last, first): (Vec<_>, Vec<_>) =
        record.members.iter().filter(follows).map(|member| &member.name).partition(|name| **name == record.brain);
    [first, last].concat()
}

/// Who decides next, after the present BRAIN, the first choice first.
#[must_use]
pub fn control(record: &TermRecord) -> Vec<&NodeName> {
    let names = record.members.iter().map(|member| &member.name).filter(|name| **name != record.brain);
    let (last, first): (Vec<_>, Vec<_>) = names.partition(|name| **name == record.primary);
    [first, last].concat()
}

/// What becomes of a role when nodes have failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Succession {
    /// Its holder lives.
    Stays(NodeName),
    /// It moves to this node.
    Moves(NodeName),
    /// It would move to this node, and does so only with proof that the old PRIMARY has stopped.
    MovesWithProof(NodeName),
    /// Nobody may take it: fewer live than the cell's quorum asks for.
    NoQuorum,
    /// Nobody is left who could take it.
    Nobody,
}

impl Succession {
    /// Who holds the role afterwards, as far as nothing else is needed.
    #[must_use]
    pub fn holder(&self) -> Option<&NodeName> {
        match self {
            Self::Stays(name) | Self::Moves(name) => Some(name),
            Self::MovesWithProof(_) | Self::NoQuorum | Self::Nobody => None,
        }
    }

    /// Who holds the role once all that is needed is there.
    #[must_use]
    pub fn heir(&self) -> Option<&NodeName> {
        match self {
            Self::Stays(name) | Self::Moves(name) | Self::MovesWithProof(name) => Some(name),
            Self::NoQuorum | Self::Nobody => None,
        }
    }
}

/// Both roles after failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successions {
    /// Who executes the service.
    pub primary: Succession,
    /// Who observes and decides.
    pub brain: Succession,
}

/// What becomes of both roles when only these nodes live: one decision, also where both holders have failed.
#[must_use]
pub fn successions(record: &TermRecord, alive: &BTreeSet<NodeName>) -> Successions {
    let voters = record.members.iter().filter(|member| alive.contains(&member.name)).count();
    let has_quorum = match record.quorum {
        Quorum::Any => voters > 0,
        Quorum::Majority => voters * 2 > record.members.len(),
    };
    let next = |chain: Vec<&NodeName>| chain.into_iter().find(|name| alive.contains(*name)).cloned();
    let primary = if alive.contains(&record.primary) {
        Succession::Stays(record.primary.clone())
    } else {
        match next(execution(record)) {
            None => Succession::Nobody,
            Some(_) if !has_quorum => Succession::NoQuorum,
            Some(name) if record.fence == Fence::Required => Succession::MovesWithProof(name),
            Some(name) => Succession::Moves(name),
        }
    };
    // The observer is not to stand on the machine that it observes, as long as there is another one.
    let after = TermRecord { primary: primary.heir().unwrap_or(&record.primary).clone(), ..record.clone() };
    let shares = after.primary == record.brain && record.primary != record.brain;
    let brain = if alive.contains(&record.brain) && !shares {
        Succession::Stays(record.brain.clone())
    } else {
        match next(control(&after)) {
            Some(_) if !has_quorum => Succession::NoQuorum,
            Some(name) if name == after.primary && alive.contains(&record.brain) => {
                Succession::Stays(record.brain.clone())
            }
            Some(name) => Succession::Moves(name),
            None if alive.contains(&record.brain) => Succession::Stays(record.brain.clone()),
            None => Succession::Nobody,
        }
    };
    Successions { primary, brain }
}

#[cfg(test)]
mod tests {
    use super::super::term::tests::{name, record};
    use super::*;
    use proptest::prelude::*;

    fn names(chain: &[&NodeName]) -> String {
        chain.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_chains_follow_the_term() {
        for (primary, brain, executes, decides) in [
            ("d", "e", "a b c e", "a b c d"),
            ("a", "e", "b c d e", "b c d a"),
            ("b", "a", "c d e a", "c d e b"),
            ("e", "a", "b c d a", "b c d e"),
            ("c", "c", "a b d e", "a b d e"),
        ] {
            let record = record(7, primary, brain);
            assert_eq!((names(&execution(&record)), names(&control(&record))), (executes.into(), decides.into()));
        }
    }

    #[test]
    fn who_is_no_candidate_never_executes_and_may_decide() {
        let mut record = record(7, "d", "e");
        record.members[0].candidate = false;
        assert_eq!((names(&execution(&record)), names(&control(&record))), ("b c e".into(), "a b c d".into()));
        let only_a = BTreeSet::from([name("a")]);
        let after = successions(&record, &only_a);
        assert_eq!((after.primary, after.brain), (Succession::Nobody, Succession::Moves(name("a"))));
    }

    #[test]
    fn brain_stays_off_the_node_that_waits_for_proof() {
        let record = TermRecord { fence: Fence::Required, ..record(7, "d", "e") };
        let after = successions(&record, &["a", "b", "c"].map(name).into());
        assert_eq!(after.primary, Succession::MovesWithProof(name("a")));
        assert_eq!(after.brain, Succession::Moves(name("b")));
    }

    proptest! {
        #[test]
        fn under_any_and_attempt_one_live_node_is_enough(mask in 1_u8..32, primary in 0_usize..5, brain in 0_usize..5) {
            let all = ["a", "b", "c", "d", "e"];
            let record = record(7, all[primary], all[brain]);
            let alive: BTreeSet<NodeName> =
                all.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0).map(|(_, text)| name(text)).collect();
            let after = successions(&record, &alive);
            let (executes, decides) = (after.primary.holder().expect("someone"), after.brain.holder().expect("someone"));
            prop_assert!(alive.contains(executes) && alive.contains(decides));
            // Observer and observed are one only where nobody else lives, or where they were before.
            prop_assert!(executes != decides || alive.len() == 1 || primary == brain);
            // A live PRIMARY stays where it is.
            prop_assert!(executes == &record.primary || !alive.contains(&record.primary));
        }
    }
}
