//! TCP servers that do not behave as an SSH server should.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::acceptor::Acceptor;

/// How a hostile server treats a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It accepts and says nothing.
    Mute,
    /// It says which SSH it speaks, and nothing more.
    BannerThenMute,
    /// It says which SSH it speaks, and hangs up.
    BannerThenClose,
    /// It hangs up at once.
    Close,
    /// It is a web server.
    Http,
    /// It is an sshd with too many log-ins under way.
    Throttled,
    /// It is one as well, and says nothing more to whoever comes again.
    ThrottledThenMute,
    /// It is an sshd that punishes this machine for failed log-ins.
    Shunned,
    /// It says which SSH it speaks and then sends bytes without sense, for ever.
    BannerThenGarbage,
    /// It sends lines before its banner, for ever. RFC 4253 allows such lines.
    EndlessPreamble,
    /// It announces a packet of nearly 4 GiB.
    BannerThenHugePacket,
}

/// Starts such a server; it ends when the acceptor is dropped.
pub fn start(manner: Manner) -> Acceptor {
    let has_spoken = AtomicBool::new(false);
    Acceptor::start(move |mut socket, _| {
        let manner = match manner {
            Manner::ThrottledThenMute if has_spoken.swap(true, Ordering::SeqCst) => Manner::Mute,
            manner => manner,
        };
        // Whatever fails here fails because the client has left.
        let _ = treat(&mut socket, manner);
    })
}

fn treat(socket: &mut TcpStream, manner: Manner) -> std::io::Result<()> {
    let banner = b"SSH-2.0-Liar\r\n";
    match manner {
        Manner::Mute => Ok(()),
        Manner::BannerThenMute => socket.write_all(banner),
        Manner::BannerThenClose => say_and_close(socket, banner),
        Manner::Close => socket.shutdown(Shutdown::Both),
        Manner::Http => {
            // A web server answers when it has read something that looks like a request to it.
            let _ = socket.read(&mut [0; 1024])?;
            // One line: of several it would depend on the timing of their packets which one is seen last.
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\n")?;
            socket.shutdown(Shutdown::Write)
        }
        Manner::Throttled | Manner::ThrottledThenMute => say_and_close(socket, b"Exceeded MaxStartups\r\n"),
        Manner::Shunned => say_and_close(socket, b"Not allowed at this time\r\n"),
        Manner::BannerThenGarbage => {
            socket.write_all(banner)?;
            // No counter nor constant: a length field of it must not be the same each time.
            let mut state = 0x2545_f491_u32;
            loop {
                let piece: Vec<u8> = std::iter::repeat_with(|| {
                    state ^= state << 13;
                    state ^= state >> 17;
                    state ^= state << 5;
                    state.to_be_bytes()
                })
                .take(256)
                .flatten()
                .collect();
                socket.write_all(&piece)?;
            }
        }
        Manner::EndlessPreamble => loop {
            socket.write_all(b"Welcome. Please wait.\r\n")?;
        },
        Manner::BannerThenHugePacket => {
            socket.write_all(banner)?;
            socket.write_all(&[0xff, 0xff, 0xff, 0xf0, 4, 20, 0, 0])
        }
    }
}

fn say_and_close(socket: &mut TcpStream, line: &[u8]) -> std::io::Result<()> {
    socket.write_all(line)?;
    socket.shutdown(Shutdown::Both)
}

/// A port that never answers a connect, like a host that is off: its queue of connections is full.
pub struct Deaf {
    address: SocketAddr,
    _listener: std::net::TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Deaf {
    pub fn start() -> Self {
        let listener = short_listener();
        let address = listener.local_addr().expect("its address");
        let mut waiting = Vec::new();
        // The kernel takes one more than the queue is said to hold, or a few.
        while let Ok(socket) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            waiting.push(socket);
            assert!(waiting.len() < 100, "the queue of {address} does not fill");
        }
        Self { address, _listener: listener, _waiting: waiting }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

/// A listener whose queue holds one connection; the standard library's holds thousands.
fn short_listener() -> std::net::TcpListener {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let listen = || {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        socket.listen(1)?.into_std()
    };
    runtime.block_on(async { listen() }).expect("a listener")
}
