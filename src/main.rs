//! `m3m`: parse, run, turn the outcome into an exit status.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::CommandFactory;
use m3m::cli::Cli;
use m3m::error::Exit;
use m3m::view;

fn main() -> ExitCode {
    // Before anything is printed or started: under completion the shell reads what this writes.
    clap_complete::CompleteEnv::with_factory(Cli::command).complete();
    // A panic is a bug; its report says where, and what to send. Where a hook stands already that one serves.
    let mut hooks = color_eyre::config::HookBuilder::default().display_env_section(false);
    if !std::io::stderr().is_terminal() {
        hooks = hooks.theme(color_eyre::config::Theme::new());
    }
    let _ = hooks.install();
    let outcome = std::panic::catch_unwind(|| Cli::of_this_process().run());
    let exit = match outcome.unwrap_or(Ok(Exit::Unexpected)) {
        Ok(exit) => exit,
        Err(error) if error.is_bug() => {
            let code = error.exit().code();
            view::write_err(&format!(
                "unexpected; if this machine is in order it is a bug in m3m: please report it with this context\n{:?}\n",
                color_eyre::Report::new(error)
            ));
            return ExitCode::from(code);
        }
        Err(error) => {
            view::write_err(&error.render());
            error.exit()
        }
    };
    ExitCode::from(exit.code())
}
