//! The history: a table of terms, the newest first, and the nodes that have another one. For programs `m3m.history/1`:
//! times are UTC, durations in seconds; what is not known is null.

use console::{Style, measure_text_width};
use serde::Serialize;

use super::human::{SENTENCE_CHARS_MAX, paragraph};
use super::words::duration;
use super::{Screen, Settings};
use crate::core::history::{Agreement, Entry, Fate, History, NodeHistory};
use crate::core::name::NodeName;
use crate::core::term::TermRecord;
use crate::core::text::harmless;

/// The most characters of a claimer's name.
const BY_CHARS_MAX: usize = 30;
/// The most characters of a reason, where there is room.
const REASON_CHARS_MAX: usize = 200;
/// The fewest of them that are worth a column.
const REASON_CHARS_MIN: usize = 12;
/// Between two columns.
const GAP: &str = "  ";

/// A column: its head, what stands in it, and how soon it gives way where there is no room.
struct Column {
    head: &'static str,
    text: fn(&Entry) -> String,
    /// Columns with a higher number go first; those with 0 stay.
    gives_way: u8,
}

const COLUMNS: [Column; 8] = [
    Column { head: "TERM", gives_way: 0, text: term },
    Column { head: "AT", gives_way: 2, text: |entry| entry.record.at.strftime("%F %T").to_string() },
    Column { head: "PRIMARY", gives_way: 0, text: |entry| entry.record.primary.to_string() },
    Column { head: "BRAIN", gives_way: 3, text: |entry| entry.record.brain.to_string() },
    Column { head: "REIGN", gives_way: 1, text: reign },
    Column { head: "BY", gives_way: 5, text: |entry| harmless(&entry.record.by, BY_CHARS_MAX) },
    Column { head: "ACT", gives_way: 6, text: |entry| entry.record.act.as_str().to_owned() },
    Column { head: "REASON", gives_way: 4, text: |entry| harmless(&entry.record.reason, REASON_CHARS_MAX) },
];

/// A claim that was not won is marked.
fn term(entry: &Entry) -> String {
    let number = entry.record.term;
    match entry.fate {
        Fate::Won => number.to_string(),
        fate => format!("{number} {}", fate.as_str()),
    }
}

fn reign(entry: &Entry) -> String {
    let Some(reign) = entry.reign else { return String::new() };
    let cut = if reign.is_cut { ">" } else { "" };
    let so_far = if reign.is_present { " so far" } else { "" };
    format!("{cut}{}{so_far}", duration(reign.lasted))
}

/// The history as people read it, for a screen.
pub(super) fn words(history: &History, settings: Settings, screen: Screen) -> String {
    let mut text = paragraph(&background(history), "", screen);
    if settings.quiet {
        return text;
    }
    if !history.terms.is_empty() {
        text += "\n";
        text += &table(&history.terms, screen);
    }
    let notes = notes(history);
    if !notes.is_empty() {
        text.push('\n');
    }
    for (note, hint) in notes {
        let sign = Style::new().yellow().force_styling(screen.colored).apply_to("!").to_string();
        text += &paragraph(&format!("{sign} {}", harmless(&note, SENTENCE_CHARS_MAX)), "  ", screen);
        if let Some(hint) = hint {
            text += &paragraph(&format!("  hint: {hint}"), "  ", screen);
        }
    }
    text
}

fn background(history: &History) -> String {
    let agree = history.nodes.iter().filter(|node| node.agreement == Agreement::Agrees).count();
    let terms = match history.terms.len() {
        1 => "1 term".to_owned(),
        many => format!("{many} terms"),
    };
    let of = if history.has_more { " and older ones" } else { "" };
    let at = history.at.strftime("%F %T UTC");
    format!("cell {} · {terms}{of} · held by {agree} of {} nodes · {at}", history.cell, history.nodes.len())
}

fn table(terms: &[Entry], screen: Screen) -> String {
    let mut columns: Vec<&Column> = COLUMNS.iter().collect();
    let mut widths = widths(&columns, terms);
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
    while let Some(over) = screen.width.and_then(|width| total(&widths).checked_sub(width)).filter(|over| *over > 0) {
        let (last, first_to_go) = (widths.len() - 1, columns.iter().map(|column| column.gives_way).max().unwrap_or(0));
        match widths[last].checked_sub(over).filter(|left| *left >= REASON_CHARS_MIN) {
            // A reason is cut before a column goes.
            Some(left) if columns[last].head == "REASON" => widths[last] = left,
            _ if first_to_go == 0 => break,
            _ => {
                let keep: Vec<bool> = columns.iter().map(|column| column.gives_way != first_to_go).collect();
                columns = columns.into_iter().zip(&keep).filter_map(|(column, keep)| keep.then_some(column)).collect();
                widths = widths.into_iter().zip(&keep).filter_map(|(width, keep)| keep.then_some(width)).collect();
            }
        }
    }
    let head = row(columns.iter().map(|column| column.head.to_owned()), &widths);
    let rows = terms.iter().map(|entry| {
        let text = row(columns.iter().map(|column| (column.text)(entry)), &widths);
        let style = match entry.fate {
            Fate::Won => Style::new(),
            Fate::Open => Style::new().yellow(),
            Fate::Lost => Style::new().dim(),
        };
        style.force_styling(screen.colored).apply_to(text).to_string()
    });
    // A name alone may be wider than a terminal.
    let fitted = |line: String| match screen.width {
        Some(width) => console::truncate_str(&line, width, "…").into_owned(),
        None => line,
    };
    [head].into_iter().chain(rows).map(|line| fitted(line) + "\n").collect()
}

fn widths(columns: &[&Column], terms: &[Entry]) -> Vec<usize> {
    let width = |column: &&Column| {
        let texts = terms.iter().map(|entry| measure_text_width(&(column.text)(entry)));
        texts.chain([column.head.len()]).max().unwrap_or(0)
    };
    columns.iter().map(width).collect()
}

fn row(cells: impl Iterator<Item = String>, widths: &[usize]) -> String {
    let cells = cells.zip(widths).map(|(cell, width)| {
        let cut = console::truncate_str(&cell, *width, "…");
        console::pad_str(&cut, *width, console::Alignment::Left, None).into_owned()
    });
    cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
}

/// What a person should know of nodes and of what is not shown, with hints.
fn notes(history: &History) -> Vec<(String, Option<String>)> {
    let init = |name: &NodeName| Some(format!("m3m init {name} raises it"));
    let mut notes: Vec<(String, Option<String>)> = history
        .nodes
        .iter()
        .filter_map(|NodeHistory { name, agreement, .. }| match agreement {
            Agreement::Agrees => None,
            Agreement::Behind { term, misses } => {
                let s = if *misses == 1 { "" } else { "s" };
                Some((format!("{name} holds term {term} and misses {misses} term{s}"), init(name)))
            }
            Agreement::Differs(term) => {
                let hint = "m3m status says what closes it".to_owned();
                Some((format!("{name} holds a claim to term {term} that is not known to be won"), Some(hint)))
            }
            Agreement::Without => Some((format!("{name} holds no term"), Some(format!("m3m init {name}")))),
            Agreement::Damaged(why) => {
                Some((format!("{name} cannot tell its terms: {why}"), Some(format!("m3m init --repair {name}"))))
            }
            Agreement::Silent(silence) => {
                Some((format!("{name} does not answer: {silence}"), Some("m3m status says more".to_owned())))
            }
        })
        .collect();
    if history.has_more {
        let more = (history.terms.len() * 2).max(2);
        notes.push(("older terms are not shown".to_owned(), Some(format!("m3m history --limit {more}"))));
    }
    notes
}

#[derive(Debug, Serialize)]
pub(super) struct HistoryRecord<'a> {
    schema: &'static str,
    at: String,
    cell: &'a str,
    /// There are older terms that were not asked for.
    has_more: bool,
    /// The newest first.
    terms: Vec<EntryRecord<'a>>,
    nodes: Vec<NodeRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct EntryRecord<'a> {
    id: &'a str,
    /// The last won term first, then what this one closed.
    parents: &'a [String],
    /// `won`, `open` or `lost`.
    fate: &'static str,
    /// How long PRIMARY reigned, where a reign began with this term.
    reign_s: Option<f64>,
    /// The reign lasts still.
    reign_is_present: Option<bool>,
    /// It may have begun with an older term that was not asked for.
    reign_is_cut: Option<bool>,
    /// The record itself, with the fields of term.json.
    #[serde(flatten)]
    record: &'a TermRecord,
}

#[derive(Debug, Serialize)]
struct NodeRecord<'a> {
    name: &'a str,
    /// The commit that it holds.
    term_id: Option<&'a str>,
    /// `agrees`, `behind`, `differs`, `without`, `damaged` or `silent`.
    agreement: &'static str,
    /// The number that it holds, where it is behind or differs.
    term: Option<u64>,
    /// How many won terms it misses.
    misses: Option<usize>,
    reason: Option<String>,
}

impl<'a> HistoryRecord<'a> {
    pub(super) fn of(history: &'a History) -> Self {
        Self {
            schema: "m3m.history/1",
            at: history.at.to_string(),
            cell: history.cell.as_str(),
            has_more: history.has_more,
            terms: history.terms.iter().map(EntryRecord::of).collect(),
            nodes: history.nodes.iter().map(NodeRecord::of).collect(),
        }
    }
}

impl<'a> EntryRecord<'a> {
    fn of(entry: &'a Entry) -> Self {
        let Entry { commit, parents, record, fate, reign } = entry;
        Self {
            id: commit,
            parents,
            fate: fate.as_str(),
            reign_s: reign.map(|reign| reign.lasted.as_secs_f64()),
            reign_is_present: reign.map(|reign| reign.is_present),
            reign_is_cut: reign.map(|reign| reign.is_cut),
            record,
        }
    }
}

impl<'a> NodeRecord<'a> {
    fn of(node: &'a NodeHistory) -> Self {
        let (term, misses) = match &node.agreement {
            Agreement::Behind { term, misses } => (Some(*term), Some(*misses)),
            Agreement::Differs(term) => (Some(*term), None),
            _ => (None, None),
        };
        let reason = match &node.agreement {
            Agreement::Damaged(why) => Some(why.clone()),
            Agreement::Silent(silence) => Some(silence.to_string()),
            _ => None,
        };
        let name = node.name.as_str();
        Self { name, term_id: node.tip.as_deref(), agreement: node.agreement.id(), term, misses, reason }
    }
}
