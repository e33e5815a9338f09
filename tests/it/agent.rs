//! A real `ssh-agent` with keys of its own.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{finish, until};

/// A running agent; it ends when this is dropped.
pub struct Agent {
    process: Child,
    socket: PathBuf,
}

impl Agent {
    /// Starts an agent with a socket in the directory, and gives it these private keys, in this order.
    pub fn start(dir: &Path, keys: &[&Path]) -> Self {
        let socket = dir.join("agent.sock");
        let process = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start ssh-agent");
        let agent = Self { process, socket };
        // Its socket is there before it listens.
        until("ssh-agent listens", Duration::from_secs(60), || UnixStream::connect(&agent.socket).ok());
        for key in keys {
            finish(Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &agent.socket)).assert_code(0);
        }
        agent
    }

    /// For `SSH_AUTH_SOCK`.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
