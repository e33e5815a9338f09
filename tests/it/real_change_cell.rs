//! A cell of five real OpenSSH servers whose roles are moved: repositories made ready, and services of shell scripts.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use m3m::core::term::TermRecord;
use serde_json::{Value, json};

use crate::five::NAMES;
use crate::processes;
use crate::sshd::{Options, Sshd, available, keygen, public_key, user};
use crate::support::{Finished, Home, finish};

/// A service whose process ignores who started it. Its process id stands in `~/pid`.
pub const SERVICE: &str = "nohup sh -c 'exec sleep 1000' >/dev/null 2>&1 & echo $! >~/pid";

/// Five servers with their services, and the home that m3m runs in.
pub struct RealCell {
    pub home: Home,
    pub nodes: Vec<Sshd>,
    pub inventory: Value,
    /// Long, for a crowded machine; a test of the silent waits less.
    pub timeout: &'static str,
    repository: String,
}

/// What came of a verb: how it ended, and its document.
pub struct Came {
    pub finished: Finished,
    pub document: Value,
}

impl RealCell {
    /// Five plain servers whose nodes are ready; the service runs on the first. Nothing, aloud, where there is no sshd.
    #[track_caller]
    pub fn start() -> Option<Self> {
        let cell = Self::bare(&|_, _| Options::default(), "work tree")?;
        cell.make_ready();
        Some(cell)
    }

    /// Servers, each as its own options have it, whose repositories shall have this name and are not there yet.
    #[track_caller]
    pub fn bare(options: &dyn Fn(usize, &str) -> Options<'static>, repository: &str) -> Option<Self> {
        if !available() {
            return None;
        }
        let home = Home::new();
        let key = public_key(&keygen(home.path(), "ed25519", "identity", ""));
        let start = |(index, name): (usize, &&str)| {
            Sshd::start(&Options { authorized_keys: Some(&key), ..options(index, name) })
        };
        let nodes: Vec<Sshd> = NAMES.iter().enumerate().map(start).collect();
        let known: String = nodes.iter().map(Sshd::known_hosts).collect();
        home.write("known_hosts", known);
        let mut cell = Self { home, nodes, inventory: Value::Null, timeout: "10s", repository: repository.to_owned() };
        for node in NAMES {
            cell.serve(node, SERVICE);
        }
        let roles = ["primary", "brain", "mirror", "mirror", "mirror"];
        let nodes = NAMES.iter().zip(roles).zip(&cell.nodes).map(|((name, role), server)| {
            json!({ "name": name, "host": "127.0.0.1", "role": role, "ssh": { "port": server.port() },
                    "repository": { "path": cell.path(name) } })
        });
        let serve = |word: &str| format!("sh \"$HOME/service\" {word}");
        cell.inventory = json!({
            "cell": "test",
            "ssh": { "user": user(), "identity": "identity", "known_hosts": "known_hosts", "config": "none" },
            "repository": { "path": "/nowhere" },
            "service": { "start": serve("start"), "stop": serve("stop"), "check": serve("check") },
            "nodes": nodes.collect::<Value>(),
        });
        cell.write_inventory();
        Some(cell)
    }

    /// Writes the inventory as it is now; `m3m` finds it.
    pub fn write_inventory(&self) {
        self.home.write("inventory.yaml", self.inventory.to_string());
    }

    /// Makes the nodes ready, and starts the service.
    pub fn make_ready(&self) {
        self.run("init").assert_code(0);
        self.change("promote amber").assert(0, "done");
    }

    /// What starts the service of a node, in sh.
    pub fn serve(&self, node: &str, start: &str) {
        let script = format!(
            "case $1 in\nstart)\n{start}\n;;\nstop) kill \"$(cat ~/pid)\" 2>/dev/null; rm -f ~/pid ;;\n\
             check) [ -e ~/pid ] && kill -0 \"$(cat ~/pid)\" 2>/dev/null ;;\nesac\n"
        );
        std::fs::write(self.server(node).home().join("service"), script).expect("the service");
    }

    /// Starts the service as an admin would, past m3m.
    pub fn serve_by_hand(&self, node: &str) {
        let mut ssh = self.server(node).ssh();
        ssh.arg("-i").arg(self.home.path().join("identity")).args(["127.0.0.1", "sh ~/service start"]);
        finish(&mut ssh).assert_code(0);
    }

    pub fn server(&self, node: &str) -> &Sshd {
        &self.nodes[index(node)]
    }

    /// Where the node's repository stands.
    pub fn path(&self, node: &str) -> PathBuf {
        self.server(node).dir().join(&self.repository)
    }

    /// A file of the node's repository.
    pub fn file(&self, node: &str, path: &str) -> PathBuf {
        self.path(node).join(path)
    }

    /// What git says in the node's repository.
    #[track_caller]
    pub fn git<const N: usize>(&self, node: &str, args: [&str; N]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.path(node)).args(args).env("HOME", self.home.path());
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "t").env(format!("GIT_{who}_EMAIL"), "t@localhost");
        }
        finish(&mut command).assert_code(0).stdout.trim_end().to_owned()
    }

    /// The term that a node holds.
    pub fn term(&self, node: &str) -> TermRecord {
        TermRecord::read(&self.git(node, ["cat-file", "blob", "refs/m3m/term:term.json"])).expect("a term")
    }

    /// Everything in the node's work tree: mode, and content or target.
    pub fn tree(&self, node: &str) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut found = BTreeMap::new();
        list(&self.path(node), Path::new(""), &mut found);
        found
    }

    /// The nodes whose service runs: seen without any m3m.
    pub fn executing(&self) -> Vec<&'static str> {
        let runs = |node: &&str| {
            let pid = std::fs::read_to_string(self.server(node).home().join("pid")).unwrap_or_default();
            pid.trim().parse().is_ok_and(|pid| processes::state(pid).is_some())
        };
        NAMES.into_iter().filter(runs).collect()
    }

    /// Runs m3m with these words.
    pub fn run(&self, line: &str) -> Finished {
        finish(self.home.m3m(["--timeout", self.timeout]).args(line.split(' ')))
    }

    /// Moves a role without being asked.
    pub fn change(&self, line: &str) -> Came {
        let mut finished = self.run(&format!("{line} --yes -o json"));
        let mut document: Value = serde_json::from_str(&finished.stdout).unwrap_or(Value::Null);
        if let Some(fields) = document.as_object_mut() {
            // Long, and looked at by other means.
            fields.remove("after");
            finished.stdout = format!("{document:#}");
        }
        Came { finished, document }
    }

    /// The roles by the term of these nodes, and the only place where the service runs.
    #[track_caller]
    pub fn assert_settled(&self, nodes: &[&str], term: u64, primary: &str, brain: &str) {
        for node in nodes {
            let held = self.term(node);
            let roles = (held.term, held.primary.as_str(), held.brain.as_str());
            assert_eq!(roles, (term, primary, brain), "by {node}");
        }
        assert_eq!(self.executing(), [primary]);
    }
}

impl Came {
    /// Asserts the exit status and the word for the end.
    #[track_caller]
    pub fn assert(&self, code: i32, end: &str) -> &Self {
        self.finished.assert_code(code);
        assert_eq!(self.document["end"], end, "{}", self.finished);
        self
    }

    /// Asserts that nothing was begun.
    #[track_caller]
    pub fn assert_refused(&self) -> &Self {
        self.finished.assert_code(20);
        assert_eq!(self.finished.stdout, "", "{}", self.finished);
        self
    }

    /// Asserts that these words are said.
    #[track_caller]
    pub fn assert_says(&self, words: &[&str]) -> &Self {
        let says = |words: &&&str| self.finished.stdout.contains(**words) || self.finished.stderr.contains(**words);
        let missing: Vec<_> = words.iter().filter(|words| !says(words)).collect();
        assert!(missing.is_empty(), "{missing:?} in {}", self.finished);
        self
    }
}

/// The node's place in the inventory.
pub fn index(node: &str) -> usize {
    NAMES.iter().position(|name| *name == node).expect("a node of the cell")
}

fn list(root: &Path, at: &Path, found: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    for entry in std::fs::read_dir(root.join(at)).expect("a directory").flatten() {
        let path = at.join(entry.file_name());
        let meta = entry.metadata().expect("its mode");
        if path == Path::new(".git") {
            continue;
        }
        if meta.is_dir() {
            list(root, &path, found);
            continue;
        }
        let content = if meta.is_symlink() {
            std::fs::read_link(entry.path()).expect("its target").into_os_string().into_encoded_bytes()
        } else {
            std::fs::read(entry.path()).expect("its content")
        };
        // git knows a file as executable or not.
        let is_executable = meta.permissions().mode() & 0o100;
        found.insert(path, ((meta.mode() & 0o170_000) | is_executable, content));
    }
}
