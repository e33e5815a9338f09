//! `m3m inherit-brain`.

use clap_complete::engine::ArgValueCompleter;

use super::act::ActArgs;
use super::context::Context;
use super::{change, complete};
use crate::core::duty::Duty;
use crate::core::name::NodeName;
use crate::core::plan::Wish;
use crate::error::{Error, Exit};

/// Make a node BRAIN: who observes and decides
///
/// Without NODE it is the next of the control chain. The new term is claimed first; where the inventory has a service of
/// BRAIN, it is then stopped wherever it may run, and started on the new one. The same command again finishes what was
/// cut off.
///
/// Asks for the node's name, unless --yes is given. Every step is in the journal before it is done.
///
/// Exit status: 0 NODE is BRAIN; 12 nothing could be reached; 20 refused, or lost to another claim: no service was
/// touched; 21 not finished, or gone back: how to go on is printed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The node that is to observe and decide
    #[arg(value_name = "NODE", add = ArgValueCompleter::new(complete::nodes))]
    pub to: Option<NodeName>,

    /// You have seen to it that this node is off: it stands for the evidence of its death
    #[arg(long, value_name = "NODE", value_delimiter = ',', num_args = 1, add = ArgValueCompleter::new(complete::nodes))]
    pub confirm_off: Vec<NodeName>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened: the fields carry the help")]
    pub act: ActArgs,
}

/// Moves BRAIN.
///
/// # Errors
/// The inventory or a key is wrong, nobody consents, the plan is refused, or the journal cannot be written.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    let wish = Wish {
        duty: Duty::Brain,
        to: args.to,
        reason: args.act.reason.clone(),
        allow_data_loss: false,
        confirmed_off: args.confirm_off.into_iter().collect(),
        goes_back: false,
    };
    change::run(context, &args.act, wish).await
}
