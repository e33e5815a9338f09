//! What is wrong in a document, and how it is shown: place, field, what was found, the excerpt, what is accepted.

use std::fmt::Write as _;

use super::document::{Path, Span, Value};
use crate::core::text::is_direction;

/// The most characters of a line that an excerpt shows.
const EXCERPT_CHARS_MAX: usize = 100;
/// The most characters of a found value that a message repeats.
const QUOTE_CHARS_MAX: usize = 40;

/// The most faults that are told at once.
pub(super) const FAULTS_SHOWN_MAX: usize = 20;
/// The most characters of a field's path.
const PATH_CHARS_MAX: usize = 120;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field.
    pub path: Path,
    /// Where to look; nothing: at the field's value, or at what is nearest to it.
    pub span: Option<Span>,
    /// What was found.
    pub found: String,
    /// What is accepted.
    pub accepted: String,
    /// What to do next.
    pub hint: Option<Box<str>>,
}

impl Fault {
    /// A fault of the value at a path.
    pub fn new(path: Path, found: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self { path, span: None, found: found.into(), accepted: accepted.into(), hint: None }
    }

    /// Points elsewhere than at the field's value.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: Option<impl Into<Box<str>>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }
}

/// All faults as one text, in the order of the file. `label` is the file's name, `text` its content.
#[must_use]
pub fn render(label: &str, text: &str, document: Option<&Value>, faults: &[Fault]) -> String {
    let locate = |fault: &Fault| {
        let nearest = document.map(|root| root.nearest(&fault.path).span);
        fault.span.or(nearest).unwrap_or(Span::START)
    };
    let mut located: Vec<(Span, &Fault)> = faults.iter().map(|fault| (locate(fault), fault)).collect();
    located.sort_by_key(|(span, _)| (span.line, span.column));
    let more = located.len().saturating_sub(FAULTS_SHOWN_MAX);
    let shown = located.into_iter().take(FAULTS_SHOWN_MAX).map(|(span, fault)| one(label, text, span, fault));
    let rest = (more > 0).then(|| format!("{label}: {more} more of this kind are not shown"));
    shown.chain(rest).collect::<Vec<_>>().join("\n\nerror: ")
}

fn one(label: &str, text: &str, span: Span, fault: &Fault) -> String {
    let field = if fault.path.is_root() {
        String::new()
    } else {
        format!("{}: ", short(&fault.path.to_string(), PATH_CHARS_MAX))
    };
    let mut shown = format!("{label}:{}:{}: {field}{}", span.line, span.column, fault.found);
    let line = text.lines().nth(span.line - 1).unwrap_or_default();
    let (excerpt, indent, width) = excerpt(line, span);
    let number = span.line.to_string();
    let gutter = " ".repeat(number.len());
    let caret = format!("{}{}", " ".repeat(indent), "^".repeat(width));
    // Writing to a String cannot fail.
    let _ = write!(shown, "\n{gutter} |\n{number} | {excerpt}\n{gutter} | {caret} accepted: {}", fault.accepted);
    if let Some(hint) = &fault.hint {
        let _ = write!(shown, "\nhint: {hint}");
    }
    shown
}

/// The part of a line around a span, where the span starts in it, and how wide it is there.
fn excerpt(line: &str, span: Span) -> (String, usize, usize) {
    let start = span.column - 1;
    let skipped = if start + span.width <= EXCERPT_CHARS_MAX { 0 } else { start.saturating_sub(EXCERPT_CHARS_MAX / 4) };
    let shown: String = line.chars().skip(skipped).take(EXCERPT_CHARS_MAX).collect();
    let more = line.chars().nth(skipped + EXCERPT_CHARS_MAX).is_some();
    let marked: Vec<char> = shown.chars().skip(start - skipped).take(span.width).collect();
    let before = if skipped > 0 { "…" } else { "" };
    let after = if more { "…" } else { "" };
    let indent = start - skipped + before.chars().count();
    (format!("{before}{}{after}", visible(&shown)), indent, token_width(&marked))
}

/// How many characters the token at the start has: the parser counts blanks and a comment after it in.
fn token_width(marked: &[char]) -> usize {
    let width = match marked {
        [quote @ ('"' | '\''), rest @ ..] => {
            let mut escaped = false;
            let closes = |c: &char| {
                let closes = c == quote && !escaped;
                escaped = *quote == '"' && *c == '\\' && !escaped;
                closes
            };
            rest.iter().position(closes).map_or(marked.len(), |end| end + 2)
        }
        _ => marked.iter().rposition(|c| !c.is_whitespace()).map_or(0, |last| last + 1),
    };
    width.max(1)
}

/// A found value as a message repeats it: between backticks, short, harmless to a terminal.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("`{}`", short(text, QUOTE_CHARS_MAX))
}

fn short(text: &str, chars_max: usize) -> String {
    let mut short = visible(&text.chars().take(chars_max).collect::<String>());
    if text.chars().nth(chars_max).is_some() {
        short.push('…');
    }
    short
}

/// Every character that could move a cursor or turn text around becomes one visible sign, so that columns stay where
/// they are; a tab becomes a blank.
fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => '\u{fffd}',
        c if c.is_control() || is_direction(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// The candidate that was most likely meant, for a hint.
#[must_use]
pub fn did_you_mean<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if found.len() > QUOTE_CHARS_MAX {
        return None;
    }
    let found = found.to_lowercase();
    let near = |candidate: &&str| strsim::damerau_levenshtein(&found, candidate);
    let best = candidates.into_iter().min_by_key(near)?;
    (near(&best) <= best.chars().count().div_ceil(3)).then_some(best)
}
