//! Carries bytes between a forwarding channel and a local socket, in a thread that owns the channel's session.
//!
//! It ends with either side, and takes the other one along: an SSH connection that is half closed is of no use.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use ssh2::Channel;

use super::drive::Driver;

/// The most bytes on their way in one direction, beside what the channel's window lets libssh2 hold.
const BUFFER_BYTES: usize = 32 * 1024;

/// Starts the thread.
pub(super) fn start(driver: Driver, channel: Channel, local: UnixStream) -> io::Result<()> {
    local.set_nonblocking(true)?;
    let buffer = || Buffer { bytes: vec![0; BUFFER_BYTES].into_boxed_slice(), start: 0, end: 0 };
    let mut forward = Forward { channel, driver, local, to_channel: buffer(), to_local: buffer(), unfinished: None };
    std::thread::Builder::new().name("ssh bridge".to_owned()).spawn(move || {
        // However it ends, dropping both sides says so to whoever waits there.
        let _ = forward.run();
    })?;
    Ok(())
}

struct Forward {
    // Before the driver: fields are dropped in this order, and a channel must go before its session.
    channel: Channel,
    driver: Driver,
    local: UnixStream,
    to_channel: Buffer,
    to_local: Buffer,
    /// A call that left a packet half sent: libssh2 wants the same call again before any other.
    unfinished: Option<Call>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Read,
    Write,
}

/// Bytes on their way.
struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Forward {
    fn run(&mut self) -> io::Result<()> {
        loop {
            let mut moved = 0;
            moved += self.to_channel.fill(|bytes| self.local.read(bytes))?;
            if self.unfinished != Some(Call::Read) {
                moved += self.write_channel()?;
            }
            let is_shut = !self.to_channel.is_empty() && self.channel.write_window().remaining == 0;
            // Reading comes last: a write takes packets off the socket, and those wake no poll.
            if self.unfinished == Some(Call::Write) {
                // A peer that can neither write nor, for that, read would never go on.
                Driver::take_in(&mut self.channel).map_err(|_| io::ErrorKind::BrokenPipe)?;
            } else {
                moved += self.read_channel()?;
            }
            moved += self.to_local.drain(|bytes| self.local.write(bytes))?;
            if self.channel.eof() && self.to_local.is_empty() {
                return Ok(());
            }
            // The peer's leave to send more may have come with what was just read.
            let is_open_now = is_shut && self.channel.write_window().remaining > 0;
            if moved == 0 && !is_open_now {
                self.wait()?;
            }
        }
    }

    fn write_channel(&mut self) -> io::Result<usize> {
        let moved = self.to_channel.drain(|bytes| self.channel.write(bytes))?;
        self.note(Call::Write, moved);
        Ok(moved)
    }

    fn read_channel(&mut self) -> io::Result<usize> {
        // What came before the channel's end is still to be passed on.
        if self.channel.eof() {
            return Ok(0);
        }
        let moved = self.to_local.fill(|bytes| match self.channel.read(bytes)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        })?;
        self.note(Call::Read, moved);
        Ok(moved)
    }

    fn note(&mut self, call: Call, moved: usize) {
        self.unfinished = (moved == 0 && self.driver.is_sending()).then_some(call);
    }

    /// Waits until there is something to do. Nothing bounds this wait but the two sides: whoever uses the local one has
    /// a deadline, and drops it then.
    fn wait(&self) -> io::Result<()> {
        let mut local = PollFlags::empty();
        local.set(PollFlags::IN, self.to_channel.is_empty());
        local.set(PollFlags::OUT, !self.to_local.is_empty());
        let mut remote = PollFlags::empty();
        // What cannot be passed on is left to the window; a write, though, waits for the peer to open its own.
        remote.set(PollFlags::IN, self.to_local.is_empty() || !self.to_channel.is_empty());
        remote.set(PollFlags::OUT, self.unfinished.is_some());
        let mut sides = [PollFd::new(&self.driver.socket, remote), PollFd::new(&self.local, local)];
        match poll(&mut sides, None) {
            // A side that is gone is told even where nothing is asked of it.
            Ok(_) if sides.iter().any(|side| side.revents().intersects(PollFlags::HUP | PollFlags::ERR)) => {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Buffer {
    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Takes bytes in where there are none; says how many came.
    fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        if !self.is_empty() {
            return Ok(0);
        }
        let count = ready(read(&mut self.bytes[..]))?;
        (self.start, self.end) = (0, count);
        Ok(count)
    }

    /// Hands bytes on; says how many went.
    fn drain(&mut self, write: impl FnOnce(&[u8]) -> io::Result<usize>) -> io::Result<usize> {
        if self.is_empty() {
            return Ok(0);
        }
        let count = ready(write(&self.bytes[self.start..self.end]))?;
        self.start += count;
        Ok(count)
    }
}

/// How many bytes were moved: none where the other side is not ready. An end is an error.
fn ready(outcome: io::Result<usize>) -> io::Result<usize> {
    match outcome {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
        outcome => outcome,
    }
}
