//! The inventory's commands on this machine, and how far they are trusted: `announce` and `fence_command`.

use std::time::Duration;

use crate::core::inventory::{Node, NodeName};
use crate::core::status::Warning;
use crate::world::local_command::{self, Ran};

/// How long one try of `announce` may take.
const ANNOUNCE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often `announce` is tried.
const ANNOUNCE_TRIES: u32 = 3;
/// Between two tries.
const ANNOUNCE_PAUSE: Duration = Duration::from_secs(1);
/// How long `fence_command` may take. It is tried once: whoever awaits it serves nobody meanwhile.
const FENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// A new PRIMARY that `announce` was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// How many tries it took, from 1.
    pub tries: u32,
    /// How long all of them took.
    pub took: Duration,
}

/// Tells the `announce` command of a new PRIMARY: the names of the old and the new one and the term's number are its
/// arguments. It is tried three times, for 10 s each.
///
/// # Errors
/// It failed each time: a warning, since the change of roles stands.
pub async fn announce(command: &str, old: &NodeName, new: &NodeName, term: u64) -> Result<Announced, Warning> {
    let term = term.to_string();
    let arguments = [old.as_str(), new.as_str(), &term];
    let mut took = Duration::ZERO;
    let mut tries = 1;
    let last = loop {
        let ran = local_command::run(command, &arguments, ANNOUNCE_TIMEOUT).await;
        took += ran.took;
        match ran {
            ran if ran.succeeded() => return Ok(Announced { tries, took }),
            ran if tries == ANNOUNCE_TRIES => break ran,
            _ => tokio::time::sleep(ANNOUNCE_PAUSE).await,
        }
        tries += 1;
    };
    Err(Warning {
        node: Some(new.clone()),
        text: format!("announce failed {ANNOUNCE_TRIES} times: {}", last.words()),
        hint: Some(format!("clients may still ask {old}: run {}", local_command::typed(command, &arguments))),
    })
}

/// Asks the `fence_command` to make sure that a node is off: its name and host are the arguments. Exit status 0 within
/// 30 s is the proof; everything else proves nothing. How it went comes back in both cases.
///
/// # Errors
/// There is no proof.
pub async fn fence(command: &str, node: &Node) -> Result<Ran, Ran> {
    let ran = local_command::run(command, &[node.name.as_str(), &node.host], FENCE_TIMEOUT).await;
    if ran.succeeded() { Ok(ran) } else { Err(ran) }
}
