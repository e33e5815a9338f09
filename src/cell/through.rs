//! Ways to a node through another one of the cell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Cell;
use crate::core::inventory::NodeName;
use crate::world::ssh::{Hop, Keep, Lent, Route, Session, Way};

/// Sessions that lead through another node and stand from one round to the next: the node, and the relay.
pub(super) type Standing = Mutex<BTreeMap<(NodeName, NodeName), Arc<Session>>>;

/// A way to one node through another one.
pub(super) enum Through {
    /// A session that stands.
    Standing(Arc<Session>),
    /// One is to be made: the node's route, the relay's name and route, and a session with the relay that has done its
    /// work and may give its connection away.
    New { node: Arc<Route>, relay: NodeName, over: Arc<Route>, lender: Option<Arc<Session>> },
}

impl Through {
    /// The session with the node.
    pub(super) async fn session(self, deadline: Instant) -> Arc<Session> {
        match self {
            Self::Standing(session) => session,
            Self::New { node, relay, over, lender } => {
                let lent = match lender {
                    Some(session) => session.lend(deadline).await,
                    None => None,
                };
                Arc::new(open(&node, hop(&relay, over, lent), Keep::Once))
            }
        }
    }
}

fn hop(relay: &NodeName, over: Arc<Route>, lent: Option<Lent>) -> Hop {
    Hop::new(relay.as_str(), format!("m3m ssh {relay} --"), over, lent)
}

fn open(node: &Route, hop: Hop, keep: Keep) -> Session {
    Session::open(Route { way: Way::Through(Arc::new(hop)), ..node.clone() }, keep)
}

impl Cell {
    /// The way to a node through another one; nothing where this cell has no route to one of them.
    pub(super) fn through(&self, node: &NodeName, relay: &NodeName) -> Option<Through> {
        Some(match self.keep {
            // Its connection has done its work when its one answer is in.
            Keep::Once => Through::New {
                node: Arc::clone(self.route(node)?),
                relay: relay.clone(),
                over: Arc::clone(self.route(relay)?),
                lender: self.reach.get(relay).map(|reach| Arc::clone(&reach.session)),
            },
            // A session that stands goes on being asked, and is not lent.
            Keep::Standing => Through::Standing(self.relayed(node, relay)?),
        })
    }

    /// A session with a node through another one that stands, made where there is none; nothing where this cell has no
    /// route to one of them.
    pub(super) fn relayed(&self, node: &NodeName, relay: &NodeName) -> Option<Arc<Session>> {
        let (target, over) = (self.route(node)?, self.route(relay)?);
        let mut standing = self.standing();
        let session = standing
            .entry((node.clone(), relay.clone()))
            .or_insert_with(|| Arc::new(open(target, hop(relay, Arc::clone(over), None), Keep::Standing)));
        Some(Arc::clone(session))
    }

    fn route(&self, node: &NodeName) -> Option<&Arc<Route>> {
        self.reach.get(node).map(|reach| &reach.route).or_else(|| self.others.get(node))
    }

    /// The ways through other nodes that stand: node and relay.
    pub(super) fn standing_relays(&self) -> Vec<(NodeName, NodeName)> {
        self.standing().keys().cloned().collect()
    }

    /// Ends the ways to a node through others: it answers itself again.
    pub(super) fn forget_relays(&self, node: &NodeName) {
        self.standing().retain(|(target, _), _| target != node);
    }

    /// Ends all ways to a node through others but this one.
    pub(super) fn keep_relay(&self, node: &NodeName, relay: &NodeName) {
        self.standing().retain(|(target, through), _| target != node || through == relay);
    }

    /// Ends one way to a node: the next one is made anew.
    pub(super) fn forget_relay(&self, node: &NodeName, relay: &NodeName) {
        self.standing().remove(&(node.clone(), relay.clone()));
    }

    fn standing(&self) -> MutexGuard<'_, BTreeMap<(NodeName, NodeName), Arc<Session>>> {
        self.relayed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
