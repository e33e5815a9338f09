//! The lab: five real SSH nodes on this machine, each a process of its own, on 127.0.0.1 only.
//!
//! A node runs commands with the real `sh` and `git` in a home of its own, and what it started outlives its session,
//! as under OpenSSH. Between the nodes, and between them and the operator, stands a network that can be broken, a
//! process as well. [`Lab`] is what both kinds of lab have in common: persistent ones (`m3m lab up`), which stand in
//! m3m's state directory, and the [`ThrowAway`] of `--lab`, which is gone when its owner is.

mod exec;
mod faults;
mod forward;
mod keeper;
mod layout;
pub mod ledger;
mod lock;
mod network;
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
pub mod wire;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;

use serde::Serialize;

use crate::core::inventory::Role;
use crate::error::Error;
pub use keeper::keep;
use layout::{LabDir, read_port};
pub use layout::{PARTS, Part};
pub use network::{Direction, End, Network, PathStatus, Wan};
pub use persistent::{Exclusive, all, choose, down, find, incomplete, the_only, up};
use processes::Act;
pub use throw_away::ThrowAway;

/// A complete lab. Its nodes live or not.
#[derive(Debug, Clone)]
pub struct Lab {
    name: String,
    dir: LabDir,
    /// What its processes run, where that is not this very binary.
    program: Option<PathBuf>,
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
    /// It has no power: connections stay open and silent, and new ones hang.
    Off,
}

impl State {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Frozen => "frozen",
            Self::Dead => "dead",
            Self::Off => "off",
        }
    }

    /// The verb of `m3m lab` that ends it; a node that is up can be killed.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Up => "kill",
            Self::Frozen => "thaw",
            Self::Dead | Self::Off => "revive",
        }
    }
}

impl Lab {
    /// Makes the files in an empty directory with a canonical path, starts the network, then the five nodes at once and
    /// the service on PRIMARY. The directory is removed if that fails.
    fn create(name: &str, dir: LabDir, program: &Path, wan: Wan) -> Result<(Self, Vec<Child>), Error> {
        let lab = Self { name: name.to_owned(), dir, program: Some(program.to_owned()) };
        match lab.start(program, wan) {
            Ok(nodes) => Ok((lab, nodes)),
            Err(error) => {
                // The first failure is the one to tell.
                let _ = remove(&lab.dir);
                Err(error)
            }
        }
    }

    fn start(&self, program: &Path, wan: Wan) -> Result<Vec<Child>, Error> {
        setup::prepare_network(&self.dir)?;
        network::prepare(&self.dir, |faults| faults.set_wan(wan))?;
        let wire = start::wire(&self.dir, program)?;
        setup::prepare(&self.dir, program)?;
        let wire = wire.ready()?;
        let nodes = self.dir.nodes();
        let started: Vec<_> = nodes.iter().map(|node| start::node(node, program)).collect::<Result<_, _>>()?;
        let (ready, service) = thread::scope(|scope| {
            let primaries = PARTS.iter().filter(|part| part.role == Role::Primary);
            let services: Vec<_> =
                primaries.map(|part| scope.spawn(|| ledger::start_with(&self.dir.node(part.name), program))).collect();
            let ready: Result<Vec<_>, Error> = started.into_iter().map(start::Started::ready).collect();
            let panicked = |_| Err(Error::unexpected("a thread that started the service panicked"));
            (ready, services.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(panicked)))
        });
        service?;
        let mut children = ready?;
        children.push(wire);
        setup::describe(&self.dir, &self.name)?;
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
        // What cannot be read is told by those that have to change it.
        let faults = network::load(&self.dir).unwrap_or_default();
        PARTS.iter().map(|part| self.status(part, faults.is_off(End::Node(part.name)))).collect()
    }

    /// The network between them.
    ///
    /// # Errors
    /// Its file cannot be read.
    pub fn network(&self) -> Result<Network, Error> {
        Network::of(&self.dir)
    }

    fn status(&self, part: &Part, is_off: bool) -> NodeStatus {
        let node = self.dir.node(part.name);
        let pid = lock::holder(&node.lock());
        let state = match pid {
            _ if is_off => State::Off,
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
}

/// Kills everything of a lab and removes its directory.
fn remove(lab: &LabDir) -> io::Result<()> {
    let nodes = [lab.nodes(), vec![lab.wire()]].concat();
    processes::act(&nodes, Act::Kill)?;
    match std::fs::remove_dir_all(lab.path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A node that was just being started when the first look was taken.
    processes::act(&nodes, Act::Kill)
}
