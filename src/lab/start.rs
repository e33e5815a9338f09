//! Starts the processes of a lab and waits until they can be reached.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::exec;
use super::layout::{LabDir, NodeDir};
use crate::error::{Error, Exit};

/// What does not answer within this time has failed. Generous: a busy machine is no failure.
pub(super) const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The whole line of a process that can be reached.
const READY: &str = "ready";
/// The first word of the line of one that cannot start; the rendered error follows, its lines parted by tabs.
const FAILED: &str = "failed";

/// A process that was started.
#[derive(Debug)]
pub(super) struct Started {
    what: String,
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
pub(super) fn node(node: &NodeDir, program: &Path) -> Result<Started, Error> {
    let mut command = exec::program(program, node);
    command.arg("lab-node").arg("--dir").arg(node.path());
    spawn(command, format!("node {}", node.name()), node.log())
}

/// Starts the process that is the network. The caller is not waited for and may end.
pub(super) fn wire(lab: &LabDir, program: &Path) -> Result<Started, Error> {
    let mut command = exec::program(program, &lab.wire());
    command.current_dir(lab.path()).arg("lab-wire").arg("--dir").arg(lab.path());
    spawn(command, "network".to_owned(), lab.wire().log())
}

fn spawn(mut command: Command, what: String, log: PathBuf) -> Result<Started, Error> {
    let failed = |error| cannot_start(&what).because(error);
    let output = OpenOptions::new().create(true).append(true).mode(0o600).open(&log).map_err(failed)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(output);
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
    Ok(Started { what, log, child, line })
}

impl Started {
    /// Waits until the process does its work. It goes on running; one that does not get there in time is killed.
    pub(super) fn ready(mut self) -> Result<Child, Error> {
        match self.hear() {
            Ok(()) => Ok(self.child),
            Err(error) => {
                // It fails if the process has ended.
                let _ = self.child.kill();
                let _ = self.child.wait();
                Err(error)
            }
        }
    }

    fn hear(&self) -> Result<(), Error> {
        let line = self.line.recv_timeout(START_TIMEOUT);
        let line = line.map_err(|_| cannot_start(&self.what).because(format!("not ready within {START_TIMEOUT:?}")))?;
        let (word, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        match word {
            READY => Ok(()),
            FAILED => Err(refused(&self.what, rest)),
            _ => Err(cannot_start(&self.what).because("it ended at once").hint(format!("see {}", self.log.display()))),
        }
    }
}

/// Tells whoever started this process, in a line on stdout, that it can be reached or why not.
pub(super) fn tell(outcome: Result<(), &Error>) {
    let line = match outcome {
        Ok(()) => READY.to_owned(),
        Err(error) => format!("{FAILED} {}", error.render().trim_end().replace('\n', "\t")),
    };
    // Nobody may be there to read it: the log has the error as well.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The error of a process that told why it cannot start.
fn refused(what: &str, rendered: &str) -> Error {
    let (hints, causes): (Vec<_>, Vec<_>) = rendered.split('\t').partition(|line| line.starts_with("hint: "));
    let causes: Vec<_> = causes.iter().map(|line| line.split_once(": ").map_or(*line, |(_, text)| text)).collect();
    let error = cannot_start(what).because(causes.join(": "));
    hints.iter().fold(error, |error, hint| error.hint(hint.trim_start_matches("hint: ")))
}

fn cannot_start(what: &str) -> Error {
    Error::new(Exit::Refused, format!("cannot start the lab's {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_process_reaches_its_starter_whole() {
        let told = Error::unexpected("no port").because("it is taken").hint("free it").render();
        let error = refused("node almaty", &told.trim_end().replace('\n', "\t"));
        assert_eq!(
            error.render(),
            "error: cannot start the lab's node almaty\n  because: no port: it is taken\nhint: free it\n"
        );
    }
}
