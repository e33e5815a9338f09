//! One file a verb: arguments, whose doc comments are the help text, and `run`. The only place where all meet.

#[cfg(feature = "lab")]
pub mod lab;
