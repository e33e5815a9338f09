//! What the inventory's service commands do: start, stop, check.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::super::layout::{NodeDir, read_port};
use super::super::start::{START_TIMEOUT, own_program};
use super::super::{exec, lock, processes};
use super::Ledger;
use crate::error::{Error, Exit};

/// A running ledger answers a ping within this time.
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// A ledger that takes longer to end is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);
/// A killed process is gone within this time.
const KILL_TIMEOUT: Duration = Duration::from_secs(4);
/// Between two looks.
const RETRY: Duration = Duration::from_millis(5);

/// Starts the ledger of the node in this directory, unless it runs, and waits until it answers.
///
/// # Errors
/// It does not answer in time; its log says why.
pub fn start(dir: PathBuf) -> Result<(), Error> {
    start_with(&NodeDir::new(dir), &own_program()?)
}

pub(in super::super) fn start_with(node: &NodeDir, program: &Path) -> Result<(), Error> {
    if answers(node) {
        return Ok(());
    }
    let failed = |error: std::io::Error| cannot("start", node).because(error);
    let log = || OpenOptions::new().create(true).append(true).mode(0o600).open(node.ledger_log());
    let mut child = exec::program(program, node)
        .args(["lab-ledger", "serve", "--dir"])
        .arg(node.path())
        .stdin(Stdio::null())
        .stdout(log().map_err(failed)?)
        .stderr(log().map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    // One that runs but is slow to answer holds the lock, and the second one ends: it is the answer that counts.
    let is_over = |child: &mut Child| matches!(child.try_wait(), Ok(Some(_))) && holder(node).is_none();
    within(START_TIMEOUT, || answers(node) || is_over(&mut child));
    if answers(node) {
        return Ok(());
    }
    let ended = child.try_wait().ok().flatten().map(|status| format!("it ended at once: {status}"));
    // It fails if the ledger has ended. One that answers later would run where its start is known to have failed.
    let _ = child.kill();
    let _ = child.wait();
    let why = ended.unwrap_or_else(|| format!("no answer within {START_TIMEOUT:?}"));
    Err(cannot("start", node).because(why).hint(format!("see {}", node.ledger_log().display())))
}

/// Stops the ledger of the node in this directory, if it runs, and waits until it is gone.
///
/// # Errors
/// It is still there after it was killed.
pub fn stop(dir: PathBuf) -> Result<(), Error> {
    let node = NodeDir::new(dir);
    for (signal, timeout) in [(Signal::TERM, STOP_TIMEOUT), (Signal::KILL, KILL_TIMEOUT)] {
        if signalled(&node, signal).is_none() || within(timeout, || holder(&node).is_none()) {
            return Ok(());
        }
    }
    Err(cannot("stop", &node).because("it is still there after it was killed"))
}

/// Fails unless the ledger of the node in this directory answers.
///
/// # Errors
/// It does not.
pub fn check(dir: PathBuf) -> Result<(), Error> {
    let node = NodeDir::new(dir);
    if answers(&node) { Ok(()) } else { Err(Error::new(Exit::Down, format!("no ledger answers on {}", node.name()))) }
}

fn holder(node: &NodeDir) -> Option<Pid> {
    lock::holder(&node.ledger_lock())
}

fn signalled(node: &NodeDir, signal: Signal) -> Option<()> {
    processes::signal(node, holder(node)?, signal);
    Some(())
}

fn answers(node: &NodeDir) -> bool {
    // The port may be another program's while the ledger does not run. The node's own, so that no network is asked.
    holder(node).is_some()
        && read_port(&node.ledger_inner())
            .ok()
            .flatten()
            .and_then(|port| Ledger::connect(port, PING_TIMEOUT).ok()?.ping().ok())
            .is_some_and(|name| name == node.name())
}

fn within(timeout: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + timeout;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(RETRY);
    }
}

fn cannot(act: &str, node: &NodeDir) -> Error {
    Error::new(Exit::Refused, format!("cannot {act} the ledger of {}", node.name()))
}
