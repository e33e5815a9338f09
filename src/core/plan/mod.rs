//! Plans: how a role gets to a node, decided from pictures and the term, before anything is touched.
//!
//! Every change is *claim → fence → state → start → check → announce*. A plan says which of these are needed now: a run
//! that was cut off is finished by planning again from what is true by then.

mod fences;
mod life;
mod refusal;
mod remarks;
mod sources;
mod target;

use std::collections::BTreeSet;
use std::mem::discriminant;

use jiff::Timestamp;

pub use fences::{Fencing, Means, Proof, from as may_execute};
pub use life::{Evidence, Life, life, list};
pub use refusal::Refusal;

use super::chains::control;
use super::duty::Duty;
use super::inventory::{Inventory, Quorum};
use super::name::NodeName;
use super::observation::Picture;
use super::probe::{Identity, ServiceState};
use super::silence::Silence;
use super::term::{Act, Claim, Held, Standing, TermRecord};

/// What a person or a rule wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The role.
    pub duty: Duty,
    /// The node that is to have it; nothing for the next of the chain.
    pub to: Option<NodeName>,
    /// Why, in words for the record.
    pub reason: String,
    /// Writes may be lost that nobody reachable holds.
    pub allow_data_loss: bool,
    /// Nodes of which a person vouches that they are off.
    pub confirmed_off: BTreeSet<NodeName>,
    /// What was begun could not be finished, and the role goes back to whom it had before.
    pub goes_back: bool,
}

/// Who signs a claim, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The operator: user@host.
    pub by: String,
    /// By this machine's clock.
    pub at: Timestamp,
    /// A word that no other claim has.
    pub claim: String,
}

/// What is known: the inventory, and what was seen in this run, the oldest picture first.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The inventory.
    pub inventory: &'a Inventory,
    /// The pictures; the last one counts for what is true now.
    pub pictures: &'a [Picture],
}

/// How a role gets to a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The role.
    pub duty: Duty,
    /// Who is to have it.
    pub to: NodeName,
    /// Who has it by the term in force.
    pub holder: NodeName,
    /// The term in force.
    pub base: Held,
    /// In one word.
    pub kind: Kind,
    /// The claim that comes first, where the term does not say so yet, and the members it is put to.
    pub claim: Option<Claim>,
    /// The members that answered, to which a claim is put.
    pub voters: BTreeSet<NodeName>,
    /// Who must not execute any more.
    pub fences: Vec<Fencing>,
    /// Whether something is started on who is to have it, unless it runs there already.
    pub starts: bool,
    /// Whether this machine's own command is told.
    pub announces: bool,
    /// Nodes whose committed state is taken in beside that of the fenced ones, in this order.
    pub sources: Vec<NodeName>,
    /// Nodes that come before it in the chain, and why they were passed over.
    pub passed_over: Vec<(NodeName, String)>,
    /// What a person should know before saying yes.
    pub remarks: Vec<String>,
}

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is so already.
    Nothing,
    /// The term says so; what follows from it is not done yet.
    Finish,
    /// The old holder lives: nothing is lost.
    Switchover,
    /// The old holder is dead.
    Failover,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Finish => "finish",
            Self::Switchover => "switchover",
            Self::Failover => "failover",
        }
    }
}

impl<'a> Scene<'a> {
    /// The latest picture.
    #[must_use]
    pub fn now(&self) -> Option<&'a Picture> {
        self.pictures.last()
    }

    /// What is known of a node's life.
    #[must_use]
    pub fn life(&self, node: &NodeName) -> Life<'a> {
        life(node, self.pictures, self.inventory.timing.misses)
    }

    /// Whether the service is seen to run on a node.
    #[must_use]
    pub fn executes(&self, node: &NodeName) -> bool {
        let facts = self.now().and_then(|picture| picture.facts(node));
        facts.is_some_and(|facts| facts.service == ServiceState::Runs && !facts.is_anothers(node))
    }

    /// The member that is seen to execute, where it is the only one.
    #[must_use]
    pub fn executing_alone<'r>(&self, record: &'r TermRecord) -> Option<&'r NodeName> {
        let mut executing = record.members.iter().map(|member| &member.name).filter(|name| self.executes(name));
        executing.next().filter(|_| executing.next().is_none())
    }

    /// How it stands with the terms.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.now().map(|picture| Standing::of(&picture.holdings())).unwrap_or_default()
    }
}

impl Plan {
    /// Who executed before, as far as that is on record: its writes are not left behind while it can give them.
    #[must_use]
    pub fn before(&self) -> Option<&NodeName> {
        let earlier = self.base.record.from.first().filter(|_| self.starts && self.duty == Duty::Primary);
        if self.to == self.holder { earlier } else { Some(&self.holder) }
    }

    /// Whether it is what a person agreed to when this other one was shown.
    #[must_use]
    pub fn is_like(&self, shown: &Self) -> bool {
        let fences = |plan: &Self| -> Vec<_> {
            plan.fences.iter().map(|fencing| (fencing.node.clone(), discriminant(&fencing.means))).collect()
        };
        (self.kind, &self.to, &self.holder, self.starts) == (shown.kind, &shown.to, &shown.holder, shown.starts)
            && (&self.base.commit, self.term(), &self.remarks) == (&shown.base.commit, shown.term(), &shown.remarks)
            && fences(self) == fences(shown)
    }

    /// The number of the term under which all of it is done.
    #[must_use]
    pub fn term(&self) -> u64 {
        self.claim.as_ref().map_or(self.base.record.term, |claim| claim.record.term)
    }
}

/// Makes the plan.
///
/// # Errors
/// It is not to be done, or cannot be: why, and what a person may do about it.
pub fn plan(scene: &Scene<'_>, wish: &Wish, signature: &Signature) -> Result<Plan, Refusal> {
    let standing = scene.standing();
    let base = base(scene, &standing, &signature.by)?;
    let voters = voters(scene, &base)?;
    let record = &base.record;
    let holder = wish.duty.holder(record).clone();
    let (to, passed_over) = target::choose(scene, wish, record)?;

    let held_by_target = standing.won.as_ref().is_some_and(|won| won.holders.contains(&to));
    let is_clear = standing.won.is_some() && standing.open.is_empty();
    let needs_claim = !(is_clear && to == holder && held_by_target);
    let next = roles(scene, wish, record, standing.won.is_some(), &to);
    let from = fences::from(scene, &standing, record, &next.primary);
    let fences = fences::fences(scene, wish, &base, &to, &from)?;
    let is_done = match wish.duty {
        Duty::Primary => scene.executes(&to),
        // Whether a service of its own runs there is not observed: its start says so.
        Duty::Brain => scene.inventory.node(&to).is_some_and(|node| node.brain.is_none()),
    };
    let is_alive = matches!(scene.life(&holder), Life::Answers(_));
    let kind = match (to == holder, is_alive) {
        (true, _) if is_done && fences.is_empty() && !needs_claim => Kind::Nothing,
        (true, _) => Kind::Finish,
        (false, true) => Kind::Switchover,
        (false, false) => Kind::Failover,
    };
    let act = match kind {
        _ if to != holder && wish.goes_back => Act::GoBack,
        Kind::Nothing | Kind::Finish => Act::Close,
        _ if wish.duty == Duty::Brain => Act::InheritBrain,
        Kind::Switchover => Act::Switchover,
        Kind::Failover => Act::Failover,
    };
    let claim = needs_claim.then(|| {
        let Signature { by, at, claim } = signature.clone();
        Claim::next(&standing, TermRecord { from, act, reason: wish.reason.clone(), by, at, claim, ..next })
    });
    let sources =
        if wish.duty == Duty::Primary && !is_done { sources::sources(scene, &to, &fences) } else { Vec::new() };
    let mut plan = Plan {
        duty: wish.duty,
        to,
        holder,
        base,
        kind,
        claim,
        voters,
        fences,
        starts: !is_done,
        announces: wish.duty == Duty::Primary && scene.inventory.announce.is_some(),
        sources,
        passed_over,
        remarks: Vec::new(),
    };
    plan.remarks = fences::loss(scene, wish, &plan)?;
    plan.remarks.extend(remarks::remarks(scene, wish, &standing, &plan));
    Ok(plan)
}

/// The term to start from. All its members have to be in the inventory: a claim that leaves some out unasked would be
/// judged by the others alone.
///
/// Where none is known to be won and rivals are open, it is the operator's own: what a rival claimed beside it is not to
/// come about by the claim of another.
fn base(scene: &Scene<'_>, standing: &Standing, by: &str) -> Result<Held, Refusal> {
    let seen = scene.now().into_iter().flat_map(|picture| picture.observations.values());
    let silences: Option<Vec<&Silence>> = seen.map(|seen| seen.answer.as_ref().err()).collect();
    if let Some(silences) = silences {
        return Err(Refusal::unanswered(silences.iter().any(|silence| silence.is_refusal())));
    }
    let highest = standing.open.first().map(|held| held.record.term).filter(|_| standing.won.is_none());
    let own = standing.open.iter().find(|held| Some(held.record.term) == highest && held.record.by == by);
    let Some(base) = own.or_else(|| standing.in_force()) else {
        return Err(
            Refusal::new("no node holds a term: it is not on record who is who").hint("m3m init writes the first one")
        );
    };
    let TermRecord { term, cell, members, .. } = &base.record;
    if *cell != scene.inventory.cell {
        let text = format!("term {term} is of cell {cell}, the inventory of cell {}", scene.inventory.cell);
        return Err(Refusal::new(text).hint("is this the right inventory? (-i FILE)"));
    }
    let unknown = members.iter().filter(|member| scene.inventory.node(&member.name).is_none());
    let unknown: Vec<NodeName> = unknown.map(|member| member.name.clone()).collect();
    if !unknown.is_empty() {
        let text = format!("term {term} has members that the inventory does not name: {}", list(&unknown));
        return Err(
            Refusal::new(text).hint("use the cell's present inventory, or change its members: m3m init --apply")
        );
    }
    Ok(base.clone())
}

/// The members that answered to the end, enough of them for the cell's quorum, and enough of them able to take a claim.
fn voters(scene: &Scene<'_>, base: &Held) -> Result<BTreeSet<NodeName>, Refusal> {
    let holdings = scene.now().map(Picture::holdings).unwrap_or_default();
    let members = &base.record.members;
    let answered = |name: &&NodeName| holdings.contains_key(*name);
    let voters: BTreeSet<NodeName> = members.iter().map(|member| &member.name).filter(answered).cloned().collect();
    if base.record.quorum == Quorum::Majority && voters.len() * 2 <= members.len() {
        let needed = members.len() / 2 + 1;
        let text =
            format!("{} of {} members answer, and quorum: majority asks for {needed}", voters.len(), members.len());
        return Err(
            Refusal::new(text).hint("bring nodes back: with fewer the other side of a partition may act as well")
        );
    }
    let unable: Vec<NodeName> = voters.iter().filter(|name| !is_able(scene, &base.record, name)).cloned().collect();
    let able = voters.len() - unable.len();
    if able * 2 <= members.len() && !(base.record.quorum == Quorum::Any && unable.is_empty()) {
        let text = format!("no claim can be won: {} cannot take a term", list(&unable));
        return Err(Refusal::new(text).hint("m3m init makes nodes ready; m3m check says what else they lack"));
    }
    Ok(voters)
}

/// Whether a node can take a term: its repository was made ready, and what it holds can be read.
fn is_able(scene: &Scene<'_>, record: &TermRecord, name: &NodeName) -> bool {
    let facts = scene.now().and_then(|picture| picture.facts(name));
    facts.is_some_and(|facts| {
        let is_ours = |identity: &Identity| identity.node == name.as_str() && identity.cell == record.cell.as_str();
        let is_readable = facts.term.as_ref().is_none_or(|held| held.record.is_some());
        facts.identity.as_ref().is_some_and(is_ours) && is_readable
    })
}

/// The roles as they are to be. BRAIN does not stay on the node that becomes PRIMARY, as long as another one lives: the
/// observer is not to stand on the machine that it observes.
fn roles(scene: &Scene<'_>, wish: &Wish, record: &TermRecord, is_won: bool, to: &NodeName) -> TermRecord {
    let mut next = record.clone();
    match wish.duty {
        Duty::Brain => {
            next.brain = to.clone();
            // An open term makes nobody PRIMARY: whoever executes stays it.
            if let Some(only) = scene.executing_alone(record).filter(|_| !is_won) {
                next.primary = only.clone();
            }
        }
        Duty::Primary => {
            next.primary = to.clone();
            if *to == record.brain && record.primary != record.brain {
                let lives = |name: &&NodeName| matches!(scene.life(name), Life::Answers(facts) if facts.complete);
                let heir = control(&next).into_iter().find(|name| *name != to && lives(name)).cloned();
                next.brain = heir.unwrap_or_else(|| to.clone());
            }
        }
    }
    next
}
