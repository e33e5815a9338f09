//! `m3m history`.

use super::context::{Context, unless_gone};
use crate::core::event::Event;
use crate::core::history::{Agreement, History, merge};
use crate::error::{Error, Exit};
use crate::world::clock;
use crate::world::ssh::Keep;

/// Show every term: who was PRIMARY and BRAIN, since when, by whom and why
///
/// Reads the chain of terms from every node that answers and shows it, the newest first. REIGN is how long a PRIMARY
/// reigned from its first term on, until the next one's. Claims that were not won are marked: `open`, which the next
/// claim closes, or `lost`. Nodes that have another history, or miss terms, are named below. Times are those of the
/// claimers' clocks. Changes nothing.
///
/// Exit status: 0 every node has this history; 10 a node does not, or does not answer; 11 every node refuses, 12 nothing
/// could be reached.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Args {
    /// The most terms, closed claims included
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
}

/// Shows the history.
///
/// # Errors
/// The inventory or a key is wrong, or the output cannot be written. A node that does not answer is no error.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    let source = context.source().await?;
    let mut view = context.view(false, false);
    let timeout = context.timeout(&source.inventory);
    let nodes = context.nodes(&source.inventory)?;
    let cell = Context::cell(source.inventory.clone(), nodes, Keep::Standing, view.as_mut()).await?;
    let chains = match cell.history(usize::from(args.limit), timeout, view.as_mut()).await {
        Ok(chains) => chains,
        Err(error) => return unless_gone(error, Exit::Ok),
    };
    let history = merge(cell.inventory(), &chains, clock::now());
    let exit = exit(&history);
    match view.hear(&Event::History(&history)) {
        Ok(()) => Ok(exit),
        Err(error) => unless_gone(error, exit),
    }
}

fn exit(history: &History) -> Exit {
    let silences = history.nodes.iter().filter_map(|node| match &node.agreement {
        Agreement::Silent(silence) => Some(silence),
        _ => None,
    });
    let (silent, refusing) =
        silences.fold((0, 0), |(silent, refusing), silence| (silent + 1, refusing + usize::from(silence.is_refusal())));
    match history.nodes.len() {
        _ if history.is_agreed() => Exit::Ok,
        all if refusing == all => Exit::Down,
        all if silent == all => Exit::CutOff,
        _ => Exit::Degraded,
    }
}
