//! A YAML document as a tree with places: what stands where.

use std::fmt;

/// Where a piece of text stands. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The line it starts on.
    pub line: usize,
    /// The column it starts in.
    pub column: usize,
    /// How many characters of that line belong to it, at least 1.
    pub width: usize,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Value {
    /// Its place. Of a mapping or a list: the place of its first entry.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A text, number or word; `plain` where it stands without quotes.
    Scalar {
        /// The text, without quotes.
        text: String,
        /// Whether it stands without quotes.
        plain: bool,
    },
    /// Keys and values, in the order of the file. A key may stand twice here.
    Map(Vec<(Key, Value)>),
    /// Values, in the order of the file.
    List(Vec<Value>),
}

/// A key of a mapping and its place.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key.
    pub name: String,
    /// Its place.
    pub span: Span,
}

/// The way from the document to a value: `nodes[1].ssh.port`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

impl Span {
    /// The start of the document.
    pub const START: Self = Self { line: 1, column: 1, width: 1 };
}

impl Value {
    /// Whether the value says nothing: `key:`, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What the value is, in words.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Scalar { .. } if self.is_null() => "nothing",
            Kind::Scalar { .. } => "a text or number",
            Kind::Map(_) => "a mapping",
            Kind::List(_) => "a list",
        }
    }

    /// The entry of a key, the first one where it stands twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&Key, &Value)> {
        let Kind::Map(entries) = &self.kind else { return None };
        entries.iter().find(|(key, _)| key.name == name).map(|(key, value)| (key, value))
    }

    /// The value at a path, or the nearest one above it that exists.
    #[must_use]
    pub fn nearest(&self, path: &Path) -> &Value {
        let mut value = self;
        for step in &path.0 {
            let next = match (step, &value.kind) {
                (Step::Key(name), Kind::Map(_)) => value.get(name).map(|(_, value)| value),
                (Step::Index(index), Kind::List(items)) => items.get(*index),
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => break,
            }
        }
        value
    }
}

impl Path {
    /// The path of a key below this one.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.step(Step::Key(name.to_owned()))
    }

    /// The path of an item below this one, from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// The last key of the path.
    #[must_use]
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(name) => Some(name.as_str()),
            Step::Index(_) => None,
        })
    }

    /// Whether this is the document itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    fn step(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if position == 0 => f.write_str(name)?,
                Step::Key(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
