//! Distances: how far the ends of a lab are from each other.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::end::Path;

/// A set of distances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wan {
    /// Everything is on this machine.
    #[default]
    None,
    /// The cities after which the nodes are named, seen from an operator near Moscow.
    Montana,
}

/// Round trips of [`Wan::Montana`], in milliseconds.
const MONTANA_MS: [(&str, &str, u64); 15] = [
    ("operator", "amsterdam", 45),
    ("operator", "moscow", 3),
    ("operator", "almaty", 65),
    ("operator", "saint-petersburg", 12),
    ("operator", "novosibirsk", 50),
    ("amsterdam", "moscow", 43),
    ("amsterdam", "almaty", 100),
    ("amsterdam", "saint-petersburg", 36),
    ("amsterdam", "novosibirsk", 88),
    ("moscow", "almaty", 62),
    ("moscow", "saint-petersburg", 10),
    ("moscow", "novosibirsk", 47),
    ("almaty", "saint-petersburg", 72),
    ("almaty", "novosibirsk", 31),
    ("saint-petersburg", "novosibirsk", 57),
];

impl Wan {
    /// All sets.
    pub const ALL: [Self; 2] = [Self::None, Self::Montana];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Montana => "montana",
        }
    }

    /// The round trip on a path.
    pub(super) fn rtt(self, (one, other): Path) -> Duration {
        if self == Self::None {
            return Duration::ZERO;
        }
        let found = MONTANA_MS.iter().find(|(from, to, _)| (*from, *to) == (one.name(), other.name()));
        found.map_or(Duration::ZERO, |(.., ms)| Duration::from_millis(*ms))
    }
}

#[cfg(test)]
mod tests {
    use super::super::end::{End, paths};
    use super::*;

    #[test]
    fn every_path_has_its_distance_and_no_other_is_listed() {
        let listed: Vec<_> = MONTANA_MS.iter().map(|(from, to, _)| (*from, *to)).collect();
        let all: Vec<_> = paths().map(|(one, other)| (one.name(), other.name())).collect();
        assert_eq!(listed, all);
        assert!(paths().all(|path| Wan::Montana.rtt(path) > Duration::ZERO));
        assert!(paths().all(|path| Wan::None.rtt(path) == Duration::ZERO));
    }

    #[test]
    fn no_detour_through_another_city_is_much_shorter() {
        let rtt = |one: End, other: End| Wan::Montana.rtt(one.path(other)).as_millis();
        for (one, other) in paths() {
            for over in End::ALL.into_iter().filter(|end| *end != one && *end != other) {
                let detour = rtt(one, over) + rtt(over, other);
                assert!(detour * 5 >= rtt(one, other) * 4, "{one} to {other} over {over}: {detour} ms");
            }
        }
    }
}
