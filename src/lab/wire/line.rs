//! One connection: its bytes arrive late by the distance, and not at all while they would vanish on their way.
//!
//! Nothing is ever lost for good. A sender repeats what was not acknowledged, so after a short cut the bytes arrive
//! late; here they are held until then, the end of the connection among them.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::super::network::{End, Faults};
use super::InForce;

/// Read at once.
const PIECE_BYTES: usize = 32 * 1024;
/// Pieces on their way at once: enough for any distance here, and a bound for what a slow reader leaves behind.
const PIECES_MAX: usize = 128;

/// The way of bytes from one end to another, and what is in force on it.
#[derive(Clone)]
pub(super) struct Way {
    in_force: InForce,
    from: End,
    to: End,
}

/// How the one who connects learns of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// By a line, after the time that it takes.
    Told,
    /// Not at all: the kernel has made the connection.
    Made,
}

/// A piece on its way: when it arrives, and what it is; empty where the sender has nothing more to say.
type Piece = (Instant, io::Result<Vec<u8>>);

impl Way {
    pub(super) fn new(in_force: InForce, from: End, to: End) -> Self {
        Self { in_force, from, to }
    }

    fn back(&self) -> Self {
        Self { in_force: self.in_force.clone(), from: self.to, to: self.from }
    }

    fn rtt(&self) -> Duration {
        self.in_force.borrow().rtt(self.from, self.to)
    }

    /// Waits until a new connection can be made.
    pub(super) async fn passable(&mut self) {
        let (from, to) = (self.from, self.to);
        self.until(|faults| !faults.is_severed(from, to)).await;
    }

    async fn heard(&mut self) {
        let (from, to) = (self.from, self.to);
        self.until(|faults| !faults.is_silent(from, to)).await;
    }

    async fn silenced(&mut self) {
        let (from, to) = (self.from, self.to);
        self.until(|faults| faults.is_silent(from, to)).await;
    }

    async fn until(&mut self, holds: impl Fn(&Faults) -> bool) {
        let is_so = |faults: &Arc<Faults>| holds(faults);
        if self.in_force.wait_for(is_so).await.is_err() {
            // Nobody is left to change anything: the process ends.
            std::future::pending::<()>().await;
        }
    }

    /// Carries bytes until one side has nothing more to say and the other knows; an error breaks the connection.
    async fn carry(
        self,
        from: impl AsyncRead + Unpin,
        to: impl AsyncWrite + Unpin,
        not_before: Instant,
    ) -> io::Result<()> {
        let (pieces, arriving) = mpsc::channel(PIECES_MAX);
        let ((), arrived) = tokio::join!(self.clone().leave(from, pieces, not_before), self.arrive(to, arriving));
        arrived
    }

    /// Takes what the sender says, but nothing while it would vanish: the sender feels that.
    async fn leave(mut self, mut from: impl AsyncRead + Unpin, pieces: mpsc::Sender<Piece>, not_before: Instant) {
        loop {
            self.heard().await;
            let mut piece = vec![0; PIECE_BYTES];
            let read = tokio::select! {
                read = from.read(&mut piece) => read,
                () = pieces.closed() => return,
            };
            let is_end = !matches!(read, Ok(1..));
            let arrives = not_before.max(Instant::now() + self.rtt() / 2);
            let piece = read.map(|count| {
                piece.truncate(count);
                piece
            });
            if pieces.send((arrives, piece)).await.is_err() || is_end {
                return;
            }
        }
    }

    /// Gives each piece to the receiver when it is due, in order.
    async fn arrive(mut self, mut to: impl AsyncWrite + Unpin, mut pieces: mpsc::Receiver<Piece>) -> io::Result<()> {
        while let Some((due, piece)) = pieces.recv().await {
            // Where there is no distance, no timer: it costs more than a look at the clock.
            if due > Instant::now() {
                sleep_until(due).await;
            }
            self.heard().await;
            let piece = piece?;
            if piece.is_empty() {
                return to.shutdown().await;
            }
            let mut rest = &piece[..];
            while !rest.is_empty() {
                tokio::select! {
                    written = to.write(rest) => match written {
                        Ok(count) => rest = &rest[count..],
                        // The receiver is gone, and the other way will tell how.
                        Err(_) => return Ok(()),
                    },
                    // What has not left yet is held like the rest.
                    () = self.silenced() => self.heard().await,
                }
            }
        }
        Ok(())
    }
}

/// Connects one end with the port on which the node at the other end listens, as far as it does, and carries bytes
/// both ways until both ends are done or the connection breaks.
///
/// As over a network, who connects knows it after one round trip, and the node learns of it half a round trip later.
/// What asks for the connection and what answers are held like all else while they would vanish.
pub(super) async fn connect(
    mut way: Way,
    inner: Option<u16>,
    read: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
    answer: Answer,
) {
    let (began, rtt) = (Instant::now(), way.rtt());
    let mut back = way.back();
    sleep_until(began + rtt / 2).await;
    way.heard().await;
    let made = match inner {
        Some(port) => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok(),
        None => None,
    };
    sleep_until(began + rtt).await;
    back.heard().await;
    if answer == Answer::Told {
        let word: &[u8] = if made.is_some() { b"connected\n" } else { b"refused\n" };
        if write.write_all(word).await.is_err() {
            return;
        }
    }
    let Some(node) = made else { return };
    // It fails on a dead connection, which will be told.
    let _ = node.set_nodelay(true);
    let (node_read, node_write) = node.into_split();
    let known = began + rtt * 3 / 2;
    // A broken connection is closed by this, and that is all there is to say.
    let _ = tokio::try_join!(way.carry(read, node_write, known), async {
        sleep_until(known).await;
        back.carry(node_read, write, known).await
    });
}
