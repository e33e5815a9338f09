//! Everything that a node runs, found and signalled as a whole, as a crash or a frozen machine would hit it.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::layout::NodeDir;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod table;
#[cfg(not(target_os = "linux"))]
#[path = "portable.rs"]
mod table;

// Compiled for the tests as well, so that it cannot rot where nobody builds for another system.
#[cfg(all(test, target_os = "linux"))]
#[expect(dead_code, reason = "the tests use a part of it")]
mod portable;

/// Every process of a node carries this variable: the node's directory. The network has one too, and so can be ended.
pub(super) const MARK: &str = "M3M_LAB_NODE";

/// After this time something is wrong with the machine: a process that cannot be killed or stopped.
const SIGNAL_TIMEOUT: Duration = Duration::from_secs(5);

/// What is done to all processes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Kill,
    Freeze,
    Thaw,
}

/// Does it to everything that these nodes run, again and again until a look at the processes finds nothing left to do.
/// The calling process is spared.
pub(super) fn act(nodes: &[NodeDir], act: Act) -> io::Result<()> {
    let deadline = Instant::now() + SIGNAL_TIMEOUT;
    loop {
        let left: Vec<_> = table::of(nodes)?.into_iter().filter(|process| act.is_due(process.stopped)).collect();
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            let pids: Vec<_> = left.iter().map(|process| process.pid.to_string()).collect();
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("processes did not take the signal: {}", pids.join(", ")),
            ));
        }
        for process in &left {
            table::send(process, act.signal());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Signals one process of the node: nobody if it has ended and its id is another program's by now.
pub(super) fn signal(node: &NodeDir, pid: Pid, signal: Signal) {
    if let Some(process) = table::one(node, pid) {
        table::send(&process, signal);
    }
}

/// Whether a process is stopped, as by [`Act::Freeze`].
pub(super) fn is_stopped(pid: Pid) -> bool {
    table::is_stopped(pid)
}

impl Act {
    fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Freeze => Signal::STOP,
            Self::Thaw => Signal::CONT,
        }
    }

    fn is_due(self, stopped: bool) -> bool {
        match self {
            Self::Kill => true,
            Self::Freeze => !stopped,
            Self::Thaw => stopped,
        }
    }
}
