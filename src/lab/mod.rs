//! The lab: five real SSH nodes on this machine, each a process of its own, on 127.0.0.1 only.
//!
//! A node runs commands with the real `sh` and `git` in a home of its own, and what it started outlives its session,
//! as under OpenSSH. [`Lab`] is what both kinds of lab have in common: persistent ones (`m3m lab up`), which stand in
//! m3m's state directory, and the [`ThrowAway`] of `--lab`, which is gone when its owner is.

mod exec;
mod forward;
mod keeper;
mod layout;
pub mod ledger;
mod lock;
pub mod node;
mod persistent;
mod processes;
mod pty;
mod running;
mod server;
mod setup;
mod start;
mod texts;
mod throw_away;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;

use serde::Serialize;

use crate::core::inventory::Role;
use crate::error::{Error, Exit};
pub use keeper::keep;
use layout::{LabDir, NodeDir, read_port};
pub use layout::{PARTS, Part};
pub use persistent::{Exclusive, all, choose, down, find, incomplete, the_only, up};
use processes::Act;
pub use setup::shell_word;
pub use throw_away::ThrowAway;

/// A complete lab. Its nodes live or not.
#[derive(Debug, Clone)]
pub struct Lab {
    name: String,
    dir: LabDir,
}

/// One node, as it is now.
#[derive(Debug, Clone, Serialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: &'static str,
    /// Its role in the first term.
    pub role: &'static str,
    /// Whether it lives.
    pub state: State,
    /// Where it listens.
    pub host: &'static str,
    /// The TCP port, kept for as long as the lab exists.
    pub port: Option<u16>,
    /// The node process.
    pub pid: Option<i32>,
    /// Whether the ledger's process exists here.
    pub service: bool,
}

/// Whether a node lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It answers.
    Up,
    /// All that it runs is stopped: connections are accepted by the kernel and nobody answers.
    Frozen,
    /// Nothing of it runs: connections are refused.
    Dead,
}

impl State {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Frozen => "frozen",
            Self::Dead => "dead",
        }
    }
}

impl Lab {
    /// Makes the files in an empty directory with a canonical path, starts the five nodes at once and the service on
    /// PRIMARY. The directory is removed if that fails.
    fn create(name: &str, dir: LabDir, program: &Path) -> Result<(Self, Vec<Child>), Error> {
        let lab = Self { name: name.to_owned(), dir };
        match lab.start(program) {
            Ok(nodes) => Ok((lab, nodes)),
            Err(error) => {
                // The first failure is the one to tell.
                let _ = remove(&lab.dir);
                Err(error)
            }
        }
    }

    fn start(&self, program: &Path) -> Result<Vec<Child>, Error> {
        setup::prepare(&self.dir, program)?;
        let nodes = self.dir.nodes();
        let started: Vec<_> = nodes.iter().map(|node| start::start(node, program)).collect::<Result<_, _>>()?;
        let (ready, service) = thread::scope(|scope| {
            let primaries = PARTS.iter().filter(|part| part.role == Role::Primary);
            let services: Vec<_> =
                primaries.map(|part| scope.spawn(|| ledger::start_with(&self.dir.node(part.name), program))).collect();
            let ready: Result<Vec<_>, Error> = started.into_iter().map(start::Started::ready).collect();
            let panicked = |_| Err(Error::unexpected("a thread that started the service panicked"));
            (ready, services.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(panicked)))
        });
        service?;
        let (children, ports): (Vec<_>, Vec<_>) = ready?.into_iter().unzip();
        setup::describe(&self.dir, &self.name, &ports)?;
        Ok(children)
    }

    /// Its name, which is its cell's name as well.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The inventory of its five nodes.
    #[must_use]
    pub fn inventory_path(&self) -> PathBuf {
        self.dir.inventory()
    }

    /// The configuration with which `ssh -F` logs in.
    #[must_use]
    pub fn ssh_config_path(&self) -> PathBuf {
        self.dir.ssh_config()
    }

    /// The work tree of a node.
    #[must_use]
    pub fn repository_path(&self, node: &str) -> PathBuf {
        self.dir.node(node).repository()
    }

    /// The port of a node's ledger on 127.0.0.1, kept from its first start on.
    #[must_use]
    pub fn ledger_port(&self, node: &str) -> Option<u16> {
        read_port(&self.dir.node(node).ledger_port()).ok().flatten()
    }

    /// The five nodes, PRIMARY first.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeStatus> {
        PARTS.iter().map(|part| self.status(part)).collect()
    }

    fn status(&self, part: &Part) -> NodeStatus {
        let node = self.dir.node(part.name);
        let pid = lock::holder(&node.lock());
        let state = match pid {
            None => State::Dead,
            Some(pid) if processes::is_stopped(pid) => State::Frozen,
            Some(_) => State::Up,
        };
        NodeStatus {
            name: part.name,
            role: part.role.as_str(),
            state,
            host: "127.0.0.1",
            port: read_port(&node.port()).ok().flatten(),
            pid: pid.map(|pid| pid.as_raw_nonzero().get()),
            service: lock::holder(&node.ledger_lock()).is_some(),
        }
    }

    /// Kills these nodes and everything they run, all at once, as a crash would.
    ///
    /// # Errors
    /// The lab has no such node, or a process cannot be killed.
    pub fn kill(&self, nodes: &[&str]) -> Result<(), Error> {
        self.act(&parts(nodes)?, Act::Kill)
    }

    /// Stops these nodes and everything they run: they keep their connections and say nothing more.
    ///
    /// # Errors
    /// The lab has no such node, one is dead (then nothing is done), or a process cannot be stopped.
    pub fn freeze(&self, nodes: &[&str]) -> Result<(), Error> {
        self.act(&self.living(nodes)?, Act::Freeze)
    }

    /// Lets frozen nodes and everything they run go on.
    ///
    /// # Errors
    /// The lab has no such node, or one is dead: then nothing is done.
    pub fn thaw(&self, nodes: &[&str]) -> Result<(), Error> {
        self.act(&self.living(nodes)?, Act::Thaw)
    }

    /// Starts dead nodes again: same port, same keys, same repository. The service is not started. A node that is up
    /// is left alone.
    ///
    /// # Errors
    /// The lab has no such node, one is frozen, or one cannot start: then all that were dead are dead.
    pub fn revive(&self, nodes: &[&str]) -> Result<(), Error> {
        let parts = parts(nodes)?;
        if let Some(frozen) = self.those(&parts, State::Frozen) {
            return Err(Error::new(Exit::Refused, format!("frozen, not dead: {frozen}"))
                .hint(format!("let go on: m3m lab thaw {frozen}")));
        }
        let dead: Vec<_> = parts.into_iter().filter(|part| self.status(part).state == State::Dead).collect();
        // What a machine ran before its crash does not run after it.
        self.act(&dead, Act::Kill)?;
        self.start_again(&dead).inspect_err(|_| {
            // The first failure is the one to tell.
            let _ = self.act(&dead, Act::Kill);
        })
    }

    fn start_again(&self, parts: &[&Part]) -> Result<(), Error> {
        let program = start::own_program()?;
        let start = |part: &&Part| {
            let node = self.dir.node(part.name);
            setup::write_service(&node, &program)?;
            start::start(&node, &program)
        };
        let started: Vec<_> = parts.iter().map(start).collect::<Result<_, _>>()?;
        started.into_iter().try_for_each(|node| node.ready().map(drop))
    }

    /// All of these nodes, none of which may be dead.
    fn living(&self, nodes: &[&str]) -> Result<Vec<&'static Part>, Error> {
        let parts = parts(nodes)?;
        match self.those(&parts, State::Dead) {
            None => Ok(parts),
            Some(dead) => {
                Err(Error::new(Exit::Refused, format!("dead: {dead}"))
                    .hint(format!("start again: m3m lab revive {dead}")))
            }
        }
    }

    /// The names of those in a state, parted by blanks.
    fn those(&self, parts: &[&Part], state: State) -> Option<String> {
        let names: Vec<_> =
            parts.iter().filter(|part| self.status(part).state == state).map(|part| part.name).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    fn act(&self, parts: &[&Part], act: Act) -> Result<(), Error> {
        let nodes: Vec<NodeDir> = parts.iter().map(|part| self.dir.node(part.name)).collect();
        processes::act(&nodes, act)
            .map_err(|error| Error::new(Exit::Refused, "cannot signal all that the nodes run").because(error))
    }
}

/// The nodes of these names, each once.
fn parts(nodes: &[&str]) -> Result<Vec<&'static Part>, Error> {
    if let Some(node) = nodes.iter().find(|node| PARTS.iter().all(|part| part.name != **node)) {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        return Err(
            Error::usage(format!("a lab has no node {node}")).hint(format!("its nodes are {}", names.join(", ")))
        );
    }
    Ok(PARTS.iter().filter(|part| nodes.contains(&part.name)).collect())
}

/// Kills everything of a lab and removes its directory.
fn remove(lab: &LabDir) -> io::Result<()> {
    let nodes = lab.nodes();
    processes::act(&nodes, Act::Kill)?;
    match std::fs::remove_dir_all(lab.path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A node that was just being started when the first look was taken.
    processes::act(&nodes, Act::Kill)
}
