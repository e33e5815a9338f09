//! Changes of roles by several operators: runs that are cut off after any line of their journal, runs at once, and what
//! is true when all of them have ended.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, read_to_string};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::change_cell::Moved;
use crate::lab::NODES;
use crate::processes::Running;
use crate::support::{Finished, finish, until};

/// A run that takes this long is a hang.
pub const END: Duration = Duration::from_secs(180);

/// Somebody at a machine of their own.
pub struct Operator {
    name: &'static str,
    state: PathBuf,
    inventory: PathBuf,
    home: PathBuf,
    timeout: &'static str,
}

impl Operator {
    pub fn new(cell: &Moved, name: &'static str) -> Self {
        Self::of_round(cell, name, 0)
    }

    /// With a journal of this round alone.
    pub fn of_round(cell: &Moved, name: &'static str, round: usize) -> Self {
        let home = cell.labs.home.path().to_owned();
        let state = home.join("operators").join(format!("{name}-{round}"));
        fs::create_dir_all(&state).expect("a state directory");
        let own = home.join("inventory.yaml");
        let inventory = if own.exists() { own } else { cell.labs.dir("lab").join("inventory.yaml") };
        Self { name, state, inventory, home, timeout: cell.timeout }
    }

    /// m3m with these words, by this operator.
    pub fn m3m(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_m3m"));
        command
            .arg("-i")
            .arg(&self.inventory)
            .args(["--timeout", self.timeout])
            .args(line.split_whitespace())
            .current_dir(&self.home)
            .env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", &self.home).env("XDG_CONFIG_HOME", self.home.join("config"));
        command.env("XDG_STATE_HOME", &self.state).env("USER", self.name).env("TMPDIR", &self.home);
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(&self, line: &str) -> Finished {
        finish(&mut self.m3m(line))
    }

    /// Starts it.
    pub fn start(&self, line: &str) -> Child {
        self.m3m(line).spawn().expect("m3m")
    }

    /// Starts it and waits for this many more lines in the journal; nothing where it ends before.
    pub fn start_until(&self, line: &str, lines: usize) -> Option<Running> {
        let enough = self.lines() + lines;
        let mut running = Running(self.start(line));
        let has_come = until("a line of the journal, or its end", END, || {
            // Asked first: whatever it wrote before its end is there after it.
            let has_ended = running.0.try_wait().expect("its state").is_some();
            if self.lines() >= enough { Some(true) } else { has_ended.then_some(false) }
        });
        has_come.then_some(running)
    }

    fn lines(&self) -> usize {
        self.journal().lines().count()
    }

    /// With less patience for the silent: whatever a run comes to has to be told, and need not be what was asked.
    pub fn in_haste(self) -> Self {
        Self { timeout: "3s", ..self }
    }

    /// Everything that this operator has done.
    pub fn journal(&self) -> String {
        fs::read_to_string(self.journal_file()).unwrap_or_default()
    }

    pub fn journal_file(&self) -> PathBuf {
        self.state.join("m3m/journal.jsonl")
    }

    pub fn journal_lock(&self) -> PathBuf {
        self.state.join("m3m/journal.lock")
    }

    /// Who terms say that it is.
    pub fn by(&self) -> String {
        format!("{}@", self.name)
    }
}

/// Waits for the end of one that was started.
pub fn end(mut running: Running) -> Finished {
    let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
    // What it says fits into the pipes.
    let status = until("the run ends", END, || running.0.try_wait().expect("its state"));
    let text = |pipe: Option<Box<dyn Read>>| pipe.map(|pipe| read_to_string(pipe).expect("text")).unwrap_or_default();
    let stdout = text(stdout.map(|pipe| Box::new(pipe) as _));
    let stderr = text(stderr.map(|pipe| Box::new(pipe) as _));
    Finished { status, stdout, stderr }
}

/// What is true of a lab, seen without any m3m.
impl Moved {
    /// The term's commit by each of these nodes.
    pub fn held(&self, nodes: &[&'static str]) -> BTreeMap<&'static str, String> {
        let held = |node: &&'static str| {
            let commit = self.repository(node).refname_to_id("refs/m3m/term").expect("a term");
            (*node, commit.to_string())
        };
        nodes.iter().map(held).collect()
    }

    /// Asserts that these nodes hold one term, that it names this PRIMARY, and that the service runs there alone.
    #[track_caller]
    pub fn assert_at_rest(&self, nodes: &[&'static str], primary: &str, what: &str) {
        assert_eq!(self.executing(), [primary], "{what}");
        let held = self.held(nodes);
        let one = held.values().next().expect("a node");
        assert!(held.values().all(|commit| commit == one), "{what}: {held:?}");
        assert_eq!(self.term(nodes[0]).primary.as_str(), primary, "{what}");
    }

    /// Asserts that all numbers up to this one stand in the work tree of a node.
    #[track_caller]
    pub fn assert_whole(&self, node: &str, numbers: u64, what: &str) {
        let missing: Vec<u64> = (1..=numbers).filter(|number| !self.holds(node, *number)).collect();
        assert!(missing.is_empty(), "{what}: {node} lacks {missing:?}");
    }

    /// The process of the ledger of a node.
    pub fn ledger_pid(&self, node: &str) -> u32 {
        crate::lab::read_number(&self.labs.node(node).join("ledger.lock"))
    }

    /// Looks on from now on.
    pub fn witness(&self) -> Witness {
        let locks: Vec<_> = NODES.iter().map(|node| (*node, self.labs.node(node).join("ledger.lock"))).collect();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let seen = std::thread::spawn(move || {
            let mut seen = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let runs: Vec<_> = locks.iter().filter(|(_, lock)| is_held(lock)).collect();
                // Who ran first must run still: one may have ended while the next one was asked.
                if runs.len() > 1 && runs.iter().all(|(_, lock)| is_held(lock)) {
                    seen = runs.into_iter().map(|(node, _)| *node).collect();
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            seen
        });
        Witness { is_over, seen: Some(seen) }
    }
}

/// A ledger holds its lock for as long as it exists.
fn is_held(lock: &PathBuf) -> bool {
    let Ok(file) = File::open(lock) else { return false };
    let is_free = file.try_lock_shared().is_ok();
    // A child that was just forked has it open too.
    let _ = file.unlock();
    !is_free
}

/// Sees every moment at which two ledgers run.
pub struct Witness {
    is_over: Arc<AtomicBool>,
    seen: Option<JoinHandle<Vec<&'static str>>>,
}

impl Witness {
    /// Asserts that there was none.
    #[track_caller]
    pub fn assert_never_two(mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let seen = self.seen.take().map(|seen| seen.join().expect("it looks on")).unwrap_or_default();
        assert!(seen.is_empty(), "at once: {seen:?}");
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
