//! Judging a node's repository: what it is, whether it can be written to, and what it passes over.

use super::answer::Answer;
use super::judge::SLOW;
use super::repository::repository_fault;
use super::{Check, Finding};
use crate::core::inventory::Node;
use crate::core::probe::{Facts, RepositoryState};
use crate::core::shell::word;

/// What is written to see whether it can be.
const WRITES: [&str; 3] = ["files", "objects", "references"];

pub(super) fn repository(node: &Node, facts: &Facts, answer: &Answer) -> Finding {
    match (&facts.repository, repository_fault(&node.repository, facts)) {
        (RepositoryState::Found(_), None) if !answer.locks.is_empty() => Finding::cross(
            Check::Repository,
            format!("a lock file is left, and stops every git: {}", answer.locks.join(", ")),
            format!("look whether a git is at work there (pgrep -a git); if not: rm {}", words(&answer.locks)),
        ),
        (RepositoryState::Found(found), None) => {
            let head = facts.head().map_or_else(String::new, |head| format!(" at {}", &head.id[..7]));
            Finding::ok(Check::Repository, format!("{}{head}", found.branch.as_deref().unwrap_or("?")))
        }
        // Said in the row above.
        (RepositoryState::GitMissing, _) | (_, None) => Finding::unknown(Check::Repository, ""),
        (_, Some((text, remedy))) => Finding::cross(Check::Repository, text, remedy.of_any()),
    }
}

pub(super) fn write(node: &Node, facts: &Facts, answer: &Answer) -> Finding {
    let path = word(&node.repository.path);
    let user = node.ssh.user.as_deref().unwrap_or("USER");
    let own = format!("give {path} to the user that m3m logs in as: sudo chown -R {user} {path}");
    if let Some((_, why)) = answer.writes_not.first() {
        let mut what: Vec<&str> = answer.writes_not.iter().map(|(what, _)| what.as_str()).collect();
        what.dedup();
        let hint = if why.contains("No space") || why.contains("quota") {
            format!("make room where {path} is")
        } else if why.contains("Read-only") {
            format!("mount the file system of {path} for writing: a disk with errors is often mounted read-only")
        } else if why.contains("denied") || why.contains("permi") {
            own
        } else if why.contains("File exists") {
            format!("a git is at work there (pgrep -a git), or has left a lock file: find {path}/.git -name '*.lock'")
        } else {
            format!("try it there, and look what the system says: touch {path}, dmesg")
        };
        return Finding::cross(Check::Write, format!("cannot write {}: {why}", what.join(", ")), hint);
    }
    if !answer.closed.is_empty() {
        return Finding::cross(Check::Write, format!("cannot write in {}", answer.closed.join(", ")), own);
    }
    if WRITES.iter().all(|what| answer.writes.contains(*what)) {
        Finding::ok(Check::Write, WRITES.join(", "))
    } else if is_given_up(facts, answer, "writes") {
        Finding::cross(Check::Write, "writing does not end", SLOW)
    } else {
        Finding::unknown(Check::Write, "")
    }
}

pub(super) fn ignored(facts: &Facts, answer: &Answer) -> Finding {
    match answer.ignored_count {
        None if is_given_up(facts, answer, "ignored") => {
            Finding::unknown(Check::Ignored, "looking for them takes too long")
        }
        None => Finding::unknown(Check::Ignored, ""),
        Some(0) => Finding::ok(Check::Ignored, "none").measured(0.0, "paths"),
        Some(count) => {
            let more = if count > answer.ignored.len() as u64 { ", …" } else { "" };
            let do_not = if count == 1 { "path does not breathe" } else { "paths do not breathe" };
            let text = format!("{count} ignored {do_not}: {}{more}", answer.ignored.join(", "));
            let hint = "what the service needs after a failover must not stand in .gitignore";
            // More than 2^53 paths fit on no disk.
            #[expect(clippy::cast_precision_loss, reason = "a count of paths")]
            Finding::warn(Check::Ignored, text, hint).measured(count as f64, "paths")
        }
    }
}

/// Whether the node came to its last line without a part that needs nothing but the repository.
fn is_given_up(facts: &Facts, answer: &Answer, part: &str) -> bool {
    matches!(facts.repository, RepositoryState::Found(_)) && answer.complete && !answer.is_done(part)
}

/// Paths as words of one command.
fn words(paths: &[String]) -> String {
    paths.iter().map(|path| word(path)).collect::<Vec<_>>().join(" ")
}
