//! Adding a line to a `known_hosts` file, under a lock.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::core::known_hosts::SALT_BYTES;

/// How long the lock may be held by others. Each holds it for some milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before the lock is tried again.
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// A file that is locked until this is dropped. Whoever adds to it through m3m waits meanwhile.
pub(super) struct Record {
    file: File,
}

impl Record {
    /// Opens and locks the file; it and its directory are made where they are missing, for their owner alone.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            // Without NONBLOCK a named pipe in this place would be waited for.
            let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
            let mut options = OpenOptions::new();
            options.read(true).append(true).create(true).mode(0o600).custom_flags(nonblock);
            let file = options.open(path)?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::other("it is no file that could keep it"));
            }
            lock(&file, deadline)?;
            // Who replaces the file, as ssh-keygen -R does, leaves the lock on one that nobody reads any more.
            let (locked, there) = (file.metadata()?, std::fs::metadata(path)?);
            if (locked.dev(), locked.ino()) == (there.dev(), there.ino()) {
                return Ok(Self { file });
            }
        }
    }

    /// Adds a line, or leaves the file as it was. A last line without an end gets one.
    pub(super) fn add(&mut self, line: &str) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let gap = if length == 0 || self.last_byte()? == b'\n' { "" } else { "\n" };
        let written = self.file.write_all(format!("{gap}{line}\n").as_bytes());
        if written.is_err() {
            // Half a line would spoil the next one that is added.
            self.file.set_len(length)?;
        }
        written
    }

    fn last_byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut byte)?;
        Ok(byte[0])
    }
}

fn lock(file: &File, deadline: Instant) -> io::Result<()> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_RETRY),
            Err(TryLockError::WouldBlock) => return Err(io::Error::new(io::ErrorKind::TimedOut, "it stays locked")),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// What a hashed name is hashed with.
pub(super) fn salt() -> io::Result<[u8; SALT_BYTES]> {
    let mut salt = [0; SALT_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut salt)?;
    Ok(salt)
}
