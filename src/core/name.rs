//! Names of nodes and cells.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes: a DNS label.
const NAME_BYTES_MAX: usize = 63;

/// The name of a node or of a cell: `[a-z0-9][a-z0-9._-]{0,62}`.
///
/// The alphabet is safe in a shell word, in a file name and in a git ref.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// The name of one node.
pub type NodeName = Name;
/// The name of one cell.
pub type CellName = Name;

impl Name {
    /// The regular expression that every name matches, as the JSON Schema says it.
    pub const PATTERN: &str = "^[a-z0-9][a-z0-9._-]{0,62}$";

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name starts with a-z or 0-9 and goes on with a-z, 0-9, `.`, `_` or `-`, 63 characters at most")]
pub struct NameError;

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let starts = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let goes_on = |b: u8| starts(b) || matches!(b, b'.' | b'_' | b'-');
        let bytes = text.as_bytes();
        match bytes {
            [first, rest @ ..]
                if bytes.len() <= NAME_BYTES_MAX && starts(*first) && rest.iter().copied().all(goes_on) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NameError),
        }
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
