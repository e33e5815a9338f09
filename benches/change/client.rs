//! A client of the service: it writes numbered records to whichever ledger takes them, and notes when each was taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use m3m::lab::ledger::Ledger;

/// Between two records, and between two tries at a ledger that does not answer: no gap is known better than to this.
const PAUSE: Duration = Duration::from_millis(5);
/// A ledger that says nothing for this time is asked anew.
const SILENCE: Duration = Duration::from_millis(500);
/// So many records are new in a run of the client, and then written again, which the ledger acknowledges as well: the
/// work tree does not grow with the time that a change takes.
const NEW: u64 = 20;

/// A running client.
pub struct Client {
    is_over: Arc<AtomicBool>,
    writers: Vec<(&'static str, JoinHandle<Vec<Instant>>)>,
    taken: Arc<AtomicU64>,
}

/// When ledgers took records: of each node, in order.
pub struct Taken(Vec<(&'static str, Vec<Instant>)>);

impl Client {
    /// Writes records from this number on to the ledgers on these ports.
    pub fn start(ledgers: &[(&'static str, u16)], first: u64) -> Self {
        let (is_over, next, taken) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let start = |(node, port): &(&'static str, u16)| {
            let (is_over, next, taken, port) = (Arc::clone(&is_over), Arc::clone(&next), Arc::clone(&taken), *port);
            let write = move || {
                let number = || first + next.fetch_add(1, Ordering::Relaxed) % NEW;
                let mut times = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    if let Ok(mut ledger) = Ledger::connect(port, SILENCE) {
                        while !is_over.load(Ordering::Relaxed) && ledger.write(number()).is_ok() {
                            times.push(Instant::now());
                            taken.fetch_add(1, Ordering::Relaxed);
                            std::thread::sleep(PAUSE);
                        }
                    }
                    std::thread::sleep(PAUSE);
                }
                times
            };
            (*node, std::thread::spawn(write))
        };
        let writers = ledgers.iter().map(start).collect();
        Self { is_over, writers, taken }
    }

    /// Waits until so many more records are taken.
    pub fn wait_for(&self, more: u64) {
        let enough = self.taken.load(Ordering::Relaxed) + more;
        let is_enough = || (self.taken.load(Ordering::Relaxed) >= enough).then_some(());
        crate::support::until("a ledger takes records", Duration::from_secs(30), is_enough);
    }

    pub fn end(self) -> Taken {
        self.is_over.store(true, Ordering::Relaxed);
        let join = |(node, writer): (_, JoinHandle<_>)| (node, writer.join().expect("a writer"));
        Taken(self.writers.into_iter().map(join).collect())
    }
}

impl Taken {
    /// From the last record that one ledger took to the first that another one took, in seconds: below zero, both took
    /// records at the same time.
    pub fn gap_s(&self, from: &str, to: &str) -> f64 {
        let of = |name: &str| &self.0.iter().find(|(node, _)| *node == name).expect("a node").1;
        let last = of(from).last().expect("a record before");
        let first = of(to).first().expect("a record after");
        match first.checked_duration_since(*last) {
            Some(gap) => gap.as_secs_f64(),
            None => -last.duration_since(*first).as_secs_f64(),
        }
    }
}
