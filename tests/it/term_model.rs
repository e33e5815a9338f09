//! A model of terms: nodes that hold them, and whoever claims, raises and starts by them.
//!
//! There are no claimers in it, and so there may be any number: what a claimer knows is what nodes answered it, each
//! at some moment of the past, and so *any* choice of answers that nodes could have given may be somebody's view. Nor
//! are there messages: a claim that was once made may arrive at any node at any later time, or never. A claimer that
//! dies is one of whom no more is heard. `term_search.rs` goes through all that can happen in small cells,
//! `term_simulation.rs` at random through larger ones.

use crate::term_rules::{Answer, Decisions, Seen};

/// A set of nodes or of terms, a bit each.
pub type Set = u32;

pub fn bit(index: usize) -> Set {
    1 << index
}

pub fn has(set: Set, index: usize) -> bool {
    set & bit(index) != 0
}

/// What can go wrong between people and nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// Anybody may be silent to anybody, for any time: partitions, lost and late messages, nodes that crash and come
    /// back with what they held. A service may run where nobody can look, and only proof counts.
    Silence,
    /// Nodes die for good, with what they execute; whoever lives answers.
    Death,
}

/// A claimed term; the cell's first one has the index 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub number: u64,
    pub primary: usize,
    /// Whether `primary` takes the role by it, and does not merely keep it.
    pub takes: bool,
    pub ancestors: Set,
    pub from: Set,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub dead: bool,
    pub runs: bool,
    pub held: usize,
    /// What it could have answered up to now: terms, while the service was stopped and while it ran.
    pub stopped_with: Set,
    pub ran_with: Set,
    /// The terms for which it was fenced: stopped, and raised to the term.
    pub fenced: Set,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub nodes: Vec<Node>,
    pub terms: Vec<Term>,
    /// Terms that somebody judged won, or acted on as won.
    pub won: Set,
    pub deaths_left: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Somebody claims a term.
    Claim(Term),
    /// A claim arrives at a node and is taken.
    Arrive { term: usize, node: usize },
    /// Its claimer judges a claim won.
    Win(usize),
    /// Somebody stops the service on a node and raises it to a won term.
    Fence { term: usize, node: usize },
    /// Its claimer starts the service on the PRIMARY of a won term.
    Start(usize),
    /// Somebody sees that a term is won, and starts the service by it once these nodes are fenced.
    GoOn { term: usize, from: Set },
    /// A node dies.
    Die(usize),
}

/// The fixed part of a model.
pub struct Model {
    pub faults: Faults,
    pub decisions: Decisions,
    /// Whom somebody may want as PRIMARY.
    pub wanted: Set,
    pub terms_max: usize,
}

impl State {
    /// Every node holds the first term, by which `primary` runs the service.
    pub fn new(nodes: usize, primary: usize, deaths_left: u8) -> Self {
        let first = Term { number: 1, primary, takes: false, ancestors: 0, from: 0 };
        let node = |runs| Node { dead: false, runs, held: 0, stopped_with: 0, ran_with: 0, fenced: 0 };
        let mut nodes: Vec<Node> = (0..nodes).map(|index| node(index == primary)).collect();
        nodes.iter_mut().for_each(Node::remember);
        Self { nodes, terms: vec![first], won: bit(0), deaths_left }
    }

    /// The same, with two rivals for the next term claimed at once: for node 0 and for node 1.
    pub fn with_rivals(mut self) -> Self {
        let from = bit(self.terms[0].primary);
        self.terms.extend([0, 1].map(|primary| Term { number: 2, primary, takes: true, ancestors: bit(0), from }));
        self
    }

    /// Nodes that some term names PRIMARY.
    pub fn named(&self) -> Set {
        self.terms.iter().fold(0, |set, term| set | bit(term.primary))
    }

    fn is_fenced(&self, term: usize, from: Set) -> bool {
        let is_fenced = |node: &Node| node.dead || has(node.fenced, term);
        (0..self.nodes.len()).filter(|node| has(from, *node)).all(|node| is_fenced(&self.nodes[node]))
    }
}

impl Node {
    fn remember(&mut self) {
        *(if self.runs { &mut self.ran_with } else { &mut self.stopped_with }) |= bit(self.held);
    }
}

impl Model {
    /// What nodes could have answered somebody who asked how it stands, a list for each node.
    pub fn views(&self, state: &State) -> Vec<Vec<Option<Seen>>> {
        let of = |(node, past): (usize, &Node)| {
            let with = |set: Set, runs| {
                (0..state.terms.len()).filter(move |held| has(set, *held)).map(move |held| Seen { node, held, runs })
            };
            // To see a service run adds a node to be fenced, and so only restrains; unless it is that of the PRIMARY.
            let own = (0..state.terms.len())
                .filter(|term| state.terms[*term].primary == node)
                .fold(0, |set, term| set | bit(term));
            let ran_with = past.ran_with & (own | !past.stopped_with);
            let saw = with(past.stopped_with, false).chain(with(ran_with, true)).map(Some);
            saw.chain(self.may_be_silent(past).then_some(None)).collect()
        };
        state.nodes.iter().enumerate().map(of).collect()
    }

    /// What nodes could have answered to a claim, a list for each node; an empty one where it is still to answer.
    pub fn answers(&self, state: &State, term: usize) -> Vec<Vec<Answer>> {
        let of = |past: &Node| {
            let held = past.stopped_with | past.ran_with;
            let keeps = |held: &usize| *held != term && !self.decisions.moves(&state.terms, *held, term);
            let refusals = (0..state.terms.len()).filter(|index| has(held, *index)).filter(keeps).map(Answer::Keeps);
            let holds = has(held, term).then_some(Answer::Holds);
            holds.into_iter().chain(refusals).chain(self.may_be_silent(past).then_some(Answer::Silent)).collect()
        };
        state.nodes.iter().map(of).collect()
    }

    fn may_be_silent(&self, node: &Node) -> bool {
        node.dead || self.faults == Faults::Silence
    }

    /// What people do who want one of these as PRIMARY and saw this.
    pub fn decide(&self, state: &State, wanted: Set, view: &[Option<Seen>]) -> Vec<Action> {
        let seen: Vec<Seen> = view.iter().flatten().copied().collect();
        let Some(stands) = self.decisions.standing(&state.terms, &seen) else { return Vec::new() };
        let base = state.terms[stands.in_force];
        let goes_on = |primary| stands.is_clear && base.primary == primary && has(stands.holders, primary);
        let may_claim = state.terms.len() < self.terms_max;
        let wanted = (0..state.nodes.len()).filter(|node| has(wanted, *node) && (may_claim || goes_on(*node)));
        let decided = wanted.map(|primary| {
            let from = self.decisions.from(&state.terms, &stands, &seen, primary);
            if goes_on(primary) {
                return Action::GoOn { term: stands.in_force, from };
            }
            let parents = stands.parents.iter();
            let ancestors = parents.fold(0, |set, term| set | bit(*term) | state.terms[*term].ancestors);
            let takes = primary != base.primary;
            Action::Claim(Term { number: stands.next_number, primary, takes, ancestors, from })
        });
        decided.collect()
    }

    /// What else can happen than that somebody observes or judges: it depends on no view.
    pub fn events(state: &State) -> Vec<Action> {
        let mut events = Vec::new();
        for node in (0..state.nodes.len()).filter(|node| !state.nodes[*node].dead) {
            events.extend((1..state.terms.len()).map(|term| Action::Arrive { term, node }));
            // Nobody fences who is not in question and never executed.
            let asks = |term: &usize| has(state.terms[*term].from, node) || state.nodes[node].ran_with != 0;
            let won = (0..state.terms.len()).filter(|term| has(state.won, *term)).filter(asks);
            events.extend(won.map(|term| Action::Fence { term, node }));
            events.extend((state.deaths_left > 0).then_some(Action::Die(node)));
        }
        events.extend((1..state.terms.len()).filter(|term| has(state.won, *term)).map(Action::Start));
        events
    }

    /// What becomes of the state; nothing where a node refuses, or nothing changes.
    pub fn after(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Claim(term) => next.terms.push(term),
            Action::Arrive { term, node } => {
                if self.decisions.moves(&state.terms, state.nodes[node].held, term) {
                    next.nodes[node].held = term;
                }
            }
            Action::Win(term) => next.won |= bit(term),
            Action::Fence { term, node } => fence(&mut next, term, node),
            Action::Start(term) => start(&mut next, term, state.terms[term].from),
            Action::GoOn { term, from } => {
                next.won |= bit(term);
                start(&mut next, term, from);
            }
            Action::Die(node) => {
                next.deaths_left -= 1;
                next.nodes[node].dead = true;
                next.nodes[node].runs = false;
            }
        }
        next.nodes.iter_mut().filter(|node| !node.dead).for_each(Node::remember);
        (next != *state).then_some(next)
    }

    /// What must not be, in words.
    pub fn wrong(&self, before: &State, after: &State) -> Option<String> {
        let running: Vec<usize> = (0..after.nodes.len()).filter(|node| after.nodes[*node].runs).collect();
        if running.len() > 1 {
            return Some(format!("nodes {running:?} execute the service at once"));
        }
        let new = (0..after.terms.len()).find(|term| has(after.won & !before.won, *term))?;
        // Where nodes die for good the winner may take its win with it, and who merely keeps a role wins nothing.
        let counts = |term: usize| {
            let Term { primary, takes, .. } = after.terms[term];
            self.faults == Faults::Silence || (takes && !after.nodes[primary].dead)
        };
        let number = |term: usize| after.terms[term].number;
        let mut others = (0..after.terms.len()).filter(|old| has(before.won, *old) && counts(*old) && counts(new));
        others.find_map(|old| {
            let (low, high) = if number(old) < number(new) { (old, new) } else { (new, old) };
            if number(low) == number(high) {
                return Some(format!("terms {old} and {new} of one number are both won"));
            }
            let follows = has(after.terms[high].ancestors, low);
            (!follows).then(|| format!("terms {low} and {high} are won, and {high} does not follow {low}"))
        })
    }

    /// Whether one more claimer wins at its first try when just these nodes answer and nothing else happens. So it does
    /// at its second one when claims made before arrive between its question and its claim: that is a state, too.
    pub fn goes_on(&self, state: &State, answering: &[usize]) -> bool {
        let seen = |node: usize| Seen { node, held: state.nodes[node].held, runs: state.nodes[node].runs };
        let mut view = vec![None; state.nodes.len()];
        for node in answering {
            view[*node] = Some(seen(*node));
        }
        let roomy = Model { terms_max: usize::MAX, decisions: self.decisions.clone(), ..*self };
        let [Action::Claim(term)] = roomy.decide(state, bit(answering[0]), &view)[..] else { return true };
        let (mut terms, new) = (state.terms.clone(), state.terms.len());
        terms.push(term);
        let answer = |node| match answering.contains(&node) {
            true if self.decisions.moves(&terms, state.nodes[node].held, new) => Answer::Holds,
            true => Answer::Keeps(state.nodes[node].held),
            false => Answer::Silent,
        };
        let answers: Vec<Answer> = (0..state.nodes.len()).map(answer).collect();
        self.decisions.is_won(&terms, new, &answers)
    }
}

/// One script under one lock: refused where the node holds what the term does not follow.
fn fence(state: &mut State, term: usize, index: usize) {
    let Term { primary, ancestors, .. } = state.terms[term];
    let node = &mut state.nodes[index];
    if index != primary && (node.held == term || has(ancestors, node.held)) {
        *node = Node { held: term, runs: false, fenced: node.fenced | bit(term), ..*node };
    }
}

/// Once everybody in question is fenced or dead for good; refused where the node does not hold exactly the term.
fn start(state: &mut State, term: usize, from: Set) {
    let primary = state.terms[term].primary;
    let node = state.nodes[primary];
    if !node.dead && node.held == term && state.is_fenced(term, from) {
        state.nodes[primary].runs = true;
    }
}
