//! How far one command is: said by the owner of its session, and read by its asker, who may give up.

use std::sync::atomic::{AtomicU8, Ordering};

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const SENT: u8 = 2;
const GIVEN_UP: u8 = 3;

/// How far a command is.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU8);

impl Progress {
    /// The owner turns to it. No: its asker has given up.
    pub(super) fn begin(&self) -> bool {
        self.0.compare_exchange(WAITING, BEGUN, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// The owner is about to send it.
    pub(super) fn send(&self) {
        self.0.store(SENT, Ordering::SeqCst);
    }

    /// The asker gives up. Yes: the owner has not turned to it, and never will.
    pub(super) fn give_up(&self) -> bool {
        self.0.compare_exchange(WAITING, GIVEN_UP, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Whether any of it may have left.
    pub(super) fn is_sent(&self) -> bool {
        self.0.load(Ordering::SeqCst) == SENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_begun_or_given_up_and_never_both() {
        let (begun, given_up) = (Progress::default(), Progress::default());
        assert!(begun.begin() && !begun.give_up() && !begun.is_sent());
        begun.send();
        assert!(begun.is_sent());
        assert!(given_up.give_up() && !given_up.begin() && !given_up.is_sent());
    }
}
