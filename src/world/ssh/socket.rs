//! The byte stream below a session: a TCP connection, or this machine's end of a way through other hosts.

use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
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

    /// Whether nothing comes any more: the end of the stream is next, or the connection was reset.
    pub(super) fn is_at_end(&self) -> bool {
        match self.peek() {
            Ok(count) => count == 0,
            Err(error) => error == Errno::CONNRESET,
        }
    }

    /// The same, with a moment's patience.
    pub(super) fn ends_within(&self, patience: Duration) -> bool {
        let timeout = Timespec::try_from(patience).ok();
        // Where the wait fails, what there is tells.
        let _ = poll(&mut [PollFd::new(self, PollFlags::IN)], timeout.as_ref());
        self.is_at_end()
    }

    /// Whether bytes wait to be read.
    pub(super) fn has_bytes(&self) -> bool {
        self.peek().is_ok_and(|count| count > 0)
    }

    fn peek(&self) -> Result<usize, Errno> {
        recv(&self.0, &mut [0_u8], RecvFlags::PEEK | RecvFlags::DONTWAIT).map(|(count, _)| count)
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_reset_is_an_end_as_well() {
        let server = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let client = TcpStream::connect(server.local_addr().expect("its address")).expect("a connection");
        let client = Socket::from(client);
        let (accepted, _) = server.accept().expect("the same connection");
        assert!(!client.is_at_end() && !client.ends_within(Duration::from_millis(1)), "nobody has said anything");
        // Without this the end would be an orderly one.
        rustix::net::sockopt::set_socket_linger(&accepted, Some(Duration::ZERO)).expect("an option");
        drop(accepted);
        assert!(client.ends_within(Duration::from_secs(20)));
    }
}
