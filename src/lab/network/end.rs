//! The ends of a lab's paths, and the paths between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::layout::PARTS;
use crate::error::Error;

/// The name of the end that is no node.
const OPERATOR: &str = "operator";

/// An end of a path: a node, or the operator, which is everybody on this machine who is no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// This machine.
    Operator,
    /// The node of this name.
    Node(&'static str),
}

/// Which of the bytes on a path a cut makes vanish, as its node sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// All of them.
    Both,
    /// Those that go to the node.
    To,
    /// Those that come from the node.
    From,
}

/// Two ends, the earlier one of [`End::ALL`] first.
pub(super) type Path = (End, End);

impl End {
    /// The operator, then the nodes in their order.
    pub const ALL: [Self; 6] = [
        Self::Operator,
        Self::Node(PARTS[0].name),
        Self::Node(PARTS[1].name),
        Self::Node(PARTS[2].name),
        Self::Node(PARTS[3].name),
        Self::Node(PARTS[4].name),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => OPERATOR,
            Self::Node(name) => name,
        }
    }

    /// The path to another end.
    pub(super) fn path(self, other: Self) -> Path {
        let place = |end| Self::ALL.iter().position(|one| *one == end);
        if place(self) <= place(other) { (self, other) } else { (other, self) }
    }

    /// Everything that it can talk to.
    pub(super) fn peers(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |end| *end != self)
    }
}

/// All fifteen paths, in the order of their ends.
pub(super) fn paths() -> impl Iterator<Item = Path> {
    let later = |(index, end)| End::ALL.into_iter().skip(index + 1).map(move |other| (end, other));
    End::ALL.into_iter().enumerate().flat_map(later)
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for End {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|end| end.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::usage(format!("a lab's network has no end {text}")).hint(format!("its ends are {names}"))
        })
    }
}

impl Serialize for End {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_ends_have_fifteen_paths_each_with_one_name() {
        let all: Vec<_> = paths().collect();
        assert_eq!(all.len(), 15);
        assert!(all.iter().all(|(one, other)| one.path(*other) == other.path(*one)), "whichever end asks");
        assert!(all.iter().all(|(one, other)| one.path(*other) == (*one, *other)));
        assert!(End::ALL.iter().all(|end| end.name().parse::<End>().unwrap() == *end));
        assert!("atlantis".parse::<End>().unwrap_err().render().contains("operator, amsterdam"));
    }
}
