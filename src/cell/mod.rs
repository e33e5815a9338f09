//! The hands: a session with every node of a cell, asked all at once.

mod gather;
mod observe;
mod through;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::through::Standing;
use crate::core::inventory::{Inventory, Node, NodeName};
use crate::error::Error;
use crate::world::ssh::agent::{self, AgentKeys};
use crate::world::ssh::host_keys::HostKeys;
use crate::world::ssh::keyring::{AskPassphrase, Keyring};
use crate::world::ssh::{Keep, Route, Session, Way};

/// What of this machine is needed to reach nodes.
#[derive(Debug, Clone)]
pub struct Workstation {
    /// The home directory, where keys and known hosts are.
    pub home: PathBuf,
    /// The local user, who is the remote one where the inventory says nothing.
    pub user: Option<String>,
}

/// A cell within reach: its inventory and a session with each node. Sessions connect when they are first used.
#[derive(Debug)]
pub struct Cell {
    inventory: Inventory,
    keep: Keep,
    /// The nodes that are asked.
    reach: BTreeMap<NodeName, Reach>,
    /// The ways to the other nodes, which are asked nothing and may relay.
    others: BTreeMap<NodeName, Arc<Route>>,
    relayed: Standing,
    notices: Vec<String>,
}

/// The way to one node, and the session over it.
#[derive(Debug)]
struct Reach {
    route: Arc<Route>,
    session: Arc<Session>,
}

impl Cell {
    /// Opens keys and host key files and makes a session for each of the named nodes. Nothing is sent yet.
    ///
    /// # Errors
    /// A file that the inventory names cannot be read, or a node has no user.
    pub fn open(
        inventory: Inventory,
        nodes: &[NodeName],
        keep: Keep,
        workstation: &Workstation,
        ask: &mut AskPassphrase<'_>,
    ) -> Result<Self, Error> {
        let mut files = Files::default();
        let is_asked = |node: &&Node| nodes.contains(&node.name);
        let mut reach = BTreeMap::new();
        for node in inventory.nodes.iter().filter(is_asked) {
            let route = files.route(node, workstation, ask)?;
            let session = Arc::new(Session::open(route.clone(), keep));
            reach.insert(node.name.clone(), Reach { route: Arc::new(route), session });
        }
        let mut others = BTreeMap::new();
        for node in inventory.nodes.iter().filter(|node| !is_asked(node)) {
            // Whoever is not asked for cannot spoil the answer, and nobody is asked for his passphrase.
            if let Ok(route) = files.route(node, workstation, &mut |_, _| None) {
                others.insert(node.name.clone(), Arc::new(route));
            }
        }
        let notices = files.host_keys.values().flat_map(|keys| keys.notices().collect::<Vec<_>>()).collect();
        Ok(Self { inventory, keep, reach, others, relayed: Standing::default(), notices })
    }

    /// The inventory.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// What a person should know of this machine's own files, such as lines that were skipped.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }
}

/// Keys and host keys, each file read once and the agent asked once, however many nodes share them.
#[derive(Default)]
struct Files {
    agent: Option<AgentKeys>,
    keyrings: BTreeMap<Option<PathBuf>, Arc<Keyring>>,
    host_keys: BTreeMap<Option<PathBuf>, Arc<HostKeys>>,
}

impl Files {
    fn route(&mut self, node: &Node, here: &Workstation, ask: &mut AskPassphrase<'_>) -> Result<Route, Error> {
        let user = node.ssh.user.clone().or_else(|| here.user.clone()).ok_or_else(|| {
            Error::inventory(format!("{}: no user to log in as", node.name))
                .hint("set ssh.user in the inventory, or USER")
        })?;
        Ok(Route {
            host: node.host.clone(),
            port: node.ssh.port,
            user,
            keys: cached(&mut self.keyrings, node.ssh.identity.as_deref(), |named| {
                let agent = self.agent.get_or_insert_with(agent::list).clone();
                Keyring::open(named, &here.home, agent, ask)
            })?,
            host_keys: cached(&mut self.host_keys, node.ssh.known_hosts.as_deref(), |named| {
                HostKeys::load(named, &here.home)
            })?,
            pin: node.ssh.host_key.clone(),
            way: Way::Direct,
        })
    }
}

fn cached<T>(
    cache: &mut BTreeMap<Option<PathBuf>, Arc<T>>,
    path: Option<&Path>,
    open: impl FnOnce(Option<&Path>) -> Result<T, Error>,
) -> Result<Arc<T>, Error> {
    let key = path.map(Path::to_path_buf);
    if let Some(known) = cache.get(&key) {
        return Ok(Arc::clone(known));
    }
    let opened = Arc::new(open(path)?);
    cache.insert(key, Arc::clone(&opened));
    Ok(opened)
}
