//! One file a verb: arguments, whose doc comments are the help text, and `run`. The only place where all meet.

pub mod act;
mod change;
pub mod check;
pub mod complete;
pub mod completions;
pub mod consent;
pub mod context;
pub mod exec;
pub mod global;
pub mod history;
pub mod inherit_brain;
pub mod init;
pub mod interrupt;
#[cfg(feature = "lab")]
pub mod lab;
pub mod pause;
pub mod promote;
pub mod resume;
pub mod ssh;
pub mod status;
pub mod usage;
pub mod whereis;
