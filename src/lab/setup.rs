//! Makes the files of a new lab: first all that nodes need to start, then all that tells of them.

use std::fs::{DirBuilder, read_to_string};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey};

use super::exec;
use super::layout::{LabDir, NodeDir, PARTS, read_port, write_atomically};
use super::texts::{self, Facts, NodeFacts};
use crate::core::term::{self, Claim, Standing, TermRecord};
use crate::error::Error;
use crate::world::{clock, git, inventory_file};

/// The one file of a new repository.
const README: (&str, &str) = ("README", "The work tree of a lab. Records of the ledger stand in ledger/.\n");

/// Makes what the network needs to start.
pub(super) fn prepare_network(lab: &LabDir) -> Result<(), Error> {
    let dir = lab.wire();
    DirBuilder::new().mode(0o700).create(dir.path()).map_err(|error| cannot_write(dir.path(), error))
}

/// Makes the keys, homes and repositories of five nodes in an empty directory.
pub(super) fn prepare(lab: &LabDir, program: &Path) -> Result<(), Error> {
    let client = new_key(&lab.identity(), &lab.identity_public(), "m3m lab")?;
    for node in lab.nodes() {
        for dir in [node.path().to_owned(), node.temporary(), node.home(), node.bin()] {
            DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|error| cannot_write(&dir, error))?;
        }
        new_key(&node.host_key(), &node.host_key().with_extension("pub"), node.name())?;
        write(&node.authorized_key(), &client, 0o600)?;
        write_service(&node, program)?;
        git::create(&node.repository(), "main", README.0, README.1).map_err(|error| {
            Error::inventory(format!("cannot create {}", node.repository().display())).because(error)
        })?;
    }
    Ok(())
}

/// Writes the command `ledger`, which a node's service commands call.
pub(super) fn write_service(node: &NodeDir, program: &Path) -> Result<(), Error> {
    let program = shell_word(utf8(program)?);
    let dir = shell_word(utf8(node.path())?);
    write(&node.bin().join("ledger"), &format!("#!/bin/sh\nexec {program} lab-ledger \"$1\" --dir {dir}\n"), 0o700)
}

/// Writes what tells of the nodes, on them and beside them, the inventory last: with it the lab is complete.
pub(super) fn describe(lab: &LabDir, cell: &str) -> Result<(), Error> {
    let mut nodes = Vec::with_capacity(PARTS.len());
    for node in lab.nodes() {
        let cannot_read = |path: &Path| {
            let message = format!("cannot read {}", path.display());
            move |error: io::Error| Error::inventory(message).because(error)
        };
        let path = node.host_key().with_extension("pub");
        let host_key = read_to_string(&path).map_err(cannot_read(&path))?;
        let port = read_port(&node.port()).map_err(cannot_read(&node.port()))?.unwrap_or_default();
        let repository = utf8(&node.repository())?.to_owned();
        nodes.push(NodeFacts { port, repository, host_key: host_key.trim().to_owned() });
    }
    let (identity, known_hosts) = (lab.identity(), lab.known_hosts());
    let facts = Facts {
        cell,
        user: &exec::user_name(),
        identity: utf8(&identity)?,
        known_hosts: utf8(&known_hosts)?,
        nodes: &nodes,
    };
    write(&lab.known_hosts(), &texts::known_hosts(&nodes), 0o600)?;
    write(&lab.ssh_config(), &texts::ssh_config(&facts), 0o600)?;
    let inventory = texts::inventory(&facts);
    initialise(lab, cell, &inventory)?;
    write(&lab.inventory(), &inventory, 0o600)
}

/// Gives each node its name and the cell's first term, as `m3m init` would.
fn initialise(lab: &LabDir, cell: &str, inventory: &str) -> Result<(), Error> {
    let inventory = inventory_file::parse("the lab's inventory", inventory, lab.path())?;
    let by = format!("{}@localhost", exec::user_name());
    let word = format!("{:016x}", rand::random::<u64>());
    let record = TermRecord::first(&inventory, by, clock::now(), word)
        .ok_or_else(|| Error::unexpected("the lab's inventory has no PRIMARY or no BRAIN"))?;
    let claim = Claim::next(&Standing::default(), record);
    let (json, head) = (claim.record.write(), claim.head());
    for node in lab.nodes() {
        let path = node.repository();
        let named = git::configure(&path, &[("m3m.node", node.name()), ("m3m.cell", cell)]);
        named.and_then(|()| git::put(&path, term::REF, term::FILE, &json, &head).map(drop)).map_err(|error| {
            Error::inventory(format!("cannot write the first term to {}", path.display())).because(error)
        })?;
    }
    Ok(())
}

/// Writes a new key pair and returns the public key.
fn new_key(private: &Path, public: &Path, comment: &str) -> Result<String, Error> {
    let failed = |error| Error::inventory(format!("cannot make the key {}", private.display())).because(error);
    let mut key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).map_err(failed)?;
    key.set_comment(comment);
    key.write_openssh_file(private, LineEnding::LF).map_err(failed)?;
    let text = key.public_key().to_openssh().map_err(failed)? + "\n";
    write(public, &text, 0o600)?;
    Ok(text)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    write_atomically(path, text, mode).map_err(|error| cannot_write(path, error))
}

/// The error of a path that cannot be written.
pub(super) fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::inventory(format!("cannot write {}", path.display())).because(error)
}

/// Refuses a directory whose name would not survive in an inventory, a `PATH` or an SSH configuration.
pub(super) fn usable(path: &Path, variable: &str) -> Result<(), Error> {
    let text = utf8(path)?;
    let Some(odd) = text.chars().find(|c| matches!(c, ':' | '"' | '\\') || c.is_control()) else { return Ok(()) };
    Err(Error::inventory(format!("no lab can stand in {}: its name has a {odd:?}", path.display()))
        .hint(format!("set {variable} to another directory")))
}

fn utf8(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| {
        Error::inventory(format!("{} is not UTF-8, and an inventory can hold nothing else", path.display()))
            .hint("set XDG_STATE_HOME and TMPDIR to other directories")
    })
}

/// A word for `sh`, whatever it holds.
#[must_use]
pub(super) fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_word_may_hold_anything() {
        for text in ["a b", "it's", "$x `y` \\ \"", ""] {
            let line = format!("printf %s {}", shell_word(text));
            let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
