//! The term: the numbered record of who is PRIMARY and BRAIN, as a node holds it under `refs/m3m/term`.

use serde::Deserialize;

use super::name::NodeName;

/// What a node says of its term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldTerm {
    /// The commit that `refs/m3m/term` names.
    pub commit: String,
    /// Its `term.json`, where that could be read.
    pub record: Option<TermRecord>,
}

/// The part of `term.json` that says who is who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermRecord {
    /// The number: a higher one wins.
    pub term: u64,
    /// Who executes the service.
    pub primary: NodeName,
    /// Who observes and decides.
    pub brain: NodeName,
}

impl TermRecord {
    /// Reads `term.json`; fields of no interest here are passed over. Nothing where it is not a term.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Shape {
            term: u64,
            primary: String,
            brain: String,
        }
        let shape: Shape = serde_json::from_str(json).ok()?;
        Some(Self { term: shape.term, primary: shape.primary.parse().ok()?, brain: shape.brain.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_roles_and_passes_over_the_rest() {
        let json = r#"{"term": 7, "cell": "montana", "primary": "almaty", "brain": "moscow", "at": "…"}"#;
        let record = TermRecord::read(json).expect("a term");
        assert_eq!((record.term, record.primary.as_str(), record.brain.as_str()), (7, "almaty", "moscow"));
        for broken in [
            "",
            "{}",
            r#"{"term": -1, "primary": "a", "brain": "b"}"#,
            r#"{"term": 1, "primary": "A b", "brain": "b"}"#,
        ] {
            assert_eq!(TermRecord::read(broken), None, "{broken}");
        }
    }
}
