//! The ledger itself: a file a number, in the node's work tree.

use std::fs::{File, create_dir, read_dir, remove_file};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::layout::{NodeDir, write_atomically};
use super::super::lock;
use super::super::start::leave_session;
use super::super::wire::{Cable, Port};
use super::LINE_BYTES_MAX;
use crate::error::{Error, Exit};

/// A client that says nothing for this time is let go.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// A client that does not take its answer is let go after this time.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// Clients at once.
const CLIENTS_MAX: usize = 64;

/// Serves the ledger of the node in this directory until it is killed.
///
/// # Errors
/// It runs already, its files cannot be used, its port is taken, or the network is gone.
pub fn serve(dir: PathBuf) -> Result<(), Error> {
    leave_session();
    let ledger = Arc::new(Records { node: NodeDir::new(dir), write: Mutex::new(()) });
    let node = &ledger.node;
    let failed =
        |error: io::Error| Error::new(Exit::Refused, format!("the ledger of {} fails", node.name())).because(error);
    let held = lock::take(&node.ledger_lock(), Duration::from_millis(500)).map_err(failed)?;
    let _held = held.ok_or_else(|| Error::new(Exit::Refused, format!("the ledger of {} runs already", node.name())))?;
    forget_unfinished(node).map_err(failed)?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    write_atomically(&node.ledger_inner(), &format!("{port}\n"), 0o600).map_err(failed)?;
    let cable = Cable::plug(node, Port::Ledger, port)?;
    std::thread::spawn(move || accept(&listener, &ledger));
    cable.wait();
    Err(Error::new(Exit::Refused, "the lab's network is gone"))
}

fn accept(listener: &TcpListener, ledger: &Arc<Records>) {
    let clients = Arc::new(AtomicUsize::new(0));
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // Such as too many open files: it passes.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        let client = Client::new(&clients);
        let ledger = Arc::clone(ledger);
        std::thread::spawn(move || {
            // A client that goes away concerns nobody else.
            let _ = ledger.talk(&stream, &client);
        });
    }
}

/// Counts the clients.
struct Client {
    all: Arc<AtomicUsize>,
    number: usize,
}

impl Client {
    fn new(all: &Arc<AtomicUsize>) -> Self {
        Self { all: Arc::clone(all), number: all.fetch_add(1, Ordering::Relaxed) + 1 }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Records {
    node: NodeDir,
    write: Mutex<()>,
}

impl Records {
    fn talk(&self, mut stream: &TcpStream, client: &Client) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(IDLE_TIMEOUT))?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        if client.number > CLIENTS_MAX {
            return stream.write_all(b"error: too many clients\n");
        }
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            match line.split_last() {
                None => return Ok(()),
                Some((b'\n', line)) => stream.write_all(self.answer(line).as_bytes())?,
                Some(_) => return stream.write_all(b"error: line too long or cut off\n"),
            }
        }
    }

    fn answer(&self, line: &[u8]) -> String {
        match request(line) {
            Some(Request::Ping) => format!("pong {}\n", self.node.name()),
            Some(Request::Write(number)) => match self.record(number) {
                Ok(()) => format!("ok {number}\n"),
                Err(error) => format!("error: not written: {error}\n"),
            },
            None => "error: say `write NUMBER` or `ping`\n".to_owned(),
        }
    }

    /// Writes the record unless it is there, and returns when it would survive a loss of power.
    fn record(&self, number: u64) -> io::Result<()> {
        // The lock guards no value, so a panic of its holder has broken nothing.
        let _one_at_a_time = self.write.lock().unwrap_or_else(PoisonError::into_inner);
        let records = self.node.records();
        match create_dir(&records) {
            Ok(()) => File::open(self.node.repository())?.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let path = records.join(file_name(number));
        if !path.exists() {
            let mut file = tempfile::NamedTempFile::new_in(self.node.temporary())?;
            let time = crate::world::clock::now();
            write!(file, "number: {number}\nnode: {}\ntime: {time:.3}\n", self.node.name())?;
            file.as_file().sync_all()?;
            match file.persist_noclobber(&path) {
                // It may have come from another node meanwhile.
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
                other => drop(other.map_err(|error| error.error)?),
            }
        }
        // Also for a record that was there: its writer may have ended before this step.
        File::open(&records)?.sync_all()
    }
}

/// Removes what an earlier ledger was writing when it was killed.
fn forget_unfinished(node: &NodeDir) -> io::Result<()> {
    for entry in read_dir(node.temporary())? {
        remove_file(entry?.path())?;
    }
    Ok(())
}

/// The file of a number: of one width, so that a listing is in order.
fn file_name(number: u64) -> String {
    format!("{number:020}")
}

#[derive(Debug, PartialEq, Eq)]
enum Request {
    Ping,
    Write(u64),
}

fn request(line: &[u8]) -> Option<Request> {
    let line = str::from_utf8(line).ok()?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line == "ping" {
        return Some(Request::Ping);
    }
    let number = line.strip_prefix("write ")?;
    // A sign would be a second name of the same number.
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten().map(Request::Write)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_requests() {
        assert_eq!(request(b"ping"), Some(Request::Ping));
        assert_eq!(request(b"write 7"), Some(Request::Write(7)));
        assert_eq!(request(b"write 18446744073709551615\r"), Some(Request::Write(u64::MAX)));
        for bad in ["", "write", "write ", "write -1", "write +1", "write 1 2", "write 18446744073709551616", "PING"] {
            assert_eq!(request(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(request(b"\xff\xfe"), None);
    }

    #[test]
    fn file_names_are_in_the_order_of_the_numbers() {
        assert!(file_name(9) < file_name(10));
        assert!(file_name(10) < file_name(u64::MAX));
    }
}
