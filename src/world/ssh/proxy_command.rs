//! A connection through a local command, as `ProxyCommand` of `ssh_config` asks for.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use super::socket::Socket;

/// The command; it is killed when this is dropped.
#[derive(Debug)]
pub(super) struct ProxyCommand(Child);

/// Starts the command. What it complains of is not read: the end of its output is all that m3m sees.
pub(super) fn start(line: &str) -> io::Result<(Socket, ProxyCommand)> {
    let (near, far) = UnixStream::pair()?;
    let input: OwnedFd = far.try_clone()?.into();
    // As ssh does: `exec` leaves no shell between m3m and the command.
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("exec {line}"));
    let child = command.stdin(input).stdout(OwnedFd::from(far)).stderr(Stdio::null()).spawn()?;
    Ok((near.into(), ProxyCommand(child)))
}

impl Drop for ProxyCommand {
    fn drop(&mut self) {
        // Both fail where it has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
