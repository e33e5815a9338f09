//! Reading what a node said to the check. Total: every text gives an answer, with whatever came.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::text::harmless;

/// The line with which an answer begins.
const BEGIN: &str = "m3m-check 1";
/// The line with which it ends.
pub const END: &str = "m3m-check-end";
/// The line with which the probe's answer, which comes first, begins.
const PROBE_BEGIN: &str = "m3m-probe 1";
/// The most characters kept of any text of a node.
const TEXT_CHARS_MAX: usize = 300;
/// The most items kept of any list.
const ITEMS_MAX: usize = 8;

/// What a node said, beyond the probe.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// What the login shell printed before m3m was heard: the first line of it.
    pub noise: Option<String>,
    /// The login shell's path.
    pub login_shell: Option<String>,
    /// git's version, such as `2.47.3`.
    pub git_version: Option<String>,
    /// Where the first program of each of the service's commands stands; nothing where it is not found.
    pub commands: BTreeMap<String, Option<String>>,
    /// What sudo says to each command that asks for it.
    pub sudo: BTreeMap<String, Sudo>,
    /// What systemd says of the unit at boot, such as `enabled`.
    pub at_boot: Option<String>,
    /// Lock files that nobody holds.
    pub locks: Vec<String>,
    /// Ignored paths: the first few.
    pub ignored: Vec<String>,
    /// How many there are.
    pub ignored_count: Option<u64>,
    /// What was written: `files`, `objects`, `references`.
    pub writes: BTreeSet<String>,
    /// What could not be written, and why.
    pub writes_not: Vec<(String, String)>,
    /// Directories in which nothing can be written: the first few.
    pub closed: Vec<String>,
    /// Whether it has no flock(1), so that steps lock one another out by a reference instead.
    pub lacks_flock: bool,
    /// The parts that came to their end.
    pub done: BTreeSet<String>,
    /// Whether the answer came to its end.
    pub complete: bool,
}

/// What sudo says to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sudo {
    /// It runs it.
    Free,
    /// It is allowed, and may want a password.
    Unsure,
    /// No: its own words.
    Refuses(String),
}

/// Reads what a node printed.
#[must_use]
pub fn read(stdout: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(stdout);
    // Half a line is none.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut answer = Answer::default();
    let before = whole.lines().take_while(|line| line.trim_end() != PROBE_BEGIN);
    answer.noise = before.map(|line| harmless(line, 40)).find(|line| !line.is_empty());
    for line in whole.lines().skip_while(|line| line.trim_end() != BEGIN).skip(1) {
        if line.trim_end() == END {
            answer.complete = true;
            break;
        }
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        answer.take(key, &harmless(value, TEXT_CHARS_MAX));
    }
    answer
}

impl Answer {
    /// Whether a part came to its end.
    #[must_use]
    pub fn is_done(&self, part: &str) -> bool {
        self.done.contains(part)
    }

    fn take(&mut self, key: &str, value: &str) {
        let known = || Some(value.to_owned()).filter(|value| !value.is_empty());
        match key {
            "login_shell" => self.login_shell = known(),
            "git" => self.git_version = value.strip_prefix("version ").map(str::to_owned),
            "command" => {
                let (name, place) = value.split_once(' ').map_or((value, None), |(name, place)| (name, Some(place)));
                self.commands.insert(name.to_owned(), place.map(str::to_owned));
            }
            "sudo" => {
                let (name, said) = value.split_once(' ').unwrap_or((value, ""));
                let said = match said {
                    "free" => Sudo::Free,
                    "unsure" => Sudo::Unsure,
                    said => Sudo::Refuses(said.strip_prefix("sudo: ").unwrap_or(said).to_owned()),
                };
                self.sudo.insert(name.to_owned(), said);
            }
            "at_boot" => self.at_boot = known(),
            "flock" => self.lacks_flock = value == "missing",
            "lock" => keep(&mut self.locks, value.to_owned()),
            "closed" => keep(&mut self.closed, value.to_owned()),
            "ignored" => keep(&mut self.ignored, value.to_owned()),
            "ignored_count" => self.ignored_count = value.parse().ok(),
            "writes" => drop(self.writes.insert(value.to_owned())),
            "writes_not" => {
                let (what, why) = value.split_once(' ').unwrap_or((value, ""));
                // Who says so, and of what, comes before the reason itself.
                let reason = why.rsplit_once(": ").map_or(why, |(_, reason)| reason);
                keep(&mut self.writes_not, (what.to_owned(), reason.to_owned()));
            }
            "done" => drop(self.done.insert(value.to_owned())),
            _ => {}
        }
    }
}

fn keep<T>(list: &mut Vec<T>, item: T) {
    if list.len() < ITEMS_MAX {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAPTURED: &str = "Welcome!\nm3m-probe 1\nclock 1.0\nm3m-end\nm3m-check 1\nlogin_shell /bin/bash\n\
        command start /usr/bin/sudo\ncommand check\ngit version 2.47.3\nsudo start sudo: a password is required\n\
        ignored_count 2\nignored a b.log\ndone ignored\nlock /srv/.git/index.lock\ndone locks\nwrites files\n\
        writes_not objects fatal: no\nat_boot enabled\nflock missing\nm3m-check-end\n";

    #[test]
    fn a_captured_answer() {
        let answer = read(CAPTURED.as_bytes());
        assert_eq!(answer.noise.as_deref(), Some("Welcome!"));
        assert_eq!(answer.login_shell.as_deref(), Some("/bin/bash"));
        assert_eq!(answer.git_version.as_deref(), Some("2.47.3"));
        assert_eq!(answer.commands["start"].as_deref(), Some("/usr/bin/sudo"));
        assert_eq!(answer.commands["check"], None);
        assert_eq!(answer.sudo["start"], Sudo::Refuses("a password is required".to_owned()));
        assert_eq!((answer.ignored_count, answer.ignored), (Some(2), vec!["a b.log".to_owned()]));
        assert_eq!(answer.writes_not, [("objects".to_owned(), "no".to_owned())]);
        assert!(answer.lacks_flock);
        assert!(answer.done.contains("locks") && !answer.done.contains("writes") && answer.complete);
        let half = CAPTURED.find(" enabled").expect("its line");
        let cut = read(&CAPTURED.as_bytes()[..half]);
        assert_eq!((cut.at_boot, cut.complete), (None, false), "half a line is none");
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
            let _ = read(&[b"m3m-check 1\n", &bytes[..]].concat());
        }
    }
}
