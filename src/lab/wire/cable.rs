//! What the processes of a node say to the network: one line each, in a socket of the lab's directory.
//!
//! `plug NODE PORT INNER` is answered `plugged`, or with why not; it holds until the socket closes. `dial FROM TO PORT`
//! is answered `connected` or `refused`, and after that carries bytes. Whoever speaks stands in its node's home.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::layout::NodeDir;
use super::super::start::START_TIMEOUT;
use super::SOCKET;
use crate::error::{Error, Exit};

/// One of the ports that every node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Port {
    Ssh,
    Ledger,
}

impl Port {
    pub(in super::super) const ALL: [Self; 2] = [Self::Ssh, Self::Ledger];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Ledger => "ledger",
        }
    }

    /// Where the number stands by which others know it.
    pub(in super::super) fn file(self, node: &NodeDir) -> std::path::PathBuf {
        match self {
            Self::Ssh => node.port(),
            Self::Ledger => node.ledger_port(),
        }
    }
}

/// Connects a process of a node with the network: what comes to the node's port goes to a port of the process.
#[derive(Debug)]
pub(in super::super) struct Cable(UnixStream);

/// From a node's home to the lab's directory.
fn socket() -> String {
    format!("../../../{SOCKET}")
}

impl Cable {
    /// Plugs in.
    pub(in super::super) fn plug(node: &NodeDir, port: Port, inner: u16) -> Result<Self, Error> {
        let talk = || {
            let mut stream = UnixStream::connect(socket())?;
            stream.set_read_timeout(Some(START_TIMEOUT))?;
            stream.write_all(format!("plug {} {} {inner}\n", node.name(), port.word()).as_bytes())?;
            let mut answer = String::new();
            BufReader::new(&stream).read_line(&mut answer)?;
            io::Result::Ok((stream, answer.trim_end().to_owned()))
        };
        let (stream, answer) = talk().map_err(|error| {
            Error::new(Exit::Refused, format!("{} does not reach the lab's network", node.name()))
                .because(error)
                .hint("start both: m3m lab revive NODE...")
        })?;
        if answer == "plugged" {
            return Ok(Self(stream));
        }
        Err(Error::new(Exit::Refused, format!("it {answer}"))
            .hint("the port belongs to the node for as long as the lab exists: end what uses it, or make a new lab"))
    }

    /// Waits until the network is gone.
    pub(in super::super) fn wait(self) {
        // Nothing is ever said: an end and an error are the same. The time for the answer is over.
        let _ = self.0.set_read_timeout(None);
        let _ = io::Read::read(&mut &self.0, &mut [0]);
    }

    /// The same without a thread of its own.
    pub(in super::super) async fn broken(self) -> io::Result<()> {
        self.0.set_nonblocking(true)?;
        // As above.
        let _ = tokio::net::UnixStream::from_std(self.0)?.read(&mut [0]).await;
        Ok(())
    }
}

/// Connects a node with a port of another one, or of its own.
pub(in super::super) async fn dial(from: &NodeDir, to: &str, port: Port) -> io::Result<tokio::net::UnixStream> {
    let mut stream = tokio::net::UnixStream::connect(socket()).await?;
    stream.write_all(format!("dial {} {to} {}\n", from.name(), port.word()).as_bytes()).await?;
    // Byte by byte: what follows the line belongs to the connection.
    let mut answer = Vec::new();
    while answer.last() != Some(&b'\n') {
        answer.push(stream.read_u8().await?);
    }
    if answer == b"connected\n" { Ok(stream) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
}
