//! The processes of a node where there is no `/proc`: the process groups of the node and of its service. A command
//! that made a group of its own escapes.

use std::io;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process_group};

use super::super::layout::NodeDir;
use super::super::lock;

/// The leader of a process group.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) stopped: bool,
}

/// The leaders of the groups of these nodes and their services.
#[expect(clippy::unnecessary_wraps, reason = "the same form as where there is a /proc to read")]
pub(super) fn of(nodes: &[NodeDir]) -> io::Result<Vec<Process>> {
    let locks = nodes.iter().flat_map(|node| [node.lock(), node.ledger_lock()]);
    let pids = locks.filter_map(|path| lock::holder(&path));
    Ok(pids.map(|pid| Process { pid: pid.as_raw_nonzero().get(), stopped: is_stopped(pid) }).collect())
}

/// The process of that id; whose it is cannot be seen here.
#[expect(clippy::unnecessary_wraps, reason = "the same form as where there is a /proc to read")]
pub(super) fn one(_: &NodeDir, pid: Pid) -> Option<Process> {
    Some(Process { pid: pid.as_raw_nonzero().get(), stopped: false })
}

/// Signals the whole group.
pub(super) fn send(process: &Process, signal: Signal) {
    if let Some(pid) = Pid::from_raw(process.pid) {
        // It fails if the group is gone: the next look will tell.
        let _ = kill_process_group(pid, signal);
    }
}

/// Whether the process is stopped by a signal.
pub(super) fn is_stopped(pid: Pid) -> bool {
    let output = Command::new("ps").args(["-o", "state=", "-p", &pid.as_raw_nonzero().to_string()]).output();
    output.is_ok_and(|output| output.stdout.trim_ascii_start().starts_with(b"T"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;

    use super::*;

    #[test]
    fn a_group_is_stopped_and_killed_as_a_whole() {
        if Command::new("ps").output().is_err() {
            // The system's own `ps` is all there is to ask.
            return;
        }
        let mut child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let process = Process { pid: i32::try_from(child.id()).unwrap(), stopped: false };
        let pid = Pid::from_child(&child);
        assert!(!is_stopped(pid));
        send(&process, Signal::STOP);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !is_stopped(pid) {
            assert!(std::time::Instant::now() < deadline, "not stopped");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        send(&process, Signal::KILL);
        assert!(!child.wait().unwrap().success());
        assert!(of(&[NodeDir::new("/nowhere".into())]).unwrap().is_empty());
    }
}
