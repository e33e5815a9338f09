//! A server's side of a connection that ends, or goes silent, after so many packets of the key exchange.
//!
//! Until the keys are in use packets are in clear text: a length of four bytes, then as many.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What a gate does when it falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fall {
    /// What is written vanishes.
    Hang,
    /// The connection is closed.
    Close,
    /// The protocol's own farewell is said, and the connection closed.
    Disconnect,
}

/// A stream that carries everything, or only the server's first words.
pub struct Gate {
    stream: TcpStream,
    /// The same socket, to close it.
    socket: Arc<std::net::TcpStream>,
    plan: Option<(Words, Fall)>,
    sent: Vec<u8>,
    has_fallen: bool,
}

/// The words that get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Not even the banner.
    None,
    /// The banner and this many packets.
    Banner(usize),
}

impl Gate {
    pub fn new(stream: TcpStream, socket: Arc<std::net::TcpStream>, plan: Option<(Words, Fall)>) -> Self {
        Self { stream, socket, plan, sent: Vec::new(), has_fallen: false }
    }

    fn fall(&mut self, fall: Fall) -> io::Result<()> {
        self.has_fallen = true;
        if fall == Fall::Disconnect {
            // So few bytes find room in any socket that is being read.
            self.stream.try_write(&farewell())?;
        }
        if fall != Fall::Hang {
            self.socket.shutdown(Shutdown::Both)?;
        }
        Ok(())
    }
}

/// `SSH_MSG_DISCONNECT` in clear text, by application (RFC 4253, 11.1).
fn farewell() -> Vec<u8> {
    let mut payload = vec![1, 0, 0, 0, 11];
    for text in ["goodbye", ""] {
        payload.extend(u32::try_from(text.len()).expect("short").to_be_bytes());
        payload.extend(text.as_bytes());
    }
    // At least four bytes of padding; all together, with the length, a multiple of eight.
    let padding = 4 + (8 - (4 + 1 + payload.len() + 4) % 8) % 8;
    let length = 1 + payload.len() + padding;
    let mut packet = u32::try_from(length).expect("short").to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).expect("short"));
    packet.extend(payload);
    packet.resize(4 + length, 0);
    packet
}

/// Where these words end, as far as the bytes tell.
fn end_of(words: Words, bytes: &[u8]) -> Option<usize> {
    let Words::Banner(packets) = words else { return Some(0) };
    let mut end = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    for _ in 0..packets {
        let length: [u8; 4] = bytes.get(end..end + 4)?.try_into().expect("four bytes");
        end += 4 + usize::try_from(u32::from_be_bytes(length)).expect("a length");
    }
    Some(end)
}

impl AsyncRead for Gate {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Gate {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some((words, fall)) = self.plan else { return Pin::new(&mut self.stream).poll_write(context, bytes) };
        if self.has_fallen {
            return Poll::Ready(Ok(bytes.len()));
        }
        let all = [&self.sent, bytes].concat();
        let left = end_of(words, &all).map_or(bytes.len(), |end| end - self.sent.len());
        if left > 0 {
            let piece = &bytes[..left.min(bytes.len())];
            let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(context, piece))?;
            self.sent.extend_from_slice(&bytes[..written]);
            if written < left {
                return Poll::Ready(Ok(written));
            }
        }
        self.fall(fall)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[test]
fn words_are_counted_in_whatever_pieces_they_come() {
    let farewell = farewell();
    assert_eq!(farewell.len() % 8, 0);
    let said = [b"SSH-2.0-x\r\n".as_slice(), &farewell, &farewell].concat();
    assert_eq!(end_of(Words::None, &said), Some(0));
    assert_eq!(end_of(Words::Banner(0), &said[..5]), None);
    assert_eq!(end_of(Words::Banner(0), &said), Some(11));
    assert_eq!(end_of(Words::Banner(1), &said[..13]), None);
    assert_eq!(end_of(Words::Banner(1), &said[..20]), Some(11 + farewell.len()));
    assert_eq!(end_of(Words::Banner(2), &said), Some(said.len()));
}
