//! Errors of the command line, and the exit status table.
//!
//! An [`Error`] says what happened, carries its causes, and hints at what to do next. Its [`Exit`] is the process's
//! exit status. A silent node is no error: it is an observation, and the verdict decides the status.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};

/// How a command ended: the contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// As asked.
    Ok,
    /// A bug, a state of this machine that nobody thought of, or an output that cannot be written.
    Unexpected,
    /// The command line is wrong.
    Usage,
    /// The inventory or another file is wrong, or a promise cannot hold.
    Inventory,
    /// The service runs; something else does not.
    Degraded,
    /// The service does not run.
    Down,
    /// Nothing could be reached.
    CutOff,
    /// Refused, or lost to another claim; no service was touched.
    Refused,
    /// Something was changed, and not all; how to go on is printed.
    Incomplete,
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// The highest status of what ran on nodes, 255 where one was not reached.
    Remote(u8),
}

impl Exit {
    /// The whole table: status, code and meaning, as m3m(1) prints it.
    pub const TABLE: [(Self, u8, &'static str); 11] = [
        (Self::Ok, 0, "as asked, or so already; status: operational, nothing to say; check, init: ready"),
        (Self::Unexpected, 1, "unexpected: an output that cannot be written; or a bug, reported with its context"),
        (Self::Usage, 2, "usage: the command line is wrong"),
        (Self::Inventory, 3, "inventory or configuration invalid; check: a promise cannot hold by its own numbers"),
        (Self::Degraded, 10, "operational but degraded; check, init: a node is not ready; pause: not every node knows"),
        (Self::Down, 11, "the service is down, or every node refuses"),
        (Self::CutOff, 12, "nothing could be reached: most likely this machine is cut off"),
        (Self::Refused, 20, "refused or not consented to, or lost to another claim; no service was touched"),
        (
            Self::Incomplete,
            21,
            "incomplete: something was changed, how to go on is printed; promote, inherit-brain: also gone back",
        ),
        (Self::Interrupted, 130, "interrupted, cleanly"),
        (
            Self::Remote(255),
            255,
            "exec, ssh: a node was not reached, or what ran there did not end; else they end with its status, the highest of all nodes",
        ),
    ];

    /// The process's exit status.
    #[must_use]
    pub fn code(self) -> u8 {
        if let Self::Remote(status) = self {
            return status;
        }
        let row = Self::TABLE.iter().find(|(exit, ..)| *exit == self);
        row.map_or(1, |(_, code, _)| *code)
    }
}

/// What went wrong, why, and what to do next.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    is_bug: bool,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    hints: Vec<String>,
}

impl Error {
    /// An error with its exit status and one sentence: what happened, to what.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, is_bug: false, message: message.into(), source: None, hints: Vec::new() }
    }

    /// The command line is wrong in a way that the parser cannot see.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A file that m3m reads is wrong.
    pub fn inventory(message: impl Into<String>) -> Self {
        Self::new(Exit::Inventory, message)
    }

    /// A bug, or a state of this machine that nobody thought of.
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self { is_bug: true, ..Self::new(Exit::Unexpected, message) }
    }

    /// The output could not be written, as to a full disk.
    #[must_use]
    pub fn output(error: std::io::Error) -> Self {
        Self::new(Exit::Unexpected, "cannot write the output").because(error)
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds a hint: what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether it is likely a bug, worth a report with all its context.
    #[must_use]
    pub fn is_bug(&self) -> bool {
        self.is_bug
    }

    /// The error as a person reads it: the message, each cause on a line, each hint on a line.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("error: {}\n", self.message);
        let mut cause = self.source();
        while let Some(error) = cause {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  because: {error}");
            cause = error.source();
        }
        for hint in &self.hints {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_used_once() {
        let mut codes: Vec<u8> = Exit::TABLE.iter().map(|(_, code, _)| *code).collect();
        codes.dedup();
        assert_eq!(codes.len(), Exit::TABLE.len());
        assert!(codes.is_sorted(), "the table is printed in order");
    }

    #[test]
    fn renders_message_causes_and_hints() {
        let error = Error::inventory("cannot read x").because(std::io::Error::other("disk on fire")).hint("buy a disk");
        assert_eq!(error.render(), "error: cannot read x\n  because: disk on fire\nhint: buy a disk\n");
        assert_eq!(error.exit().code(), 3);
    }
}
