//! Readiness: what a node still lacks before the cell can rely on it. Every check of every node is a value, with what
//! was measured and, where something is missing, what to do about it.

mod answer;
mod ground;
mod judge;
mod question;
mod relays;
mod report;
mod repository;
mod services;
mod terms;

pub use answer::{Answer, END, Sudo, read};
pub use judge::{Yardstick, judge};
pub use question::{ServiceCommand, command, service_commands, unit};
pub use relays::{Pair, pairs};
pub use report::{Readiness, Verdict};
pub(in crate::core) use repository::repository_fault;

use super::name::NodeName;

/// One thing that is looked at, in the order in which a node is come closer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The host's name has an address.
    Name,
    /// Its port takes connections.
    Tcp,
    /// Keys are exchanged.
    Ssh,
    /// The host key is the recorded one.
    HostKey,
    /// The user is let in.
    Auth,
    /// The login shell runs commands, soon and without a word of its own.
    Shell,
    /// git is there and new enough.
    Git,
    /// The repository is the work tree that breathes.
    Repository,
    /// Objects, references and files can be written.
    Write,
    /// No path of the work tree is passed over.
    Ignored,
    /// It was made ready for this cell, and holds the cell's term.
    Term,
    /// The service's commands can be run.
    Commands,
    /// The service's check answers.
    Service,
    /// The service does not start by itself.
    Boot,
    /// The clock is near this machine's.
    Clock,
    /// The disk has room.
    Disk,
    /// The node's sshd forwards.
    Forwarding,
    /// Other nodes reach it.
    Relays,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Missing: the node is not ready.
    Cross,
    /// Worth a look; the node is ready all the same.
    Warn,
    /// Not known: an earlier check failed, or the node cannot tell.
    Unknown,
    /// As it should be.
    Ok,
}

/// A number behind a finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// The number.
    pub value: f64,
    /// Of what: `s`, `bytes`, `paths`, `relays`.
    pub unit: &'static str,
}

/// What came of one check, and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen; empty where nothing was.
    pub text: String,
    /// The number in it, where there is one.
    pub measure: Option<Measure>,
    /// What to do next.
    pub hint: Option<String>,
}

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeReadiness {
    /// Its name.
    pub name: NodeName,
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether nothing at all was heard of it.
    pub heard_nothing: bool,
    /// One finding a check, in the order of [`Check::ALL`].
    pub findings: Vec<Finding>,
}

impl Check {
    /// All checks, in order.
    pub const ALL: [Self; 18] = [
        Self::Name,
        Self::Tcp,
        Self::Ssh,
        Self::HostKey,
        Self::Auth,
        Self::Shell,
        Self::Git,
        Self::Repository,
        Self::Write,
        Self::Ignored,
        Self::Term,
        Self::Commands,
        Self::Service,
        Self::Boot,
        Self::Clock,
        Self::Disk,
        Self::Forwarding,
        Self::Relays,
    ];

    /// The check in JSON and in a pipe: one word.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Ssh => "ssh",
            Self::HostKey => "host_key",
            Self::Auth => "auth",
            Self::Shell => "login_shell",
            Self::Git => "git",
            Self::Repository => "repository",
            Self::Write => "write",
            Self::Ignored => "ignored",
            Self::Term => "term",
            Self::Commands => "commands",
            Self::Service => "service",
            Self::Boot => "boot",
            Self::Clock => "clock",
            Self::Disk => "disk",
            Self::Forwarding => "forwarding",
            Self::Relays => "relays",
        }
    }

    /// The check as people read it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "name lookup",
            Self::Tcp => "TCP",
            Self::Ssh => "SSH",
            Self::HostKey => "host key",
            Self::Auth => "authentication",
            Self::Shell => "login shell",
            Self::Git => "git",
            Self::Repository => "repository",
            Self::Write => "write access",
            Self::Ignored => "ignored paths",
            Self::Term => "term",
            Self::Commands => "service commands",
            Self::Service => "service check",
            Self::Boot => "start at boot",
            Self::Clock => "clock",
            Self::Disk => "disk",
            Self::Forwarding => "forwarding",
            Self::Relays => "relayed",
        }
    }
}

impl Outcome {
    /// The outcome as JSON and a pipe have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cross => "cross",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
        }
    }
}

impl Finding {
    fn new(check: Check, outcome: Outcome, text: impl Into<String>) -> Self {
        Self { check, outcome, text: text.into(), measure: None, hint: None }
    }

    fn ok(check: Check, text: impl Into<String>) -> Self {
        Self::new(check, Outcome::Ok, text)
    }

    fn unknown(check: Check, text: impl Into<String>) -> Self {
        Self::new(check, Outcome::Unknown, text)
    }

    fn warn(check: Check, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(check, Outcome::Warn, text).hinted(hint)
    }

    fn cross(check: Check, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(check, Outcome::Cross, text).hinted(hint)
    }

    fn hinted(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn measured(self, value: f64, unit: &'static str) -> Self {
        Self { measure: Some(Measure { value, unit }), ..self }
    }
}

impl NodeReadiness {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.findings.iter().all(|finding| finding.outcome != Outcome::Cross)
    }

    /// Whether its sshd speaks to this machine.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.outcome(Check::Ssh) == Outcome::Ok
    }

    /// What came of a check.
    #[must_use]
    pub fn outcome(&self, check: Check) -> Outcome {
        self.findings.iter().find(|finding| finding.check == check).map_or(Outcome::Unknown, |finding| finding.outcome)
    }
}
