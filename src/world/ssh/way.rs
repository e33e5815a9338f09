//! What a connection goes through on its way to a host: nothing, other hosts, or a local command.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::channel::Link;
use super::{Lent, Route};
use crate::core::silence::{Cause, Phase, Silence};

/// What a connection goes through.
#[derive(Debug, Clone, Default)]
pub enum Way {
    /// Nothing: a TCP connection.
    #[default]
    Direct,
    /// Another host, which may itself be reached through others: a jump host, or a node that relays.
    Through(Arc<Hop>),
    /// A local command whose standard input and output are the connection (`ProxyCommand` of `ssh_config`), for `sh`.
    Command(String),
}

/// A host on the way to another one.
pub struct Hop {
    /// The host by the name that a person knows.
    name: String,
    /// The command line that logs in to it.
    login: String,
    route: Arc<Route>,
    lent: Mutex<Option<Link>>,
}

impl Hop {
    /// A host that is reached over this route; a connection to it that stands is used first, once.
    #[must_use]
    pub fn new(name: impl Into<String>, login: String, route: Arc<Route>, lent: Option<Lent>) -> Self {
        Self { name: name.into(), login, route, lent: Mutex::new(lent.map(|Lent(link)| link)) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn login(&self) -> &str {
        &self.login
    }

    /// What this host's own silence says of whoever is behind it.
    pub(super) fn silence(&self, silence: Silence) -> Silence {
        let at = (self.route.host.clone(), self.route.port);
        let cause = Cause::Hop { name: self.name.clone(), at, silence: Box::new(silence) };
        Silence { phase: Phase::Jump, cause }
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    pub(super) fn take_lent(&self) -> Option<Link> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop").field("name", &self.name).field("route", &self.route).finish_non_exhaustive()
    }
}
