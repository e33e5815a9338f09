//! A lab whose roles are moved: with an inventory of its own, terms with other settings, and what is true afterwards.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;

use m3m::core::term::TermRecord;
use serde_json::Value;

use crate::cli_status::json;
use crate::lab::{Labs, NODES, SOON, read_number};
use crate::processes::Running;
use crate::support::{Finished, finish, until};

/// Whatever else the machine does a node answers within this; nobody waits for it where all do.
const TIMEOUT: &str = "10s";
/// Where a node is silent: that is waited for several times over.
const TIMEOUT_OF_THE_SILENT: &str = "5s";

/// For a node's own program: waits until the test has done what it wants to do meanwhile, within what a stop may take.
pub const UNTIL_LET_GO: &str = "n=0; until [ -e \"$HOME/go\" ] || [ $n -ge 80 ]; do sleep 0.1; n=$((n + 1)); done";

/// A lab, and the inventory by which it is asked.
pub struct Moved {
    pub labs: Labs,
    pub inventory: PathBuf,
    pub timeout: &'static str,
}

/// What came of a verb: how it ended, and its document.
pub struct Came {
    pub finished: Finished,
    pub document: Value,
}

impl Moved {
    /// With the default lab up and its own inventory.
    pub fn up() -> Self {
        let labs = Labs::up();
        let inventory = labs.dir("lab").join("inventory.yaml");
        Self { labs, inventory, timeout: TIMEOUT }
    }

    /// With these fields of the inventory instead, each as a JSON pointer and a YAML text. Safety settings stand in the
    /// first term as well.
    pub fn with(fields: &[(&str, &str)]) -> Self {
        let mut moved = Self::up();
        let text = fs::read_to_string(&moved.inventory).expect("the lab's inventory");
        let mut inventory: Value = serde_yaml::from_str(&text).expect("YAML");
        for (pointer, yaml) in fields {
            let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
            let parent = inventory.pointer_mut(parent).expect("what the field stands in");
            parent[field] = serde_yaml::from_str(yaml).expect("YAML");
        }
        moved.inventory = moved.labs.home.write("inventory.yaml", inventory.to_string());
        moved.rewrite_first_term(&inventory["safety"]);
        moved
    }

    /// A service of its own on one node; the others keep the ledger.
    pub fn with_service(node: &str, service: &str) -> Self {
        let index = NODES.iter().position(|name| *name == node).expect("a node of the lab");
        Self::with(&[(&format!("/nodes/{index}/service"), service)])
    }

    /// For tests in which a node is silent, and has to be waited for.
    pub fn with_the_silent(self) -> Self {
        Self { timeout: TIMEOUT_OF_THE_SILENT, ..self }
    }

    /// For tests in which a node's check hangs: what else it has to say comes in the last quarter.
    pub fn with_a_check_that_hangs(self) -> Self {
        Self { timeout: "8s", ..self }
    }

    /// Lets a node's program go on that waits `UNTIL_LET_GO`.
    pub fn let_go(&self, node: &str) {
        fs::write(self.labs.node(node).join("home/go"), "").expect("a mark");
    }

    fn rewrite_first_term(&self, safety: &Value) {
        let of = |name: &str| serde_json::from_value(safety[name].clone());
        let (quorum, fence) = (of("quorum").unwrap_or_default(), serde_json::from_value(safety["fence"].clone()));
        let record = TermRecord { quorum, fence: fence.unwrap_or_default(), ..self.term("amsterdam") };
        for node in NODES {
            let repository = self.repository(node);
            let blob = repository.blob(record.write().as_bytes()).expect("a blob");
            let mut tree = repository.treebuilder(None).expect("a tree");
            tree.insert("term.json", blob, 0o100_644).expect("its file");
            let tree = repository.find_tree(tree.write().expect("a tree")).expect("that tree");
            let when = git2::Time::new(1_767_225_600, 0);
            let who = git2::Signature::new("m3m", "m3m@lab", &when).expect("a name");
            let commit = repository.commit(None, &who, &who, "term 1", &tree, &[]).expect("a commit");
            repository.reference("refs/m3m/term", commit, true, "test").expect("the reference");
        }
    }

    pub fn repository(&self, node: &str) -> git2::Repository {
        git2::Repository::open(self.labs.node(node).join("home/montana")).expect("a repository")
    }

    /// The term that a node holds, whether it lives or not.
    pub fn term(&self, node: &str) -> TermRecord {
        let repository = self.repository(node);
        let commit = repository.find_reference("refs/m3m/term").and_then(|held| held.peel_to_commit()).expect("a term");
        let entry = commit.tree().expect("its tree").get_name("term.json").expect("its file").id();
        let json = repository.find_blob(entry).expect("its text").content().to_vec();
        TermRecord::read(&String::from_utf8(json).expect("UTF-8")).expect("a term")
    }

    /// The nodes whose ledger runs: seen without any m3m, also where a node is silent.
    pub fn executing(&self) -> Vec<&'static str> {
        let runs = |node: &str| {
            // A ledger holds this lock for as long as it exists.
            let lock = File::open(self.labs.node(node).join("ledger.lock"));
            lock.is_ok_and(|lock| lock.try_lock_shared().is_err())
        };
        NODES.into_iter().filter(|node| runs(node)).collect()
    }

    /// Writes a number to the ledger of a node.
    pub fn write(&self, node: &str, number: u64) {
        let port = read_number(&self.labs.node(node).join("ledger.port"));
        let mut ledger = m3m::lab::ledger::Ledger::connect(port, SOON).expect("a ledger that listens");
        ledger.write(number).expect("acknowledged");
    }

    /// Whether a number stands in the work tree of a node.
    pub fn holds(&self, node: &str, number: u64) -> bool {
        self.labs.node(node).join(format!("home/montana/ledger/{number:020}")).exists()
    }

    fn command(&self, line: &str) -> std::process::Command {
        let mut command = self.labs.home.m3m(["-i"]);
        command.arg(&self.inventory).args(["--timeout", self.timeout]).args(line.split_whitespace());
        command
    }

    /// Runs m3m with these words.
    pub fn run(&self, line: &str) -> Finished {
        finish(&mut self.command(line))
    }

    /// Moves a role without being asked.
    pub fn change(&self, line: &str) -> Came {
        Came::of(finish(self.command(line).args(["--yes", "-o", "json"])))
    }

    /// The same in the background.
    pub fn changing(&self, line: &str) -> Running {
        let mut command = self.command(line);
        let command = command.args(["--yes", "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(command.spawn().expect("m3m"))
    }

    /// A fault of the lab.
    pub fn lab<const N: usize>(&self, fault: [&str; N]) {
        let done = finish(self.labs.home.m3m(["lab"]).args(fault));
        done.assert_code(0);
    }

    /// Waits for an act in the journal.
    pub fn until_journal(&self, act: &str, stage: &str) {
        let path = self.labs.home.path().join("state/m3m/journal.jsonl");
        let (act, stage) = (format!("\"act\":\"{act}\""), format!("\"stage\":\"{stage}\""));
        until("the act in the journal", SOON, || {
            let text = fs::read_to_string(&path).unwrap_or_default();
            text.lines().any(|line| line.contains(&act) && line.contains(&stage)).then_some(())
        });
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
    pub fn of(finished: Finished) -> Self {
        let document = if finished.stdout.is_empty() { Value::Null } else { json(&finished) };
        Self { finished, document }
    }

    /// Waits for the end of one in the background.
    pub fn wait(running: &mut Running) -> Self {
        let stdout = running.0.stdout.take().expect("a pipe");
        let text = std::io::read_to_string(stdout).expect("text");
        let status = running.0.wait().expect("its end");
        let stderr = running.0.stderr.take().map(|pipe| std::io::read_to_string(pipe).expect("text"));
        Self::of(Finished { status, stdout: text, stderr: stderr.unwrap_or_default() })
    }

    /// Asserts how it ended: the exit status, the word for the end, and words that it says.
    #[track_caller]
    pub fn assert(&self, code: i32, end: &str, says: &[&str]) -> &Self {
        self.finished.assert_code(code);
        assert_eq!(self.document["end"], end, "{}", self.finished);
        self.assert_says(says)
    }

    /// Asserts that nothing was begun, and why.
    #[track_caller]
    pub fn assert_refused(&self, says: &[&str]) -> &Self {
        self.finished.assert_code(20);
        assert_eq!(self.finished.stdout, "", "{}", self.finished);
        self.assert_says(says)
    }

    #[track_caller]
    fn assert_says(&self, says: &[&str]) -> &Self {
        let missing: Vec<_> = says.iter().filter(|words| !self.says(words)).collect();
        assert!(missing.is_empty(), "{missing:?} in {}", self.finished);
        self
    }

    pub fn says(&self, words: &str) -> bool {
        self.finished.stdout.contains(words) || self.finished.stderr.contains(words)
    }
}
