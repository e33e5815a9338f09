//! What surrounds a person's command on a node: it gives it a time limit, marks where its output begins, and proves
//! that it ended, and how. An SSH server may close a channel without a status, and libssh2 calls that 0.

use std::time::Duration;

use crate::core::shell::{command_line, quote};

/// What runs on the node.
const SCRIPT: &str = include_str!("../../scripts/exec.sh");

/// What a command printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwrapped {
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// Its exit status, where it came to its end.
    pub status: Option<u8>,
}

/// The line for a node's login shell, whichever that is, that runs a command with `sh` for at most this time. The mark
/// is a word that no output holds by chance.
#[must_use]
pub fn line(command: &str, mark: &str, timeout: Duration) -> String {
    // Whole seconds as such: not every `timeout` knows fractions.
    let time_s = timeout.as_secs_f64();
    command_line("m3m-exec", &format!("set -- {mark} {time_s} {}\n{}", quote(command), SCRIPT.trim_end()))
}

/// The line that stands for a command given in words: one word is a line for a shell, of several each stays one word.
#[must_use]
pub fn command(words: &[String]) -> String {
    match words {
        [line] => line.clone(),
        words => words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
    }
}

/// What standard error says, before the status, when the command itself has ended.
#[must_use]
pub fn last_words(mark: &str) -> String {
    format!("m3m-{mark}-end ")
}

/// Takes the marks out of what came back, and with them what the login shell's start-up files have printed before.
#[must_use]
pub fn unwrap(stdout: &[u8], stderr: &[u8], mark: &str) -> Unwrapped {
    let begin = format!("m3m-{mark}-begin\n");
    let mut stderr = after(stderr, begin.as_bytes()).to_vec();
    let status = take_status(&mut stderr, last_words(mark).as_bytes());
    Unwrapped { stdout: after(stdout, begin.as_bytes()).to_vec(), stderr, status }
}

/// What follows the mark; all where there is none.
fn after<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    find(text, mark).map_or(text, |at| &text[at + mark.len()..])
}

/// Takes the last mark, the status behind it and the line's end out of the text. What was started in the background
/// may have printed more behind them.
fn take_status(text: &mut Vec<u8>, mark: &[u8]) -> Option<u8> {
    let at = text.windows(mark.len()).rposition(|window| window == mark)?;
    let number = at + mark.len();
    let end = number + find(&text[number..], b"\n")?;
    let status = std::str::from_utf8(&text[number..end]).ok()?.parse().ok()?;
    text.drain(at..=end);
    Some(status)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Runs a line with a shell as an SSH server would.
    fn run(shell: &str, line: &str) -> std::process::Output {
        std::process::Command::new(shell).args(["-c", line]).output().expect("the shell runs")
    }

    fn wrapped(shell: &str, command: &str, timeout: Duration) -> Unwrapped {
        let output = run(shell, &line(command, "mark", timeout));
        unwrap(&output.stdout, &output.stderr, "mark")
    }

    #[test]
    fn output_and_status_are_the_commands_own() {
        let minute = Duration::from_secs(60);
        for (command, stdout, stderr, status) in [
            ("echo a; echo b >&2; exit 3", "a\n", "b\n", 3),
            ("printf 'no line end'; printf half >&2", "no line end", "half", 0),
            ("cat; echo read", "read\n", "", 0),
            ("kill -9 $$", "", "", 137),
            ("true", "", "", 0),
        ] {
            let run = wrapped("sh", command, minute);
            assert_eq!(run.status, Some(status), "{command}");
            assert_eq!(String::from_utf8_lossy(&run.stdout), stdout, "{command}");
            assert!(status > 128 || String::from_utf8_lossy(&run.stderr) == stderr, "{command}: {run:?}");
        }
    }

    #[test]
    fn any_login_shell_will_do() {
        let command = "printf '%s|' 'it'\\''s' '!!' 'a\\b' \"$((1 + 1))\" 'end\\'\necho; exit 9";
        for shell in ["sh", "bash", "zsh", "csh", "tcsh", "fish"] {
            if std::process::Command::new(shell).args(["-c", "true"]).output().is_ok() {
                let run = wrapped(shell, command, Duration::from_secs(60));
                assert_eq!(String::from_utf8_lossy(&run.stdout), "it's|!!|a\\b|2|end\\|\n", "{shell}: {run:?}");
                assert_eq!(run.status, Some(9), "{shell}");
            }
        }
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended() {
        let begun = std::time::Instant::now();
        let run = wrapped("sh", "echo first; sleep 1000", Duration::from_millis(200));
        assert_eq!((run.stdout.as_slice(), run.status), (&b"first\n"[..], Some(124)));
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn words_stay_words() {
        let of = |words: &[&str]| command(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(of(&["uptime; df -h"]), "uptime; df -h");
        let output = run("sh", &of(&["printf", "<%s>", "a b", "it's", "$HOME", "*", ""]));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "<a b><it's><$HOME><*><>");
    }

    #[test]
    fn without_the_last_line_nothing_is_proven() {
        for stderr in ["", "m3m-mark-begin\n", "m3m-mark-begin\nm3m-mark-end ", "m3m-mark-begin\nm3m-mark-end 1"] {
            assert_eq!(unwrap(b"", stderr.as_bytes(), "mark").status, None, "{stderr}");
        }
        let noisy = unwrap(b"Welcome!\nm3m-mark-begin\nout", b"m3m-mark-begin\nerr", "mark");
        assert_eq!((noisy.stdout.as_slice(), noisy.stderr.as_slice()), (&b"out"[..], &b"err"[..]));
        assert_eq!(unwrap(b"This account is closed.\n", b"", "mark").stdout, b"This account is closed.\n");
    }

    proptest! {
        #[test]
        fn whatever_is_wrapped_comes_out_as_it_was(out in any::<Vec<u8>>(), err in any::<Vec<u8>>(), status in any::<u8>()) {
            let stdout = [b"banner\nm3m-mark-begin\n", out.as_slice()].concat();
            let last = format!("m3m-mark-end {status}\n");
            let stderr = [b"m3m-mark-begin\n", err.as_slice(), last.as_bytes()].concat();
            let expected = Unwrapped { stdout: out, stderr: err, status: Some(status) };
            prop_assert_eq!(unwrap(&stdout, &stderr, "mark"), expected);
        }
    }
}
