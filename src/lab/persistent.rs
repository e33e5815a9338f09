//! Labs that stay: `labs/NAME/` in m3m's state directory.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::keeper::Keeper;
use super::layout::LabDir;
use super::{Lab, Wan, lock, remove, setup, start};
use crate::core::name::Name;
use crate::error::{Error, Exit};
use crate::world::dirs;

/// Another m3m that makes or ends the same lab is waited for this long.
const LOCK_TIMEOUT: Duration = Duration::from_secs(15);

/// Keeps every other m3m from making, ending or breaking the same lab, until it is dropped.
#[derive(Debug)]
pub struct Exclusive {
    // Let go of after the body of `drop`.
    held: lock::Held,
    file: PathBuf,
    lab: PathBuf,
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        if !self.lab.exists() {
            // A lock that stays behind is free.
            let _ = std::fs::remove_file(&self.file);
        }
    }
}

/// Makes the lab of that name and starts it, or finds it as it is; says whether it is new. It has these distances
/// then; those it had, or none, where none are named.
///
/// # Errors
/// The state directory cannot be written, or a node cannot start; nothing of the lab is left then. The network of a lab
/// that is there does not run.
pub fn up(name: &Name, wan: Option<Wan>) -> Result<(Lab, bool), Error> {
    let program = start::own_program()?;
    let labs = labs_dir()?;
    DirBuilder::new().recursive(true).mode(0o700).create(&labs).map_err(|error| not_writable(&labs, error))?;
    let labs = canonical(&labs)?;
    setup::usable(&labs, "XDG_STATE_HOME")?;
    let exclusive = exclusively(&labs, name.as_str())?;
    if let Some(lab) = open(&labs, name) {
        wan.map_or(Ok(()), |wan| lab.set_wan(wan))?;
        return Ok((lab, false));
    }
    let dir = LabDir::new(labs.join(name.as_str()));
    // Whoever made it was killed, and its keeper as well.
    remove(&dir).map_err(|error| setup::cannot_write(dir.path(), error))?;
    // If this process is killed, the keeper holds the lock until nothing of the lab is left.
    let lock = exclusive.held.share().map_err(|error| not_writable(&exclusive.file, error))?;
    let keeper = Keeper::start(dir.clone(), &program, lock.into())?;
    DirBuilder::new().mode(0o700).create(dir.path()).map_err(|error| not_writable(dir.path(), error))?;
    let (lab, _) = Lab::create(name.as_str(), dir, &program, wan.unwrap_or_default())?;
    keeper.release();
    Ok((lab, true))
}

/// Kills everything of the lab and removes it; says whether there was one.
///
/// # Errors
/// A process cannot be killed, or the directory cannot be removed.
pub fn down(name: &Name) -> Result<bool, Error> {
    let labs = labs_dir()?;
    if !labs.join(name.as_str()).exists() {
        return Ok(false);
    }
    let _exclusive = exclusively(&labs, name.as_str())?;
    let dir = LabDir::new(canonical(&labs)?.join(name.as_str()));
    let there = dir.path().exists();
    remove(&dir).map_err(|error| Error::inventory(format!("cannot remove {}", dir.path().display())).because(error))?;
    Ok(there)
}

/// Every complete lab, by name.
///
/// # Errors
/// The state directory cannot be read.
pub fn all() -> Result<Vec<Lab>, Error> {
    let names = names()?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let labs = canonical(&labs_dir()?)?;
    Ok(names.iter().filter_map(|name| open(&labs, name)).collect())
}

/// The labs that are being made, or whose maker was killed.
///
/// # Errors
/// The state directory cannot be read.
pub fn incomplete() -> Result<Vec<Name>, Error> {
    let labs = labs_dir()?;
    Ok(names()?.into_iter().filter(|name| open(&labs, name).is_none()).collect())
}

/// The name of the only lab there is, complete or not; nothing where there is none.
///
/// # Errors
/// There are several.
pub fn the_only() -> Result<Option<Name>, Error> {
    let mut names = names()?;
    if names.len() > 1 {
        return Err(several(names.iter().map(Name::as_str)));
    }
    Ok(names.pop())
}

/// The names of all labs, in order.
fn names() -> Result<Vec<Name>, Error> {
    let labs = labs_dir()?;
    let entries = match std::fs::read_dir(&labs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| cannot_read(&labs, error))?,
    };
    let dirs = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<Name> = dirs.filter_map(|dir| dir.file_name().to_str()?.parse().ok()).collect();
    names.sort();
    Ok(names)
}

/// The lab that a command is about, if there is one; all its nodes may be dead, which is for the command to tell.
///
/// # Errors
/// There is no lab of that name, or there are several and none is named.
pub fn find(name: Option<&str>) -> Result<Option<Lab>, Error> {
    if name.is_none() && all()?.is_empty() { Ok(None) } else { choose(name).map(Some) }
}

/// The lab that a command is about: the named one, else the only one that runs, else the only one there is.
///
/// # Errors
/// There is none, or several, and none is named.
pub fn choose(name: Option<&str>) -> Result<Lab, Error> {
    let mut labs = all()?;
    if let Some(name) = name {
        let found = labs.into_iter().find(|lab| lab.name == name);
        return found.ok_or_else(|| {
            Error::usage(format!("there is no lab {name}")).hint(format!("make it: m3m lab up {name}"))
        });
    }
    if labs.len() > 1 && labs.iter().any(is_running) {
        labs.retain(is_running);
    }
    match labs.pop() {
        None => Err(Error::usage("there is no lab").hint("make one: m3m lab up")),
        Some(lab) if labs.is_empty() => Ok(lab),
        Some(lab) => {
            labs.push(lab);
            Err(several(labs.iter().map(Lab::name)))
        }
    }
}

impl Lab {
    /// Waits until no other m3m makes, ends or breaks this lab, and keeps it so.
    ///
    /// # Errors
    /// The lab is gone meanwhile, or somebody else is at it for too long.
    pub fn exclusively(&self) -> Result<Exclusive, Error> {
        let exclusive = exclusively(self.dir.path().parent().unwrap_or(self.dir.path()), &self.name)?;
        if self.dir.inventory().exists() {
            return Ok(exclusive);
        }
        Err(Error::new(Exit::Refused, format!("the lab {} is gone", self.name)))
    }
}

fn exclusively(labs: &Path, name: &str) -> Result<Exclusive, Error> {
    // No lab's name begins with a point.
    let path = labs.join(format!(".{name}.lock"));
    let held = lock::take(&path, LOCK_TIMEOUT).map_err(|error| not_writable(&path, error))?;
    let held = held.ok_or_else(|| {
        Error::new(Exit::Refused, format!("another m3m is working on the lab {name}")).hint("wait for it to end")
    })?;
    Ok(Exclusive { held, file: path, lab: labs.join(name) })
}

fn is_running(lab: &Lab) -> bool {
    lab.nodes().iter().any(|node| node.pid.is_some())
}

fn open(labs: &Path, name: &Name) -> Option<Lab> {
    let dir = LabDir::new(labs.join(name.as_str()));
    dir.inventory().exists().then(|| Lab { name: name.as_str().to_owned(), dir, program: None })
}

fn several<'a>(names: impl Iterator<Item = &'a str>) -> Error {
    let names: Vec<_> = names.collect();
    Error::usage(format!("there are several labs: {}", names.join(", "))).hint("name one: --lab=NAME")
}

fn labs_dir() -> Result<PathBuf, Error> {
    Ok(dirs::state()?.join("labs"))
}

/// Processes are recognised by their node's path, so there must be one spelling of it.
fn canonical(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(|error| cannot_read(path, error))
}

fn cannot_read(path: &Path, error: io::Error) -> Error {
    Error::inventory(format!("cannot read {}", path.display())).because(error)
}

fn not_writable(path: &Path, error: io::Error) -> Error {
    setup::cannot_write(path, error)
        .hint("labs stand in m3m's state directory: set XDG_STATE_HOME to one you may write")
}
