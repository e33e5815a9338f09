//! All that can happen in small cells, in every order.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use m3m::core::inventory::Quorum;

use crate::term_model::{Action, Faults, Model, Node, Set, State, Term, bit, has};
use crate::term_rules::{Decisions, FromRule, JudgeRule, NodeRule, Rules, Seen};

/// What a search found.
struct Found {
    states: usize,
    /// What went wrong first, and the shortest way there.
    wrong: Option<(String, Vec<Action>)>,
}

fn search(model: &Model, start: State) -> Found {
    let mut known = HashSet::from([key(&start, model.wanted)]);
    let mut ways: Vec<(usize, Option<Action>)> = vec![(0, None)];
    let mut decided = Decided::default();
    let mut ahead = VecDeque::from([(0, start)]);
    let way_to = |ways: &[(usize, Option<Action>)], mut at: usize, last: Option<Action>| {
        let mut way: Vec<Action> = last.into_iter().collect();
        while let (before, Some(action)) = ways[at] {
            way.push(action);
            at = before;
        }
        way.reverse();
        way
    };
    while let Some((at, state)) = ahead.pop_front() {
        if let Some(answering) = stuck(model, &state) {
            let wrong = format!("nodes {answering:?} answer, and nobody can win");
            return Found { states: known.len(), wrong: Some((wrong, way_to(&ways, at, None))) };
        }
        let events = Model::events(&state);
        for action in events.iter().chain(decided.of(model, &state).iter()).copied() {
            let Some(next) = model.after(&state, action) else { continue };
            if let Some(wrong) = model.wrong(&state, &next) {
                return Found { states: known.len(), wrong: Some((wrong, way_to(&ways, at, Some(action)))) };
            }
            if known.insert(key(&next, model.wanted)) {
                ways.push((at, Some(action)));
                ahead.push_back((ways.len() - 1, next));
            }
        }
    }
    Found { states: known.len(), wrong: None }
}

/// What people may decide next, by what nodes could have told them: the same for many states.
#[derive(Default)]
struct Decided(HashMap<Vec<u8>, Rc<Vec<Action>>>);

impl Decided {
    fn of(&mut self, model: &Model, state: &State) -> Rc<Vec<Action>> {
        let (views, byte) = (model.views(state), |set: Set| u8::try_from(set).expect("few nodes and terms"));
        let past = |node: &Node| [node.stopped_with, node.ran_with, Set::from(node.dead)].map(byte);
        let mut key: Vec<u8> = state.nodes.iter().flat_map(past).collect();
        key.extend(state.terms.iter().flat_map(|term| [bit(term.primary), term.ancestors, term.from].map(byte)));
        let decided = self.0.entry(key).or_insert_with(|| {
            let mut actions = Vec::new();
            each_choice(&views, &mut |view| {
                let decided = model.decide(state, model.wanted, view);
                for action in decided {
                    if !actions.contains(&action) {
                        actions.push(action);
                    }
                }
                false
            });
            let is_won = |term: &usize| {
                let judged = &mut |answers: &[_]| model.decisions.is_won(&state.terms, *term, answers);
                each_choice(&model.answers(state, *term), judged)
            };
            actions.extend((1..state.terms.len()).filter(is_won).map(Action::Win));
            Rc::new(actions)
        });
        Rc::clone(decided)
    }
}

/// Goes through every choice of one thing from each list, until one is enough.
fn each_choice<T: Copy>(lists: &[Vec<T>], found: &mut dyn FnMut(&[T]) -> bool) -> bool {
    fn go<T: Copy>(lists: &[Vec<T>], chosen: &mut Vec<T>, found: &mut dyn FnMut(&[T]) -> bool) -> bool {
        let Some((first, rest)) = lists.split_first() else { return found(chosen) };
        first.iter().any(|choice| {
            chosen.push(*choice);
            let enough = go(rest, chosen, found);
            chosen.pop();
            enough
        })
    }
    go(lists, &mut Vec::new(), found)
}

/// Nodes that would be enough to go on with, and are not.
fn stuck(model: &Model, state: &State) -> Option<Vec<usize>> {
    let count = state.nodes.len();
    let living: Set = (0..count).filter(|node| !state.nodes[*node].dead).map(bit).sum();
    let is_enough = |set: &Set| match model.faults {
        Faults::Silence => set.count_ones() as usize == count / 2 + 1,
        Faults::Death => *set == living && living != 0,
    };
    let sets = (0..bit(count)).filter(is_enough);
    let mut nodes = sets.map(|set| (0..count).filter(|node| has(set, *node)).collect::<Vec<_>>());
    nodes.find(|answering| !model.goes_on(state, answering))
}

/// A state in few bytes. Nodes that nobody wants as PRIMARY are the same to all rules, so their order does not count.
fn key(state: &State, wanted: Set) -> Vec<u8> {
    let byte = |set: Set| u8::try_from(set).expect("few nodes and terms");
    let mut nodes = Vec::new();
    for (index, node) in state.nodes.iter().enumerate() {
        let who = if has(state.named() | wanted, index) { index } else { state.nodes.len() };
        let is = bit(who) + 64 * Set::from(node.dead) + 128 * Set::from(node.runs);
        nodes.push([is, bit(node.held), node.stopped_with, node.ran_with, node.fenced].map(byte));
    }
    nodes.sort_unstable();
    let mut key = nodes.concat();
    for term in &state.terms {
        let number = Set::try_from(term.number).expect("a low number");
        key.extend([number, bit(term.primary), Set::from(term.takes), term.ancestors, term.from].map(byte));
    }
    key.extend([byte(state.won), state.deaths_left]);
    key
}

fn model(faults: Faults, rules: Rules, nodes: usize, terms_max: usize) -> Model {
    Model { faults, decisions: Decisions::new(rules, nodes), wanted: bit(0) | bit(1), terms_max }
}

/// Nothing goes wrong in any state.
#[track_caller]
#[expect(clippy::print_stdout, reason = "how much was gone through is for whoever asks with --nocapture")]
fn holds(what: &str, model: &Model, start: State) {
    let found = search(model, start);
    println!("{what}: {} states", found.states);
    if let Some((wrong, way)) = found.wrong {
        panic!("{what}: {wrong}: {way:#?}");
    }
}

/// A broken rule is caught, by what it breaks.
#[track_caller]
#[expect(clippy::print_stdout, reason = "what was caught is for whoever asks with --nocapture")]
fn caught(model: &Model, start: State, what: &str) {
    let found = search(model, start);
    let (wrong, way) = found.wrong.expect("the broken rule does harm");
    println!("caught in {} steps: {wrong}", way.len());
    assert!(wrong.contains(what), "{wrong}: {way:#?}");
}

#[test]
fn under_majority_one_is_won_and_one_executes_whatever_is_silent() {
    let rules = Rules::real(Quorum::Majority);
    let three = || State::new(3, 2, 0);
    holds("majority, 3 nodes, 2 claims", &model(Faults::Silence, rules, 3, 3), three());
    holds("majority, 3 nodes, 2 rivals and a claim", &model(Faults::Silence, rules, 3, 4), three().with_rivals());
    let five = State::new(5, 2, 0).with_rivals();
    holds("majority, 5 nodes, 2 rivals", &model(Faults::Silence, rules, 5, 3), five);
}

#[test]
fn under_any_one_is_won_and_one_executes_as_long_as_the_silent_are_dead() {
    let rules = Rules::real(Quorum::Any);
    holds("any, 3 nodes, 2 claims", &model(Faults::Death, rules, 3, 3), State::new(3, 2, 0));
    holds("any, 3 nodes, 2 claims, 1 death", &model(Faults::Death, rules, 3, 3), State::new(3, 2, 1));
    holds("any, 5 nodes, 2 rivals, 3 deaths", &model(Faults::Death, rules, 5, 3), State::new(5, 2, 3).with_rivals());
}

#[test]
fn a_node_that_moves_otherwise_is_caught() {
    let with = |node| Rules { node, ..Rules::real(Quorum::Majority) };
    let sideways = model(Faults::Silence, with(NodeRule::Sideways), 3, 3);
    caught(&sideways, State::new(3, 2, 0), "of one number");
    let higher = model(Faults::Silence, with(NodeRule::Higher), 3, 4);
    caught(&higher, State::new(3, 2, 0).with_rivals(), "does not follow");
}

#[test]
fn a_win_by_fewer_is_caught() {
    let with = |quorum, judge| Rules { judge, ..Rules::real(quorum) };
    let half = model(Faults::Silence, with(Quorum::Majority, JudgeRule::Half), 4, 3);
    caught(&half, State::new(4, 2, 0).with_rivals(), "of one number");
    let of_answers = model(Faults::Death, with(Quorum::Any, JudgeRule::OfAnswers), 5, 3);
    caught(&of_answers, State::new(5, 2, 2).with_rivals(), "");
    let no_taker = model(Faults::Death, with(Quorum::Any, JudgeRule::NoTaker), 5, 3);
    caught(&no_taker, State::new(5, 2, 3).with_rivals(), "of one number");
}

#[test]
fn who_fences_the_present_primary_alone_is_caught() {
    let rules = Rules { from: FromRule::PrimaryAlone, ..Rules::real(Quorum::Majority) };
    caught(&model(Faults::Silence, rules, 3, 4), State::new(3, 2, 0), "execute the service at once");
}

/// Term 1 moves PRIMARY from node 2 to node 0 and is won; term 2 was claimed before that was known, and leaves it at
/// node 2. Somebody saw node 2 execute before it was fenced, and the others when they held term 2.
fn late_look(rule: FromRule) -> bool {
    let rules = Rules { from: rule, ..Rules::real(Quorum::Majority) };
    let model = model(Faults::Silence, rules, 5, 9);
    let mut state = State::new(5, 2, 0).with_rivals();
    let close = Term { number: 3, primary: 2, takes: false, ancestors: 0b11, from: bit(0) };
    state.terms[2] = close;
    let mut go = |actions: &[Action]| {
        for action in actions {
            state = model.after(&state, *action).unwrap_or_else(|| state.clone());
        }
        state.clone()
    };
    let arrive = |term, node| Action::Arrive { term, node };
    go(&[arrive(1, 0), arrive(1, 1), arrive(1, 3), Action::Win(1), Action::Fence { term: 1, node: 2 }]);
    go(&[Action::Start(1)]);
    let now = go(&[arrive(2, 1), arrive(2, 3), arrive(2, 4)]);
    let saw = |node, held, runs| Some(Seen { node, held, runs });
    let view = [saw(0, 1, false), saw(1, 2, false), saw(2, 0, true), saw(3, 2, false), saw(4, 2, false)];
    let claim = model.decide(&now, bit(1), &view)[0];
    let end = go(&[claim, arrive(3, 1), arrive(3, 3), arrive(3, 4), Action::Win(3)]);
    let end = [Action::Fence { term: 3, node: 2 }, Action::Start(3)]
        .iter()
        .fold(end, |state, action| model.after(&state, *action).unwrap_or(state));
    end.nodes.iter().filter(|node| node.runs).count() > 1
}

#[test]
fn who_was_to_be_fenced_is_forgotten_only_by_who_executes_under_the_same_term() {
    assert!(late_look(FromRule::Forgets), "the story shows what the rule is for");
    assert!(!late_look(FromRule::Real));
}
