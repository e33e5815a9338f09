//! The lab of `--lab`: there while its owner lives, gone when the owner ends, however it ends.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::keeper::Keeper;
use super::layout::LabDir;
use super::{Lab, Wan, setup, start};
use crate::error::Error;

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
        let parent = std::env::temp_dir().canonicalize().map_err(no_directory)?;
        setup::usable(&parent, "TMPDIR")?;
        let dir = LabDir::new(parent.join(format!("m3m-lab-{:016x}", rand::random::<u64>())));
        // Before there is anything to keep: this process may be killed at any moment.
        let keeper = Keeper::start(dir.clone(), program, Stdio::null())?;
        DirBuilder::new().mode(0o700).create(dir.path()).map_err(no_directory)?;
        let (lab, nodes) = Lab::create("lab", dir, program, Wan::None)?;
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
