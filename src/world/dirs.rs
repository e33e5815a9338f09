//! Where m3m keeps and looks for files: the XDG base directories.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::error::{Error, Exit};

/// Durable state of m3m on this machine: `$XDG_STATE_HOME/m3m`, `~/.local/state/m3m` where that is not set.
///
/// # Errors
/// There is no home directory.
pub fn state() -> Result<PathBuf, Error> {
    let base = base()?;
    Ok(base.state_dir().unwrap_or_else(|| base.data_dir()).join("m3m"))
}

/// Configuration of m3m: `$XDG_CONFIG_HOME/m3m`, `~/.config/m3m` where that is not set.
///
/// # Errors
/// There is no home directory.
pub fn config() -> Result<PathBuf, Error> {
    Ok(base()?.config_dir().join("m3m"))
}

/// What m3m could do without, but not as fast: `$XDG_CACHE_HOME/m3m`, `~/.cache/m3m` where that is not set.
///
/// # Errors
/// There is no home directory.
pub fn cache() -> Result<PathBuf, Error> {
    Ok(base()?.cache_dir().join("m3m"))
}

/// The user's home directory.
///
/// # Errors
/// There is none.
pub fn home() -> Result<PathBuf, Error> {
    Ok(base()?.home_dir().to_path_buf())
}

fn base() -> Result<impl BaseStrategy, Error> {
    etcetera::choose_base_strategy()
        .map_err(|error| Error::new(Exit::Inventory, "this user has no home directory").because(error).hint("set HOME"))
}
