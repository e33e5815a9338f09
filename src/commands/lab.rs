//! `m3m lab`: five real SSH nodes on this machine, and faults for them.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use crate::core::name::Name;
use crate::error::{Error, Exit};
use crate::lab::{self, Lab, State, ledger};

/// The lab that is meant where none is named.
const NAME_DEFAULT: &str = "lab";

/// Runs five real SSH nodes on this machine, to try m3m and to rehearse failures.
///
/// The nodes listen on 127.0.0.1 only and let in one key, made for the lab. Each has a home, a git repository and a
/// small service, a ledger of numbered writes, which runs on PRIMARY. `m3m --lab COMMAND` works on a running lab, and
/// on a throw-away one where none is running.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Makes a lab and starts it; a lab that is there is left as it is
    Up {
        /// The lab's name [default: lab]
        name: Option<Name>,
    },
    /// Ends everything that a lab runs and removes it, repositories included
    Down {
        /// The lab's name [default: lab]
        name: Option<Name>,
    },
    /// Shows all labs and their nodes
    List,
    /// Kills nodes and all they run at once, as a crash would
    ///
    /// A peer sees its connections close at once, and new ones are refused.
    Kill(Nodes),
    /// Starts dead nodes again: same port, same keys, same repository
    ///
    /// The service is not started: a machine that comes back is not PRIMARY any more until somebody says so. A peer
    /// sees connections accepted again.
    Revive(Nodes),
    /// Stops nodes and all they run, without ending anything
    ///
    /// A peer sees silence: connections stand, new ones are accepted, and nobody answers. Nothing is lost, and after
    /// a thaw everything goes on as if no time had passed.
    Freeze(Nodes),
    /// Lets frozen nodes go on
    ///
    /// A peer gets the answers that were due, late.
    Thaw(Nodes),
}

#[derive(Debug, clap::Args)]
struct Nodes {
    /// The nodes' names
    // A name of its own for clap: `nodes` are those of the global --node.
    #[arg(id = "lab_nodes", required = true, value_name = "NODE", value_delimiter = ',')]
    nodes: Vec<String>,
}

/// Runs `m3m lab`. `lab` is the name given with `--lab=NAME`.
///
/// # Errors
/// No such lab or node, a lab that cannot be made, an output that cannot be written.
pub fn run(args: Args, lab: Option<&str>, out: &mut dyn Write) -> Result<Exit, Error> {
    match args.verb {
        Verb::Up { name } => up(&named(name, lab)?, out),
        Verb::Down { name } => down(&named(name, lab)?, out),
        Verb::List => list(out),
        Verb::Kill(nodes) => fault(nodes, lab, "killed", Lab::kill, out),
        Verb::Revive(nodes) => fault(nodes, lab, "up", Lab::revive, out),
        Verb::Freeze(nodes) => fault(nodes, lab, "frozen", Lab::freeze, out),
        Verb::Thaw(nodes) => fault(nodes, lab, "thawed", Lab::thaw, out),
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
    let in_state = |state| nodes.iter().filter(move |node| node.state == state).map(|node| node.name);
    let (dead, frozen): (Vec<_>, Vec<_>) = (in_state(State::Dead).collect(), in_state(State::Frozen).collect());
    let option = if name.as_str() == NAME_DEFAULT { String::new() } else { format!("={name}") };
    let mut text = String::new();
    if dead.is_empty() && frozen.is_empty() {
        let already = if new { "" } else { " already" };
        text += &format!("the lab {name} is up{already}: {} SSH nodes on 127.0.0.1\n", nodes.len());
        text += &format!("  try it:  m3m --lab{option} status\n");
        text += &format!("  log in:  ssh -F '{}' {}\n", lab.ssh_config_path().display(), nodes[0].name);
        text += &format!("  end it:  m3m lab down {name}\n");
    } else {
        text += &format!("the lab {name} is there, but not all of its nodes are up; they were left as they are\n");
        for (verb, state, nodes) in [("revive", "dead", dead.join(" ")), ("thaw", "frozen", frozen.join(" "))] {
            if !nodes.is_empty() {
                text += &format!("  {state}: {nodes}: m3m --lab={name} lab {verb} {nodes}\n");
            }
        }
    }
    print(out, &text)?;
    Ok(if dead.is_empty() && frozen.is_empty() { Exit::Ok } else { Exit::Degraded })
}

fn down(name: &Name, out: &mut dyn Write) -> Result<Exit, Error> {
    let text = if lab::down(name)? { "is gone" } else { "is not there: nothing to end" };
    print(out, &format!("the lab {name} {text}\n"))?;
    Ok(Exit::Ok)
}

fn list(out: &mut dyn Write) -> Result<Exit, Error> {
    let labs = lab::all()?;
    let mut text = String::new();
    if labs.is_empty() {
        text += "there is no lab; make one: m3m lab up\n";
    }
    for lab in labs {
        text += &format!("{}  {}\n", lab.name(), lab.path().display());
        for node in lab.nodes() {
            let address = node.port.map_or_else(|| "?".to_owned(), |port| format!("{}:{port}", node.host));
            let pid = node.pid.map_or_else(|| "-".to_owned(), |pid| format!("pid {pid}"));
            let service = if node.service { "service" } else { "" };
            let line = format!(
                "  {:16}  {:7}  {:6}  {address:15}  {pid:11}  {service}",
                node.name,
                node.role,
                node.state.as_str()
            );
            text += line.trim_end();
            text += "\n";
        }
    }
    print(out, &text)?;
    Ok(Exit::Ok)
}

fn fault(
    nodes: Nodes,
    lab: Option<&str>,
    done: &str,
    act: impl Fn(&Lab, &str) -> Result<(), Error>,
    out: &mut dyn Write,
) -> Result<Exit, Error> {
    let lab = lab::choose(lab)?;
    lab.check_names(&nodes.nodes)?;
    let _exclusive = lab.exclusively()?;
    for node in &nodes.nodes {
        act(&lab, node)?;
        print(out, &format!("{node} is {done}\n"))?;
    }
    Ok(Exit::Ok)
}

fn print(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error: io::Error| Error::unexpected("cannot write the output").because(error))
}

/// One SSH node of a lab. Started by m3m itself.
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

/// Ends a throw-away lab when its owner has ended. Started by m3m itself.
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

/// The service of a lab's node. Called by the node's command `ledger`.
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
