//! Fences: who may still execute the service, and how that is brought to an end before somebody else starts.

use std::collections::BTreeSet;

use super::life::{Evidence, Life, list};
use super::{Kind, Plan, Refusal, Scene, Wish};
use crate::core::duty::Duty;
use crate::core::inventory::Fence;
use crate::core::name::NodeName;
use crate::core::observation::Picture;
use crate::core::probe::{Facts, ServiceState};
use crate::core::readiness::repository_fault;
use crate::core::term::{Held, Standing, TermRecord};

/// A node that must not execute any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fencing {
    /// The node.
    pub node: NodeName,
    /// How.
    pub means: Means,
}

/// How a node is kept from executing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// It answers: it is told to stop, and has to be seen stopped.
    Stop,
    /// It is dead: it is told to stop over every path, and nothing is awaited.
    Attempt(Evidence),
    /// It is dead, and there has to be proof that it has stopped.
    Prove(Evidence, Proof),
}

/// What proves that a dead node has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The inventory's `fence_command` exits 0.
    Command,
    /// A person vouches for it.
    Person,
}

/// Everybody but the PRIMARY to be who may execute the service, or hold writes of it: the present PRIMARY; whoever had
/// to be dealt with before it, unless it is seen to execute under this very term: then nobody can have started under a
/// term before; whoever an open term names; whoever is seen to execute.
#[must_use]
pub fn from(scene: &Scene<'_>, standing: &Standing, record: &TermRecord, next: &NodeName) -> Vec<NodeName> {
    let mut names: Vec<NodeName> = Vec::new();
    let mut add = |name: &NodeName| {
        if name != next && !names.contains(name) {
            names.push(name.clone());
        }
    };
    add(&record.primary);
    let executes_by_it = standing.in_force().is_some_and(|held| held.holders.contains(&record.primary));
    if !(executes_by_it && scene.executes(&record.primary)) {
        record.from.iter().for_each(&mut add);
    }
    for open in &standing.open {
        add(&open.record.primary);
        open.record.from.iter().for_each(&mut add);
    }
    for node in scene.inventory.nodes.iter().filter(|node| scene.executes(&node.name)) {
        add(&node.name);
    }
    names
}

/// How each of them is kept from executing.
pub(super) fn fences(
    scene: &Scene<'_>,
    wish: &Wish,
    base: &Held,
    to: &NodeName,
    from: &[NodeName],
) -> Result<Vec<Fencing>, Refusal> {
    let in_question: Vec<NodeName> = match wish.duty {
        Duty::Primary => from.to_vec(),
        // Who had the role before a run that was cut off is not on record, so everybody else is asked to stop it.
        Duty::Brain => {
            let has_service = |name: &&NodeName| scene.inventory.node(name).is_some_and(|node| node.brain.is_some());
            let members = base.record.members.iter().map(|member| &member.name);
            members.filter(|name| *name != to).filter(has_service).cloned().collect()
        }
    };
    let mut fences = Vec::new();
    for node in in_question {
        // Whoever left the cell and the inventory cannot be asked anything.
        if scene.inventory.node(&node).is_none() {
            if base.record.fence == Fence::Required && wish.duty == Duty::Primary && !wish.confirmed_off.contains(&node)
            {
                return Err(uncertain(wish.duty, &node, "the inventory does not name it"));
            }
            continue;
        }
        let is_holder = node == *wish.duty.holder(&base.record);
        let means = match scene.life(&node) {
            Life::Answers(facts) => {
                seeable(wish, &node, facts.service)?;
                let is_relieved = is_holder && node != *to && !wish.goes_back && !wish.allow_data_loss;
                if wish.duty == Duty::Primary && (is_relieved || scene.executes(&node)) {
                    tellable(scene, base, &node)?;
                }
                if wish.duty == Duty::Primary && is_relieved {
                    committable(scene, &node, facts)?;
                }
                Means::Stop
            }
            // A BRAIN that was not one is not waited for.
            _ if wish.duty == Duty::Brain && !is_holder => continue,
            Life::Dead(evidence) => silent(scene, wish, base, &node, evidence)?,
            _ if wish.confirmed_off.contains(&node) => {
                let evidence = Evidence { misses: 0, witnesses: Vec::new(), silence: None };
                silent(scene, wish, base, &node, evidence)?
            }
            Life::TurnsAway(silence) => {
                return Err(uncertain(wish.duty, &node, &format!("it lives and turns m3m away ({silence})")));
            }
            Life::Unknown(why) => return Err(uncertain(wish.duty, &node, &why)),
        };
        fences.push(Fencing { node, means });
    }
    Ok(fences)
}

/// A stop has to be seen. A check that hangs may do so because of the service, and is no reason to leave that alone.
fn seeable(wish: &Wish, node: &NodeName, service: ServiceState) -> Result<(), Refusal> {
    match service {
        ServiceState::CheckFails(status) if wish.duty == Duty::Primary && !wish.confirmed_off.contains(node) => {
            let why = format!("nobody could see the service stop on {node}: its check cannot be run (exit {status})");
            Err(Refusal::new(why)
                .hint(format!("correct service.check of {node}; m3m check --node {node} says more"))
                .hint(format!("if you have seen to it that {node} is off: --confirm-off {node}")))
        }
        _ => Ok(()),
    }
}

/// Who cannot take a term cannot be told to stop, nor to commit what it wrote.
fn tellable(scene: &Scene<'_>, base: &Held, node: &NodeName) -> Result<(), Refusal> {
    if super::is_able(scene, &base.record, node) {
        return Ok(());
    }
    Err(Refusal::new(format!("{node} cannot be told to stop and to commit what it wrote: it cannot take a term"))
        .hint(format!("m3m init {node} makes it ready; m3m init --repair {node} if its term cannot be read")))
}

/// What cannot be committed cannot be taken along.
fn committable(scene: &Scene<'_>, node: &NodeName, facts: &Facts) -> Result<(), Refusal> {
    let fault = scene.inventory.node(node).and_then(|told| repository_fault(&told.repository, facts));
    let Some((why, remedy)) = fault else { return Ok(()) };
    Err(Refusal::new(format!("{node} could not commit what it wrote: {why}"))
        .hint(remedy.of(node))
        .hint("or go on without these writes: --allow-data-loss"))
}

fn uncertain(duty: Duty, node: &NodeName, why: &str) -> Refusal {
    let doing = match duty {
        Duty::Primary => "execute the service",
        Duty::Brain => "run BRAIN's service",
    };
    Refusal::new(format!("{node} may still {doing}, and cannot be told to stop: {why}"))
        .hint(format!("m3m check --node {node} says how to reach it"))
        .hint(format!("if you have seen to it that {node} is off: --confirm-off {node}"))
}

fn silent(scene: &Scene<'_>, wish: &Wish, base: &Held, node: &NodeName, evidence: Evidence) -> Result<Means, Refusal> {
    if base.record.fence == Fence::Attempt || wish.duty == Duty::Brain {
        return Ok(Means::Attempt(evidence));
    }
    if wish.confirmed_off.contains(node) {
        return Ok(Means::Prove(evidence, Proof::Person));
    }
    if scene.inventory.safety.fence_command.is_some() {
        return Ok(Means::Prove(evidence, Proof::Command));
    }
    Err(Refusal::new(format!(
        "fence: required asks for proof that {node} has stopped, and there is none: it is silent"
    ))
    .hint(format!("switch {node} off and say so: --confirm-off {node}"))
    .hint("or give the inventory a fence_command that switches nodes off"))
}

/// What a person should know of writes that may be missing.
///
/// # Errors
/// Writes that were seen in this run are on no node that answers, and nobody has allowed to go on without them.
pub(super) fn loss(scene: &Scene<'_>, wish: &Wish, plan: &Plan) -> Result<Vec<String>, Refusal> {
    let mut remarks = Vec::new();
    if plan.duty != Duty::Primary || scene.executes(&plan.to) {
        return Ok(remarks);
    }
    let here = reachable_commits(scene.now());
    for Fencing { node, means } in &plan.fences {
        if *means == Means::Stop {
            continue;
        }
        if let Means::Attempt(Evidence { silence: Some(_), .. }) = means {
            remarks.push(format!(
                "nothing proves that the service has stopped on {node} (fence: attempt): where it lives on behind a dead \
                 sshd or network, two execute until {node} can be told"
            ));
        }
        let seen = scene.pictures.iter().rev().find_map(|picture| picture.facts(node));
        let unheld = seen.and_then(|facts| {
            let head = facts.head().filter(|head| !here.contains(head.id.as_str()));
            let dirty = facts.repository()?.uncommitted.filter(|count| *count > 0);
            match (head, dirty) {
                (Some(head), _) => Some(format!("its head {:.10}", head.id)),
                (None, Some(count)) => Some(format!("its {count} uncommitted paths")),
                (None, None) => None,
            }
        });
        match unheld {
            Some(what) if !wish.allow_data_loss => {
                return Err(Refusal::new(format!("{node} is silent, and no node that answers holds {what}"))
                    .hint(format!("bring {node} back, or go on without these writes: --allow-data-loss")));
            }
            Some(what) => remarks.push(format!(
                "no node that answers holds what {node} was seen to have: {what}; missing until it comes back"
            )),
            None if plan.kind != Kind::Finish || plan.holder != *node => remarks.push(format!(
                "what {node} wrote and no other node holds is missing until it comes back; it is not thrown away"
            )),
            None => {}
        }
    }
    Ok(remarks)
}

fn reachable_commits(now: Option<&Picture>) -> BTreeSet<&str> {
    let answers = now.into_iter().flat_map(|picture| picture.observations.values());
    let repositories = answers.filter_map(|observation| observation.facts()?.repository());
    repositories.flat_map(|repository| &repository.commits).map(|commit| commit.id.as_str()).collect()
}

impl Fencing {
    /// What is done, in words.
    #[must_use]
    pub fn words(&self, duty: Duty) -> String {
        let node = &self.node;
        let by = |evidence: &Evidence| match &evidence.silence {
            Some(silence) => format!("{silence}; not reached from {} either", list(&evidence.witnesses)),
            None => "off, as you say".to_owned(),
        };
        match &self.means {
            Means::Stop if duty == Duty::Brain => format!("stop BRAIN's service on {node}, see it stopped"),
            Means::Stop => format!("stop the service on {node}, see it stopped, commit what it wrote"),
            Means::Attempt(Evidence { silence: None, .. }) => {
                format!("tell {node} to stop, without waiting: it is off, as you say")
            }
            Means::Attempt(evidence) => format!("tell {node} to stop, without waiting: it is dead ({})", by(evidence)),
            Means::Prove(evidence, Proof::Command) => {
                format!("fence_command has to prove that {node} is off ({})", by(evidence))
            }
            Means::Prove(_, Proof::Person) => format!("{node} is off, as you say"),
        }
    }
}
