//! OpenSSH's client configuration for one host, as `ssh -G` tells it.
//!
//! `ssh -G` prints one setting a line. What ssh would expand only later, when it connects, is expanded here; the values
//! of its tokens it tells itself, through a setting that nothing else uses: [`TOKENS`].

mod expand;
mod jump;
mod reads;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use expand::TOKENS;
pub use jump::{Hop, chain, split_last};
pub use reads::{Include, Reads, reads};

use expand::Tokens;

/// The settings that count here, as `ssh -G` names them; it prints some eighty more.
const SETTINGS: [&str; 17] = [
    "addressfamily",
    "controlpath",
    "globalknownhostsfile",
    "hashknownhosts",
    "host",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "port",
    "proxycommand",
    "proxyjump",
    "revokedhostkeys",
    "stricthostkeychecking",
    "user",
    "userknownhostsfile",
];

/// What the user's own `ssh` would do for one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostConfig {
    /// The name or address to connect to.
    pub host_name: String,
    /// The TCP port.
    pub port: u16,
    /// The remote user.
    pub user: String,
    /// The addresses that may be used.
    pub family: AddressFamily,
    /// The keys to offer.
    pub keys: KeySource,
    /// The host keys to accept.
    pub host_keys: HostKeySource,
    /// The name under which the host's key is recorded, in place of its own.
    pub host_key_alias: Option<String>,
    /// How the connection is made.
    pub way: ConfiguredWay,
}

/// Where the keys to offer come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeySource {
    /// A key file that must be there.
    pub named: Option<PathBuf>,
    /// Key files, best first; those that are missing are passed over.
    pub files: Vec<PathBuf>,
    /// Whether the agent's other keys stay unused.
    pub files_only: bool,
    /// The agent.
    pub agent: AgentSocket,
}

/// Which key agent is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgentSocket {
    /// The one behind `SSH_AUTH_SOCK`.
    #[default]
    Usual,
    /// None.
    None,
    /// The one behind this socket.
    At(PathBuf),
}

/// Where host keys are recorded, and what becomes of an unknown one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostKeySource {
    /// A file that must be there.
    pub named: Option<PathBuf>,
    /// The user's files, which may be missing. A new key is recorded in the first one, or in the named one.
    pub files: Vec<PathBuf>,
    /// The machine's files, which may be missing.
    pub global_files: Vec<PathBuf>,
    /// A file of keys that no host may have any more, which must be there.
    pub revoked: Option<PathBuf>,
    /// What becomes of the key of a host that is not recorded.
    pub unknown: UnknownKey,
    /// Whether names are hashed when they are recorded.
    pub is_hashed: bool,
}

/// What becomes of the key of a host that is not recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnknownKey {
    /// It is refused.
    #[default]
    Refused,
    /// It is recorded and from then on the host's.
    Recorded,
    /// As before; ssh itself would not check at all (`StrictHostKeyChecking no`).
    RecordedNotIgnored,
}

/// The addresses that may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AddressFamily {
    /// Whatever the name has.
    #[default]
    Any,
    /// IPv4 alone.
    Inet,
    /// IPv6 alone.
    Inet6,
}

/// How the connection to a host is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ConfiguredWay {
    /// By TCP.
    #[default]
    Direct,
    /// Through these hosts, as `ProxyJump` writes them.
    Jump(String),
    /// Through a local command, ready for the shell.
    Command(String),
}

/// What of this machine counts when an answer is read.
pub struct Here<'a> {
    /// The home directory, for an ssh that does not tell it.
    pub home: Option<&'a Path>,
    /// The value of an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// The lines of an answer that count here, which are the ones worth keeping.
#[must_use]
pub fn digest(answer: &str) -> String {
    let counts = |line: &&str| line.split(' ').next().is_some_and(|name| SETTINGS.contains(&name));
    answer.lines().filter(counts).map(|line| format!("{line}\n")).collect()
}

/// Reads an answer of `ssh -G`.
///
/// # Errors
/// A setting is missing or cannot be read, in words.
pub fn read(answer: &str, here: &Here<'_>) -> Result<HostConfig, String> {
    let all = |name: &str| {
        let settings = answer.lines().filter_map(|line| line.split_once(' '));
        settings.filter(move |(setting, _)| *setting == name).map(|(_, value)| value.to_owned()).collect::<Vec<_>>()
    };
    let one = |name: &str| all(name).into_iter().next();
    let must = |name: &str| one(name).ok_or_else(|| format!("it does not tell {name}"));
    let host_name = must("hostname")?;
    let user = must("user")?;
    let port = must("port")?;
    let known = [('h', host_name.clone()), ('r', user.clone()), ('p', port.clone())];
    let mut tokens = Tokens::new(known.into_iter().chain(one("host").map(|name| ('n', name))), here);
    tokens.learn(one("controlpath").as_deref().unwrap_or_default());
    let alias = one("hostkeyalias").filter(|alias| alias != "none");
    let revoked = one("revokedhostkeys");
    Ok(HostConfig {
        family: family(one("addressfamily").as_deref()),
        keys: keys(&all("identityfile"), one("identitiesonly").as_deref(), one("identityagent").as_deref(), &tokens)?,
        host_keys: HostKeySource {
            named: None,
            files: tokens.files(one("userknownhostsfile").as_deref())?,
            global_files: tokens.files(one("globalknownhostsfile").as_deref())?,
            revoked: revoked.filter(|file| file != "none").map(|file| tokens.path(&file)).transpose()?,
            unknown: unknown(one("stricthostkeychecking").as_deref()),
            is_hashed: is_on(one("hashknownhosts").as_deref()),
        },
        host_key_alias: alias,
        way: way(one("proxyjump"), one("proxycommand"), &tokens)?,
        port: port.parse().ok().filter(|port| *port > 0).ok_or_else(|| format!("its port is {port}"))?,
        host_name,
        user,
    })
}

/// The home directory that ssh goes by: the one of the user database, whatever `HOME` says.
#[must_use]
pub fn home_of(answer: &str) -> Option<PathBuf> {
    let told = answer.lines().find_map(|line| line.strip_prefix("controlpath "))?;
    expand::learnt(told)?.find(|(token, _)| *token == 'd').map(|(_, home)| PathBuf::from(home))
}

fn is_on(value: Option<&str>) -> bool {
    matches!(value, Some("yes" | "true"))
}

fn family(value: Option<&str>) -> AddressFamily {
    match value {
        Some("inet") => AddressFamily::Inet,
        Some("inet6") => AddressFamily::Inet6,
        _ => AddressFamily::Any,
    }
}

fn unknown(value: Option<&str>) -> UnknownKey {
    match value {
        Some("accept-new") => UnknownKey::Recorded,
        Some("no" | "false" | "off") => UnknownKey::RecordedNotIgnored,
        _ => UnknownKey::Refused,
    }
}

fn keys(
    identity_files: &[String],
    only: Option<&str>,
    agent: Option<&str>,
    tokens: &Tokens<'_>,
) -> Result<KeySource, String> {
    let files = identity_files.iter().filter(|file| *file != "none").map(|file| tokens.path(file));
    let agent = match agent {
        None | Some("SSH_AUTH_SOCK") => AgentSocket::Usual,
        Some("none") => AgentSocket::None,
        // ssh takes a variable that is not set for no agent.
        Some(text) if text.starts_with('$') && !text.starts_with("${") => {
            tokens.variable(&text[1..]).map_or(AgentSocket::None, |path| AgentSocket::At(path.into()))
        }
        // It tells the path expanded; one with a `%` of its own is not to be expanded again.
        Some(text) => AgentSocket::At(tokens.path(text).unwrap_or_else(|_| text.into())),
    };
    Ok(KeySource { named: None, files: files.collect::<Result<_, _>>()?, files_only: is_on(only), agent })
}

fn way(jump: Option<String>, command: Option<String>, tokens: &Tokens<'_>) -> Result<ConfiguredWay, String> {
    let is_set = |text: &String| text != "none";
    Ok(match (jump.filter(is_set), command.filter(is_set)) {
        (Some(jump), _) => ConfiguredWay::Jump(tokens.percent(&jump)?),
        (None, Some(command)) => ConfiguredWay::Command(tokens.percent(&command)?),
        (None, None) => ConfiguredWay::Direct,
    })
}
