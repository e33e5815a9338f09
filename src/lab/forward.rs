//! Connections that a node makes for its clients, as sshd does for `ssh -J` and `ssh -W`: to this machine only, and to
//! other nodes over the lab's network.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use russh::server::{ChannelOpenHandle, Msg};
use russh::{ChannelOpenFailure, ChannelWriteHalf};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::layout::{NodeDir, PARTS, read_port};
use super::running::{Input, Running};
use super::wire::{self, Port};

/// The port by which a node's SSH server is meant where the node is named.
const SSH_PORT: u32 = 22;

/// Where a client wants to be connected to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A port of a node, over the lab's network.
    Node(&'static str, Port),
    /// Any other port of this machine: addresses to try in turn.
    Local(Vec<SocketAddr>),
}

/// What this host and port mean on this node; nothing where it may not connect there.
///
/// Names are resolved here, on the node: it knows itself as `localhost`, and its peers by their names.
pub(super) fn target(node: &NodeDir, host: &str, port: u32) -> Option<Target> {
    let peer = PARTS.iter().find(|part| part.name == host);
    if let (Some(peer), SSH_PORT) = (peer, port) {
        return Some(Target::Node(peer.name, Port::Ssh));
    }
    let ips: Vec<IpAddr> = match host.parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) if peer.is_some() => vec![Ipv4Addr::LOCALHOST.into()],
        Err(_) if host.eq_ignore_ascii_case("localhost") => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        Err(_) => return None,
    };
    let port = u16::try_from(port).ok()?;
    if !ips.iter().all(IpAddr::is_loopback) {
        return None;
    }
    let of_lab = || PARTS.iter().flat_map(|part| Port::ALL.map(|kind| (part.name, kind)));
    let found = of_lab().find(|(name, kind)| read_port(&kind.file(&node.peer(name))).ok().flatten() == Some(port));
    Some(match found {
        Some((name, kind)) => Target::Node(name, kind),
        None => Target::Local(ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()),
    })
}

/// Connects, beside the session, and answers the client when that is done; then carries bytes both ways.
pub(super) fn start(node: NodeDir, target: Target, out: ChannelWriteHalf<Msg>, reply: ChannelOpenHandle) -> Running {
    Running::start(|input| async move {
        match target {
            Target::Node(name, port) => match wire::dial(&node, name, port).await {
                Ok(stream) => connected(stream.into_split(), input, out, reply).await,
                Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
            },
            Target::Local(addresses) => match TcpStream::connect(&addresses[..]).await {
                Ok(stream) => {
                    // Small answers must not wait for acknowledgements. It fails on a dead connection.
                    let _ = stream.set_nodelay(true);
                    connected(stream.into_split(), input, out, reply).await;
                }
                Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
            },
        }
    })
}

async fn connected(
    (read, write): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    input: Input,
    out: ChannelWriteHalf<Msg>,
    reply: ChannelOpenHandle,
) {
    reply.accept().await;
    // Either side may say its last word first and still listen; a broken connection is over for both.
    let _ = tokio::try_join!(feed(write, input), carry(read, &out));
    // It fails if the session is gone: then there is nobody to tell.
    let _ = out.close().await;
}

async fn feed(mut to: impl AsyncWrite + Unpin, mut input: Input) -> io::Result<()> {
    while let Some(data) = input.recv().await {
        // Whoever reads no more may still have something to say.
        if to.write_all(&data).await.is_err() {
            return Ok(());
        }
    }
    to.shutdown().await
}

async fn carry(mut from: impl AsyncRead + Unpin, out: &ChannelWriteHalf<Msg>) -> io::Result<()> {
    tokio::io::copy(&mut from, &mut out.make_writer()).await?;
    // It fails if the session is gone: then there is nobody to tell.
    let _ = out.eof().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_and_peers_have_names() {
        let dir = tempfile::tempdir().unwrap();
        let node = NodeDir::new(dir.path().join("moscow"));
        let peer = dir.path().join("almaty");
        std::fs::create_dir(&peer).unwrap();
        std::fs::write(peer.join("port"), "40002\n").unwrap();
        std::fs::write(peer.join("ledger.port"), "40003\n").unwrap();
        let found = |host, port| target(&node, host, port);
        let local = |host, port| match found(host, port) {
            Some(Target::Local(addresses)) => addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            other => format!("{other:?}"),
        };
        assert_eq!(local("127.0.0.1", 22), "127.0.0.1:22");
        assert_eq!(local("127.9.9.9", 80), "127.9.9.9:80");
        assert_eq!(local("::1", 80), "[::1]:80");
        assert_eq!(local("LocalHost", 80), "127.0.0.1:80 [::1]:80");
        assert_eq!(local("almaty", 7), "127.0.0.1:7");
        assert_eq!(found("novosibirsk", 22), Some(Target::Node("novosibirsk", Port::Ssh)));
        for host in ["127.0.0.1", "::1", "localhost", "almaty"] {
            assert_eq!(found(host, 40_002), Some(Target::Node("almaty", Port::Ssh)), "{host}");
            assert_eq!(found(host, 40_003), Some(Target::Node("almaty", Port::Ledger)), "{host}");
        }
        for (host, port) in [("192.0.2.1", 22), ("::", 22), ("0.0.0.0", 22), ("example.org", 22), ("localhost", 65_536)]
        {
            assert_eq!(found(host, port), None, "{host}");
        }
    }
}
