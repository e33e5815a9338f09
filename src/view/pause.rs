//! A pause: how it stands in a status, and what came of ordering or ending one. For programs `m3m.pause/1`: times are
//! UTC, durations in seconds; what is not known is null.

use console::Style;
use jiff::Timestamp;
use serde::Serialize;

use super::human::{SENTENCE_CHARS_MAX, paragraph};
use super::words::duration;
use super::{Screen, Settings};
use crate::core::pause::{Kept, Pause, Pausing};
use crate::core::text::harmless;

/// A pause that is on; without `until` and `left_s` it lasts until somebody resumes.
#[derive(Debug, Serialize)]
pub(super) struct PauseRecord<'a> {
    until: Option<String>,
    left_s: Option<f64>,
    reason: &'a str,
    by: &'a str,
    at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct PausingRecord<'a> {
    schema: &'static str,
    at: String,
    cell: &'a str,
    /// Nothing was changed.
    dry_run: bool,
    /// What is on now, as far as it is kept; null after its end.
    pause: Option<PauseRecord<'a>>,
    /// What was on before.
    before: Option<PauseRecord<'a>>,
    nodes: Vec<NodeRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct NodeRecord<'a> {
    name: &'a str,
    /// `holds`, `refused`, `silent`, or `unknown` where no answer came and it may hold it.
    end: &'static str,
    reason: Option<String>,
}

impl<'a> PauseRecord<'a> {
    pub(super) fn of(pause: &'a Pause, now: Timestamp) -> Self {
        Self {
            until: pause.until.map(|until| until.to_string()),
            left_s: pause.left(now).map(|left| left.as_secs_f64()),
            reason: &pause.reason,
            by: &pause.by,
            at: pause.at.to_string(),
        }
    }
}

impl<'a> PausingRecord<'a> {
    pub(super) fn of(pausing: &'a Pausing) -> Self {
        let Pausing { at, record, before, nodes, is_dry_run } = pausing;
        let nodes =
            nodes.iter().map(|(name, kept)| NodeRecord { name: name.as_str(), end: kept.id(), reason: kept.trouble() });
        Self {
            schema: "m3m.pause/1",
            at: at.to_string(),
            cell: record.cell.as_str(),
            dry_run: *is_dry_run,
            pause: Some(record).filter(|record| record.is_on(*at)).map(|pause| PauseRecord::of(pause, *at)),
            before: before.as_ref().map(|pause| PauseRecord::of(pause, *at)),
            nodes: nodes.collect(),
        }
    }
}

/// What a pause means, until when, by whom and why.
pub(super) fn sentence(pause: &Pause, now: Timestamp) -> String {
    let until = match pause.until.zip(pause.left(now)) {
        Some((until, left)) => format!("until {}, {} left", until.strftime("%F %T UTC"), duration(left)),
        None => "until somebody resumes".to_owned(),
    };
    let by = if pause.by.is_empty() { String::new() } else { format!(", by {}", pause.by) };
    let why = if pause.reason.is_empty() { String::new() } else { format!(": {}", pause.reason) };
    format!("nothing changes by itself {until}{by} since {}{why}", pause.at.strftime("%F %T UTC"))
}

/// What came of a pause or of its end, as people read it.
pub(super) fn words(pausing: &Pausing, settings: Settings, screen: Screen) -> String {
    let paint = |style: Style, text: &str| style.force_styling(screen.colored).apply_to(text).to_string();
    let shown = |sentence: &str| harmless(sentence, SENTENCE_CHARS_MAX);
    let Pausing { at, record, before, nodes, is_dry_run } = pausing;
    let (word, style, sentence) = match (record.is_on(*at), before) {
        (true, _) => ("PAUSED", Style::new().yellow().bold(), sentence(record, *at)),
        (false, Some(before)) => ("RESUMED", Style::new().green().bold(), format!("over is {}", told(before))),
        (false, None) => ("RESUMED", Style::new().green().bold(), "no pause was on".to_owned()),
    };
    let holding = nodes.iter().filter(|(_, kept)| matches!(kept, Kept::Holds)).count();
    let word = if holding == 0 { format!("NOT {word}") } else { word.to_owned() };
    let would = if *is_dry_run { "would be " } else { "" };
    let mut text = paragraph(&format!("{would}{}: {}", paint(style, &word), shown(&sentence)), "", screen);
    if settings.quiet {
        return text;
    }
    let will = if *is_dry_run { "would be told" } else { "know" };
    text += &paragraph(&format!("{holding} of {} nodes {will}", nodes.len()), "", screen);
    for (node, kept) in nodes {
        let Some(trouble) = kept.trouble() else { continue };
        text += &paragraph(
            &format!("{} {}", paint(Style::new().yellow(), "!"), shown(&format!("{node} {trouble}"))),
            "  ",
            screen,
        );
        if let Some(hint) = kept.hint(node) {
            text += &paragraph(
                &format!("  {}", paint(Style::new().dim(), &format!("hint: {}", shown(&hint)))),
                "  ",
                screen,
            );
        }
    }
    text
}

/// A pause that is over.
fn told(pause: &Pause) -> String {
    let why = if pause.reason.is_empty() { String::new() } else { format!(": {}", pause.reason) };
    format!("the pause of {} by {}{why}", pause.at.strftime("%F %T UTC"), pause.by)
}
