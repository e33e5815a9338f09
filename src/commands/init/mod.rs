//! `m3m init`.

mod new;

use std::collections::BTreeSet;

use clap_complete::engine::ArgValueCompleter;

use super::act::ActArgs;
use super::change::refused;
use super::complete;
use super::consent::{self, Question};
use super::context::{Context, known, unless_gone};
use crate::cell::init::{Initialising, Order};
use crate::core::event::{Event, Listener};
use crate::core::init::{End, Report, State};
use crate::core::inventory::Inventory;
use crate::core::name::NodeName;
use crate::core::term::TermRecord;
use crate::error::{Error, Exit};
use crate::view;
use crate::world::journal::Journal;
use crate::world::operator::operator;
use crate::world::ssh::Keep;

/// Make nodes ready: the repository, its name, and the cell's term; change members
///
/// A repository that is missing is made, with the same first commit on every node; one that is there keeps its history,
/// its files, its changes and its configuration, and is only told which node of which cell it is. Among other files, in
/// another work tree or under another name nothing is made. Then the term: where no node holds one the first is claimed,
/// with the roles of the inventory; nodes that are behind follow the one in force, and open ones are closed. Nothing is
/// started or stopped, and whoever runs the service without being PRIMARY is left to `m3m promote`.
///
/// It may be run again at any time and does what is still to be done. Without NODE all nodes are made ready.
///
/// With --repair a term that cannot be read is set aside, and a name that is none; the node's name is asked for. With
/// --apply the members, candidates, order and safety settings of the inventory become the cell's, one member a term; the
/// difference is shown and the cell's name asked for. Otherwise nothing is asked. --new dials nobody.
///
/// Exit status: 0 all are ready; 10 some are not, each with its reason; 12 nothing could be reached; 20 refused, or lost to
/// another claim; 21 not finished: run it again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The nodes that are to be ready
    #[arg(value_name = "NODE", add = ArgValueCompleter::new(complete::nodes))]
    pub names: Vec<NodeName>,

    /// Ask for what an inventory needs and write it to -i FILE, else to ./inventory.yaml
    #[arg(long, conflicts_with_all = ["names", "repair", "apply", "yes", "dry_run", "reason"])]
    pub new: bool,

    /// Set aside what of this one NODE cannot be read, and put what the others hold in its place
    #[arg(long, conflicts_with = "apply")]
    pub repair: bool,

    /// Make the inventory's members and safety settings the cell's
    #[arg(long)]
    pub apply: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened: the fields carry the help")]
    pub act: ActArgs,
}

/// Makes nodes ready, or an inventory.
///
/// # Errors
/// The inventory or a key is wrong, nobody consents, it is refused as a whole, or the journal cannot be written.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    if args.new {
        return new::run(context).await;
    }
    let source = context.source().await?;
    let inventory = &source.inventory;
    let nodes = nodes(context, &args, inventory)?;
    let mut view = context.view(false, false);
    let all = inventory.nodes.iter().map(|node| node.name.clone()).collect();
    let cell = Context::cell(inventory.clone(), all, Keep::Standing, view.as_mut()).await?;
    let order = Order {
        nodes,
        repairs: args.repair,
        applies: args.apply,
        reason: args.act.reason.clone(),
        by: operator(),
        timeout: context.timeout(inventory),
    };
    let by = order.by.clone();
    let initialising = Initialising::look(&cell, order, view.as_mut()).await?;
    initialising.may_begin().map_err(refused)?;
    let report = if args.act.dry_run {
        initialising.preview()
    } else {
        if !args.act.yes {
            confirm(&initialising, &args, inventory, view.as_mut()).await?;
        }
        let journal = Journal::open(inventory.cell.clone(), by).await?;
        let mut interrupted = Interrupted(true);
        let report = initialising.carry_out(&journal, view.as_mut()).await;
        interrupted.0 = false;
        report?
    };
    let exit = exit(&report);
    match view.hear(&Event::Initialised(&report)) {
        Ok(()) => Ok(exit),
        Err(error) => unless_gone(error, exit),
    }
}

/// The nodes asked for: the named ones, those of --node, all where there are none.
fn nodes(context: &Context, args: &Args, inventory: &Inventory) -> Result<BTreeSet<NodeName>, Error> {
    for name in &args.names {
        known(inventory, name)?;
    }
    if args.repair && args.names.len() != 1 {
        return Err(Error::usage("--repair takes the name of one node").hint("m3m init --repair NODE"));
    }
    if !args.names.is_empty() && !context.global.nodes.is_empty() {
        return Err(Error::usage("the nodes are named twice").hint("leave --node out"));
    }
    if args.names.is_empty() {
        Ok(context.nodes(inventory)?.into_iter().collect())
    } else {
        Ok(args.names.iter().cloned().collect())
    }
}

/// Asks for consent where something is to be changed that a person may want to keep.
async fn confirm(
    initialising: &Initialising<'_>,
    args: &Args,
    inventory: &Inventory,
    view: &mut dyn Listener,
) -> Result<(), Error> {
    view.hear(&Event::Consenting).map_err(Error::output)?;
    let standing = initialising.standing();
    let base = standing.in_force().map(|held| &held.record);
    if let (true, [node]) = (args.repair, args.names.as_slice())
        && let Some(damage) = initialising.damage(node)
    {
        let holds = base.map_or_else(String::new, |base| format!("\nthe others hold term {}", base.term));
        let consequence = format!("What cannot be read on {node} is set aside, and it follows the others.");
        let question = Question { now: &format!("{damage}{holds}"), consequence: &consequence, name: node.as_str() };
        consent::ask(&question, false).await?;
    }
    let (Some(base), lines) = (base, initialising.differences()) else { return Ok(()) };
    if lines.is_empty() {
        return Ok(());
    }
    let TermRecord { cell, term, primary, brain, .. } = base;
    let now = format!("cell {cell}, term {term}, PRIMARY {primary}, BRAIN {brain}\n\n{}", lines.join("\n"));
    let consequence = "The lines with + become the cell's, for every operator and whatever their inventories say.";
    consent::ask(&Question { now: &now, consequence, name: inventory.cell.as_str() }, false).await
}

/// Tells how to go on where the run ends before its time, as by Ctrl-C.
struct Interrupted(bool);

impl Drop for Interrupted {
    fn drop(&mut self) {
        if self.0 {
            view::write_err("not finished: run m3m init again, it goes on from what is there\n");
        }
    }
}

fn exit(report: &Report) -> Exit {
    match &report.end {
        End::Lost(_) => Exit::Refused,
        End::Incomplete(_) => Exit::Incomplete,
        End::Done | End::Waits(_) if report.count(State::Absent) == report.nodes.len() => Exit::CutOff,
        End::Done if report.count(State::Ready) == report.nodes.len() => Exit::Ok,
        End::Done | End::Waits(_) => Exit::Degraded,
    }
}
