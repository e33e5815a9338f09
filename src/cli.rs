//! The command line as clap sees it. The verbs' arguments stand with their verbs, in [`crate::commands`].

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::context::Context;
use crate::commands::global::GlobalArgs;
use crate::commands::{self, interrupt};
use crate::error::{Error, Exit};

/// The operator's toolkit of a Montana 3-Mirror cell
///
/// Five nodes over SSH: one PRIMARY that executes the service, one BRAIN that observes and decides, three MIRRORs
/// with full state. m3m says what is true now. Nodes need sshd, sh and git, and nothing else.
#[derive(Debug, Parser)]
#[command(name = "m3m", version, max_term_width = 100, propagate_version = false)]
#[command(after_help = "No nodes at hand? m3m --lab status starts five on this machine and shows them.")]
pub struct Cli {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened: the fields carry the help")]
    pub global: GlobalArgs,
    #[command(subcommand)]
    #[expect(missing_docs, reason = "the variants carry the help")]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "each verb's arguments carry its help")]
pub enum Command {
    Status(commands::status::Args),
    Where(commands::whereis::Args),
    Check(commands::check::Args),
    Init(commands::init::Args),
    Promote(commands::promote::Args),
    InheritBrain(commands::inherit_brain::Args),
    Pause(commands::pause::Args),
    Resume(commands::resume::Args),
    History(commands::history::Args),
    Exec(commands::exec::Args),
    Ssh(commands::ssh::Args),
    #[cfg(feature = "lab")]
    Lab(commands::lab::Args),
    Completions(commands::completions::Args),
    #[cfg(feature = "lab")]
    #[command(hide = true)]
    LabNode(commands::lab::NodeArgs),
    #[cfg(feature = "lab")]
    #[command(hide = true)]
    LabWire(commands::lab::WireArgs),
    #[cfg(feature = "lab")]
    #[command(hide = true)]
    LabLedger(commands::lab::LedgerArgs),
    #[cfg(feature = "lab")]
    #[command(hide = true)]
    LabKeeper(commands::lab::KeeperArgs),
}

impl Cli {
    /// The command line of this process; what is wrong with it is told, and ends the process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::try_parse().unwrap_or_else(|error| commands::usage::with_tip(error).exit())
    }

    /// Carries out the command line.
    ///
    /// # Errors
    /// What the verb could not do; its exit status comes along.
    pub fn run(self) -> Result<Exit, Error> {
        let context = Context::new(self.global);
        match self.command {
            Command::Status(args) => interrupt::or(commands::status::run(&context, args)),
            Command::Where(args) => interrupt::or(commands::whereis::run(&context, args)),
            Command::Check(args) => interrupt::or(commands::check::run(&context, args)),
            Command::Init(args) => interrupt::or(commands::init::run(&context, args)),
            Command::Promote(args) => interrupt::or(commands::promote::run(&context, args)),
            Command::InheritBrain(args) => interrupt::or(commands::inherit_brain::run(&context, args)),
            Command::Pause(args) => interrupt::or(commands::pause::run(&context, args)),
            Command::Resume(args) => interrupt::or(commands::resume::run(&context, args)),
            Command::History(args) => interrupt::or(commands::history::run(&context, args)),
            Command::Exec(args) => interrupt::or(commands::exec::run(&context, args)),
            Command::Ssh(args) => interrupt::or(commands::ssh::run(&context, args)),
            Command::Completions(args) => commands::completions::run(args, &mut Self::command()),
            #[cfg(feature = "lab")]
            Command::Lab(args) => interrupt::or(commands::lab::run(args, &context)),
            #[cfg(feature = "lab")]
            Command::LabNode(args) => interrupt::or(commands::lab::run_node(args)),
            #[cfg(feature = "lab")]
            Command::LabWire(args) => interrupt::or(commands::lab::run_wire(args)),
            #[cfg(feature = "lab")]
            Command::LabLedger(args) => commands::lab::run_ledger(args),
            #[cfg(feature = "lab")]
            Command::LabKeeper(args) => commands::lab::run_keeper(args),
        }
    }
}
