//! An SSH server that does as its script says: sound up to a named point of the protocol, and hostile from there on.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use russh::keys::ssh_key::private::{Ed25519Keypair, PrivateKey};
use russh::server::{Config, run_stream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::gate::{Fall, Gate, Words};
use crate::scripted_peer::{Peer, Server, say_goodbye};

/// What a server does wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    pub point: Point,
    pub manner: Manner,
}

/// A point of the protocol, in the order in which a client meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The TCP connection is accepted; no banner yet.
    Accepted,
    /// The banner is sent.
    Banner,
    /// The proposal of algorithms is sent.
    Kexinit,
    /// The server's half of the key exchange is sent.
    KexReply,
    /// The new keys are in use.
    NewKeys,
    /// The client asks for the authentication service.
    Service,
    /// The client offers a public key.
    KeyOffered,
    /// The client has signed with it.
    Signed,
    /// The client opens a session channel.
    ChannelOpen,
    /// The client asks for a command.
    Exec,
    /// The command is granted; no output yet.
    Output,
    /// Half of the output is sent.
    MidOutput,
    /// All of the output is sent, but neither its end nor a status.
    Eof,
    /// Output, status and end of output are sent; the channel is not closed.
    ChannelClose,
    /// The client asks for a connection to be forwarded.
    Forward,
    /// The first bytes of a forwarded connection's server are to be sent.
    MidForward,
}

/// What happens at the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Nothing, for ever; the connection stands.
    Hang,
    /// The TCP connection is closed.
    Close,
    /// `SSH_MSG_DISCONNECT`: within the key exchange at once, later as the packet after what was asked for.
    Disconnect,
    /// The server says no, where the protocol has a word for it.
    Refuse,
    /// Output without end in place of an answer, to a command asked for ([`Point::Exec`]) or granted
    /// ([`Point::Output`]).
    FloodStdout,
    /// The same with standard error.
    FloodStderr,
    /// The same with packets that say nothing.
    FloodNothing,
    /// Output comes before the command is granted ([`Point::Exec`]); then all goes on as it should.
    Early,
    /// The output is left out, and the command is said to have gone well ([`Point::Output`]).
    Nothing,
    /// Bytes without sense take the place of the output ([`Point::Output`]).
    Garbage,
    /// All the output comes, and this exit status ([`Point::Output`]).
    Status(u32),
    /// The channel takes no byte of input, ever ([`Point::ChannelOpen`]).
    Shut,
}

/// A running server. Dropping it closes its port and its connections.
pub struct Scripted {
    address: SocketAddr,
    dir: tempfile::TempDir,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What all connections of a server share.
pub struct Shared {
    script: Option<Script>,
    /// Whether the script is in force.
    is_armed: AtomicBool,
    pub home: PathBuf,
    /// What commands print, where none is run.
    pub answer: Option<&'static str>,
    /// The port of this machine that all forwarded connections lead to; 0 where that is the one that is asked for.
    pub led_to: AtomicU16,
    /// Connections accepted so far.
    accepted: AtomicUsize,
}

impl Scripted {
    /// A server that follows a script, or none, and gives commands a home of its own. Every key gets in.
    pub fn start(script: Option<Script>) -> Self {
        Self::launch(script, None)
    }

    /// A sound server that prints this for every command and runs none.
    pub fn telling(answer: &'static str) -> Self {
        Self::launch(None, Some(answer))
    }

    fn launch(script: Option<Script>, answer: Option<&'static str>) -> Self {
        let dir = tempfile::Builder::new().prefix("m3m-scripted-").tempdir().expect("a temporary directory");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener for the runtime");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            script,
            is_armed: AtomicBool::new(true),
            home: dir.path().to_owned(),
            answer,
            led_to: AtomicU16::new(0),
            accepted: AtomicUsize::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, dir, shared, stop: Some(stop), thread: Some(thread) }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `$HOME` of the commands.
    pub fn home(&self) -> &Path {
        self.dir.path()
    }

    /// Puts the script in force, or out of it, for what is asked from now on. It is in force at first.
    pub fn arm(&self, is_armed: bool) {
        self.shared.is_armed.store(is_armed, Ordering::SeqCst);
    }

    /// From now on all forwarded connections lead to this port of this machine, whatever is asked for.
    pub fn lead_to(&self, port: u16) {
        self.shared.led_to.store(port, Ordering::SeqCst);
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// The line of a `known_hosts` file that holds the server's key.
    pub fn known_hosts(&self) -> String {
        let key = host_key().public_key().to_openssh().expect("a public key");
        format!("[127.0.0.1]:{} {key}\n", self.port())
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A private key as text: any will do, since every key gets in.
pub fn client_key() -> String {
    key(1).to_openssh(russh::keys::ssh_key::LineEnding::LF).expect("a private key").to_string()
}

fn host_key() -> PrivateKey {
    key(2)
}

fn key(seed: u8) -> PrivateKey {
    Ed25519Keypair::from_seed(&[seed; 32]).into()
}

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    let is_shut = shared.script.is_some_and(|script| script.manner == Manner::Shut);
    let config = Arc::new(Config {
        keys: vec![host_key()],
        window_size: if is_shut { 0 } else { Config::default().window_size },
        auth_rejection_time: Duration::ZERO,
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    });
    while let Ok((stream, _)) = listener.accept().await {
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(connection(stream, Arc::clone(&config), Arc::clone(&shared)));
    }
}

/// One connection, to its end. Whatever fails here fails because the client has left, or because the script says so.
async fn connection(stream: TcpStream, config: Arc<Config>, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let socket = stream.into_std().expect("a socket");
    let again = Arc::new(socket.try_clone().expect("another handle of a socket"));
    let stream = TcpStream::from_std(socket).expect("a socket for the runtime");
    let script = shared.in_force();
    let gate = Gate::new(stream, Arc::clone(&again), script.and_then(Script::in_key_exchange));
    let handle = Arc::new(OnceLock::new());
    let server = Server { peer: Peer { shared, socket: again, handle: Arc::clone(&handle) } };
    if let Ok(session) = run_stream(config, gate, server).await {
        let own = handle.get_or_init(|| session.handle());
        if script == Some(Script { point: Point::NewKeys, manner: Manner::Disconnect }) {
            // It leaves as soon as the keys are in use.
            say_goodbye(own).await;
        }
        let _ = session.await;
    }
}

impl Shared {
    /// The script, while it is in force.
    pub fn in_force(&self) -> Option<Script> {
        self.script.filter(|_| self.is_armed.load(Ordering::SeqCst))
    }
}

impl Script {
    /// What the gate does for it, where it is about what is sent before the keys are in use.
    fn in_key_exchange(self) -> Option<(Words, Fall)> {
        let words = match self.point {
            Point::Accepted => Words::None,
            Point::Banner => Words::Banner(0),
            Point::Kexinit => Words::Banner(1),
            Point::KexReply => Words::Banner(2),
            Point::NewKeys => Words::Banner(3),
            _ => return None,
        };
        match self.manner {
            Manner::Hang => Some((words, Fall::Hang)),
            Manner::Close => Some((words, Fall::Close)),
            Manner::Disconnect if self.point < Point::NewKeys => Some((words, Fall::Disconnect)),
            _ => None,
        }
    }
}
