//! The hands: a session with every node of a cell, asked all at once.

pub mod carry;
pub mod change;
mod gather;
mod history;
pub mod hooks;
pub mod init;
mod observe;
mod pause;
pub mod reached;
mod readiness;
mod routes;
pub mod run;
pub mod step;
mod target;
mod terms;
mod through;
mod together;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use self::reached::Reached;
use self::routes::Routes;
use self::through::Standing;
use crate::core::inventory::{Inventory, NodeName};
use crate::error::Error;
use crate::world::ssh::keyring::AskPassphrase;
use crate::world::ssh::{Keep, Route, Session};

/// What of this machine is needed to reach nodes.
#[derive(Debug, Clone)]
pub struct Workstation {
    /// The home directory, where keys and known hosts are, if there is one.
    pub home: Option<PathBuf>,
    /// The local user, who is the remote one where the inventory says nothing.
    pub user: Option<String>,
    /// The directory of m3m's own state, for what is too large for memory; without one it is where temporary files are.
    pub state: Option<PathBuf>,
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
    reached: Reached,
    /// Where packs wait on their way.
    scratch: Option<PathBuf>,
    notices: Vec<String>,
}

/// The way to one node, and the session over it.
#[derive(Debug)]
struct Reach {
    route: Arc<Route>,
    session: Arc<Session>,
}

impl Cell {
    /// Asks ssh for its configuration, opens keys and host key files and makes a session for each of the named nodes.
    /// Nothing is sent yet. Into the inventory goes where each node is connected to.
    ///
    /// # Errors
    /// A file that the inventory names cannot be read, ssh does not understand its configuration, or a node has no user.
    pub fn open(
        mut inventory: Inventory,
        nodes: &[NodeName],
        keep: Keep,
        workstation: &Workstation,
        ask: &mut AskPassphrase<'_>,
    ) -> Result<Self, Error> {
        let mut routes = Routes::new(workstation);
        let (asked, unasked): (Vec<_>, Vec<_>) =
            inventory.nodes.iter_mut().partition(|node| nodes.contains(&node.name));
        routes.learn(asked.iter().map(|node| &**node))?;
        let (mut reach, mut others) = (BTreeMap::new(), BTreeMap::new());
        for node in asked {
            let route = routes.to(node, ask)?;
            (node.ssh.host_name, node.ssh.port) = (Some(route.host.clone()), Some(route.port));
            let session = Arc::new(Session::open(route.clone(), keep));
            reach.insert(node.name.clone(), Reach { route: Arc::new(route), session });
        }
        // Whoever is not asked for cannot spoil the answer, and nobody is asked for his passphrase.
        if routes.learn(unasked.iter().map(|node| &**node)).is_ok() {
            for node in unasked {
                if let Ok(route) = routes.to(node, &mut |_, _| None) {
                    others.insert(node.name.clone(), Arc::new(route));
                }
            }
        }
        let (relayed, reached, scratch) = (Standing::default(), Reached::default(), workstation.state.clone());
        let notices = routes.notices();
        Ok(Self { inventory, keep, reach, others, relayed, reached, scratch, notices })
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
