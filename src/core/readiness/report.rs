//! The whole: every node, every pair, every promise, and the verdict on all of it.

use jiff::Timestamp;

use super::relays::{self, Pair};
use super::{Check, NodeReadiness, Outcome};
use crate::core::name::CellName;
use crate::core::promises::Promises;
use crate::core::text::listed;

/// With up to this many nodes the verdict says what each lacks.
const DETAILED_MAX: usize = 2;

/// What the cell still lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    /// The cell.
    pub cell: CellName,
    /// When the last answer was in.
    pub at: Timestamp,
    /// How many nodes the cell has.
    pub nodes_total: usize,
    /// The nodes that were asked, in the order of the inventory.
    pub nodes: Vec<NodeReadiness>,
    /// The pairs of them that were tried.
    pub pairs: Vec<Pair>,
    /// What the inventory's own numbers make of the promises.
    pub promises: Promises,
}

/// The one word about a cell's readiness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is missing.
    Ready,
    /// A node lacks something.
    NotReady,
    /// A promise cannot hold by its own numbers.
    CannotHold,
    /// Nothing could be reached.
    CutOff,
}

impl Verdict {
    /// The word as tables and JSON have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::NotReady => "NOT READY",
            Self::CannotHold => "CANNOT HOLD",
            Self::CutOff => "CUT OFF",
        }
    }
}

impl Readiness {
    /// Adds to each node what the pairs say of it.
    #[must_use]
    pub fn with_pairs(mut self, pairs: Vec<Pair>) -> Self {
        for node in &mut self.nodes {
            node.findings.retain(|finding| !relays::JUDGED.contains(&finding.check));
            node.findings.extend(relays::judge(&node.name, node.is_heard(), &pairs));
        }
        self.pairs = pairs;
        self
    }

    /// The one word and the sentence behind it. What the file itself rules out comes first: no network mends it.
    #[must_use]
    pub fn verdict(&self) -> (Verdict, String) {
        let (total, asked) = (self.nodes_total, self.nodes.len());
        let broken = self.promises.broken();
        let lacking: Vec<&NodeReadiness> = self.nodes.iter().filter(|node| !node.is_ready()).collect();
        let lacks =
            format!("{} of {asked} nodes {} not ready", lacking.len(), if lacking.len() == 1 { "is" } else { "are" });
        if !broken.is_empty() {
            let also = if lacking.is_empty() { String::new() } else { format!("; and {lacks}") };
            return (Verdict::CannotHold, format!("{}, by the inventory's own numbers{also}", broken.join(", ")));
        }
        if asked == total && self.nodes.iter().all(|node| node.heard_nothing) {
            return (Verdict::CutOff, format!("none of {total} nodes could be reached: is this machine's network up?"));
        }
        let of = if asked == total { String::new() } else { format!(" ({asked} of {total} nodes asked)") };
        if !lacking.is_empty() {
            let few = lacking.len() <= DETAILED_MAX;
            let told =
                |node: &&NodeReadiness| format!("{}{}", node.name, if few { missing(node) } else { String::new() });
            let nodes: Vec<String> = lacking.iter().map(told).collect();
            let names = listed(&nodes.iter().map(String::as_str).collect::<Vec<_>>());
            return (Verdict::NotReady, format!("{} of {asked} nodes: {names}{of}", lacking.len()));
        }
        let warnings =
            self.nodes.iter().flat_map(|node| &node.findings).filter(|one| one.outcome == Outcome::Warn).count();
        let but = match warnings {
            0 => String::new(),
            1 => ", with one thing worth a look".to_owned(),
            _ => format!(", with {warnings} things worth a look"),
        };
        let nodes = if asked == 1 { "the node lacks".to_owned() } else { format!("{asked} nodes lack") };
        (Verdict::Ready, format!("{nodes} nothing, and every promise can hold{but}{of}"))
    }
}

/// What a node lacks, in a bracket.
fn missing(node: &NodeReadiness) -> String {
    let crossed = node.findings.iter().filter(|finding| finding.outcome == Outcome::Cross);
    let labels: Vec<&str> = crossed.map(|finding| Check::label(finding.check)).collect();
    format!(" ({})", labels.join(", "))
}
