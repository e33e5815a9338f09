//! The inventory of a cell under test: nodes on loopback ports, healthy or not.

use std::path::Path;

use crate::sshd::{Sshd, user};
use crate::support::{Home, finish};

/// An inventory in the making. The first node is PRIMARY, the second BRAIN, the others are mirrors.
pub struct CellFile<'a> {
    home: &'a Home,
    nodes: Vec<String>,
    known_hosts: String,
}

impl<'a> CellFile<'a> {
    /// The cell's identity is `identity` in the home, its host keys are in `known_hosts` there.
    pub fn new(home: &'a Home) -> Self {
        Self { home, nodes: Vec::new(), known_hosts: String::new() }
    }

    /// A server with its keys and its repository.
    pub fn server(self, name: &str, server: &Sshd) -> Self {
        self.known(&server.known_hosts()).node(name, server.port(), "", &repository(server))
    }

    /// A node, with further settings of its `ssh` section, such as `identity: /some/file`.
    pub fn node(self, name: &str, port: u16, ssh: &str, repository: &Path) -> Self {
        self.node_at(name, "127.0.0.1", port, ssh, repository)
    }

    /// The same under another address of this machine, as YAML has it.
    pub fn node_at(self, name: &str, host: &str, port: u16, ssh: &str, repository: &Path) -> Self {
        let comma = if ssh.is_empty() { "" } else { ", " };
        self.entry(name, host, &format!("port: {port}{comma}{ssh}"), repository)
    }

    /// A node whose host is its name, which ssh's configuration has to know, with its whole `ssh` section.
    pub fn named(self, name: &str, ssh: &str, repository: &Path) -> Self {
        self.entry(name, name, ssh, repository)
    }

    fn entry(mut self, name: &str, host: &str, ssh: &str, repository: &Path) -> Self {
        let role = ["primary", "brain"].get(self.nodes.len()).unwrap_or(&"mirror");
        self.nodes.push(format!(
            "  - {{ name: {name}, host: {host}, role: {role}, ssh: {{ {ssh} }}, repository: {{ path: {} }} }}\n",
            repository.display()
        ));
        self
    }

    /// Further lines of the cell's `known_hosts`.
    pub fn known(mut self, lines: &str) -> Self {
        self.known_hosts += lines;
        self
    }

    /// Writes the files; `m3m` finds the inventory in its working directory. `ssh` is added to the cell's section, which
    /// does without the configuration of whoever runs the tests.
    pub fn write_with(&self, ssh: &str) {
        self.home.write("known_hosts", &self.known_hosts);
        self.write_section(&format!("user: {}, known_hosts: known_hosts, config: none{ssh}", user()));
    }

    /// Writes the inventory. `ssh` is the cell's whole section.
    pub fn write_section(&self, ssh: &str) {
        self.home.write(
            "inventory.yaml",
            format!(
                "cell: test\nssh: {{ {ssh} }}\nrepository: {{ path: /nowhere }}\n\
                 service:\n  start: touch \"$HOME/service\"\n  stop: rm -f \"$HOME/service\"\n  \
                 check: test -e \"$HOME/service\"\nnodes:\n{}",
                self.nodes.concat()
            ),
        );
    }

    /// Writes the files, with the cell's own identity.
    pub fn write(&self) {
        self.write_with(", identity: identity");
    }
}

/// Where a server's repository stands, once [`furnish`] has made it.
pub fn repository(node: &Sshd) -> std::path::PathBuf {
    node.dir().join("repository")
}

/// Makes a server's repository, with one commit whose id is the same everywhere; on PRIMARY the service runs.
pub fn furnish(node: &Sshd, is_primary: bool) {
    if is_primary {
        std::fs::write(node.home().join("service"), "").expect("PRIMARY runs the service");
    }
    let path = repository(node);
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.arg("-C").arg(&path).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "m3m").env(format!("GIT_{who}_EMAIL"), "m3m@localhost");
            command.env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
        }
        finish(&mut command).assert_code(0);
    };
    std::fs::create_dir(&path).expect("the repository's directory");
    std::fs::write(path.join("ledger"), "1\n").expect("a file");
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "ledger"]);
    git(&["commit", "-q", "-m", "first"]);
}
