//! The verbs that a lab is made of: m3m calls them itself, and nobody sees them in the help.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::error::{Error, Exit};
use crate::lab::{self, ledger};

/// Be one SSH node of a lab; started by m3m itself
#[derive(Debug, clap::Args)]
pub struct NodeArgs {
    /// The node's directory
    #[arg(long)]
    dir: PathBuf,
}

/// Runs the hidden verb `lab-node`.
///
/// # Errors
/// The node cannot start.
pub async fn run_node(args: NodeArgs) -> Result<Exit, Error> {
    lab::node::run(args.dir).await
}

/// Be the network of a lab; started by m3m itself
#[derive(Debug, clap::Args)]
pub struct WireArgs {
    /// The lab's directory
    #[arg(long)]
    dir: PathBuf,
}

/// Runs the hidden verb `lab-wire`.
///
/// # Errors
/// The network cannot start.
pub async fn run_wire(args: WireArgs) -> Result<Exit, Error> {
    lab::wire::run(args.dir).await
}

/// End a throw-away lab when its owner has ended; started by m3m itself
#[derive(Debug, clap::Args)]
pub struct KeeperArgs {
    /// The lab's directory
    #[arg(long)]
    dir: PathBuf,
}

/// Runs the hidden verb `lab-keeper`.
///
/// # Errors
/// Something of the lab cannot be removed.
pub fn run_keeper(args: KeeperArgs) -> Result<Exit, Error> {
    lab::keep(args.dir)
}

/// Be, or drive, the service of a lab's node; called by the node's command `ledger`
#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    act: LedgerAct,
    /// The node's directory
    #[arg(long)]
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LedgerAct {
    Start,
    Stop,
    Check,
    Serve,
}

/// Runs the hidden verb `lab-ledger`.
///
/// # Errors
/// The ledger cannot be started or stopped, or does not answer.
pub fn run_ledger(args: LedgerArgs) -> Result<Exit, Error> {
    match args.act {
        LedgerAct::Start => ledger::start(args.dir),
        LedgerAct::Stop => ledger::stop(args.dir),
        LedgerAct::Check => ledger::check(args.dir),
        LedgerAct::Serve => ledger::serve(args.dir),
    }?;
    Ok(Exit::Ok)
}
