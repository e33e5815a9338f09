//! The terminal's echo of control characters. The `^C` of an interrupt would move the cursor between drawing the
//! progress and clearing it, and a line of it would stay.

use std::io;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetpgrp, tcsetattr};

/// Control characters are not echoed on the terminal of standard error while this lives.
pub(super) struct Hushed(());

impl Hushed {
    /// Nothing where the terminal does not echo them, or is not this process's to change.
    pub(super) fn hush() -> Option<Self> {
        set(false).then_some(Self(()))
    }
}

impl Drop for Hushed {
    fn drop(&mut self) {
        set(true);
    }
}

/// Turns the echo on or off and leaves all else as it is; returns whether that changed anything.
fn set(on: bool) -> bool {
    let terminal = io::stderr();
    // Whoever changes a terminal from the background is stopped.
    if tcgetpgrp(&terminal) != Ok(getpgrp()) {
        return false;
    }
    let Ok(mut modes) = tcgetattr(&terminal) else { return false };
    if modes.local_modes.contains(LocalModes::ECHOCTL) == on {
        return false;
    }
    modes.local_modes.set(LocalModes::ECHOCTL, on);
    tcsetattr(&terminal, OptionalActions::Now, &modes).is_ok()
}
