//! A connection through a local command, as `ProxyCommand` of `ssh_config` asks for.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::socket::Socket;

/// How long a command may take to end when it is asked to, and how often to look.
const LAST_WORDS: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The command; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct ProxyCommand(Arc<Mutex<Child>>);

/// Starts the command. What it complains of is not read: the end of its output is all that m3m sees.
pub(super) fn start(line: &str) -> io::Result<(Socket, ProxyCommand)> {
    let (near, far) = UnixStream::pair()?;
    let input: OwnedFd = far.try_clone()?.into();
    // As ssh does: `exec` leaves no shell between m3m and the command.
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("exec {line}"));
    let child = command.stdin(input).stdout(OwnedFd::from(far)).stderr(Stdio::null()).spawn()?;
    Ok((near.into(), ProxyCommand(Arc::new(Mutex::new(child)))))
}

impl ProxyCommand {
    /// Asks the command to end, without waiting for that: one that asks a person for something has a terminal to put
    /// in order.
    pub(super) fn end(&self) {
        let mut child = lock(&self.0);
        // Once it was waited for, its number may be another one's.
        if let Ok(None) = child.try_wait() {
            // It fails where the command has ended.
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
        }
    }
}

impl Drop for ProxyCommand {
    fn drop(&mut self) {
        self.end();
        let child = Arc::clone(&self.0);
        // Whoever drops this has a deadline to keep. Where no thread can be had the command is left to itself.
        let _ = std::thread::Builder::new().name("ssh proxy's end".to_owned()).spawn(move || bury(&child));
    }
}

/// Waits for the end of a command that was asked to end, and kills it if it does not.
fn bury(child: &Mutex<Child>) {
    let deadline = Instant::now() + LAST_WORDS;
    while Instant::now() < deadline {
        if !matches!(lock(child).try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    // Both fail where it has ended and was waited for.
    let _ = lock(child).kill();
    let _ = lock(child).wait();
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}
