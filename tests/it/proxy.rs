//! A TCP proxy that stands for a long, or a broken, way to a server.
//!
//! It delays each direction by half the round trip and carries any amount meanwhile. It answers TCP connects at once:
//! a real way of that length takes one round trip more, and nothing else differs.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::acceptor::{Acceptor, Keeper};
use crate::processes;

/// A running proxy. Dropping it closes its port and its connections.
pub struct Proxy {
    acceptor: Acceptor,
    way: Arc<Way>,
}

/// What the way is like, for all connections together.
struct Way {
    server_port: u16,
    delay: Duration,
    silent: AtomicBool,
    /// Connections that m3m makes itself vanish.
    own_path_cut: AtomicBool,
    /// Connections that m3m makes itself are carried later.
    own_path_held: AtomicBool,
    /// How many more bytes of the server get through.
    answer_bytes_left: AtomicU64,
}

impl Proxy {
    /// A way of this round trip to a server on this machine.
    pub fn start(server_port: u16, rtt: Duration) -> Self {
        let way = Arc::new(Way {
            server_port,
            delay: rtt / 2,
            silent: AtomicBool::new(false),
            own_path_cut: AtomicBool::new(false),
            own_path_held: AtomicBool::new(false),
            answer_bytes_left: AtomicU64::new(u64::MAX),
        });
        let acceptor = {
            let way = Arc::clone(&way);
            Acceptor::start(move |client, keeper| connect(&way, client, keeper))
        };
        Self { acceptor, way }
    }

    pub fn port(&self) -> u16 {
        self.acceptor.port()
    }

    /// From now on bytes vanish, in both directions; connections are accepted and nothing is closed.
    pub fn go_silent(&self) {
        self.way.go_silent();
    }

    /// From now on new connections that m3m makes itself are accepted and lead nowhere; those that a relay makes do.
    pub fn cut_own_path(&self, cut: bool) {
        self.way.own_path_cut.store(cut, Ordering::SeqCst);
    }

    /// Whether connections that m3m makes itself are to be carried later, as soon as they are not held any more; those
    /// of relays are carried at once.
    pub fn hold_own_path(&self, hold: bool) {
        self.way.own_path_held.store(hold, Ordering::SeqCst);
    }

    /// Goes silent as soon as the server has said this many more bytes; they are still carried.
    pub fn go_silent_after(&self, answer_bytes: u64) {
        self.way.answer_bytes_left.store(answer_bytes, Ordering::SeqCst);
    }
}

/// Carries one connection. Of its four threads two read and two write, so that a delay never holds up reading.
fn connect(way: &Arc<Way>, client: TcpStream, keeper: &Keeper) {
    if way.silent.load(Ordering::SeqCst) || (way.own_path_cut.load(Ordering::SeqCst) && is_from_m3m(&client)) {
        return;
    }
    let is_held = || way.own_path_held.load(Ordering::SeqCst);
    if is_held() && is_from_m3m(&client) {
        while is_held() && !way.silent.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    let asked = spawn_reader(way, &client, false);
    // The server learns of the connection when the client's acknowledgement arrives.
    std::thread::sleep(way.delay);
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, way.server_port)) else {
        let _ = client.shutdown(Shutdown::Both);
        return;
    };
    keeper.keep(&server);
    let answered = spawn_reader(way, &server, true);
    std::thread::spawn(move || write(server, &asked));
    write(client, &answered);
}

fn is_from_m3m(client: &TcpStream) -> bool {
    let (Ok(from), Ok(to)) = (client.peer_addr(), client.local_addr()) else { return false };
    // A test may use the library itself.
    let own = std::fs::read_to_string("/proc/self/comm").unwrap_or_default().trim_end().to_owned();
    // One look at the tables of a busy machine may miss a row. Only a client that has left is found by none.
    let look = || {
        let holder = processes::holder_of_connection(from.port(), to.port());
        if holder.is_none() {
            std::thread::sleep(Duration::from_millis(10));
        }
        holder
    };
    std::iter::repeat_with(look).take(100).flatten().next().is_some_and(|name| name == "m3m" || name == own)
}

fn spawn_reader(way: &Arc<Way>, from: &TcpStream, is_answer: bool) -> Receiver<(Instant, Vec<u8>)> {
    let (sender, receiver) = channel();
    let way = Arc::clone(way);
    let from = from.try_clone().expect("another handle of a socket");
    std::thread::spawn(move || read(&way, from, is_answer, &sender));
    receiver
}

impl Way {
    /// How many of these bytes get through.
    fn carry(&self, count: usize, is_answer: bool) -> usize {
        if self.silent.load(Ordering::SeqCst) {
            return 0;
        }
        if !is_answer {
            return count;
        }
        let bytes = count as u64;
        let take = |left: u64| Some(left.saturating_sub(bytes));
        let left = self.answer_bytes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).unwrap_or(0);
        if left > bytes {
            return count;
        }
        self.go_silent();
        usize::try_from(left).unwrap_or(count)
    }

    fn go_silent(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }
}

/// Reads as fast as bytes come and says when each piece is due at the other end. An empty piece is the end.
fn read(way: &Way, mut from: TcpStream, is_answer: bool, pieces: &Sender<(Instant, Vec<u8>)>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        let carried = way.carry(count, is_answer);
        let due = Instant::now() + way.delay;
        let vanished = carried == 0 && way.silent.load(Ordering::SeqCst);
        if !vanished && pieces.send((due, buffer[..carried].to_vec())).is_err() {
            // The other end is gone.
            let _ = from.shutdown(Shutdown::Both);
            return;
        }
        if count == 0 {
            return;
        }
    }
}

/// Writes each piece when it is due. Only an end that was carried closes the other end.
fn write(mut to: TcpStream, pieces: &Receiver<(Instant, Vec<u8>)>) {
    // Nagle's algorithm would delay small packets once more.
    let _ = to.set_nodelay(true);
    while let Ok((due, piece)) = pieces.recv() {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if piece.is_empty() {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        if to.write_all(&piece).is_err() {
            return;
        }
    }
}
