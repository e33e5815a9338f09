//! `m3m completions`.

use clap_complete::Shell;

use super::context::unless_gone;
use crate::error::{Error, Exit};
use crate::view;

/// Print a completion script for a shell
///
/// The script knows verbs and options. For completion that also knows the nodes of your inventory, let the shell ask
/// m3m itself, with one line in its start-up file: `source <(COMPLETE=bash m3m)` in ~/.bashrc,
/// `source <(COMPLETE=zsh m3m)` in ~/.zshrc, `COMPLETE=fish m3m | source` in ~/.config/fish/config.fish.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the script for this command line.
///
/// # Errors
/// The output cannot be written.
pub fn run(args: Args, command: &mut clap::Command) -> Result<Exit, Error> {
    match view::write_out(&script(args.shell, command)) {
        Ok(()) => Ok(Exit::Ok),
        Err(error) => unless_gone(error, Exit::Ok),
    }
}

/// The completion script for a shell.
#[must_use]
pub fn script(shell: Shell, command: &mut clap::Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "m3m", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
