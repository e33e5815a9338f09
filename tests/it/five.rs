//! A cell of five real OpenSSH servers, each with a repository and a service, and the inventory that names them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sshd::{Options, Sshd, keygen, public_key, user};
use crate::support::{Home, finish};

/// The nodes' names, in the order of the inventory: PRIMARY, BRAIN, three MIRRORs.
pub const NAMES: [&str; 5] = ["amber", "birch", "cedar", "dogwood", "elm"];
const ROLES: [&str; 5] = ["primary", "brain", "mirror", "mirror", "mirror"];

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
        let authorized_keys = options.authorized_keys.or(Some(&key));
        let nodes: Vec<Sshd> = NAMES
            .iter()
            .map(|_| {
                let node = Sshd::start(&Options { authorized_keys, ..*options });
                commit(&repository(&node));
                node
            })
            .collect();
        std::fs::write(nodes[0].home().join("service"), "").expect("PRIMARY runs the service");
        let five = Self { home, nodes };
        five.write_inventory(|index| five.nodes[index].port());
        five
    }

    /// Writes the inventory with another port for each node (by index), such as that of a proxy before it.
    pub fn write_inventory(&self, port: impl Fn(usize) -> u16) {
        let known_hosts = |index: usize| {
            let lines = self.nodes[index].host_keys().iter().map(move |key| (index, key));
            lines.map(|(index, key)| format!("[127.0.0.1]:{} {key}\n", port(index))).collect::<Vec<_>>().concat()
        };
        self.home.write("known_hosts", (0..self.nodes.len()).map(known_hosts).collect::<String>());
        let home = self.home.path().display();
        let mut text = format!(
            "cell: five\nssh: {{ user: {}, identity: {home}/identity, known_hosts: {home}/known_hosts }}\n\
             repository: {{ path: /nowhere }}\nservice:\n  start: touch \"$HOME/service\"\n  \
             stop: rm -f \"$HOME/service\"\n  check: test -e \"$HOME/service\"\nnodes:\n",
            user()
        );
        text.extend(self.nodes.iter().enumerate().map(|(index, node)| {
            let (name, role, port, path) = (NAMES[index], ROLES[index], port(index), repository(node));
            let path = path.display();
            format!(
                "  - {{ name: {name}, host: 127.0.0.1, role: {role}, ssh: {{ port: {port} }}, repository: {{ path: {path} }} }}\n"
            )
        }));
        self.home.write("inventory.yaml", text);
    }

    pub fn inventory(&self) -> PathBuf {
        self.home.path().join("inventory.yaml")
    }
}

/// Where a node's repository stands.
pub fn repository(node: &Sshd) -> PathBuf {
    node.dir().join("repository")
}

/// Makes a repository with one commit, whose id is the same on every node.
fn commit(path: &Path) {
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(path).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "m3m").env(format!("GIT_{who}_EMAIL"), "m3m@localhost");
            command.env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
        }
        finish(&mut command).assert_code(0);
    };
    std::fs::create_dir(path).expect("the repository's directory");
    std::fs::write(path.join("ledger"), "1\n").expect("a file");
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "ledger"]);
    git(&["commit", "-q", "-m", "first"]);
}
