//! Answers of `ssh -G` from before, kept below the user's cache directory.
//!
//! One file holds the answers that come from the same files, with the stamps of those. A cache that cannot be read,
//! written or trusted is none; it is never an error.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use super::Question;
use super::sources::Sources;
use crate::world::{dirs, trusted};

/// The largest cache file that is read, in bytes: some hundred times what a cell of a hundred nodes leaves.
const FILE_BYTES_MAX: usize = 8 << 20;

/// How many answers one file keeps; when there are more, it begins anew.
const ANSWERS_MAX: usize = 2000;

/// The answers for one set of files.
#[derive(Debug)]
pub(super) struct Cache {
    /// Where it is kept; nothing where there is no such place.
    file: Option<PathBuf>,
    kept: Kept,
    is_changed: bool,
}

/// The file's shape.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// For whom and for which ssh the answers are.
    scope: Vec<String>,
    sources: Sources,
    answers: BTreeMap<String, String>,
}

impl Cache {
    /// Opens what was kept, or begins anew where that no longer holds.
    pub(super) fn open(program: &Path, config: Option<&Path>, home: Option<&Path>) -> Self {
        let scope = scope(program, config, home);
        let file = dirs::cache().ok().map(|dir| dir.join("ssh_config").join(format!("{}.json", name(&scope))));
        let kept = file.as_deref().and_then(|file| load(file, &scope));
        Self {
            file,
            kept: kept.unwrap_or_else(|| Kept {
                scope,
                sources: Sources::look(program, config, home),
                answers: BTreeMap::new(),
            }),
            is_changed: false,
        }
    }

    pub(super) fn get(&self, question: &Question) -> Option<String> {
        self.kept.answers.get(&key(question)).cloned()
    }

    /// Keeps an answer, if ssh and m3m agree on the home directory and on the files that were read.
    pub(super) fn put(&mut self, question: &Question, answer: String, agrees: bool, files: &[PathBuf]) {
        if agrees && self.kept.sources.can_be_kept(files) {
            if self.kept.answers.len() >= ANSWERS_MAX {
                self.kept.answers.clear();
            }
            self.kept.answers.insert(key(question), answer);
            self.is_changed = true;
        }
    }

    /// Writes what is new. Of two at the same time the later one stays, which costs the other's answers once more.
    pub(super) fn save(&mut self) {
        if let Some(file) = self.file.as_deref().filter(|_| self.is_changed) {
            // A full disk or a read-only home costs the cache alone.
            let _ = write(file, &self.kept);
        }
        self.is_changed = false;
    }
}

/// Whatever an answer depends on beside files and variables. The home may be shared by machines and users.
fn scope(program: &Path, config: Option<&Path>, home: Option<&Path>) -> Vec<String> {
    let path = |path: Option<&Path>| path.map(|path| path.display().to_string()).unwrap_or_default();
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let user = rustix::process::geteuid().as_raw().to_string();
    vec![env!("CARGO_PKG_VERSION").to_owned(), machine, user, path(Some(program)), path(config), path(home)]
}

fn name(scope: &[String]) -> String {
    Sha1::digest(scope.join("\0")).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key(question: &Question) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let port = question.port.map(|port| port.to_string()).unwrap_or_default();
    [question.host.clone(), text(&question.user), port, text(&question.jump)].join(" ")
}

fn load(file: &Path, scope: &[String]) -> Option<Kept> {
    // It decides which commands are run, so nobody else may have written it.
    let kept: Kept = serde_json::from_slice(&trusted::read(file, FILE_BYTES_MAX).ok()?).ok()?;
    (kept.scope == scope && kept.sources.hold()).then_some(kept)
}

/// Writes the file whole, under another name first.
fn write(file: &Path, kept: &Kept) -> io::Result<()> {
    let dir = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let temporary = file.with_extension(std::process::id().to_string());
    let text = serde_json::to_vec(kept)?;
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut open| open.write_all(&text))
        .and_then(|()| std::fs::rename(&temporary, file));
    if written.is_err() {
        // Half a file is of no use; where it cannot be removed either, it is written over next time.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}
