//! The inventory: which nodes a cell has, how they are reached, what the service is, and the cell's timing.
//!
//! An [`Inventory`] is valid by construction: every default is filled in, every rule of m3m-inventory(5) holds.

pub mod conform;
pub mod document;
pub mod draft;
pub mod fault;
pub mod file;
mod resolve;
mod rules;

use std::path::PathBuf;
use std::time::Duration;

pub use file::PORT_DEFAULT;
pub use resolve::{Places, resolve};

pub use super::name::{CellName, NodeName};

/// A valid inventory.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// The cell's name.
    pub cell: CellName,
    /// The nodes, in the order of the file. Mirrors rank in that order.
    pub nodes: Vec<Node>,
    /// How often, how long, how many misses.
    pub timing: Timing,
    /// What the automatic parts may do.
    pub safety: Safety,
    /// A local command that is told of a new PRIMARY.
    pub announce: Option<String>,
}

/// One node, with the cell's defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name, unique in the cell.
    pub name: NodeName,
    /// A host name or an IP address.
    pub host: String,
    /// Where it stands, as free text.
    pub location: Option<String>,
    /// The role in the first term.
    pub role: Role,
    /// Whether the node may ever become PRIMARY.
    pub candidate: bool,
    /// How to reach it.
    pub ssh: Ssh,
    /// The work tree that breathes.
    pub repository: Repository,
    /// What it executes as PRIMARY.
    pub service: Service,
    /// What it executes as BRAIN, if anything.
    pub brain: Option<Service>,
}

/// What a node is there for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Executes the service.
    Primary,
    /// Observes and decides.
    Brain,
    /// Stands by with full state.
    Mirror,
}

/// How to reach a node over SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// The remote user. Without it: what ssh's configuration says, then the local user's name.
    pub user: Option<String>,
    /// The TCP port. Without it: what ssh's configuration says, then 22.
    pub port: Option<u16>,
    /// The one private key to offer. Without it: what ssh's configuration says, then the agent's keys and the usual
    /// files.
    pub identity: Option<PathBuf>,
    /// The `known_hosts` file that replaces the user's and the system's.
    pub known_hosts: Option<PathBuf>,
    /// The host key itself (`ssh-ed25519 AAAA…`), which pins the node: no file is asked.
    pub host_key: Option<String>,
    /// Which configuration of ssh fills in what is not said here.
    pub config: ConfigFile,
    /// The hosts to go through, as `ProxyJump` of ssh's configuration writes them, or `none`.
    pub jump: Option<String>,
    /// The name or address that ssh's configuration has for the host, once it was asked.
    pub host_name: Option<String>,
}

/// Which configuration of ssh counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigFile {
    /// The user's, then the system's.
    #[default]
    Usual,
    /// This file alone, as with `ssh -F`.
    File(PathBuf),
    /// None: ssh is not asked.
    None,
}

/// The work tree of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its absolute path on the node.
    pub path: String,
    /// The branch that breathes.
    pub branch: String,
    /// A further git URL.
    pub upstream: Option<String>,
}

/// What the holder of a role executes: commands for the node's `sh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Starts it.
    pub start: String,
    /// Stops it.
    pub stop: String,
    /// Exits 0 when it runs.
    pub check: String,
    /// Leaves nothing of it running; `stop` where nothing is said.
    pub kill: String,
    /// The time within which a start is expected to pass its check.
    pub start_within: Duration,
}

/// The cell's rhythm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Between two health checks of one node.
    pub health_check: Duration,
    /// One health check, connect to last byte.
    pub health_timeout: Duration,
    /// Checks in a row that must fail.
    pub misses: u32,
    /// The promise: a failover takes no longer.
    pub failover: Duration,
    /// The promise: a write is everywhere within this time.
    pub breath: Duration,
}

/// What the automatic parts may do, and on what evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Safety {
    /// Who must agree to a claim.
    pub quorum: Quorum,
    /// Whether a proof that the old PRIMARY stopped is awaited.
    pub fence: Fence,
    /// A local command whose exit 0 proves that a node is off.
    pub fence_command: Option<String>,
    /// Whether the lease may be used under `fence: required`.
    pub lease: bool,
    /// Between two automatic changes of one role; zero where none is set.
    pub cool_down: Duration,
    /// The most automatic changes an hour; no limit where there is none.
    pub max_acts_per_hour: Option<u32>,
}

/// Who must agree to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Quorum {
    /// More than half of the members that answered. It works down to one node. A partition may show two PRIMARYs for
    /// its length; then the higher term wins, and nothing that was written is lost.
    #[default]
    Any,
    /// More than half of all members. Two sides of a partition never both change roles; with half of the nodes gone
    /// or more, nothing changes any more.
    Majority,
}

/// What must be known of the old PRIMARY before a new one starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fence {
    /// It is told to stop over every path there is; no proof is awaited. One that nobody reaches may go on for as long
    /// as nobody reaches it.
    #[default]
    Attempt,
    /// Nothing starts before there is proof that it stopped: a stop that was verified on the node, a `fence_command`
    /// that exits 0, a reboot that was seen, or a lease that ran out. Without proof nothing is started.
    Required,
}

impl Inventory {
    /// The node of that name.
    #[must_use]
    pub fn node(&self, name: &NodeName) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == *name)
    }

    /// The rank of a node among the mirrors, from 1, or nothing for PRIMARY and BRAIN.
    #[must_use]
    pub fn mirror_rank(&self, name: &NodeName) -> Option<usize> {
        let mut mirrors = self.nodes.iter().filter(|node| node.role == Role::Mirror);
        mirrors.position(|node| node.name == *name).map(|index| index + 1)
    }
}

impl Node {
    /// The name or address that a connection is made to, as far as it is known.
    #[must_use]
    pub fn address(&self) -> &str {
        self.ssh.host_name.as_deref().unwrap_or(&self.host)
    }
}

impl Ssh {
    /// The TCP port, as far as the inventory knows it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(PORT_DEFAULT)
    }
}

impl Role {
    /// The role in lower case, as the inventory writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Brain => "brain",
            Self::Mirror => "mirror",
        }
    }
}

impl Quorum {
    /// The word as the inventory has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Majority => "majority",
        }
    }
}

impl Fence {
    /// The word as the inventory has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Required => "required",
        }
    }
}
