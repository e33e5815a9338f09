//! Judging one node by what it said, or by how far m3m came with it.

use std::time::Duration;

use super::answer::Answer;
use super::{Check, Finding, Outcome, ground, services, terms};
use crate::core::inventory::Node;
use crate::core::name::CellName;
use crate::core::observation::Observation;
use crate::core::probe::{Facts, RepositoryState};
use crate::core::silence::{Cause, Phase, Silence, endpoint};
use crate::core::term::Standing;

/// The oldest git that understands what m3m asks of it (`--no-optional-locks`).
const GIT_MIN: (u32, u32) = (2, 15);

/// A login shell that takes longer than this to start is worth a word: it comes on top of every check.
const SHELL_START_MAX: Duration = Duration::from_millis(500);

/// What to do where a part of the answer is missing.
pub(super) const SLOW: &str =
    "something there is slow or hangs, such as a file system or sudo; --timeout gives it more time";

/// The steps that lead to a node, in order.
const STEPS: [Check; 6] = [Check::Name, Check::Tcp, Check::Ssh, Check::HostKey, Check::Auth, Check::Shell];

/// What a node is measured by, beside its own part of the inventory.
#[derive(Debug, Clone, Copy)]
pub struct Yardstick<'a> {
    /// The cell that it belongs to.
    pub cell: &'a CellName,
    /// How it stands with the terms of all nodes that answered.
    pub standing: &'a Standing,
    /// The time after which a health check counts as late.
    pub late: Duration,
}

/// One finding for each check of the node itself, in order; what needs other nodes is judged by [`super::pairs`].
#[must_use]
pub fn judge(node: &Node, observation: &Observation, answer: &Answer, yardstick: Yardstick<'_>) -> Vec<Finding> {
    let mut findings = steps(node, observation.answer.as_ref().err());
    let Some(facts) = observation.facts() else {
        let rest =
            Check::ALL.into_iter().filter(|check| !STEPS.contains(check) && !super::relays::JUDGED.contains(check));
        findings.extend(rest.map(|check| Finding::unknown(check, "")));
        return findings;
    };
    findings.pop();
    findings.extend([
        shell(node, observation, answer),
        git(facts, answer),
        ground::repository(node, facts, answer),
        ground::write(node, facts, answer),
        ground::ignored(facts, answer),
        terms::term(node, facts, answer, yardstick),
        services::commands(node, answer),
        services::service(node, facts, yardstick.late),
        services::boot(node, answer),
        clock(observation),
        disk(facts),
    ]);
    findings
}

/// How far m3m came: what lies before is well, what lies behind is not known.
fn steps(node: &Node, silence: Option<&Silence>) -> Vec<Finding> {
    let failed = silence.map(|silence| (step_of(silence.phase), silence));
    let finding = |check: Check| match failed {
        Some((step, silence)) if check == step => Finding {
            hint: silence.hint("the node", node.address(), node.ssh.port()).or_else(|| unheard(silence)),
            // The row says what it is about.
            ..Finding::new(check, Outcome::Cross, silence.to_string().trim_start_matches("auth: "))
        },
        // Who is reached through others has its name looked up there.
        Some((_, silence)) if check == Check::Name && silence.phase == Phase::Jump => Finding::unknown(check, ""),
        Some((step, _)) if check > step => Finding::unknown(check, ""),
        _ => Finding::ok(check, passed(check, node)),
    };
    STEPS.map(finding).into()
}

fn step_of(phase: Phase) -> Check {
    match phase {
        Phase::Resolve => Check::Name,
        Phase::Jump | Phase::Connect => Check::Tcp,
        Phase::Banner | Phase::Kex => Check::Ssh,
        Phase::HostKey => Check::HostKey,
        Phase::Auth => Check::Auth,
        Phase::Channel | Phase::Exec | Phase::Output => Check::Shell,
    }
}

fn unheard(silence: &Silence) -> Option<String> {
    (silence.cause == Cause::Timeout)
        .then(|| "is it on and online, and does every firewall in between let this machine through?".to_owned())
}

fn passed(check: Check, node: &Node) -> String {
    match check {
        Check::Name => node.address().to_owned(),
        Check::Tcp => endpoint(node.address(), node.ssh.port()),
        Check::HostKey if node.ssh.host_key.is_some() => "the one in the inventory".to_owned(),
        Check::HostKey => "the recorded one".to_owned(),
        Check::Auth => node.ssh.user.as_ref().map_or_else(String::new, |user| format!("as {user}")),
        _ => String::new(),
    }
}

fn shell(node: &Node, observation: &Observation, answer: &Answer) -> Finding {
    let cost = observation.first_byte.zip(observation.rtt).map(|(first, rtt)| first.saturating_sub(rtt));
    let name = answer.login_shell.as_deref().unwrap_or("a shell");
    let cost_words = cost.map_or_else(String::new, |cost| format!(", starts within {}", ms(cost)));
    let finding = if let Some(noise) = &answer.noise {
        let hint = "git cannot speak through that: let start-up files print in interactive shells only";
        Finding::cross(Check::Shell, format!("{name} prints something before any answer: {noise}"), hint)
    } else if let Some(silence) = &observation.broken {
        let hint = silence.hint("the node", node.address(), node.ssh.port());
        let text = format!("the answer broke off: {silence}");
        Finding { hint: hint.or_else(|| Some(SLOW.to_owned())), ..Finding::new(Check::Shell, Outcome::Cross, text) }
    } else if !answer.complete {
        Finding::cross(Check::Shell, "the answer broke off before its end", SLOW)
    } else if cost.is_some_and(|cost| cost > SHELL_START_MAX) {
        let hint = "every check waits for that: keep its start-up files short for sessions without a terminal";
        Finding::warn(Check::Shell, format!("{name}{cost_words}"), hint)
    } else {
        Finding::ok(Check::Shell, format!("{name}{cost_words}"))
    };
    match cost {
        Some(cost) => finding.measured(cost.as_secs_f64(), "s"),
        None => finding,
    }
}

fn git(facts: &Facts, answer: &Answer) -> Finding {
    if facts.repository == RepositoryState::GitMissing {
        return Finding::cross(Check::Git, "not there, or not in the PATH of commands", "install git");
    }
    let Some(text) = answer.git_version.as_deref() else { return Finding::unknown(Check::Git, "") };
    let mut numbers = text.split(['.', ' ']).map_while(|part| part.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) < GIT_MIN => {
            let hint = format!("install git {}.{} or newer", GIT_MIN.0, GIT_MIN.1);
            Finding::cross(Check::Git, format!("{text} is too old"), hint)
        }
        _ => Finding::ok(Check::Git, text),
    }
}

fn clock(observation: &Observation) -> Finding {
    let Some(clock) = observation.clock_offset() else { return Finding::unknown(Check::Clock, "") };
    let text = format!("{:+.2} s", clock.offset_s);
    let finding = if clock.is_off() {
        Finding::warn(Check::Clock, text, "which one is wrong? chronyc tracking, timedatectl")
    } else {
        Finding::ok(Check::Clock, text)
    };
    finding.measured(clock.offset_s, "s")
}

fn disk(facts: &Facts) -> Finding {
    let Some(room) = facts.disk else { return Finding::unknown(Check::Disk, "") };
    let text = format!("{} MiB left, {} %", room.free / (1 << 20), room.percent_free());
    let finding = if room.is_low() {
        Finding::warn(Check::Disk, text, "make room before git cannot write")
    } else {
        Finding::ok(Check::Disk, text)
    };
    #[expect(clippy::cast_precision_loss, reason = "a number of bytes for people to read")]
    finding.measured(room.free as f64, "bytes")
}

pub(super) fn ms(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}
