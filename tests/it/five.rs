//! A cell of five real OpenSSH servers, each with a repository and a service, and the inventory that names them.

use std::path::PathBuf;

use crate::cell_file::{CellFile, furnish};
use crate::sshd::{Options, Sshd, keygen, public_key};
use crate::support::Home;

/// The nodes' names, in the order of the inventory: PRIMARY, BRAIN, three MIRRORs.
pub const NAMES: [&str; 5] = ["amber", "birch", "cedar", "dogwood", "elm"];

/// Five servers, and the home that m3m runs in.
pub struct Five {
    pub home: Home,
    pub nodes: Vec<Sshd>,
}

impl Five {
    /// Starts five servers that differ from plain ones in the same way. Ask [`crate::sshd::available`] first.
    pub fn start(options: &Options) -> Self {
        let home = Home::new();
        let key = public_key(&keygen(home.path(), "ed25519", "identity", ""));
        let start = |index: usize| {
            let node = Sshd::start(&Options { authorized_keys: Some(&key), ..*options });
            furnish(&node, index == 0);
            node
        };
        let nodes: Vec<Sshd> = (0..NAMES.len()).map(start).collect();
        let named = NAMES.iter().zip(&nodes);
        named.fold(CellFile::new(&home), |cell, (name, node)| cell.server(name, node)).write();
        Self { home, nodes }
    }

    pub fn inventory(&self) -> PathBuf {
        self.home.path().join("inventory.yaml")
    }
}
