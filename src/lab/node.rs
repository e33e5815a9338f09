//! One node: the process behind the hidden verb `lab-node`.
//!
//! It listens on a port of its own and plugs that into the lab's network, which has the port that others know. It tells
//! whoever started it, in one line on its stdout, that it can be reached, or why it cannot.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use russh::keys::{PrivateKey, PublicKey};
use tokio::net::TcpListener;

use super::layout::NodeDir;
use super::processes::{self, Act};
use super::wire::{Cable, Port};
use super::{lock, server, start};
use crate::error::{Error, Exit};

/// How often a node looks whether its directory still exists: one that was removed ends its node.
const DIRECTORY_CHECK: Duration = Duration::from_secs(1);

/// Runs the node in this directory until it is killed.
///
/// # Errors
/// It runs already, its files are incomplete, or its port is taken.
pub async fn run(dir: PathBuf) -> Result<Exit, Error> {
    start::leave_session();
    let node = NodeDir::new(dir);
    let prepared = prepare(&node).await;
    start::tell(prepared.as_ref().map(drop));
    let (_lock, cable, listener, host_key, client_key) = prepared?;
    tokio::select! {
        () = server::serve(node.clone(), listener, host_key, client_key) => {}
        () = directory_is_gone(&node) => {}
        _ = cable.broken() => server::log(&node, "the lab's network is gone: it ends"),
    }
    // What it runs must not outlive it without a lab to end it from.
    let _ = processes::act(std::slice::from_ref(&node), Act::Kill);
    Ok(Exit::Ok)
}

async fn prepare(node: &NodeDir) -> Result<(lock::Held, Cable, TcpListener, PrivateKey, PublicKey), Error> {
    let broken = |path: PathBuf| {
        move |error: russh::keys::ssh_key::Error| {
            Error::inventory(format!("cannot read {}", path.display())).because(error)
        }
    };
    let unusable =
        |error: std::io::Error| Error::new(Exit::Refused, format!("{} cannot start", node.name())).because(error);
    let lock = lock::take(&node.lock(), Duration::from_secs(1)).map_err(unusable)?;
    let lock = lock.ok_or_else(|| Error::new(Exit::Refused, format!("{} runs already", node.name())))?;
    let host_key = PrivateKey::read_openssh_file(node.host_key()).map_err(broken(node.host_key()))?;
    let client_key = PublicKey::read_openssh_file(node.authorized_key()).map_err(broken(node.authorized_key()))?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(unusable)?;
    let cable = Cable::plug(node, Port::Ssh, listener.local_addr().map_err(unusable)?.port())?;
    Ok((lock, cable, listener, host_key, client_key))
}

async fn directory_is_gone(node: &NodeDir) {
    while node.lock().exists() {
        tokio::time::sleep(DIRECTORY_CHECK).await;
    }
    server::log(node, "its directory was removed: it ends");
}
