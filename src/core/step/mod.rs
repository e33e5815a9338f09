//! Steps: what changes a node. Each is one program that the node's `sh` runs, told to whom it is meant and until when,
//! and refused by the node itself where that does not fit.
//!
//! This builds the command lines, for a login shell; [`read`] turns what comes back into an [`Answer`]. Every step may be
//! repeated: the end is the same.

mod answer;
mod made;
mod reading;
mod refusal;

use std::time::Duration;

pub use answer::{Answer, Failed, Fault, Merged, ServiceEnd, Status};
pub use made::{Aside, Made, Mode, Part};
pub use reading::{BEGIN, END, read};
pub use refusal::Refusal;

use super::duty::Duty;
use super::inventory::{CellName, Node, Service};
use super::shell::{arguments, command_line};

/// What each step begins with.
const PRELUDE: &str = include_str!("../../scripts/step.sh");
/// Whose repository it is, without which nothing else is done in it.
const OWN: &str = include_str!("../../scripts/own.sh");
/// What runs the service's commands.
const SERVICE: &str = include_str!("../../scripts/service.sh");
/// What commits a work tree.
const EXHALE: &str = include_str!("../../scripts/exhale.sh");

/// The most bytes that an answer may have; a good one stays far below.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The line right before a pack: what follows it, up to the end of the output, is the pack itself.
pub const PACK_BEGIN: &str = "m3m-pack 1";

/// To whom a step is told, and until when it may be done.
#[derive(Debug, Clone, Copy)]
pub struct Address<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its cell.
    pub cell: &'a CellName,
    /// Until when.
    pub not_after: &'a NotAfter,
}

/// Until when a step may begin what it does, by the node's own word for its boot and its own clock, as its probe gave
/// them: the time since it was booted, or since 1970 where it knows no such clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotAfter {
    /// The boot; another one refuses.
    pub boot_id: Option<String>,
    /// The time; nothing: at any time.
    pub clock: Option<Duration>,
}

/// Raising a node to a term, and fencing it on the way. Once begun, the service is stopped and the work tree committed
/// whatever the time; the reference moves in time or not at all, so an answer may be refused and say what became of the
/// service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raise<'a> {
    /// The term's commit, which was won.
    pub commit: &'a str,
    /// The role that the node must not have in it.
    pub role: Option<Duty>,
    /// What is to be stopped; nothing: nothing is.
    pub service: Option<&'a Service>,
    /// The time for the stop until nothing runs. The check before it and the last one after it may take as long again.
    pub stop_within: Duration,
    /// The same for the kill.
    pub kill_within: Duration,
    /// Whether the work tree is committed.
    pub exhale: bool,
}

/// Starting a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start<'a> {
    /// The term's commit, which the node must hold.
    pub commit: &'a str,
    /// The role that the node must have in it.
    pub duty: Duty,
    /// The head that its branch must have; nothing: any.
    pub expected_head: Option<&'a str>,
    /// What is started.
    pub service: &'a Service,
    /// The time for the start until it runs. The check before it and the last one after it may take as long again.
    pub within: Duration,
    /// The time for the kill where it does not.
    pub kill_within: Duration,
}

impl Raise<'_> {
    /// The longest that the service's commands may take in all.
    #[must_use]
    pub fn takes_at_most(&self) -> Duration {
        self.stop_within * 3 + self.kill_within * 2
    }
}

impl Start<'_> {
    /// The longest that the service's commands may take in all.
    #[must_use]
    pub fn takes_at_most(&self) -> Duration {
        self.within * 3 + self.kill_within * 2
    }
}

/// The line that puts a claim to a node: the commit's text behind the line of its tree, and its `term.json`.
#[must_use]
pub fn claim(address: Address<'_>, head: &str, json: &str) -> String {
    step(address, &[head, json], &[include_str!("../../scripts/claim.sh")])
}

/// The line that raises a node.
#[must_use]
pub fn raise(address: Address<'_>, raise: &Raise<'_>) -> String {
    let (stop_s, kill_s) = (whole_seconds(raise.stop_within), whole_seconds(raise.kill_within));
    let [stop, kill, check] =
        raise.service.map_or([""; 3], |service| [&service.stop, &service.kill, &service.check].map(String::as_str));
    let words = [
        raise.commit,
        raise.role.map_or("", Duty::id),
        &address.node.repository.branch,
        if raise.exhale { "exhale" } else { "" },
        &stop_s,
        &kill_s,
        stop,
        kill,
        check,
    ];
    step(address, &words, &[SERVICE, EXHALE, include_str!("../../scripts/raise.sh")])
}

/// The line that starts a service.
#[must_use]
pub fn start(address: Address<'_>, start: &Start<'_>) -> String {
    let words = [
        start.commit,
        start.duty.id(),
        start.expected_head.unwrap_or_default(),
        &whole_seconds(start.within),
        &whole_seconds(start.kill_within),
        &start.service.start,
        &start.service.check,
        &start.service.kill,
    ];
    step(address, &words, &[SERVICE, include_str!("../../scripts/start.sh")])
}

/// The line that asks a node for a pack of the wanted commits, without what the other side has. It is no step: it only
/// reads, and its answer is [`PACK_BEGIN`] and the pack.
#[must_use]
pub fn pack(repository_path: &str, wanted: &[String], known: &[String]) -> String {
    let words = arguments(&[repository_path, &wanted.join("\n"), &known.join("\n")]);
    command_line("m3m-pack", &(words + include_str!("../../scripts/pack.sh")))
}

/// The line that takes in a pack from standard input, with these commits in it or completed by it.
#[must_use]
pub fn take(address: Address<'_>, wanted: &[String]) -> String {
    step(address, &[&wanted.join("\n")], &[include_str!("../../scripts/take.sh")])
}

/// The line that brings a work tree to a commit, under the term that the node must hold. Where both sides wrote, the
/// wanted one has it, unless the node executes (`own_wins`) or was the last to do so.
#[must_use]
pub fn inhale(address: Address<'_>, commit: &str, wanted: &str, own_wins: bool) -> String {
    let words = [commit, wanted, &address.node.repository.branch, if own_wins { "own" } else { "" }];
    step(address, &words, &[EXHALE, include_str!("../../scripts/inhale.sh")])
}

/// The line that makes a node keep the record of a pause, or of its end.
#[must_use]
pub fn pause(address: Address<'_>, record: &str) -> String {
    step(address, &[record], &[include_str!("../../scripts/pause.sh")])
}

/// The line that makes a node's repository ready.
#[must_use]
pub fn init(address: Address<'_>, mode: Mode) -> String {
    let words = [mode.as_str(), address.node.repository.branch.as_str()];
    program(address, &words, include_str!("../../scripts/init.sh"))
}

fn step(address: Address<'_>, words: &[&str], scripts: &[&str]) -> String {
    program(address, words, &(OWN.to_owned() + &scripts.concat()))
}

fn program(address: Address<'_>, words: &[&str], script: &str) -> String {
    let Address { node, cell, not_after } = address;
    let clock = not_after.clock.map(|clock| format!("{}.{:02}", clock.as_secs(), clock.subsec_millis() / 10));
    let mut all = vec![
        node.repository.path.as_str(),
        node.name.as_str(),
        cell.as_str(),
        not_after.boot_id.as_deref().unwrap_or_default(),
        clock.as_deref().unwrap_or_default(),
    ];
    all.extend(words);
    command_line("m3m-step", &(arguments(&all) + PRELUDE + script))
}

/// Watchdogs sleep in whole seconds, and at least one.
fn whole_seconds(time: Duration) -> String {
    time.as_millis().div_ceil(1000).max(1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_so_that_no_step_is_late_and_no_watchdog_early() {
        for (ms, s) in [(0, "1"), (999, "1"), (1000, "1"), (1001, "2"), (30_000, "30")] {
            assert_eq!(whole_seconds(Duration::from_millis(ms)), s);
        }
    }

    #[test]
    fn the_longest_step_fits_into_one_packet_of_ssh() {
        // libssh2 sends a command in one packet, which holds at most 34 KiB.
        let longest =
            arguments(&[&"x".repeat(4096)]) + PRELUDE + SERVICE + EXHALE + include_str!("../../scripts/raise.sh");
        let line = command_line("m3m-step", &longest);
        assert!(line.len() < 30 * 1024, "{}", line.len());
    }

    #[test]
    fn a_pack_is_asked_for_by_ids_a_line_each() {
        let ids = ["a".repeat(40), "b".repeat(40)];
        let line = pack("/srv/it's", &ids, &[]);
        assert!(line.starts_with("exec sh -c ") && !line.contains('\n') && line.contains(&ids.join("\\n")), "{line}");
    }
}
