//! Pausing: the same record to every node that answers, all at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Cell;
use super::step::StepEnd;
use crate::core::event::{Event, Listener};
use crate::core::inventory::NodeName;
use crate::core::journal::{Act, Outcome};
use crate::core::observation::Picture;
use crate::core::pause::{Kept, Pause};
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::step;
use crate::error::Error;
use crate::world::journal::Journal;

impl Cell {
    /// Puts a record to every node that answered when the picture was taken, over the way by which it did. Each has this
    /// time. What comes of it is in the journal, node by node.
    ///
    /// # Errors
    /// The journal cannot be written: nothing more is done then.
    pub async fn keep_pause(
        &self,
        record: &Pause,
        picture: &Picture,
        journal: &Journal,
        timeout: Duration,
        listener: &mut dyn Listener,
    ) -> Result<BTreeMap<NodeName, Kept>, Error> {
        let (mut steps, mut tickets, mut kept) = (JoinSet::new(), BTreeMap::new(), BTreeMap::new());
        let json = record.write();
        for (node, seen) in &picture.observations {
            if let Err(silence) = &seen.answer {
                kept.insert(node.clone(), Kept::Silent(silence.clone()));
                continue;
            }
            tickets.insert(node.clone(), journal.begin(&act(record, node)).await?);
            let deadline = Instant::now() + timeout;
            let step = self.step(node, &|address| step::pause(address, &json), (deadline, deadline));
            let node = node.clone();
            steps.spawn(async move { (node, step.await) });
        }
        while let Some(done) = steps.join_next().await {
            // A step that panicked was reported where it happened; its act has no outcome.
            let Ok((node, end)) = done else { continue };
            let came = came_of(end);
            if let Some(ticket) = tickets.remove(&node)
                && let Err(notice) = ticket.end(&outcome(&came)).await
            {
                listener.hear(&Event::Notice(&notice)).map_err(Error::output)?;
            }
            kept.insert(node, came);
        }
        for node in tickets.into_keys() {
            let cause = Cause::Local("the step was lost, which is a bug in m3m".to_owned());
            kept.insert(node, Kept::Unknown(Silence { phase: Phase::Output, cause }));
        }
        Ok(kept)
    }
}

fn act(record: &Pause, node: &NodeName) -> Act {
    let until = record.until.map_or_else(|| "somebody resumes".to_owned(), |until| until.to_string());
    let act = if record.is_on(record.at) { "pause" } else { "resume" };
    Act { act, node: Some(node.clone()), term: None, detail: format!("until {until}: {}", record.reason) }
}

fn came_of(end: StepEnd) -> Kept {
    match end {
        StepEnd::Answered(answer) => answer.refused.map_or(Kept::Holds, Kept::Refused),
        StepEnd::NotRun(silence) => Kept::Silent(silence),
        StepEnd::Unknown(silence) => Kept::Unknown(silence),
    }
}

fn outcome(kept: &Kept) -> Outcome {
    match kept {
        Kept::Holds => Outcome::done("it holds it"),
        Kept::Refused(refusal) => Outcome::failed(refusal.to_string()),
        Kept::Silent(silence) => Outcome::failed(silence.to_string()),
        Kept::Unknown(silence) => Outcome::unknown(silence.to_string()),
    }
}
