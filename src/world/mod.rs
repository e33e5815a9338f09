//! The outside, one thing a file. Each file wraps one outside thing and knows nothing of the others.

pub mod clock;
pub mod dirs;
#[cfg(feature = "lab")]
pub mod git;
pub mod inventory_file;
pub mod journal;
pub mod local_command;
pub mod operator;
pub mod scratch;
pub mod ssh;
pub mod ssh_config;
pub mod ssh_program;
mod trusted;
mod yaml;
