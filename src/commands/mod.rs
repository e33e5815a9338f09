//! One file a verb: arguments, whose doc comments are the help text, and `run`. The only place where all meet.

pub mod check;
pub mod complete;
pub mod completions;
mod consent;
mod context;
mod interrupt;
#[cfg(feature = "lab")]
pub mod lab;
pub mod status;
pub mod whereis;

use crate::cli::{Cli, Command};
use crate::error::{Error, Exit};
use context::Context;

/// Carries out the command line.
///
/// # Errors
/// What the verb could not do; its exit status comes along.
pub fn run(cli: Cli) -> Result<Exit, Error> {
    let context = Context::new(cli.global);
    match cli.command {
        Command::Status(args) => interrupt::or(status::run(&context, args)),
        Command::Where(args) => interrupt::or(whereis::run(&context, args)),
        Command::Check(args) => check::run(&context, args),
        #[cfg(feature = "lab")]
        Command::Lab(args) => lab::run(args, context.lab_name(), context.global.output, &mut std::io::stdout()),
        Command::Completions(args) => completions::run(args),
        #[cfg(feature = "lab")]
        Command::LabNode(args) => interrupt::or(lab::run_node(args)),
        #[cfg(feature = "lab")]
        Command::LabLedger(args) => lab::run_ledger(args),
        #[cfg(feature = "lab")]
        Command::LabKeeper(args) => lab::run_keeper(args),
    }
}
