//! The steps of a change on standard error while they run: a line a step, gone when it ends.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

use super::echo::Hushed;
use super::plan::STAGE_WIDTH;
use super::progress::{TURN, style};
use crate::core::change::Step;
use crate::core::text::harmless;

/// The longest words beside a spinner.
const TEXT_CHARS_MAX: usize = 60;

/// How a spinner turns where there is nothing but ASCII; the last one stands for the end.
const TURNS_ASCII: &str = "|/-\\ ";

/// The steps that run. Dropping it clears them.
pub(super) struct Steps {
    lines: MultiProgress,
    running: Vec<(Step, ProgressBar)>,
    unicode: bool,
    /// Control characters are echoed again once the lines are cleared.
    _hushed: Option<Hushed>,
}

impl Steps {
    pub(super) fn start(unicode: bool) -> Self {
        let hushed = Hushed::hush();
        let lines = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self { lines, running: Vec::new(), unicode, _hushed: hushed }
    }

    pub(super) fn begin(&mut self, step: &Step) {
        let bar = self.lines.add(ProgressBar::new_spinner());
        let style = style("{spinner} {prefix}{msg} {elapsed}");
        bar.set_style(if self.unicode { style } else { style.tick_chars(TURNS_ASCII) });
        bar.set_prefix(format!("{:<STAGE_WIDTH$}", step.stage.as_str()));
        bar.set_message(harmless(&step.text, TEXT_CHARS_MAX));
        bar.enable_steady_tick(TURN);
        self.running.push((step.clone(), bar));
    }

    pub(super) fn end(&mut self, step: &Step) {
        let Some(index) = self.running.iter().position(|(running, _)| running == step) else { return };
        let (_, bar) = self.running.remove(index);
        bar.finish_and_clear();
        self.lines.remove(&bar);
    }

    /// Writes something above the steps that run.
    pub(super) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.lines.suspend(write)
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        for (_, bar) in &self.running {
            bar.finish_and_clear();
        }
        // A terminal that is gone needs no clearing.
        let _ = self.lines.clear();
    }
}
