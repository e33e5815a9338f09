//! What holds for every verb, before or after it.

use std::path::PathBuf;
use std::time::Duration;

use clap_complete::engine::ArgValueCompleter;

use super::complete;
use crate::core::duration;
use crate::core::name::NodeName;
use crate::view::{Color, Format};

/// What holds for every verb, before or after it.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub struct GlobalArgs {
    /// The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml
    #[arg(short, long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub inventory: Option<PathBuf>,

    /// Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command
    #[cfg(feature = "lab")]
    #[arg(long, global = true, value_name = "NAME", num_args = 0..=1, require_equals = true, conflicts_with = "inventory")]
    // Absent, given, and given with a name are three things.
    pub lab: Option<Option<NodeName>>,

    /// The form of the output
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORM")]
    pub output: Format,

    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,

    /// Say less: no progress, no notes; status and check print their verdict only
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Say more: each node's answer as it comes, on standard error
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,

    /// The time for one node's whole observation, or for exec's command, such as 2s [default: the inventory's health
    /// timeout, 60s for exec]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration::parse)]
    pub timeout: Option<Duration>,

    /// Only these nodes: repeat it, or separate names by commas
    #[arg(short = 'n', long = "node", global = true, value_name = "NODE", value_delimiter = ',', num_args = 1,
          add = ArgValueCompleter::new(complete::nodes))]
    pub nodes: Vec<NodeName>,
}
