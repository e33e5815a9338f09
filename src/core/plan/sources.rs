//! Sources: who else has something that the new PRIMARY may lack.

use std::collections::BTreeSet;

use super::{Fencing, Scene};
use crate::core::name::NodeName;
use crate::core::probe::Facts;

/// Nodes that answer, are not fenced anyway, and have a head that the target's last commits do not show: the newest
/// last.
pub(super) fn sources(scene: &Scene<'_>, to: &NodeName, fences: &[Fencing]) -> Vec<NodeName> {
    let Some(now) = scene.now() else { return Vec::new() };
    let known: BTreeSet<&str> = now
        .facts(to)
        .and_then(|facts| facts.repository())
        .map(|repository| repository.commits.iter().map(|commit| commit.id.as_str()).collect())
        .unwrap_or_default();
    let mut heads = BTreeSet::new();
    let mut sources: Vec<(i64, NodeName)> = Vec::new();
    for (name, observation) in &now.observations {
        let head = observation.facts().and_then(Facts::head);
        let Some(head) = head.filter(|head| name != to && !known.contains(head.id.as_str())) else { continue };
        if !fences.iter().any(|fencing| fencing.node == *name) && heads.insert(&head.id) {
            sources.push((head.time_s, name.clone()));
        }
    }
    sources.sort_unstable();
    sources.into_iter().map(|(_, name)| name).collect()
}
