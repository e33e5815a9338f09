//! A node for tests of steps: a work tree, a service made of files, and the real scripts under the shells of nodes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use m3m::core::inventory::{Inventory, Node};
use m3m::core::step::{self, Address, Answer, NotAfter, Raise, Start};
use m3m::core::term::{Claim, TermRecord};
use m3m::world::inventory_file;

use crate::probes::{git, repository};
use crate::support::{Finished, Home, finish, skipped};

/// What a node has as `sh`, most often.
const SHELLS: [&str; 3] = ["dash", "bash", "busybox"];

/// What it may have too.
const RARE_SHELLS: [&str; 2] = ["ksh93", "mksh"];

/// The node of these tests.
pub const NODE: &str = "p";

/// A node in a test.
pub struct Ground {
    pub home: Home,
    pub tree: PathBuf,
    pub inventory: Inventory,
    pub not_after: NotAfter,
    /// Its `sh`.
    shell: &'static str,
    /// Where its programs are found.
    path: String,
}

/// Plays a story on a fresh node with each usual `sh` of this machine.
#[track_caller]
pub fn with_each_shell(story: impl Fn(&mut Ground)) {
    with_shells(&SHELLS, story);
}

/// The same with rare ones too.
#[track_caller]
pub fn with_every_shell(story: impl Fn(&mut Ground)) {
    with_shells(&[&SHELLS[..], &RARE_SHELLS[..]].concat(), story);
}

#[track_caller]
fn with_shells(shells: &[&'static str], story: impl Fn(&mut Ground)) {
    for shell in shells {
        if Command::new(shell).args(["-c", ":"]).stderr(Stdio::null()).status().is_err() {
            skipped(&format!("there is no {shell}"));
            continue;
        }
        story(&mut Ground::new(shell));
    }
}

impl Ground {
    pub fn new(shell: &'static str) -> Self {
        let home = Home::new();
        let tree = repository(&home);
        for (key, value) in [("m3m.node", NODE), ("m3m.cell", "t")] {
            git(&home, &tree, &["config", key, value]);
        }
        let tools = home.path().join("tools");
        std::fs::create_dir(&tools).expect("a directory");
        let place = finish(Command::new("sh").args(["-c", &format!("command -v {shell}")]));
        std::os::unix::fs::symlink(place.stdout.trim(), tools.join("sh")).expect("a link");
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a PATH"));
        let inventory = inventory(&home, &tree);
        Self { home, tree, inventory, not_after: NotAfter::default(), shell, path }
    }

    /// Leaves nothing in the PATH but `sh` and these programs.
    pub fn only(&mut self, programs: &[&str]) {
        let dirs: Vec<PathBuf> = std::env::split_paths(&self.path).collect();
        for program in programs {
            let place = dirs.iter().map(|dir| dir.join(program)).find(|place| place.exists()).expect("a program");
            let link = self.home.path().join("tools").join(program);
            std::os::unix::fs::symlink(place, link).expect("a link");
        }
        self.path = self.home.path().join("tools").display().to_string();
    }

    pub fn node(&self) -> &Node {
        &self.inventory.nodes[0]
    }

    pub fn node_mut(&mut self) -> &mut Node {
        &mut self.inventory.nodes[0]
    }

    pub fn address(&self) -> Address<'_> {
        Address { node: self.node(), cell: &self.inventory.cell, not_after: &self.not_after }
    }

    /// The command as a login shell gets it.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).env("HOME", self.home.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("PATH", &self.path).current_dir("/").stdin(Stdio::null());
        command
    }

    /// Takes a step and reads the answer, which comes to its end and to nothing else.
    #[track_caller]
    pub fn step(&self, line: &str) -> Answer {
        self.answer(&finish(&mut self.command(line)))
    }

    #[track_caller]
    pub fn answer(&self, finished: &Finished) -> Answer {
        let read = step::read(finished.stdout.as_bytes(), finished.stderr.as_bytes(), finished.status.code());
        let answer = read.unwrap_or_else(|silence| panic!("{}: {silence}: {finished}", self.shell));
        assert!(answer.complete && finished.stderr.is_empty(), "{}: {finished}", self.shell);
        answer
    }

    #[track_caller]
    pub fn refused(&self, line: &str) -> String {
        let answer = self.step(line);
        answer.refused.unwrap_or_else(|| panic!("{}: not refused", self.shell)).to_string()
    }

    #[track_caller]
    pub fn claim(&self, claim: &Claim) -> Answer {
        self.step(&step::claim(self.address(), &claim.head(), &claim.record.write()))
    }

    /// The node holds this term from here on; its commit.
    #[track_caller]
    pub fn hold(&self, claim: &Claim) -> String {
        let answer = self.claim(claim);
        let held = answer.term.as_ref().map(|term| term.commit.clone());
        assert!(answer.refused.is_none() && held == answer.claim, "{}: {answer:?}", self.shell);
        held.expect("a term")
    }

    #[track_caller]
    pub fn raise(&self, raise: Raise<'_>) -> Answer {
        self.step(&step::raise(self.address(), &raise))
    }

    #[track_caller]
    pub fn start(&self, start: Start<'_>) -> Answer {
        self.step(&step::start(self.address(), &start))
    }

    #[track_caller]
    pub fn inhale(&self, commit: &str, wanted: &str) -> Answer {
        self.step(&step::inhale(self.address(), commit, wanted, false))
    }

    pub fn git(&self, args: &[&str]) -> String {
        git(&self.home, &self.tree, args)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.tree.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("its directory");
        std::fs::write(path, text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Commits all that there is; the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Whether the service runs.
    pub fn is_up(&self) -> bool {
        self.home.path().join("up").exists()
    }

    /// Has the service run, or not, whatever its commands say.
    pub fn set_up(&self, is_up: bool) {
        let path = self.home.path().join("up");
        if is_up {
            std::fs::write(path, "").expect("a file");
        } else if path.exists() {
            std::fs::remove_file(path).expect("no file");
        }
    }

    /// A term with this number that follows these commits.
    pub fn term(&self, number: u64, primary: &str, parents: &[&str]) -> Claim {
        let at = "2026-01-01T00:00:00Z".parse().expect("a time");
        let first = TermRecord::first(&self.inventory, "a@b".into(), at, format!("{number:016x}")).expect("a cell");
        let record = TermRecord { term: number, primary: primary.parse().expect("a name"), ..first };
        Claim { record, parents: parents.iter().map(ToString::to_string).collect() }
    }
}

/// The service runs while a file is there.
fn inventory(home: &Home, tree: &Path) -> Inventory {
    let up = home.path().join("up").display().to_string();
    let text = format!(
        "cell: t\nrepository: {{ path: '{}' }}\n\
         service: {{ start: \"echo starting; : >'{up}'\", stop: \"rm '{up}'\", check: \"[ -e '{up}' ]\", kill: \"rm -f '{up}'\" }}\n\
         nodes:\n- {{ name: {NODE}, host: a, role: primary }}\n- {{ name: b, host: b, role: brain }}\n\
         - {{ name: m, host: c, role: mirror }}\n",
        tree.display()
    );
    inventory_file::parse("test", &text, Path::new("/")).unwrap_or_else(|error| panic!("{}", error.render()))
}

/// A time that no step needs.
pub const LONG: Duration = Duration::from_secs(60);
