//! The journal of this machine: every act is in it before it is done. [`crate::core::journal`] has the lines.

mod file;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use self::file::JournalFile;
use super::{clock, dirs};
use crate::core::inventory::CellName;
use crate::core::journal::{Act, Actor, Outcome};
use crate::core::shell;
use crate::error::{Error, Exit};

/// How long a line may take: another m3m writes, or the disk is busy.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a line may take that nobody waits for any more.
const PATIENCE_LAST: Duration = Duration::from_secs(1);

/// The journal, as one m3m writes it. What is written is on the disk when the call returns.
#[derive(Debug)]
pub struct Journal {
    writer: Arc<Writer>,
    /// Part of each act's id: no other m3m of this machine has the same.
    run: String,
    acts: AtomicU64,
}

#[derive(Debug)]
struct Writer {
    file: JournalFile,
    actor: Actor,
}

/// An act that has begun. Dropped without an outcome, as on Ctrl-C, its outcome is unknown, and the journal says so.
#[derive(Debug)]
#[must_use = "an act has an outcome"]
pub struct Ticket(Option<Begun>);

#[derive(Debug)]
struct Begun {
    writer: Arc<Writer>,
    id: String,
    act: Act,
    since: Instant,
}

impl Journal {
    /// Opens the journal of this machine, `$XDG_STATE_HOME/m3m/journal.jsonl`, for acts on a cell.
    ///
    /// # Errors
    /// It cannot be written ([`Exit::Refused`]): nothing may be done then.
    pub async fn open(cell: CellName, by: String) -> Result<Self, Error> {
        let dir = dirs::state()?;
        let words = std::env::args_os().skip(1).map(|word| shell::word(&word.to_string_lossy()));
        let command = ["m3m".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
        Self::open_in(dir, Actor { cell, by, command }).await
    }

    /// Opens the journal of a directory, which is made where it is missing.
    ///
    /// # Errors
    /// As for [`Journal::open`].
    pub async fn open_in(dir: PathBuf, actor: Actor) -> Result<Self, Error> {
        let writer = Arc::new(Writer { file: JournalFile::new(dir), actor });
        let (opened, file) = (Arc::clone(&writer), writer.file.path());
        bounded(move || opened.file.probe(PATIENCE)).await.map_err(|error| refused(&file, error))?;
        // A process id is used again, though not within one microsecond.
        let run = format!("{}-{}", clock::now().as_microsecond(), std::process::id());
        Ok(Self { writer, run, acts: AtomicU64::new(1) })
    }

    /// Writes an act down before it is done.
    ///
    /// # Errors
    /// It cannot be written down ([`Exit::Refused`]), so it may not be done.
    pub async fn begin(&self, act: &Act) -> Result<Ticket, Error> {
        let id = format!("{}.{}", self.run, self.acts.fetch_add(1, Ordering::Relaxed));
        let (writer, file) = (Arc::clone(&self.writer), self.writer.file.path());
        let line = act.begun(clock::now(), &id, &writer.actor);
        bounded(move || writer.file.append(&line, PATIENCE)).await.map_err(|error| refused(&file, error))?;
        let writer = Arc::clone(&self.writer);
        Ok(Ticket(Some(Begun { writer, id, act: act.clone(), since: Instant::now() })))
    }
}

impl Ticket {
    /// Writes down what came of the act.
    ///
    /// # Errors
    /// A notice for a person: what is done is done, and the journal does not have its outcome.
    pub async fn end(mut self, outcome: &Outcome) -> Result<(), String> {
        let Some(begun) = self.0.take() else { return Ok(()) };
        let (line, act, path) = (begun.ended(outcome), begun.act.act, begun.writer.file.path());
        let written = bounded(move || begun.writer.file.append(&line, PATIENCE)).await;
        written.map_err(|error| format!("the journal {} does not have the outcome of {act}: {error}", path.display()))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(begun) = self.0.take() {
            let line = begun.ended(&Outcome::unknown("m3m was interrupted"));
            // Where it cannot be written, an act without an outcome says the same.
            let _ = begun.writer.file.append(&line, PATIENCE_LAST);
        }
    }
}

impl Begun {
    fn ended(&self, outcome: &Outcome) -> String {
        self.act.ended(clock::now(), &self.id, &self.writer.actor, outcome, self.since.elapsed())
    }
}

/// Works on the file beside the runtime, so that Ctrl-C is heard meanwhile and a disk that hangs is not waited for.
async fn bounded(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    match tokio::time::timeout(PATIENCE * 2, tokio::task::spawn_blocking(work)).await {
        Ok(done) => done.map_err(io::Error::other)?,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the disk does not answer")),
    }
}

fn refused(file: &Path, error: io::Error) -> Error {
    Error::new(Exit::Refused, format!("cannot write the journal {}: nothing is done that is not in it", file.display()))
        .because(error)
        .hint("make it writable, or set XDG_STATE_HOME to a directory that is")
}
