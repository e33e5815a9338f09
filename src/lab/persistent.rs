//! Labs that stay: `labs/NAME/` in m3m's state directory.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::layout::LabDir;
use super::{Lab, State, lock, remove, setup, start};
use crate::core::name::Name;
use crate::error::{Error, Exit};
use crate::world::dirs;

/// Another m3m that makes or ends the same lab is waited for this long.
const LOCK_TIMEOUT: Duration = Duration::from_secs(15);

/// Keeps every other m3m from making, ending or breaking the same lab, until it is dropped.
#[derive(Debug)]
pub struct Exclusive(#[expect(dead_code, reason = "held, not read")] lock::Held);

/// Makes the lab of that name and starts it, or finds it as it is; says whether it is new.
///
/// # Errors
/// The state directory cannot be written, or a node cannot start; nothing of the lab is left then.
pub fn up(name: &Name) -> Result<(Lab, bool), Error> {
    let program = start::own_program()?;
    let labs = labs_dir()?;
    DirBuilder::new().recursive(true).mode(0o700).create(&labs).map_err(|error| not_writable(&labs, error))?;
    let _exclusive = exclusively(&labs, name.as_str())?;
    if let Some(lab) = open(&canonical(&labs)?, name) {
        return Ok((lab, false));
    }
    let dir = LabDir::new(canonical(&labs)?.join(name.as_str()));
    // Whoever made it was killed before it was complete.
    remove(&dir).map_err(|error| setup::cannot_write(dir.path(), error))?;
    DirBuilder::new().mode(0o700).create(dir.path()).map_err(|error| not_writable(dir.path(), error))?;
    // The nodes outlive this process.
    let (lab, _) = Lab::create(name.as_str(), dir, &program)?;
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
    let labs = labs_dir()?;
    let entries = match std::fs::read_dir(&labs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| cannot_read(&labs, error))?,
    };
    let labs = canonical(&labs)?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<Name>().ok());
    let mut found: Vec<Lab> = names.filter_map(|name| open(&labs, &name)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
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
            Err(several("there are several labs", &labs))
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
    held.map(Exclusive).ok_or_else(|| {
        Error::new(Exit::Refused, format!("another m3m is working on the lab {name}")).hint("wait for it to end")
    })
}

fn is_running(lab: &Lab) -> bool {
    lab.nodes().iter().any(|node| node.state != State::Dead)
}

fn open(labs: &Path, name: &Name) -> Option<Lab> {
    let dir = LabDir::new(labs.join(name.as_str()));
    dir.inventory().exists().then(|| Lab { name: name.as_str().to_owned(), dir })
}

fn several(what: &str, labs: &[Lab]) -> Error {
    let names: Vec<_> = labs.iter().map(Lab::name).collect();
    let names = names.join(", ");
    Error::usage(format!("{what}: {names}")).hint("name one: --lab=NAME")
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
