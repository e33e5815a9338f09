//! A connection through a local command, as `ProxyCommand` of `ssh_config` asks for.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::socket::Socket;

/// The command; it is killed when this is dropped.
#[derive(Debug)]
pub(super) struct ProxyCommand(Mutex<Child>);

/// Starts the command. What it complains of is not read: the end of its output is all that m3m sees.
pub(super) fn start(line: &str) -> io::Result<(Socket, ProxyCommand)> {
    let (near, far) = UnixStream::pair()?;
    let input: OwnedFd = far.try_clone()?.into();
    // As ssh does: `exec` leaves no shell between m3m and the command.
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("exec {line}"));
    let child = command.stdin(input).stdout(OwnedFd::from(far)).stderr(Stdio::null()).spawn()?;
    Ok((near.into(), ProxyCommand(Mutex::new(child))))
}

impl ProxyCommand {
    /// Kills the command, without waiting for its end.
    pub(super) fn kill(&self) {
        // It fails where the command has ended.
        let _ = self.child().kill();
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ProxyCommand {
    fn drop(&mut self) {
        self.kill();
        // It fails where it was waited for.
        let _ = self.child().wait();
    }
}
