//! The journal's file: several m3m append to it at once, it is rotated by size, and a crash costs at most one line.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

/// The size that the file does not exceed, in bytes.
const BYTES_MAX: u64 = 1 << 20;
/// How many full files are kept: `journal.jsonl.1` is the newest.
const KEPT: u32 = 4;
/// Another m3m holds the lock for one line; so it is tried again after this time.
const RETRY: Duration = Duration::from_millis(2);

/// Where the journal is.
#[derive(Debug)]
pub(super) struct JournalFile {
    dir: PathBuf,
}

/// The lock that lets one m3m write at a time. It is a file of its own, because the journal's is renamed.
struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file is not enough: a child that was just forked has it open until it executes its program.
        let _ = self.0.unlock();
    }
}

impl JournalFile {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    /// Makes what is missing, and fails where a line could not be appended.
    pub(super) fn probe(&self, patience: Duration) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let _held = self.lock(patience)?;
        self.open().map(drop)
    }

    /// Appends a line that ends in a line break; it is on the disk, or nothing of it is in the file.
    pub(super) fn append(&self, line: &str, patience: Duration) -> io::Result<()> {
        let _held = self.lock(patience)?;
        let mut file = self.open()?;
        let mut length = file.metadata()?.len();
        if length > 0 && length + line.len() as u64 > BYTES_MAX {
            self.rotate()?;
            file = self.open()?;
            length = 0;
        }
        // A crash, as of the whole machine, may have left half a line: it is ended, so that it spoils no other.
        let text = if ends_in_a_line(&file, length)? { line.to_owned() } else { format!("\n{line}") };
        let written = write_once(&mut file, text.as_bytes()).and_then(|()| file.sync_data());
        if written.is_err() {
            // Where it cannot be taken back either, the next line mends it.
            let _ = file.set_len(length);
        }
        written
    }

    fn lock(&self, patience: Duration) -> io::Result<Held> {
        let path = self.dir.join("journal.lock");
        let file = options().truncate(false).write(true).open(&path)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Held(file)),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(RETRY),
                Err(TryLockError::WouldBlock) => {
                    let text = format!("another m3m has held {} for {patience:?}: is it frozen?", path.display());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
            }
        }
    }

    /// The journal for appending; made durably where it is missing.
    fn open(&self) -> io::Result<File> {
        let path = self.path();
        let is_new = !path.try_exists()?;
        let file = options().read(true).append(true).open(&path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        if is_new {
            sync(&self.dir)?;
        }
        Ok(file)
    }

    /// Makes room: each file gets the next number, up to the first number that is free, or else the last one, whose file
    /// is given up. So a rotation that was cut off costs no file.
    fn rotate(&self) -> io::Result<()> {
        let named = |number: u32| match number {
            0 => self.path(),
            _ => self.dir.join(format!("journal.jsonl.{number}")),
        };
        let free = (1..KEPT).find(|number| !named(*number).exists()).unwrap_or(KEPT);
        for number in (0..free).rev() {
            std::fs::rename(named(number), named(number + 1))?;
        }
        sync(&self.dir)
    }
}

/// How files of the journal are opened: for this user alone, and never through a link or a pipe that waits.
fn options() -> OpenOptions {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let mut options = OpenOptions::new();
    // The bits of flags are those of the system's own type, whose sign differs among libraries.
    options.create(true).mode(0o600).custom_flags(flags.cast_signed());
    options
}

fn ends_in_a_line(file: &File, length: u64) -> io::Result<bool> {
    let mut last = *b"\n";
    if let Some(before) = length.checked_sub(1) {
        file.read_exact_at(&mut last, before)?;
    }
    Ok(last == *b"\n")
}

/// One write: whoever reads meanwhile sees all of it or nothing.
fn write_once(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    match file.write(bytes)? {
        count if count == bytes.len() => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::StorageFull, "there is room for a part of a line only")),
    }
}

/// Makes the names of a directory durable.
fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn journal() -> (tempfile::TempDir, JournalFile) {
        let dir = tempfile::tempdir().unwrap();
        let file = JournalFile::new(dir.path().join("state/m3m"));
        file.probe(NOW).unwrap();
        (dir, file)
    }

    fn read(file: &JournalFile, name: &str) -> Option<String> {
        std::fs::read_to_string(file.dir.join(name)).ok()
    }

    #[test]
    fn it_is_for_its_user_alone() {
        let (_dir, file) = journal();
        file.append("{}\n", NOW).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file.dir), mode(&file.path())), (0o700, 0o600));
    }

    #[test]
    fn half_a_line_spoils_no_other() {
        let (_dir, file) = journal();
        std::fs::write(file.path(), "{\"whole\":1}\n{\"ha").unwrap();
        file.append("{\"next\":2}\n", NOW).unwrap();
        file.append("{\"last\":3}\n", NOW).unwrap();
        let text = read(&file, "journal.jsonl").unwrap();
        assert_eq!(text, "{\"whole\":1}\n{\"ha\n{\"next\":2}\n{\"last\":3}\n");
    }

    #[test]
    fn a_full_file_makes_room_and_four_are_kept() {
        let (_dir, file) = journal();
        let full = |mark: &str| mark.repeat(usize::try_from(BYTES_MAX).unwrap());
        for mark in ["1", "2", "3", "4", "5", "6"] {
            std::fs::write(file.path(), full(mark)).unwrap();
            file.append("new\n", NOW).unwrap();
            assert_eq!(read(&file, "journal.jsonl").as_deref(), Some("new\n"));
        }
        let first = |name: &str| read(&file, name).map(|text| text[..1].to_owned());
        let kept = [1, 2, 3, 4].map(|number| first(&format!("journal.jsonl.{number}")).unwrap());
        assert_eq!((kept.concat().as_str(), first("journal.jsonl.5")), ("6543", None));
    }

    #[test]
    fn a_rotation_that_was_cut_off_costs_no_file() {
        let (_dir, file) = journal();
        for name in ["journal.jsonl", "journal.jsonl.2", "journal.jsonl.3", "journal.jsonl.4"] {
            std::fs::write(file.dir.join(name), name).unwrap();
        }
        file.rotate().unwrap();
        assert_eq!(read(&file, "journal.jsonl.1").as_deref(), Some("journal.jsonl"));
        assert_eq!(read(&file, "journal.jsonl.4").as_deref(), Some("journal.jsonl.4"));
    }

    #[test]
    fn a_lock_that_is_never_let_go_is_not_awaited_for_ever() {
        let (_dir, file) = journal();
        let held = file.lock(NOW).unwrap();
        let error = file.append("{}\n", RETRY * 4).unwrap_err();
        assert!(error.to_string().contains("journal.lock"), "{error}");
        drop(held);
        file.append("{}\n", NOW).unwrap();
    }

    #[test]
    fn a_pipe_or_a_link_in_its_place_is_refused() {
        let (_dir, file) = journal();
        std::fs::remove_file(file.path()).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, file.path(), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        file.append("{}\n", NOW).unwrap_err();
        std::fs::remove_file(file.path()).unwrap();
        std::os::unix::fs::symlink("elsewhere", file.path()).unwrap();
        file.append("{}\n", NOW).unwrap_err();
        assert!(read(&file, "elsewhere").is_none());
    }
}
