//! `m3m pause`, and what it shares with `m3m resume`.

use std::time::Duration;

use super::act;
use super::context::{Context, unless_gone};
use crate::core::duration;
use crate::core::event::Event;
use crate::core::name::CellName;
use crate::core::pause::{Kept, Pause, Pausing};
use crate::error::{Error, Exit};
use crate::world::clock;
use crate::world::journal::Journal;
use crate::world::operator::operator;
use crate::world::ssh::Keep;

/// Hands off: nothing changes by itself anywhere in the cell
///
/// Every node that answers keeps the pause, so that whatever acts by itself sees it, wherever it runs. It ends after
/// --for, else with m3m resume; a later pause replaces an earlier one. A person's own commands work as ever, and status
/// shows the pause first. Nothing is stopped, and nobody is asked.
///
/// Exit status: 0 every node keeps it, 10 some do not, 12 nothing could be reached, 20 nobody keeps it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long, such as 30m; without it until somebody resumes
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    pub lasts: Option<Duration>,

    /// Why: one line that everybody sees
    #[arg(long, value_name = "TEXT", value_parser = act::reason)]
    pub reason: String,

    /// Say who would keep it, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// A time, and what a record is made from.
pub(super) struct Now<'a> {
    pub(super) cell: CellName,
    pub(super) by: String,
    pub(super) at: jiff::Timestamp,
    /// The record that counts as yet.
    pub(super) seen: Option<&'a Pause>,
}

/// Pauses the cell.
///
/// # Errors
/// The inventory or a key is wrong, or the journal cannot be written. A node that does not answer is no error.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    if args.reason.is_empty() {
        return Err(Error::usage("a pause needs a reason: others will find it").hint("--reason 'a disk is replaced'"));
    }
    let make = |now: Now<'_>| Pause::next(now.cell, args.lasts, args.reason.clone(), now.by, now.at, now.seen);
    keep(context, args.dry_run, make).await
}

/// Puts a record to all nodes that answer, and tells what came of it.
pub(super) async fn keep(
    context: &Context,
    is_dry_run: bool,
    make: impl FnOnce(Now<'_>) -> Pause,
) -> Result<Exit, Error> {
    if !context.global.nodes.is_empty() {
        return Err(Error::usage("a pause concerns the whole cell").hint("leave --node out"));
    }
    let source = context.source().await?;
    let mut view = context.view(false, false);
    let timeout = context.timeout(&source.inventory);
    let nodes = context.nodes(&source.inventory)?;
    let cell = Context::cell(source.inventory.clone(), nodes, Keep::Standing, view.as_mut()).await?;
    let by = operator();
    let name = cell.inventory().cell.clone();
    let picture = match cell.gather(timeout, view.as_mut()).await {
        Ok(picture) => picture,
        Err(error) => return unless_gone(error, Exit::Ok),
    };
    let (at, seen) = (clock::now(), picture.pause(&name));
    let before = seen.filter(|seen| seen.is_on(at)).cloned();
    let record = make(Now { cell: name.clone(), by: by.clone(), at, seen });
    let nodes = if is_dry_run {
        let would = |seen: &crate::core::observation::Observation| match &seen.answer {
            Ok(_) => Kept::Holds,
            Err(silence) => Kept::Silent(silence.clone()),
        };
        picture.observations.iter().map(|(node, seen)| (node.clone(), would(seen))).collect()
    } else {
        let journal = Journal::open(name, by).await?;
        cell.keep_pause(&record, &picture, &journal, timeout, view.as_mut()).await?
    };
    let nodes = cell.inventory().nodes.iter().filter_map(|node| nodes.get_key_value(&node.name));
    let nodes = nodes.map(|(node, kept)| (node.clone(), kept.clone())).collect();
    let pausing = Pausing { at, record, before, nodes, is_dry_run };
    let exit = exit(&pausing);
    match view.hear(&Event::Paused(&pausing)) {
        Ok(()) => Ok(exit),
        Err(error) => unless_gone(error, exit),
    }
}

fn exit(pausing: &Pausing) -> Exit {
    let those = |which: fn(&Kept) -> bool| pausing.nodes.iter().filter(|(_, kept)| which(kept)).count();
    let all = pausing.nodes.len();
    match (those(|kept| matches!(kept, Kept::Holds)), those(|kept| matches!(kept, Kept::Silent(_)))) {
        (holding, _) if holding == all => Exit::Ok,
        (0, silent) if silent == all => Exit::CutOff,
        (0, _) if those(|kept| matches!(kept, Kept::Unknown(_))) == 0 => Exit::Refused,
        _ => Exit::Degraded,
    }
}
