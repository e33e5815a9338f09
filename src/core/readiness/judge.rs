//! Judging one node by what it said, or by how far m3m came with it.

use std::time::Duration;

use super::answer::{Answer, Sudo};
use super::question::{ServiceCommand, service_commands, unit};
use super::repository::repository_fault;
use super::{Check, Finding, Outcome};
use crate::core::inventory::Node;
use crate::core::observation::Observation;
use crate::core::probe::{Facts, RepositoryState, ServiceState};
use crate::core::shell::word;
use crate::core::silence::{Cause, Phase, Silence, endpoint};

/// The oldest git that understands what m3m asks of it (`--no-optional-locks`).
const GIT_MIN: (u32, u32) = (2, 15);

/// A login shell that takes longer than this to start is worth a word: it comes on top of every check.
const SHELL_START_MAX: Duration = Duration::from_millis(500);

/// What to do where a part of the answer is missing.
const SLOW: &str = "something there is slow or hangs, such as a file system or sudo; --timeout gives it more time";

/// What is written to see whether it can be.
const WRITES: [&str; 3] = ["files", "objects", "references"];

/// The steps that lead to a node, in order.
const STEPS: [Check; 6] = [Check::Name, Check::Tcp, Check::Ssh, Check::HostKey, Check::Auth, Check::Shell];

/// One finding for each check of the node itself, in order; what needs other nodes is judged by [`super::pairs`].
/// `late` is the time after which a health check counts as late.
#[must_use]
pub fn judge(node: &Node, observation: &Observation, answer: &Answer, late: Duration) -> Vec<Finding> {
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
        repository(node, facts, answer),
        write(node, facts, answer),
        ignored(facts, answer),
        commands(node, answer),
        service(node, facts, late),
        boot(node, answer),
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

fn repository(node: &Node, facts: &Facts, answer: &Answer) -> Finding {
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
        (_, Some((text, hint))) => Finding::cross(Check::Repository, text, hint),
    }
}

fn write(node: &Node, facts: &Facts, answer: &Answer) -> Finding {
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

fn ignored(facts: &Facts, answer: &Answer) -> Finding {
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

fn commands(node: &Node, answer: &Answer) -> Finding {
    let all = service_commands(node);
    let mut findings: Vec<Finding> = all.iter().map(|command| one_command(command, answer)).collect();
    findings.sort_by_key(|finding| finding.outcome);
    let worst = findings.first().map_or(Outcome::Unknown, |finding| finding.outcome);
    findings.retain(|finding| finding.outcome == worst && !finding.text.is_empty());
    let text = findings.iter().map(|finding| finding.text.as_str()).collect::<Vec<_>>().join("; ");
    let is_asked =
        |command: &&ServiceCommand<'_>| matches!(answer.sudo.get(command.name), Some(Sudo::Refuses(_) | Sudo::Unsure));
    let rules: Vec<&str> = all.iter().filter(is_asked).filter_map(|command| command.sudo.as_deref()).collect();
    let user = node.ssh.user.as_deref().unwrap_or("USER");
    let allow = format!("with visudo, each by its whole path: {user} ALL=(root) NOPASSWD: {}", rules.join(", "));
    let install = findings.iter().find_map(|finding| finding.hint.clone());
    let hint = install.or((!rules.is_empty()).then_some(allow));
    Finding { hint, ..Finding::new(Check::Commands, worst, text) }
}

fn one_command(command: &ServiceCommand<'_>, answer: &Answer) -> Finding {
    let (check, name) = (Check::Commands, command.name);
    let Some(program) = command.program else {
        return Finding::unknown(check, format!("{name}: what it runs is known to a shell only"));
    };
    match (answer.commands.get(name), answer.sudo.get(name)) {
        (None, _) => Finding::unknown(check, ""),
        (Some(None), _) => Finding::cross(
            check,
            format!("{name}: there is no {program} that can be run"),
            "install it, or name its whole path: the PATH of a session without a terminal is short",
        ),
        (_, Some(Sudo::Refuses(said))) => Finding::new(check, Outcome::Cross, format!("{name}: sudo: {said}")),
        (_, Some(Sudo::Unsure)) => {
            Finding::new(check, Outcome::Warn, format!("{name}: sudo allows it and may want a password"))
        }
        (_, None) if command.asks_sudo() => match command.sudo {
            Some(_) => Finding::cross(check, format!("{name}: sudo does not answer"), SLOW),
            None => Finding::unknown(check, format!("{name}: what it asks sudo for is known to a shell only")),
        },
        _ => Finding::ok(check, format!("{name}: {program}")),
    }
}

fn service(node: &Node, facts: &Facts, late: Duration) -> Finding {
    let check = &node.service.check;
    let took = facts.service_took.map_or_else(String::new, |took| format!(", after {}", ms(took)));
    let finding = match facts.service {
        ServiceState::Unknown => return Finding::unknown(Check::Service, ""),
        ServiceState::NoAnswer => {
            Finding::cross(Check::Service, "the service's check does not end", format!("try it there: {check}"))
        }
        ServiceState::CheckFails(status) => Finding::cross(
            Check::Service,
            format!("the service's check cannot be run (exit {status})"),
            format!("correct service.check, or install what it needs: {check}"),
        ),
        state => {
            let said = match state {
                ServiceState::Stopped(status) => format!("stopped (exit {status}){took}"),
                _ => format!("runs{took}"),
            };
            if facts.service_took.is_some_and(|took| took > late) {
                let hint = format!("with more than {} a health check is late; make it quicker: {check}", ms(late));
                Finding::warn(Check::Service, said, hint)
            } else {
                Finding::ok(Check::Service, said)
            }
        }
    };
    match facts.service_took {
        Some(took) => finding.measured(took.as_secs_f64(), "s"),
        None => finding,
    }
}

fn boot(node: &Node, answer: &Answer) -> Finding {
    let Some(unit) = unit(&node.service.start) else {
        let text = "service.start is no systemctl command: whether it runs after a boot is not known";
        return Finding::unknown(Check::Boot, text);
    };
    let Some(said) = answer.at_boot.as_deref() else {
        let hangs = answer.complete && !answer.is_done("boot");
        return Finding::unknown(Check::Boot, if hangs { "systemctl does not answer" } else { "" });
    };
    match said {
        "enabled" | "enabled-runtime" | "generated" => Finding::warn(
            Check::Boot,
            format!("{unit} is {said}: after a reboot it starts by itself, maybe as a second writer"),
            format!("m3m starts it where it belongs: sudo systemctl disable {unit}"),
        ),
        "masked" | "masked-runtime" => Finding::cross(
            Check::Boot,
            format!("{unit} is masked: it cannot be started"),
            format!("sudo systemctl unmask {unit}"),
        ),
        "disabled" | "static" | "indirect" | "linked" => Finding::ok(Check::Boot, format!("{unit} is {said}")),
        said if said.contains("not-found") || said.contains("No such file") => Finding::cross(
            Check::Boot,
            format!("there is no unit {unit}"),
            "install the service there, or correct service.start",
        ),
        said => Finding::unknown(Check::Boot, format!("{unit}: {said}")),
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

/// Whether the node came to its last line without a part that needs nothing but the repository.
fn is_given_up(facts: &Facts, answer: &Answer, part: &str) -> bool {
    matches!(facts.repository, RepositoryState::Found(_)) && answer.complete && !answer.is_done(part)
}

/// Paths as words of one command.
fn words(paths: &[String]) -> String {
    paths.iter().map(|path| word(path)).collect::<Vec<_>>().join(" ")
}

fn ms(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}
