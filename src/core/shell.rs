//! Words and programs for shells.

/// A command line that runs a POSIX `sh` program under this name, whatever the login shell that reads it.
///
/// Shells agree on less than it seems: csh takes no line break between quotes and sees history in `!`, fish takes a
/// backslash between quotes as its own. So the program travels as one word without any of these, and `printf` in `sh`
/// turns it back.
#[must_use]
pub fn command_line(name: &str, program: &str) -> String {
    let mut word = String::with_capacity(program.len() * 5 / 4);
    for byte in program.bytes() {
        match byte {
            b'\n' => word.push_str(r"\n"),
            b'\'' | b'\\' | b'!' | ..=0x1f | 0x7f.. => word.push_str(&format!(r"\0{byte:03o}")),
            _ => word.push(char::from(byte)),
        }
    }
    format!(r#"exec sh -c 'eval "$(printf %b "$1")"' {name} '{word}'"#)
}

/// One word of a POSIX shell that stands for exactly this text, whatever it holds.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Whether a shell takes the text as it stands, as one word.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./:@%+,=".contains(&byte))
}

/// One word as a person would write it: quoted where it has to be.
#[must_use]
pub fn word(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quote(text) }
}

/// The line of a POSIX `sh` program that gives it these arguments: `$1` and on.
#[must_use]
pub fn arguments(words: &[&str]) -> String {
    words.iter().fold("set --".to_owned(), |line, word| line + " " + &quote(word)) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        for text in ["", "plain", "two words", "it's", "$(rm -rf /)", "line\nbreak", "''", r"\", "-n"] {
            let echoed = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quote(text))])
                .output()
                .expect("sh runs");
            assert_eq!(String::from_utf8_lossy(&echoed.stdout), text);
        }
    }

    #[test]
    fn a_plain_word_needs_no_quotes() {
        assert_eq!(word("/srv/montana"), "/srv/montana");
        assert_eq!((word("/srv/a b"), word(""), word("~")), ("'/srv/a b'".into(), "''".into(), "'~'".into()));
    }

    #[test]
    fn a_program_runs_under_every_login_shell_of_this_machine() {
        let text = "it's \\ `a` \"b\" $HOME !! é %s \\n \t ~ #\n;end";
        let program = format!("for word in {}; do\n    printf %s \"$0 $word\"\ndone", quote(text));
        let line = command_line("named", &program);
        assert!(line.is_ascii() && !line.contains(['\n', '!']));
        for shell in ["sh", "dash", "bash", "zsh", "fish", "tcsh", "csh"] {
            if let Ok(ran) = std::process::Command::new(shell).args(["-c", &line]).output() {
                assert_eq!(String::from_utf8_lossy(&ran.stdout), format!("named {text}"), "{shell}: {ran:?}");
            }
        }
    }
}
