//! A lab whose nodes are as far away as Montana's: each over its own path, and one of them through another one.

use crate::cell::{Cell, Lab, M3M};
use crate::lines::{self, Warm};
use crate::measure::{Run, Script, interleaved, parallel};

const ROUNDS: usize = 9;

/// The farthest node, and its round trip from here.
pub const FAR: &str = "almaty";
const FAR_MS: u16 = 65;
/// The nearest node: the first relay that m3m asks. Through it the round trip to [`FAR`] is the same: 3 ms and 62 ms.
pub const RELAY: &str = "moscow";
/// Added to all round trips of [`FAR`] for the second half of the measurements, in milliseconds: the slope between both
/// is free of what the machines take to compute.
const ADDED_MS: u16 = 65;

/// When relays are asked about a node from which nothing has come: after a sixth of the usual `--timeout`.
const QUIET_S: f64 = 0.5;

/// One kind of path to [`FAR`].
pub struct Way {
    pub is_relayed: bool,
    pub rows: [Row; 2],
}

/// The medians with [`FAR`] at one distance.
pub struct Row {
    pub rtt_ms: u16,
    /// m3m, ssh with curve25519, ssh as it comes.
    pub runs: [Run; 3],
    /// m3m over standing connections.
    pub warm: Warm,
}

impl Way {
    /// The round trips in what is a number of seconds: the slope over the distance.
    pub fn trips(&self, seconds: impl Fn(&Row) -> f64) -> f64 {
        let [near, far] = &self.rows;
        (seconds(far) - seconds(near)) * 1000.0 / f64::from(far.rtt_ms - near.rtt_ms)
    }
}

impl Row {
    /// m3m's time since it asked for relays.
    pub fn relayed_s(&self) -> f64 {
        self.runs[0].wall_s - QUIET_S
    }
}

pub fn measure() -> [Way; 2] {
    let lab = Lab::up("montana");
    let cell = Cell::new("montana", &lab.inventory());
    let direct = way(&lab, &cell, false);
    lab.run(["cut", FAR, "--from", "operator"]);
    [direct, way(&lab, &cell, true)]
}

fn way(lab: &Lab, cell: &Cell, is_relayed: bool) -> Way {
    let view = cell.view(cell.ports());
    let environment = cell.environment(&view);
    // A cell with a relayed node is degraded, which is no success.
    let m3m = if is_relayed { format!("{M3M} | grep '\"via\": \"{RELAY}\"'") } else { M3M.to_owned() };
    let [curve25519, default] =
        ["KexAlgorithms curve25519-sha256\n", ""].map(|option| ssh_script(lab, cell, option, is_relayed));
    let rows = [0, ADDED_MS].map(|added_ms| {
        lab.run(["delay", &format!("{added_ms}ms"), FAR]);
        let scripts = [&m3m, &curve25519, &default].map(|text| Script { text, environment: &environment });
        Row { rtt_ms: FAR_MS + added_ms, runs: interleaved(ROUNDS, &scripts), warm: lines::warm(cell, &view) }
    });
    Way { is_relayed, rows }
}

/// A script in which `ssh` asks all nodes at once what m3m asks them, by the lab's configuration, which holds for the
/// relay as well.
fn ssh_script(lab: &Lab, cell: &Cell, option: &str, is_relayed: bool) -> String {
    let config = format!("{option}Include \"{}\"\n", lab.ssh_config().display());
    let config = cell.home.write(&format!("ssh_config.{}", option.len()), config);
    let names = cell.inventory.nodes.iter().map(|node| node.name.as_str()).enumerate();
    parallel(names.map(|(index, name)| {
        let jump = if is_relayed && name == FAR { format!("-J {RELAY} ") } else { String::new() };
        format!("ssh -F {} -n -o BatchMode=yes {jump}{name} \"$PROBE_{index}\"", config.display())
    }))
}
