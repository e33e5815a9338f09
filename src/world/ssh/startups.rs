//! How many connections to one server are being made at once.
//!
//! sshd drops connections at random when more than ten have not authenticated yet (`MaxStartups 10:30:100`, as it comes),
//! and a jump host, or a node that relays, is asked for one connection for each node behind it.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::core::silence::{Cause, Phase, Silence};

/// At most so many connections to one server are on their way: a few less than it takes, since m3m is not its only
/// client.
const STARTUPS_MAX: usize = 8;

static STARTUPS: Mutex<BTreeMap<(String, u16), usize>> = Mutex::new(BTreeMap::new());
static ONE_LESS: Condvar = Condvar::new();

/// One connection on its way; it counts until this is dropped.
#[derive(Debug)]
pub(super) struct Startup(String, u16);

/// Waits until one more connection to the server may be made.
pub(super) fn begin(host: &str, port: u16, deadline: Instant) -> Result<Startup, Silence> {
    let server = (host.to_owned(), port);
    let mut startups = lock();
    loop {
        let count = startups.entry(server.clone()).or_default();
        if *count < STARTUPS_MAX {
            *count += 1;
            return Ok(Startup(server.0, server.1));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // Those before it have waited in vain all the time.
            return Err(Silence { phase: Phase::Connect, cause: Cause::Timeout });
        }
        startups = ONE_LESS.wait_timeout(startups, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}

impl Drop for Startup {
    fn drop(&mut self) {
        let mut startups = lock();
        let server = (std::mem::take(&mut self.0), self.1);
        if let Some(count) = startups.get_mut(&server) {
            *count -= 1;
            if *count == 0 {
                startups.remove(&server);
            }
        }
        drop(startups);
        ONE_LESS.notify_all();
    }
}

fn lock() -> MutexGuard<'static, BTreeMap<(String, u16), usize>> {
    STARTUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_more_has_to_wait_for_one_less() {
        let soon = || Instant::now() + Duration::from_millis(1);
        let mut begun: Vec<_> = (0..STARTUPS_MAX).map(|_| begin("bastion.test", 22, soon()).unwrap()).collect();
        assert!(begin("bastion.test", 22, soon()).is_err());
        assert!(begin("other.test", 22, soon()).is_ok(), "another server is another matter");
        let waiting = std::thread::spawn(|| begin("bastion.test", 22, Instant::now() + Duration::from_secs(20)));
        begun.pop();
        assert!(waiting.join().unwrap().is_ok());
    }
}
