//! The lab's service: a ledger that takes numbered writes and answers only when they are durable.
//!
//! One line a request over TCP on 127.0.0.1: `write 7` is answered `ok 7`, `ping` is answered `pong NODE`, anything
//! else `error: …`. The same number again changes nothing.

mod control;
mod serve;

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

pub(super) use control::start_with;
pub use control::{check, start, stop};
pub use serve::serve;

/// The longest line of either side, in bytes.
const LINE_BYTES_MAX: u64 = 256;

/// A client of a ledger.
#[derive(Debug)]
pub struct Ledger {
    stream: BufReader<TcpStream>,
}

impl Ledger {
    /// Connects to the ledger on this port of 127.0.0.1. The timeout holds for this and for every later step.
    ///
    /// # Errors
    /// Nobody listens there, or not within the timeout.
    pub fn connect(port: u16, timeout: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Writes a number. When this returns, the record is on the disk of the ledger's node.
    ///
    /// # Errors
    /// No answer in time (the record may be written or not), or the ledger refused.
    pub fn write(&mut self, number: u64) -> io::Result<()> {
        let answer = self.ask(&format!("write {number}\n"))?;
        if answer == format!("ok {number}") { Ok(()) } else { Err(refused(&answer)) }
    }

    /// Asks for the name of the ledger's node.
    ///
    /// # Errors
    /// No answer in time, or not a ledger's.
    pub fn ping(&mut self) -> io::Result<String> {
        let answer = self.ask("ping\n")?;
        answer.strip_prefix("pong ").map(str::to_owned).ok_or_else(|| refused(&answer))
    }

    fn ask(&mut self, line: &str) -> io::Result<String> {
        self.stream.get_mut().write_all(line.as_bytes())?;
        let mut answer = String::new();
        (&mut self.stream).take(LINE_BYTES_MAX).read_line(&mut answer)?;
        match answer.strip_suffix('\n') {
            Some(answer) => Ok(answer.to_owned()),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the ledger closed the connection")),
        }
    }
}

fn refused(answer: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the ledger answered: {}", answer.escape_debug()))
}
