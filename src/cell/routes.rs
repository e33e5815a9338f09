//! Routes: targets with their keys and host keys opened, each file read once and each agent asked once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Workstation;
use super::target::{Target, TargetWay, Targets};
use crate::core::inventory::Node;
use crate::core::ssh_config::{HostKeySource, KeySource};
use crate::error::Error;
use crate::world::ssh::host_keys::HostKeys;
use crate::world::ssh::keyring::{AskPassphrase, Keyring, Keys};
use crate::world::ssh::{Hop, Route, Way};

/// The routes of a cell, however many nodes share keys and files.
pub(super) struct Routes {
    targets: Targets,
    keys: Keys,
    keyrings: BTreeMap<KeySource, Arc<Keyring>>,
    host_keys: BTreeMap<HostKeySource, Arc<HostKeys>>,
}

impl Routes {
    pub(super) fn new(here: &Workstation) -> Self {
        Self {
            targets: Targets::new(here),
            keys: Keys::default(),
            keyrings: BTreeMap::new(),
            host_keys: BTreeMap::new(),
        }
    }

    /// Learns what ssh's configuration says of these nodes, all at once.
    pub(super) fn learn<'a>(&mut self, nodes: impl Iterator<Item = &'a Node>) -> Result<(), Error> {
        self.targets.learn(nodes)
    }

    /// The route to a node.
    pub(super) fn to(&mut self, node: &Node, ask: &mut AskPassphrase<'_>) -> Result<Route, Error> {
        let target = self.targets.node(node)?;
        self.open(target, ask)
    }

    fn open(&mut self, target: Target, ask: &mut AskPassphrase<'_>) -> Result<Route, Error> {
        let way = match target.way {
            TargetWay::Direct => Way::Direct,
            TargetWay::Command(line) => Way::Command(line),
            TargetWay::Through(hop) => {
                let (name, login) = (hop.name.clone(), hop.login.clone());
                Way::Through(Arc::new(Hop::new(name, login, Arc::new(self.open(*hop, ask)?), None)))
            }
        };
        let config = target.config;
        Ok(Route {
            host: config.host_name,
            port: config.port,
            family: config.family,
            user: config.user,
            keys: cached(&mut self.keyrings, config.keys, |source| Keyring::open(source, &mut self.keys, ask))?,
            host_keys: cached(&mut self.host_keys, config.host_keys, HostKeys::load)?,
            alias: config.host_key_alias,
            pin: target.pin,
            way,
        })
    }

    /// What a person should know of this machine's own files, each thing once.
    pub(super) fn notices(&self) -> Vec<String> {
        let notices: BTreeSet<String> = self.host_keys.values().flat_map(|keys| keys.notices()).collect();
        notices.into_iter().collect()
    }
}

fn cached<K: Ord + Clone, T>(
    cache: &mut BTreeMap<K, Arc<T>>,
    key: K,
    open: impl FnOnce(&K) -> Result<T, Error>,
) -> Result<Arc<T>, Error> {
    if let Some(known) = cache.get(&key) {
        return Ok(Arc::clone(known));
    }
    let opened = Arc::new(open(&key)?);
    cache.insert(key, Arc::clone(&opened));
    Ok(opened)
}
