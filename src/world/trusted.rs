//! Reading a file that holds commands: only one that nobody else may have written, bounded in size and in time.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read, Write as _};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::error::Error;

/// How long the writer of a pipe may take.
const PIPE_TIMEOUT: Duration = Duration::from_secs(10);
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;

/// Reads a regular file or a pipe whole.
///
/// # Errors
/// It cannot be read, is something else or too large, its writer is too slow, or others may write to it.
pub(super) fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let cannot = |error: std::io::Error| Error::inventory(format!("cannot read {}", path.display())).because(error);
    // Without NONBLOCK the open itself would wait for the writer of a named pipe.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(nonblock).open(path).map_err(cannot)?;
    // From the open file: what is checked is what is read.
    let meta = file.metadata().map_err(cannot)?;
    let is_pipe = meta.file_type().is_fifo();
    if !meta.is_file() && !is_pipe {
        let kind = if meta.is_dir() { "a directory" } else { "neither a file nor a pipe" };
        return Err(Error::inventory(format!("cannot read {}: it is {kind}", path.display())));
    }
    trust(path, &meta)?;
    let bytes = read_bounded(&mut file, bytes_max + 1, is_pipe).map_err(cannot)?;
    if bytes.len() > bytes_max {
        let mib = bytes_max >> 20;
        return Err(Error::inventory(format!("{} is larger than {mib} MiB", path.display()))
            .hint("is it the right file? the inventory of a hundred nodes has some ten thousand bytes"));
    }
    Ok(bytes)
}

/// Writes a new file as [`read`] trusts it: everybody may read it and nobody else may write to it.
///
/// # Errors
/// There is a file of this name, or it cannot be written.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn read_bounded(file: &mut File, bytes_max: usize, is_pipe: bool) -> std::io::Result<Vec<u8>> {
    let deadline = Instant::now() + PIPE_TIMEOUT;
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    while bytes.len() < bytes_max {
        if is_pipe {
            wait_readable(file, deadline)?;
        }
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

fn wait_readable(file: &File, deadline: Instant) -> std::io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(std::io::Error::other)?;
    match rustix::event::poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&left)) {
        Ok(0) => Err(std::io::Error::new(ErrorKind::TimedOut, format!("the pipe's writer took over {PIPE_TIMEOUT:?}"))),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Refuses a file that somebody else may have written: its owner is this user or root; others may not write; its
/// group may only if it is the owner's private group.
fn trust(path: &Path, meta: &Metadata) -> Result<(), Error> {
    let shown = path.display();
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me && meta.uid() != 0 {
        return Err(Error::inventory(format!("{shown} belongs to uid {}, neither to you nor to root", meta.uid()))
            .hint("it holds commands that m3m runs: read it, then take a copy of your own with cp"));
    }
    let (who, letter) = match meta.mode() {
        mode if mode & OTHERS_WRITE != 0 => ("everybody", "o"),
        mode if mode & GROUP_WRITES != 0 && !is_private_group(meta.uid(), meta.gid()) => ("its group", "g"),
        _ => return Ok(()),
    };
    Err(Error::inventory(format!("{shown} may be written by {who} (mode {:03o})", meta.mode() & 0o777))
        .hint(format!("it holds commands that m3m runs: chmod {letter}-w {shown}")))
}

/// A group is private if it is the primary group of its owner and of nobody else, bears the owner's name and has no
/// further members. Users and groups that are not in `/etc` are not private.
fn is_private_group(uid: u32, gid: u32) -> bool {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    is_private(&read("/etc/passwd"), &read("/etc/group"), uid, gid)
}

fn is_private(passwd: &str, group: &str, uid: u32, gid: u32) -> bool {
    let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
    let (uid, gid) = (uid.to_string(), gid.to_string());
    let users: Vec<_> = passwd.lines().map(fields).filter(|user| user.get(3) == Some(&gid)).collect();
    let groups: Vec<_> = group.lines().map(fields).filter(|group| group.get(2) == Some(&gid)).collect();
    let ([user], [group]) = (users.as_slice(), groups.as_slice()) else { return false };
    let members = group.get(3).map(String::as_str).unwrap_or_default();
    user.get(2) == Some(&uid)
        && user.first() == group.first()
        && (members.is_empty() || Some(members) == user.first().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_group_has_one_user() {
        let passwd = "ann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:100::/home/bob:/bin/sh\n";
        let private = "ann:x:1000:\nusers:x:100:ann,bob\n";
        assert!(is_private(passwd, private, 1000, 1000));
        assert!(is_private(passwd, "ann:x:1000:ann\n", 1000, 1000), "named once more in her own group");
        assert!(!is_private(passwd, private, 1001, 100), "users is not bob's own");
        assert!(!is_private(passwd, "ann:x:1000:bob\n", 1000, 1000), "bob is in ann's group");
        assert!(!is_private(passwd, "friends:x:1000:\n", 1000, 1000), "it does not bear her name");
        let shared = format!("{passwd}eve:x:1002:1000::/:/bin/sh\n");
        assert!(!is_private(&shared, private, 1000, 1000), "eve has it as her primary group");
        assert!(!is_private("", "", 1000, 1000), "unknown");
    }
}
