//! One file a verb: arguments, whose doc comments are the help text, and `run`. The only place where all meet.

pub mod complete;
pub mod completions;
mod consent;
mod context;
mod interrupt;
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
        Command::Completions(args) => completions::run(args),
    }
}
