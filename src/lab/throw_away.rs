//! The lab of `--lab`: there while its owner lives, gone when the owner ends, however it ends.
//!
//! A process of its own, the keeper, reads a pipe whose other end only the owner has. The kernel closes that end when
//! the owner ends, and the keeper ends the lab. It is no node, so no fault that hits nodes, a freeze included, keeps
//! it from that.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::layout::LabDir;
use super::{Lab, remove, start};
use crate::error::{Error, Exit};

/// The owner waits this long for the keeper, then ends the lab itself.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// A lab that ends when this is dropped, or when the process that has it ends.
#[derive(Debug)]
pub struct ThrowAway {
    lab: Lab,
    nodes: Vec<Child>,
    // Dropped after the body of `drop`: it is what ends the lab.
    keeper: Keeper,
}

impl ThrowAway {
    /// Makes and starts a lab in a temporary directory: within two seconds.
    ///
    /// # Errors
    /// The temporary directory cannot be written, or a node cannot start; nothing of the lab is left then.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(&start::own_program()?)
    }

    /// The same with the m3m at this path, for a caller that is another program.
    ///
    /// # Errors
    /// As for [`ThrowAway::start`].
    pub fn start_with(program: &Path) -> Result<Self, Error> {
        let no_directory = |error| {
            Error::inventory("cannot make a temporary directory for the lab")
                .because(error)
                .hint("set TMPDIR to a directory that you may write to")
        };
        // Readable by its owner only, as the library makes them.
        let dir = tempfile::Builder::new().prefix("m3m-lab-").tempdir().map_err(no_directory)?;
        let path = dir.path().canonicalize().map_err(no_directory)?;
        let keeper = Keeper::start(LabDir::new(path.clone()), program)?;
        // From here on the keeper removes it.
        let _ = dir.keep();
        let (lab, nodes) = Lab::create("lab", LabDir::new(path), program)?;
        Ok(Self { lab, nodes, keeper })
    }

    /// The lab, to break it.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// The inventory of its five nodes.
    #[must_use]
    pub fn inventory_path(&self) -> PathBuf {
        self.lab.inventory_path()
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        self.keeper.end();
        for node in &mut self.nodes {
            // They are dead; this only takes them off the process table.
            let _ = node.try_wait();
        }
    }
}

#[derive(Debug)]
struct Keeper {
    child: Child,
    lab: LabDir,
    ended: bool,
}

impl Keeper {
    fn start(lab: LabDir, program: &Path) -> Result<Self, Error> {
        let mut command = Command::new(program);
        // A group of its own: a Ctrl-C in the terminal is for the owner.
        command.arg("lab-keeper").arg("--dir").arg(lab.path()).current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let child =
            command.spawn().map_err(|error| Error::new(Exit::Refused, "cannot start the lab").because(error))?;
        Ok(Self { child, lab, ended: false })
    }

    fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        drop(self.child.stdin.take());
        let deadline = Instant::now() + END_TIMEOUT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        if self.lab.path().exists() {
            // The keeper is gone or stuck. If this fails as well, there is nothing left to try and nobody to tell.
            let _ = remove(&self.lab);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

/// The keeper, behind the hidden verb `lab-keeper`: waits for the end of its stdin and ends the lab in this directory.
///
/// # Errors
/// Something of the lab cannot be removed.
pub fn keep(dir: PathBuf) -> Result<Exit, Error> {
    // An error is an end as well: nobody holds the other side.
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    let lab = LabDir::new(dir);
    remove(&lab).map_err(|error| Error::inventory(format!("cannot remove {}", lab.path().display())).because(error))?;
    Ok(Exit::Ok)
}
