//! The keeper of a lab: a process of its own that ends the lab when the lab's owner ends, however that ends.
//!
//! It reads a pipe whose other end only the owner has, and the kernel closes that end. A lab that is to stay has a
//! keeper only while it is made: once it is complete the owner tells the keeper to leave it alone. The keeper is no
//! node, so no fault that hits nodes, a freeze included, keeps it from its work.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::layout::LabDir;
use super::remove;
use crate::error::{Error, Exit};

/// The owner waits this long for the keeper, then ends the lab itself.
const END_TIMEOUT: Duration = Duration::from_secs(1);
/// What the owner writes to the keeper of a lab that is to stay.
const STAY: &[u8] = b"s";

/// Ends the lab when this is dropped, or when the process that has it ends.
#[derive(Debug)]
pub(super) struct Keeper {
    child: Child,
    lab: LabDir,
    ended: bool,
}

impl Keeper {
    /// Starts the keeper of a lab that is still to be made. What it `holds` open it does not use.
    pub(super) fn start(lab: LabDir, program: &Path, holds: Stdio) -> Result<Self, Error> {
        let mut command = Command::new(program);
        // A group of its own from its first moment on, which no new session could give: a Ctrl-C in the terminal is
        // for the owner.
        command.arg("lab-keeper").arg("--dir").arg(lab.path()).current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(holds);
        let child =
            command.spawn().map_err(|error| Error::new(Exit::Refused, "cannot start the lab").because(error))?;
        Ok(Self { child, lab, ended: false })
    }

    /// Lets the lab stay.
    pub(super) fn release(mut self) {
        self.ended = true;
        if let Some(mut owner) = self.child.stdin.take() {
            // It fails where the keeper was killed: then nothing ends the lab either.
            let _ = owner.write_all(STAY);
        }
        self.wait();
    }

    /// Ends the lab.
    pub(super) fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        drop(self.child.stdin.take());
        self.wait();
        if self.lab.path().exists() {
            // The keeper is gone or was stuck. If this fails as well, there is nothing left to try and nobody to tell.
            let _ = remove(&self.lab);
        }
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + END_TIMEOUT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        // It fails where the keeper has ended. One that is late must not find the next lab of this name.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

/// The keeper, behind the hidden verb `lab-keeper`: waits for the end of its stdin and ends the lab in this directory,
/// unless it was told to let it stay.
///
/// # Errors
/// Something of the lab cannot be removed.
pub fn keep(dir: PathBuf) -> Result<Exit, Error> {
    let mut told = Vec::new();
    // An error is an end as well: nobody holds the other side.
    let _ = io::stdin().lock().read_to_end(&mut told);
    if told == STAY {
        return Ok(Exit::Ok);
    }
    let lab = LabDir::new(dir);
    remove(&lab).map_err(|error| Error::inventory(format!("cannot remove {}", lab.path().display())).because(error))?;
    Ok(Exit::Ok)
}
