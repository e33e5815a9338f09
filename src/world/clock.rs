//! The wall clock of this machine. Durations are measured with `Instant`, which no one can set back.

use jiff::Timestamp;

/// Now, UTC.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
