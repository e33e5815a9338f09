//! `m3m promote`.

use clap_complete::engine::ArgValueCompleter;

use super::act::ActArgs;
use super::context::Context;
use super::{change, complete};
use crate::core::duty::Duty;
use crate::core::name::NodeName;
use crate::core::plan::Wish;
use crate::error::{Error, Exit};

/// Make a node PRIMARY: a switchover where the present one lives, a failover where it is dead
///
/// Without NODE it is the next of the execution chain. The new term is claimed first: whoever loses a race has touched
/// nothing. Then the old PRIMARY is stopped and seen stopped, the new one takes in all that was written, the service
/// starts there, and `announce` is told. A switchover loses nothing, and goes back where it cannot be finished.
///
/// The old PRIMARY counts as dead when as many checks in a row as the inventory's `misses` have failed and another node
/// has tried to reach it in vain. With the present PRIMARY as NODE its service is started where it does not run, and what
/// a run that was cut off has left is finished.
///
/// Asks for the node's name, unless --yes is given. Every step is in the journal before it is done.
///
/// Exit status: 0 NODE is PRIMARY and executes; 12 nothing could be reached; 20 refused, or lost to another claim: no
/// service was touched; 21 not finished, or gone back: how to go on is printed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The node that is to execute the service
    #[arg(value_name = "NODE", add = ArgValueCompleter::new(complete::nodes))]
    pub to: Option<NodeName>,

    /// Go on without writes that no reachable node holds, or that a service had not written when it was killed
    #[arg(long)]
    pub allow_data_loss: bool,

    /// You have seen to it that this node is off: it stands for the evidence of its death, for a stop that its check
    /// cannot show, and for the proof that `fence: required` asks for
    #[arg(long, value_name = "NODE", value_delimiter = ',', num_args = 1, add = ArgValueCompleter::new(complete::nodes))]
    pub confirm_off: Vec<NodeName>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened: the fields carry the help")]
    pub act: ActArgs,
}

/// Moves PRIMARY.
///
/// # Errors
/// The inventory or a key is wrong, nobody consents, the plan is refused, or the journal cannot be written.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    let wish = Wish {
        duty: Duty::Primary,
        to: args.to,
        reason: args.act.reason.clone(),
        allow_data_loss: args.allow_data_loss,
        confirmed_off: args.confirm_off.into_iter().collect(),
        goes_back: false,
    };
    change::run(context, &args.act, wish).await
}
