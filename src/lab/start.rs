//! Starts node processes and waits until they listen.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::exec;
use super::layout::NodeDir;
use super::node::{FAILED, READY};
use crate::error::{Error, Exit};

/// What does not answer within this time has failed. Generous: a busy machine is no failure.
pub(super) const START_TIMEOUT: Duration = Duration::from_secs(10);

/// A node process that was started.
#[derive(Debug)]
pub(super) struct Started {
    name: String,
    log: PathBuf,
    child: Child,
    line: Receiver<String>,
}

/// Leaves the session of whoever started this process: what a node runs must not reach that one's terminal.
pub(super) fn leave_session() {
    // It fails for the leader of a process group: one that was started by hand, in a terminal it is to have.
    let _ = rustix::process::setsid();
}

/// This very binary, which every process of a lab runs.
pub(super) fn own_program() -> Result<PathBuf, Error> {
    let path = std::env::current_exe()
        .map_err(|error| Error::unexpected("m3m does not find its own binary").because(error))?;
    if path.exists() {
        return Ok(path);
    }
    Err(Error::new(Exit::Refused, format!("m3m's own binary {} is gone", path.display()))
        .hint("it was replaced while it ran: run the command again"))
}

/// Starts a node process. The caller is not waited for and may end.
pub(super) fn start(node: &NodeDir, program: &Path) -> Result<Started, Error> {
    let failed = |error| cannot_start(node.name()).because(error);
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(node.log()).map_err(failed)?;
    let mut command = exec::program(program, node);
    command.arg("lab-node").arg("--dir").arg(node.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = command.spawn().map_err(failed)?;

    let (sender, line) = channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = String::new();
            // An error is an end without a line. Nobody listens after the timeout.
            let _ = BufReader::new(stdout).read_line(&mut text);
            let _ = sender.send(text);
        });
    }
    Ok(Started { name: node.name().to_owned(), log: node.log(), child, line })
}

impl Started {
    /// Waits until the node listens. It goes on running; one that does not listen in time is killed.
    pub(super) fn ready(mut self) -> Result<(Child, u16), Error> {
        match self.port() {
            Ok(port) => Ok((self.child, port)),
            Err(error) => {
                // It fails if the node has ended.
                let _ = self.child.kill();
                let _ = self.child.wait();
                Err(error)
            }
        }
    }

    fn port(&self) -> Result<u16, Error> {
        let line = self.line.recv_timeout(START_TIMEOUT);
        let line = line.map_err(|_| cannot_start(&self.name).because(format!("not ready within {START_TIMEOUT:?}")))?;
        let (word, rest) = line.trim_end().split_once(' ').unwrap_or_default();
        match (word, rest.parse()) {
            (READY, Ok(port)) => Ok(port),
            (FAILED, _) => Err(refused(&self.name, rest)),
            _ => Err(cannot_start(&self.name).because("it ended at once").hint(format!("see {}", self.log.display()))),
        }
    }
}

/// The error of a node that told why it cannot start.
fn refused(name: &str, rendered: &str) -> Error {
    let (hints, causes): (Vec<_>, Vec<_>) = rendered.split('\t').partition(|line| line.starts_with("hint: "));
    let causes: Vec<_> = causes.iter().map(|line| line.split_once(": ").map_or(*line, |(_, text)| text)).collect();
    let error = cannot_start(name).because(causes.join(": "));
    hints.iter().fold(error, |error, hint| error.hint(hint.trim_start_matches("hint: ")))
}

fn cannot_start(name: &str) -> Error {
    Error::new(Exit::Refused, format!("cannot start the lab's node {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_node_reaches_its_starter_whole() {
        let told = Error::unexpected("no port").because("it is taken").hint("free it").render();
        let error = refused("almaty", &told.trim_end().replace('\n', "\t"));
        assert_eq!(
            error.render(),
            "error: cannot start the lab's node almaty\n  because: no port: it is taken\nhint: free it\n"
        );
    }
}
