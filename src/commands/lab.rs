//! `m3m lab`: five real SSH nodes on this machine, and faults for them.

mod faults;
mod hidden;
mod words;

use clap::Subcommand;

use super::context::{Context, unless_gone};
use super::global::GlobalArgs;
use crate::core::name::Name;
use crate::error::{Error, Exit};
use crate::lab::{self, Lab, State, Wan};
use crate::view::{self, Format};
use faults::{Cut, Delay, Heal, Nodes};
pub use hidden::{KeeperArgs, LedgerArgs, NodeArgs, WireArgs, run_keeper, run_ledger, run_node, run_wire};

/// The lab that is made where none is named.
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
    ///
    /// With `--wan montana` the nodes answer as late as from the cities that they are named after: a round trip from
    /// the operator takes 45 ms to amsterdam, 3 ms to moscow, 65 ms to almaty, 12 ms to saint-petersburg and 50 ms to
    /// novosibirsk; from amsterdam it takes 43 ms to moscow and 100 ms to almaty, and 62 ms between those two. `m3m lab
    /// list` shows the others.
    Up {
        /// The lab's name [default: lab]
        name: Option<Name>,
        /// How far the nodes are from the operator and from each other; a lab that is there takes it over
        #[arg(long, value_parser = faults::wan())]
        wan: Option<Wan>,
    },
    /// End everything that a lab runs and remove it, repositories included
    Down {
        /// The lab's name [default: the only lab there is]
        name: Option<Name>,
    },
    /// Show all labs, their nodes, and what is in force on the paths between them
    List,
    /// Kill nodes and all they run at once, as a crash would
    ///
    /// A peer sees its connections close at once, and new ones are refused.
    Kill(Nodes),
    /// Take the power from nodes: silence at once, and nothing that they ran is left
    ///
    /// A peer sees silence: connections stand and nobody answers, new ones hang. After a revive the old connections
    /// end.
    Poweroff(Nodes),
    /// Start nodes again that are dead or off: same port, same keys, same repository
    ///
    /// The service is not started: a machine that comes back is not PRIMARY any more until somebody says so. A peer
    /// sees connections accepted again, unless they are cut: a cut stays until it is healed.
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
    /// Cut the network of nodes that go on running: bytes vanish, and nothing closes
    ///
    /// A peer sees silence: connections stand and nobody answers, new ones hang. After a heal what was sent arrives,
    /// late. It holds for the nodes' services too, and for connections from node to node. With `--one-way` only what
    /// goes to the nodes vanishes, or only what comes from them; new connections hang all the same, since each needs an
    /// answer. A cut stays until it is healed, through crashes and revives.
    Cut(Cut),
    /// Undo cuts and delays: those of the nodes, or all
    ///
    /// Distances of `up --wan` stay. Nodes that are dead, off or frozen stay so.
    Heal(Heal),
    /// Add to the round-trip time of nodes, in place of what was added before
    ///
    /// It comes on top of the distances of `up --wan`, holds for the nodes' services too, and for connections from node
    /// to node. Bytes stay in order, at most 4 MiB of them on their way at once; a new connection is heard from after two
    /// round trips, as over a network.
    Delay(Delay),
}

/// What a verb has done.
struct Done {
    /// The labs it was about.
    labs: Vec<Lab>,
    /// The labs that are listed and not complete.
    incomplete: Vec<Name>,
    words: String,
    exit: Exit,
}

/// Runs `m3m lab`, beside the runtime, so that Ctrl-C is heard meanwhile: a lab that is being made is ended by its
/// keeper then.
///
/// # Errors
/// No such lab or node, a lab that cannot be made, an output that cannot be written.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let global = context.global.clone();
    let done = tokio::task::spawn_blocking(move || carry_out(args.verb, &global)).await;
    done.map_err(|lost| Error::unexpected("the work on the lab was cut off").because(lost))?
}

fn carry_out(verb: Verb, global: &GlobalArgs) -> Result<Exit, Error> {
    if !global.nodes.is_empty() {
        return Err(Error::usage("lab takes no --node").hint("name nodes behind the verb: m3m lab kill NODE"));
    }
    let lab = global.lab.as_ref().and_then(Option::as_ref);
    let is_list = matches!(verb, Verb::List);
    let done = match verb {
        Verb::Up { name, wan } => up(named(name, lab)?, wan),
        Verb::Down { name } => down(named(name, lab)?),
        Verb::List => list(lab),
        Verb::Kill(nodes) => nodes.hit(lab, "killed", Lab::kill),
        Verb::Poweroff(nodes) => nodes.hit(lab, "off", Lab::poweroff),
        Verb::Revive(nodes) => nodes.hit(lab, "up", Lab::revive),
        Verb::Freeze(nodes) => nodes.hit(lab, "frozen", Lab::freeze),
        Verb::Thaw(nodes) => nodes.hit(lab, "thawed", Lab::thaw),
        Verb::Cut(cut) => cut.carry_out(lab),
        Verb::Heal(heal) => heal.carry_out(lab),
        Verb::Delay(delay) => delay.carry_out(lab),
    }?;
    let text = match global.output {
        Format::Table if global.quiet && !is_list => return Ok(done.exit),
        Format::Table => done.words,
        form => view::document(form, &words::record(&done.labs, &done.incomplete)).map_err(Error::output)?,
    };
    // What was begun goes on without a reader.
    view::write_out(&text).map_or_else(|error| unless_gone(error, done.exit), |()| Ok(done.exit))
}

/// The lab's name, which may stand in two places.
fn named(name: Option<Name>, lab: Option<&Name>) -> Result<Option<Name>, Error> {
    match (name, lab) {
        (Some(name), Some(lab)) if name != *lab => {
            Err(Error::usage(format!("two labs are named: {name} and --lab={lab}")).hint("name one"))
        }
        (name, lab) => Ok(name.or_else(|| lab.cloned())),
    }
}

fn up(name: Option<Name>, wan: Option<Wan>) -> Result<Done, Error> {
    let default = || NAME_DEFAULT.parse().map_err(|error| Error::usage("not a lab's name").because(error));
    let (lab, new) = lab::up(&name.map_or_else(default, Ok)?, wan)?;
    let nodes = lab.nodes();
    let all_up = nodes.iter().all(|node| node.state == State::Up);
    let words = if all_up { words::how_to_use(&lab, &nodes, new) } else { words::how_to_mend(&lab, &nodes) };
    let exit = if all_up { Exit::Ok } else { Exit::Degraded };
    Ok(Done { labs: vec![lab], incomplete: Vec::new(), words, exit })
}

fn down(name: Option<Name>) -> Result<Done, Error> {
    let words = match name.map_or_else(lab::the_only, |name| Ok(Some(name)))? {
        None => "there is no lab: nothing to end\n".to_owned(),
        Some(name) if lab::down(&name)? => format!("the lab {name} is gone\n"),
        Some(name) => format!("the lab {name} is not there: nothing to end\n"),
    };
    Ok(Done { labs: Vec::new(), incomplete: Vec::new(), words, exit: Exit::Ok })
}

fn list(lab: Option<&Name>) -> Result<Done, Error> {
    let (labs, incomplete) = match lab {
        Some(name) => (vec![lab::choose(Some(name.as_str()))?], Vec::new()),
        None => (lab::all()?, lab::incomplete()?),
    };
    let words = words::list(&labs, &incomplete);
    Ok(Done { labs, incomplete, words, exit: Exit::Ok })
}
