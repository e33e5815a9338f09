//! Fences: whoever may still execute is stopped, and what it wrote is committed, before somebody else starts.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::super::hooks;
use super::super::step::StepEnd;
use super::Changing;
use super::run::{Came, UnderWay};
use crate::core::change::{Stage, StepResult};
use crate::core::duty::Duty;
use crate::core::event::Listener;
use crate::core::inventory::Node;
use crate::core::name::NodeName;
use crate::core::plan::{Kind, Means, Plan, Proof};
use crate::core::probe::ServiceState;
use crate::core::status::Warning;
use crate::core::step::{self, Answer, Raise, Refusal, ServiceEnd};
use crate::error::Error;

/// The time for a service to stop, and for one that does not to be killed.
const STOP_WITHIN: Duration = Duration::from_secs(10);
pub(super) const KILL_WITHIN: Duration = Duration::from_secs(5);

/// A node that was stopped, and the head of what it wrote.
pub(super) type Head = (NodeName, Option<String>);

impl Changing<'_> {
    /// Fences all at once and gives the heads of those that were told.
    pub(super) async fn fence(
        &mut self,
        plan: &Plan,
        commit: &str,
        listener: &mut dyn Listener,
    ) -> Result<Result<Vec<Head>, Came>, Error> {
        let mut stops = JoinSet::new();
        let mut under_way: Vec<(NodeName, UnderWay)> = Vec::new();
        for fencing in plan.fences.iter().filter(|fencing| fencing.means == Means::Stop) {
            let step =
                self.begin(Stage::Fence, Some(&fencing.node), fencing.words(plan.duty), plan.term(), listener).await?;
            under_way.push((fencing.node.clone(), step));
            let raised = self.raise(plan, &fencing.node, commit);
            let node = fencing.node.clone();
            stops.spawn(async move { (node, raised.await) });
        }
        for fencing in &plan.fences {
            self.may_have_acted |= fencing.means != Means::Stop;
            match &fencing.means {
                Means::Stop => {}
                Means::Attempt(_) => self.attempt(plan, fencing, commit, listener).await?,
                Means::Prove(_, proof) => {
                    if let Err(came) = self.prove(plan, &fencing.node, *proof, listener).await? {
                        return Ok(Err(came));
                    }
                }
            }
        }
        let (mut heads, mut came) = (Vec::new(), None);
        while !under_way.is_empty() {
            let awaited: Vec<NodeName> = under_way.iter().map(|(node, _)| node.clone()).collect();
            let (node, mut end) = match self.unless_dead(&awaited, stops.join_next()).await {
                Ok(Some(Ok(ended))) => ended,
                // One that panicked was reported where it happened.
                Ok(Some(Err(_))) => continue,
                Ok(None) => break,
                Err((node, silence)) => (node, StepEnd::Unknown(silence)),
            };
            if let StepEnd::Answered(answer) = &end
                && let Some(Refusal::Missing(lacking)) = &answer.refused
                && self.cell.carry_terms(&plan.to, &node, lacking, Instant::now() + self.timeout).await.is_ok()
            {
                end = self.raise(plan, &node, commit).await;
            }
            let Some(index) = under_way.iter().position(|(name, _)| *name == node) else { continue };
            let (_, step) = under_way.swap_remove(index);
            self.may_have_acted |= may_have_acted(&end);
            let (result, said, judged) = self.judge(plan, &node, end);
            self.take(step, result, said, listener).await;
            match judged {
                Ok(head) => heads.push((node, head)),
                // What did not work counts for more than what has to be looked at again.
                Err(worse @ Came::Failed(_)) => came = Some(worse),
                Err(other) => came = came.or(Some(other)),
            }
        }
        if !under_way.is_empty() {
            came = came.or(Some(Came::Cut));
        }
        // The holder's writes are the newest.
        heads.sort_by_key(|(node, _)| plan.before() == Some(node));
        Ok(came.map_or(Ok(heads), Err))
    }

    /// Tells a node to follow the term: to stop, to commit what it wrote.
    fn raise(
        &self,
        plan: &Plan,
        node: &NodeName,
        commit: &str,
    ) -> impl Future<Output = StepEnd> + Send + 'static + use<> {
        let longest = self.cell.inventory.node(node).map(|told| order(plan, told, commit).takes_at_most());
        self.cell.step(node, &|address| raise_line(plan, address, commit), self.times(longest.unwrap_or_default()))
    }

    /// Tells a node to follow the term, and nothing else.
    pub(super) fn raise_only(
        &self,
        node: &NodeName,
        commit: &str,
    ) -> impl Future<Output = StepEnd> + Send + 'static + use<> {
        let order = Raise {
            commit,
            role: None,
            service: None,
            stop_within: STOP_WITHIN,
            kill_within: KILL_WITHIN,
            exhale: false,
        };
        self.cell.step(node, &|address| step::raise(address, &order), self.times(self.timeout))
    }

    /// Gets the proof that a dead node has stopped.
    async fn prove(
        &mut self,
        plan: &Plan,
        node: &NodeName,
        proof: Proof,
        listener: &mut dyn Listener,
    ) -> Result<Result<(), Came>, Error> {
        let text = match proof {
            Proof::Command => format!("fence_command {node}"),
            Proof::Person => format!("{node} is off: a person vouches for it"),
        };
        let under_way = self.begin(Stage::Fence, Some(node), text, plan.term(), listener).await?;
        let command = self.cell.inventory.safety.fence_command.as_deref().filter(|_| proof == Proof::Command);
        let proven = match command {
            Some(command) => hooks::fence(command, self.node(node)?).await.map(drop).map_err(|ran| ran.words()),
            None => Ok(()),
        };
        let (result, said, proven) = match proven {
            Ok(()) => (StepResult::Done, "it is off".to_owned(), Ok(())),
            Err(said) => {
                let why = format!("fence_command does not prove that {node} is off: {said}");
                (StepResult::Failed, said, Err(Came::Failed(why)))
            }
        };
        self.take(under_way, result, said, listener).await;
        Ok(proven)
    }

    /// Whether the latest look shows that the service does not run on a node. Nobody starts it where no term is taken.
    fn is_seen_stopped(&self, node: &NodeName) -> bool {
        let facts = self.picture().and_then(|picture| picture.facts(node));
        facts.is_some_and(|facts| matches!(facts.service, ServiceState::Stopped(_)))
    }

    /// What a node's word means: its head where it is fenced.
    fn judge(
        &mut self,
        plan: &Plan,
        node: &NodeName,
        end: StepEnd,
    ) -> (StepResult, String, Result<Option<String>, Came>) {
        let answer = match end {
            StepEnd::Answered(answer) => *answer,
            StepEnd::NotRun(silence) => return (StepResult::Failed, format!("not told: {silence}"), Err(Came::Cut)),
            StepEnd::Unknown(silence) => return (StepResult::Unknown, format!("no word: {silence}"), Err(Came::Cut)),
        };
        let failed = |why: String| (StepResult::Failed, why.clone(), Err(Came::Failed(format!("{node}: {why}"))));
        let was_before = plan.before() == Some(node);
        let is_down = answer.service.is_some_and(ServiceEnd::is_down)
            || self.cell.inventory.node(node).is_none_or(|told| plan.duty.service(told).is_none());
        // Whoever could not take over has written nothing that anybody was told of.
        let is_needed = was_before && !self.wish.goes_back && !self.wish.allow_data_loss;
        match &answer.refused {
            Some(refusal @ (Refusal::Busy(_) | Refusal::Late | Refusal::Rebooted | Refusal::Rival(_))) => {
                return (StepResult::Failed, refusal.to_string(), Err(Came::Cut));
            }
            // It does not execute, and what it wrote stays with it.
            Some(refusal) if !is_needed && (is_down || (answer.service.is_none() && self.is_seen_stopped(node))) => {
                let text = format!("{node} is stopped, and what it wrote is not taken in: {refusal}");
                let hint = self.hint(node, refusal);
                let warning = Warning { node: Some(node.clone()), text, hint };
                if !self.warnings.contains(&warning) {
                    self.warnings.push(warning);
                }
                return (StepResult::Done, format!("stopped; {refusal}"), Ok(None));
            }
            Some(refusal @ Refusal::Missing(_)) => {
                return (StepResult::Failed, refusal.to_string(), Err(Came::Cut));
            }
            Some(refusal) => {
                self.keep_hint(node, refusal);
                return failed(refusal.to_string());
            }
            None => {}
        }
        let faults: String =
            answer.faults.iter().map(|fault| format!("; {}: {}", fault.command, fault.failed)).collect();
        match answer.service {
            _ if is_down => {}
            Some(ServiceEnd::Running) => return failed(format!("it could not be stopped{faults}")),
            _ if self.wish.confirmed_off.contains(node) => {
                let text = format!("{node} was told to stop, and only your word says that it did{faults}");
                self.warnings.push(Warning { node: Some(node.clone()), text, hint: None });
            }
            _ => {
                self.hints.push(format!("if you have seen to it that {node} is off: --confirm-off {node}"));
                return failed(format!("whether it has stopped cannot be told: its check says nothing{faults}"));
            }
        }
        if answer.service == Some(ServiceEnd::Killed) && was_before {
            if plan.kind == Kind::Switchover && !self.wish.allow_data_loss {
                return failed(format!("it did not stop and was killed{faults}: what it had not written may be lost"));
            }
            let text = format!("{node} did not stop and was killed{faults}: what it had not written is lost");
            self.warnings.push(Warning { node: Some(node.clone()), text, hint: None });
        }
        (StepResult::Done, told(&answer), Ok(answer.head))
    }
}

pub(super) fn raise_line(plan: &Plan, address: step::Address<'_>, commit: &str) -> String {
    step::raise(address, &order(plan, address.node, commit))
}

fn order<'a>(plan: &Plan, node: &'a Node, commit: &'a str) -> Raise<'a> {
    Raise {
        commit,
        role: Some(plan.duty),
        service: plan.duty.service(node),
        stop_within: STOP_WITHIN,
        kill_within: KILL_WITHIN,
        exhale: plan.duty == Duty::Primary,
    }
}

/// Whether a node may have stopped or started a service. One that refuses before it comes to that has not.
pub(super) fn may_have_acted(end: &StepEnd) -> bool {
    match end {
        StepEnd::Answered(answer) => answer.service.is_some_and(|service| service != ServiceEnd::WasStopped),
        StepEnd::NotRun(_) => false,
        StepEnd::Unknown(_) => true,
    }
}

fn told(answer: &Answer) -> String {
    let stopped = match answer.service {
        Some(ServiceEnd::WasStopped) => "was stopped",
        Some(ServiceEnd::Killed) => "killed",
        Some(_) => "stopped",
        None => "told",
    };
    match &answer.head {
        Some(head) => format!("{stopped}; its head is {head:.10}"),
        None => stopped.to_owned(),
    }
}
