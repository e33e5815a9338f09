//! Reading a node's answer to the probe. Total: every text gives facts or a reason.

use std::time::Duration;

use super::probe::{Commit, Facts, Repository, RepositoryState, Room, ServiceState};
use super::silence::{Cause, Phase, Silence};
use super::term::{HeldTerm, TermRecord};
use super::text::harmless;

/// The line with which an answer begins.
const BEGIN: &str = "m3m-probe 1";
/// The line with which an answer ends.
const END: &str = "m3m-end";
/// The most characters kept of any text of a node.
const TEXT_CHARS_MAX: usize = 120;

/// Reads what a node printed. Lines before the beginning are a login shell's banner and are passed over; an answer
/// that broke off keeps what came before, with `complete` unset.
///
/// # Errors
/// There is no beginning: what came instead, in a few words.
pub fn read(stdout: &[u8], stderr: &[u8], exit_status: Option<i32>) -> Result<Facts, Silence> {
    let text = String::from_utf8_lossy(stdout);
    let mut lines = text.lines().skip_while(|line| line.trim_end() != BEGIN);
    if lines.next().is_none() {
        return Err(Silence { phase: Phase::Output, cause: Cause::Garbled(instead(&text, stderr, exit_status)) });
    }
    let mut facts = Facts::default();
    for line in lines {
        if line.trim_end() == END {
            facts.complete = true;
            break;
        }
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        // The last line of an answer that broke off may be half a line: a value is taken only if it parses.
        read_line(&mut facts, key, value.trim());
    }
    Ok(facts)
}

/// What came instead of an answer: the first words said, or the exit status alone.
fn instead(stdout: &str, stderr: &[u8], exit_status: Option<i32>) -> String {
    let stderr = String::from_utf8_lossy(stderr);
    let said = stderr.lines().chain(stdout.lines()).map(|line| harmless(line, 60)).find(|line| !line.is_empty());
    match (exit_status, said) {
        (Some(status), Some(said)) if status != 0 => format!("exit {status}, {said}"),
        (Some(status), None) => format!("exit {status} and no answer"),
        (None, None) => "no answer".to_owned(),
        (_, Some(said)) => said,
    }
}

fn read_line(facts: &mut Facts, key: &str, value: &str) {
    match key {
        "clock" => facts.clock = read_clock(value),
        "boot_id" => facts.boot_id = Some(harmless(value, TEXT_CHARS_MAX)),
        "uptime" => facts.boot_clock = first_number(value).and_then(|s| Duration::try_from_secs_f64(s).ok()),
        "load" => facts.load = first_number(value),
        "memory" => read_memory(facts, value),
        "disk" => facts.disk = read_disk(value),
        "git" if value == "missing" => facts.repository = RepositoryState::GitMissing,
        "repository_error" => {
            let said = harmless(value, TEXT_CHARS_MAX);
            facts.repository = RepositoryState::Unusable(said.strip_prefix("fatal: ").unwrap_or(&said).to_owned());
        }
        "repository" => facts.repository = read_place(value),
        "branch" => edit(facts, |repository| repository.branch = Some(harmless(value, TEXT_CHARS_MAX))),
        "commit" => {
            if let Some(commit) = read_commit(value) {
                edit(facts, |repository| repository.commits.push(commit));
            }
        }
        "uncommitted" => edit(facts, |repository| repository.uncommitted = value.parse().ok()),
        "term" => facts.term = read_term(value),
        "service" => {
            facts.service = match value.parse() {
                Ok(0) => ServiceState::Runs,
                Ok(status) => ServiceState::Stopped(status),
                Err(_) if value == "timeout" => ServiceState::NoAnswer,
                Err(_) => ServiceState::Unknown,
            }
        }
        _ => {}
    }
}

fn edit(facts: &mut Facts, change: impl FnOnce(&mut Repository)) {
    if let RepositoryState::Found(repository) = &mut facts.repository {
        change(repository);
    }
}

/// `1700000000.123456789`; a `date` without `%N` prints something else behind the point, and counts whole seconds.
fn read_clock(value: &str) -> Option<Duration> {
    let (seconds, fraction) = value.split_once('.').unwrap_or((value, ""));
    let seconds: u64 = seconds.parse().ok()?;
    let nanos = if fraction.len() == 9 { fraction.parse().unwrap_or(0) } else { 0 };
    Some(Duration::new(seconds, nanos))
}

fn first_number(value: &str) -> Option<f64> {
    value.split_whitespace().next()?.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// `MemTotal: 24684096`, in KiB, and then the same of `MemAvailable`.
fn read_memory(facts: &mut Facts, value: &str) {
    let Some((key, kib)) = value.split_once(' ') else { return };
    let Some(bytes) = kib.parse::<u64>().ok().and_then(|kib| kib.checked_mul(1024)) else { return };
    match (key, &mut facts.memory) {
        ("MemTotal:", memory) => *memory = Some(Room { total: bytes, free: 0 }),
        ("MemAvailable:", Some(memory)) => memory.free = bytes,
        _ => {}
    }
}

/// A line of `df -Pk`. The device and the mount point may hold blanks, so the fields count from the percentage.
fn read_disk(value: &str) -> Option<Room> {
    let fields: Vec<&str> = value.split_whitespace().collect();
    let percent = fields.iter().rposition(|field| {
        field.strip_suffix('%').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    })?;
    let bytes = |index: usize| fields.get(index)?.parse::<u64>().ok()?.checked_mul(1024);
    Some(Room { total: bytes(percent.checked_sub(3)?)?, free: bytes(percent.checked_sub(1)?)? })
}

/// `false`, or `true` for a bare one, and the path from the top of the work tree down to here.
fn read_place(value: &str) -> RepositoryState {
    let (bare, below) = value.split_once(' ').unwrap_or((value, ""));
    match (bare, below.trim()) {
        ("true", _) => RepositoryState::Found(Repository { bare: true, ..Repository::default() }),
        ("false", "") => RepositoryState::Found(Repository::default()),
        ("false", below) => RepositoryState::Inside(harmless(below, TEXT_CHARS_MAX)),
        _ => RepositoryState::Unknown,
    }
}

/// An id, a time and the parents' ids. Ids are 40 or 64 hexadecimal digits, so half an id is none.
fn read_commit(value: &str) -> Option<Commit> {
    let mut words = value.split_whitespace();
    let id = words.next().filter(|id| is_id(id))?.to_owned();
    let time_s = words.next()?.parse().ok()?;
    let parents: Option<Vec<String>> = words.map(|id| is_id(id).then(|| id.to_owned())).collect();
    Some(Commit { id, time_s, parents: parents? })
}

fn read_term(value: &str) -> Option<HeldTerm> {
    let (commit, json) = value.split_once(' ').unwrap_or((value, ""));
    is_id(commit).then(|| HeldTerm { commit: commit.to_owned(), record: TermRecord::read(json) })
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
