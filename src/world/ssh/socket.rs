//! The byte stream below a session: a TCP connection, or this machine's end of a way through other hosts.

use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::net::{RecvFlags, Shutdown, recv, shutdown};

/// A connected socket. Clones are the same socket.
#[derive(Debug, Clone)]
pub(super) struct Socket(Arc<OwnedFd>);

impl Socket {
    /// Ends the connection in both directions: whoever waits on any clone fails at once.
    pub(super) fn cut(&self) {
        // It fails only where the connection is gone already.
        let _ = shutdown(&self.0, Shutdown::Both);
    }

    /// Whether the end of the stream comes next.
    pub(super) fn is_at_end(&self) -> bool {
        self.peek() == Some(0)
    }

    /// Whether bytes wait to be read.
    pub(super) fn has_bytes(&self) -> bool {
        self.peek().is_some_and(|count| count > 0)
    }

    fn peek(&self) -> Option<usize> {
        recv(&self.0, &mut [0_u8], RecvFlags::PEEK | RecvFlags::DONTWAIT).ok().map(|(count, _)| count)
    }
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self(Arc::new(stream.into()))
    }
}

impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self(Arc::new(stream.into()))
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
