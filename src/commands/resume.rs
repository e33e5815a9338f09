//! `m3m resume`.

use super::context::Context;
use super::{act, pause};
use crate::core::pause::Pause;
use crate::error::{Error, Exit};

/// End a pause: what acts by itself may act again
///
/// Every node that answers keeps the end of the pause. It counts more than the pause of a node that was away. Where no
/// pause is on nothing is lost by it, and nobody is asked.
///
/// Exit status: 0 every node knows, 10 some do not, 12 nothing could be reached, 20 nobody keeps it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Why: one line for the record
    #[arg(long, value_name = "TEXT", value_parser = act::reason, default_value = "", hide_default_value = true)]
    pub reason: String,

    /// Say who would be told, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Resumes the cell.
///
/// # Errors
/// The inventory or a key is wrong, or the journal cannot be written. A node that does not answer is no error.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    pause::keep(context, args.dry_run, |now| Pause::end(now.cell, args.reason, now.by, now.at, now.seen)).await
}
