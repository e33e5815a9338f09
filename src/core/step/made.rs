//! What a repository lacks to be ready, and what was made of that.

/// How far a node's repository is made ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is done: what is missing is told.
    Look,
    /// What is missing is made.
    Make,
    /// The same, and what cannot be read is set aside.
    Repair,
}

/// A part of being ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The repository itself.
    Repository,
    /// Its first commit.
    Commit,
    /// Whose it is.
    Name,
}

/// What became of a term that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aside {
    /// It is kept under this reference.
    Kept(String),
    /// It cannot be kept; this stood in its place.
    Dropped(String),
}

/// What was found missing, and what was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// What is missing.
    pub needs: Vec<Part>,
    /// What was made.
    pub did: Vec<Part>,
    /// Another branch that is checked out; empty for none.
    pub branch: Option<String>,
    /// Why the term cannot be read, where there is one that cannot.
    pub damaged: Option<String>,
    /// What became of it.
    pub aside: Option<Aside>,
}

impl Mode {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Make => "make",
            Self::Repair => "repair",
        }
    }
}

impl Part {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "repository" => Self::Repository,
            "commit" => Self::Commit,
            "name" => Self::Name,
            _ => return None,
        })
    }
}

impl Made {
    pub(super) fn read_line(&mut self, key: &str, value: &str) {
        let add = |parts: &mut Vec<Part>| parts.extend(Part::read(value).filter(|part| !parts.contains(part)));
        match key {
            "needs" => add(&mut self.needs),
            "did" => add(&mut self.did),
            "branch" => self.branch = Some(value.to_owned()),
            "damaged" => self.damaged = Some(value.to_owned()),
            "aside" => {
                let reference = value.split(' ').next().unwrap_or_default();
                self.aside = Some(Aside::Kept(reference.to_owned()));
            }
            "raw" => self.aside = Some(Aside::Dropped(value.to_owned())),
            _ => {}
        }
    }
}
