//! Readiness for people: a verdict, a matrix of marks, each cross with its hint, the relays, the promises. In a pipe
//! a line each.

use std::fmt::Write as _;

use console::Style;

use super::human::{SENTENCE_CHARS_MAX, paragraph};
use super::promises;
use super::{Screen, Settings};
use crate::core::name::NodeName;
use crate::core::promises::show;
use crate::core::readiness::{Check, Finding, NodeReadiness, Outcome, Pair, Readiness, Verdict};
use crate::core::text::{harmless, listed};

/// Between two columns.
const GAP: usize = 2;

/// At most this many pairs that failed are named.
const PAIRS_MAX: usize = 12;

/// A readiness as people read it, for a screen.
pub(super) fn words(readiness: &Readiness, settings: Settings, screen: Screen) -> String {
    let page = Page { readiness, screen };
    let mut text = page.verdict();
    if settings.quiet {
        return text;
    }
    if screen.width.is_none() {
        return text + &page.lines();
    }
    text += &page.checks();
    text += &page.findings();
    text += &page.relays();
    if settings.verbose {
        text.push('\n');
        text += &page.lines();
    }
    text + &page.promises()
}

/// One report on one screen.
#[derive(Clone, Copy)]
struct Page<'a> {
    readiness: &'a Readiness,
    screen: Screen,
}

impl Page<'_> {
    fn paint(self, style: Style, text: &str) -> String {
        style.force_styling(self.screen.colored).apply_to(text).to_string()
    }

    fn paragraph(self, text: &str, indent: &str) -> String {
        paragraph(text, indent, self.screen)
    }

    fn dim(self, text: &str) -> String {
        self.paint(Style::new().dim(), text)
    }

    fn mark(self, outcome: Outcome) -> String {
        let (sign, ascii, style) = match outcome {
            Outcome::Ok => ("✓", "+", Style::new().green()),
            Outcome::Warn => ("!", "!", Style::new().yellow()),
            Outcome::Cross => ("✗", "x", Style::new().red().bold()),
            Outcome::Unknown => ("?", "?", Style::new().dim()),
        };
        self.paint(style, if self.screen.unicode { sign } else { ascii })
    }

    fn verdict(self) -> String {
        let (verdict, reason) = self.readiness.verdict();
        let style = match verdict {
            Verdict::Ready => Style::new().green().bold(),
            Verdict::NotReady => Style::new().yellow().bold(),
            Verdict::CannotHold | Verdict::CutOff => Style::new().red().bold(),
        };
        let reason = harmless(&reason, SENTENCE_CHARS_MAX);
        self.paragraph(&format!("{}: {reason}", self.paint(style, verdict.as_str())), "")
    }

    /// The matrix: a row a check, a column a node. Where not all nodes fit, those of which there is nothing to say are
    /// named below it instead.
    fn checks(self) -> String {
        let nodes: Vec<&NodeReadiness> = self.readiness.nodes.iter().collect();
        let (shown, well): (Vec<_>, Vec<_>) = if self.chunks(label_width(), &nodes).len() > 1 {
            nodes.into_iter().partition(|node| is_remarkable(node))
        } else {
            (nodes, Vec::new())
        };
        let mut text = String::new();
        for chunk in self.chunks(label_width(), &shown) {
            let names: Vec<&NodeName> = chunk.iter().map(|node| &node.name).collect();
            let row = |check: Check| {
                let marks = chunk.iter().map(|node| Some(node.outcome(check))).collect();
                (check.label().to_owned(), marks)
            };
            text += "\n";
            text += &self.matrix(&names, Check::ALL.map(row).into());
        }
        if !well.is_empty() {
            let names = listed(&well.iter().map(|node| node.name.as_str()).collect::<Vec<_>>());
            let sign = self.mark(Outcome::Ok);
            text.push('\n');
            text += &self.paragraph(&format!("{sign} nothing to say of {}: {names}", well.len()), "  ");
        }
        text
    }

    /// The nodes in groups, each of which fits beside the labels. A node that does not fit alone stands alone.
    fn chunks<'a>(self, label_width: usize, nodes: &[&'a NodeReadiness]) -> Vec<Vec<&'a NodeReadiness>> {
        let width = self.screen.width.unwrap_or(usize::MAX);
        let mut chunks: Vec<Vec<&NodeReadiness>> = Vec::new();
        let mut used = usize::MAX;
        for node in nodes {
            let more = GAP + node.name.as_str().len();
            if used.saturating_add(more) > width {
                used = label_width;
                chunks.push(Vec::new());
            }
            used += more;
            if let Some(chunk) = chunks.last_mut() {
                chunk.push(node);
            }
        }
        chunks
    }

    fn matrix(self, columns: &[&NodeName], rows: Vec<(String, Vec<Option<Outcome>>)>) -> String {
        let label_width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let gap = " ".repeat(GAP);
        let mut text = " ".repeat(label_width);
        for name in columns {
            text = text + &gap + name.as_str();
        }
        text.push('\n');
        for (label, marks) in rows {
            let mut line = format!("{label:<label_width$}");
            for (name, mark) in columns.iter().zip(marks) {
                let mark = mark.map_or_else(|| " ".to_owned(), |outcome| self.mark(outcome));
                line = line + &gap + &mark + &" ".repeat(name.as_str().len().saturating_sub(1));
            }
            text = text + line.trim_end() + "\n";
        }
        text
    }

    /// What is missing, what is worth a look and what cannot be told, each with its hint; the same of several nodes
    /// once.
    fn findings(self) -> String {
        let mut text = String::new();
        for group in groups(&self.readiness.nodes) {
            let finding = group.finding;
            let nodes = if group.nodes.len() > 1 && group.nodes.len() == self.readiness.nodes.len() {
                "every node".to_owned()
            } else {
                listed(&group.nodes)
            };
            let said = harmless(&finding.text, SENTENCE_CHARS_MAX);
            let line = format!("{} {nodes}: {}: {said}", self.mark(finding.outcome), finding.check.label());
            text += &self.paragraph(&line, "  ");
            if let Some(hint) = &finding.hint {
                let hint = self.dim(&format!("hint: {}", harmless(hint, SENTENCE_CHARS_MAX)));
                text += &self.paragraph(&format!("  {hint}"), "  ");
            }
        }
        if text.is_empty() { text } else { format!("\n{text}") }
    }

    /// Who reaches whom: from a row, through its sshd, to a column.
    fn relays(self) -> String {
        let Readiness { nodes, pairs, .. } = self.readiness;
        if pairs.is_empty() {
            return String::new();
        }
        let nodes: Vec<&NodeReadiness> = nodes.iter().collect();
        let labels: Vec<String> = nodes.iter().map(|node| format!("via {}", node.name)).collect();
        let label_width = labels.iter().map(String::len).max().unwrap_or(0);
        let is_whole = pairs.len() == nodes.len() * (nodes.len() - 1);
        let mut text = String::from("\n");
        if is_whole && self.chunks(label_width, &nodes).len() == 1 {
            let names: Vec<&NodeName> = nodes.iter().map(|node| &node.name).collect();
            let mark = |relay: &NodeName, target: &NodeName| {
                pairs.iter().find(|pair| pair.relay == *relay && pair.target == *target).map(Pair::mark)
            };
            let marks = names.iter().map(|relay| names.iter().map(|target| mark(relay, target)).collect());
            text += &self.matrix(&names, labels.into_iter().zip(marks).collect());
        } else {
            let reached = pairs.iter().filter(|pair| pair.mark() == Outcome::Ok).count();
            let line = format!("relays: {reached} of {} pairs of nodes reach one another", pairs.len());
            text += &self.paragraph(&line, "");
        }
        text + &self.failed_pairs()
    }

    /// The pairs that failed although this machine reaches both nodes: between those two something is closed.
    fn failed_pairs(self) -> String {
        let Readiness { nodes, pairs, .. } = self.readiness;
        let is_heard = |name: &NodeName| nodes.iter().any(|node| node.name == *name && node.is_heard());
        let failed: Vec<&Pair> =
            pairs.iter().filter(|pair| pair.mark() == Outcome::Cross && is_heard(&pair.target)).collect();
        let mut text = String::new();
        for pair in failed.iter().take(PAIRS_MAX) {
            let why = pair.outcome.silence().map_or_else(String::new, |silence| format!(": {silence}"));
            let mark = self.mark(Outcome::Cross);
            let line = format!("{mark} {} via {}{}", pair.target, pair.relay, harmless(&why, SENTENCE_CHARS_MAX));
            text += &self.paragraph(&line, "  ");
        }
        if failed.len() > PAIRS_MAX {
            text += &self.paragraph(&format!("  and {} pairs more", failed.len() - PAIRS_MAX), "");
        }
        text
    }

    /// The promises in a line, those that cannot hold with their numbers.
    fn promises(self) -> String {
        let all = &self.readiness.promises;
        let mut text = String::from("\n");
        let bound = |promise: &crate::core::promises::Promise| {
            let bound = promise.bound.map_or_else(|| "no bound".to_owned(), show);
            format!("{} {bound} of {}", promise.name, show(promise.limit))
        };
        let line = all.promises.iter().map(bound).collect::<Vec<_>>().join(" · ");
        text += &self.paragraph(&self.dim(&format!("promises: {line}")), "  ");
        for promise in all.promises.iter().filter(|promise| !promise.holds()) {
            text += &promises::words(promise);
        }
        text
    }

    /// A line a finding, then a line a pair, then a line a promise, each with who, what and how first: for `grep` and `awk`.
    fn lines(self) -> String {
        let Readiness { nodes, pairs, promises, .. } = self.readiness;
        let mut text = String::new();
        // Pairs name nodes that were not asked, too.
        let names = nodes.iter().map(|node| &node.name).chain(pairs.iter().map(|pair| &pair.target));
        let width = names.map(|name| name.as_str().len()).max().unwrap_or(0);
        let shown = |text: &str| harmless(text, SENTENCE_CHARS_MAX);
        // Writing to a String cannot fail.
        for node in nodes {
            for finding in &node.findings {
                let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!(" (hint: {})", shown(hint)));
                let line = format!(
                    "{:<width$}  {:<11}  {:<7}  {}{hint}",
                    node.name.as_str(),
                    finding.check.id(),
                    finding.outcome.as_str(),
                    shown(&finding.text)
                );
                let _ = writeln!(text, "{}", line.trim_end());
            }
        }
        for pair in pairs {
            let why =
                pair.outcome.silence().map_or_else(String::new, |silence| format!(": {}", shown(&silence.to_string())));
            let (target, outcome) = (pair.target.as_str(), pair.mark().as_str());
            let _ = writeln!(text, "{target:<width$}  {:<11}  {outcome:<7}  via {}{why}", "relay", pair.relay);
        }
        for promise in &promises.promises {
            let outcome = if promise.holds() { Outcome::Ok } else { Outcome::Cross };
            let bound = promise.bound.map_or_else(|| "no bound".to_owned(), show);
            let (name, outcome) = (promise.name, outcome.as_str());
            let _ =
                writeln!(text, "{:<width$}  {name:<11}  {outcome:<7}  {bound} of {}", "promise", show(promise.limit));
        }
        text
    }
}

fn label_width() -> usize {
    Check::ALL.iter().map(|check| check.label().len()).max().unwrap_or(0)
}

fn is_remarkable(node: &NodeReadiness) -> bool {
    node.findings.iter().any(|finding| matches!(finding.outcome, Outcome::Cross | Outcome::Warn))
}

/// The same finding of several nodes.
struct Group<'a> {
    finding: &'a Finding,
    nodes: Vec<&'a str>,
}

/// What a person has to be told, the worst first, then in the order of the checks.
fn groups(nodes: &[NodeReadiness]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for node in nodes {
        for finding in &node.findings {
            if finding.outcome == Outcome::Ok || finding.text.is_empty() {
                continue;
            }
            let is_same = |group: &&mut Group<'_>| {
                let other = group.finding;
                (other.check, other.outcome, &other.text, &other.hint)
                    == (finding.check, finding.outcome, &finding.text, &finding.hint)
            };
            match groups.iter_mut().find(is_same) {
                Some(group) => group.nodes.push(node.name.as_str()),
                None => groups.push(Group { finding, nodes: vec![node.name.as_str()] }),
            }
        }
    }
    groups.sort_by_key(|group| (group.finding.outcome, group.finding.check));
    groups
}
