//! A bridge: a way to a host through another host's sshd, in a `direct-tcpip` channel (RFC 4254, 7.2). It carries a
//! whole second session, so the host in between sees nothing but ciphertext. Jump hosts and relays both use it.

use std::os::unix::net::UnixStream;
use std::time::Instant;

use ssh2::{BlockDirections, Channel};

use super::channel::Link;
use super::drive::{Driver, Stop};
use super::socket::Socket;
use super::{Hop, forward};
use crate::core::silence::{Cause, Phase, Silence};

/// Opens a bridge over a session, which it takes: the session ends with the bridge. It leads to a host and a port as
/// the host in between sees them: names are resolved there.
pub(super) fn open(link: Link, hop: &Hop, to: (&str, u16), deadline: Instant) -> Result<Socket, Silence> {
    let driver = link.into_driver();
    let channel = request(&driver, hop, to, deadline)?;
    let local = |error: std::io::Error| Silence { phase: Phase::Jump, cause: Cause::Local(error.to_string()) };
    let (near, far) = UnixStream::pair().map_err(local)?;
    forward::start(driver, channel, far).map_err(local)?;
    Ok(near.into())
}

/// Asks the host in between to connect. While it tries it is asked for a sign of life as well: a host that answers
/// that, and nothing else until the deadline, has tried in vain; one that does not says nothing.
fn request(driver: &Driver, hop: &Hop, (host, port): (&str, u16), deadline: Instant) -> Result<Channel, Silence> {
    let session = &driver.session;
    // Due at once, as none was sent before; and again only when somebody asks for it.
    session.set_keepalive(true, 1);
    let (mut sign_asked, mut sign_seen) = (false, false);
    let opened = driver.drive(deadline, || {
        sign_seen |= sign_asked && driver.socket.has_bytes();
        let opened = session.channel_direct_tcpip(host, port, None);
        // Not in the midst of a packet that is still being sent.
        if opened.is_err() && !sign_asked && session.block_directions() == BlockDirections::Inbound {
            // If it cannot be sent, no sign will be seen.
            sign_asked = session.keepalive_send().is_ok();
        }
        opened
    });
    opened.map_err(|stop| refusal(stop, hop, sign_seen))
}

fn refusal(stop: Stop, hop: &Hop, lives: bool) -> Silence {
    let not_reached = || Silence { phase: Phase::Connect, cause: Cause::NotReached(hop.name().to_owned()) };
    match stop {
        Stop::Timeout if lives => not_reached(),
        // libssh2 tells the server's reason (RFC 4254, 5.1) in its message only.
        Stop::Refused(error) if error.message().contains("connect failed") => not_reached(),
        Stop::Refused(error) if error.message().contains("prohibited") => {
            Silence { phase: Phase::Jump, cause: Cause::ForwardingProhibited(hop.name().to_owned()) }
        }
        stop => hop.silence(stop.silence(Phase::Channel)),
    }
}
