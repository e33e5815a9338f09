//! What holds of every plan, whatever nodes say and whoever wants what.

use m3m::core::duty::Duty;
use m3m::core::inventory::Fence;
use m3m::core::name::NodeName;
use m3m::core::plan::{Life, Means, Plan};
use m3m::core::term::Standing;
use proptest::prelude::*;

use crate::plans::Case;

const NODES: [&str; 5] = ["amsterdam", "moscow", "almaty", "saint-petersburg", "novosibirsk"];

/// What one node says in one round: it answers in one of many ways, or gives one of many silences, seen by others too.
fn said() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        6 => Just(""),
        2 => Just("8almaty"),
        1 => Just("8novosibirsk"),
        1 => Just("9moscow/almaty"),
        1 => Just("termless"),
        1 => Just("damaged"),
    ];
    let service = prop_oneof![3 => Just(""), 1 => Just("runs"), 1 => Just("stopped"), 1 => Just("hangs")];
    let state = prop_oneof![
        6 => Just(""),
        1 => Just("behind"),
        1 => Just("diverged"),
        1 => Just("dirty"),
        1 => Just("new"),
        1 => Just("detached"),
        1 => Just("nogit"),
    ];
    let answer = (term, service, state).prop_map(|(term, service, state)| format!("{term},{service},{state}"));
    let silence = prop_oneof![3 => Just("timeout"), 1 => Just("refused"), 1 => Just("auth"), 1 => Just("changed")];
    let others = prop_oneof![Just(""), Just("+failed"), Just("+forbids"), Just("+failed"), Just("+via")];
    prop_oneof![
        3 => answer,
        1 => Just("cut".to_owned()),
        2 => (silence, others).prop_map(|(silence, others)| format!("{silence}{others}")),
    ]
}

/// One to three rounds, and a wish with how the cell is set, in the words of a case.
fn case() -> impl Strategy<Value = (String, String)> {
    let round = proptest::collection::vec(said(), NODES.len());
    let rounds = proptest::collection::vec(round, 1..4);
    let verb = prop_oneof![3 => Just("promote"), 1 => Just("inherit-brain")];
    let to = prop_oneof![Just(""), proptest::sample::select(NODES.to_vec())];
    let words = ["required", "majority", "fence_command", "brain-service", "allow-data-loss", "off:amsterdam"];
    let set = proptest::sample::subsequence(words.to_vec(), 0..=words.len());
    (rounds, verb, to, set).prop_map(|(rounds, verb, to, set)| {
        let rounds: Vec<String> = rounds.iter().map(|round| story(round)).collect();
        (rounds.join("|"), format!("{verb} {to} {}", set.join(" ")))
    })
}

/// A round in words; who tried to reach a silent node is the next one.
fn story(round: &[String]) -> String {
    let words = NODES.iter().zip(round).enumerate().map(|(index, (node, said))| {
        let relay = NODES[(index + 1) % NODES.len()];
        let relayed = if said.contains('+') { format!("{said}:{relay}") } else { said.clone() };
        format!("{node}={relayed}")
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Who must be kept from executing: whoever is seen to, and whoever may, by the term that counts and by open ones.
fn in_question(case: &Case, plan: &Plan) -> Vec<NodeName> {
    let scene = case.scene();
    let Standing { open, .. } = scene.standing();
    let record = &plan.base.record;
    let mut names = vec![record.primary.clone()];
    names.extend(open.iter().map(|open| open.record.primary.clone()));
    if !scene.executes(&record.primary) {
        names.extend(record.from.clone());
    }
    names.extend(case.inventory.nodes.iter().map(|node| node.name.clone()).filter(|name| scene.executes(name)));
    names.retain(|name| *name != plan.to);
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_holds_of_every_plan((pictures, wish) in case()) {
        let case = Case::new(&pictures, &wish);
        let Ok(plan) = case.plan() else { return Ok(()) };
        let scene = case.scene();
        let now = scene.now().expect("a picture");

        // Who is to have a role answers to the end, and is who it should be.
        let facts = now.facts(&plan.to).expect("the target answers");
        prop_assert!(facts.complete);
        prop_assert_eq!(facts.identity.as_ref().map(|identity| identity.node.as_str()), Some(plan.to.as_str()));
        prop_assert!(plan.to == plan.holder || plan.claim.is_some(), "a role does not move without a claim");

        // Nobody but the target keeps executing.
        if plan.duty == Duty::Primary {
            for name in in_question(&case, &plan) {
                prop_assert!(plan.fences.iter().any(|fence| fence.node == name), "{} is not fenced: {:?}", name, plan);
            }
        }
        for fence in &plan.fences {
            prop_assert_ne!(&fence.node, &plan.to);
            let answers = now.facts(&fence.node).is_some();
            prop_assert_eq!(answers, fence.means == Means::Stop, "who answers is told and seen to stop");
            let is_proven = matches!(fence.means, Means::Stop | Means::Prove(..));
            let needs_proof = plan.base.record.fence == Fence::Required && plan.duty == Duty::Primary;
            prop_assert!(is_proven || !needs_proof);
            let is_vouched = case.wish.confirmed_off.contains(&fence.node);
            prop_assert!(answers || is_vouched || matches!(scene.life(&fence.node), Life::Dead(_)));
        }

        // A claim is above all that was seen, follows it, and is put to those that answered to the end.
        let held: Vec<_> = now.holdings().into_values().flatten().filter(|held| held.record.is_some()).collect();
        if let Some(claim) = &plan.claim {
            for held in &held {
                prop_assert!(held.record.as_ref().is_some_and(|record| record.term < claim.record.term));
                prop_assert!(claim.parents.contains(&held.commit), "{} is not followed", held.commit);
            }
            prop_assert_eq!(&claim.parents[0], &plan.base.commit);
            prop_assert_eq!(plan.duty.holder(&claim.record), &plan.to);
        }
        prop_assert!(plan.voters.iter().all(|name| now.holdings().contains_key(name)));

        // The same is planned from the same.
        prop_assert_eq!(case.plan(), Ok(plan));
    }
}
