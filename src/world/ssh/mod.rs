//! SSH sessions over libssh2.
//!
//! One thread owns a session and all its channels; others send it requests. libssh2 is not to be trusted with more:
//! `ssh2` 0.9.6 frees channels without the session's lock, and a blocking call holds up every other one. The thread
//! runs libssh2 in non-blocking mode and waits in `poll`, so one deadline covers everything from connect to the last
//! byte; shutting the socket down is the cancel switch.

pub mod agent;
mod auth;
mod bridge;
mod channel;
mod command;
mod connect;
mod drive;
mod forward;
pub mod host_keys;
mod input;
mod key_file;
pub mod keyring;
mod progress;
mod proxy_command;
mod record;
mod shared;
mod socket;
mod startups;
mod talk;
mod way;

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use self::channel::Link;
pub use self::command::{Frame, RemoteCommand, Reply, Sink};
use self::host_keys::{HostKeys, KnownName};
pub use self::input::Input;
use self::keyring::Keyring;
use self::progress::Progress;
use self::shared::Shared;
pub use self::way::{Hop, Way};
use crate::core::inventory::PORT_DEFAULT;
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::ssh_config::AddressFamily;

/// What the thread may need beyond a deadline to say that it has passed.
const GRACE: Duration = Duration::from_millis(50);

/// How long a spare channel may take to open before the session counts as broken.
const SPARE_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach one node.
#[derive(Debug, Clone)]
pub struct Route {
    /// A host name or an IP address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The addresses of the host that may be used.
    pub family: AddressFamily,
    /// The remote user.
    pub user: String,
    /// The keys to offer.
    pub keys: Arc<Keyring>,
    /// The host keys to accept.
    pub host_keys: Arc<HostKeys>,
    /// The name under which the host's key is recorded, in place of host and port.
    pub alias: Option<String>,
    /// The host key that the inventory pins, in place of `host_keys`.
    pub pin: Option<String>,
    /// What the connection goes through.
    pub way: Way,
}

impl Route {
    /// The name under which the host's key is recorded. An alias goes without the port, as for ssh.
    fn known_name(&self) -> KnownName<'_> {
        let login = match &self.way {
            Way::Through(hop) => Some(hop.login()),
            Way::Direct | Way::Command(_) => None,
        };
        match &self.alias {
            Some(alias) => KnownName { host: alias, port: PORT_DEFAULT, is_alias: true, login },
            None => KnownName { host: &self.host, port: self.port, is_alias: false, login },
        }
    }
}

/// Whether a session is kept for further commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// One command is all: no spare channel is opened.
    Once,
    /// A channel is opened ahead, so that the next command costs one round trip.
    Standing,
}

/// A connection that its session gave away.
pub struct Lent(Link);

enum Request {
    /// Run a command.
    Exec(Order, oneshot::Sender<Reply>),
    /// Give the connection away, where there is one.
    Lend(oneshot::Sender<Option<Link>>),
}

/// A command with its time.
struct Order {
    command: RemoteCommand,
    connect_by: Instant,
    deadline: Instant,
    progress: Arc<Progress>,
}

/// A session with one node. It connects when the first command is sent, and again after it broke.
#[derive(Debug)]
pub struct Session {
    requests: mpsc::Sender<Request>,
    shared: Arc<Shared>,
    /// The key agent that may be asked to sign.
    agent: Option<String>,
}

impl Session {
    /// Starts the owner thread. Nothing is sent yet.
    #[must_use]
    pub fn open(route: Route, keep: Keep) -> Self {
        let (requests, inbox) = mpsc::channel();
        let shared = Arc::new(Shared::new());
        let owner = Arc::clone(&shared);
        let agent = route.keys.agent().map(keyring::agent_words);
        // Where no thread can be had the inbox is dropped with the closure, and every request says so.
        let _ = std::thread::Builder::new()
            .name(format!("ssh {}", route.host))
            .spawn(move || own(&route, keep, &inbox, &owner));
        Self { requests, shared, agent }
    }

    /// Runs a command and waits for its end, at most until the deadline, connecting included. One that is asked for while
    /// another one runs waits for its turn, with less and less time; if that never comes, it is not sent.
    pub async fn exec(&self, command: RemoteCommand, deadline: Instant) -> Reply {
        self.exec_once_connected(command, deadline, deadline).await
    }

    /// The same for a command that may take much longer than connecting, which has a deadline of its own.
    pub async fn exec_once_connected(&self, command: RemoteCommand, connect_by: Instant, deadline: Instant) -> Reply {
        let begun = Reply::begun(!self.is_standing());
        let (reply, mut answer) = oneshot::channel();
        let progress = Arc::new(Progress::default());
        let order = Order { command, connect_by, deadline, progress: Arc::clone(&progress) };
        if self.requests.send(Request::Exec(order, reply)).is_err() {
            return gone(begun);
        }
        let in_time = async {
            if let Ok(reply) = tokio::time::timeout_at((connect_by + GRACE).into(), &mut answer).await {
                return Some(reply);
            }
            let late = if self.shared.phase() < Phase::Channel { connect_by } else { deadline };
            tokio::time::timeout_at((late + GRACE).into(), answer).await.ok()
        };
        match in_time.await {
            Some(Ok(reply)) => reply,
            Some(Err(_)) => gone(begun),
            // The connection is busy with another command, whose it is.
            None if progress.give_up() => Reply { broken: Some(self.shared.late()), ..begun },
            // The owner is held up where no deadline reaches: a name lookup, or a key agent that asks its user.
            None => {
                let late = self.shared.late();
                self.shared.cut();
                let agent = self.agent.clone().filter(|_| late.phase == Phase::Auth);
                let cause = agent.map_or(late.cause, Cause::AgentSilent);
                let broken = Some(Silence { phase: late.phase, cause });
                // Only now: what was not sent before the cut cannot be sent after it.
                Reply { may_have_run: progress.is_sent(), broken, ..begun }
            }
        }
    }

    /// How far the owner is with what it does at present, or did last.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.shared.phase()
    }

    /// What is to be told of the node where nothing more comes from it.
    #[must_use]
    pub fn late(&self) -> Silence {
        self.shared.late()
    }

    /// Whether a connection stands.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        self.shared.standing.load(Ordering::Relaxed)
    }

    /// Whether no sign of life has come from the node since the last command was sent.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.phase() <= if self.is_standing() { Phase::Exec } else { Phase::Banner }
    }

    /// Whether a connection that is being made has come as far as a log-in: who gets that far is on the way.
    #[must_use]
    pub fn is_coming(&self) -> bool {
        !self.is_standing() && self.phase() > Phase::Auth
    }

    /// Gives the connection away, to serve as the way to another node. Nothing where there is none, or where the owner
    /// is busy until the deadline.
    pub async fn lend(&self, deadline: Instant) -> Option<Lent> {
        let (lender, lent) = oneshot::channel();
        self.requests.send(Request::Lend(lender)).ok()?;
        tokio::time::timeout_at(deadline.into(), lent).await.ok()?.ok()?.map(Lent)
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
    while let Ok(request) = inbox.recv() {
        match request {
            Request::Exec(order, reply) => {
                let answer;
                (standing, answer) = serve(route, standing, &order, &reply, shared);
                // An asker who gave up has taken the receiver along.
                let _ = reply.send(answer);
                if keep == Keep::Standing {
                    standing = standing.and_then(|link| prepared(link, shared));
                }
            }
            Request::Lend(lender) => {
                // Whoever gave up waiting for it has no use for it; it ends here then.
                let _ = lender.send(standing.take());
            }
        }
        shared.standing.store(standing.is_some(), Ordering::Relaxed);
        if standing.is_none() {
            shared.hold(None);
        }
    }
}

/// Runs one command, over the connection that stands or a new one.
fn serve(
    route: &Route,
    standing: Option<Link>,
    order: &Order,
    asker: &oneshot::Sender<Reply>,
    shared: &Shared,
) -> (Option<Link>, Reply) {
    // Where nothing was sent yet a new connection can take the place of one that broke.
    let standing = standing.filter(|link| !link.is_gone());
    let mut answer = Reply::begun(standing.is_none());
    let Order { command, connect_by, deadline, progress } = order;
    // Whoever asked this while the owner was held up has given up, and a late command must not be sent.
    if asker.is_closed() || Instant::now() >= *deadline || !progress.begin() {
        answer.broken = Some(shared.late());
        return (standing, answer);
    }
    // Whoever was held up, as by a key agent, must not begin what its asker takes for not begun.
    let in_time = |link| if Instant::now() < *connect_by { Ok(link) } else { Err(shared.late()) };
    let link = standing.map_or_else(|| connect::connect(route, *connect_by, shared).and_then(in_time), Ok);
    let run = |mut link: Link| link.exec(command, *deadline, (shared, progress), &mut answer).map(|()| link);
    let done = link.and_then(run);
    (done.map_err(|silence| answer.broken = Some(silence)).ok(), answer)
}

/// The connection made ready for the next command, or nothing where that does not work any more.
fn prepared(mut link: Link, shared: &Shared) -> Option<Link> {
    shared.enter(Phase::Channel);
    link.prepare(Instant::now() + SPARE_TIMEOUT).ok().map(|()| link)
}
