//! From the shape of the file to a valid inventory: defaults filled in, overrides merged, every rule applied.

use std::collections::HashMap;
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use super::document::Path;
use super::fault::{Fault, quote};
use super::file::{
    Acts, InventoryFile, Lease, NodeFile, PORT_DEFAULT, RepositoryFile, SafetyFile, ServiceFile, ServiceOverride,
    SshFile, TimingFile,
};
use super::rules::{self, Refused};
use super::{ConfigFile, Inventory, Node, Repository, Role, Safety, Service, Ssh, Timing};
use crate::core::duration;
use crate::core::name::Name;

const DURATION: &str = "a number and a unit, more than 0 and at most ten years: 5s, 1m30s, 250ms";
const DURATION_OR_NONE: &str = "a number and a unit, at most ten years: 60s, 5m; or none";

/// Where paths of this machine start.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The inventory's directory: relative paths start here.
    pub dir: &'a FilePath,
    /// The home directory, which `~/` stands for, if there is one.
    pub home: Option<&'a FilePath>,
}

/// Turns the shape of a file into an inventory.
///
/// # Errors
/// Everything that breaks a rule of m3m-inventory(5), not only the first.
pub fn resolve(file: &InventoryFile, places: Places<'_>) -> Result<Inventory, Vec<Fault>> {
    let mut resolver = Resolver { places, faults: Vec::new() };
    let root = Path::default();
    let cell = resolver.name(&root.key("cell"), &file.cell);
    let defaults = Defaults {
        ssh: file.ssh.as_ref().map(|ssh| resolver.ssh(&root.key("ssh"), ssh)).unwrap_or_default(),
        repository: resolver.repository(&root.key("repository"), &file.repository),
        service: resolver.service(&root.key("service"), &file.service),
        brain: file.brain.as_ref().map(|brain| resolver.service(&root.key("brain"), brain)),
    };
    let at_nodes = root.key("nodes");
    let nodes: Vec<Node> = (file.nodes.iter().enumerate())
        .filter_map(|(index, node)| resolver.node(&at_nodes.index(index), node, &defaults))
        .collect();
    resolver.roles(&at_nodes, &file.nodes);
    resolver.unique_names(&at_nodes, &file.nodes);
    resolver.unique_addresses(&at_nodes, file);
    let timing = resolver.timing(&root.key("timing"), file.timing.as_ref().unwrap_or(&TimingFile::default()));
    let safety = resolver.safety(&root.key("safety"), file.safety.as_ref().unwrap_or(&SafetyFile::default()));
    let announce = resolver.command(&root.key("announce"), file.announce.as_deref());
    match cell {
        Some(cell) if resolver.faults.is_empty() => Ok(Inventory { cell, nodes, timing, safety, announce }),
        _ => Err(resolver.faults),
    }
}

/// What was found, in words.
fn found(text: &str) -> String {
    if text.is_empty() { "empty".to_owned() } else { format!("found {}", quote(text)) }
}

struct Resolver<'a> {
    places: Places<'a>,
    faults: Vec<Fault>,
}

/// What a node is made of where it says nothing itself.
struct Defaults {
    ssh: SshFields,
    repository: Repository,
    service: Service,
    brain: Option<Service>,
}

#[derive(Default)]
struct SshFields {
    user: Option<String>,
    port: Option<u16>,
    identity: Option<PathBuf>,
    known_hosts: Option<PathBuf>,
    host_key: Option<String>,
    config: Option<ConfigFile>,
    jump: Option<String>,
}

impl Resolver<'_> {
    fn name(&mut self, path: &Path, text: &str) -> Option<Name> {
        let name = text.parse();
        name.map_err(|_| {
            let accepted = "a-z or 0-9, then a-z, 0-9, `.`, `_`, `-`; 63 characters at most";
            let lower = text.to_lowercase();
            let hint = lower.parse::<Name>().is_ok().then(|| format!("write it in lower case: `{lower}`"));
            self.faults.push(Fault::new(path.clone(), format!("not a name: {}", quote(text)), accepted).hint(hint));
        })
        .ok()
    }

    fn text(&mut self, path: &Path, text: Option<&str>, rule: fn(&str) -> Result<(), Refused>) -> Option<String> {
        let text = text?;
        if let Err(Refused { accepted, hint }) = rule(text) {
            self.faults.push(Fault::new(path.clone(), found(text), accepted).hint(hint));
        }
        Some(text.to_owned())
    }

    fn command(&mut self, path: &Path, text: Option<&str>) -> Option<String> {
        self.text(path, text, rules::command)
    }

    fn duration(&mut self, path: &Path, text: &str, accepted: &str) -> Duration {
        duration::parse(text).unwrap_or_else(|_| {
            let is_number = text.parse::<f64>().is_ok_and(|number| number > 0.0);
            let hint = is_number.then(|| format!("did you mean `{text}s`?"));
            self.faults.push(Fault::new(path.clone(), found(text), accepted).hint(hint));
            Duration::ZERO
        })
    }

    fn local_path(&mut self, path: &Path, text: Option<&str>) -> Option<PathBuf> {
        let text = self.text(path, text, rules::local_path)?;
        let Some(below_home) = text.strip_prefix("~/") else { return Some(self.places.dir.join(text)) };
        if self.places.home.is_none() {
            let found = format!("found {}, but this user has no home directory", quote(&text));
            self.faults.push(Fault::new(path.clone(), found, "a path without `~/`").hint(Some("set HOME")));
        }
        Some(self.places.home?.join(below_home))
    }

    fn ssh(&mut self, path: &Path, ssh: &SshFile) -> SshFields {
        SshFields {
            user: self.text(&path.key("user"), ssh.user.as_deref(), rules::user),
            port: ssh.port,
            identity: self.local_path(&path.key("identity"), ssh.identity.as_deref()),
            known_hosts: self.local_path(&path.key("known_hosts"), ssh.known_hosts.as_deref()),
            host_key: self.text(&path.key("host_key"), ssh.host_key.as_deref(), rules::host_key),
            config: match ssh.config.as_deref() {
                Some("none") => Some(ConfigFile::None),
                text => self.local_path(&path.key("config"), text).map(ConfigFile::File),
            },
            jump: self.text(&path.key("jump"), ssh.jump.as_deref(), rules::jump),
        }
    }

    fn repository(&mut self, path: &Path, file: &RepositoryFile) -> Repository {
        self.text(&path.key("path"), Some(&file.path), rules::repository_path);
        self.text(&path.key("branch"), Some(&file.branch), rules::branch);
        let upstream = self.text(&path.key("upstream"), file.upstream.as_deref(), rules::upstream);
        Repository { path: file.path.clone(), branch: file.branch.clone(), upstream }
    }

    fn service(&mut self, path: &Path, file: &ServiceFile) -> Service {
        for (field, command) in [("start", &file.start), ("stop", &file.stop), ("check", &file.check)] {
            self.command(&path.key(field), Some(command));
        }
        let kill = self.command(&path.key("kill"), file.kill.as_deref());
        Service {
            start: file.start.clone(),
            stop: file.stop.clone(),
            check: file.check.clone(),
            kill: kill.unwrap_or_else(|| file.stop.clone()),
            start_within: self.duration(&path.key("start_within"), &file.start_within, DURATION),
        }
    }

    fn timing(&mut self, path: &Path, file: &TimingFile) -> Timing {
        Timing {
            health_check: self.duration(&path.key("health_check"), &file.health_check, DURATION),
            health_timeout: self.duration(&path.key("health_timeout"), &file.health_timeout, DURATION),
            misses: file.misses,
            failover: self.duration(&path.key("failover"), &file.failover, DURATION),
            breath: self.duration(&path.key("breath"), &file.breath, DURATION),
        }
    }

    fn safety(&mut self, path: &Path, file: &SafetyFile) -> Safety {
        let cool_down = match file.cool_down.as_str() {
            "none" => Duration::ZERO,
            text => self.duration(&path.key("cool_down"), text, DURATION_OR_NONE),
        };
        Safety {
            quorum: file.quorum,
            fence: file.fence,
            fence_command: self.command(&path.key("fence_command"), file.fence_command.as_deref()),
            lease: file.lease == Lease::On,
            cool_down,
            max_acts_per_hour: match file.max_acts_per_hour {
                Acts::Limit(limit) => Some(limit),
                Acts::Unlimited(_) => None,
            },
        }
    }

    fn node(&mut self, path: &Path, file: &NodeFile, defaults: &Defaults) -> Option<Node> {
        let name = self.name(&path.key("name"), &file.name);
        self.text(&path.key("host"), Some(&file.host), rules::host);
        let location = self.text(&path.key("location"), file.location.as_deref(), rules::location);
        let ssh = file.ssh.as_ref().map(|ssh| self.ssh(&path.key("ssh"), ssh)).unwrap_or_default();
        let repository = self.node_repository(&path.key("repository"), file, &defaults.repository);
        let service = self.node_service(&path.key("service"), file.service.as_ref(), &defaults.service);
        let brain = self.node_brain(&path.key("brain"), file.brain.as_ref(), defaults.brain.as_ref());
        Some(Node {
            name: name?,
            host: file.host.clone(),
            location,
            role: file.role,
            candidate: file.candidate,
            ssh: ssh.over(&defaults.ssh),
            repository,
            service,
            brain,
        })
    }

    fn node_repository(&mut self, path: &Path, node: &NodeFile, default: &Repository) -> Repository {
        let Some(file) = &node.repository else { return default.clone() };
        Repository {
            path: (self.text(&path.key("path"), file.path.as_deref(), rules::repository_path))
                .unwrap_or_else(|| default.path.clone()),
            branch: (self.text(&path.key("branch"), file.branch.as_deref(), rules::branch))
                .unwrap_or_else(|| default.branch.clone()),
            upstream: (self.text(&path.key("upstream"), file.upstream.as_deref(), rules::upstream))
                .or_else(|| default.upstream.clone()),
        }
    }

    fn node_brain(
        &mut self,
        path: &Path,
        file: Option<&ServiceOverride>,
        default: Option<&Service>,
    ) -> Option<Service> {
        if file.is_some() && default.is_none() {
            let found = "the cell has no `brain` from which this could differ";
            self.faults.push(Fault::new(path.clone(), found, "a `brain` of the cell with start, stop and check"));
        }
        Some(self.node_service(path, file, default?))
    }

    fn node_service(&mut self, path: &Path, file: Option<&ServiceOverride>, default: &Service) -> Service {
        let Some(file) = file else { return default.clone() };
        let mut command = |field: &str, text: &Option<String>| self.command(&path.key(field), text.as_deref());
        let start = command("start", &file.start).unwrap_or_else(|| default.start.clone());
        let check = command("check", &file.check).unwrap_or_else(|| default.check.clone());
        let stop = command("stop", &file.stop);
        // A node that stops its service in its own way is not killed in the cell's way by default.
        let kill = command("kill", &file.kill).or_else(|| stop.clone()).unwrap_or_else(|| default.kill.clone());
        let start_within =
            file.start_within.as_ref().map(|text| self.duration(&path.key("start_within"), text, DURATION));
        Service {
            start,
            stop: stop.unwrap_or_else(|| default.stop.clone()),
            check,
            kill,
            start_within: start_within.unwrap_or(default.start_within),
        }
    }

    fn roles(&mut self, path: &Path, nodes: &[NodeFile]) {
        for (role, accepted) in [(Role::Primary, "exactly one primary"), (Role::Brain, "exactly one brain")] {
            let mut holders = nodes.iter().enumerate().filter(|(_, node)| node.role == role);
            let Some((_, first)) = holders.next() else {
                self.faults.push(Fault::new(path.clone(), format!("no node is {}", role.as_str()), accepted));
                continue;
            };
            let first = quote(&first.name);
            for (index, _) in holders {
                let found = format!("a second {}: {first} is {} already", role.as_str(), role.as_str());
                self.faults.push(Fault::new(path.index(index).key("role"), found, accepted));
            }
        }
        if !nodes.iter().any(|node| node.role == Role::Mirror) {
            self.faults.push(Fault::new(
                path.clone(),
                "no node is mirror",
                "at least one mirror; a Montana cell has three",
            ));
        }
        for (index, _) in nodes.iter().enumerate().filter(|(_, node)| node.role == Role::Primary && !node.candidate) {
            let path = path.index(index).key("candidate");
            self.faults.push(Fault::new(path, "the primary is no candidate for primary", "true, or another role"));
        }
    }

    fn unique_names(&mut self, path: &Path, nodes: &[NodeFile]) {
        let mut seen = HashMap::new();
        for (index, node) in nodes.iter().enumerate() {
            let first = *seen.entry(node.name.as_str()).or_insert(index);
            if first != index {
                let found = format!("a second node {}: the first is nodes[{first}]", quote(&node.name));
                self.faults.push(Fault::new(path.index(index).key("name"), found, "each name once"));
            }
        }
    }

    /// The same host and port twice is the same node twice, unless another configuration or way leads elsewhere.
    fn unique_addresses(&mut self, path: &Path, file: &InventoryFile) {
        let cell = file.ssh.clone().unwrap_or_default();
        let mut seen = HashMap::new();
        for (index, node) in file.nodes.iter().enumerate() {
            let ssh = node.ssh.clone().unwrap_or_default();
            let port = ssh.port.or(cell.port).unwrap_or(PORT_DEFAULT);
            let through = (ssh.config.or_else(|| cell.config.clone()), ssh.jump.or_else(|| cell.jump.clone()));
            let first = *seen.entry((node.host.to_lowercase(), port, through)).or_insert(index);
            if first != index {
                let (host, first) = (quote(&node.host), quote(&file.nodes[first].name));
                let found = format!("{host} port {port} is {first} already");
                self.faults.push(Fault::new(path.index(index).key("host"), found, "each host and port once"));
            }
        }
    }
}

impl SshFields {
    /// These fields, and the cell's where nothing is said.
    fn over(self, cell: &Self) -> Ssh {
        Ssh {
            user: self.user.or_else(|| cell.user.clone()),
            port: self.port.or(cell.port),
            identity: self.identity.or_else(|| cell.identity.clone()),
            known_hosts: self.known_hosts.or_else(|| cell.known_hosts.clone()),
            host_key: self.host_key.or_else(|| cell.host_key.clone()),
            config: self.config.or_else(|| cell.config.clone()).unwrap_or_default(),
            jump: self.jump.or_else(|| cell.jump.clone()),
            host_name: None,
        }
    }
}
