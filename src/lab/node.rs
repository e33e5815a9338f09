//! One node: the process behind the hidden verb `lab-node`.
//!
//! It tells whoever started it, in one line on its stdout, the port it listens on or why it does not.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use russh::keys::{PrivateKey, PublicKey};
use tokio::net::TcpListener;

use super::layout::{NodeDir, read_port, write_atomically};
use super::processes::{self, Act};
use super::{lock, server, start};
use crate::error::{Error, Exit};

/// The first word of the line of a node that listens; its port follows.
pub(super) const READY: &str = "ready";
/// The first word of the line of a node that cannot start; the rendered error follows, its lines parted by tabs.
pub(super) const FAILED: &str = "failed";

/// How often a node looks whether its directory still exists: one that was removed ends its node.
const DIRECTORY_CHECK: Duration = Duration::from_secs(1);

/// Runs the node in this directory until it is killed.
///
/// # Errors
/// It runs already, its files are incomplete, or its port is taken.
pub async fn run(dir: PathBuf) -> Result<Exit, Error> {
    start::leave_session();
    let node = NodeDir::new(dir);
    let (_lock, listener, host_key, client_key) = match prepare(&node).await {
        Ok(parts) => parts,
        Err(error) => {
            // Nobody may be there to read it: the log has it as well.
            let _ = writeln!(std::io::stdout(), "{FAILED} {}", error.render().trim_end().replace('\n', "\t"));
            return Err(error);
        }
    };
    tokio::select! {
        () = server::serve(node.clone(), listener, host_key, client_key) => {}
        () = directory_is_gone(&node) => {}
    }
    // What it runs must not outlive it without a lab to end it from.
    let _ = processes::act(std::slice::from_ref(&node), Act::Kill);
    Ok(Exit::Ok)
}

async fn prepare(node: &NodeDir) -> Result<(lock::Held, TcpListener, PrivateKey, PublicKey), Error> {
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

    let kept = read_port(&node.port()).map_err(unusable)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, kept.unwrap_or(0))).await.map_err(|error| {
        Error::new(Exit::Refused, format!("it cannot listen on 127.0.0.1:{}", kept.unwrap_or(0)))
            .because(error)
            .hint("the port belongs to the node for as long as the lab exists: end what uses it, or make a new lab")
    })?;
    let port = listener.local_addr().map_err(unusable)?.port();
    if kept.is_none() {
        write_atomically(&node.port(), &format!("{port}\n"), 0o600).map_err(unusable)?;
    }
    // Whoever started it may be gone.
    let _ = writeln!(std::io::stdout(), "{READY} {port}");
    Ok((lock, listener, host_key, client_key))
}

async fn directory_is_gone(node: &NodeDir) {
    while node.lock().exists() {
        tokio::time::sleep(DIRECTORY_CHECK).await;
    }
    server::log(node, "its directory was removed: it ends");
}
