//! The pause: hands off, no automatic change anywhere in the cell until a time, or until somebody resumes it.
//!
//! Each node holds it in its own repository, as a blob under `refs/m3m/pause`. Of several records the latest counts. A
//! resumption is a record that has ended, so that an older one on a node that was away has no effect.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, Unit};
use serde::{Deserialize, Serialize};

use super::name::{CellName, NodeName};
use super::silence::Silence;
use super::step::Refusal;

/// The ref under which a node holds it.
pub const REF: &str = "refs/m3m/pause";

/// A pause, or its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The cell.
    pub cell: CellName,
    /// When it ends by itself; nothing: when somebody resumes.
    pub until: Option<Timestamp>,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// By whom: user@host.
    #[serde(default)]
    pub by: String,
    /// When it was ordered, by the clock of who ordered it.
    pub at: Timestamp,
}

/// Records follow one another by at least this, whatever the clocks of those who order them say.
const STEP: SignedDuration = SignedDuration::from_millis(1);

impl Pause {
    /// The pause that follows what was seen.
    #[must_use]
    pub fn next(
        cell: CellName,
        lasts: Option<Duration>,
        reason: String,
        by: String,
        now: Timestamp,
        seen: Option<&Self>,
    ) -> Self {
        let at = after(now, seen);
        // What cannot be expressed as a time lasts until somebody resumes.
        let until = lasts.and_then(|lasts| now.checked_add(lasts).ok()).map(whole_ms);
        Self { cell, until, reason, by, at }
    }

    /// The end of what was seen.
    #[must_use]
    pub fn end(cell: CellName, reason: String, by: String, now: Timestamp, seen: Option<&Self>) -> Self {
        let at = after(now, seen);
        Self { cell, until: Some(at.min(now)), reason, by, at }
    }

    /// Reads a record. Nothing where it is none.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Writes a record.
    #[must_use]
    pub fn write(&self) -> String {
        // Names, times and texts always have a form in JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Whether nothing is to change by itself at this time.
    #[must_use]
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }

    /// How long it still lasts; nothing where that is up to somebody.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        self.until.map(|until| Duration::try_from(until.duration_since(now)).unwrap_or_default())
    }
}

/// A pause that was ordered or ended, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pausing {
    /// When.
    pub at: Timestamp,
    /// The new record.
    pub record: Pause,
    /// The pause that was on before.
    pub before: Option<Pause>,
    /// What came of it, by node, in the order of the inventory.
    pub nodes: Vec<(NodeName, Kept)>,
    /// Nothing was changed; who answers would be told.
    pub is_dry_run: bool,
}

/// What came of putting a record to a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Kept {
    /// It holds it.
    Holds,
    /// It refused.
    Refused(Refusal),
    /// It was not reached.
    Silent(Silence),
    /// No answer came: it may hold it.
    Unknown(Silence),
}

impl Kept {
    /// The word as JSON has it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Refused(_) => "refused",
            Self::Silent(_) => "silent",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Why it may not hold it: what follows the node's name in a sentence.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Holds => None,
            Self::Refused(refusal) => Some(format!("refuses: {refusal}")),
            Self::Silent(silence) => Some(format!("does not know: {silence}")),
            Self::Unknown(silence) => Some(format!("may know or not: {silence}")),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self, node: &NodeName) -> Option<String> {
        match self {
            Self::Refused(Refusal::NotInitialised) => Some(format!("m3m init {node} makes it ready")),
            Self::Silent(_) | Self::Unknown(_) => Some("the same command again, once it answers".to_owned()),
            Self::Holds | Self::Refused(_) => None,
        }
    }
}

/// The record that counts of those that the nodes of a cell hold, be it a pause or its end.
pub fn latest<'a>(cell: &CellName, held: impl Iterator<Item = &'a Pause>) -> Option<&'a Pause> {
    held.filter(|pause| pause.cell == *cell).max_by_key(|pause| pause.at)
}

/// A time for a record that is to count more than what was seen.
fn after(now: Timestamp, seen: Option<&Pause>) -> Timestamp {
    let earliest = seen.and_then(|seen| seen.at.checked_add(STEP).ok());
    whole_ms(earliest.map_or(now, |earliest| earliest.max(now)))
}

fn whole_ms(time: Timestamp) -> Timestamp {
    time.round(Unit::Millisecond).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell() -> CellName {
        "montana".parse().expect("a name")
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-11-22T{text}Z").parse().expect("a time")
    }

    fn pause(lasts_s: Option<u64>, now: &str, seen: Option<&Pause>) -> Pause {
        let lasts = lasts_s.map(Duration::from_secs);
        Pause::next(cell(), lasts, "a \"disk\"".to_owned(), "op@desk".to_owned(), at(now), seen)
    }

    fn end(now: &str, seen: Option<&Pause>) -> Pause {
        Pause::end(cell(), String::new(), "op@desk".to_owned(), at(now), seen)
    }

    #[test]
    fn it_lasts_as_long_as_was_said() {
        let half_an_hour = pause(Some(1800), "03:00:00", None);
        assert!(half_an_hour.is_on(at("03:29:59")) && !half_an_hour.is_on(at("03:30:00")));
        assert_eq!(half_an_hour.left(at("03:29:00")), Some(Duration::from_secs(60)));
        assert_eq!(half_an_hour.left(at("04:00:00")), Some(Duration::ZERO));
        let open = pause(None, "03:00:00", None);
        assert!(open.is_on(at("23:00:00")) && open.left(at("23:00:00")).is_none());
        assert!(pause(Some(u64::MAX), "03:00:00", None).is_on(at("23:00:00")));
    }

    #[test]
    fn a_resumption_counts_more_than_what_was_seen_whatever_the_clocks_say() {
        let paused = pause(Some(1800), "03:00:00", None);
        for now in ["02:00:00", "03:00:00", "03:10:00"] {
            let resumed = end(now, Some(&paused));
            let counts = latest(&cell(), [&paused, &resumed].into_iter()).expect("a record");
            assert_eq!(counts, &resumed);
            assert!(!counts.is_on(at(now)), "resumed at {now}");
            let again = pause(None, "01:00:00", Some(&resumed));
            assert_eq!(latest(&cell(), [&again, &resumed, &paused].into_iter()), Some(&again));
        }
    }

    #[test]
    fn what_another_cell_says_does_not_count() {
        let other = Pause { cell: "other".parse().expect("a name"), ..pause(None, "03:00:00", None) };
        assert_eq!(latest(&cell(), [&other].into_iter()), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for pause in [pause(Some(1800), "03:00:00.123", None), pause(None, "03:00:00", None), end("03:00:00", None)] {
            assert_eq!(Pause::read(&pause.write()), Some(pause.clone()));
            assert_eq!(Pause::read(&pause.write().replace('\n', "")), Some(pause), "in one line");
        }
        assert_eq!(Pause::read("{}"), None);
    }
}
