//! `m3m lab`: five real SSH nodes on this machine, and faults for them.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Subcommand, ValueEnum};

use super::context::Context;
use crate::core::name::Name;
use crate::error::{Error, Exit};
use crate::lab::{self, Lab, NodeStatus, PARTS, State, ledger};
use crate::view::{self, Format};

/// The lab that is meant where none is named.
const NAME_DEFAULT: &str = "lab";

/// Run five real SSH nodes on this machine, to try m3m and to rehearse failures
///
/// The nodes listen on 127.0.0.1 only and let in one key, made for the lab. Each has a home, a git repository and a
/// small service, a ledger of numbered writes, which runs on PRIMARY. `m3m --lab COMMAND` works on the lab that is there,
/// and on a throw-away one where there is none.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a lab and start it; one that is there is left as it is
    Up {
        /// The lab's name [default: lab]
        name: Option<Name>,
    },
    /// End everything that a lab runs and remove it, repositories included
    Down {
        /// The lab's name [default: lab]
        name: Option<Name>,
    },
    /// Show all labs and their nodes
    List,
    /// Kill nodes and all they run at once, as a crash would
    ///
    /// A peer sees its connections close at once, and new ones are refused.
    Kill(Nodes),
    /// Start dead nodes again: same port, same keys, same repository
    ///
    /// The service is not started: a machine that comes back is not PRIMARY any more until somebody says so. A peer
    /// sees connections accepted again.
    Revive(Nodes),
    /// Stop nodes and all they run, without ending anything
    ///
    /// A peer sees silence: connections stand, new ones are accepted, and nobody answers. Nothing is lost, and after
    /// a thaw everything goes on as if no time had passed.
    Freeze(Nodes),
    /// Let frozen nodes go on
    ///
    /// A peer gets the answers that were due, late.
    Thaw(Nodes),
}

#[derive(Debug, clap::Args)]
struct Nodes {
    /// The nodes' names
    // A name of its own for clap: `nodes` are those of the global --node.
    #[arg(id = "lab_nodes", required = true, value_name = "NODE", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(PARTS.map(|part| part.name)))]
    nodes: Vec<String>,
}

/// Runs `m3m lab`.
///
/// # Errors
/// No such lab or node, a lab that cannot be made, an output that cannot be written.
pub fn run(args: Args, context: &Context, out: &mut dyn Write) -> Result<Exit, Error> {
    let (lab, form) = (context.lab_name(), context.global.output);
    match args.verb {
        Verb::Up { name } => up(&named(name, lab)?, out),
        Verb::Down { name } => down(&named(name, lab)?, out),
        Verb::List => list(form, out),
        Verb::Kill(nodes) => fault(&nodes, lab, "killed", Lab::kill, out),
        Verb::Revive(nodes) => fault(&nodes, lab, "up", Lab::revive, out),
        Verb::Freeze(nodes) => fault(&nodes, lab, "frozen", Lab::freeze, out),
        Verb::Thaw(nodes) => fault(&nodes, lab, "thawed", Lab::thaw, out),
    }
}

fn named(name: Option<Name>, lab: Option<&str>) -> Result<Name, Error> {
    match name {
        Some(name) => Ok(name),
        None => lab.unwrap_or(NAME_DEFAULT).parse().map_err(|error| Error::usage("not a lab's name").because(error)),
    }
}

fn up(name: &Name, out: &mut dyn Write) -> Result<Exit, Error> {
    let (lab, new) = lab::up(name)?;
    let nodes = lab.nodes();
    if nodes.iter().all(|node| node.state == State::Up) {
        told(tell_how_to_use(&lab, new, out))?;
        return Ok(Exit::Ok);
    }
    told(tell_how_to_mend(&lab, &nodes, out))?;
    Ok(Exit::Degraded)
}

fn tell_how_to_use(lab: &Lab, new: bool, out: &mut dyn Write) -> io::Result<()> {
    let name = lab.name();
    let option = if name == NAME_DEFAULT { String::new() } else { format!("={name}") };
    let already = if new { "" } else { " already" };
    writeln!(out, "the lab {name} is up{already}: {} SSH nodes on 127.0.0.1", PARTS.len())?;
    writeln!(out, "  try it:  m3m --lab{option} status")?;
    writeln!(out, "  log in:  ssh -F '{}' {}", lab.ssh_config_path().display(), PARTS[0].name)?;
    writeln!(out, "  end it:  m3m lab down {name}")
}

fn tell_how_to_mend(lab: &Lab, nodes: &[NodeStatus], out: &mut dyn Write) -> io::Result<()> {
    let name = lab.name();
    writeln!(out, "the lab {name} is there, but not all of its nodes are up; they were left as they are")?;
    for (state, verb) in [(State::Dead, "revive"), (State::Frozen, "thaw")] {
        let names: Vec<_> = nodes.iter().filter(|node| node.state == state).map(|node| node.name).collect();
        if !names.is_empty() {
            let names = names.join(" ");
            writeln!(out, "  {}: {names}; m3m --lab={name} lab {verb} {names}", state.as_str())?;
        }
    }
    Ok(())
}

fn down(name: &Name, out: &mut dyn Write) -> Result<Exit, Error> {
    let text = if lab::down(name)? { "is gone" } else { "is not there: nothing to end" };
    told(writeln!(out, "the lab {name} {text}"))?;
    Ok(Exit::Ok)
}

/// What `lab list` says to programs: `m3m.labs/1`.
#[derive(serde::Serialize)]
struct LabsRecord {
    schema: &'static str,
    labs: Vec<LabRecord>,
}

#[derive(serde::Serialize)]
struct LabRecord {
    name: String,
    inventory: PathBuf,
    ssh_config: PathBuf,
    nodes: Vec<NodeStatus>,
}

fn list(form: Format, out: &mut dyn Write) -> Result<Exit, Error> {
    let labs = lab::all()?;
    if form != Format::Table {
        let record = |lab: &Lab| LabRecord {
            name: lab.name().to_owned(),
            inventory: lab.inventory_path(),
            ssh_config: lab.ssh_config_path(),
            nodes: lab.nodes(),
        };
        let record = LabsRecord { schema: "m3m.labs/1", labs: labs.iter().map(record).collect() };
        told(out.write_all(view::document(form, &record).map_err(Error::output)?.as_bytes()))?;
        return Ok(Exit::Ok);
    }
    if labs.is_empty() {
        told(writeln!(out, "there is no lab; make one: m3m lab up"))?;
    }
    for lab in labs {
        told(writeln!(out, "{}  {}", lab.name(), lab.path().display()))?;
        for node in lab.nodes() {
            told(writeln!(out, "  {}", row(&node).trim_end()))?;
        }
    }
    Ok(Exit::Ok)
}

fn row(node: &NodeStatus) -> String {
    let address = node.port.map_or_else(|| "?".to_owned(), |port| format!("{}:{port}", node.host));
    let pid = node.pid.map_or_else(|| "-".to_owned(), |pid| format!("pid {pid}"));
    let service = if node.service { "service" } else { "" };
    format!("{:16}  {:7}  {:6}  {address:15}  {pid:11}  {service}", node.name, node.role, node.state.as_str())
}

fn fault(
    nodes: &Nodes,
    lab: Option<&str>,
    done: &str,
    act: impl Fn(&Lab, &str) -> Result<(), Error>,
    out: &mut dyn Write,
) -> Result<Exit, Error> {
    let lab = lab::choose(lab)?;
    let _exclusive = lab.exclusively()?;
    for node in &nodes.nodes {
        act(&lab, node)?;
        told(writeln!(out, "{node} is {done}"))?;
    }
    Ok(Exit::Ok)
}

/// A reader that has gone has what it wanted, and what was begun goes on.
fn told(written: io::Result<()>) -> Result<(), Error> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::output(error)),
        _ => Ok(()),
    }
}

/// Be one SSH node of a lab; started by m3m itself
#[derive(Debug, clap::Args)]
pub struct NodeArgs {
    /// The node's directory
    #[arg(long)]
    dir: PathBuf,
}

/// Runs the hidden verb `lab-node`.
///
/// # Errors
/// The node cannot start.
pub async fn run_node(args: NodeArgs) -> Result<Exit, Error> {
    lab::node::run(args.dir).await
}

/// End a throw-away lab when its owner has ended; started by m3m itself
#[derive(Debug, clap::Args)]
pub struct KeeperArgs {
    /// The lab's directory
    #[arg(long)]
    dir: PathBuf,
}

/// Runs the hidden verb `lab-keeper`.
///
/// # Errors
/// Something of the lab cannot be removed.
pub fn run_keeper(args: KeeperArgs) -> Result<Exit, Error> {
    lab::keep(args.dir)
}

/// Be, or drive, the service of a lab's node; called by the node's command `ledger`
#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    act: LedgerAct,
    /// The node's directory
    #[arg(long)]
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LedgerAct {
    Start,
    Stop,
    Check,
    Serve,
}

/// Runs the hidden verb `lab-ledger`.
///
/// # Errors
/// The ledger cannot be started or stopped, or does not answer.
pub fn run_ledger(args: LedgerArgs) -> Result<Exit, Error> {
    match args.act {
        LedgerAct::Start => ledger::start(args.dir),
        LedgerAct::Stop => ledger::stop(args.dir),
        LedgerAct::Check => ledger::check(args.dir),
        LedgerAct::Serve => ledger::serve(args.dir),
    }?;
    Ok(Exit::Ok)
}
