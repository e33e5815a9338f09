//! A cell under measurement: its inventory as it is, or with a proxy before each node.

use std::path::{Path, PathBuf};
use std::time::Duration;

use m3m::core::inventory::{Inventory, Node, Role};
use m3m::core::probe;

use crate::measure::{Script, parallel};
use crate::support::Home;

const CURVE25519: &str = "-o KexAlgorithms=curve25519-sha256";

/// One status.
pub const M3M: &str = "\"$M3M\" status -o json";

/// A running cell of nodes on this machine, and a home to measure from.
pub struct Cell {
    pub name: &'static str,
    pub home: Home,
    pub inventory: Inventory,
}

/// The cell as one command line sees it: files that name these ports.
pub struct View {
    pub inventory: PathBuf,
    known_hosts: PathBuf,
    ports: Vec<u16>,
}

/// A running lab; it ends when this is dropped.
pub struct Lab(Home);

impl Lab {
    /// A lab whose nodes are as far away as `lab up --wan` has it.
    pub fn up(wan: &str) -> Self {
        let home = Home::new();
        home.run(["lab", "up", "--wan", wan]).assert_code(0);
        Self(home)
    }

    /// Runs a verb of `m3m lab`.
    pub fn run<const N: usize>(&self, args: [&str; N]) {
        let output = self.0.m3m(["lab"]).args(args).output().expect("start m3m");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn inventory(&self) -> PathBuf {
        self.dir().join("inventory.yaml")
    }

    pub fn ssh_config(&self) -> PathBuf {
        self.dir().join("ssh_config")
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("state/m3m/labs/lab")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.0.run(["lab", "down"]);
    }
}

impl Cell {
    pub fn new(name: &'static str, inventory: &Path) -> Self {
        let inventory = m3m::world::inventory_file::load(inventory).expect("the cell's inventory");
        Self { name, home: Home::new(), inventory }
    }

    pub fn ports(&self) -> Vec<u16> {
        self.inventory.nodes.iter().map(|node| node.ssh.port()).collect()
    }

    /// The same cell with many more mirrors: the ones that there are, over and over, under names of their own.
    pub fn grown(&self, count: usize) -> Self {
        let (mirrors, others): (Vec<_>, Vec<_>) =
            self.inventory.nodes.iter().cloned().partition(|node| node.role == Role::Mirror);
        let mut inventory = self.inventory.clone();
        inventory.nodes = others.into_iter().chain(mirrors.into_iter().cycle()).take(count).collect();
        for (index, node) in inventory.nodes.iter_mut().enumerate() {
            node.name = format!("n{index}").parse().expect("a name");
        }
        Self { name: self.name, home: Home::new(), inventory }
    }

    /// Writes an inventory and a `known_hosts` file with other ports, in the order of the nodes.
    pub fn view(&self, ports: Vec<u16>) -> View {
        let nodes = || self.inventory.nodes.iter().zip(&ports);
        let known: String = nodes().map(|(node, port)| known_hosts(node, *port)).collect();
        let known_hosts = self.home.write("view/known_hosts", known);
        let place = known_hosts.display();
        let mut text = format!(
            "cell: {}\nssh: {{ known_hosts: {place}, config: none }}\nrepository: {{ path: /nowhere }}\n\
             service: {{ start: 'true', stop: 'true', check: 'true' }}\nnodes:\n",
            self.inventory.cell
        );
        text.extend(nodes().map(|(node, port)| entry(node, *port)));
        View { inventory: self.home.write("view/inventory.yaml", text), known_hosts, ports }
    }

    /// A script in which `ssh` asks all nodes at once what m3m asks them. The probe of each node is in `$PROBE_0`, ….
    pub fn ssh_script(&self, view: &View, options: &str) -> String {
        let nodes = self.inventory.nodes.iter().zip(&view.ports).enumerate();
        parallel(nodes.map(|(index, (node, port))| {
            let user = node.ssh.user.iter().map(|user| format!("-l {user} ")).collect::<String>();
            let identity = node.ssh.identity.iter().map(|path| format!("-i {} ", path.display())).collect::<String>();
            [
                "ssh -F none -n -o BatchMode=yes -o IdentityAgent=none -o IdentitiesOnly=yes -o GlobalKnownHostsFile=none ",
                &format!("-o UserKnownHostsFile={} ", view.known_hosts.display()),
                &format!("{options} {user}{identity}-p {port} {} \"$PROBE_{index}\"", node.host),
            ]
            .concat()
        }))
    }

    /// m3m, ssh with curve25519, and ssh as it comes, all asking the same.
    pub fn scripts<T>(&self, view: &View, m3m: &str, with: impl FnOnce(&[Script<'_>; 3]) -> T) -> T {
        let environment = self.environment(view);
        let [curve25519, default] = [CURVE25519, ""].map(|options| self.ssh_script(view, options));
        with(&[m3m, &curve25519, &default].map(|text| Script { text, environment: &environment }))
    }

    /// The environment of the scripts.
    pub fn environment(&self, view: &View) -> Vec<(String, String)> {
        let probes = self.inventory.nodes.iter().enumerate();
        let mut environment: Vec<(String, String)> = probes
            .map(|(index, node)| (format!("PROBE_{index}"), probe::command(node, Duration::from_secs(3))))
            .collect();
        let home = self.home.path().display().to_string();
        environment.push(("M3M".into(), env!("CARGO_BIN_EXE_m3m").into()));
        environment.push(("M3M_INVENTORY".into(), view.inventory.display().to_string()));
        environment.extend(
            ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"].map(|name| (name.into(), home.clone())),
        );
        environment
    }
}

/// The node's lines of `known_hosts`, for another port.
fn known_hosts(node: &Node, port: u16) -> String {
    let name = format!("[{}]:{port} ", node.host);
    if let Some(pin) = &node.ssh.host_key {
        return format!("{name}{pin}\n");
    }
    let own = format!("[{}]:{} ", node.host, node.ssh.port());
    let file = node.ssh.known_hosts.as_ref().expect("a known_hosts file of the cell's own");
    let text = std::fs::read_to_string(file).expect("read it");
    text.lines().filter_map(|line| line.strip_prefix(&own)).map(|key| [&name, key, "\n"].concat()).collect()
}

/// The node's entry in an inventory. JSON strings are YAML strings.
fn entry(node: &Node, port: u16) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut ssh = format!("port: {port}");
    ssh.extend(node.ssh.user.iter().map(|user| format!(", user: {}", text(user))));
    ssh.extend(node.ssh.identity.iter().map(|path| format!(", identity: {}", text(&path.display().to_string()))));
    format!(
        "  - name: {}\n    host: {}\n    role: {}\n    ssh: {{ {ssh} }}\n    repository: {{ path: {}, branch: {} }}\n    \
         service: {{ start: {}, stop: {}, check: {} }}\n",
        node.name,
        text(&node.host),
        node.role.as_str(),
        text(&node.repository.path),
        text(&node.repository.branch),
        text(&node.service.start),
        text(&node.service.stop),
        text(&node.service.check),
    )
}
