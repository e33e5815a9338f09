//! The SSH server of one node: one key gets in, sessions run commands, connections are forwarded; nothing else is
//! offered.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::{PrivateKey, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey, run_stream,
};
use russh::{Channel, ChannelId, ChannelOpenFailure, ChannelWriteHalf, MethodKind, MethodSet, Pty as Modes};
use tokio::net::TcpListener;

use super::layout::NodeDir;
use super::pty::Pty;
use super::running::Running;
use super::{exec, forward};

/// A client that connects and says nothing is let go after this time, as by sshd's `LoginGraceTime`.
const BANNER_TIMEOUT: Duration = Duration::from_secs(120);
/// sshd's `MaxSessions`: a client that leaks channels must notice here as it would there.
const SESSIONS_MAX: usize = 10;
/// sshd's `MaxAuthTries`.
const AUTH_TRIES_MAX: usize = 6;

/// Accepts connections for ever.
pub(super) async fn serve(node: NodeDir, listener: TcpListener, host_key: PrivateKey, client_key: PublicKey) {
    let config = Arc::new(config(host_key));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Such as too many open files: it passes, and a node does not end over it.
                log(&node, &format!("cannot accept a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without it every small answer waits for the peer's delayed acknowledgement. It fails on a dead connection.
        let _ = stream.set_nodelay(true);
        let connection = Connection::new(node.clone(), client_key.clone());
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            // A client that is no SSH client, or that goes away, concerns nobody else.
            if let Ok(Ok(session)) = tokio::time::timeout(BANNER_TIMEOUT, run_stream(config, stream, connection)).await
            {
                let _ = session.await;
            }
        });
    }
}

fn config(host_key: PrivateKey) -> Config {
    Config {
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        // Nothing here is worth guessing, and clients begin with a probe that is always refused.
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![host_key],
        max_auth_attempts: AUTH_TRIES_MAX,
        // A standing session may be silent for as long as it likes.
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    }
}

/// Writes a line to the node's log, which is its stderr.
pub(super) fn log(node: &NodeDir, text: &str) {
    use std::io::Write as _;
    // A full disk must not end the node.
    let _ = writeln!(std::io::stderr(), "{} {}: {text}", crate::world::clock::now(), node.name());
}

/// One client.
struct Connection {
    node: NodeDir,
    client_key: PublicKey,
    sessions: HashMap<ChannelId, Slot>,
    forwards: HashMap<ChannelId, Running>,
}

/// One session channel.
struct Slot {
    /// Taken by the one command that a channel may run.
    out: Option<ChannelWriteHalf<Msg>>,
    pty: Option<Pty>,
    git_protocol: Option<String>,
    running: Option<Running>,
}

impl Connection {
    fn new(node: NodeDir, client_key: PublicKey) -> Self {
        Self { node, client_key, sessions: HashMap::new(), forwards: HashMap::new() }
    }

    /// What a channel runs, of either kind.
    fn running(&mut self, id: ChannelId) -> Option<&mut Running> {
        let session = self.sessions.get_mut(&id).and_then(|slot| slot.running.as_mut());
        session.or_else(|| self.forwards.get_mut(&id))
    }

    fn authorize(&self, key: &PublicKey) -> Auth {
        if key.key_data() == self.client_key.key_data() { Auth::Accept } else { Auth::reject() }
    }

    /// Starts `sh` with these arguments on the channel and answers the request.
    fn start(&mut self, id: ChannelId, arguments: &[&OsStr], session: &mut Session) -> Result<(), russh::Error> {
        let Some(slot) = self.sessions.get_mut(&id) else { return session.channel_failure(id) };
        let Some(out) = slot.out.take() else { return session.channel_failure(id) };
        // Before anything is sent by the command: its output goes through a queue of its own.
        session.channel_success(id)?;
        match exec::start(&self.node, arguments, slot.pty.as_ref(), slot.git_protocol.as_deref(), out, session.handle())
        {
            Ok(running) => slot.running = Some(running),
            Err(error) => {
                log(&self.node, &format!("cannot run sh: {error}"));
                session.extended_data(id, 1, format!("lab node: cannot run sh: {error}\n").into_bytes())?;
                session.exit_status_request(id, 255)?;
                session.close(id)?;
            }
        }
        Ok(())
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_publickey_offered(&mut self, _: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        Ok(self.authorize(offer.public_key))
    }

    async fn auth_publickey(&mut self, _: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        Ok(self.authorize(key.public_key))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.sessions.retain(|_, slot| !slot.running.as_ref().is_some_and(Running::is_over));
        if self.sessions.len() >= SESSIONS_MAX {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        }
        let id = channel.id();
        // The read half has a bounded queue that would stop the whole session when full: input comes through `data`.
        let (_, out) = channel.split();
        self.sessions.insert(id, Slot { out: Some(out), pty: None, git_protocol: None, running: None });
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.forwards.retain(|_, running| !running.is_over());
        let Some(target) = forward::target(&self.node, host, port) else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        };
        let id = channel.id();
        let (_, out) = channel.split();
        self.forwards.insert(id, forward::start(self.node.clone(), target, out, reply));
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, line: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        self.start(id, &[OsStr::new("-c"), OsStr::from_bytes(line)], session)
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        self.start(id, &[OsStr::new("-i")], session)
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        match self.sessions.get_mut(&id) {
            Some(slot) if name == "GIT_PROTOCOL" => {
                slot.git_protocol = Some(value.to_owned());
                session.channel_success(id)
            }
            _ => session.channel_failure(id),
        }
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _: &mut Session) -> Result<(), russh::Error> {
        if let Some(running) = self.running(id) {
            running.input(data);
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        if let Some(running) = self.running(id) {
            running.end_of_input();
        }
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.sessions.remove(&id);
        self.forwards.remove(&id);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        term: &str,
        columns: u32,
        rows: u32,
        _: u32,
        _: u32,
        _: &[(Modes, u32)],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let pty = Pty::new(term, columns, rows).await;
        let is_made = pty.is_some();
        match self.sessions.get_mut(&id) {
            Some(slot) if is_made => {
                slot.pty = pty;
                session.channel_success(id)
            }
            _ => session.channel_failure(id),
        }
    }

    // What follows is not offered. The library's own handlers do not answer, and a client would wait for ever.

    async fn x11_request(
        &mut self,
        id: ChannelId,
        _: bool,
        _: &str,
        _: &str,
        _: u32,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(id)
    }

    async fn subsystem_request(&mut self, id: ChannelId, _: &str, session: &mut Session) -> Result<(), russh::Error> {
        session.channel_failure(id)
    }
}
