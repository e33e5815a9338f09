//! Refusals: why something is not done, and what a person may do about it.

/// Why something is not done. Nothing was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// No node answered: most likely this machine is cut off.
    pub is_cut_off: bool,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next.
    pub hints: Vec<String>,
}

impl Refusal {
    /// A refusal with its reason.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { is_cut_off: false, reason: reason.into(), hints: Vec::new() }
    }

    /// The refusal where nobody answered: nodes that turn m3m away were at least reached.
    #[must_use]
    pub fn unanswered(are_reached: bool) -> Self {
        if are_reached {
            return Self::new("no node answers, and some turn m3m away: nothing is known, and nothing was done")
                .hint("m3m check says of each why");
        }
        Self { is_cut_off: true, ..Self::new("no node answered: nothing is known, and nothing was done") }
            .hint("is this machine's network up? m3m status says more")
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
