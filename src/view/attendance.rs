//! What goes to standard error while the work is under way: progress, each answer as it comes, notices. The same
//! whatever form the report takes.

use super::progress::{self, Progress};
use super::{Screen, Settings, runs, write_err};
use crate::core::event::Event;
use crate::core::name::NodeName;

/// Looks after the person who waits.
pub(super) struct Attendance {
    settings: Settings,
    screen: Screen,
    progress: Option<Progress>,
    reports: usize,
}

impl Attendance {
    pub(super) fn new(settings: Settings, screen: Screen) -> Self {
        Self { settings, screen, progress: None, reports: 0 }
    }

    /// Hears what is not the report itself; the report ends the progress.
    pub(super) fn hear(&mut self, event: &Event<'_>) {
        match event {
            // Where reports follow one another the next one is never far, and a second thing that moves disturbs.
            Event::Asking { nodes, .. } if self.screen.attended && !self.settings.quiet && self.reports == 0 => {
                self.progress = Some(Progress::start(nodes));
            }
            Event::Observed(observation) => self.done(&observation.node, &progress::sentence(observation)),
            Event::Ran(run) => self.done(&run.node, &runs::progress(run)),
            Event::Notice(notice) if !self.settings.quiet => self.say(&format!("note: {notice}")),
            Event::Relaying { pairs } => {
                if let Some(progress) = &mut self.progress {
                    progress.relaying(*pairs);
                }
            }
            Event::Asking { .. } | Event::Notice(_) => {}
            Event::Planned(_) | Event::Begun(_) | Event::Taken(_) | Event::Changed(_) => {}
            Event::Status(_) | Event::Executed(_) | Event::Readiness(_) => {
                self.progress = None;
                self.reports += 1;
            }
        }
    }

    /// One node is no longer waited for.
    fn done(&mut self, node: &NodeName, sentence: &str) {
        if let Some(progress) = &mut self.progress {
            progress.done(node, sentence);
        }
        if self.settings.verbose {
            self.say(&format!("{node} {sentence}"));
        }
    }

    /// A line that stays, above the progress where there is some.
    fn say(&self, line: &str) {
        match &self.progress {
            Some(progress) => progress.say(line),
            None => write_err(&format!("{line}\n")),
        }
    }
}
