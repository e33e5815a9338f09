//! `m3m check`.

use super::context::{Context, unless_gone};
use crate::core::promises::promises;
use crate::error::{Error, Exit};
use crate::view::{self, Format, promises::Judgement};

/// Check whether the inventory is sound and its promises can hold
///
/// Reads the inventory, applies every rule of m3m-inventory(5) and computes what its timing makes of the promises: how
/// long until a silent node is known to be dead, until PRIMARY and BRAIN are replaced, until a write is everywhere.
/// Each bound is the worst case and is printed with its numbers.
///
/// Exit status: 0 every promise can hold; 3 one cannot, or the inventory is not sound.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Args {
    /// Judge by the inventory alone: no node is asked. It has to be said: checking live nodes is not there yet
    #[arg(long)]
    pub offline: bool,
}

/// Judges the inventory by its own numbers.
///
/// # Errors
/// Live nodes are to be asked, the inventory is not sound, or the output cannot be written.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    if !args.offline {
        return Err(Error::usage("check cannot ask live nodes yet")
            .hint("m3m check --offline judges the inventory alone; m3m status shows what is true now"));
    }
    if !context.global.nodes.is_empty() {
        return Err(Error::usage("check judges the cell as a whole").hint("leave --node out"));
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
