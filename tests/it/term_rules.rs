//! The rules of terms as the model of them uses them: the real ones, and broken ones that it has to catch.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use m3m::core::inventory::{Fence, Quorum};
use m3m::core::name::NodeName;
use m3m::core::term::{
    Act, Answers, Claim, ClaimAnswer, HeldTerm, Holdings, Member, Outcome, Standing, TermRecord, judge,
};

use crate::term_model::{Set, Term, bit, has};

/// What a node answered to the question how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seen {
    pub node: usize,
    pub held: usize,
    pub runs: bool,
}

/// What `Standing` says, in the model's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stands {
    pub in_force: usize,
    /// There is a won term and no open one.
    pub is_clear: bool,
    pub holders: Set,
    pub open: Vec<usize>,
    pub parents: Vec<usize>,
    pub next_number: u64,
}

/// What came of putting a claim to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Holds,
    Keeps(usize),
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeRule {
    /// Only to a descendant of higher number.
    Descendant,
    /// Broken: also to another term of the same number.
    Sideways,
    /// Broken: to any term of higher number.
    Higher,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgeRule {
    /// `core::term::judge`.
    Real,
    /// Broken: half of all is enough.
    Half,
    /// Broken: more than half of all, with or without the node that takes the role.
    NoTaker,
    /// Broken: more than half of those that answered.
    OfAnswers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromRule {
    /// As `core::plan` has it.
    Real,
    /// Broken: who was to be dealt with before is forgotten once PRIMARY is seen to execute, whatever it holds.
    Forgets,
    /// Broken: the PRIMARY of the term in force alone.
    PrimaryAlone,
}

#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub quorum: Quorum,
    pub node: NodeRule,
    pub judge: JudgeRule,
    pub from: FromRule,
}

/// The rules at work. The same views come again and again, so that what was decided is kept.
#[derive(Clone)]
pub struct Decisions {
    rules: Rules,
    members: usize,
    standings: Rc<RefCell<HashMap<Vec<u8>, Option<Stands>>>>,
    wins: Rc<RefCell<HashMap<Vec<u8>, bool>>>,
}

impl Rules {
    pub fn real(quorum: Quorum) -> Self {
        Self { quorum, node: NodeRule::Descendant, judge: JudgeRule::Real, from: FromRule::Real }
    }
}

impl Decisions {
    pub fn new(rules: Rules, members: usize) -> Self {
        Self { rules, members, standings: Rc::default(), wins: Rc::default() }
    }

    /// Whether a node that holds one term takes another one, as the script for claims has it.
    pub fn moves(&self, terms: &[Term], held: usize, term: usize) -> bool {
        let (old, new) = (terms[held], terms[term]);
        match self.rules.node {
            NodeRule::Descendant => new.number > old.number && has(new.ancestors, held),
            NodeRule::Sideways => new.number == old.number || (new.number > old.number && has(new.ancestors, held)),
            NodeRule::Higher => new.number > old.number,
        }
    }

    /// `Standing::of` and `Claim::next`; nothing where fewer answer than a claim may be made with.
    pub fn standing(&self, terms: &[Term], seen: &[Seen]) -> Option<Stands> {
        let mut key = key(terms);
        key.extend(seen.iter().flat_map(|seen| [byte(seen.node), byte(seen.held)]));
        if let Some(found) = self.standings.borrow().get(&key) {
            return found.clone();
        }
        let stands = self.stands(terms, seen);
        self.standings.borrow_mut().insert(key, stands.clone());
        stands
    }

    fn stands(&self, terms: &[Term], seen: &[Seen]) -> Option<Stands> {
        if self.rules.quorum == Quorum::Majority && seen.len() * 2 <= self.members {
            return None;
        }
        let answers = seen.iter().map(|seen| (name(seen.node), Some(self.held(terms, seen.held))));
        let standing = Standing::of(&answers.collect::<Holdings>());
        let in_force = standing.in_force()?;
        let claim = Claim::next(&standing, in_force.record.clone());
        Some(Stands {
            in_force: index(&in_force.commit),
            is_clear: standing.won.is_some() && standing.open.is_empty(),
            holders: in_force.holders.iter().map(|holder| bit(index(holder.as_str()))).sum(),
            open: standing.open.iter().map(|open| index(&open.commit)).collect(),
            parents: claim.parents.iter().map(|parent| index(parent)).collect(),
            next_number: claim.record.term,
        })
    }

    /// Whether a claim is won by these answers, all that will come.
    pub fn is_won(&self, terms: &[Term], term: usize, answers: &[Answer]) -> bool {
        let mut key = key(terms);
        key.push(byte(term));
        key.extend(answers.iter().map(|answer| match answer {
            Answer::Holds => 253,
            Answer::Keeps(held) => byte(*held),
            Answer::Silent => 255,
        }));
        if let Some(found) = self.wins.borrow().get(&key) {
            return *found;
        }
        let is_won = match self.rules.judge {
            JudgeRule::Real => self.is_really_won(terms, term, answers),
            broken => is_won_broken(broken, terms[term], answers),
        };
        self.wins.borrow_mut().insert(key, is_won);
        is_won
    }

    fn is_really_won(&self, terms: &[Term], term: usize, answers: &[Answer]) -> bool {
        let claim = Claim { record: self.record(terms, term), parents: Vec::new() };
        let answer = |answer: &Answer| match answer {
            Answer::Holds => ClaimAnswer::Holds(name(term).to_string()),
            Answer::Keeps(held) => ClaimAnswer::Keeps(Some(Box::new(self.held(terms, *held)))),
            Answer::Silent => ClaimAnswer::Silent("does not answer".to_owned()),
        };
        let answers: Answers = answers.iter().enumerate().map(|(node, said)| (name(node), answer(said))).collect();
        judge(&claim, Some(&self.record(terms, 0)), &answers, &BTreeSet::new()) == Outcome::Won
    }

    /// Whom a winner has to fence before it starts: who may execute by any term that was seen, or is seen to.
    pub fn from(&self, terms: &[Term], stands: &Stands, seen: &[Seen], primary: usize) -> Set {
        let base = terms[stands.in_force];
        let mut from = bit(base.primary);
        let executes = seen.iter().any(|seen| {
            let holds = self.rules.from == FromRule::Forgets || seen.held == stands.in_force;
            seen.node == base.primary && seen.runs && holds
        });
        if self.rules.from != FromRule::PrimaryAlone {
            from |= if executes { 0 } else { base.from };
            from |= stands.open.iter().fold(0, |set, open| set | bit(terms[*open].primary) | terms[*open].from);
            from |= seen.iter().filter(|seen| seen.runs).fold(0, |set, seen| set | bit(seen.node));
        }
        from & !bit(primary)
    }

    fn held(&self, terms: &[Term], term: usize) -> HeldTerm {
        HeldTerm { commit: name(term).to_string(), record: Some(self.record(terms, term)) }
    }

    fn record(&self, terms: &[Term], term: usize) -> TermRecord {
        let Term { number, primary, takes, .. } = terms[term];
        TermRecord {
            term: number,
            cell: "montana".parse().expect("a name"),
            primary: name(primary),
            brain: name(self.members - 1),
            members: (0..self.members).map(|node| Member { name: name(node), candidate: true }).collect(),
            quorum: self.rules.quorum,
            fence: Fence::Required,
            from: Vec::new(),
            act: if takes { Act::Failover } else { Act::Close },
            reason: String::new(),
            by: String::new(),
            at: jiff::Timestamp::UNIX_EPOCH,
            claim: String::new(),
        }
    }
}

fn is_won_broken(rule: JudgeRule, term: Term, answers: &[Answer]) -> bool {
    let count = |counts: fn(&Answer) -> bool| answers.iter().filter(|answer| counts(answer)).count();
    let holders = count(|answer| *answer == Answer::Holds);
    let answered = count(|answer| *answer != Answer::Silent);
    let is_taken = !term.takes || answers[term.primary] == Answer::Holds;
    match rule {
        JudgeRule::Half => holders * 2 >= answers.len() && is_taken,
        JudgeRule::NoTaker => holders * 2 > answers.len() || (holders > 0 && holders == answered),
        JudgeRule::OfAnswers | JudgeRule::Real => holders * 2 > answered && is_taken,
    }
}

/// The terms, as far as decisions depend on them.
fn key(terms: &[Term]) -> Vec<u8> {
    let of = |term: &Term| [byte(term.primary), u8::from(term.takes), u8::try_from(term.number).expect("a low number")];
    let mut key: Vec<u8> = terms.iter().flat_map(of).collect();
    key.push(255);
    key
}

fn byte(index: usize) -> u8 {
    u8::try_from(index).expect("few nodes and terms")
}

/// The name of a node, and the commit of a term.
fn name(index: usize) -> NodeName {
    format!("n{index}").parse().expect("a name")
}

fn index(name: &str) -> usize {
    name[1..].parse().expect("a number")
}
