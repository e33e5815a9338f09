//! What every verb starts from: the global arguments, the inventory they lead to, and the cell within reach.

use std::io;
#[cfg(feature = "lab")]
use std::path::PathBuf;
use std::time::Duration;

use crate::cell::{Cell, Workstation};
use crate::core::event::{Event, Listener};
use crate::core::inventory::fault::did_you_mean;
use crate::core::inventory::{Inventory, Node, NodeName};
use crate::error::{Error, Exit};
use crate::view::{self, Settings};
use crate::world::ssh::Keep;
use crate::world::{dirs, inventory_file, operator};

use super::consent;
use super::global::GlobalArgs;
#[cfg(feature = "lab")]
use crate::lab;

/// The global arguments and what follows from them.
pub struct Context {
    pub(super) global: GlobalArgs,
}

/// The inventory in use. It keeps a throw-away lab alive.
pub(super) struct Source {
    pub(super) inventory: Inventory,
    /// Whether the nodes end with this process.
    pub(super) ends_with_m3m: bool,
    #[cfg(feature = "lab")]
    _lab: Option<lab::ThrowAway>,
}

impl Context {
    /// Starts from the global arguments.
    #[must_use]
    pub fn new(global: GlobalArgs) -> Self {
        Self { global }
    }

    /// The view for a report that comes once, or again and again.
    pub(super) fn view(&self, wide: bool, repeated: bool) -> Box<dyn Listener> {
        let GlobalArgs { output, color, quiet, verbose, .. } = self.global;
        view::open(Settings { format: output, color, quiet, verbose, wide, repeated })
    }

    /// Finds, reads and checks the inventory, or a lab's.
    #[cfg_attr(not(feature = "lab"), expect(clippy::unused_async, reason = "only the start of a lab takes time"))]
    pub(super) async fn source(&self) -> Result<Source, Error> {
        #[cfg(feature = "lab")]
        if let Some(name) = &self.global.lab {
            return Self::lab(name.as_ref()).await;
        }
        let path =
            inventory_file::find(self.global.inventory.as_deref(), std::env::var_os("M3M_INVENTORY").as_deref())?;
        Ok(Source::new(inventory_file::load(&path)?))
    }

    /// The nodes asked for, all where none is named.
    pub(super) fn nodes(&self, inventory: &Inventory) -> Result<Vec<NodeName>, Error> {
        for name in &self.global.nodes {
            known(inventory, name)?;
        }
        let asked = |name: &NodeName| self.global.nodes.is_empty() || self.global.nodes.contains(name);
        Ok(inventory.nodes.iter().map(|node| node.name.clone()).filter(asked).collect())
    }

    /// A session with each of these nodes; what is worth knowing of this machine's files is told to the view. Keys are
    /// opened beside the runtime, so that Ctrl-C is heard while a passphrase is asked for.
    pub(super) async fn cell(
        inventory: Inventory,
        nodes: Vec<NodeName>,
        keep: Keep,
        view: &mut dyn Listener,
    ) -> Result<Cell, Error> {
        let workstation = Workstation { home: dirs::home().ok(), user: operator::user(), state: dirs::state().ok() };
        let open = move || Cell::open(inventory, &nodes, keep, &workstation, &mut consent::passphrase);
        let opened = tokio::task::spawn_blocking(open).await;
        let cell = opened.map_err(|lost| Error::unexpected("opening the keys was cut off").because(lost))??;
        for notice in cell.notices() {
            view.hear(&Event::Notice(notice)).map_err(Error::output)?;
        }
        Ok(cell)
    }

    /// The time for one node's whole observation.
    pub(super) fn timeout(&self, inventory: &Inventory) -> Duration {
        self.global.timeout.unwrap_or(inventory.timing.health_timeout)
    }
}

impl Source {
    fn new(inventory: Inventory) -> Self {
        Self {
            inventory,
            ends_with_m3m: false,
            #[cfg(feature = "lab")]
            _lab: None,
        }
    }
}

#[cfg(feature = "lab")]
impl Context {
    /// The inventory of a lab that is there, or of a throw-away one that ends with the command. It is started beside
    /// the runtime, so that Ctrl-C is heard meanwhile; what was begun ends with this process then.
    async fn lab(name: Option<&NodeName>) -> Result<Source, Error> {
        let from = |path: PathBuf, lab: Option<lab::ThrowAway>| {
            Ok(Source { inventory: inventory_file::load(&path)?, ends_with_m3m: lab.is_some(), _lab: lab })
        };
        if let Some(there) = lab::find(name.map(NodeName::as_str))? {
            return from(there.inventory_path(), None);
        }
        let started = tokio::task::spawn_blocking(lab::ThrowAway::start).await;
        let lab = started.map_err(|lost| Error::unexpected("starting the lab was cut off").because(lost))??;
        from(lab.inventory_path(), Some(lab))
    }
}

/// The node of this name.
pub(super) fn known<'a>(inventory: &'a Inventory, name: &NodeName) -> Result<&'a Node, Error> {
    inventory.node(name).ok_or_else(|| {
        let names: Vec<&str> = inventory.nodes.iter().map(|node| node.name.as_str()).collect();
        let unknown = Error::usage(format!("cell {} has no node {name}", inventory.cell));
        match did_you_mean(name.as_str(), names.iter().copied()) {
            Some(nearest) => unknown.hint(format!("did you mean {nearest}?")),
            None => unknown.hint(format!("it has {}", names.join(", "))),
        }
    })
}

/// A reader that has gone, as with `| head -1`, has what it wanted; every other failure to print is told.
pub(super) fn unless_gone(error: io::Error, exit: Exit) -> Result<Exit, Error> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(exit) } else { Err(Error::output(error)) }
}
