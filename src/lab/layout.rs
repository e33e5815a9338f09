//! Where the files of a lab stand, and which five nodes it has.
//!
//! ```text
//! LAB/ inventory.yaml  ssh_config  known_hosts  identity  identity.pub
//!      wire.sock  wire/ lock  log  faults.json  in_force                 the network between the nodes
//!      nodes/NAME/ lock  port  host_key  authorized_key  log           the SSH node
//!                  ledger.lock  ledger.port  ledger.inner  ledger.log  tmp/   its service
//!                  home/ bin/ledger  montana/                          what a login sees
//! ```

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::core::inventory::Role;

/// One of the five nodes of every lab: the paper's deployment.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The node's name.
    pub name: &'static str,
    /// The country where the paper's node stands.
    pub location: &'static str,
    /// The role in the first term.
    pub role: Role,
}

/// The five nodes, PRIMARY first.
pub const PARTS: [Part; 5] = [
    Part { name: "amsterdam", location: "NL", role: Role::Primary },
    Part { name: "moscow", location: "RU", role: Role::Brain },
    Part { name: "almaty", location: "KZ", role: Role::Mirror },
    Part { name: "saint-petersburg", location: "RU", role: Role::Mirror },
    Part { name: "novosibirsk", location: "RU", role: Role::Mirror },
];

/// The directory of a lab.
#[derive(Debug, Clone)]
pub(super) struct LabDir(PathBuf);

impl LabDir {
    /// The path must be canonical: processes are recognised by it.
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
    /// Written last: a lab without it is incomplete.
    pub(super) fn inventory(&self) -> PathBuf {
        self.0.join("inventory.yaml")
    }
    pub(super) fn ssh_config(&self) -> PathBuf {
        self.0.join("ssh_config")
    }
    pub(super) fn known_hosts(&self) -> PathBuf {
        self.0.join("known_hosts")
    }
    pub(super) fn identity(&self) -> PathBuf {
        self.0.join("identity")
    }
    pub(super) fn identity_public(&self) -> PathBuf {
        self.0.join("identity.pub")
    }
    /// What the process of the network has; it is found and ended like a node.
    pub(super) fn wire(&self) -> NodeDir {
        NodeDir(self.0.join("wire"))
    }
    /// What is to be in force on the network.
    pub(super) fn faults(&self) -> PathBuf {
        self.0.join("wire/faults.json")
    }
    /// The number of the change that is in force, and what could not be done of it.
    pub(super) fn in_force(&self) -> PathBuf {
        self.0.join("wire/in_force")
    }
    pub(super) fn node(&self, name: &str) -> NodeDir {
        NodeDir(self.0.join("nodes").join(name))
    }
    /// The five nodes, in the order of [`PARTS`].
    pub(super) fn nodes(&self) -> Vec<NodeDir> {
        PARTS.iter().map(|part| self.node(part.name)).collect()
    }
}

/// The directory of one node.
#[derive(Debug, Clone)]
pub(super) struct NodeDir(PathBuf);

impl NodeDir {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
    /// The node's name: its directory's.
    pub(super) fn name(&self) -> &str {
        self.0.file_name().and_then(OsStr::to_str).unwrap_or("?")
    }
    /// The directory of another node of the same lab.
    pub(super) fn peer(&self, name: &str) -> Self {
        Self(self.0.with_file_name(name))
    }
    /// Held by the node process as long as it exists; its text is the process id.
    pub(super) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }
    /// The port by which others know the node, kept for as long as the lab exists.
    pub(super) fn port(&self) -> PathBuf {
        self.0.join("port")
    }
    pub(super) fn host_key(&self) -> PathBuf {
        self.0.join("host_key")
    }
    pub(super) fn authorized_key(&self) -> PathBuf {
        self.0.join("authorized_key")
    }
    pub(super) fn log(&self) -> PathBuf {
        self.0.join("log")
    }
    /// Held by the ledger as long as it runs; its text is the process id.
    pub(super) fn ledger_lock(&self) -> PathBuf {
        self.0.join("ledger.lock")
    }
    /// The port by which others know the ledger, kept for as long as the lab exists.
    pub(super) fn ledger_port(&self) -> PathBuf {
        self.0.join("ledger.port")
    }
    /// The port on which the ledger itself listens, for its own node, which needs no network to ask it.
    pub(super) fn ledger_inner(&self) -> PathBuf {
        self.0.join("ledger.inner")
    }
    pub(super) fn ledger_log(&self) -> PathBuf {
        self.0.join("ledger.log")
    }
    /// For files on their way into the work tree: the same file system, but nothing that git would see.
    pub(super) fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }
    pub(super) fn home(&self) -> PathBuf {
        self.0.join("home")
    }
    pub(super) fn bin(&self) -> PathBuf {
        self.home().join("bin")
    }
    pub(super) fn repository(&self) -> PathBuf {
        self.home().join("montana")
    }
    /// Where the ledger's records stand, in the work tree.
    pub(super) fn records(&self) -> PathBuf {
        self.repository().join("ledger")
    }
}

/// Reads the TCP port in a file, or nothing where there is no such file.
pub(super) fn read_port(path: &Path) -> io::Result<Option<u16>> {
    match std::fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: not a port: {:?}", path.display(), text.trim()))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file at once or not at all.
pub(super) fn write_atomically(path: &Path, content: &str, mode: u32) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_written_and_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("port");
        assert_eq!(read_port(&path).unwrap(), None);
        write_atomically(&path, "40123\n", 0o600).unwrap();
        assert_eq!(read_port(&path).unwrap(), Some(40123));
        write_atomically(&path, "99999\n", 0o600).unwrap();
        assert!(read_port(&path).unwrap_err().to_string().contains("not a port"));
    }

    #[test]
    fn a_cell_has_one_primary_one_brain_three_mirrors() {
        let count = |role| PARTS.iter().filter(|part| part.role == role).count();
        assert_eq!((count(Role::Primary), count(Role::Brain), count(Role::Mirror)), (1, 1, 3));
    }
}
