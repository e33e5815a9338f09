//! The shape of `inventory.yaml`: every field a person may write, before any rule is applied.
//!
//! The doc comments are the descriptions of the JSON Schema and the text of m3m-inventory(5).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fence, Quorum, Role};
use crate::core::name::Name;

/// The port of an SSH server.
pub const PORT_DEFAULT: u16 = 22;

/// How a duration is written, as a regular expression.
const DURATION: &str = "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$";
/// A duration or the word `none`.
const DURATION_OR_NONE: &str = "^(none|([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+)$";

/// The nodes of a Montana 3-Mirror cell, how they are reached, what the service is, and the cell's timing.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "inventory.yaml of m3m")]
#[serde(deny_unknown_fields)]
pub struct InventoryFile {
    /// The cell's name.
    #[schemars(regex(pattern = Name::PATTERN))]
    pub cell: String,
    /// How nodes are reached over SSH.
    pub ssh: Option<SshFile>,
    /// The work tree that breathes.
    pub repository: RepositoryFile,
    /// What PRIMARY executes: commands for the node's `sh`.
    pub service: ServiceFile,
    /// The service of BRAIN, where it has one: it is started and stopped as that role moves. Without it the role moves
    /// alone.
    pub brain: Option<ServiceFile>,
    /// How often, how long, how many misses; and the two times that the cell promises.
    pub timing: Option<TimingFile>,
    /// What the automatic parts may do, and on what evidence.
    pub safety: Option<SafetyFile>,
    /// A command on this machine that is told of a new PRIMARY: the names of the old and the new one and the term's
    /// number are added as arguments. It moves the name or address that clients use. It may take 10 s and is tried three
    /// times, so that it may run twice for one term; where it fails the change of roles stands, with a warning that shows
    /// what to run by hand.
    pub announce: Option<String>,
    /// The nodes: exactly one primary, exactly one brain, at least one mirror. Mirrors rank in the order they stand.
    #[schemars(length(min = 3))]
    pub nodes: Vec<NodeFile>,
}

/// How nodes are reached over SSH.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SshFile {
    /// The remote user. Default: ssh's configuration, then the local user's name.
    pub user: Option<String>,
    /// The TCP port. Default: ssh's configuration, then 22.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
    /// The file of the one private key to offer. Default: ssh's configuration, then the keys of the agent and the usual
    /// files in `~/.ssh`. `~/` is the home directory; a relative path starts at the inventory's directory.
    pub identity: Option<String>,
    /// The file of known host keys, which replaces the user's and the system's. Paths as for `identity`.
    pub known_hosts: Option<String>,
    /// The host key itself, `ssh-ed25519 AAAA…`: it pins the node and no file is asked.
    pub host_key: Option<String>,
    /// The configuration of ssh that fills in what is not said here, as `ssh -F` takes it: neither the user's nor the
    /// system's is read then, and `none` reads no file at all. Default: `~/.ssh/config`, then `/etc/ssh/ssh_config`.
    /// Paths as for `identity`; the file holds commands, so the same rules of trust apply as to this one.
    pub config: Option<String>,
    /// The hosts to go through, nearest first: `[user@]host[:port]`, parted by commas, as `ssh -J` takes them; `none`
    /// goes through none. Default: ssh's configuration. Each of them is looked up there as well.
    pub jump: Option<String>,
}

/// The work tree that breathes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryFile {
    /// The absolute path of the work tree on the node.
    #[schemars(regex(pattern = r"^/."))]
    pub path: String,
    /// The branch that breathes.
    #[serde(default = "branch_default")]
    pub branch: String,
    /// A further git URL that takes part in breathing.
    pub upstream: Option<String>,
}

/// What the holder of a role executes: commands for the node's `sh`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceFile {
    /// Starts the service.
    pub start: String,
    /// Stops the service.
    pub stop: String,
    /// Exits 0 when the service runs.
    pub check: String,
    /// Leaves nothing of the service running. Default: `stop`.
    pub kill: Option<String>,
    /// The time within which a start is expected to pass its check. With the default timing, the default is what
    /// detection and claim leave of the promised time; `m3m check --offline` shows the sum.
    #[schemars(regex(pattern = DURATION))]
    #[serde(default = "start_within_default")]
    pub start_within: String,
}

/// How often, how long, how many misses; and the two times that the cell promises.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimingFile {
    /// Between two health checks of one node.
    #[schemars(regex(pattern = DURATION))]
    pub health_check: String,
    /// One health check of one node, from connect to the last byte.
    #[schemars(regex(pattern = DURATION))]
    pub health_timeout: String,
    /// Checks in a row that must fail before a node can be called dead.
    #[schemars(range(min = 1, max = 100))]
    pub misses: u32,
    /// The promise: a failover takes no longer.
    #[schemars(regex(pattern = DURATION))]
    pub failover: String,
    /// The promise: a write is on every live node within this time.
    #[schemars(regex(pattern = DURATION))]
    pub breath: String,
}

/// What the automatic parts may do, and on what evidence. `quorum`, `fence` and `lease` are part of the term that the
/// nodes hold: written here they count from the first term on, and changed here once `m3m init --apply` has claimed a
/// term with them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SafetyFile {
    /// Who must agree to a change of roles.
    pub quorum: Quorum,
    /// What must be known of the old PRIMARY before a new one starts. `majority` with `required` never shows two
    /// PRIMARYs.
    pub fence: Fence,
    /// A command on this machine whose exit 0 proves that a node is off, such as one that asks its power supply. The
    /// node's name and host are added as arguments. It may take 30 s and is tried once; anything but exit 0 proves
    /// nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fence_command: Option<String>,
    /// Whether a lease may serve as proof under `fence: required`.
    #[schemars(schema_with = "lease_schema")]
    pub lease: Lease,
    /// Between two automatic changes of the same role; `none` sets no such time.
    #[schemars(regex(pattern = DURATION_OR_NONE))]
    pub cool_down: String,
    /// The most automatic changes in an hour; `none` sets no limit.
    pub max_acts_per_hour: Acts,
}

/// One node. It may override `ssh`, `repository`, `service` and `brain` field by field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    /// The node's name, unique in the cell.
    #[schemars(regex(pattern = Name::PATTERN))]
    pub name: String,
    /// A host name, an IPv4 or an IPv6 address. Host and port together are unique in the cell.
    pub host: String,
    /// Where the node stands, as free text.
    pub location: Option<String>,
    /// The role in the first term. Afterwards the term that the nodes hold counts.
    pub role: Role,
    /// Whether the node may ever become PRIMARY.
    #[serde(default = "candidate_default")]
    pub candidate: bool,
    /// How this node is reached, where it differs.
    pub ssh: Option<SshFile>,
    /// The work tree of this node, where it differs.
    pub repository: Option<RepositoryOverride>,
    /// The service on this node, where it differs.
    pub service: Option<ServiceOverride>,
    /// The service of BRAIN on this node, where it differs from the cell's `brain`.
    pub brain: Option<ServiceOverride>,
}

/// The work tree of one node, where it differs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryOverride {
    /// The absolute path of the work tree on this node.
    #[schemars(regex(pattern = r"^/."))]
    pub path: Option<String>,
    /// The branch that breathes on this node.
    pub branch: Option<String>,
    /// A further git URL for this node.
    pub upstream: Option<String>,
}

/// The service on one node, where it differs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceOverride {
    /// Starts the service on this node.
    pub start: Option<String>,
    /// Stops the service on this node.
    pub stop: Option<String>,
    /// Exits 0 when the service runs on this node.
    pub check: Option<String>,
    /// Leaves nothing of the service running on this node.
    pub kill: Option<String>,
    /// The time within which a start on this node is expected to pass its check.
    #[schemars(regex(pattern = DURATION))]
    pub start_within: Option<String>,
}

/// Whether a lease may serve as proof. YAML writers differ on whether `off` is a word or a boolean: both are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lease {
    /// It may.
    #[default]
    #[serde(alias = "true")]
    On,
    /// It may not.
    #[serde(alias = "false")]
    Off,
}

/// The most automatic changes in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Acts {
    /// So many.
    Limit(#[schemars(range(min = 1))] u32),
    /// As many as it takes.
    Unlimited(Unlimited),
}

/// The word for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unlimited {
    /// `none`.
    None,
}

impl Default for TimingFile {
    fn default() -> Self {
        Self {
            health_check: "5s".into(),
            health_timeout: "3s".into(),
            misses: 2,
            failover: "10s".into(),
            breath: "12s".into(),
        }
    }
}

impl Default for SafetyFile {
    fn default() -> Self {
        Self {
            quorum: Quorum::default(),
            fence: Fence::default(),
            fence_command: None,
            lease: Lease::default(),
            cool_down: "60s".into(),
            max_acts_per_hour: Acts::Limit(4),
        }
    }
}

fn branch_default() -> String {
    "main".into()
}

fn start_within_default() -> String {
    "800ms".into()
}

fn candidate_default() -> bool {
    true
}

fn lease_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "enum": ["on", "off", true, false] })
}

/// The JSON Schema of the inventory, generated from the types of this file.
#[must_use]
pub fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<InventoryFile>().to_value()
}
