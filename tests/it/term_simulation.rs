//! Terms in cells of five, at random: longer stories than `term_search.rs` can go through.
//!
//! `M3M_SEED=N cargo test --test it term_simulation` tells the story of one seed again.

use std::time::{Duration, Instant};

use m3m::core::inventory::Quorum;

use crate::term_model::{Action, Faults, Model, State, bit, has};
use crate::term_rules::{Answer, Decisions, NodeRule, Rules, Seen};

const NODES: usize = 5;
const STEPS: usize = 80;

/// Numbers that look random and follow from a seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).expect("below a usize")
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[self.below(list.len())])
    }
}

fn model(faults: Faults, rules: Rules) -> Model {
    Model { faults, decisions: Decisions::new(rules, NODES), wanted: 0b11111, terms_max: 9 }
}

/// What happens next, if it can happen.
fn action(model: &Model, state: &State, random: &mut Random) -> Option<Action> {
    match random.below(10) {
        // Deaths are rare, so that something happens between them.
        0..5 => {
            let event = random.one_of(&Model::events(state))?;
            (!matches!(event, Action::Die(_)) || random.below(6) == 0).then_some(event)
        }
        5..8 => {
            let asks_afresh = random.below(3) > 0;
            let mut view = Vec::new();
            for (node, past) in model.views(state).into_iter().enumerate() {
                let now = state.nodes[node];
                let fresh = Some(Seen { node, held: now.held, runs: now.runs });
                view.push(if asks_afresh && past.contains(&fresh) { fresh } else { random.one_of(&past)? });
            }
            model.decide(state, bit(random.below(NODES)), &view).pop()
        }
        _ => {
            let term = random.below(state.terms.len());
            let mut answers: Vec<Answer> = Vec::new();
            for past in model.answers(state, term) {
                let holds = past.contains(&Answer::Holds) && random.below(4) > 0;
                answers.push(if holds { Answer::Holds } else { random.one_of(&past)? });
            }
            let is_new = term > 0 && !has(state.won, term);
            (is_new && model.decisions.is_won(&state.terms, term, &answers)).then_some(Action::Win(term))
        }
    }
}

/// Tells a story: what went wrong in it, or how many things happened.
fn story(model: &Model, seed: u64) -> Result<usize, String> {
    let mut random = Random(seed);
    let deaths = if model.faults == Faults::Death { random.below(NODES) } else { 0 };
    let mut state = State::new(NODES, random.below(NODES), u8::try_from(deaths).expect("a few"));
    let mut told = Vec::new();
    for _ in 0..STEPS {
        let Some(action) = action(model, &state, &mut random) else { continue };
        let Some(next) = model.after(&state, action) else { continue };
        told.push(format!("  {action:?}"));
        if let Some(wrong) = model.wrong(&state, &next) {
            return Err(format!("{wrong}:\n{}", told.join("\n")));
        }
        state = next;
    }
    let living: Vec<usize> = (0..NODES).filter(|node| !state.nodes[*node].dead).collect();
    let least = if model.faults == Faults::Silence { NODES / 2 + 1 } else { living.len() };
    if living.is_empty() || model.goes_on(&state, &living[living.len() - least..]) {
        return Ok(told.len());
    }
    Err(format!("nodes {living:?} live, and nobody can win:\n{}", told.join("\n")))
}

/// Tells stories for a while, or the one that is asked for.
fn stories(faults: Faults, rules: Rules, time: Duration) -> Result<String, String> {
    let asked = std::env::var("M3M_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let (begun, mut told, mut actions) = (Instant::now(), 0_u64, 0);
    let mut model = self::model(faults, rules);
    let first = asked.unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs() << 20));
    while begun.elapsed() < time && (asked.is_none() || told == 0) {
        let seed = first + told;
        actions += story(&model, seed).map_err(|wrong| format!("M3M_SEED={seed}: {faults:?} {rules:?}\n{wrong}"))?;
        told += 1;
        if told.is_multiple_of(1000) {
            // What was decided in old stories is of little use in new ones.
            model = self::model(faults, rules);
        }
    }
    Ok(format!("{faults:?} {:?}: {told} stories from seed {first}, {actions} actions", rules.quorum))
}

/// A story that goes wrong is printed, with the seed that tells it again.
#[test]
fn stories_of_five_nodes_end_well() {
    let time = Duration::from_millis(1500);
    for (faults, quorum) in [(Faults::Silence, Quorum::Majority), (Faults::Death, Quorum::Any)] {
        println!("{}", stories(faults, Rules::real(quorum), time).unwrap_or_else(|wrong| panic!("{wrong}")));
    }
}

#[test]
fn a_broken_rule_spoils_a_story() {
    let rules = Rules { node: NodeRule::Sideways, ..Rules::real(Quorum::Majority) };
    let wrong = (1..2000).find_map(|seed| story(&model(Faults::Silence, rules), seed).err());
    assert!(wrong.is_some_and(|wrong| wrong.contains("Arrive")), "and it is told");
}
