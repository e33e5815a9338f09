//! Relays, all ways: which node reaches which other one through its sshd.

use super::{Check, Finding, Outcome};
use crate::core::name::NodeName;
use crate::core::relay::{self, RELAYS_MAX};
use crate::core::silence::Cause;

/// What is judged here.
pub(super) const JUDGED: [Check; 2] = [Check::Forwarding, Check::Relays];

/// Up to this many nodes every pair is tried: their number grows with the square.
const ALL_PAIRS_NODES_MAX: usize = 7;

/// One node asked to reach another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The node whose sshd forwards.
    pub relay: NodeName,
    /// The node that is to be reached.
    pub target: NodeName,
    /// What came of it.
    pub outcome: relay::Outcome,
}

/// The pairs to try, relay first: all of them in a small cell; in a large one each node relays to, and is reached
/// through, the few that follow it and precede it.
#[must_use]
pub fn pairs(nodes: &[NodeName]) -> Vec<(NodeName, NodeName)> {
    let count = nodes.len();
    let each = if count <= ALL_PAIRS_NODES_MAX { count.saturating_sub(1) } else { RELAYS_MAX };
    let of = |from: usize| (1..=each).map(move |step| (from, (from + step) % count));
    (0..count).flat_map(of).map(|(from, to)| (nodes[from].clone(), nodes[to].clone())).collect()
}

/// What the pairs say of one node: whether it forwards, and who reaches it. `is_heard`: this machine reaches it itself.
pub(super) fn judge(name: &NodeName, is_heard: bool, pairs: &[Pair]) -> [Finding; 2] {
    let through: Vec<&Pair> = pairs.iter().filter(|pair| pair.relay == *name).collect();
    let towards: Vec<&Pair> = pairs.iter().filter(|pair| pair.target == *name).collect();
    [forwarding(&through), relayed(is_heard, &towards)]
}

fn forwarding(through: &[&Pair]) -> Finding {
    let prohibited = |pair: &&&Pair| {
        pair.outcome.silence().is_some_and(|silence| matches!(silence.cause, Cause::ForwardingProhibited(_)))
    };
    let spoke = |pair: &&&Pair| matches!(pair.outcome, relay::Outcome::Reached(_) | relay::Outcome::Failed(_));
    let refused = through.iter().filter(prohibited).count();
    if refused > 0 {
        let how_far = if refused == through.len() { "forbidden" } else { "forbidden to some nodes" };
        return Finding::cross(
            Check::Forwarding,
            how_far,
            "allow it in sshd_config (AllowTcpForwarding, PermitOpen, DisableForwarding) and in authorized_keys",
        );
    }
    if through.iter().any(|pair| spoke(&pair)) {
        Finding::ok(Check::Forwarding, "allowed")
    } else {
        Finding::unknown(Check::Forwarding, "")
    }
}

fn relayed(is_heard: bool, towards: &[&Pair]) -> Finding {
    let reached = towards.iter().filter(|pair| pair.mark() == Outcome::Ok).count();
    let failed: Vec<&str> =
        towards.iter().filter(|pair| pair.mark() == Outcome::Cross).map(|pair| pair.relay.as_str()).collect();
    // Those that are silent themselves do not count.
    let text = format!("{reached} of {} relays reach it", reached + failed.len());
    let open = format!("open its SSH port to {}: a broken path from here would pass for its death", failed.join(", "));
    let finding = match (is_heard, reached, failed.len()) {
        (_, 0, 0) => return Finding::unknown(Check::Relays, ""),
        (true, _, 0) => Finding::ok(Check::Relays, text),
        (true, 0, _) => Finding::cross(Check::Relays, text, open),
        (true, ..) => Finding::warn(Check::Relays, text, open),
        (false, 0, _) => {
            let hint = "nobody reaches it: look at its console, or ask its provider";
            Finding::cross(Check::Relays, format!("{text} either"), hint)
        }
        (false, ..) => Finding::warn(Check::Relays, text, "it lives, and the path from this machine to it is broken"),
    };
    #[expect(clippy::cast_precision_loss, reason = "a handful of relays")]
    finding.measured(reached as f64, "relays")
}

impl Pair {
    /// The pair's mark.
    #[must_use]
    pub fn mark(&self) -> Outcome {
        match self.outcome {
            relay::Outcome::Reached(_) => Outcome::Ok,
            relay::Outcome::Failed(_) => Outcome::Cross,
            relay::Outcome::NoWord(_) => Outcome::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<NodeName> {
        (0..count).map(|index| format!("n{index}").parse().expect("a name")).collect()
    }

    #[test]
    fn all_pairs_of_a_small_cell_and_a_few_of_a_large_one() {
        assert_eq!(pairs(&names(5)).len(), 20);
        assert_eq!((pairs(&names(7)).len(), pairs(&names(8)).len()), (42, 24));
        assert_eq!(pairs(&names(1)).len(), 0);
        assert_eq!(pairs(&[]).len(), 0);
        let many = pairs(&names(100));
        assert_eq!(many.len(), 300);
        let names = names(100);
        for name in &names {
            assert_eq!(many.iter().filter(|(relay, _)| relay == name).count(), 3);
            assert_eq!(many.iter().filter(|(_, target)| target == name).count(), 3);
            assert!(many.iter().all(|(relay, target)| relay != target));
        }
    }
}
