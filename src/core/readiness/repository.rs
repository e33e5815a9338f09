//! What is wrong with a repository, in words that hold for whichever node has it.

use crate::core::inventory::Repository as Expected;
use crate::core::probe::{Facts, RepositoryState};
use crate::core::shell::word;

/// What is wrong, and what to do on the node; nothing where the repository is as it should be, or unknown.
pub(in crate::core) fn repository_fault(expected: &Expected, facts: &Facts) -> Option<(String, String)> {
    let Expected { path, branch, .. } = expected;
    let there = word(path);
    Some(match &facts.repository {
        RepositoryState::Unknown => return None,
        RepositoryState::GitMissing => ("there is no git".to_owned(), "install git there".to_owned()),
        RepositoryState::Unusable(said) if said.contains("dubious ownership") => (
            format!("git distrusts the owner of {path}"),
            format!("chown it there, or: git config --global --add safe.directory {there}"),
        ),
        RepositoryState::Unusable(said) => (
            format!("no usable repository at {path}: {said}"),
            format!("git init -b {branch} {there}, or correct repository.path"),
        ),
        RepositoryState::Inside(below) => (
            format!("{path} is not a repository of its own but {below} in another one"),
            format!("git init -b {branch} {there}, or correct repository.path"),
        ),
        RepositoryState::Found(found) if found.bare => (
            format!("the repository at {path} is bare"),
            "clone it with a work tree, through which the service's state breathes; or correct repository.path"
                .to_owned(),
        ),
        RepositoryState::Found(found) if found.commits.is_empty() && facts.complete => (
            format!("the repository at {path} has no commit yet"),
            "commit something, or fetch the history of another node".to_owned(),
        ),
        RepositoryState::Found(found) => {
            let switch = format!("git -C {there} switch {branch}");
            match &found.branch {
                Some(other) if other != branch => (format!("on branch {other} instead of {branch}"), switch),
                None if facts.complete => ("the head is detached".to_owned(), switch),
                _ => {
                    let lock = found.lock_file.as_ref()?;
                    let why = format!("git crashed and left a lock file, nothing can be committed: {lock}");
                    (why, format!("if no git runs there: rm {}", word(lock)))
                }
            }
        }
    })
}
