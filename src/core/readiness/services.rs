//! Judging a node's service: whether its commands can be run, what its check says, and whether it starts by itself.

use std::time::Duration;

use super::answer::{Answer, Sudo};
use super::judge::{SLOW, ms};
use super::question::{ServiceCommand, service_commands, unit};
use super::{Check, Finding, Outcome};
use crate::core::inventory::Node;
use crate::core::probe::{Facts, ServiceState};

pub(super) fn commands(node: &Node, answer: &Answer) -> Finding {
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

pub(super) fn service(node: &Node, facts: &Facts, late: Duration) -> Finding {
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

pub(super) fn boot(node: &Node, answer: &Answer) -> Finding {
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
