//! m3m

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use m3m::cli::{Cli, Verb};
use m3m::commands::lab;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.verb {
        Verb::Lab(args) => lab::run(args, cli.lab.flatten().as_deref(), &mut std::io::stdout()),
        Verb::LabNode(args) => lab::run_node(args).await,
        Verb::LabLedger(args) => lab::run_ledger(args),
        Verb::LabKeeper(args) => lab::run_keeper(args),
    };
    let exit = result.unwrap_or_else(|error| {
        let _ = std::io::stderr().write_all(error.render().as_bytes());
        error.exit()
    });
    ExitCode::from(exit.code())
}
