//! Driving libssh2: every call is repeated until it is done, with the socket waited for in between, up to a deadline.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use ssh2::{BlockDirections, Channel, ErrorCode};

use super::proxy_command::ProxyCommand;
use super::socket::Socket;
use crate::core::silence::{Cause, Phase, Silence};

/// libssh2 wants to be called again when the socket is ready (`LIBSSH2_ERROR_EAGAIN`).
const EAGAIN: i32 = -37;

/// libssh2 saw the connection end: banner or socket could not be sent or received.
const CLOSED: [i32; 6] = [-2, -3, -7, -13, -43, -45];

/// The longest single wait. Kernels take a thousandth of a timeout as leave to be late, which is too much of a long one.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Why a call was not done.
#[derive(Debug)]
pub(super) enum Stop {
    /// The deadline passed.
    Timeout,
    /// The connection ended.
    Closed,
    /// libssh2 says no.
    Refused(ssh2::Error),
}

impl Stop {
    /// The stop as an observation, in the phase in which it happened.
    pub(super) fn silence(self, phase: Phase) -> Silence {
        let cause = match self {
            Self::Timeout => Cause::Timeout,
            Self::Closed => Cause::Closed,
            Self::Refused(error) => Cause::Protocol(error.message().to_lowercase()),
        };
        Silence { phase, cause }
    }
}

/// A libssh2 session and the socket below it.
pub(super) struct Driver {
    pub(super) session: ssh2::Session,
    pub(super) socket: Socket,
    /// The command that carries the bytes, where one does.
    pub(super) _proxy: Option<Arc<ProxyCommand>>,
}

impl Driver {
    /// Repeats a call until it is done or the deadline passes.
    pub(super) fn drive<T>(
        &self,
        deadline: Instant,
        mut call: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<T, Stop> {
        // A call whose time has passed is not begun: a late command must not leave.
        while Instant::now() < deadline {
            match once(call())? {
                Some(done) => return Ok(done),
                None => self.wait(deadline)?,
            }
        }
        Err(Stop::Timeout)
    }

    /// Waits until the socket is ready for what libssh2 waits for, or it is time to look at the deadline again.
    pub(super) fn wait(&self, deadline: Instant) -> Result<(), Stop> {
        let interest = match self.session.block_directions() {
            BlockDirections::Outbound => PollFlags::OUT,
            BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
            // Where libssh2 names no direction it waits for the peer.
            BlockDirections::Inbound | BlockDirections::None => PollFlags::IN,
        };
        self.wait_for(interest, deadline)
    }

    /// Waits until the socket is ready for this, or it is time to look at the deadline again.
    pub(super) fn wait_for(&self, interest: PollFlags, deadline: Instant) -> Result<(), Stop> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Stop::Timeout);
        }
        let timeout = Timespec::try_from(left.min(WAIT_MAX)).ok();
        match poll(&mut [PollFd::new(&self.socket, interest)], timeout.as_ref()) {
            // Neither a signal nor the end of a wait is a reason to stop; the loop comes back with less time left.
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(_) => Err(Stop::Closed),
        }
    }

    /// Whether a packet is half sent.
    pub(super) fn is_sending(&self) -> bool {
        matches!(self.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both)
    }

    /// Takes what came for a channel off the socket without reading it: nothing is sent for that, so that it may be done
    /// while a packet is half sent. Says whether the channel's end is among it.
    pub(super) fn take_in(channel: &mut Channel) -> Result<bool, Stop> {
        Ok(once(channel.wait_eof())?.is_some())
    }

    /// Reads from a channel's stream: `None` where nothing is there yet.
    pub(super) fn read(stream: &mut impl io::Read, buffer: &mut [u8]) -> Result<Option<usize>, Stop> {
        match stream.read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(_) => Err(Stop::Closed),
        }
    }
}

/// What a call came to: `None` where libssh2 wants it to be made again when the socket is ready.
pub(super) fn once<T>(outcome: Result<T, ssh2::Error>) -> Result<Option<T>, Stop> {
    match outcome {
        Ok(done) => Ok(Some(done)),
        Err(error) => match error.code() {
            ErrorCode::Session(EAGAIN) => Ok(None),
            ErrorCode::Session(code) if CLOSED.contains(&code) => Err(Stop::Closed),
            _ => Err(Stop::Refused(error)),
        },
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Freeing a libssh2 session says goodbye over the network; on a closed socket that cannot take time.
        self.socket.cut();
    }
}
