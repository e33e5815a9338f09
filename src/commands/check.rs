//! `m3m check`.

use super::context::{Context, unless_gone};
use crate::core::event::Event;
use crate::core::promises::promises;
use crate::core::readiness::Verdict;
use crate::error::{Error, Exit};
use crate::view::{self, Format, promises::Judgement};
use crate::world::ssh::Keep;

/// Check whether the nodes are ready and the promises can hold
///
/// Asks every node what it lacks, from the lookup of its name to the service's commands, the repository, write access
/// and the clock; then each node to reach the others through its sshd. A terminal shows a matrix: a tick is well, `!`
/// worth a look, a cross missing, `?` not known; every cross comes with a hint. A pipe gets a line for each, with what
/// was measured; -v adds those lines to the matrix. The promises are judged as well, by the inventory's own numbers.
///
/// Nothing is started or stopped; what is written to see whether it can be is taken away at once. Takes as long as the
/// slowest node, at most --timeout, and as long again for the relays. In a cell of more than seven nodes each one relays
/// for three others. With --node, only what these nodes take part in is checked.
///
/// Exit status: 0 ready, 10 a node is not ready, 3 a promise cannot hold by its own numbers or the inventory is not
/// sound, 12 nothing could be reached.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Args {
    /// Judge by the inventory alone: no node is asked, and every promise is shown with its numbers
    #[arg(long)]
    pub offline: bool,
}

/// Checks the nodes and the inventory, or the inventory alone.
///
/// # Errors
/// The inventory or a key is wrong, or the output cannot be written. A node that does not answer is no error.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    if args.offline { offline(context).await } else { online(context).await }
}

async fn online(context: &Context) -> Result<Exit, Error> {
    let source = context.source().await?;
    let mut view = context.view(false, false);
    let timeout = context.timeout(&source.inventory);
    let nodes = context.nodes(&source.inventory)?;
    let cell = Context::cell(source.inventory.clone(), nodes, Keep::Once, view.as_mut()).await?;
    let readiness = match cell.readiness(timeout, view.as_mut()).await {
        Ok(readiness) => readiness,
        Err(error) => return unless_gone(error, Exit::Ok),
    };
    let exit = match readiness.verdict().0 {
        Verdict::Ready => Exit::Ok,
        Verdict::NotReady => Exit::Degraded,
        Verdict::CannotHold => Exit::Inventory,
        Verdict::CutOff => Exit::CutOff,
    };
    match view.hear(&Event::Readiness(&readiness)) {
        Ok(()) => Ok(exit),
        Err(error) => unless_gone(error, exit),
    }
}

async fn offline(context: &Context) -> Result<Exit, Error> {
    if !context.global.nodes.is_empty() {
        return Err(Error::usage("check --offline judges the inventory as a whole").hint("leave --node out"));
    }
    let source = context.source().await?;
    let judged = promises(&source.inventory);
    let judgement = Judgement { cell: &source.inventory.cell, promises: &judged };
    let text = match context.global.output {
        Format::Table => judgement.words(context.global.quiet),
        format => view::document(format, &judgement.record()).map_err(Error::output)?,
    };
    let exit = if judged.hold() { Exit::Ok } else { Exit::Inventory };
    match view::write_out(&text) {
        Ok(()) => Ok(exit),
        Err(error) => unless_gone(error, exit),
    }
}
