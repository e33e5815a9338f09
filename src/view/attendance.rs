//! What goes to standard error while the work is under way: progress, each answer as it comes, notices. The same
//! whatever form the report takes.

use super::progress::{self, Progress};
use super::steps::Steps;
use super::{Format, Screen, Settings, runs, write_err};
use crate::core::event::Event;
use crate::core::name::NodeName;

/// Looks after the person who waits.
pub(super) struct Attendance {
    settings: Settings,
    screen: Screen,
    progress: Option<Progress>,
    steps: Option<Steps>,
    reports: usize,
}

impl Attendance {
    pub(super) fn new(settings: Settings, screen: Screen) -> Self {
        Self { settings, screen, progress: None, steps: None, reports: 0 }
    }

    /// Hears what is not the report itself; the report ends the progress.
    pub(super) fn hear(&mut self, event: &Event<'_>) {
        match event {
            // Where reports follow one another the next one is never far, and a second thing that moves disturbs.
            Event::Asking { nodes, .. } if self.is_watched() && self.steps.is_none() && self.reports == 0 => {
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
            Event::Begun(step) if self.is_watched() && !self.is_led_away() => {
                self.progress = None;
                let unicode = self.screen.unicode;
                self.steps.get_or_insert_with(|| Steps::start(unicode)).begin(step);
            }
            Event::Taken(taken) => {
                if let Some(steps) = &mut self.steps {
                    steps.end(&taken.step);
                }
            }
            Event::Asking { .. } | Event::Notice(_) | Event::Begun(_) => {}
            Event::Consenting => self.progress = None,
            Event::Status(_)
            | Event::Initialised(_)
            | Event::Executed(_)
            | Event::Readiness(_)
            | Event::History(_)
            | Event::Paused(_)
            | Event::Planned(_)
            | Event::Changed(_) => {
                self.progress = None;
                self.steps = None;
                self.reports += 1;
            }
        }
    }

    /// Whether a person sees what moves.
    pub(super) fn is_watched(&self) -> bool {
        self.screen.attended && !self.settings.quiet
    }

    /// Whether steps go through a pipe as they end. What moves here would meet them where that pipe ends on the same
    /// terminal, as with `| tee`.
    fn is_led_away(&self) -> bool {
        self.settings.format == Format::Table && self.screen.width.is_none()
    }

    /// Writes something that stays, above the progress where there is some.
    pub(super) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        match (&self.progress, &self.steps) {
            (Some(progress), _) => progress.above(write),
            (None, Some(steps)) => steps.above(write),
            (None, None) => write(),
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

    /// A line that stays.
    fn say(&self, line: &str) {
        self.above(|| write_err(&format!("{line}\n")));
    }
}
