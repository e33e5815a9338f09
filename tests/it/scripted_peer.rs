//! The protocol's side of a scripted server: one connection, and what the script has in store for it.

use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use russh::server::{Auth, ChannelOpenHandle, Handle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelOpenFailure, Disconnect, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::scripted::{Manner, Point, Shared};

/// Leaves, in the protocol's own way.
pub async fn say_goodbye(handle: &Handle) {
    let _ = handle.disconnect(Disconnect::ByApplication, "goodbye".to_owned(), String::new()).await;
}

/// The other end of one connection, and what the script has in store for it.
#[derive(Clone)]
pub struct Peer {
    pub shared: Arc<Shared>,
    pub socket: Arc<std::net::TcpStream>,
    pub handle: Arc<OnceLock<Handle>>,
}

impl Peer {
    /// What the script says of this point.
    fn manner(&self, point: Point) -> Option<Manner> {
        self.shared.in_force().filter(|script| script.point == point).map(|script| script.manner)
    }

    /// Comes to a point: goes on, or hangs, closes or says goodbye there.
    async fn reach(&self, point: Point) {
        match self.manner(point) {
            Some(Manner::Hang) => pending().await,
            Some(Manner::Close) => {
                let _ = self.socket.shutdown(std::net::Shutdown::Both);
                pending::<()>().await;
            }
            Some(Manner::Disconnect) => say_goodbye(self.handle()).await,
            _ => {}
        }
    }

    fn refuses(&self, point: Point) -> bool {
        self.manner(point) == Some(Manner::Refuse)
    }

    fn handle(&self) -> &Handle {
        self.handle.get().expect("known before the client's first packet")
    }

    /// Runs a command and sends what it prints.
    async fn answer(self, id: ChannelId, line: String) -> Option<()> {
        self.reach(Point::Output).await;
        let handle = self.handle();
        let manner = self.manner(Point::Output);
        self.flood(id, manner).await?;
        let output = match manner {
            Some(Manner::Nothing) => Vec::new(),
            Some(Manner::Garbage) => (0..=255).cycle().take(2000).collect(),
            _ => self.run(&line).await,
        };
        let (half, rest) = output.split_at(output.len() / 2);
        handle.data(id, half.to_vec()).await.ok()?;
        self.reach(Point::MidOutput).await;
        handle.data(id, rest.to_vec()).await.ok()?;
        self.reach(Point::Eof).await;
        let status = if let Some(Manner::Status(status)) = manner { status } else { 0 };
        handle.exit_status_request(id, status).await.ok()?;
        handle.eof(id).await.ok()?;
        self.reach(Point::ChannelClose).await;
        handle.close(id).await.ok()
    }

    /// Sends without end, where that is the manner; nothing once the client has left.
    async fn flood(&self, id: ChannelId, manner: Option<Manner>) -> Option<()> {
        let handle = self.handle();
        let piece = || vec![b'x'; 1024];
        loop {
            match manner {
                Some(Manner::FloodStdout) => handle.data(id, piece()).await.ok()?,
                Some(Manner::FloodStderr) => handle.extended_data(id, 1, piece()).await.ok()?,
                Some(Manner::FloodNothing) => handle.xon_xoff_request(id, true).await.ok()?,
                _ => return Some(()),
            }
        }
    }

    async fn run(&self, line: &str) -> Vec<u8> {
        if let Some(answer) = self.shared.answer {
            return answer.into();
        }
        let mut command = tokio::process::Command::new("sh");
        command.args(["-c", line]).env("HOME", &self.shared.home).stdin(std::process::Stdio::null());
        command.kill_on_drop(true).output().await.expect("sh").stdout
    }

    /// Carries a connection to a port of this machine.
    async fn forward(self, channel: Channel<Msg>, target: TcpStream) -> std::io::Result<()> {
        let (mut from_client, mut to_client) = tokio::io::split(channel.into_stream());
        let (mut from_target, mut to_target) = target.into_split();
        let there = async {
            let _ = tokio::io::copy(&mut from_client, &mut to_target).await;
            let _ = to_target.shutdown().await;
        };
        let back = async {
            let mut buffer = [0; 4096];
            loop {
                let count = from_target.read(&mut buffer).await?;
                self.reach(Point::MidForward).await;
                if count == 0 {
                    return to_client.shutdown().await;
                }
                to_client.write_all(&buffer[..count]).await?;
            }
        };
        tokio::join!(there, back).1
    }
}

/// The protocol's side of one connection.
pub struct Server {
    pub peer: Peer,
}

impl Handler for Server {
    type Error = Error;

    // The library asks for it when the client asks for the authentication service.
    async fn authentication_banner(&mut self) -> Result<Option<String>, Error> {
        self.peer.reach(Point::Service).await;
        Ok(None)
    }

    async fn auth_publickey_offered(&mut self, _: &str, _: PublicKeyOffer<'_>) -> Result<Auth, Error> {
        self.peer.reach(Point::KeyOffered).await;
        Ok(if self.peer.refuses(Point::KeyOffered) { Auth::reject() } else { Auth::Accept })
    }

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, Error> {
        self.peer.reach(Point::Signed).await;
        Ok(if self.peer.refuses(Point::Signed) { Auth::reject() } else { Auth::Accept })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        self.peer.reach(Point::ChannelOpen).await;
        if self.peer.refuses(Point::ChannelOpen) {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
        } else {
            reply.accept().await;
        }
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, line: &[u8], session: &mut Session) -> Result<(), Error> {
        self.peer.reach(Point::Exec).await;
        if self.peer.refuses(Point::Exec) {
            return session.channel_failure(id);
        }
        let manner = self.peer.manner(Point::Exec);
        if matches!(manner, Some(Manner::FloodStdout | Manner::FloodStderr | Manner::FloodNothing)) {
            let peer = self.peer.clone();
            tokio::spawn(async move { peer.flood(id, manner).await });
            return Ok(());
        }
        if manner == Some(Manner::Early) {
            session.data(id, b"too early\n".to_vec())?;
        }
        session.channel_success(id)?;
        tokio::spawn(self.peer.clone().answer(id, String::from_utf8_lossy(line).into_owned()));
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        _: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        self.peer.reach(Point::Forward).await;
        if self.peer.refuses(Point::Forward) {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        }
        // Whatever host is named: nothing but this machine is ever called.
        let port = match self.peer.shared.led_to.load(Ordering::SeqCst) {
            0 => u16::try_from(port).unwrap_or_default(),
            port => port,
        };
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
            Ok(target) => {
                reply.accept().await;
                tokio::spawn(self.peer.clone().forward(channel, target));
            }
            Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
        }
        Ok(())
    }
}
