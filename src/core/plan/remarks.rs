//! Remarks: what a person should know of a plan before saying yes, beside the writes that may be missing.

use super::life::list;
use super::{Life, Plan, Scene, Wish};
use crate::core::drift::differences;
use crate::core::duty::Duty;
use crate::core::term::{Held, Standing};

/// All of them.
pub(super) fn remarks(scene: &Scene<'_>, wish: &Wish, standing: &Standing, plan: &Plan) -> Vec<String> {
    let open = standing.open.iter().map(|open| unclosed(open, plan));
    let others = contradictions(scene, wish).chain(left_behind(scene, plan));
    open.chain(drift(scene, plan)).chain(unlisted(scene, plan)).chain(others).collect()
}

/// A claim that was begun and is not known to be won.
fn unclosed(open: &Held, plan: &Plan) -> String {
    let Held { record, holders, .. } = open;
    format!(
        "term {} (PRIMARY {}, BRAIN {}), claimed by {}, is open: of those that answer only {} hold it; term {} closes it",
        record.term,
        record.primary,
        record.brain,
        record.by,
        list(holders),
        plan.term()
    )
}

/// What the inventory says in vain.
fn drift(scene: &Scene<'_>, plan: &Plan) -> Option<String> {
    let record = &plan.base.record;
    let is_alike = differences(record, scene.inventory).is_empty();
    (!is_alike)
        .then(|| format!("the inventory differs from term {}, and the term counts: m3m status shows both", record.term))
}

/// Nodes that are said to be off, and are not.
fn contradictions<'a>(scene: &'a Scene<'_>, wish: &'a Wish) -> impl Iterator<Item = String> + 'a {
    wish.confirmed_off.iter().filter_map(|node| match scene.life(node) {
        Life::Answers(_) => Some(format!("{node} answers, so it is not off: your word for that does not count")),
        Life::TurnsAway(silence) => {
            Some(format!("something at the address of {node} lives and turns m3m away ({silence}): is it really off?"))
        }
        Life::Unknown(why) if scene.inventory.node(node).is_some() => {
            Some(format!("that {node} is off rests on your word alone: {why}"))
        }
        Life::Dead(_) | Life::Unknown(_) => None,
    })
}

/// Whoever may still execute, and is in the inventory no more.
fn unlisted<'a>(scene: &'a Scene<'_>, plan: &'a Plan) -> impl Iterator<Item = String> + 'a {
    let from = plan.claim.as_ref().map_or(&plan.base.record.from, |claim| &claim.record.from);
    let from = from.iter().filter(|_| plan.duty == Duty::Primary && !scene.executes(&plan.to));
    from.filter(|node| scene.inventory.node(node).is_none()).map(|node| {
        format!("{node} may still execute the service, and the inventory does not name it: nobody tells it to stop")
    })
}

/// BRAIN's service, where BRAIN moves because its node becomes PRIMARY.
fn left_behind(scene: &Scene<'_>, plan: &Plan) -> Option<String> {
    let (before, next) = (&plan.base.record.brain, &plan.claim.as_ref()?.record.brain);
    let has_service = scene.inventory.node(before).is_some_and(|node| node.brain.is_some());
    (plan.duty == Duty::Primary && before != next && has_service)
        .then(|| format!("BRAIN's service stays on {before} until: m3m inherit-brain {next}"))
}
