//! Progress on standard error while nodes are asked: a line a node, answered or still waited for.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::echo::Hushed;
use super::words;
use crate::core::inventory::NodeName;
use crate::core::observation::Observation;
use crate::core::text::harmless;

/// The longest reason beside a spinner.
const REASON_CHARS_MAX: usize = 60;

/// How often the spinners turn.
pub(super) const TURN: Duration = Duration::from_millis(100);

/// The lines of one round of questions. Dropping it clears them.
pub(super) struct Progress {
    lines: MultiProgress,
    bars: BTreeMap<NodeName, ProgressBar>,
    relaying: Option<ProgressBar>,
    /// Control characters are echoed again once the lines are cleared.
    _hushed: Option<Hushed>,
}

impl Progress {
    pub(super) fn start(nodes: &[NodeName]) -> Self {
        let hushed = Hushed::hush();
        let lines = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let bars = nodes.iter().map(|node| (node.clone(), spinner(&lines, node.to_string(), "asked")));
        let bars = bars.collect();
        Self { lines, bars, relaying: None, _hushed: hushed }
    }

    /// A line of its own while nodes are asked to reach one another.
    pub(super) fn relaying(&mut self, pairs: usize) {
        self.relaying = Some(spinner(&self.lines, "relays".to_owned(), &format!("{pairs} pairs tried")));
    }

    /// Writes something above the progress.
    pub(super) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.lines.suspend(write)
    }

    pub(super) fn done(&mut self, node: &NodeName, sentence: &str) {
        let Some(bar) = self.bars.get(node) else { return };
        bar.set_style(style("  {prefix} {msg}"));
        bar.finish_with_message(sentence.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // Each on its own: a line that is dropped as it stands draws the answered ones once more.
        for bar in self.bars.values().chain(&self.relaying) {
            bar.finish_and_clear();
        }
        // A terminal that is gone needs no clearing.
        let _ = self.lines.clear();
    }
}

fn spinner(lines: &MultiProgress, prefix: String, message: &str) -> ProgressBar {
    let bar = lines.add(ProgressBar::new_spinner());
    bar.set_style(style("{spinner} {prefix} {msg} {elapsed}"));
    bar.set_prefix(prefix);
    bar.set_message(message.to_owned());
    bar.enable_steady_tick(TURN);
    bar
}

/// What came of one question, in a few words.
pub(super) fn sentence(observation: &Observation) -> String {
    let took = words::duration(observation.took);
    let via = observation.via.as_ref().map(|via| format!(" through {}", via.relay)).unwrap_or_default();
    match observation.trouble() {
        None => format!("answered after {took}{via}"),
        Some(trouble) => format!("{} after {took}", harmless(&trouble.to_string(), REASON_CHARS_MAX)),
    }
}

pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::probe::Facts;
    use crate::core::silence::{Cause, Phase, Silence};

    #[test]
    fn an_answer_that_broke_off_is_no_answer() {
        let mut observation = Observation {
            node: "almaty".parse().expect("a name"),
            asked_at: jiff::Timestamp::UNIX_EPOCH,
            took: Duration::from_secs(3),
            rtt: None,
            first_byte: None,
            fresh: true,
            answer: Ok(Facts::default()),
            broken: None,
            via: None,
            relays: Vec::new(),
        };
        assert_eq!(sentence(&observation), "answered after 3.0s");
        observation.broken = Some(Silence { phase: Phase::Output, cause: Cause::Timeout });
        assert_eq!(sentence(&observation), "timeout in output after 3.0s");
    }
}
