//! Reading a node's answer to the probe. Total: every text gives facts or a reason.

use std::time::Duration;

use super::pause::Pause;
use super::probe::{Commit, Facts, Identity, Repository, RepositoryState, Room, ServiceState};
use super::silence::{Cause, Phase, Silence};
use super::term::{HeldTerm, TermRecord};
use super::text::harmless;

/// The line with which an answer begins.
pub const BEGIN: &str = "m3m-probe 1";
/// The line with which an answer ends.
pub const END: &str = "m3m-end";
/// The most characters kept of any text of a node.
const TEXT_CHARS_MAX: usize = 120;

/// Reads what a node printed. Lines before the beginning are a login shell's banner and are passed over; an answer
/// that broke off keeps what came before, with `complete` unset.
///
/// # Errors
/// There is no beginning: what came instead, in a few words.
pub fn read(stdout: &[u8], stderr: &[u8], exit_status: Option<i32>) -> Result<Facts, Silence> {
    let text = String::from_utf8_lossy(stdout);
    // The last line of an answer that broke off may be half a line, and half a number is a wrong number.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lines = whole.lines().skip_while(|line| line.trim_end() != BEGIN);
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
        read_line(&mut facts, key, value.trim());
    }
    Ok(facts)
}

/// What came instead of an answer: the first words said, or the exit status alone.
pub(super) fn instead(stdout: &str, stderr: &[u8], exit_status: Option<i32>) -> String {
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
        "lock_file" => edit(facts, |repository| repository.lock_file = Some(harmless(value, TEXT_CHARS_MAX))),
        "commit" => {
            if let Some(commit) = read_commit(value) {
                edit(facts, |repository| repository.commits.push(commit));
            }
        }
        "identity" => facts.identity = read_identity(value),
        "uncommitted" => edit(facts, |repository| repository.uncommitted = value.parse().ok()),
        "term" => facts.term = read_term(value),
        "pause" => facts.pause = Pause::read(value),
        "service" => {
            facts.service = match value.parse() {
                Ok(0) => ServiceState::Runs,
                // sh: found and not executable, not found. That says nothing of the service.
                Ok(status @ (126 | 127)) => ServiceState::CheckFails(status),
                Ok(status) => ServiceState::Stopped(status),
                Err(_) if value == "timeout" => ServiceState::NoAnswer,
                Err(_) => ServiceState::Unknown,
            }
        }
        "service_ended" => {
            let ended = read_exact_clock(value).zip(facts.clock);
            facts.service_took = ended.map(|(ended, begun)| ended.saturating_sub(begun));
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

/// A time of which the fraction is known.
fn read_exact_clock(value: &str) -> Option<Duration> {
    read_clock(value).filter(|_| {
        value
            .split_once('.')
            .is_some_and(|(_, fraction)| fraction.len() == 9 && fraction.bytes().all(|byte| byte.is_ascii_digit()))
    })
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

/// Both names are plain words; what is not, is nobody's.
fn read_identity(value: &str) -> Option<Identity> {
    let (node, cell) = value.split_once(' ')?;
    Some(Identity { node: harmless(node, TEXT_CHARS_MAX), cell: harmless(cell, TEXT_CHARS_MAX) })
}

pub(super) fn read_term(value: &str) -> Option<HeldTerm> {
    let (commit, json) = value.split_once(' ').unwrap_or((value, ""));
    if commit == "unreadable" {
        return Some(HeldTerm { commit: String::new(), record: None });
    }
    is_id(commit).then(|| HeldTerm { commit: commit.to_owned(), record: TermRecord::read(json) })
}

pub(super) fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As a node printed it, under a login shell that greets.
    const CAPTURED: &str = "\
Welcome to Almaty!
m3m-probe 1
clock 1795393045.293105078
boot_id bda0993b-d7f0-4952-a38d-cb926e3ac2ce
uptime 1259.87 2093.93
load 0.05 0.32 0.29 5/89 20080
memory MemTotal: 24684096
memory MemAvailable: 24281184
disk /dev/vda         264212084 14637048  80648840      16% /
repository false
branch main
commit 9ce3e3090ebd0aeb421028741ade7e72bb7b72a1 1795392707 1111111111111111111111111111111111111111
commit 1111111111111111111111111111111111111111 1795392000
uncommitted 1
identity almaty montana
term 2222222222222222222222222222222222222222 {  \"term\": 4,  \"cell\": \"montana\",  \"primary\": \"almaty\",  \"brain\": \"moscow\",  \"members\": [],  \"at\": \"2026-11-22T03:00:00Z\"}
pause {  \"cell\": \"montana\",  \"until\": \"2026-11-22T03:30:00Z\",  \"reason\": \"a disk\",  \"by\": \"op@desk\",  \"at\": \"2026-11-22T03:00:00Z\"}
service 3
service_ended 1795393045.305105078
m3m-end
";

    fn read_ok(text: &str) -> Facts {
        read(text.as_bytes(), b"", Some(0)).expect("an answer")
    }

    #[test]
    fn a_captured_answer() {
        let facts = read_ok(CAPTURED);
        assert_eq!(facts.clock, Some(Duration::new(1_795_393_045, 293_105_078)));
        assert_eq!(facts.boot_clock, Some(Duration::from_secs_f64(1259.87)));
        assert_eq!(facts.memory, Some(Room { total: 24_684_096 * 1024, free: 24_281_184 * 1024 }));
        assert_eq!(facts.disk, Some(Room { total: 264_212_084 * 1024, free: 80_648_840 * 1024 }));
        assert_eq!((facts.load, facts.service), (Some(0.05), ServiceState::Stopped(3)));
        assert_eq!(facts.service_took, Some(Duration::from_millis(12)));
        assert_eq!(facts.head().map(|head| (head.time_s, head.parents.len())), Some((1_795_392_707, 1)));
        let repository = facts.repository().expect("a repository");
        assert_eq!((repository.branch.as_deref(), repository.uncommitted), (Some("main"), Some(1)));
        assert_eq!(facts.term.as_ref().and_then(|held| held.record.as_ref()).map(|record| record.term), Some(4));
        let identity = facts.identity.as_ref().map(|identity| (identity.node.as_str(), identity.cell.as_str()));
        assert_eq!(identity, Some(("almaty", "montana")));
        assert_eq!(
            facts.pause.as_ref().map(|pause| (pause.reason.as_str(), pause.by.as_str())),
            Some(("a disk", "op@desk"))
        );
        assert!(facts.complete);
    }

    #[test]
    fn an_answer_cut_anywhere_gives_what_came_before_and_nothing_wrong() {
        let whole = read_ok(CAPTURED);
        let begin = CAPTURED.find("clock").expect("the first fact");
        for end in begin..CAPTURED.len() - 1 {
            let facts = read_ok(&CAPTURED[..end]);
            assert!(!facts.complete, "cut at {end}");
            // Each fact is there as a whole answer has it, or not at all.
            let absent_or = |same: bool, absent: bool| assert!(same || absent, "cut at {end}: {facts:?}");
            absent_or(facts.clock == whole.clock, facts.clock.is_none());
            absent_or(facts.boot_id == whole.boot_id, facts.boot_id.is_none());
            absent_or(facts.boot_clock == whole.boot_clock, facts.boot_clock.is_none());
            absent_or(facts.load == whole.load, facts.load.is_none());
            absent_or(facts.disk == whole.disk, facts.disk.is_none());
            absent_or(facts.term == whole.term, facts.term.is_none());
            absent_or(facts.pause == whole.pause, facts.pause.is_none());
            absent_or(facts.head() == whole.head(), facts.head().is_none());
            absent_or(facts.service_took == whole.service_took, facts.service_took.is_none());
            absent_or(facts.service == whole.service, facts.service == ServiceState::Unknown);
            let (cut, whole) = (facts.repository(), whole.repository().expect("a repository"));
            absent_or(
                cut.and_then(|cut| cut.uncommitted) == whole.uncommitted,
                cut.is_none_or(|cut| cut.uncommitted.is_none()),
            );
            absent_or(cut.map(|cut| &cut.branch) == Some(&whole.branch), cut.is_none_or(|cut| cut.branch.is_none()));
        }
    }

    #[test]
    fn no_beginning_is_garbled_and_says_what_came_instead() {
        for (stdout, stderr, status, said) in [
            ("", "sh: 1: exec: not found\n", Some(127), "garbled: exit 127, sh: 1: exec: not found"),
            ("This account is disabled.\n", "", Some(1), "garbled: exit 1, This account is disabled."),
            ("", "", Some(1), "garbled: exit 1 and no answer"),
            ("", "", None, "garbled: no answer"),
            ("\u{1b}[31mred\u{1b}[0m\n", "", Some(0), "garbled: red"),
        ] {
            let silence = read(stdout.as_bytes(), stderr.as_bytes(), status).expect_err("no answer");
            assert_eq!(silence.to_string(), said);
        }
    }

    #[test]
    fn odd_lines() {
        let with = |line: &str| read_ok(&format!("m3m-probe 1\nrepository false\n{line}\nm3m-end\n"));
        assert_eq!(with("clock 1700000000.%N").clock, Some(Duration::from_secs(1_700_000_000)));
        assert_eq!(with("clock now").clock, None);
        assert_eq!(with("clock 5.000000000\nservice_ended 6.%N").service_took, None, "whole seconds measure nothing");
        assert_eq!(with("disk my disk 100 60 40 60% /mnt/my disk").disk, Some(Room { total: 102_400, free: 40_960 }));
        assert_eq!(with("disk none").disk, None);
        assert_eq!(with("load nan 1").load, None);
        assert_eq!(with("service timeout").service, ServiceState::NoAnswer);
        assert_eq!(with("commit 1234 5").head(), None, "half an id is none");
        assert_eq!(with("git missing").repository, RepositoryState::GitMissing);
        let unusable = with("repository_error fatal: not a git repository");
        assert_eq!(unusable.repository, RepositoryState::Unusable("not a git repository".to_owned()));
        assert_eq!(with("repository false src/").repository, RepositoryState::Inside("src/".to_owned()));
        assert_eq!(with("term 12 {}").term, None);
        let branch = with("branch \u{1b}]0;owned\u{7}main");
        assert_eq!(branch.repository().and_then(|found| found.branch.as_deref()), Some("main"));
    }

    proptest! {
        #[test]
        fn any_bytes_give_facts_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut answer = b"m3m-probe 1\n".to_vec();
            answer.extend_from_slice(&bytes);
            prop_assert!(read(&answer, &bytes, Some(0)).is_ok());
            let _ = read(&bytes, &bytes, None);
        }
    }
}
