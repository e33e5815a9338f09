//! Why a node gave no usable answer: an observation, never an error.

use std::fmt;

/// How far a question got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The way leads through other hosts, which come first.
    Jump,
    /// The host's name is looked up.
    Resolve,
    /// The TCP connection is made.
    Connect,
    /// The server's first line is awaited.
    Banner,
    /// Keys are exchanged.
    Kex,
    /// The host key is compared with the recorded ones.
    HostKey,
    /// The user is authenticated.
    Auth,
    /// A channel is opened.
    Channel,
    /// The command is handed over.
    Exec,
    /// The command's output is read.
    Output,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 10] = [
        Self::Jump,
        Self::Resolve,
        Self::Connect,
        Self::Banner,
        Self::Kex,
        Self::HostKey,
        Self::Auth,
        Self::Channel,
        Self::Exec,
        Self::Output,
    ];

    /// The phase's name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jump => "jump",
            Self::Resolve => "name lookup",
            Self::Connect => "connect",
            Self::Banner => "banner",
            Self::Kex => "kex",
            Self::HostKey => "host key",
            Self::Auth => "auth",
            Self::Channel => "channel",
            Self::Exec => "exec",
            Self::Output => "output",
        }
    }
}

/// What ended the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The deadline passed.
    Timeout,
    /// The port is closed.
    Refused,
    /// No route to the host or its network.
    Unreachable,
    /// The name has no address.
    NameUnknown,
    /// The connection ended.
    Closed,
    /// The command that was to carry the connection (`ProxyCommand`) ended before the host said a word.
    ProxyEnded,
    /// The server is not an SSH server, or no algorithm is shared.
    Protocol(String),
    /// sshd said this in place of its banner and hung up: it throttles, or shuns this machine for a while.
    TurnedAway(String),
    /// No key is recorded for this host.
    HostKeyUnknown {
        /// The key that the host shows.
        shown: String,
        /// The file in which to record it.
        file: String,
        /// The name under which to record it, where that is not the host's own.
        alias: Option<String>,
        /// The command line that logs in to the host from which it is reached, where it is not reached from here.
        login: Option<String>,
    },
    /// A key is recorded and the host shows another one: where it is recorded, and the fingerprint it shows.
    HostKeyChanged {
        /// File and line, or the inventory's pin.
        recorded: String,
        /// The key that the host shows.
        shown: String,
    },
    /// No key is recorded for this host, new ones are to be recorded, and this one could not be.
    HostKeyNotRecorded {
        /// The key that the host shows.
        shown: String,
        /// Why not: the file, and what is wrong with it.
        why: String,
    },
    /// The key is marked `@revoked`: file and line.
    HostKeyRevoked(String),
    /// Only a certificate authority is recorded for the host, and m3m cannot check certificates: file and line.
    HostKeyAuthorityOnly(String),
    /// No key was accepted, of this many that were offered.
    AuthFailed {
        /// How many keys were offered.
        offered: usize,
        /// What else is worth knowing: a locked key file, an absent agent.
        note: Option<String>,
    },
    /// This key agent of this machine was asked to sign, and did not until the deadline.
    AgentSilent(String),
    /// The answer is not one of the probe's: what came instead.
    Garbled(String),
    /// More output than any probe gives, in bytes.
    TooLong(usize),
    /// A host on the way to the node gave no connection that could be used.
    Hop {
        /// The name by which a person knows it.
        name: String,
        /// Where it is: host and port.
        at: (String, u16),
        /// How far m3m got with it.
        silence: Box<Silence>,
    },
    /// This host on the way does not forward connections.
    ForwardingProhibited(String),
    /// This host on the way lives, tried, and did not reach the node.
    NotReached(String),
    /// This machine could not ask: a local file or resource is missing.
    Local(String),
}

/// A question without a usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// How far it got.
    pub phase: Phase,
    /// What ended it.
    pub cause: Cause,
}

impl Silence {
    /// Whether nothing at all came back that the node itself must have sent. An accepted connection without a banner
    /// proves no node: kernels of frozen machines accept, and so do the middleboxes of captive networks.
    #[must_use]
    pub fn is_total(&self) -> bool {
        match self.cause {
            Cause::Timeout => self.phase <= Phase::Banner,
            Cause::Unreachable
            | Cause::NameUnknown
            | Cause::Hop { .. }
            | Cause::ForwardingProhibited(_)
            | Cause::NotReached(_)
            | Cause::ProxyEnded
            | Cause::Local(_) => true,
            _ => false,
        }
    }

    /// Whether the node answered and turned m3m away, now and until something is changed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !self.is_total() && !matches!(self.cause, Cause::Timeout | Cause::Closed)
    }

    /// Whether the server merely has too many connections that are not logged in yet: it turns some away by chance, and
    /// the next try may get in.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        matches!(&self.cause, Cause::TurnedAway(words) if words.contains("MaxStartups"))
    }

    /// What is to be told of a connection that is tried again: where the time was over before anything came back this
    /// time, what the server said before still stands.
    #[must_use]
    pub fn after(self, earlier: Option<Self>) -> Self {
        if self.is_late_without_a_word() { earlier.unwrap_or(self) } else { self }
    }

    fn is_late_without_a_word(&self) -> bool {
        match &self.cause {
            Cause::Timeout => self.phase <= Phase::Banner,
            Cause::Hop { silence, .. } => silence.is_late_without_a_word(),
            _ => false,
        }
    }

    /// What to do next, as one sentence.
    #[must_use]
    pub fn hint(&self, node: &str, host: &str, port: u16) -> Option<String> {
        let endpoint = endpoint(host, port);
        Some(match &self.cause {
            Cause::Timeout if self.phase == Phase::Jump => return None,
            Cause::Timeout if self.phase == Phase::Resolve => {
                format!("no answer to the question for {host}'s address: is this machine's resolver reached?")
            }
            Cause::Timeout if self.phase == Phase::Connect => {
                format!("nothing comes back from {endpoint}: {node} is off, or a firewall drops what is sent there")
            }
            Cause::Timeout if self.phase == Phase::Auth => {
                format!("{node} is slow to authenticate (more --timeout shows it), or a key agent here waits for you")
            }
            Cause::AgentSilent(agent) => {
                format!("{agent} does not sign: does it wait for you, to confirm or to unlock a key?")
            }
            Cause::Timeout if self.phase >= Phase::Channel => {
                format!("{node} stopped answering: it may be frozen, overloaded or cut off")
            }
            Cause::Timeout => format!("{node} accepts connections and then stalls: it may be frozen or overloaded"),
            Cause::Refused => format!("nothing listens on {endpoint}: is sshd running on {node}?"),
            Cause::Unreachable => format!("no route to {host}: it is off, or this machine's network is not up"),
            Cause::NameUnknown => format!("{host} has no address: check its spelling and this machine's resolver"),
            Cause::TurnedAway(_) if self.is_throttled() => {
                format!("{node} has more log-ins under way than MaxStartups allows: is somebody guessing passwords?")
            }
            Cause::TurnedAway(_) => {
                format!("{node} shuns this machine for a while, as after failed log-ins (PerSourcePenalties)")
            }
            Cause::HostKeyUnknown { shown, file, alias: Some(alias), .. } => {
                format!("compare {shown} with {node}'s own key, then record that as {alias} in {file}")
            }
            Cause::HostKeyUnknown { shown, file, alias: None, login } => {
                let login = login.as_ref().map(|login| format!("{login} ")).unwrap_or_default();
                let port = if port == 22 { String::new() } else { format!("-p {port} ") };
                format!("compare {shown} with {node}'s own key, then: {login}ssh-keyscan {port}{host} >> {file}")
            }
            Cause::HostKeyNotRecorded { shown, why } => {
                format!("{node} shows {shown}, which is new and would be accepted once it is recorded: {why}")
            }
            Cause::HostKeyChanged { recorded, shown } => {
                format!("{node} shows {shown}, {recorded} says otherwise: reinstalled, or somebody is in between")
            }
            Cause::HostKeyRevoked(place) => format!("{place} revokes the key that {node} shows: do not use it"),
            Cause::HostKeyAuthorityOnly(place) => {
                format!("{place} names a certificate authority: record {node}'s own key beside it, or set ssh.host_key")
            }
            Cause::AuthFailed { offered: 0, note: None } => {
                "no key to offer: start an agent (ssh-add), or set ssh.identity in the inventory".to_owned()
            }
            Cause::AuthFailed { note: Some(known), .. } => known.clone(),
            Cause::AuthFailed { .. } => format!("does the user's authorized_keys on {node} hold your key?"),
            Cause::Garbled(_) => format!("try it by hand: m3m needs a POSIX sh behind the login shell of {node}"),
            Cause::TooLong(_) => format!("something in the login shell of {node} prints without end"),
            Cause::Protocol(_) if self.phase >= Phase::Channel => {
                format!("sshd on {node} runs no command for this user: MaxSessions, or a restricted account?")
            }
            Cause::Protocol(_) => format!("is {endpoint} really the sshd of {node}?"),
            Cause::ProxyEnded => {
                format!(
                    "the ProxyCommand of ssh's configuration for {node} ended at once: try it by hand, it may say why"
                )
            }
            Cause::Closed => format!("{node}'s sshd hung up: its log says why"),
            Cause::Hop { name, at: (host, port), silence } => return silence.hint(name, host, *port),
            Cause::ForwardingProhibited(host) => {
                format!("the sshd of {host} forbids forwarding: AllowTcpForwarding, PermitOpen or a restricted key")
            }
            Cause::NotReached(host) => format!("from {host}, nothing answers on {endpoint}: is {node} up?"),
            Cause::Local(_) => return None,
        })
    }
}

/// Host and port in one word: `host:22`, `[::1]:22`.
#[must_use]
pub fn endpoint(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = self.phase.as_str();
        match &self.cause {
            Cause::Timeout => write!(f, "timeout in {phase}"),
            Cause::Refused => f.write_str("refused"),
            Cause::Unreachable => f.write_str("no route"),
            Cause::NameUnknown => f.write_str("name unknown"),
            Cause::Closed => write!(f, "closed in {phase}"),
            Cause::ProxyEnded => f.write_str("ProxyCommand ended"),
            Cause::Protocol(what) => write!(f, "{phase}: {what}"),
            Cause::TurnedAway(words) => write!(f, "turned away: {words}"),
            Cause::HostKeyUnknown { .. } | Cause::HostKeyAuthorityOnly(_) => f.write_str("host key unknown"),
            Cause::HostKeyNotRecorded { .. } => f.write_str("host key not recorded"),
            Cause::HostKeyChanged { .. } => f.write_str("host key changed"),
            Cause::HostKeyRevoked(_) => f.write_str("host key revoked"),
            Cause::AuthFailed { offered: 0, .. } => f.write_str("auth: no key to offer"),
            Cause::AuthFailed { .. } => f.write_str("auth: no key accepted"),
            Cause::AgentSilent(_) => f.write_str("auth: agent is silent"),
            Cause::Garbled(what) => write!(f, "garbled: {what}"),
            Cause::TooLong(bytes) => write!(f, "output over {} KiB", bytes / 1024),
            Cause::Hop { name, silence, .. } => write!(f, "{name}: {silence}"),
            Cause::ForwardingProhibited(host) => write!(f, "{host} forbids forwarding"),
            Cause::NotReached(host) => write!(f, "not reached by {host}"),
            Cause::Local(what) => write!(f, "not asked: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nothing_at_all_counts_as_cut_off() {
        let timeout = |phase| Silence { phase, cause: Cause::Timeout };
        assert!(timeout(Phase::Connect).is_total());
        assert!(timeout(Phase::Banner).is_total(), "whoever accepts need not be the node");
        assert!(!timeout(Phase::Kex).is_total(), "a host that sent its banner was reached");
        let refused = Silence { phase: Phase::Connect, cause: Cause::Refused };
        assert!(!refused.is_total() && refused.is_refusal());
        assert!(!timeout(Phase::Kex).is_refusal());
    }

    #[test]
    fn a_try_that_ran_out_of_time_does_not_unsay_what_was_said_before() {
        let turned_away =
            || Silence { phase: Phase::Banner, cause: Cause::TurnedAway("Exceeded MaxStartups".to_owned()) };
        let through = |silence| {
            let cause = Cause::Hop { name: "bastion".to_owned(), at: ("h".to_owned(), 22), silence: Box::new(silence) };
            Silence { phase: Phase::Jump, cause }
        };
        let timeout = |phase| Silence { phase, cause: Cause::Timeout };
        for late in [Phase::Jump, Phase::Resolve, Phase::Connect, Phase::Banner].map(timeout) {
            assert_eq!(late.clone().after(Some(turned_away())), turned_away());
            assert_eq!(through(late.clone()).after(Some(turned_away())), turned_away());
            assert_eq!(late.clone().after(None), late);
        }
        let refused = Silence { phase: Phase::Connect, cause: Cause::Refused };
        for new in [timeout(Phase::Kex), timeout(Phase::Auth), through(timeout(Phase::Kex)), refused] {
            assert_eq!(new.clone().after(Some(turned_away())), new, "it says more");
        }
    }

    #[test]
    fn a_reason_fits_a_table_cell() {
        for phase in Phase::ALL {
            assert!(Silence { phase, cause: Cause::Timeout }.to_string().len() <= 22);
        }
    }
}
