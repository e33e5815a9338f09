//! The inventory's file: where it is looked for, who may write to it, and what is in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{dirs, trusted, yaml};
use crate::core::inventory::conform::{conform, typed};
use crate::core::inventory::document::Value;
use crate::core::inventory::fault::{Fault, render};
use crate::core::inventory::file::{InventoryFile, schema};
use crate::core::inventory::{Inventory, Places, resolve};
use crate::core::name::Name;
use crate::error::{Error, Exit};

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;
/// The file's name where none is given.
const FILE_NAME: &str = "inventory.yaml";

/// Finds the inventory: the named file (`-i`), the one of `$M3M_INVENTORY`, `./inventory.yaml`, or
/// `$XDG_CONFIG_HOME/m3m/inventory.yaml`.
///
/// # Errors
/// A named file is missing, or there is none anywhere.
pub fn find(named: Option<&Path>, env: Option<&OsStr>) -> Result<PathBuf, Error> {
    // A variable that is set to nothing counts as not set, as everywhere.
    let from_env = env.filter(|value| !value.is_empty()).map(Path::new);
    let by = |path: &Path, by: &str| match std::fs::metadata(path) {
        Ok(_) => Ok(path.to_path_buf()),
        Err(error) => {
            Err(Error::inventory(format!("cannot find the inventory {}, named by {by}", path.display())).because(error))
        }
    };
    match (named, from_env) {
        (Some(path), _) => by(path, "-i"),
        (None, Some(path)) => by(path, "M3M_INVENTORY"),
        (None, None) => find_unnamed(),
    }
}

fn find_unnamed() -> Result<PathBuf, Error> {
    let here = PathBuf::from(FILE_NAME);
    let configured = dirs::config().ok().map(|dir| dir.join(FILE_NAME));
    let mut looked = format!("./{FILE_NAME}");
    if let Some(configured) = &configured {
        looked = format!("{looked} and {}", configured.display());
    }
    if let Some(found) = [Some(here), configured].into_iter().flatten().find(|place| is_there(place)) {
        return Ok(found);
    }
    Err(Error::inventory(format!("there is no inventory: looked for {looked}"))
        .hint("name one with -i FILE or M3M_INVENTORY; m3m-inventory(5) describes it")
        .hint("no nodes at hand? --lab starts five on this machine"))
}

/// Whether a file or a link is there. One that cannot be followed or looked at is: another cell in its place would be
/// a surprise.
fn is_there(place: &Path) -> bool {
    !std::fs::symlink_metadata(place).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Reads, checks and resolves an inventory.
///
/// # Errors
/// The file cannot be read, others may write to it, or it breaks a rule; all broken rules are told at once.
pub fn load(path: &Path) -> Result<Inventory, Error> {
    let bytes = trusted::read(path, FILE_BYTES_MAX)?;
    let label = path.display().to_string();
    let text = utf8(&label, &bytes)?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    parse(&label, text, dir)
}

/// Checks and resolves the text of an inventory. `label` names it in errors, `dir` is where relative paths start.
///
/// # Errors
/// The text breaks a rule; all broken rules are told at once.
pub fn parse(label: &str, text: &str, dir: &Path) -> Result<Inventory, Error> {
    // Some editors begin a UTF-8 file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let refused = |document: Option<&Value>, faults: &[Fault]| Error::inventory(render(label, text, document, faults));
    let document = yaml::parse(text).map_err(|fault| refused(None, &[fault]))?;
    let schema = schema();
    let faults = conform(&schema, &document);
    if !faults.is_empty() {
        return Err(refused(Some(&document), &faults));
    }
    let shape: InventoryFile = serde_json::from_value(typed(&schema, &document))
        .map_err(|error| Error::unexpected(format!("{label} conforms to its schema and is not read")).because(error))?;
    let home = dirs::home().ok();
    resolve(&shape, Places { dir, home: home.as_deref() }).map_err(|faults| refused(Some(&document), &faults))
}

/// Refuses a path at which something is.
///
/// # Errors
/// Something is there, or it cannot be told.
pub fn is_free(path: &Path) -> Result<(), Error> {
    if is_there(path) {
        return Err(Error::new(Exit::Refused, format!("{} is there already, and is left as it is", path.display()))
            .hint("name another file: m3m init --new -i FILE"));
    }
    Ok(())
}

/// Checks a text as [`load`] would and writes it to a new file, at once or not at all. Whatever is there stays.
///
/// # Errors
/// The text breaks a rule, something is there, or the file cannot be written.
pub fn create(path: &Path, text: &str) -> Result<(), Error> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    parse("the new inventory", text, dir)?;
    let failed =
        |error: std::io::Error| Error::new(Exit::Refused, format!("cannot write {}", path.display())).because(error);
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".new-{}", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written = trusted::write_new(&temporary, text.as_bytes());
    // Unlike a rename, a link never replaces what is there.
    let linked = written.and_then(|()| std::fs::hard_link(&temporary, path));
    let _ = std::fs::remove_file(&temporary);
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => is_free(path).and(Err(failed(error))),
        linked => linked.map_err(failed),
    }
}

fn utf8<'a>(label: &str, bytes: &'a [u8]) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let line = bytes[..offset].split(|byte| *byte == b'\n').count();
        Error::inventory(format!("{label}:{line}: not UTF-8: byte 0x{:02x} at offset {offset}", bytes[offset]))
            .hint("save the file as UTF-8")
    })
}

/// The names of nodes in an inventory that may be broken, for shell completion. Never fails, never waits.
#[must_use]
pub fn names(path: &Path) -> Vec<String> {
    let is_file = std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= FILE_BYTES_MAX as u64);
    let text = if is_file { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    let mut names = yaml::texts_of(&String::from_utf8_lossy(&text), "name");
    names.retain(|name| name.parse::<Name>().is_ok());
    names
}
