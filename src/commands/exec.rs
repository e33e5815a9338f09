//! `m3m exec`.

use std::time::Duration;

use super::context::{Context, unless_gone};
use crate::cell::run::{Order, Runs};
use crate::core::duration;
use crate::core::event::{Event, Listener};
use crate::core::inventory::{Inventory, Node, NodeName};
use crate::core::run::{End, Execution, Run, wrapper};
use crate::core::silence::{Cause, Phase, Silence};
use crate::error::{Error, Exit};
use crate::world::clock;
use crate::world::ssh::Keep;

/// The time for the command where none is given.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Run a command on all nodes at once, or on those of --node
///
/// One word is a line for the nodes' sh: m3m exec -- 'uptime; df -h'. Of several, each stays one word, whatever it
/// holds: m3m exec -- ls -l '/tmp/a b'. The command's input is empty.
///
/// Equal output is shown once, as `node1,node3: …`: before every line in a pipe, above several lines on a terminal.
/// Standard output and standard error stay apart; what m3m has to say of a node comes last, on standard error. Left
/// out are escape sequences, which -o json has, and what start-up files of the login shell print. Of each node at most
/// 1 MiB is taken: more ends the command there.
///
/// The command may run for --timeout, 60s where none is given, once the node is connected to. Then the node ends it,
/// where it has timeout(1), and m3m waits no longer; nor does it for what the command leaves running. An interrupt
/// shows what has come in and ends nothing on nodes. A node that is not reached is tried through others, each for
/// --connect-timeout; nothing is begun twice.
///
/// Exit status: the highest of all nodes; 128 and the number of the signal where one ended the command; 255 where a
/// node was not reached, or the command did not end there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The time for connecting to a node [default: the inventory's health timeout]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub connect_timeout: Option<Duration>,

    /// The command: a line for sh, or words
    #[arg(required = true, last = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// What has come in, told when all has, or when nobody waits any more.
struct Report<'a> {
    inventory: &'a Inventory,
    nodes: Vec<NodeName>,
    order: Order,
    at: jiff::Timestamp,
    runs: Runs,
    view: Box<dyn Listener>,
    told: bool,
}

/// Runs the command and tells how it went.
///
/// # Errors
/// The inventory or a key is wrong, or the output cannot be written. A node that is not reached is no error.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    let source = context.source().await?;
    let mut view = context.view(false, false);
    let nodes = context.nodes(&source.inventory)?;
    let order = Order {
        command: wrapper::command(&args.command),
        connect_timeout: args.connect_timeout.unwrap_or(source.inventory.timing.health_timeout),
        timeout: context.global.timeout.unwrap_or(TIMEOUT),
    };
    let cell = Context::cell(source.inventory.clone(), nodes.clone(), Keep::Once, view.as_mut()).await?;
    let at = clock::now();
    let mut report = Report { inventory: cell.inventory(), nodes, order, at, runs: Runs::new(), view, told: false };
    let Report { order, runs, view, .. } = &mut report;
    let outcome = cell.run(order, runs, view.as_mut()).await;
    let execution = report.end(&lost());
    let exit = Exit::Remote(execution.status());
    match outcome.and_then(|()| report.view.hear(&Event::Executed(&execution))) {
        Ok(()) => Ok(exit),
        Err(error) => unless_gone(error, exit),
    }
}

/// How it went where the run itself was lost.
fn lost() -> End {
    let cause = Cause::Local("the run was lost, which is a bug in m3m".to_owned());
    End::Lost(Silence { phase: Phase::Exec, cause })
}

impl Report<'_> {
    /// How it went on all nodes, in the order of the inventory; `missing` stands for what has not come in.
    fn end(&mut self, missing: &End) -> Execution {
        self.told = true;
        let mut runs = std::mem::take(&mut self.runs);
        let waited = clock::now().duration_since(self.at).try_into().unwrap_or_default();
        let nodes = self.inventory.nodes.iter().filter(|node| self.nodes.contains(&node.name));
        let in_order =
            nodes.map(|node| runs.remove(&node.name).unwrap_or_else(|| unended(node, missing.clone(), waited)));
        Execution {
            at: self.at,
            cell: self.inventory.cell.clone(),
            command: self.order.command.clone(),
            timeout: self.order.timeout,
            runs: in_order.collect(),
        }
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if !self.told {
            let execution = self.end(&End::Interrupted);
            // Where the output is gone there is nobody left to tell.
            let _ = self.view.hear(&Event::Executed(&execution));
        }
    }
}

fn unended(node: &Node, end: End, took: Duration) -> Run {
    let (host, port) = (node.host.clone(), node.ssh.port());
    Run { node: node.name.clone(), host, port, via: None, took, end, stdout: Vec::new(), stderr: Vec::new() }
}
