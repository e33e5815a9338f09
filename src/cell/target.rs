//! Targets: how a host is to be reached. The inventory comes first, then ssh's configuration, then the defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Workstation;
use crate::core::inventory::{ConfigFile, Node, PORT_DEFAULT};
use crate::core::ssh_config::{self, ConfiguredWay, HostConfig, HostKeySource, KeySource};
use crate::error::Error;
use crate::world::ssh_config::{Question, SshConfig};

/// How many hosts may stand between here and a node: more of them most likely name one another.
const HOPS_MAX: usize = 8;

/// The files that OpenSSH tries where none is named, in its order.
const USUAL_KEYS: [&str; 3] = [".ssh/id_rsa", ".ssh/id_ecdsa", ".ssh/id_ed25519"];
const USUAL_KNOWN_HOSTS: [&str; 2] = [".ssh/known_hosts", ".ssh/known_hosts2"];
const SYSTEM_KNOWN_HOSTS: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// One host as it is to be reached.
#[derive(Debug)]
pub(super) struct Target {
    /// The host by the name that a person knows.
    pub(super) name: String,
    /// The command line that logs in to it.
    pub(super) login: String,
    pub(super) config: HostConfig,
    /// The host key that the inventory pins.
    pub(super) pin: Option<String>,
    pub(super) way: TargetWay,
}

/// What a connection goes through.
#[derive(Debug)]
pub(super) enum TargetWay {
    Direct,
    Through(Box<Target>),
    Command(String),
}

/// What ssh's configuration says of nodes and of the hosts on the way to them.
#[derive(Debug)]
pub(super) struct Targets {
    here: Workstation,
    config: SshConfig,
    known: BTreeMap<Question, HostConfig>,
}

impl Targets {
    pub(super) fn new(here: &Workstation) -> Self {
        Self { here: here.clone(), config: SshConfig::find(here.home.as_deref()), known: BTreeMap::new() }
    }

    /// Asks ssh of all these nodes at once, then of all hosts on the way to them, and so on.
    pub(super) fn learn<'a>(&mut self, nodes: impl Iterator<Item = &'a Node>) -> Result<(), Error> {
        let mut open: BTreeSet<Question> = nodes.map(Question::of).collect();
        for _ in 0..=HOPS_MAX {
            open.retain(|question| !self.known.contains_key(question));
            if open.is_empty() {
                break;
            }
            let told = self.config.ask(&open)?;
            let jumps = open.iter().filter_map(|question| match told.get(question).map(|config| &config.way) {
                Some(ConfiguredWay::Jump(chain)) => Some((question, chain.as_str())),
                Some(_) => None,
                None => Some((question, question.jump.as_deref()?)),
            });
            let next = jumps.filter_map(|(question, chain)| hop(question, chain)).collect();
            self.known.extend(told);
            open = next;
        }
        Ok(())
    }

    /// How a node is to be reached.
    pub(super) fn node(&self, node: &Node) -> Result<Target, Error> {
        let question = Question::of(node);
        let mut config = self.config_of(&question)?;
        let way = self.way(node, &question, &config.way, 0)?;
        if let Some(identity) = &node.ssh.identity {
            let agent = config.keys.agent;
            config.keys = KeySource { named: Some(identity.clone()), files: Vec::new(), files_only: true, agent };
        }
        if let Some(known_hosts) = &node.ssh.known_hosts {
            let named = Some(known_hosts.clone());
            config.host_keys = HostKeySource { named, files: Vec::new(), global_files: Vec::new(), ..config.host_keys };
        } else if config.host_keys.files.is_empty() && self.here.home.is_none() && node.ssh.host_key.is_none() {
            return Err(Error::inventory(format!(
                "{}: no known_hosts file: this user has no home directory",
                node.name
            ))
            .hint("set HOME, or ssh.known_hosts and ssh.identity in the inventory"));
        }
        let login = format!("m3m ssh {} --", node.name);
        Ok(Target { name: node.name.to_string(), login, config, pin: node.ssh.host_key.clone(), way })
    }

    /// The way as it is configured. What the inventory says of the node's key and host keys may help on the way, too.
    fn way(&self, node: &Node, from: &Question, way: &ConfiguredWay, depth: usize) -> Result<TargetWay, Error> {
        let chain = match way {
            ConfiguredWay::Direct => return Ok(TargetWay::Direct),
            ConfiguredWay::Command(line) => return Ok(TargetWay::Command(line.clone())),
            ConfiguredWay::Jump(chain) => chain,
        };
        let question = hop(from, chain).ok_or_else(|| {
            Error::inventory(format!("{}: ProxyJump {chain} of ssh's configuration cannot be read", node.name))
                .hint("it is [user@]host[:port], or several parted by commas")
        })?;
        if depth == HOPS_MAX {
            return Err(Error::inventory(format!("{}: more than {HOPS_MAX} hosts on the way", node.name))
                .hint(format!("does ProxyJump of {} lead in a circle?", question.host)));
        }
        let mut config = self.config_of(&question)?;
        let way = self.way(node, &question, &config.way, depth + 1)?;
        config.keys.files.splice(0..0, node.ssh.identity.clone());
        config.host_keys.global_files.extend(node.ssh.known_hosts.clone());
        let login = login(&question);
        Ok(TargetWay::Through(Box::new(Target { name: question.host, login, config, pin: None, way })))
    }

    /// What ssh told, or what it would do without any configuration.
    fn config_of(&self, question: &Question) -> Result<HostConfig, Error> {
        if let Some(told) = self.known.get(question) {
            return Ok(told.clone());
        }
        let user = question.user.clone().or_else(|| self.here.user.clone()).ok_or_else(|| {
            Error::inventory(format!("{}: no user to log in as", question.host))
                .hint("set ssh.user in the inventory (user@host in ssh.jump), or USER")
        })?;
        let home = self.here.home.as_deref();
        let below_home = |names: &[&str]| home.map(|home| below(home, names)).unwrap_or_default();
        let chain = question.jump.clone().filter(|chain| chain != "none");
        Ok(HostConfig {
            host_name: question.host.clone(),
            port: question.port.unwrap_or(PORT_DEFAULT),
            user,
            family: ssh_config::AddressFamily::Any,
            keys: KeySource { files: below_home(&USUAL_KEYS), ..KeySource::default() },
            host_keys: HostKeySource {
                files: below_home(&USUAL_KNOWN_HOSTS),
                global_files: SYSTEM_KNOWN_HOSTS.map(PathBuf::from).to_vec(),
                ..HostKeySource::default()
            },
            host_key_alias: None,
            way: chain.map_or(ConfiguredWay::Direct, ConfiguredWay::Jump),
        })
    }
}

fn below(home: &Path, names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| home.join(name)).collect()
}

/// How a person logs in to a host on the way.
fn login(question: &Question) -> String {
    let file = match &question.config {
        ConfigFile::Usual => String::new(),
        ConfigFile::File(path) => format!(" -F {}", path.display()),
        ConfigFile::None => " -F none".to_owned(),
    };
    let jump = question.jump.as_ref().map(|chain| format!(" -J {chain}")).unwrap_or_default();
    let port = question.port.map(|port| format!(" -p {port}")).unwrap_or_default();
    let user = question.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    format!("ssh{file}{jump}{port} {user}{}", question.host)
}

/// What ssh itself asks of the last host of a chain: the hosts before it are a chain of their own, which counts in
/// place of what the configuration says.
fn hop(from: &Question, chain: &str) -> Option<Question> {
    let (hop, before) = ssh_config::split_last(chain)?;
    let (jump, config) = (before.map(str::to_owned), from.config.clone());
    Some(Question { host: hop.host, user: hop.user, port: hop.port, jump, config })
}
