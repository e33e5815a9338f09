//! Connections that a node makes for its clients, as sshd does for `ssh -J` and `ssh -W`: to this machine only.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use russh::server::{ChannelOpenHandle, Msg};
use russh::{ChannelOpenFailure, ChannelWriteHalf};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::layout::{NodeDir, PARTS, read_port};
use super::running::{Input, Running};

/// The port by which a node's SSH server is meant where the node is named.
const SSH_PORT: u32 = 22;

/// Where a client wants to be connected to: addresses of one place, each tried in turn.
///
/// Names are resolved here, on the node: it knows itself as `localhost`, and its peers by their names.
pub(super) fn target(node: &NodeDir, host: &str, port: u32) -> Option<Vec<SocketAddr>> {
    let ips: Vec<IpAddr> = match host.parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) if host.eq_ignore_ascii_case("localhost") => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        Err(_) if PARTS.iter().any(|part| part.name == host) => {
            let kept = || read_port(&node.peer(host).port()).ok().flatten();
            let port = if port == SSH_PORT { kept()? } else { u16::try_from(port).ok()? };
            return Some(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]);
        }
        Err(_) => return None,
    };
    let port = u16::try_from(port).ok()?;
    ips.iter().all(IpAddr::is_loopback).then(|| ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

/// Connects, beside the session, and answers the client when that is done; then carries bytes both ways.
pub(super) fn start(target: Vec<SocketAddr>, out: ChannelWriteHalf<Msg>, reply: ChannelOpenHandle) -> Running {
    Running::start(|input| async move {
        let Ok(stream) = TcpStream::connect(&target[..]).await else {
            return reply.reject(ChannelOpenFailure::ConnectFailed).await;
        };
        // Small answers must not wait for acknowledgements. It fails on a dead connection.
        let _ = stream.set_nodelay(true);
        reply.accept().await;
        let (read, write) = stream.into_split();
        // Either side may say its last word first and still listen; a broken connection is over for both.
        let _ = tokio::try_join!(feed(write, input), carry(read, &out));
        // It fails if the session is gone: then there is nobody to tell.
        let _ = out.close().await;
    })
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
        let first = |host, port| target(&node, host, port).map(|target| target[0].to_string());
        assert_eq!(first("127.0.0.1", 22).as_deref(), Some("127.0.0.1:22"));
        assert_eq!(first("127.9.9.9", 80).as_deref(), Some("127.9.9.9:80"));
        assert_eq!(first("::1", 80).as_deref(), Some("[::1]:80"));
        assert_eq!(first("LocalHost", 80).as_deref(), Some("127.0.0.1:80"));
        assert_eq!(first("almaty", 22).as_deref(), Some("127.0.0.1:40002"));
        assert_eq!(first("almaty", 7).as_deref(), Some("127.0.0.1:7"));
        for (host, port) in [("192.0.2.1", 22), ("::", 22), ("0.0.0.0", 22), ("example.org", 22), ("localhost", 65_536)]
        {
            assert_eq!(first(host, port), None, "{host}");
        }
        assert_eq!(first("novosibirsk", 22), None, "a peer that never listened");
    }
}
