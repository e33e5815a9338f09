//! What is wrong with a repository, in words that hold for whichever node has it.

use crate::core::inventory::Repository as Expected;
use crate::core::name::NodeName;
use crate::core::probe::{Facts, RepositoryState};
use crate::core::shell::word;

/// What to do about a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::core) enum Remedy {
    /// By hand, on the node.
    OnNode(String),
    /// `m3m init` makes good what is missing.
    Init,
}

impl Remedy {
    /// For whichever node it is.
    pub(in crate::core) fn of_any(self) -> String {
        match self {
            Self::OnNode(hint) => hint,
            Self::Init => "m3m init makes it; or correct repository.path".to_owned(),
        }
    }

    /// For this node.
    pub(in crate::core) fn of(self, node: &NodeName) -> String {
        match self {
            Self::OnNode(hint) => format!("on {node}: {hint}"),
            Self::Init => format!("m3m init {node} makes it; or correct repository.path"),
        }
    }
}

/// What is wrong, and what to do about it; nothing where the repository is as it should be, or unknown.
pub(in crate::core) fn repository_fault(expected: &Expected, facts: &Facts) -> Option<(String, Remedy)> {
    let Expected { path, branch, .. } = expected;
    let there = word(path);
    let by_hand = |text: String, hint: String| Some((text, Remedy::OnNode(hint)));
    match &facts.repository {
        RepositoryState::Unknown => None,
        RepositoryState::GitMissing => by_hand("there is no git".to_owned(), "install git".to_owned()),
        RepositoryState::Unusable(said) if said.contains("dubious ownership") => by_hand(
            format!("git distrusts the owner of {path}"),
            format!("chown it there, or: git config --global --add safe.directory {there}"),
        ),
        RepositoryState::Unusable(said) if said.contains("not a git repo") || said.contains("No such file") => {
            Some((format!("there is no repository at {path}"), Remedy::Init))
        }
        RepositoryState::Unusable(said) => by_hand(
            format!("no usable repository at {path}: {said}"),
            format!("git init -b {branch} {there}, or correct repository.path"),
        ),
        RepositoryState::Inside(below) => by_hand(
            format!("{path} is not a repository of its own but {below} in another one"),
            format!("git init -b {branch} {there}, or correct repository.path"),
        ),
        RepositoryState::Found(found) if found.bare => by_hand(
            format!("the repository at {path} is bare"),
            "clone it with a work tree, through which the service's state breathes; or correct repository.path"
                .to_owned(),
        ),
        RepositoryState::Found(found) if found.commits.is_empty() && facts.complete => {
            Some((format!("the repository at {path} has no commit yet"), Remedy::Init))
        }
        RepositoryState::Found(found) => {
            let switch = format!("git -C {there} switch {branch}");
            match &found.branch {
                Some(other) if other != branch => by_hand(format!("on branch {other} instead of {branch}"), switch),
                None if facts.complete => by_hand("the head is detached".to_owned(), switch),
                _ => {
                    let lock = found.lock_file.as_ref()?;
                    let why = format!("git crashed and left a lock file, nothing can be committed: {lock}");
                    by_hand(why, format!("if no git runs there: rm {}", word(lock)))
                }
            }
        }
    }
}
