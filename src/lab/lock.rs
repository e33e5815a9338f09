//! A lock file says whether a process lives: the kernel lets go of it when the process ends, however it ends.
//!
//! A process id alone says nothing, because ids are used again.

use std::fs::{File, OpenOptions, TryLockError, metadata};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Pid;

/// Somebody who only looks holds the lock for an instant; so a refusal is asked again after this time.
const RETRY: Duration = Duration::from_millis(5);

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub(super) struct Held(File);

impl Held {
    /// The locked file, for a process that is to hold the lock as well, should this one be killed.
    pub(super) fn share(&self) -> io::Result<File> {
        self.0.try_clone()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file is not enough: a child that was just forked has it open until it executes its program.
        let _ = self.0.unlock();
    }
}

/// Takes the lock and writes this process's id into the file; nothing if somebody else holds it for that long.
pub(super) fn take(path: &Path, timeout: Duration) -> io::Result<Option<Held>> {
    let open = || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = open()?;
    let deadline = Instant::now() + timeout;
    loop {
        match file.try_lock() {
            Ok(()) if is_at(&file, path)? => break,
            // Its holder has removed it: whoever comes next locks another file.
            Ok(()) => file = open()?,
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(RETRY),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    // Of one width, so that it replaces an older id in one write.
    file.write_all(format!("{:>10}\n", std::process::id()).as_bytes())?;
    Ok(Some(Held(file)))
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let file = file.metadata()?;
    Ok(metadata(path).is_ok_and(|there| (there.dev(), there.ino()) == (file.dev(), file.ino())))
}

/// The process that holds the lock, or nothing.
pub(super) fn holder(path: &Path) -> Option<Pid> {
    let mut file = File::open(path).ok()?;
    let deadline = Instant::now() + Duration::from_millis(100);
    loop {
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {}
            Ok(()) => {
                // As above. If it fails, closing the file does it.
                let _ = file.unlock();
                return None;
            }
            Err(TryLockError::Error(_)) => return None,
        }
        let mut text = String::new();
        file.rewind().ok()?;
        file.read_to_string(&mut text).ok()?;
        // Between taking the lock and writing the id there is an instant.
        if let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) {
            return Some(pid);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(RETRY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_known_until_it_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert_eq!(holder(&path), None, "no file");
        let held = take(&path, Duration::ZERO).unwrap().expect("free");
        let me = i32::try_from(std::process::id()).unwrap();
        assert_eq!(holder(&path).map(Pid::as_raw_nonzero).map(i32::from), Some(me));
        assert!(take(&path, Duration::from_millis(20)).unwrap().is_none(), "held");
        drop(held);
        assert_eq!(holder(&path), None, "let go");
        assert!(take(&path, Duration::ZERO).unwrap().is_some(), "free again");
    }

    #[test]
    fn a_lock_whose_file_was_removed_is_nobodys() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = take(&path, Duration::ZERO).unwrap().expect("free");
        let waiting = std::thread::spawn({
            let path = path.clone();
            move || take(&path, Duration::from_secs(20)).unwrap().expect("in time")
        });
        // Whether it waits already or begins later: it must end up with the file that stands there.
        std::thread::sleep(RETRY * 4);
        std::fs::remove_file(&path).unwrap();
        drop(held);
        let _next = waiting.join().unwrap();
        assert!(take(&path, Duration::ZERO).unwrap().is_none(), "the next one holds it");
    }
}
