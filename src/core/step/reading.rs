//! Reading a node's answer to a step. Total: every text gives an answer or a reason.

use std::time::Duration;

use super::{Answer, Failed, Fault, Merged, Refusal, ServiceEnd, Status};
use crate::core::reading::{instead, is_id, read_term};
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::text::harmless;

/// The line with which an answer begins.
pub const BEGIN: &str = "m3m-step 1";
/// The line with which it ends.
pub const END: &str = "m3m-end";
/// The most characters kept of any text of a node.
const TEXT_CHARS_MAX: usize = 300;
/// The most items kept of any list.
const ITEMS_MAX: usize = 64;

/// Reads what a node printed. Lines before the beginning are a login shell's banner and are passed over; an answer that
/// broke off keeps what came before, with `complete` unset.
///
/// # Errors
/// There is no beginning: what came instead, in a few words.
pub fn read(stdout: &[u8], stderr: &[u8], exit_status: Option<i32>) -> Result<Answer, Silence> {
    let text = String::from_utf8_lossy(stdout);
    // The last line of an answer that broke off may be half a line.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lines = whole.lines().skip_while(|line| line.trim_end() != BEGIN);
    if lines.next().is_none() {
        return Err(Silence { phase: Phase::Output, cause: Cause::Garbled(instead(&text, stderr, exit_status)) });
    }
    let mut answer = Answer::default();
    for line in lines {
        if line.trim_end() == END {
            answer.complete = true;
            break;
        }
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        read_line(&mut answer, key, value.trim());
    }
    Ok(answer)
}

fn read_line(answer: &mut Answer, key: &str, value: &str) {
    let id = || Some(value.to_owned()).filter(|value| is_id(value));
    match key {
        "refused" => answer.refused = Some(Refusal::read(&harmless(value, TEXT_CHARS_MAX))),
        "claim" => answer.claim = id(),
        "service" => answer.service = read_service(value),
        "service_ms" => answer.service_took = value.parse().ok().map(Duration::from_millis),
        "stop" => blame(answer, "stop", value),
        "kill" => blame(answer, "kill", value),
        "failed" => answer.failed = read_failed(value),
        "head" => answer.head = id(),
        "uncommitted" => answer.uncommitted = value.parse().ok(),
        "merged" if value == "whole" => answer.merged = Some(Merged::Whole),
        "merged" => answer.merged = value.parse().ok().map(Merged::Paths),
        "kept" if value == "whole" => answer.merged = Some(Merged::KeptWhole),
        "kept" => answer.merged = value.parse().ok().map(Merged::Kept),
        "took" if answer.took.len() < ITEMS_MAX => answer.took.extend(id()),
        "term" => answer.term = read_term(value),
        "took_ms" => answer.step_took = value.parse().ok().map(Duration::from_millis),
        _ => answer.made.read_line(key, &harmless(value, TEXT_CHARS_MAX)),
    }
}

fn blame(answer: &mut Answer, command: &'static str, value: &str) {
    if let Some(failed) = read_failed(value).filter(|_| answer.faults.len() < ITEMS_MAX) {
        answer.faults.push(Fault { command, failed });
    }
}

fn read_service(value: &str) -> Option<ServiceEnd> {
    Some(match value {
        "was-stopped" => ServiceEnd::WasStopped,
        "stopped" => ServiceEnd::Stopped,
        "killed" => ServiceEnd::Killed,
        "running" => ServiceEnd::Running,
        "started" => ServiceEnd::Started,
        "unknown" => ServiceEnd::Unknown,
        _ => return None,
    })
}

/// An exit status or `timeout`, and what was said.
fn read_failed(value: &str) -> Option<Failed> {
    let (status, said) = value.split_once(' ').unwrap_or((value, ""));
    let status = if status == "timeout" { Status::TimedOut } else { Status::Exit(status.parse().ok()?) };
    Some(Failed { status, said: harmless(said, TEXT_CHARS_MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "2222222222222222222222222222222222222222";

    fn with(lines: &str) -> Answer {
        let text = format!("Welcome!\nm3m-step 1\n{lines}\nm3m-end\n");
        read(text.as_bytes(), b"", Some(0)).expect("an answer")
    }

    #[test]
    fn a_whole_answer() {
        let lines = format!(
            "stop 5 Access denied\nstop timeout\nservice killed\nservice_ms 1230\nhead {ID}\nuncommitted 0\n\
             merged 3\ntook {ID}\nterm {ID} {{}}\ntook_ms 1500"
        );
        let answer = with(&lines);
        assert!(answer.complete && answer.refused.is_none());
        assert_eq!((answer.service, answer.head.as_deref()), (Some(ServiceEnd::Killed), Some(ID)));
        assert_eq!(answer.service_took, Some(Duration::from_millis(1230)));
        let faults: Vec<String> = answer.faults.iter().map(|fault| fault.failed.to_string()).collect();
        assert_eq!(faults, ["exit 5: Access denied", "did not end"]);
        assert_eq!((answer.merged, answer.took.len(), answer.uncommitted), (Some(Merged::Paths(3)), 1, Some(0)));
        assert_eq!(answer.term.map(|term| term.commit).as_deref(), Some(ID));
        assert_eq!(answer.step_took, Some(Duration::from_millis(1500)));
    }

    #[test]
    fn refusals_say_why_and_what_next() {
        for (said, shown) in [
            ("not-initialised", "no m3m init has made it ready"),
            ("identity almaty montana", "it was made ready as almaty of the cell montana"),
            ("rival", "it holds another term (none)"),
            (&format!("missing {ID}"), "commit 222222222222 is not there"),
            ("branch", "its work tree is on no branch"),
            ("not-named primary", "the term does not make it PRIMARY"),
            ("lock-file /srv/a b/.git/index.lock", "a lock file stands in the way: /srv/a b/.git/index.lock"),
            ("git \u{1b}[31mdisk full", "git: disk full"),
            ("mood bad", "it refuses: mood bad"),
        ] {
            let refusal = with(&format!("refused {said}")).refused.expect("a refusal");
            assert_eq!(refusal.to_string(), shown);
            let hint = refusal.hint("almaty", "/srv/montana");
            assert!(matches!(refusal, Refusal::Other(_)) || hint.is_some_and(|hint| !hint.is_empty()), "{said}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let answer =
            with("head 12\nservice dancing\nfailed well\nmerged some\ntook x\nterm y\nclaim\nuncommitted -1\n\nx");
        assert_eq!(answer, Answer { complete: true, ..Answer::default() });
        let broken = read(b"m3m-step 1\nservice stopped\nservice runn", b"", None).expect("an answer");
        assert_eq!((broken.service, broken.complete), (Some(ServiceEnd::Stopped), false));
    }

    #[test]
    fn no_beginning_is_garbled() {
        let silence = read(b"", b"sh: 1: git: not found\n", Some(127)).expect_err("no answer");
        assert_eq!(silence.to_string(), "garbled: exit 127, sh: 1: git: not found");
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut answer = b"m3m-step 1\n".to_vec();
            answer.extend_from_slice(&bytes);
            prop_assert!(read(&answer, &bytes, Some(0)).is_ok());
            let _ = read(&bytes, &bytes, None);
        }

        #[test]
        fn any_line_of_a_known_key_is_read(
            key in "refused|service|stop|failed|head|merged|took|term|took_ms",
            value in any::<String>(),
        ) {
            let refused = with(&format!("{key} {value}")).refused;
            prop_assert!(refused.is_none_or(|refusal| !refusal.to_string().contains(char::is_control)));
        }
    }
}
