//! For programs: JSON or YAML on standard output; progress and notices stay on standard error.

use std::io;

use super::progress::{self, Progress};
use super::record::StatusRecord;
use super::{Format, Screen, Settings, write_err, write_out};
use crate::core::event::{Event, Listener};

pub(super) struct Structured {
    settings: Settings,
    screen: Screen,
    progress: Option<Progress>,
}

impl Structured {
    pub(super) fn new(settings: Settings, screen: Screen) -> Self {
        Self { settings, screen, progress: None }
    }
}

impl Listener for Structured {
    fn hear(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Asking { nodes, .. } => {
                if self.screen.attended && !self.settings.quiet && !self.settings.repeated {
                    self.progress = Some(Progress::start(nodes));
                }
            }
            Event::Observed(observation) => {
                if let Some(progress) = &mut self.progress {
                    progress.observed(observation);
                } else if self.settings.verbose {
                    write_err(&format!("{} {}\n", observation.node, progress::sentence(observation)));
                }
            }
            Event::Status(status) => {
                self.progress = None;
                write_out(&document(self.settings.format, self.settings.repeated, &StatusRecord::of(status))?)?;
            }
            Event::Notice(notice) => {
                if !self.settings.quiet {
                    write_err(&format!("note: {notice}\n"));
                }
            }
        }
        Ok(())
    }
}

/// One document: indented JSON, or a line where more will follow; YAML documents are separated by `---`.
pub(super) fn document(format: Format, repeated: bool, record: &impl serde::Serialize) -> io::Result<String> {
    match (format, repeated) {
        (Format::Yaml, _) => {
            let text = serde_yaml::to_string(record).map_err(io::Error::other)?;
            Ok(format!("---\n{text}"))
        }
        (_, true) => Ok(serde_json::to_string(record)? + "\n"),
        (_, false) => Ok(serde_json::to_string_pretty(record)? + "\n"),
    }
}
