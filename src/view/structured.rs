//! For programs: JSON or YAML on standard output; progress and notices stay on standard error.

use std::io;

use super::attendance::Attendance;
use super::history::HistoryRecord;
use super::init_record::InitRecord;
use super::pause::PausingRecord;
use super::record::StatusRecord;
use super::run_record::ExecRecord;
use super::{
    Format, Screen, Settings, change, change_document, plan_document, readiness_document, write_err, write_out,
};
use crate::core::event::{Event, Listener};

pub(super) struct Structured {
    settings: Settings,
    attendance: Attendance,
}

impl Structured {
    pub(super) fn new(settings: Settings, screen: Screen) -> Self {
        Self { settings, attendance: Attendance::new(settings, screen) }
    }
}

impl Listener for Structured {
    fn hear(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.attendance.hear(event);
        let Settings { format, repeated, .. } = self.settings;
        match event {
            Event::Status(status) => write_out(&document(format, repeated, &StatusRecord::of(status))?),
            Event::Executed(execution) => write_out(&document(format, repeated, &ExecRecord::of(execution))?),
            Event::Planned(plan) => write_out(&plan_document(format, plan)?),
            // Who waits at a terminal sees the steps; a program has them in the one document.
            Event::Taken(taken) if self.attendance.is_watched() => {
                let line = change::step(taken, Screen { colored: false, ..Screen::look(self.settings.color) });
                self.attendance.above(|| write_err(&line));
                Ok(())
            }
            Event::Changed(change) => write_out(&change_document(format, change)?),
            Event::Initialised(report) => write_out(&document(format, repeated, &InitRecord::of(report))?),
            Event::Readiness(readiness) => write_out(&readiness_document(format, readiness)?),
            Event::History(history) => write_out(&document(format, repeated, &HistoryRecord::of(history))?),
            Event::Paused(pausing) => write_out(&document(format, repeated, &PausingRecord::of(pausing))?),
            _ => Ok(()),
        }
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
