//! Scratch files: what is too large for memory, and of no use once it has been handed on.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

/// A file without a name: nobody else opens it, and it goes with its last handle, also when this process is killed.
/// Clones are the same file.
#[derive(Debug, Clone)]
pub struct Scratch(Arc<File>);

impl Scratch {
    /// An empty file on the file system of this directory, which is made where it is missing, for its owner alone.
    /// Without one the system's place for temporary files serves.
    ///
    /// # Errors
    /// There is no room, or no such directory can be made.
    pub fn create(dir: Option<&Path>) -> io::Result<Self> {
        let file = match dir {
            Some(dir) => {
                DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
                tempfile::tempfile_in(dir)?
            }
            None => tempfile::tempfile()?,
        };
        // Nobody finds it by a name; this is for who looks at what the process has open.
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(Self(Arc::new(file)))
    }

    /// How many bytes it holds.
    ///
    /// # Errors
    /// The file system fails.
    pub fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    /// Adds bytes at the end.
    pub(super) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&*self.0).write_all(bytes)
    }

    /// Reads from a place on, at most a buffer full; nothing at the end.
    pub(super) fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        self.0.read_at(buffer, place)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn it_has_no_name_and_its_owner_alone_may_read_it() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let below = dir.path().join("state/m3m");
        let scratch = Scratch::create(Some(&below)).expect("a file");
        let again = scratch.clone();
        scratch.append(b"first").and_then(|()| again.append(b" second")).expect("room");
        assert_eq!(std::fs::read_dir(&below).expect("the directory").count(), 0);
        let about = scratch.0.metadata().expect("its inode");
        assert_eq!((about.nlink(), about.mode() & 0o777, scratch.bytes().expect("its size")), (0, 0o600, 12));
        let mut buffer = [0; 8];
        assert_eq!(again.read_at(&mut buffer, 6).expect("its bytes"), 6);
        assert_eq!(&buffer[..6], b"second");
        assert_eq!(std::fs::metadata(&below).expect("the directory").mode() & 0o777, 0o700);
    }
}
