//! YAML text → a document with places. Bounded in depth and in size, so that no file can hold m3m up.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as ScanSpan};

use crate::core::inventory::document::{Key, Kind, Path, Span, Value};
use crate::core::inventory::fault::Fault;
use crate::core::text::harmless;

/// The deepest nesting of mappings and lists.
const DEPTH_MAX: usize = 32;
/// The most values in a document, with what its aliases repeat.
const VALUES_MAX: usize = 20_000;
/// The most characters of a parser's own words.
const INFO_CHARS_MAX: usize = 200;

/// Reads one YAML document.
///
/// # Errors
/// What is not YAML, is no single document, or is beyond the bounds. It points into the text.
pub(super) fn parse(text: &str) -> Result<Value, Fault> {
    refuse_control_characters(text)?;
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            let width = 1;
            syntax(text, Span { line: marker.line().max(1), column: marker.col() + 1, width }, error.info())
        })?;
        builder.take(event, place(span))?;
    }
    match builder.root {
        Some(root) if !root.is_null() => Ok(root),
        _ => Err(fault(Span::START, "the file is empty", "an inventory; m3m-inventory(5) has one to start from")),
    }
}

/// YAML has no control characters but tab and line ends; parsers differ in whether they say so.
fn refuse_control_characters(text: &str) -> Result<(), Fault> {
    let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let lines = text.lines().enumerate();
    let found = lines.filter_map(|(index, line)| Some((index, line.chars().enumerate().find(|(_, c)| forbidden(*c))?)));
    match found.into_iter().next() {
        Some((index, (column, c))) => {
            let span = Span { line: index + 1, column: column + 1, width: 1 };
            let found = format!("a control character, U+{:04X}", u32::from(c));
            Err(fault(span, &found, "text; in double quotes, `\\e` and its like stand for control characters"))
        }
        None => Ok(()),
    }
}

/// The texts that stand under a key anywhere in the document, as far as it can be read. Never fails.
#[must_use]
pub(super) fn texts_of(text: &str, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut after_key = false;
    for event in Parser::new_from_str(text).map_while(Result::ok).take(VALUES_MAX) {
        match event.0 {
            Event::Scalar(value, ..) if after_key => {
                found.push(value.into_owned());
                after_key = false;
            }
            Event::Scalar(value, ..) => after_key = value == key,
            _ => after_key = false,
        }
    }
    found
}

/// A fault of syntax. A tab in the indentation is the likely reason where there is one at or before the place.
fn syntax(text: &str, span: Span, info: &str) -> Fault {
    let indented_by_tab = |line: &str| line.trim_start_matches(' ').starts_with('\t') && !line.trim().is_empty();
    let tab = text.lines().take(span.line).enumerate().find(|(_, line)| indented_by_tab(line));
    match tab {
        Some((index, line)) => {
            let column = line.find('\t').unwrap_or_default() + 1;
            fault(Span { line: index + 1, column, width: 1 }, "a tab in the indentation", "spaces")
        }
        None => fault(span, &format!("not YAML: {}", harmless(info, INFO_CHARS_MAX)), "YAML 1.2"),
    }
}

fn fault(span: Span, found: &str, accepted: &str) -> Fault {
    Fault::new(Path::default(), found, accepted).at(span)
}

/// The place of an event. What goes on over several lines is marked on its first line only.
fn place(span: ScanSpan) -> Span {
    let (start, end) = (span.start, span.end);
    let width = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Span { line: start.line().max(1), column: start.col() + 1, width: width.max(1) }
}

#[derive(Default)]
struct Builder {
    open: Vec<Frame>,
    anchors: HashMap<usize, (Value, usize)>,
    values: usize,
    documents: usize,
    root: Option<Value>,
}

/// A mapping or list that is not yet closed.
struct Frame {
    value: Value,
    key: Option<Key>,
    anchor: usize,
    /// How many values there were when it began.
    values_before: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(_) => self.document(span),
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                self.count(1, span)?;
                let value = Value { span, kind: Kind::Scalar { text: text.into_owned(), plain } };
                self.close(value, anchor, 1)
            }
            Event::MappingStart(anchor, _) => self.open(Kind::Map(Vec::new()), anchor, span),
            Event::SequenceStart(anchor, _) => self.open(Kind::List(Vec::new()), anchor, span),
            Event::MappingEnd | Event::SequenceEnd => match self.open.pop() {
                Some(frame) => {
                    let size = self.values - frame.values_before;
                    self.close(frame.value, frame.anchor, size)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let unfinished = || fault(span, "an alias inside of what it repeats", "an alias to a complete value");
                let size = self.anchors.get(&anchor).ok_or_else(unfinished)?.1;
                self.count(size, span)?;
                let value = self.anchors[&anchor].0.clone();
                self.close(value, 0, size)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn document(&mut self, span: Span) -> Result<(), Fault> {
        self.documents += 1;
        if self.documents > 1 {
            return Err(fault(span, "a second document", "one YAML document in a file"));
        }
        Ok(())
    }

    fn count(&mut self, values: usize, span: Span) -> Result<(), Fault> {
        self.values = self.values.saturating_add(values);
        if self.values > VALUES_MAX {
            let accepted = format!("at most {VALUES_MAX} values, with what aliases repeat");
            return Err(fault(span, "the document is too large", &accepted));
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind, anchor: usize, span: Span) -> Result<(), Fault> {
        if self.open.len() == DEPTH_MAX {
            return Err(fault(span, "nested too deeply", &format!("at most {DEPTH_MAX} levels")));
        }
        let values_before = self.values;
        self.count(1, span)?;
        let span = Span { width: 1, ..span };
        self.open.push(Frame { value: Value { span, kind }, key: None, anchor, values_before });
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn close(&mut self, value: Value, anchor: usize, size: usize) -> Result<(), Fault> {
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        match (&mut frame.value.kind, frame.key.take(), value) {
            (Kind::List(items), _, value) => items.push(value),
            (Kind::Map(entries), Some(key), value) => entries.push((key, value)),
            (Kind::Map(_), None, Value { span, kind: Kind::Scalar { text, .. } }) => {
                frame.key = Some(Key { name: text, span });
            }
            (_, _, other) => {
                let found = format!("{} as a key", other.kind_name());
                return Err(fault(other.span, &found, "a text as a key"));
            }
        }
        Ok(())
    }
}
