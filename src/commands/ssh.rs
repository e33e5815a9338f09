//! `m3m ssh`.

use std::collections::BTreeSet;
use std::time::Duration;

use clap_complete::engine::ArgValueCompleter;

use super::complete;
use super::context::{Context, known};
use crate::core::inventory::Node;
use crate::core::name::NodeName;
use crate::core::run::wrapper;
use crate::error::{Error, Exit};
use crate::world::dirs;
use crate::world::ssh_config::{Question, SshConfig};
use crate::world::ssh_program::{Client, Host};

/// What connecting may take, where no time is given. A key may ask for a touch.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Log in to a node with the system's ssh
///
/// Hands over to ssh(1) with what the inventory says of the node: host, port, user, key, and host key, which is
/// checked as strictly as m3m does. What it does not say is up to ssh and its configuration. A command follows `--`
/// as for exec, for the node's login shell. Connecting may take --timeout, 10s where none is given.
///
/// Exit status: that of ssh: the remote command's, or 255 where the node was not reached.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The node
    #[arg(value_name = "NODE", add = ArgValueCompleter::new(complete::nodes))]
    pub node: NodeName,

    /// Go through another node, such as the one that status names
    #[arg(long, value_name = "NODE", add = ArgValueCompleter::new(complete::nodes))]
    pub via: Option<NodeName>,

    /// Give the command a terminal, as ssh -t does
    #[arg(short, long)]
    pub tty: bool,

    /// The command: a line for the login shell, or words; without it a login
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// Hands over to ssh; where the nodes end with this process, it waits for ssh instead.
///
/// # Errors
/// The inventory or ssh's configuration is wrong, the cell has no such node, or there is no ssh.
pub async fn run(context: &Context, args: Args) -> Result<Exit, Error> {
    let source = context.source().await?;
    if !context.global.nodes.is_empty() {
        return Err(Error::usage("ssh takes one node, without an option").hint(format!("m3m ssh {}", args.node)));
    }
    let node = known(&source.inventory, &args.node)?;
    let command = (!args.command.is_empty()).then(|| wrapper::command(&args.command));
    let via = args.via.as_ref().map(|via| known(&source.inventory, via)).transpose()?;
    if via.is_some_and(|via| via.name == node.name) {
        return Err(Error::usage(format!("{} is no way to itself", node.name)).hint("--via takes another node"));
    }
    let timeout = context.global.timeout.unwrap_or(TIMEOUT);
    let via = match via {
        Some(via) => Some(host(via).await?),
        None => None,
    };
    let client = Client::new(host(node).await?, via, timeout, args.tty, command.as_deref());
    if source.ends_with_m3m { client.wait().await.map(Exit::Remote) } else { Err(client.become_it()) }
}

/// A node, and what becomes of its host key where that is not recorded, as for all that m3m does itself. ssh is asked
/// beside the runtime, so that Ctrl-C is heard meanwhile.
async fn host(node: &Node) -> Result<Host<'_>, Error> {
    let question = Question::of(node);
    let ask = move || {
        let told = SshConfig::find(dirs::home().ok().as_deref()).ask(&BTreeSet::from([question.clone()]))?;
        Ok(told.get(&question).map(|config| config.host_keys.unknown).unwrap_or_default())
    };
    let asked = tokio::task::spawn_blocking(ask).await;
    let unknown = asked.map_err(|lost| Error::unexpected("asking ssh was cut off").because(lost))??;
    Ok(Host { node, unknown })
}
