//! Dynamic completion of node names: from the inventory alone, without dialling, and silent whatever is wrong.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap_complete::CompletionCandidate;

use crate::world::inventory_file;

/// The nodes of the inventory that the command line so far leads to.
#[must_use]
pub fn nodes(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let words: Vec<OsString> = std::env::args_os().collect();
    #[cfg(feature = "lab")]
    if words.iter().filter_map(|word| word.to_str()).any(|word| word == "--lab" || word.starts_with("--lab=")) {
        let names = crate::lab::PARTS.iter().map(|part| part.name).filter(|name| name.starts_with(current));
        return names.map(CompletionCandidate::new).collect();
    }
    let file = named_inventory(&words);
    let Ok(path) = inventory_file::find(file.as_deref(), std::env::var_os("M3M_INVENTORY").as_deref()) else {
        return Vec::new();
    };
    let names = inventory_file::names(&path).into_iter().filter(|name| name.starts_with(current));
    names.map(CompletionCandidate::new).collect()
}

/// The file that `-i` names among the words typed so far.
fn named_inventory(words: &[OsString]) -> Option<PathBuf> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        if text == "-i" || text == "--inventory" {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) =
            text.strip_prefix("--inventory=").or_else(|| text.strip_prefix("-i").filter(|path| !path.is_empty()))
        {
            return Some(PathBuf::from(path));
        }
    }
    None
}
