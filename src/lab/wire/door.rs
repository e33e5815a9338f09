//! One port as the operator sees it: open, closed, or hanging, in which case the kernel answers no new connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::super::layout::{NodeDir, read_port, write_atomically};
use super::super::network::End;
use super::InForce;
use super::cable::Port;
use super::line::{self, Answer, Way};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
/// On loopback a connection that is not made within this time hangs.
const FILL_TIMEOUT: Duration = Duration::from_millis(50);

pub(super) struct Door {
    node: End,
    file: PathBuf,
    /// Where the node itself listens, while it is plugged in.
    inner: Option<u16>,
    listener: Option<Arc<TcpListener>>,
    state: State,
}

enum State {
    Closed,
    /// The connection that fills the queue of those to be accepted.
    Hanging(Option<TcpStream>),
    /// For a node that listens there.
    Open(u16, JoinHandle<()>),
}

impl Door {
    pub(super) fn new(node: &NodeDir, port: Port) -> Self {
        // Its directory is the node's, so its name is one.
        let end = node.name().parse().unwrap_or(End::Operator);
        Self { node: end, file: port.file(node), inner: None, listener: None, state: State::Closed }
    }

    /// Where the node itself listens.
    pub(super) fn inner(&self) -> Option<u16> {
        self.inner
    }

    /// The node listens there now. It holds from the next [`Self::settle`] on, as does the opposite.
    pub(super) fn plug(&mut self, inner: u16) {
        self.inner = Some(inner);
    }

    /// The node listens there no more; it may have been started again meanwhile, and listen elsewhere.
    pub(super) fn unplug(&mut self, inner: u16) {
        self.inner = self.inner.filter(|now| *now != inner);
    }

    /// Makes the door what it must be now.
    pub(super) async fn settle(&mut self, in_force: &InForce) -> io::Result<()> {
        let severed = in_force.borrow().is_severed(End::Operator, self.node);
        match (severed, self.inner, &self.state) {
            (true, _, State::Hanging(_)) => Ok(()),
            (false, Some(inner), State::Open(open, _)) if *open == inner => Ok(()),
            // A port that nobody ever listened on is nobody's.
            (true, None, _) if read_port(&self.file)?.is_none() => Ok(()),
            (true, ..) => self.hang().await,
            (false, None, _) => self.close().await,
            (false, Some(inner), _) => self.open(inner, in_force.clone()).await,
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.accept_no_more().await;
        self.listener = None;
        Ok(())
    }

    /// Lets new connections wait for an answer that does not come: the kernel drops them where the queue is full.
    async fn hang(&mut self) -> io::Result<()> {
        self.accept_no_more().await;
        let listener = self.listen()?;
        rustix::net::listen(&listener, 0)?;
        let filled = tokio::time::timeout(FILL_TIMEOUT, TcpStream::connect(listener.local_addr()?)).await;
        // Where it hangs already somebody else has filled the queue.
        self.state = State::Hanging(filled.ok().transpose()?);
        Ok(())
    }

    async fn open(&mut self, inner: u16, in_force: InForce) -> io::Result<()> {
        let filler = match &self.state {
            State::Hanging(filler) => filler.as_ref().and_then(|stream| stream.local_addr().ok()),
            _ => None,
        };
        self.accept_no_more().await;
        let listener = self.listen()?;
        rustix::net::listen(&listener, BACKLOG)?;
        let way = Way::new(in_force, End::Operator, self.node);
        let task = tokio::spawn(accept(listener, way, inner, filler));
        self.state = State::Open(inner, task);
        Ok(())
    }

    async fn accept_no_more(&mut self) {
        if let State::Open(_, task) = std::mem::replace(&mut self.state, State::Closed) {
            task.abort();
            // It ends as cancelled.
            let _ = task.await;
        }
    }

    /// The socket of the port, which is the same for as long as the lab exists.
    fn listen(&mut self) -> io::Result<Arc<TcpListener>> {
        if let Some(listener) = &self.listener {
            return Ok(Arc::clone(listener));
        }
        let kept = read_port(&self.file)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, kept.unwrap_or(0)));
        let unusable = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
        let listener = std::net::TcpListener::bind(address).map_err(unusable)?;
        listener.set_nonblocking(true)?;
        if kept.is_none() {
            write_atomically(&self.file, &format!("{}\n", listener.local_addr()?.port()), 0o600)?;
        }
        let listener = Arc::new(TcpListener::from_std(listener)?);
        self.listener = Some(Arc::clone(&listener));
        Ok(listener)
    }
}

async fn accept(listener: Arc<TcpListener>, way: Way, inner: u16, mut filler: Option<SocketAddr>) {
    loop {
        match listener.accept().await {
            // Once: its port may be another client's later.
            Ok((_, peer)) if filler.take_if(|filler| *filler == peer).is_some() => {}
            Ok((stream, _)) => {
                // Small answers must not wait for acknowledgements. It fails on a dead connection.
                let _ = stream.set_nodelay(true);
                let (read, write) = stream.into_split();
                tokio::spawn(line::connect(way.clone(), Some(inner), read, write, Answer::Made));
            }
            // Such as too many open files: it passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpSocket;

    use super::super::super::network::Faults;
    use super::*;

    /// A connection from one and the same port, once the kernel has done with an earlier one.
    async fn connect(from: SocketAddr, to: SocketAddr) -> TcpStream {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            socket.bind(from).unwrap();
            match socket.connect(to).await {
                Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                    assert!(tokio::time::Instant::now() < deadline, "the kernel keeps the earlier connection");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                connected => return connected.unwrap(),
            }
        }
    }

    async fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn a_client_with_the_port_of_an_earlier_filler_is_let_in() {
        let (inner, inner_address) = listen().await;
        let (outer, address) = listen().await;
        let (free, filler) = listen().await;
        drop(free);
        let faults = tokio::sync::watch::Sender::new(Arc::new(Faults::default()));
        let way = Way::new(faults.subscribe(), End::Operator, End::ALL[1]);
        tokio::spawn(accept(Arc::new(outer), way, inner_address.port(), Some(filler)));

        let mut filling = connect(filler, address).await;
        assert_eq!(filling.read(&mut [0]).await.unwrap(), 0, "it is nobody's connection");
        drop(filling);
        let mut client = connect(filler, address).await;
        tokio::spawn(async move { inner.accept().await.unwrap().0.write_all(b"hello").await });
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "hello");
    }
}
