//! What `promote` and `inherit-brain` have in common: plan, consent, execution, and a last look.

use std::time::Instant;

use super::act::ActArgs;
use super::consent::{self, Question};
use super::context::{Context, unless_gone};
use crate::cell::change::Changing;
use crate::core::change::{Change, End};
use crate::core::diagnosis::diagnose;
use crate::core::duty::Duty;
use crate::core::event::{Event, Listener};
use crate::core::inventory::Inventory;
use crate::core::plan::{Kind, Plan, Refusal, Wish};
use crate::error::{Error, Exit};
use crate::view;
use crate::world::journal::Journal;
use crate::world::operator::operator;
use crate::world::ssh::Keep;

/// Moves a role.
///
/// # Errors
/// The inventory or a key is wrong, nobody consents, the plan is refused, or the journal cannot be written.
pub(super) async fn run(context: &Context, act: &ActArgs, wish: Wish) -> Result<Exit, Error> {
    if !context.global.nodes.is_empty() {
        return Err(
            Error::usage("a change of roles concerns all nodes").hint("leave --node out and name the node itself")
        );
    }
    let source = context.source().await?;
    let mut view = context.view(false, false);
    let timeout = context.timeout(&source.inventory);
    let nodes = context.nodes(&source.inventory)?;
    let cell = Context::cell(source.inventory.clone(), nodes, Keep::Standing, view.as_mut()).await?;
    let by = operator();
    let journal = Journal::open(source.inventory.cell.clone(), by.clone()).await?;
    let mut changing = Changing::new(&cell, &journal, by, timeout, wish);
    let mut plan = changing.prepare(view.as_mut()).await?.map_err(refused)?;
    if act.dry_run {
        return match view.hear(&Event::Planned(&plan)) {
            Ok(()) => Ok(Exit::Ok),
            Err(error) => unless_gone(error, Exit::Ok),
        };
    }
    if !act.yes {
        plan = agreed(context, plan, &mut changing, cell.inventory(), view.as_mut()).await?;
    }
    let mut guard = CutOff { verb: verb(&plan), is_over: false };
    let change = changing.carry_out(plan, view.as_mut()).await;
    guard.is_over = true;
    drop(guard);
    let change = change?;
    let exit = exit(&change);
    match view.hear(&Event::Changed(&change)) {
        Ok(()) => Ok(exit),
        Err(error) => unless_gone(error, exit),
    }
}

/// The plan that a person agrees to. Who took long to answer agreed to what was true then, so it is looked at again: a
/// node that was dead may be back.
async fn agreed(
    context: &Context,
    mut plan: Plan,
    changing: &mut Changing<'_>,
    inventory: &Inventory,
    view: &mut dyn Listener,
) -> Result<Plan, Error> {
    while plan.kind != Kind::Nothing {
        let asked = Instant::now();
        confirm(context, &plan, changing, inventory, view).await?;
        if asked.elapsed() < inventory.timing.health_check {
            break;
        }
        let fresh = changing.prepare(view).await?.map_err(refused)?;
        let is_same = fresh.is_like(&plan);
        plan = fresh;
        if is_same {
            break;
        }
        view.hear(&Event::Consenting).map_err(Error::output)?;
        view::write_err("In the meantime the cell has changed, and so has the plan.\n\n");
    }
    Ok(plan)
}

/// Asks for consent: the topology as it was just seen, and what follows.
async fn confirm(
    context: &Context,
    plan: &Plan,
    changing: &Changing<'_>,
    inventory: &Inventory,
    view: &mut dyn Listener,
) -> Result<(), Error> {
    let Some(picture) = changing.picture() else { return Ok(()) };
    let status = diagnose(inventory, picture);
    let question = Question {
        now: &view::topology(plan, &status, context.global.color),
        consequence: &view::consequence(plan),
        name: plan.to.as_str(),
    };
    view.hear(&Event::Consenting).map_err(Error::output)?;
    consent::ask(&question, false).await
}

/// The command that goes on where this one was cut off.
fn verb(plan: &Plan) -> String {
    let verb = match plan.duty {
        Duty::Primary => "promote",
        Duty::Brain => "inherit-brain",
    };
    format!("m3m {verb} {}", plan.to)
}

/// Tells how to go on, where a change ends before its time: by Ctrl-C.
struct CutOff {
    verb: String,
    is_over: bool,
}

impl Drop for CutOff {
    fn drop(&mut self) {
        if !self.is_over {
            view::write_err(&format!("interrupted, maybe half done: {} finishes it\n", self.verb));
        }
    }
}

pub(super) fn refused(refusal: Refusal) -> Error {
    let exit = if refusal.is_cut_off { Exit::CutOff } else { Exit::Refused };
    let error = Error::new(exit, refusal.reason);
    refusal.hints.into_iter().fold(error, Error::hint)
}

fn exit(change: &Change) -> Exit {
    match &change.end {
        End::Done | End::Nothing => Exit::Ok,
        End::Lost(_) | End::NotWon { .. } => Exit::Refused,
        End::WentBack { .. } | End::Incomplete { .. } => Exit::Incomplete,
    }
}
