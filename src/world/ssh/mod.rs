//! SSH sessions over libssh2.
//!
//! One thread owns a session and all its channels; others send it requests. libssh2 is not to be trusted with more:
//! `ssh2` 0.9.6 frees channels without the session's lock, and a blocking call holds up every other one. The thread
//! runs libssh2 in non-blocking mode and waits in `poll`, so one deadline covers everything from connect to the last
//! byte; shutting the socket down is the cancel switch.

pub mod agent;
mod auth;
mod channel;
mod connect;
mod drive;
pub mod host_keys;
pub mod keyring;

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::oneshot;

use self::channel::Link;
use self::host_keys::HostKeys;
use self::keyring::Keyring;
use crate::core::silence::{Cause, Phase, Silence};
use crate::world::clock;

/// What the thread may need beyond a deadline to say that it has passed.
const GRACE: Duration = Duration::from_millis(50);

/// How long a spare channel may take to open before the session counts as broken.
const SPARE_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach one node.
#[derive(Debug)]
pub struct Route {
    /// A host name or an IP address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The remote user.
    pub user: String,
    /// The keys to offer.
    pub keys: Arc<Keyring>,
    /// The host keys to accept.
    pub host_keys: Arc<HostKeys>,
    /// The host key that the inventory pins, in place of `host_keys`.
    pub pin: Option<String>,
}

/// Whether a session is kept for further commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// One command is all: no spare channel is opened.
    Once,
    /// A channel is opened ahead, so that the next command costs one round trip.
    Standing,
}

/// A command for a node's login shell.
#[derive(Clone)]
pub struct RemoteCommand {
    /// The command line, made from the time that is left when it is sent.
    pub line: Arc<dyn Fn(Duration) -> String + Send + Sync>,
    /// The most bytes of output accepted, standard error included.
    pub output_bytes_max: usize,
}

/// What a command left.
#[derive(Debug, Clone)]
pub struct Reply {
    /// When the command was sent, or the connection begun where it got no further.
    pub asked_at: Timestamp,
    /// Whether the connection was made for this command.
    pub fresh: bool,
    /// From the command's sending to the server's word that it starts: one round trip.
    pub rtt: Option<Duration>,
    /// From the command's sending to its first byte of output: the login shell's start-up included.
    pub first_byte: Option<Duration>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// Its exit status. 0 proves nothing: libssh2 says 0 as well where a server closes the channel without a status.
    /// Proof that a command came to its end is the last line that it prints.
    pub exit_status: Option<i32>,
    /// Why it did not come to its end, if it did not; the output up to then stands above.
    pub broken: Option<Silence>,
}

impl Reply {
    fn begun(fresh: bool) -> Self {
        Self {
            asked_at: clock::now(),
            fresh,
            rtt: None,
            first_byte: None,
            stdout: Vec::new(),
            stderr: Vec::new(),
            exit_status: None,
            broken: None,
        }
    }
}

struct Request {
    command: RemoteCommand,
    deadline: Instant,
    reply: oneshot::Sender<Reply>,
}

/// What the owner thread shows of itself: how far it is, and the socket to cut.
#[derive(Debug, Default)]
struct Shared {
    phase: AtomicU8,
    standing: AtomicBool,
    socket: Mutex<Option<TcpStream>>,
}

impl Shared {
    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    fn phase(&self) -> Phase {
        Phase::ALL.get(usize::from(self.phase.load(Ordering::Relaxed))).copied().unwrap_or(Phase::Resolve)
    }

    fn hold(&self, socket: Option<TcpStream>) {
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = socket;
    }

    /// Ends the connection under the owner's hands: whatever it waits for fails at once.
    fn cut(&self) {
        if let Some(socket) = &*self.socket.lock().unwrap_or_else(PoisonError::into_inner) {
            // It fails only where the connection is gone already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

/// A session with one node. It connects when the first command is sent, and again after it broke.
#[derive(Debug)]
pub struct Session {
    requests: mpsc::Sender<Request>,
    shared: Arc<Shared>,
}

impl Session {
    /// Starts the owner thread. Nothing is sent yet.
    #[must_use]
    pub fn open(route: Route, keep: Keep) -> Self {
        let (requests, inbox) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let owner = Arc::clone(&shared);
        // Where no thread can be had the inbox is dropped with the closure, and every request says so.
        let _ = std::thread::Builder::new()
            .name(format!("ssh {}", route.host))
            .spawn(move || own(&route, keep, &inbox, &owner));
        Self { requests, shared }
    }

    /// Runs a command and waits for its end, at most until the deadline, connecting included.
    pub async fn exec(&self, command: RemoteCommand, deadline: Instant) -> Reply {
        let begun = Reply::begun(!self.shared.standing.load(Ordering::Relaxed));
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request { command, deadline, reply }).is_err() {
            return gone(begun);
        }
        match tokio::time::timeout_at((deadline + GRACE).into(), answer).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => gone(begun),
            // The owner is held up where no deadline reaches: a name lookup, or a key agent that asks its user.
            Err(_) => {
                let phase = self.shared.phase();
                self.shared.cut();
                Reply { broken: Some(Silence { phase, cause: Cause::Timeout }), ..begun }
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.cut();
    }
}

fn gone(begun: Reply) -> Reply {
    let cause = Cause::Local("the session's thread could not run".to_owned());
    Reply { broken: Some(Silence { phase: Phase::Resolve, cause }), ..begun }
}

/// The owner thread: one request at a time, over one connection as long as it lasts.
fn own(route: &Route, keep: Keep, inbox: &mpsc::Receiver<Request>, shared: &Shared) {
    let mut standing: Option<Link> = None;
    while let Ok(Request { command, deadline, reply }) = inbox.recv() {
        let mut answer = Reply::begun(standing.is_none());
        // Whoever asked this while the owner was held up has given up, and a late command must not be sent.
        if reply.is_closed() || Instant::now() >= deadline {
            answer.broken = Some(Silence { phase: shared.phase(), cause: Cause::Timeout });
            let _ = reply.send(answer);
            continue;
        }
        let link = match standing.take() {
            Some(link) => Ok(link),
            None => connect::connect(route, deadline, shared),
        };
        standing = link
            .and_then(|mut link| link.exec(&command, deadline, shared, &mut answer).map(|()| link))
            .map_err(|silence| answer.broken = Some(silence))
            .ok();
        // An asker who gave up has taken the receiver along.
        let _ = reply.send(answer);
        standing = standing.filter(|_| keep == Keep::Standing).and_then(|mut link| {
            shared.enter(Phase::Channel);
            link.open_spare(Instant::now() + SPARE_TIMEOUT).ok().map(|()| link)
        });
        shared.standing.store(standing.is_some(), Ordering::Relaxed);
        if standing.is_none() {
            shared.hold(None);
        }
    }
}
