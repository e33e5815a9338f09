//! The question: what runs on the node, and what it is told of the service's commands.

use std::time::Duration;

use crate::core::inventory::{Node, Service};
use crate::core::probe::{patience_s, script as probe};
use crate::core::shell::{arguments, command_line, is_plain};

/// What runs on the node, behind the probe.
const SCRIPT: &str = include_str!("../../scripts/check.sh");

/// One of the service's commands, as far as its text tells what it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCommand<'a> {
    /// Which one: `start`.
    pub name: &'static str,
    /// Its whole text.
    pub text: &'a str,
    /// The first program that it runs; nothing where only a shell could tell.
    pub program: Option<&'a str>,
    /// What it asks sudo for, where it does.
    pub sudo: Option<String>,
}

/// The command line that asks a node everything, for its login shell: first the probe, whose clock is read as the answer
/// begins, then the check. `time_left` is the time for the answer, from the sending of the question.
#[must_use]
pub fn command(node: &Node, time_left: Duration) -> String {
    let patience_s = patience_s(time_left).to_string();
    let unit = unit(&node.service.start).unwrap_or_default();
    let commands = service_commands(node);
    let mut words = vec![node.repository.path.as_str(), &patience_s, &unit];
    for command in &commands {
        words.extend([command.name, command.program.unwrap_or_default(), command.sudo.as_deref().unwrap_or_default()]);
    }
    command_line("m3m-check", &(probe(node, time_left) + &arguments(&words) + SCRIPT))
}

/// The commands of the service and of BRAIN's own, where there is one; `kill` only where it is not `stop`.
#[must_use]
pub fn service_commands(node: &Node) -> Vec<ServiceCommand<'_>> {
    let brain =
        node.brain.iter().flat_map(|brain| named(["brain.start", "brain.stop", "brain.check", "brain.kill"], brain));
    named(["start", "stop", "check", "kill"], &node.service).chain(brain).collect()
}

fn named<'a>(names: [&'static str; 4], service: &'a Service) -> impl Iterator<Item = ServiceCommand<'a>> {
    let Service { start, stop, check, kill, .. } = service;
    let kill = Some(kill).filter(|kill| *kill != stop);
    let texts = [Some(start), Some(stop), Some(check), kill];
    names.into_iter().zip(texts).filter_map(|(name, text)| Some(ServiceCommand::of(name, text?)))
}

impl<'a> ServiceCommand<'a> {
    fn of(name: &'static str, text: &'a str) -> Self {
        let words: Vec<&str> = text.split_whitespace().skip_while(|word| is_assignment(word)).collect();
        let program = words.first().copied().filter(|word| is_plain(word));
        let sudo =
            program.filter(|program| is_sudo(program)).and_then(|program| sudo_words(text.split_once(program)?.1));
        Self { name, text, program, sudo }
    }

    /// Whether it is sudo that it runs first.
    #[must_use]
    pub fn asks_sudo(&self) -> bool {
        self.program.is_some_and(is_sudo)
    }
}

fn is_sudo(program: &str) -> bool {
    program == "sudo" || program.ends_with("/sudo")
}

/// What sudo is asked for, as `sudo -l` takes it: up to where the shell takes over again. Nothing where only a shell
/// could tell, or where it is no plain command: a rule for half of one would be another rule.
fn sudo_words(after: &str) -> Option<String> {
    let end = after.find([';', '&', '|', '<', '>', '\n']).unwrap_or(after.len());
    let (own, rest) = after.split_at(end);
    // A number right before a redirection belongs to it.
    let redirected = own.trim_end_matches(|c: char| c.is_ascii_digit());
    let own = if rest.starts_with(['<', '>']) && redirected.ends_with(' ') { redirected } else { own };
    let mut words = own.split_whitespace().peekable();
    let mut asked = Vec::new();
    while let Some(word) = words.next_if(|word| word.starts_with('-') || is_assignment(word)) {
        match word {
            "-u" | "-g" => asked.extend([word, words.next()?]),
            // How it is to be run makes no difference to whether it may be.
            "-n" | "-S" | "-k" | "-E" | "-H" | "-b" | "--" => {}
            word if is_assignment(word) => {}
            _ => return None,
        }
    }
    words.peek()?;
    asked.extend(words);
    asked.iter().all(|word| is_plain(word)).then(|| asked.join(" "))
}

/// The systemd unit that a command starts.
#[must_use]
pub fn unit(start: &str) -> Option<String> {
    let words = start.split_whitespace().skip_while(|word| matches!(*word, "sudo" | "-n" | "exec"));
    let mut words = words.skip_while(|word| is_assignment(word));
    let program = words.next()?;
    if program != "systemctl" && !program.ends_with("/systemctl") {
        return None;
    }
    let rest: Vec<&str> = words.collect();
    // A user's own manager has units of its own; an option that takes a value would be mistaken for what it is not.
    let known =
        |option: &str| matches!(option, "--no-block" | "--quiet" | "-q" | "--no-ask-password" | "--job-mode=fail");
    match rest.iter().filter(|word| !known(word)).collect::<Vec<_>>()[..] {
        [&"start" | &"restart", unit] if is_plain(unit) && !unit.starts_with('-') => Some((*unit).to_owned()),
        _ => None,
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_program_of_a_command() {
        let of = |text| {
            let command = ServiceCommand::of("start", text);
            (command.program, command.sudo)
        };
        assert_eq!(of("systemctl start montana"), (Some("systemctl"), None));
        assert_eq!(of("A=1 B='x' /opt/run --now && echo"), (Some("/opt/run"), None));
        assert_eq!(of("sudo -n systemctl start montana"), (Some("sudo"), Some("systemctl start montana".into())));
        assert_eq!(of("sudo -u svc /opt/run > \"$HOME/log\""), (Some("sudo"), Some("-u svc /opt/run".into())));
        assert_eq!(of("sudo systemctl stop montana; sleep 1"), (Some("sudo"), Some("systemctl stop montana".into())));
        assert_eq!(of("sudo -E -H A=1 -- /opt/run -n 5 2>&1"), (Some("sudo"), Some("/opt/run -n 5".into())));
        for unclear in ["sudo -i /opt/run", "sudo /opt/run \"a b\"", "sudo", "sudo -u", "sudo -n; x"] {
            assert_eq!(of(unclear), (Some("sudo"), None), "{unclear}");
        }
        assert_eq!(of("\"$HOME/run\" now"), (None, None));
        assert_eq!(of("( run; )"), (None, None));
        assert_eq!(of("if true; then run; fi"), (Some("if"), None));
    }

    #[test]
    fn the_unit_that_a_command_starts() {
        for (start, expected) in [
            ("systemctl start montana", Some("montana")),
            ("sudo systemctl start montana.service", Some("montana.service")),
            ("sudo -n /usr/bin/systemctl --no-block start montana", Some("montana")),
            ("systemctl --user start montana", None),
            ("systemctl start a b", None),
            ("systemctl start $UNIT", None),
            ("service montana start", None),
            ("", None),
        ] {
            assert_eq!(unit(start).as_deref(), expected, "{start}");
        }
    }
}
