//! A TCP server in threads: it accepts on a loopback port and hands each connection to a function.

use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// An accepting port. Dropping it closes the port and every connection.
pub struct Acceptor {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    sockets: Mutex<Vec<TcpStream>>,
}

/// The sockets that are closed when the acceptor is dropped, and not before.
#[derive(Clone)]
pub struct Keeper(Arc<Shared>);

impl Acceptor {
    /// Listens on a free port. Each connection gets a thread of its own, in which `serve` runs; the socket stays open
    /// when `serve` returns, unless it shuts it down.
    pub fn start(serve: impl Fn(TcpStream, &Keeper) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared::default());
        let keeper = Keeper(Arc::clone(&shared));
        let serve = Arc::new(serve);
        let thread = std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                if keeper.0.stopped.load(Ordering::SeqCst) {
                    return;
                }
                keeper.keep(&socket);
                let (serve, keeper) = (Arc::clone(&serve), keeper.clone());
                std::thread::spawn(move || serve(socket, &keeper));
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Keeper {
    /// Keeps a socket open until the acceptor is dropped, and closes it then.
    pub fn keep(&self, socket: &TcpStream) {
        let mut sockets = self.0.sockets.lock().unwrap();
        sockets.push(socket.try_clone().expect("another handle of a socket"));
        if self.0.stopped.load(Ordering::SeqCst) {
            // It was accepted while the others were being closed.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        for socket in self.shared.sockets.lock().unwrap().drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
