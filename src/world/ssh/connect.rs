//! From nothing to an authenticated session: name lookup, TCP, key exchange, host key, authentication.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ssh2::ErrorCode;

use super::channel::Link;
use super::drive::{Driver, Stop};
use super::socket::Socket;
use super::{Hop, Route, Shared, Way, auth, bridge, proxy_command, startups};
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::ssh_config::AddressFamily;
use crate::core::text::harmless;

/// How long to leave a server alone that has too many log-ins under way: about so long at first, then longer.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_millis(400);

/// What sshd says in place of its banner where it will not talk now: too many log-ins, or a penalty.
const TURNED_AWAY: [&str; 2] = ["Exceeded MaxStartups", "Not allowed at this time"];

/// libssh2: no algorithms were agreed on (`LIBSSH2_ERROR_KEX_FAILURE`).
const NOT_AGREED: i32 = -5;
/// libssh2: the exchange with those agreed on failed (`LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE`).
const EXCHANGE_FAILED: i32 = -8;
/// How long after its last words a server may take to close the connection.
const FAREWELL: Duration = Duration::from_millis(100);

/// Connects, checks the host key and authenticates, all before the deadline.
pub(super) fn connect(route: &Route, deadline: Instant, shared: &Shared) -> Result<Link, Silence> {
    shared.keep_refusal(None);
    Connecting { route, deadline, shared, hop: None }.run()
}

/// One connection that is being made.
struct Connecting<'a> {
    route: &'a Route,
    deadline: Instant,
    shared: &'a Shared,
    /// The host on the way that it leads to, and what goes on from there: whoever waits for the node sees no phases of
    /// it.
    hop: Option<(&'a Hop, &'a Self)>,
}

fn local(error: &dyn std::fmt::Display) -> Silence {
    Silence { phase: Phase::Connect, cause: Cause::Local(error.to_string()) }
}

impl Connecting<'_> {
    fn enter(&self, phase: Phase) {
        self.shared.enter(if self.hop.is_some() { Phase::Jump } else { phase });
    }

    /// Tries again while the server merely has too many log-ins under way, as a jump host of many nodes has.
    fn run(&self) -> Result<Link, Silence> {
        let (mut pause, mut earlier) = (FIRST_PAUSE, None);
        loop {
            let outcome = self.attempt().map_err(|silence| silence.after(earlier.take()));
            let jittered = pause.mul_f64(jitter());
            let is_worth_it = outcome.as_ref().is_err_and(Silence::is_throttled);
            if !is_worth_it || Instant::now() + jittered >= self.deadline {
                return outcome;
            }
            earlier = outcome.err();
            self.shared.keep_refusal(earlier.clone().map(|refusal| self.told(refusal)));
            std::thread::sleep(jittered);
            pause = (2 * pause).min(PAUSE_MAX);
        }
    }

    /// What a silence here says of the node to which all this leads.
    fn told(&self, silence: Silence) -> Silence {
        match self.hop {
            Some((hop, beyond)) => beyond.told(hop.silence(silence)),
            None => silence,
        }
    }

    fn attempt(&self) -> Result<Link, Silence> {
        let route = self.route;
        let _startup = match &route.way {
            Way::Direct => Some(startups::begin(&route.host, route.port, self.deadline)?),
            Way::Through(_) | Way::Command(_) => None,
        };
        let (socket, proxy) = match &route.way {
            Way::Direct => (self.tcp()?, None),
            Way::Through(hop) => (self.through(hop)?, None),
            Way::Command(line) => {
                let (socket, proxy) = proxy_command::start(line).map_err(|error| local(&error))?;
                let proxy = Arc::new(proxy);
                self.shared.hold_proxy(&proxy);
                (socket, Some(proxy))
            }
        };
        self.shared.hold(Some(socket.clone()));
        let mut session = ssh2::Session::new().map_err(|error| local(&error))?;
        session.set_blocking(false);
        session.set_tcp_stream(socket.clone());
        let preference = route.host_keys.preference(route.known_name(), route.pin.as_deref());
        session.method_pref(ssh2::MethodType::HostKey, &preference).map_err(|error| local(&error))?;
        let mut driver = Driver { session, socket, _proxy: proxy };

        self.handshake(&mut driver)?;
        self.enter(Phase::HostKey);
        let (blob, _) = driver.session.host_key().ok_or_else(|| Silence {
            phase: Phase::HostKey,
            cause: Cause::Protocol("the server showed no key".to_owned()),
        })?;
        route
            .host_keys
            .check(route.known_name(), route.pin.as_deref(), blob)
            .map_err(|cause| Silence { phase: Phase::HostKey, cause })?;

        self.enter(Phase::Auth);
        auth::authenticate(&driver, route, self.deadline)?;
        Ok(Link::new(driver))
    }

    /// The way through another host: a session with it, and a bridge over that.
    fn through(&self, hop: &Hop) -> Result<Socket, Silence> {
        self.enter(Phase::Jump);
        let link = match hop.take_lent() {
            Some(link) => link,
            None => Connecting { route: hop.route(), hop: Some((hop, self)), ..*self }
                .run()
                .map_err(|silence| hop.silence(silence))?,
        };
        self.enter(Phase::Connect);
        bridge::open(link, hop, (&self.route.host, self.route.port), self.deadline)
    }

    fn tcp(&self) -> Result<Socket, Silence> {
        self.enter(Phase::Resolve);
        let addresses: Vec<SocketAddr> = (self.route.host.as_str(), self.route.port)
            .to_socket_addrs()
            .map_err(|_| Silence { phase: Phase::Resolve, cause: Cause::NameUnknown })?
            .filter(|address| match self.route.family {
                AddressFamily::Any => true,
                AddressFamily::Inet => address.is_ipv4(),
                AddressFamily::Inet6 => address.is_ipv6(),
            })
            .collect();
        self.enter(Phase::Connect);
        let mut causes = vec![];
        for (index, address) in addresses.iter().enumerate() {
            // A dead address of a name with several must not eat the time of the others.
            let tries_left = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            let budget = self.deadline.saturating_duration_since(Instant::now()) / tries_left;
            if budget.is_zero() {
                causes.push(Cause::Timeout);
                break;
            }
            match TcpStream::connect_timeout(address, budget) {
                Ok(socket) => {
                    // Without this, Nagle's algorithm holds small packets back for an acknowledgement: 40 ms and more
                    // a connect.
                    socket.set_nodelay(true).map_err(|error| local(&error))?;
                    return Ok(socket.into());
                }
                Err(error) => causes.push(connect_cause(&error)),
            }
        }
        Err(Silence { phase: Phase::Connect, cause: most_telling(causes).unwrap_or(Cause::NameUnknown) })
    }

    /// Exchanges banners and keys. libssh2 does both in one call; whether the banner came tells how far it got.
    fn handshake(&self, driver: &mut Driver) -> Result<(), Silence> {
        self.enter(Phase::Banner);
        // The driver lends its session to the call through a handle of the same session.
        let mut session = driver.session.clone();
        let mut phase = Phase::Banner;
        let outcome = driver.drive(self.deadline, || {
            let outcome = session.handshake();
            // What a server says before its banner counts as one here.
            if session.banner_bytes().is_some_and(|line| line.starts_with(b"SSH-")) {
                phase = Phase::Kex;
                self.enter(phase);
            }
            outcome
        });
        outcome.map_err(|stop| match (handshake_silence(stop, phase, driver), &self.route.way) {
            // No host is known to be behind it.
            (Silence { phase: Phase::Banner, cause: Cause::Closed }, Way::Command(_)) => {
                Silence { phase, cause: Cause::ProxyEnded }
            }
            (silence, _) => silence,
        })
    }
}

fn handshake_silence(stop: Stop, phase: Phase, driver: &Driver) -> Silence {
    match stop {
        Stop::Refused(error) if phase == Phase::Banner => {
            Silence { phase, cause: Cause::Protocol(error.message().to_lowercase()) }
        }
        // libssh2 says the same of an exchange that fails and of a server that hangs up in its midst. Where the end of
        // the stream comes next, nothing was said that could have displeased it.
        Stop::Refused(_) if driver.socket.is_at_end() => Silence { phase, cause: Cause::Closed },
        // Algorithms were agreed on, and then the exchange broke: often by a farewell, which the end follows.
        Stop::Refused(error) if error.code() == ErrorCode::Session(EXCHANGE_FAILED) => {
            let is_over = driver.socket.ends_within(FAREWELL);
            let cause = if is_over { Cause::Closed } else { Cause::Protocol("the exchange failed".to_owned()) };
            Silence { phase, cause }
        }
        Stop::Refused(error) => Silence { phase, cause: Cause::Protocol(kex_words(&error)) },
        Stop::Closed if phase == Phase::Banner => {
            let cause = match driver.session.banner_bytes() {
                Some(line) => not_a_banner(&harmless(&String::from_utf8_lossy(line), 40)),
                None => Cause::Closed,
            };
            Silence { phase, cause }
        }
        stop => stop.silence(phase),
    }
}

fn not_a_banner(line: &str) -> Cause {
    if TURNED_AWAY.iter().any(|words| line.starts_with(words)) {
        Cause::TurnedAway(line.to_owned())
    } else {
        Cause::Protocol(format!("not SSH but {line}"))
    }
}

/// Between a half and one and a half, by chance: those who were turned away together do not come back together.
fn jitter() -> f64 {
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), ());
    // The highest bits as a whole number that a float holds exactly.
    0.5 + f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// Of the failures of a name's addresses, the one that says most of the node: that it refuses, then that it is silent;
/// that this machine has no route, as for IPv6 on many networks, says least.
fn most_telling(causes: Vec<Cause>) -> Option<Cause> {
    causes.into_iter().min_by_key(|cause| match cause {
        Cause::Refused => 0,
        Cause::Closed => 1,
        Cause::Timeout => 2,
        Cause::Local(_) => 3,
        _ => 4,
    })
}

fn connect_cause(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::TimedOut => Cause::Timeout,
        io::ErrorKind::ConnectionRefused => Cause::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Cause::Closed,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            Cause::Unreachable
        }
        _ => Cause::Local(error.to_string()),
    }
}

/// libssh2's code for "no algorithm in common" in words; its other messages stand for themselves.
fn kex_words(error: &ssh2::Error) -> String {
    match error.code() {
        ErrorCode::Session(NOT_AGREED) => "no algorithm in common".to_owned(),
        _ => error.message().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_telling_failure_counts_in_whatever_order() {
        let told = |causes: &[Cause]| most_telling(causes.to_vec());
        assert_eq!(told(&[Cause::Refused, Cause::Unreachable]), Some(Cause::Refused));
        assert_eq!(told(&[Cause::Unreachable, Cause::Timeout]), Some(Cause::Timeout));
        assert_eq!(told(&[Cause::Timeout, Cause::Refused]), Some(Cause::Refused));
        assert_eq!(told(&[]), None);
    }
}
