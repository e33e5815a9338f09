//! From nothing to an authenticated session: name lookup, TCP, key exchange, host key, authentication.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Instant;

use super::channel::Link;
use super::drive::{Driver, Stop};
use super::{Route, Shared, auth};
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::text::harmless;

/// Connects, checks the host key and authenticates, all before the deadline.
pub(super) fn connect(route: &Route, deadline: Instant, shared: &Shared) -> Result<Link, Silence> {
    let socket = tcp(route, deadline, shared)?;
    let local =
        |error: &dyn std::fmt::Display| Silence { phase: Phase::Connect, cause: Cause::Local(error.to_string()) };
    // Without this, Nagle's algorithm holds small packets back for an acknowledgement: 40 ms and more a connect.
    socket.set_nodelay(true).map_err(|error| local(&error))?;
    shared.hold(Some(socket.try_clone().map_err(|error| local(&error))?));

    let mut session = ssh2::Session::new().map_err(|error| local(&error))?;
    session.set_blocking(false);
    session.set_tcp_stream(socket.try_clone().map_err(|error| local(&error))?);
    let preference = route.host_keys.preference(&route.host, route.port, route.pin.as_deref());
    session.method_pref(ssh2::MethodType::HostKey, &preference).map_err(|error| local(&error))?;
    let mut driver = Driver { session, socket };

    handshake(&mut driver, deadline, shared)?;
    shared.enter(Phase::HostKey);
    let (blob, _) = driver.session.host_key().ok_or_else(|| Silence {
        phase: Phase::HostKey,
        cause: Cause::Protocol("the server showed no key".to_owned()),
    })?;
    route
        .host_keys
        .check(&route.host, route.port, route.pin.as_deref(), blob)
        .map_err(|cause| Silence { phase: Phase::HostKey, cause })?;

    shared.enter(Phase::Auth);
    auth::authenticate(&driver, route, deadline)?;
    Ok(Link::new(driver))
}

fn tcp(route: &Route, deadline: Instant, shared: &Shared) -> Result<TcpStream, Silence> {
    shared.enter(Phase::Resolve);
    let addresses: Vec<SocketAddr> = (route.host.as_str(), route.port)
        .to_socket_addrs()
        .map_err(|_| Silence { phase: Phase::Resolve, cause: Cause::NameUnknown })?
        .collect();
    shared.enter(Phase::Connect);
    let mut causes = vec![];
    for (index, address) in addresses.iter().enumerate() {
        // A dead address of a name with several must not eat the time of the others.
        let tries_left = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let budget = deadline.saturating_duration_since(Instant::now()) / tries_left;
        if budget.is_zero() {
            causes.push(Cause::Timeout);
            break;
        }
        match TcpStream::connect_timeout(address, budget) {
            Ok(socket) => return Ok(socket),
            Err(error) => causes.push(connect_cause(&error)),
        }
    }
    Err(Silence { phase: Phase::Connect, cause: most_telling(causes).unwrap_or(Cause::NameUnknown) })
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

/// Exchanges banners and keys. libssh2 does both in one call; whether the banner came tells how far it got.
fn handshake(driver: &mut Driver, deadline: Instant, shared: &Shared) -> Result<(), Silence> {
    shared.enter(Phase::Banner);
    // The driver lends its session to the call through a handle of the same session.
    let mut session = driver.session.clone();
    let outcome = driver.drive(deadline, || {
        let outcome = session.handshake();
        // What a server says before its banner counts as one here.
        if session.banner_bytes().is_some_and(|line| line.starts_with(b"SSH-")) {
            shared.enter(Phase::Kex);
        }
        outcome
    });
    outcome.map_err(|stop| match stop {
        Stop::Refused(error) if shared.phase() == Phase::Banner => {
            Silence { phase: Phase::Banner, cause: Cause::Protocol(error.message().to_lowercase()) }
        }
        // libssh2 says the same of an exchange that fails and of a server that hangs up in its midst. Where the end of
        // the stream comes next, nothing was said that could have displeased it.
        Stop::Refused(_) if driver.socket.peek(&mut [0]).is_ok_and(|count| count == 0) => {
            Silence { phase: Phase::Kex, cause: Cause::Closed }
        }
        Stop::Refused(error) => Silence { phase: Phase::Kex, cause: Cause::Protocol(kex_words(&error)) },
        Stop::Closed if shared.phase() == Phase::Banner => {
            let cause = match driver.session.banner_bytes() {
                Some(line) => Cause::Protocol(format!("not SSH but {}", harmless(&String::from_utf8_lossy(line), 40))),
                None => Cause::Closed,
            };
            Silence { phase: Phase::Banner, cause }
        }
        stop => stop.silence(shared.phase()),
    })
}

/// libssh2's codes for "no algorithm in common" in words; its other messages stand for themselves.
fn kex_words(error: &ssh2::Error) -> String {
    match error.code() {
        ssh2::ErrorCode::Session(-5 | -8) => "no algorithm in common".to_owned(),
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
