//! Numbered writes that go on while PRIMARY moves: whatever was acknowledged is kept.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use m3m::lab::ledger::Ledger;

use crate::change_cell::Moved;
use crate::lab::{NODES, SOON, read_number};
use crate::support::until;

/// A ledger on loopback answers sooner.
const PATIENCE: Duration = Duration::from_secs(3);

/// A client that asks every ledger in turn until one takes its number, and then writes the next.
struct Client<'a> {
    cell: &'a Moved,
    ledger: Option<Ledger>,
    acknowledged: Vec<(u64, Instant)>,
}

/// Ends the writing when it is dropped, also where the test fails: nobody would wait for its end in vain.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Client<'_> {
    fn write_until(&mut self, stop: &AtomicBool, count: &AtomicUsize) {
        let mut next = 1;
        while !stop.load(Ordering::Relaxed) {
            if self.ledger.as_mut().is_some_and(|ledger| ledger.write(next).is_ok()) {
                self.acknowledged.push((next, Instant::now()));
                count.fetch_add(1, Ordering::Relaxed);
                next += 1;
            } else {
                self.ledger = NODES.iter().find_map(|node| self.connect(node));
            }
        }
    }

    fn connect(&self, node: &str) -> Option<Ledger> {
        let port = self.cell.labs.node(node).join("ledger.port");
        let port = port.exists().then(|| read_number(&port))?;
        let mut ledger = Ledger::connect(port, PATIENCE).ok()?;
        ledger.ping().ok().map(|_| ledger)
    }

    /// The longest time from one acknowledgement to the next one.
    fn gap(&self) -> Duration {
        let pairs = self.acknowledged.windows(2).map(|pair| pair[1].1 - pair[0].1);
        pairs.max().unwrap_or_default()
    }
}

#[test]
fn no_acknowledged_write_is_lost_while_primary_moves_back_and_forth() {
    let cell = Moved::up();
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut client = Client { cell: &cell, ledger: None, acknowledged: Vec::new() };
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| client.write_until(&stop, &count));
        for primary in ["almaty", "amsterdam", "almaty", "moscow", "novosibirsk"] {
            let before = count.load(Ordering::Relaxed);
            until("a write", SOON, || (count.load(Ordering::Relaxed) > before).then_some(()));
            cell.change(&format!("promote {primary}")).assert(0, "done", &["\"kind\": \"switchover\""]);
        }
    });
    assert_eq!(cell.executing(), ["novosibirsk"]);
    let lost: Vec<u64> = client
        .acknowledged
        .iter()
        .map(|(number, _)| *number)
        .filter(|number| !cell.holds("novosibirsk", *number))
        .collect();
    assert!(client.acknowledged.len() >= 5 && lost.is_empty(), "of {}: {lost:?}", client.acknowledged.len());
    println!("{} writes, longest gap {:?}", client.acknowledged.len(), client.gap());
}
