//! Ctrl-C and SIGTERM: the work is dropped where it waits, what it holds is cleaned up, and the exit status says so.

use std::future::Future;
use std::io;
use std::sync::{OnceLock, mpsc};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::error::{Error, Exit};

/// Whether a signal came. Also a person's answer is waited for in the work, where nothing else is looked at.
static CAME: OnceLock<watch::Receiver<bool>> = OnceLock::new();

/// Runs a verb to its end or to the first Ctrl-C or SIGTERM.
///
/// # Errors
/// Those of the verb.
pub(super) fn or(work: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let unusable = |error| Error::unexpected("cannot start the runtime").because(error);
    let runtime = runtime().map_err(unusable)?;
    let mut came = listen().map_err(unusable)?;
    let _ = CAME.set(came.clone());
    runtime.block_on(async {
        tokio::select! {
            biased;
            _ = came.wait_for(|came| *came) => Ok(Exit::Interrupted),
            done = work => done,
        }
    })
}

/// Runs something that waits for a person, in a thread of its own. Nothing comes of it where a Ctrl-C or SIGTERM comes
/// or came first; the thread is left behind then, and ends with the process. To be called in the work of [`or`].
pub(super) fn unless<T: Send + 'static>(asking: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let mut came = CAME.get()?.clone();
    let runtime = Handle::current();
    let (answer, first) = mpsc::channel();
    let interrupted = answer.clone();
    // Who comes second finds nobody listening.
    std::thread::spawn(move || {
        let _ = runtime.block_on(came.wait_for(|came| *came));
        let _ = interrupted.send(None);
    });
    std::thread::spawn(move || answer.send(Some(asking())));
    first.recv().ok().flatten()
}

/// From here on the signals are heard, and no longer end the process by themselves.
fn listen() -> io::Result<watch::Receiver<bool>> {
    let runtime = runtime()?;
    let within = runtime.enter();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    drop(within);
    let (come, came) = watch::channel(false);
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        let _ = come.send(true);
        // The sender stays: an end of it would look like a signal.
        std::thread::park();
    });
    Ok(came)
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
