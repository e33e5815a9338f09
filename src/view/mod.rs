//! Listeners: they hear events and word them, for a terminal, a pipe or a program. They know events and core values,
//! and nothing of SSH, git or the cell.

mod attendance;
mod change;
mod change_record;
mod echo;
mod history;
mod human;
mod init;
mod init_record;
mod pause;
mod plan;
mod progress;
pub mod promises;
mod readiness;
mod readiness_record;
mod record;
mod run_record;
mod runs;
mod steps;
mod structured;
mod table;
mod words;

use std::io::{self, Write};

pub use plan::consequence;

use crate::core::change::{Change, Taken};
use crate::core::event::Listener;
use crate::core::history::History;
use crate::core::plan::Plan;
use crate::core::readiness::Readiness;
use crate::core::status::Status;

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people: fitted to a terminal, whole lines in a pipe
    #[default]
    Table,
    /// One JSON document, with its version in `schema`
    Json,
    /// The same as YAML
    Yaml,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// In a terminal, unless `NO_COLOR` is set or TERM is dumb
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent switch of the command line")]
pub struct Settings {
    /// The form.
    pub format: Format,
    /// When to use colours.
    pub color: Color,
    /// Only the verdict and errors.
    pub quiet: bool,
    /// Also what happens on the way.
    pub verbose: bool,
    /// All columns.
    pub wide: bool,
    /// The same report comes again and again: redraw it in place, or separate the documents.
    pub repeated: bool,
}

/// What the outputs are connected to.
#[derive(Debug, Clone, Copy)]
struct Screen {
    /// The width of the terminal behind standard output, in columns; nothing in a pipe.
    width: Option<usize>,
    /// Standard error is a terminal.
    attended: bool,
    /// Standard output takes colours.
    colored: bool,
    /// It shows more than ASCII.
    unicode: bool,
}

impl Screen {
    fn look(color: Color) -> Self {
        let (out, err) = (console::Term::stdout(), console::Term::stderr());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            // An empty NO_COLOR counts as not set (no-color.org).
            Color::Auto => {
                out.is_term() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && !is_dumb
            }
        };
        let width = out.is_term().then(|| usize::from(out.size_checked().map_or(80, |(_, columns)| columns)).max(20));
        Self { width, attended: err.is_term(), colored, unicode: !is_dumb && speaks_utf8() }
    }
}

impl Screen {
    fn imagined(settings: Settings, width: Option<usize>) -> Self {
        Self { width, attended: false, colored: settings.color == Color::Always, unicode: true }
    }
}

/// Whether the locale's character set is UTF-8.
fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// The listener for these settings.
#[must_use]
pub fn open(settings: Settings) -> Box<dyn Listener> {
    let screen = Screen::look(settings.color);
    match settings.format {
        Format::Table => Box::new(human::Human::new(settings, screen)),
        Format::Json | Format::Yaml => Box::new(structured::Structured::new(settings, screen)),
    }
}

/// A status as people read it on a terminal of this width, or in a pipe.
#[must_use]
pub fn status_text(status: &Status, settings: Settings, width: Option<usize>) -> String {
    human::words(status, settings, Screen::imagined(settings, width))
}

/// A history as people read it on a terminal of this width, or in a pipe.
#[must_use]
pub fn history_text(history: &History, settings: Settings, width: Option<usize>) -> String {
    history::words(history, settings, Screen::imagined(settings, width))
}

/// A readiness as people read it on a terminal of this width, or in a pipe.
#[must_use]
pub fn readiness_text(readiness: &Readiness, settings: Settings, width: Option<usize>) -> String {
    readiness::words(readiness, settings, Screen::imagined(settings, width))
}

/// A readiness as one document of this form.
///
/// # Errors
/// It cannot be written in this form.
pub fn readiness_document(format: Format, readiness: &Readiness) -> io::Result<String> {
    document(format, &readiness_record::ReadinessRecord::of(readiness))
}

/// A plan as people read it on a terminal of this width, or in a pipe.
#[must_use]
pub fn plan_text(plan: &Plan, settings: Settings, width: Option<usize>) -> String {
    plan::words(plan, settings, Screen::imagined(settings, width))
}

/// A plan as one document of this form.
///
/// # Errors
/// It cannot be written in this form.
pub fn plan_document(format: Format, plan: &Plan) -> io::Result<String> {
    document(format, &change_record::PlanRecord::of(plan))
}

/// The topology as it is before a plan, and what a person should know of the plan, for whoever is asked for consent
/// at this terminal. What follows from the plan is [`consequence`].
#[must_use]
pub fn topology(plan: &Plan, status: &Status, color: Color) -> String {
    plan::topology(plan, status, Screen::look(color))
}

/// The same on a terminal of this width, or in a pipe.
#[must_use]
pub fn topology_text(plan: &Plan, status: &Status, settings: Settings, width: Option<usize>) -> String {
    plan::topology(plan, status, Screen::imagined(settings, width))
}

/// A sentence broken between words for this terminal; one line in a pipe.
#[must_use]
pub fn fitted(sentence: &str) -> String {
    human::paragraph(sentence, "", Screen::look(Color::Never))
}

/// A step that has ended, as people read it on a terminal of this width, or in a pipe.
#[must_use]
pub fn step_text(taken: &Taken, settings: Settings, width: Option<usize>) -> String {
    change::step(taken, Screen::imagined(settings, width))
}

/// How a change ended, as people read it on a terminal of this width, or in a pipe.
#[must_use]
pub fn change_text(change: &Change, settings: Settings, width: Option<usize>) -> String {
    change::words(change, settings, Screen::imagined(settings, width))
}

/// A change as one document of this form.
///
/// # Errors
/// It cannot be written in this form.
pub fn change_document(format: Format, change: &Change) -> io::Result<String> {
    document(format, &change_record::ChangeRecord::of(change))
}

/// A record as one document of this form.
///
/// # Errors
/// The record cannot be written in this form.
pub fn document(format: Format, record: &impl serde::Serialize) -> io::Result<String> {
    structured::document(format, false, record)
}

/// Writes a finished text to standard output.
///
/// # Errors
/// The output is gone.
pub fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a finished text to standard error. Where that is gone there is nobody left to tell.
pub fn write_err(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
