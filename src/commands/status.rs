//! `m3m status`.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::context::{Context, unless_gone};
use crate::core::diagnosis::diagnose;
use crate::core::duration;
use crate::core::event::Event;
use crate::core::status::Verdict;
use crate::error::{Error, Exit};
use crate::world::ssh::Keep;

/// Show what is true now
///
/// Asks every node at once and puts recorded and observed roles side by side, a verdict first. `!` marks a
/// contradiction, `?` what could not be seen; warnings with hints follow the table. The roles are those of the highest
/// term that is known to be won, else of an open one, else the inventory's. A pause that is on comes right below the verdict. A node that does not answer is
/// tried through others; one that answers that way is shown as `via NODE`. Takes as long as the slowest node, at most
/// --timeout. Changes nothing.
///
/// Exit status: 0 operational, 10 degraded, 11 the service is down, 12 nothing could be reached.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ask again and again, every 2s if not said otherwise, over connections that stand
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "2s",
          value_parser = duration::parse)]
    pub every: Option<Duration>,

    /// All columns: also host, location, branch, memory, time since boot
    #[arg(long)]
    pub wide: bool,
}

/// Shows the status, once or again and again.
///
/// # Errors
/// The inventory or a key is wrong, or the output cannot be written. A node that does not answer is no error.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    let source = context.source().await?;
    let mut view = context.view(args.wide, args.every.is_some());
    let timeout = context.timeout(&source.inventory);
    let nodes = context.nodes(&source.inventory)?;
    let keep = if args.every.is_some() { Keep::Standing } else { Keep::Once };
    let cell = Context::cell(source.inventory.clone(), nodes, keep, view.as_mut()).await?;
    let mut ticks = args.every.map(|every| {
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks
    });
    loop {
        let picture = match cell.gather(timeout, view.as_mut()).await {
            Ok(picture) => picture,
            Err(error) => return unless_gone(error, Exit::Ok),
        };
        let status = diagnose(cell.inventory(), &picture);
        if let Err(error) = view.hear(&Event::Status(&status)) {
            return unless_gone(error, exit(status.verdict));
        }
        match &mut ticks {
            Some(ticks) => ticks.tick().await,
            None => return Ok(exit(status.verdict)),
        };
    }
}

/// The verdict as an exit status.
pub(super) fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Operational => Exit::Ok,
        Verdict::Degraded => Exit::Degraded,
        Verdict::Down => Exit::Down,
        Verdict::CutOff => Exit::CutOff,
    }
}
