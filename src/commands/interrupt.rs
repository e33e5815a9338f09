//! Ctrl-C and SIGTERM: the work is dropped where it waits, what it holds is cleaned up, and the exit status says so.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Error, Exit};

/// Runs a verb to its end or to the first Ctrl-C or SIGTERM.
///
/// # Errors
/// Those of the verb.
pub(super) fn or(work: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let unusable = |error: std::io::Error| Error::unexpected("cannot start the runtime").because(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unusable)?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(unusable)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(unusable)?;
        tokio::select! {
            biased;
            _ = interrupt.recv() => Ok(Exit::Interrupted),
            _ = terminate.recv() => Ok(Exit::Interrupted),
            done = work => done,
        }
    })
}
