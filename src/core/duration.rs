//! Durations as people write them: `5s`, `1m30s`, `250ms`.

use std::time::Duration;

use jiff::fmt::friendly::{FractionalUnit, Spacing, SpanPrinter};

/// The longest duration accepted anywhere: ten years, far from every overflow.
const DURATION_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a number with a unit.
    #[error("not a duration: write a number and a unit, such as 5s, 1m30s or 250ms")]
    Syntax,
    /// Zero, negative or beyond ten years.
    #[error("a duration is more than 0 and at most ten years")]
    Range,
}

/// Reads a duration such as `5s` or `1m30s`; it is more than zero.
///
/// # Errors
/// A text without a unit, or a duration that is not above zero.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    // The ISO 8601 form (`PT5S`) and signs are understood by the library, but nobody writes them in an inventory.
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains("ago") {
        return Err(if text.starts_with('-') { DurationError::Range } else { DurationError::Syntax });
    }
    let signed: jiff::SignedDuration = text.parse().map_err(|_| DurationError::Syntax)?;
    match Duration::try_from(signed) {
        Ok(duration) if duration > Duration::ZERO && duration <= DURATION_MAX => Ok(duration),
        _ => Err(DurationError::Range),
    }
}

/// Writes a duration the way [`parse`] reads it: `1m30s`, `2.5s`.
#[must_use]
pub fn display(duration: Duration) -> String {
    SpanPrinter::new()
        .spacing(Spacing::None)
        .fractional(Some(FractionalUnit::Second))
        .unsigned_duration_to_string(&duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, ms) in [("5s", 5_000), ("1m30s", 90_000), ("250ms", 250), ("1h", 3_600_000), ("2.5s", 2_500)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
            assert_eq!(
                parse(&display(Duration::from_millis(ms))),
                Ok(Duration::from_millis(ms)),
                "{text} written again"
            );
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "5", "s", "soon", "5 parsecs", "PT5S", "5s ago"] {
            assert_eq!(parse(text), Err(DurationError::Syntax), "{text:?}");
        }
        for text in ["0s", "-5s", "999999999h"] {
            assert_eq!(parse(text), Err(DurationError::Range), "{text:?}");
        }
    }
}
