//! A command that ran on nodes, as people read it: what nodes printed alike stands once, behind their names.
//!
//! In a pipe every line has the names before it, for `grep`; on a terminal they stand above what takes several lines.
//! What m3m itself has to say comes last, on standard error, behind `m3m:`.

use std::io;

use console::Style;

use super::human::paragraph;
use super::{Screen, Settings, words, write_err, write_out};
use crate::core::name::NodeName;
use crate::core::run::{End, Execution, Group, Run, fold};
use crate::core::silence::{Cause, Silence};
use crate::core::text::{harmless, harmless_lines};

/// The longest sentence about a node.
const SENTENCE_CHARS_MAX: usize = 400;

/// At most this many hints are given where nodes say the same of themselves.
const HINTS_MAX: usize = 3;

/// How one of the outputs is written.
struct Sheet {
    /// Names stand above several lines, and not before each.
    headed: bool,
    colored: bool,
    /// All nodes, where a name for all of them may stand in place of theirs.
    all: usize,
}

/// Writes the outputs and how it ended.
pub(super) fn show(execution: &Execution, settings: Settings, screen: Screen) -> io::Result<()> {
    let headed = screen.width.is_some();
    let out = Sheet { headed, colored: screen.colored, all: execution.runs.len() };
    let colored = screen.colored && screen.attended;
    let err = Sheet { headed: screen.attended, colored, all: execution.runs.len() };
    // Where the reader has gone, as with `| head -1`, it is still told what became of the command.
    let written = write_out(&outputs(&execution.runs, |run| &run.stdout, &out, ""));
    // Where both are the same terminal they are told apart by a word.
    let which = if headed && screen.attended { " (stderr)" } else { "" };
    write_err(&outputs(&execution.runs, |run| &run.stderr, &err, which));
    let endings = endings(execution, &err);
    let fitted = || -> String { endings.lines().map(|line| paragraph(line, "  ", screen)).collect() };
    write_err(&if screen.attended { fitted() } else { endings });
    let said_nothing = execution.runs.iter().all(|run| run.stdout.is_empty() && run.stderr.is_empty());
    if said_nothing && execution.status() == 0 && screen.attended && !settings.quiet {
        write_err(&format!("m3m: {}: exit status 0, no output\n", err.heading(&names(&execution.runs), "")));
    }
    written
}

fn names(runs: &[Run]) -> Vec<NodeName> {
    runs.iter().map(|run| run.node.clone()).collect()
}

/// One stream of all nodes.
fn outputs<'a>(runs: &'a [Run], stream: impl Fn(&'a Run) -> &'a Vec<u8>, sheet: &Sheet, which: &str) -> String {
    let said = runs.iter().filter(|run| !stream(run).is_empty()).map(|run| (run.node.clone(), stream(run)));
    fold(said).iter().map(|group| sheet.body(group, which)).collect()
}

/// What is to be said of how it ended: nothing where that is a 0.
fn endings(execution: &Execution, sheet: &Sheet) -> String {
    let runs = &execution.runs;
    let said =
        |what: fn(&Run) -> Option<String>| fold(runs.iter().filter_map(|run| Some((run.node.clone(), what(run)?))));
    let line = |group: &Group<String>, style: Style| {
        let sentence = sheet.paint(style, &harmless(&group.what, SENTENCE_CHARS_MAX));
        format!("m3m: {}: {sentence}\n", sheet.heading(&group.nodes, ""))
    };
    let (via, garbled) = (said(|run| Some(format!("reached through {}", run.via.as_ref()?))), said(garbled));
    let mut text: String = via.iter().chain(&garbled).map(|group| line(group, Style::new().yellow())).collect();
    for group in said(|run| sentence(&run.end)) {
        text += &line(&group, Style::new().red());
        // A hint may name a host: where many nodes say the same, a few are enough.
        let name = if group.nodes.len() == 1 { group.nodes[0].as_str() } else { "the node" };
        let of_group = runs.iter().filter(|run| group.nodes.contains(&run.node));
        for hint in fold(of_group.filter_map(|run| Some((run.node.clone(), run.hint(name)?)))).iter().take(HINTS_MAX) {
            let hint = format!("hint: {}", harmless(&hint.what, SENTENCE_CHARS_MAX));
            text += &format!("  {}\n", sheet.paint(Style::new().dim(), &hint));
        }
    }
    text
}

/// That an output is no text.
fn garbled(run: &Run) -> Option<String> {
    let is_text = |output: &[u8]| std::str::from_utf8(output).is_ok();
    (!is_text(&run.stdout) || !is_text(&run.stderr))
        .then(|| "its output is not all UTF-8: \u{fffd} stands for the rest".to_owned())
}

/// How a command ended, where that needs a word.
pub(super) fn sentence(end: &End) -> Option<String> {
    match end {
        End::Exited(0) => None,
        End::Exited(status) => Some(match end.signal() {
            Some(signal) => format!("exit status {status}: killed by {signal}"),
            None => format!("exit status {status}"),
        }),
        End::Left(status) => Some(format!("exit status {status}, but something it started holds its output open")),
        End::TimeOver => Some("its time was over, and it was ended there".to_owned()),
        End::Lost(Silence { cause: Cause::TooLong(bytes), .. }) => {
            Some(format!("cut off: more output than {} KiB; how it ended is not known", bytes / 1024))
        }
        End::Lost(silence) if end.may_still_run() => Some(format!("no end: {silence}; it may still run there")),
        End::Lost(silence) => Some(format!("no end: {silence}")),
        End::NotBegun(silence) => Some(format!("not reached: {silence}")),
        End::Interrupted => Some("interrupted: it may still run there".to_owned()),
    }
}

/// What came of it on one node, in a few words.
pub(super) fn progress(run: &Run) -> String {
    let end = sentence(&run.end).unwrap_or_else(|| "ended".to_owned());
    let via = run.via.as_ref().map(|via| format!(" through {via}")).unwrap_or_default();
    format!("{} after {}{via}", harmless(&end, SENTENCE_CHARS_MAX), words::duration(run.took))
}

impl Sheet {
    fn paint(&self, style: Style, text: &str) -> String {
        style.force_styling(self.colored).apply_to(text).to_string()
    }

    fn heading(&self, nodes: &[NodeName], which: &str) -> String {
        let head = if self.headed && nodes.len() > 1 && nodes.len() == self.all {
            format!("all {} nodes", self.all)
        } else {
            nodes.iter().map(NodeName::as_str).collect::<Vec<_>>().join(",")
        };
        self.paint(Style::new().bold(), &format!("{head}{which}"))
    }

    fn body(&self, group: &Group<&Vec<u8>>, which: &str) -> String {
        let text = String::from_utf8_lossy(group.what);
        let lines: Vec<String> = harmless_lines(&text).collect();
        let head = self.heading(&group.nodes, which);
        if self.headed && lines.len() > 1 {
            return format!("{head}:\n{}\n", lines.join("\n"));
        }
        lines.iter().map(|line| format!("{head}: {line}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn run(node: &str, stdout: &[u8]) -> Run {
        let (node, host) = (node.parse().expect("a name"), "127.0.0.1".to_owned());
        let (stdout, stderr) = (stdout.to_vec(), Vec::new());
        Run { node, host, port: 22, via: None, took: Duration::ZERO, end: End::Exited(0), stdout, stderr }
    }

    fn written(runs: &[Run], headed: bool) -> String {
        outputs(runs, |run| &run.stdout, &Sheet { headed, colored: false, all: runs.len() }, "")
    }

    #[test]
    fn equal_output_stands_once_behind_the_names() {
        let runs = [run("a", b"x\ny\n"), run("b", b"z"), run("c", b"x\ny\n"), run("d", b"")];
        assert_eq!(written(&runs, false), "a,c: x\na,c: y\nb: z\n");
        assert_eq!(written(&runs, true), "a,c:\nx\ny\nb: z\n");
        assert_eq!(written(&runs[1..2], true), "b: z\n");
        assert_eq!(written(&[run("a", b"x"), run("b", b"x")], true), "all 2 nodes: x\n");
        assert_eq!(written(&[run("a", b"x"), run("b", b"x")], false), "a,b: x\n");
    }

    #[test]
    fn a_few_hints_are_enough_for_many_nodes() {
        let refused = || Silence { phase: crate::core::silence::Phase::Connect, cause: Cause::Refused };
        let of = |port: u16| Run { port, end: End::NotBegun(refused()), ..run(&format!("n{port}"), b"") };
        let told = |ports: std::ops::Range<u16>| {
            let (cell, command) = ("t".parse().expect("a name"), String::new());
            let runs = ports.map(of).collect();
            let execution = Execution { at: jiff::Timestamp::UNIX_EPOCH, cell, command, timeout: Duration::ZERO, runs };
            endings(&execution, &Sheet { headed: false, colored: false, all: 9 })
        };
        assert!(told(1..2).ends_with("is sshd running on n1?\n"), "{}", told(1..2));
        assert_eq!(told(1..9).matches("is sshd running on the node?").count(), HINTS_MAX, "{}", told(1..9));
    }

    #[test]
    fn what_a_terminal_would_obey_is_gone_and_other_bytes_are_marked() {
        let runs = [run("a", b"\x1b[31mred\x1b[0m\tx\n"), run("b", b"\xff\xfe\n")];
        assert_eq!(written(&runs, false), "a: red\tx\nb: \u{fffd}\u{fffd}\n");
        assert!(garbled(&runs[0]).is_none() && garbled(&runs[1]).is_some());
    }
}
