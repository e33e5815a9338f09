//! Ctrl-C and SIGTERM: the work is dropped where it waits, what it holds is cleaned up, and the exit status says so.

use std::future::Future;
use std::io;

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Error, Exit};
use crate::view;

/// Runs a verb to its end or to the first Ctrl-C or SIGTERM.
///
/// # Errors
/// Those of the verb.
pub fn or(work: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let unusable = |error: io::Error| Error::unexpected("cannot start the runtime").because(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unusable)?;
    // A prompt that is interrupted leaves the terminal without echo.
    let terminal = tcgetattr(io::stdin()).ok();
    let done = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(unusable)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(unusable)?;
        tokio::select! {
            biased;
            _ = interrupt.recv() => Ok(Exit::Interrupted),
            _ = terminate.recv() => Ok(Exit::Interrupted),
            done = work => done,
        }
    });
    if let (Ok(Exit::Interrupted), Some(before), Ok(now)) = (&done, &terminal, &tcgetattr(io::stdin()))
        && now.local_modes != before.local_modes
    {
        // The prompt's line is still open. Putting the terminal back fails only where it is gone.
        view::write_err("\n");
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
    }
    // A prompt that still waits for its answer is not waited for.
    runtime.shutdown_background();
    done
}
