//! One real OpenSSH server that is several nodes.

use std::path::Path;
use std::time::Duration;

use crate::cell_file::{CellFile, furnish, repository};
use crate::proxy::Proxy;
use crate::sshd::{Options, Sshd, public_key};
use crate::support::Home;

/// A server behind several ports, so that it is several nodes.
pub struct ManyFaced {
    pub server: Sshd,
    faces: Vec<Proxy>,
}

impl ManyFaced {
    /// The public halves of these keys get in.
    pub fn start(keys: &[&Path], config: &str, faces: usize) -> Self {
        let authorized: Vec<String> = keys.iter().map(|key| public_key(key)).collect();
        let server =
            Sshd::start(&Options { authorized_keys: Some(&authorized.join("\n")), config, ..Options::default() });
        furnish(&server, true);
        let faces = (0..faces).map(|_| Proxy::start(server.port(), Duration::ZERO)).collect();
        Self { server, faces }
    }

    /// The port of the node of this index.
    pub fn port(&self, index: usize) -> u16 {
        self.faces[index].port()
    }

    /// The next node, under a port of its own.
    fn node<'a>(&self, cell: CellFile<'a>, index: usize, name: &str, ssh: &str) -> CellFile<'a> {
        let port = self.port(index);
        let known: Vec<String> =
            self.server.host_keys().iter().map(|key| format!("[127.0.0.1]:{port} {key}\n")).collect();
        cell.known(&known.concat()).node(name, port, ssh, &repository(&self.server))
    }

    /// A cell of `one`, `two` and `three`, all alike.
    pub fn three<'a>(&self, home: &'a Home) -> CellFile<'a> {
        self.cell(home, &["one", "two", "three"].map(|name| (name, String::new())))
    }

    /// A cell of these nodes: name and `ssh` section.
    pub fn cell<'a>(&self, home: &'a Home, nodes: &[(&str, String)]) -> CellFile<'a> {
        let indexed = nodes.iter().enumerate();
        indexed.fold(CellFile::new(home), |cell, (index, (name, ssh))| self.node(cell, index, name, ssh))
    }
}
