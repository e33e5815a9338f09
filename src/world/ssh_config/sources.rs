//! The files that ssh's configuration is read from, and whether they are still what they were.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::FILE_BYTES_MAX;
use crate::core::ssh_config::{Include, reads};
use crate::world::clock;

/// The configuration of the whole machine.
const SYSTEM_FILE: &str = "/etc/ssh/ssh_config";

/// How deep files may include one another; ssh itself stops at sixteen.
const DEPTH_MAX: usize = 16;

/// The most files of one directory that are looked at.
const DIRECTORY_FILES_MAX: usize = 500;

/// A file that changes twice within one tick of its file system's clock looks the same after both. Younger ones are
/// not relied on.
const TICK: SignedDuration = SignedDuration::from_millis(30);
/// The same where the file system counts whole seconds.
const COARSE_TICK: SignedDuration = SignedDuration::from_secs(2);

/// What an answer of ssh depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sources {
    /// Each file and directory as it was, those that were not there included.
    stamps: BTreeMap<PathBuf, String>,
    /// The environment variables that the files name.
    variables: BTreeMap<String, Option<String>>,
    /// Whether an answer may change although all of this stays the same, or somebody could not look.
    #[serde(skip)]
    is_volatile: bool,
}

impl Sources {
    /// Looks through everything that ssh would read.
    pub(super) fn look(program: &Path, config: Option<&Path>, home: Option<&Path>) -> Self {
        let mut sources = Self::default();
        let Some(home) = home else { return Self { is_volatile: true, ..sources } };
        sources.stamp(program);
        let user_dir = home.join(".ssh");
        let mut look = Look { home, sources: &mut sources };
        if let Some(config) = config {
            look.file(config, &user_dir, 0);
        } else {
            look.file(&user_dir.join("config"), &user_dir, 0);
            look.file(Path::new(SYSTEM_FILE), Path::new("/etc/ssh"), 0);
        }
        sources
    }

    /// Whether everything still is what it was.
    pub(super) fn hold(&self) -> bool {
        self.stamps.iter().all(|(path, stamp)| stamp_of(path).as_ref() == Some(stamp))
            && self.variables.iter().all(|(name, value)| std::env::var(name).ok() == *value)
    }

    /// Whether an answer from these files may be kept.
    pub(super) fn can_be_kept(&self, files: &[PathBuf]) -> bool {
        // What ssh says it has read is what must have been looked at.
        !self.is_volatile && files.iter().all(|file| self.stamps.contains_key(file))
    }

    fn stamp(&mut self, path: &Path) {
        match stamp_of(path) {
            // A path that is no text cannot be kept.
            Some(stamp) if path.to_str().is_some() => drop(self.stamps.insert(path.to_owned(), stamp)),
            _ => self.is_volatile = true,
        }
        self.is_volatile |= is_fresh(path);
    }
}

struct Look<'a> {
    home: &'a Path,
    sources: &'a mut Sources,
}

impl Look<'_> {
    /// Looks at a file and at what it includes; `dir` is where relative paths start.
    fn file(&mut self, path: &Path, dir: &Path, depth: usize) {
        if self.sources.stamps.contains_key(path) {
            return;
        }
        self.sources.stamp(path);
        let Ok(meta) = std::fs::metadata(path) else { return };
        if !meta.is_file() || meta.len() > FILE_BYTES_MAX as u64 || depth > DEPTH_MAX {
            self.sources.is_volatile = true;
            return;
        }
        let Ok(bytes) = std::fs::read(path) else {
            self.sources.is_volatile = true;
            return;
        };
        let reads = reads(&String::from_utf8_lossy(&bytes));
        self.sources.is_volatile |= reads.is_volatile;
        let value = |name: String| (name.clone(), std::env::var(&name).ok());
        self.sources.variables.extend(reads.variables.into_iter().map(value));
        for include in &reads.includes {
            match include {
                Include::File(text) => self.file(&self.place(text, dir), dir, depth + 1),
                Include::Directory(text) => self.directory(&self.place(text, dir), dir, depth + 1),
            }
        }
    }

    /// Looks at every file of a directory, whichever of them a pattern takes.
    fn directory(&mut self, path: &Path, dir: &Path, depth: usize) {
        self.sources.stamp(path);
        let Ok(entries) = std::fs::read_dir(path) else { return };
        let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).take(DIRECTORY_FILES_MAX).collect();
        self.sources.is_volatile |= files.len() == DIRECTORY_FILES_MAX;
        for file in files.iter().filter(|file| !file.is_dir()) {
            self.file(file, dir, depth);
        }
    }

    fn place(&self, text: &str, dir: &Path) -> PathBuf {
        text.strip_prefix("~/").map_or_else(|| dir.join(text), |below_home| self.home.join(below_home))
    }
}

/// What tells whether a file has changed; nothing where it cannot be looked at.
fn stamp_of(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(meta) => Some(format!(
            "{}:{} {} {} {}.{:09} {}.{:09}",
            meta.dev(),
            meta.ino(),
            meta.mode(),
            meta.size(),
            meta.mtime(),
            meta.mtime_nsec(),
            meta.ctime(),
            meta.ctime_nsec()
        )),
        Err(error) => (error.kind() == std::io::ErrorKind::NotFound).then(|| "absent".to_owned()),
    }
}

/// Whether a file has changed so lately that it could change once more under the same stamp.
fn is_fresh(path: &Path) -> bool {
    let Ok(meta) = std::fs::metadata(path) else { return false };
    let Ok(nanos) = i32::try_from(meta.ctime_nsec()) else { return true };
    let tick = if nanos == 0 { COARSE_TICK } else { TICK };
    Timestamp::new(meta.ctime(), nanos).map_or(true, |changed| clock::now().duration_since(changed) < tick)
}
