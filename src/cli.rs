//! The command line as clap sees it.

use clap::{Parser, Subcommand};

#[cfg(feature = "lab")]
use crate::commands::lab;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "m3m", version)]
pub struct Cli {
    /// The lab that is meant
    #[arg(long, global = true, num_args = 0..=1, require_equals = true)]
    pub lab: Option<Option<String>>,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// `lab`
    #[cfg(feature = "lab")]
    Lab(lab::Args),
    /// A node of a lab.
    #[cfg(feature = "lab")]
    #[command(hide = true)]
    LabNode(lab::NodeArgs),
    /// The service of a lab.
    #[cfg(feature = "lab")]
    #[command(hide = true)]
    LabLedger(lab::LedgerArgs),
    /// The keeper of a lab.
    #[cfg(feature = "lab")]
    #[command(hide = true)]
    LabKeeper(lab::KeeperArgs),
}
