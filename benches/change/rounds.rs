//! What is measured: PRIMARY moves, all being well or with the old one gone, and the same by hand.

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::cell::Lab;
use crate::client::Client;
use crate::support::{Finished, Home, finish};

/// PRIMARY of a fresh lab, and the next of the chain.
const HERE: &str = "amsterdam";
const THERE: &str = "almaty";

/// The phases of a change as its report names them, after the look at the cell that comes first.
pub const STAGES: [&str; 5] = ["claim", "fence", "state", "start", "check"];

/// How PRIMARY comes to move, and by whom: the same acts over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// All nodes live.
    Switchover,
    /// The old PRIMARY has crashed: its connections close.
    Killed,
    /// The old PRIMARY has lost its power: silence.
    PoweredOff,
    /// `ssh old stop`, `ssh new start`, with OpenSSH.
    ByHand,
}

/// All of them, with their names.
pub const CASES: [(Case, &str); 4] = [
    (Case::Switchover, "switchover"),
    (Case::Killed, "failover, old PRIMARY killed"),
    (Case::PoweredOff, "failover, old PRIMARY powered off"),
    (Case::ByHand, "by hand: ssh stop, ssh start"),
];

/// One move of PRIMARY, in seconds.
pub struct Move {
    /// The command, or both commands, from outside.
    pub wall_s: f64,
    /// From the last record that the old ledger took to the first that the new one took.
    pub gap_s: f64,
    /// The phases in the order of [`STAGES`]; nothing of what is done by hand.
    pub stages: Option<[f64; 5]>,
}

/// The moves of each case.
pub type Measured = [(Case, Vec<Move>); 4];

/// A running lab, and a home to measure from.
struct Ground {
    lab: Lab,
    home: Home,
    ledgers: Vec<(&'static str, u16)>,
    /// The next number that no client has written yet.
    next: u64,
}

pub fn measure(wan: &str, rounds: usize) -> Measured {
    let lab = Lab::up(wan);
    let mut ground = Ground { lab, home: Home::new(), ledgers: Vec::new(), next: 1 };
    // A ledger has its port from its first start on.
    ground.promote(THERE);
    ground.promote(HERE);
    ground.ledgers = [HERE, THERE].map(|node| (node, ground.ledger(node))).to_vec();
    let mut measured = CASES.map(|(case, _)| (case, Vec::new()));
    // In turn, so that all share the machine's moods.
    for _ in 0..rounds {
        for (case, moves) in &mut measured {
            moves.extend(ground.round(*case));
        }
    }
    measured
}

impl Ground {
    /// PRIMARY moves away and comes back. Both are measured, but for the way back to a node that was gone.
    fn round(&mut self, case: Case) -> Vec<Move> {
        match case {
            Case::Switchover | Case::ByHand => vec![self.one(case, HERE, THERE), self.one(case, THERE, HERE)],
            Case::Killed | Case::PoweredOff => {
                let moved = self.one(case, HERE, THERE);
                self.lab.run(["revive", HERE]);
                self.promote(HERE);
                vec![moved]
            }
        }
    }

    fn one(&mut self, case: Case, from: &str, to: &str) -> Move {
        let client = Client::start(&self.ledgers, self.next);
        self.next += 1000;
        client.wait_for(20);
        match case {
            Case::Killed => self.lab.run(["kill", from]),
            Case::PoweredOff => self.lab.run(["poweroff", from]),
            Case::Switchover | Case::ByHand => {}
        }
        let begun = Instant::now();
        let stages = match case {
            Case::ByHand => {
                self.ssh(from, "ledger stop");
                self.ssh(to, "ledger start");
                None
            }
            _ => Some(stages(&self.promote(to))),
        };
        let wall_s = begun.elapsed().as_secs_f64();
        client.wait_for(5);
        Move { wall_s, gap_s: client.end().gap_s(from, to), stages }
    }

    /// Moves PRIMARY and gives the report.
    fn promote(&self, to: &str) -> Finished {
        let mut command = self.home.m3m(["promote", to, "--yes", "-o", "json", "-i"]);
        let done = finish(command.arg(self.lab.inventory()));
        done.assert_code(0);
        done
    }

    /// Runs a command on a node, as a person with the lab's configuration of OpenSSH would.
    fn ssh(&self, node: &str, line: &str) {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(self.lab.ssh_config()).args(["-o", "BatchMode=yes", node, line]).stdin(Stdio::null());
        finish(&mut ssh).assert_code(0);
    }

    fn ledger(&self, node: &str) -> u16 {
        let dir = self.lab.inventory().with_file_name("nodes");
        let text = std::fs::read_to_string(dir.join(node).join("ledger.port")).expect("a ledger that was started");
        text.trim().parse().expect("a port")
    }
}

/// The time of each phase. Of steps at the same time the longest counts.
fn stages(report: &Finished) -> [f64; 5] {
    let change: Value = serde_json::from_str(&report.stdout).expect("a document");
    let steps = change["steps"].as_array().expect("steps");
    STAGES.map(|stage| {
        let took = steps.iter().filter(|step| step["stage"] == stage).filter_map(|step| step["took_s"].as_f64());
        if stage == "fence" { took.fold(0.0, f64::max) } else { took.fold(0.0, |sum, took_s| sum + took_s) }
    })
}

/// So much is left of a command beside its phases: to begin, and to look at the cell.
pub fn look_s(moved: &Move) -> Option<f64> {
    moved.stages.map(|stages| (moved.wall_s - stages.iter().sum::<f64>()).max(0.0))
}
