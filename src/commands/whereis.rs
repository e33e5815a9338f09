//! `m3m where`.

use super::context::{Context, unless_gone};
use crate::core::diagnosis::diagnose;
use crate::core::inventory::Role;
use crate::core::status::{NodeStatus, Observed, Status, Verdict};
use crate::error::{Error, Exit};
use crate::view::{self, Format};
use crate::world::ssh::Keep;

/// Print the host of the PRIMARY or the BRAIN, for scripts
///
/// Asks the nodes for the current record of roles and prints just the host of the one that holds the role.
///
/// Exit status: 0 as asked; 10 the host is printed, but the node does not answer or does not do what its role says, or
/// no more than half of the nodes answered and agree; 11 no node lets m3m in and 12 nothing could be reached: nothing is printed, since the record is on the nodes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The role
    #[arg(value_enum, default_value_t)]
    pub role: Wanted,
}

/// A role that exactly one node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Wanted {
    /// Who executes the service
    #[default]
    Primary,
    /// Who observes and decides
    Brain,
}

#[derive(serde::Serialize)]
struct WhereRecord<'a> {
    schema: &'static str,
    role: &'static str,
    node: &'a str,
    host: &'a str,
    port: u16,
    term: Option<u64>,
    observed: Option<&'static str>,
}

/// Prints where a role is.
///
/// # Errors
/// The inventory or a key is wrong, the output cannot be written, or no node answered: then nobody knows.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    let source = context.source().await?;
    if !context.global.nodes.is_empty() {
        return Err(Error::usage(
            "where asks all nodes: the record of roles is the highest term that any of them holds",
        )
        .hint("leave --node out"));
    }
    let mut view = context.view(false, false);
    let timeout = context.timeout(&source.inventory);
    let nodes = context.nodes(&source.inventory)?;
    let cell = Context::cell(source.inventory.clone(), nodes, Keep::Once, view.as_mut()).await?;
    let picture = match cell.gather(timeout, view.as_mut()).await {
        Ok(picture) => picture,
        Err(error) => return unless_gone(error, Exit::Ok),
    };
    // The view's progress is on standard error; it ends here, before the answer.
    drop(view);
    let status = diagnose(cell.inventory(), &picture);
    if status.nodes.iter().all(|node| node.facts().is_none()) {
        let exit = if status.verdict == Verdict::CutOff { Exit::CutOff } else { Exit::Down };
        return Err(Error::new(exit, format!("no node answered: {}", status.reason)).hint("m3m status says more"));
    }
    let role = match args.role {
        Wanted::Primary => Role::Primary,
        Wanted::Brain => Role::Brain,
    };
    let Some(node) = status.nodes.iter().find(|node| node.has(role)) else {
        return Err(Error::inventory(format!("the inventory does not name the node that is {} now", role.as_str()))
            .hint("m3m status shows the term; add the node to the inventory"));
    };
    match view::write_out(&answer(context.global.output, &status, role, node)?) {
        Ok(()) if !is_certain(&status) => {
            view::write_err("note: no more than half of the nodes answered and agree: another side may know better\n");
            Ok(Exit::Degraded)
        }
        Ok(()) => Ok(if fulfils(node) { Exit::Ok } else { Exit::Degraded }),
        Err(error) => unless_gone(error, Exit::Ok),
    }
}

/// Whether more than half of all members answered and hold the record: on the smaller side of a partition an old one
/// may still be believed, and an open term may never be won.
fn is_certain(status: &Status) -> bool {
    let answered = || status.nodes.iter().filter(|node| node.facts().is_some()).count();
    match (&status.standing.won, status.standing.in_force()) {
        (Some(won), _) => 2 * won.holders.len() > won.record.members.len(),
        (None, Some(_)) => false,
        (None, None) => 2 * answered() > status.nodes_total,
    }
}

/// Whether the node answers and does what its role says.
fn fulfils(node: &NodeStatus) -> bool {
    node.facts().is_some() && !node.contradicts() && (!node.has(Role::Primary) || node.observed.is_some())
}

fn answer(format: Format, status: &Status, role: Role, node: &NodeStatus) -> Result<String, Error> {
    let record = WhereRecord {
        schema: "m3m.where/1",
        role: role.as_str(),
        node: node.name.as_str(),
        host: &node.host,
        port: node.port,
        term: status.term(),
        observed: node.observed.map(Observed::id),
    };
    match format {
        Format::Table => Ok(format!("{}\n", node.host)),
        format => view::document(format, &record).map_err(Error::output),
    }
}
