//! State: the new PRIMARY takes in what others wrote, before it starts.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::carry::Load;
use super::super::step::StepEnd;
use super::Changing;
use super::fence::Head;
use super::run::Came;
use crate::core::change::{Stage, StepResult};
use crate::core::event::Listener;
use crate::core::name::NodeName;
use crate::core::plan::Plan;
use crate::core::status::Warning;
use crate::core::step::{self, Address, Merged, Refusal};
use crate::error::Error;

/// The time for one node's writes to be taken in, however many they are.
const STATE_WITHIN: Duration = Duration::from_secs(600);

/// The most bytes of writes that are carried in one go.
const STATE_BYTES_MAX: u64 = 16 << 30;

impl Changing<'_> {
    /// Has the new PRIMARY take in what the fenced nodes and the sources hold. Of a source that cannot give it nothing
    /// depends; of the old PRIMARY in a switchover everything does. Where two wrote the same file the later one to be taken
    /// in has it, so the newest source comes after the others, and the old PRIMARY last.
    pub(super) async fn take_in(
        &mut self,
        plan: &Plan,
        commit: &str,
        heads: Vec<Head>,
        listener: &mut dyn Listener,
    ) -> Result<Result<(), Came>, Error> {
        let facts = self.picture().and_then(|picture| picture.facts(&plan.to));
        let repository = facts.and_then(|facts| facts.repository());
        let mut known: BTreeSet<String> =
            repository.into_iter().flat_map(|found| &found.commits).map(|commit| commit.id.clone()).collect();
        let mut is_clean = repository.is_some_and(|found| found.uncommitted == Some(0));
        let of = |node: &NodeName| {
            let head = self.picture().and_then(|picture| picture.facts(node)).and_then(|facts| facts.head());
            (node.clone(), head.map(|head| head.id.clone()))
        };
        let sources: Vec<Head> = plan.sources.iter().map(of).collect();
        for (node, head) in sources.into_iter().chain(heads) {
            let Some(head) = head else { continue };
            let is_needed = plan.before() == Some(&node) && !self.wish.goes_back;
            if known.contains(&head) && (is_clean || !is_needed) {
                continue;
            }
            let text = format!("{} takes in what {node} wrote", plan.to);
            let under_way = self.begin(Stage::State, Some(&plan.to), text, plan.term(), listener).await?;
            let inhaled = self.inhale(plan, &node, commit, &head, &known);
            let inhaled = self.unless_dead(&[plan.to.clone(), node.clone()], inhaled).await;
            match inhaled.unwrap_or_else(|(node, silence)| Err(NotTaken::cut(format!("{node}: {silence}")))) {
                Ok((now, said)) => {
                    (is_clean, _) = (true, known.insert(head));
                    known.insert(now);
                    self.take(under_way, StepResult::Done, said, listener).await;
                }
                Err(NotTaken { result, why, came, refusal }) => {
                    if let Some(refusal) = refusal {
                        self.keep_hint(&plan.to, &refusal);
                    }
                    self.take(under_way, result, why.clone(), listener).await;
                    if is_needed && !(self.wish.allow_data_loss && matches!(came, Came::Failed(_))) {
                        return Ok(Err(came));
                    }
                    let text = format!("{} goes without what {node} wrote: {why}", plan.to);
                    let hint = Some(format!("it is kept on {node}"));
                    self.warnings.push(Warning { node: Some(node), text, hint });
                }
            }
        }
        Ok(Ok(()))
    }

    /// Carries a head over, unless it is there, and brings the work tree to it. Gives the head that it has then.
    async fn inhale(
        &self,
        plan: &Plan,
        from: &NodeName,
        commit: &str,
        head: &str,
        known: &BTreeSet<String>,
    ) -> Result<(String, String), NotTaken> {
        let to = &plan.to;
        // What runs there is not to find its files replaced by older ones. Where the PRIMARY by the term runs beside it, that
        // one has written what counts.
        let own_wins = !plan.starts && (plan.holder == *to || !self.scene().executes(&plan.holder));
        let deadline = Instant::now() + STATE_WITHIN;
        let mut carried = String::new();
        if !known.contains(head) {
            let (Some(source), Some(target)) = (self.cell.inventory.node(from), self.cell.inventory.node(to)) else {
                return Err(NotTaken::cut("it is not in the inventory".to_owned()));
            };
            let (wanted, known): (_, Vec<String>) = ([head.to_owned()], known.iter().cloned().collect());
            let load = Load {
                pack: step::pack(&source.repository.path, &wanted, &known),
                take: &|not_after| {
                    step::take(Address { node: target, cell: &self.cell.inventory.cell, not_after }, &wanted)
                },
                wanted: &wanted,
                bytes_max: STATE_BYTES_MAX,
            };
            match self.cell.carry(from, to, load, deadline).await {
                Ok(done) => carried = format!("{} bytes carried; ", done.bytes),
                Err(error) => {
                    let why = error.to_string();
                    let came = if error.is_silence() { Came::Cut } else { Came::Failed(format!("{to}: {why}")) };
                    return Err(NotTaken { result: StepResult::Failed, why, came, refusal: None });
                }
            }
        }
        let told =
            self.cell.step(to, &|address| step::inhale(address, commit, head, own_wins), (deadline, deadline)).await;
        let answer = match told {
            StepEnd::Answered(answer) => *answer,
            StepEnd::NotRun(silence) | StepEnd::Unknown(silence) => {
                return Err(NotTaken::cut(format!("no word: {silence}")));
            }
        };
        match (answer.refused, answer.head) {
            (Some(refusal), _) => {
                let why = refusal.to_string();
                let came = match refusal {
                    Refusal::Busy(_) | Refusal::Late | Refusal::Rebooted | Refusal::Rival(_) => Came::Cut,
                    _ => Came::Failed(format!("{to}: {why}")),
                };
                Err(NotTaken { result: StepResult::Failed, why, came, refusal: Some(refusal) })
            }
            (None, None) => Err(NotTaken::cut("it did not say what it has now".to_owned())),
            (None, Some(now)) => {
                let merged = match answer.merged {
                    Some(Merged::Paths(count)) => format!(", {count} paths as {from} has them"),
                    Some(Merged::Whole) => format!(", all files as {from} has them"),
                    Some(Merged::Kept(count)) => format!(", {count} paths as {to} has them"),
                    Some(Merged::KeptWhole) => format!(", all files as {to} has them"),
                    None => String::new(),
                };
                let said = format!("{carried}its head is {now:.10}{merged}");
                Ok((now, said))
            }
        }
    }
}

/// Why writes were not taken in.
struct NotTaken {
    result: StepResult,
    why: String,
    came: Came,
    /// What the node itself says.
    refusal: Option<Refusal>,
}

impl NotTaken {
    /// Nobody knows what came of it.
    fn cut(why: String) -> Self {
        Self { result: StepResult::Unknown, why, came: Came::Cut, refusal: None }
    }
}
