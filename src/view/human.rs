//! For people: a verdict, a table, warnings with hints.

use std::io;

use console::Style;

use super::attendance::Attendance;
use super::{Screen, Settings, change, history, init, pause, plan, readiness, runs, table, write_out};
use crate::core::drift::Difference;
use crate::core::event::{Event, Listener};
use crate::core::status::{Status, Verdict, Warning};
use crate::core::term::{Held, Standing};
use crate::core::text::harmless;

/// Clears what is right of the cursor, and what is below it (ECMA-48).
const CLEAR_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";
/// The longest sentence of a report.
pub(super) const SENTENCE_CHARS_MAX: usize = 400;
/// Moves the cursor to the upper left corner.
const HOME: &str = "\u{1b}[H";

pub(super) struct Human {
    settings: Settings,
    attendance: Attendance,
    reports: usize,
}

impl Human {
    pub(super) fn new(settings: Settings, screen: Screen) -> Self {
        Self { settings, attendance: Attendance::new(settings, screen), reports: 0 }
    }

    fn status(&mut self, status: &Status) -> io::Result<()> {
        // A terminal may have been resized since the last report.
        let screen = Screen::look(self.settings.color);
        let text = words(status, self.settings, screen);
        self.reports += 1;
        match (self.settings.repeated, screen.width) {
            (true, Some(_)) => {
                let start = if self.reports == 1 { "\u{1b}[2J" } else { "" };
                let lines: String = text.lines().map(|line| format!("{line}{CLEAR_LINE}\n")).collect();
                write_out(&format!("{start}{HOME}{lines}{CLEAR_BELOW}"))
            }
            (true, None) if self.reports > 1 => write_out(&format!("\n{text}")),
            _ => write_out(&text),
        }
    }
}

/// A status as people read it, for a screen.
pub(super) fn words(status: &Status, settings: Settings, screen: Screen) -> String {
    let style = match status.verdict {
        Verdict::Operational => Style::new().green().bold(),
        Verdict::Degraded => Style::new().yellow().bold(),
        Verdict::Down | Verdict::CutOff => Style::new().red().bold(),
    };
    // Commands and hosts of the inventory stand in sentences; they may hold anything.
    let shown = |sentence: &str| harmless(sentence, SENTENCE_CHARS_MAX);
    let verdict = format!("{}: {}", paint(style, status.verdict.as_str(), screen), shown(&status.reason));
    let mut text = paragraph(&verdict, "", screen);
    if settings.quiet {
        return text;
    }
    if let Some(pause) = &status.pause {
        let sign = paint(Style::new().yellow().bold(), "PAUSED", screen);
        text += &paragraph(&format!("{sign}: {}", shown(&pause::sentence(pause, status.at))), "", screen);
    }
    text += &paragraph(&dim(&background(status), screen), "", screen);
    text += "\n";
    text += &table::render(status, settings.wide, screen);
    if !status.warnings.is_empty() {
        text.push('\n');
    }
    text = status.warnings.iter().fold(text, |text, said| text + &warning(said, screen));
    // The warning about them is the last one.
    for line in status.drift.iter().flat_map(Difference::lines) {
        text += &paragraph(&format!("  {}", shown(&line)), "    ", screen);
    }
    text
}

/// Words in a style, where the screen takes colours.
pub(super) fn paint(style: Style, text: &str, screen: Screen) -> String {
    style.force_styling(screen.colored).apply_to(text).to_string()
}

/// Words of less weight.
pub(super) fn dim(text: &str, screen: Screen) -> String {
    paint(Style::new().dim(), text, screen)
}

/// What a person should know, with its hint.
pub(super) fn warning(warning: &Warning, screen: Screen) -> String {
    let said = remark(&warning.text, screen);
    warning.hint.iter().fold(said, |text, said| text + &hint(said, screen))
}

/// A sentence that a person should not miss.
pub(super) fn remark(text: &str, screen: Screen) -> String {
    let sign = paint(Style::new().yellow(), "!", screen);
    paragraph(&format!("{sign} {}", harmless(text, SENTENCE_CHARS_MAX)), "  ", screen)
}

/// What to do next.
pub(super) fn hint(text: &str, screen: Screen) -> String {
    let said = dim(&format!("hint: {}", harmless(text, SENTENCE_CHARS_MAX)), screen);
    paragraph(&format!("  {said}"), "  ", screen)
}

/// A paragraph that breaks between words on a terminal, its further lines indented, and is one line in a pipe.
pub(super) fn paragraph(text: &str, indent: &str, screen: Screen) -> String {
    let Some(width) = screen.width else { return format!("{text}\n") };
    // Hosts, paths and fingerprints stay whole where they fit on a line.
    let options = textwrap::Options::new(width)
        .subsequent_indent(indent)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).iter().map(|line| format!("{line}\n")).collect()
}

/// Where all this comes from: the cell, the record of roles, how many answered, when.
pub(super) fn background(status: &Status) -> String {
    let answered = status.nodes.iter().filter(|node| node.facts().is_some()).count();
    let record = standing(&status.standing);
    let at = status.at.strftime("%H:%M:%S UTC");
    format!("cell {} · {record} · {answered} of {} answered · {at}", status.cell, status.nodes.len())
}

/// The won term, and the highest one that is open.
fn standing(standing: &Standing) -> String {
    let held = |held: &Held, how: &str| format!("term {}{how}, held by {}", held.record.term, held.holders.len());
    let height = standing.won.as_ref().map_or(0, |won| won.record.term);
    let open = standing.open.first().filter(|open| open.record.term > height).map(|open| held(open, " open"));
    let won = standing.won.as_ref().map(|won| held(won, " (won)"));
    let both: Vec<String> = won.into_iter().chain(open).collect();
    if both.is_empty() { "roles by inventory".to_owned() } else { both.join(" · ") }
}

impl Listener for Human {
    fn hear(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.attendance.hear(event);
        match event {
            Event::Status(status) => self.status(status),
            Event::Executed(execution) => runs::show(execution, self.settings, Screen::look(self.settings.color)),
            Event::Initialised(report) => {
                write_out(&init::words(report, self.settings, Screen::look(self.settings.color)))
            }
            Event::Readiness(readiness) => {
                write_out(&readiness::words(readiness, self.settings, Screen::look(self.settings.color)))
            }
            Event::Planned(planned) => {
                write_out(&plan::words(planned, self.settings, Screen::look(self.settings.color)))
            }
            Event::Taken(taken) if !self.settings.quiet => {
                let line = change::step(taken, Screen::look(self.settings.color));
                self.attendance.above(|| write_out(&line))
            }
            Event::Changed(changed) => {
                write_out(&change::words(changed, self.settings, Screen::look(self.settings.color)))
            }
            Event::History(history) => {
                write_out(&history::words(history, self.settings, Screen::look(self.settings.color)))
            }
            Event::Paused(pausing) => {
                write_out(&pause::words(pausing, self.settings, Screen::look(self.settings.color)))
            }
            _ => Ok(()),
        }
    }
}
