//! The process that is the network of a lab, behind the hidden verb `lab-wire`.
//!
//! Every connection of the lab goes through it: it owns the ports that the operator sees, and nodes that connect to
//! each other ask it to. So it can hold bytes back, delay them, and let new connections hang, while the nodes
//! themselves know nothing of it and no fault that hits nodes hits it. Nodes and ledgers plug in over a socket in the
//! lab's directory and stay plugged for as long as they live.

mod cable;
mod door;
mod line;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, watch};

use super::layout::{LabDir, write_atomically};
use super::network::{self, End, Faults};
use super::server::log;
use super::{lock, start};
use crate::error::{Error, Exit};
pub(super) use cable::{Cable, Port, dial};
use door::Door;

/// Where nodes plug in, in the lab's directory: its whole path may be longer than a socket's name can be.
const SOCKET: &str = "wire.sock";
/// How often the network looks whether its lab still exists, and whether it does what is to be in force.
const LOOK: Duration = Duration::from_secs(1);
/// The longest line that a node says, in bytes.
const LINE_BYTES_MAX: u64 = 256;

/// Is the network of the lab in this directory, which is the working directory, until it is killed.
///
/// # Errors
/// It runs already, or its files cannot be used.
pub async fn run(dir: PathBuf) -> Result<Exit, Error> {
    start::leave_session();
    let prepared = prepare(LabDir::new(dir)).await;
    start::tell(prepared.as_ref().map(drop));
    let (_lock, wire, listener, mut hangups) = prepared?;
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tokio::spawn(Arc::clone(&wire).talk(stream))),
                // Such as too many open files: it passes.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            _ = hangups.recv() => wire.enforce().await,
            _ = look.tick() => {
                if !wire.lab.wire().lock().exists() {
                    return Ok(Exit::Ok);
                }
                // Whoever wrote it may have been killed before it could say so.
                if wire.is_behind() {
                    wire.enforce().await;
                }
            }
        }
    }
}

async fn prepare(lab: LabDir) -> Result<(lock::Held, Arc<Wire>, UnixListener, Signal), Error> {
    let failed = |error: io::Error| Error::new(Exit::Refused, "the lab's network cannot run").because(error);
    // Before the lock tells anybody whom to signal.
    let hangups = signal(SignalKind::hangup()).map_err(failed)?;
    let lock = lock::take(&lab.wire().lock(), Duration::from_secs(1)).map_err(failed)?;
    let lock = lock.ok_or_else(|| Error::new(Exit::Refused, "the lab's network runs already"))?;
    allow_many_connections();
    // What the last one left, if it was killed.
    let _ = std::fs::remove_file(SOCKET);
    let listener = UnixListener::bind(SOCKET).map_err(failed)?;
    let wire = Arc::new(Wire::new(lab)?);
    wire.enforce().await;
    Ok((lock, wire, listener, hangups))
}

/// Each connection takes two files: as many as the system lets this process have.
fn allow_many_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // It fails where the system has a lower limit of its own: then that one holds, and it is told when it is met.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// What is in force, as it changes.
type InForce = watch::Receiver<Arc<Faults>>;

struct Wire {
    lab: LabDir,
    in_force: watch::Sender<Arc<Faults>>,
    doors: Mutex<Vec<Door>>,
}

impl Wire {
    fn new(lab: LabDir) -> Result<Self, Error> {
        let in_force = watch::Sender::new(Arc::new(network::load(&lab)?));
        let doors = lab.nodes().iter().flat_map(|node| Port::ALL.map(|port| Door::new(node, port))).collect();
        Ok(Self { lab, in_force, doors: Mutex::new(doors) })
    }

    fn is_behind(&self) -> bool {
        network::load(&self.lab).is_ok_and(|faults| faults.serial() != self.in_force.borrow().serial())
    }

    /// Takes over what stands in the file, and says so when it is in force.
    async fn enforce(&self) {
        let (serial, trouble) = match network::load(&self.lab) {
            Ok(faults) => {
                let faults = Arc::new(faults);
                self.in_force.send_replace(Arc::clone(&faults));
                let mut trouble = String::new();
                for door in self.doors.lock().await.iter_mut() {
                    if let Err(error) = door.settle(&self.in_force.subscribe()).await {
                        trouble = format!(" {error}");
                    }
                }
                (faults.serial(), trouble)
            }
            Err(error) => return log(&self.lab.wire(), error.render().trim_end()),
        };
        if let Err(error) = write_atomically(&self.lab.in_force(), &format!("{serial}{trouble}\n"), 0o600) {
            log(&self.lab.wire(), &format!("cannot say what is in force: {error}"));
        }
    }

    /// Does what one process of a node asks for.
    async fn talk(self: Arc<Self>, stream: UnixStream) {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        // An error is an end without a request.
        let _ = (&mut stream).take(LINE_BYTES_MAX).read_line(&mut line).await;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["plug", node, port, inner] => {
                if let (Some(door), Ok(inner)) = (self.door(node, port), inner.parse()) {
                    self.plug(stream.into_inner(), door, inner).await;
                }
            }
            ["dial", from, to, port] => {
                if let (Ok(from), Ok(to), Some(door)) = (from.parse(), to.parse(), self.door(to, port)) {
                    self.dial(stream.into_inner(), from, to, door).await;
                }
            }
            // Nobody else can open the socket: it was cut off while it was said.
            _ => {}
        }
    }

    /// The place of a port among the doors.
    fn door(&self, node: &str, port: &str) -> Option<usize> {
        let node = self.lab.nodes().iter().position(|one| one.name() == node)?;
        let port = Port::ALL.iter().position(|one| one.word() == port)?;
        Some(node * Port::ALL.len() + port)
    }

    /// Opens the door for as long as the cable holds.
    async fn plug(&self, mut cable: UnixStream, door: usize, inner: u16) {
        let answer = match self.settle(door, |door| door.plug(inner)).await {
            Ok(()) => "plugged\n".to_owned(),
            Err(error) => format!("{error}\n"),
        };
        // Both fail when the node is gone, and nothing more is ever said.
        let _ = cable.write_all(answer.as_bytes()).await;
        let _ = cable.read(&mut [0]).await;
        if let Err(error) = self.settle(door, |door| door.unplug(inner)).await {
            log(&self.lab.wire(), &error.to_string());
        }
    }

    async fn settle(&self, door: usize, change: impl FnOnce(&mut Door)) -> io::Result<()> {
        match self.doors.lock().await.get_mut(door) {
            Some(door) => {
                change(door);
                door.settle(&self.in_force.subscribe()).await
            }
            None => Ok(()),
        }
    }

    /// Connects one node with another.
    async fn dial(&self, mut caller: UnixStream, from: End, to: End, door: usize) {
        let mut way = line::Way::new(self.in_force.subscribe(), from, to);
        let mut nothing = [0];
        tokio::select! {
            () = way.passable() => {}
            // The caller has given up: it says nothing before it is connected.
            _ = caller.read(&mut nothing) => return,
        }
        let inner = self.doors.lock().await.get(door).and_then(Door::inner);
        let (read, write) = caller.into_split();
        line::connect(way, inner, read, write, line::Answer::Told).await;
    }
}
