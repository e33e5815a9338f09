//! Plans: stories of a few words a node, a wish, and the plan or the refusal that comes of them, whole in a golden
//! file. `M3M_BLESS=1 cargo test` writes it anew; read the difference before you commit it.

use m3m::core::plan::{Refusal, list};
use m3m::view::{self, Color};

use crate::diagnosis::settings;
use crate::generated::check_or_bless;
use crate::plans::Case;

/// A name, what nodes say in one round after the other, and what is wished.
const STORIES: &[(&str, &str, &str)] = &[
    ("a planned switchover", "", "promote almaty"),
    ("the next of the chain", "", "promote announce"),
    ("PRIMARY is reached around", "amsterdam=+via:moscow", "promote"),
    ("PRIMARY was silent and is back", "amsterdam=timeout+failed:moscow|", "promote"),
    // Whether PRIMARY is dead.
    ("PRIMARY is silent once", "amsterdam=timeout+failed:moscow", "promote"),
    ("PRIMARY is silent twice, and one other node confirms it", "2* amsterdam=timeout+failed:moscow", "promote"),
    ("PRIMARY is silent twice, and nobody else was asked", "2* amsterdam=timeout", "promote"),
    ("PRIMARY is silent twice, and nobody else can tell", "2* amsterdam=timeout+forbids:moscow", "promote"),
    ("PRIMARY's port is closed, here and there", "2* amsterdam=refused+failed:moscow", "promote"),
    ("PRIMARY turns m3m away", "2* amsterdam=auth+failed:moscow", "promote"),
    ("PRIMARY turns a relay away", "amsterdam=timeout+failed:almaty|amsterdam=auth+via:moscow", "promote"),
    ("PRIMARY turned m3m away and is silent since", "amsterdam=auth|amsterdam=timeout+failed:moscow", "promote"),
    (
        "a relay was turned away, and now nobody reaches PRIMARY",
        "amsterdam=auth+via:moscow|2* amsterdam=timeout+failed:moscow",
        "promote",
    ),
    ("a person has switched PRIMARY off", "amsterdam=timeout", "promote off:amsterdam"),
    ("a person says so of one that lives", "", "promote off:amsterdam"),
    ("a person says so of one that turns away", "amsterdam=auth", "promote off:amsterdam"),
    ("PRIMARY's answer breaks off", "amsterdam=cut", "promote"),
    ("the service has stopped", "amsterdam=stopped", "promote"),
    ("the service has stopped, and is to start where it was", "amsterdam=stopped", "promote amsterdam"),
    ("the check hangs on PRIMARY", "amsterdam=hangs", "promote"),
    // Who is next.
    ("a chain with gaps", "almaty=timeout saint-petersburg=new", "promote"),
    ("a chain with a node that is kept out", "", "promote no-candidate:almaty"),
    ("nobody of the chain can", "almaty=cut saint-petersburg=stranger novosibirsk=detached moscow=nogit", "promote"),
    ("who is behind takes it in", "almaty=behind", "promote"),
    ("who is ahead gives what it has", "saint-petersburg=diverged", "promote"),
    ("a host leads to another node", "saint-petersburg=stranger,runs novosibirsk=stranger", "promote almaty"),
    ("the one named is dead", "novosibirsk=timeout", "promote novosibirsk"),
    ("the one named is kept out", "", "promote novosibirsk no-candidate:novosibirsk"),
    ("the one named is no member", "", "promote vladivostok"),
    ("the one named was never made ready", "almaty=new,termless", "promote almaty"),
    ("the term of the one named is damaged", "almaty=damaged", "promote almaty"),
    ("the term of another one is damaged", "saint-petersburg=damaged", "promote almaty"),
    (
        "only BRAIN is left",
        "2* amsterdam=timeout+failed:moscow almaty=timeout saint-petersburg=timeout novosibirsk=timeout",
        "promote",
    ),
    (
        "only PRIMARY is left",
        "moscow=timeout almaty=timeout saint-petersburg=timeout novosibirsk=timeout",
        "inherit-brain",
    ),
    ("BRAIN becomes PRIMARY", "", "promote moscow"),
    ("BRAIN becomes PRIMARY and has a service", "", "promote moscow brain-service"),
    // What was begun.
    ("it is so already", "", "promote amsterdam"),
    ("cut off after the claim", "2* cell=8almaty", "promote almaty"),
    (
        "cut off after the claim, of which PRIMARY has not heard",
        "moscow=8almaty almaty=8almaty saint-petersburg=8almaty novosibirsk=8almaty",
        "promote almaty",
    ),
    ("cut off after the fence", "cell=8almaty amsterdam=stopped", "promote almaty"),
    ("cut off after the start", "cell=8almaty amsterdam=stopped almaty=runs", "promote almaty"),
    ("cut off after the claim, and somebody wants it back", "cell=8almaty", "promote amsterdam"),
    (
        "cut off after the claim, the old PRIMARY is dead now",
        "2* cell=8almaty amsterdam=timeout+failed:moscow",
        "promote almaty",
    ),
    (
        "it started, the old PRIMARY is dead",
        "2* cell=8almaty amsterdam=timeout+failed:moscow almaty=runs",
        "promote almaty",
    ),
    (
        "it started, and moves on while the old PRIMARY is dead",
        "2* cell=8almaty amsterdam=timeout+failed:moscow almaty=runs",
        "promote novosibirsk",
    ),
    ("the start failed, and it goes back", "cell=8almaty amsterdam=stopped", "promote amsterdam goes-back"),
    (
        "a stale PRIMARY beside the new one",
        "moscow=8almaty almaty=8almaty,runs saint-petersburg=8almaty novosibirsk=8almaty",
        "promote almaty",
    ),
    (
        "a stale PRIMARY, and another one is wanted",
        "moscow=8almaty almaty=8almaty,runs saint-petersburg=8almaty novosibirsk=8almaty",
        "promote novosibirsk",
    ),
    ("somebody runs the service who should not", "saint-petersburg=runs", "promote almaty"),
    ("somebody runs the service who should not, and may keep it", "amsterdam=stopped almaty=runs", "promote almaty"),
    ("a claim that reached two", "moscow=8almaty almaty=8almaty", "promote novosibirsk"),
    ("a claim that reached two, for PRIMARY as it is", "moscow=8almaty almaty=8almaty", "promote amsterdam"),
    ("a claim that reached two, one of which is silent now", "moscow=8almaty almaty=timeout", "promote novosibirsk"),
    (
        "a split claim",
        "moscow=8novosibirsk almaty=8almaty saint-petersburg=8almaty novosibirsk=8novosibirsk",
        "promote almaty",
    ),
    ("a mirror that was away", "novosibirsk=termless", "promote novosibirsk"),
    // Safety.
    (
        "a majority is asked for, and two answer",
        "2* amsterdam=timeout+failed:moscow saint-petersburg=timeout novosibirsk=timeout",
        "promote majority",
    ),
    (
        "a majority is asked for, and three answer",
        "2* amsterdam=timeout+failed:moscow saint-petersburg=timeout",
        "promote majority",
    ),
    ("proof is asked for", "2* amsterdam=timeout+failed:moscow", "promote required"),
    (
        "proof is asked for, and there is a command",
        "2* amsterdam=timeout+failed:moscow",
        "promote required fence_command",
    ),
    (
        "proof is asked for, and a person gives it",
        "2* amsterdam=timeout+failed:moscow",
        "promote required fence_command off:amsterdam",
    ),
    ("proof is asked for, of a stop", "", "promote required"),
    (
        "proof is asked for, and PRIMARY was silent once",
        "amsterdam=timeout+failed:moscow",
        "promote required fence_command",
    ),
    ("writes were seen that nobody holds", "amsterdam=diverged|2* amsterdam=timeout+failed:moscow", "promote"),
    (
        "the same, and a person goes on",
        "amsterdam=diverged|2* amsterdam=timeout+failed:moscow",
        "promote allow-data-loss",
    ),
    ("uncommitted writes were seen", "amsterdam=dirty|2* amsterdam=timeout+failed:moscow", "promote"),
    (
        "writes were seen that another one holds",
        "almaty=behind|2* amsterdam=timeout+failed:moscow almaty=behind",
        "promote",
    ),
    // What there is to start from.
    ("no term", "cell=termless", "promote"),
    ("a term of another cell", "cell=another", "promote"),
    ("a member that the inventory lacks", "", "promote unlisted:novosibirsk"),
    (
        "nobody answers",
        "2* amsterdam=timeout moscow=timeout almaty=timeout saint-petersburg=timeout novosibirsk=timeout",
        "promote",
    ),
    (
        "every node refuses",
        "2* amsterdam=auth moscow=auth almaty=auth saint-petersburg=auth novosibirsk=auth",
        "promote",
    ),
    ("most cannot take a term", "moscow=new saint-petersburg=damaged novosibirsk=new", "promote"),
    // BRAIN.
    ("BRAIN moves", "", "inherit-brain"),
    ("BRAIN moves to the one named", "", "inherit-brain novosibirsk"),
    ("BRAIN is so already", "", "inherit-brain moscow"),
    ("BRAIN moves to PRIMARY", "", "inherit-brain amsterdam"),
    ("BRAIN moves to a node that is no candidate", "", "inherit-brain almaty no-candidate:almaty"),
    ("BRAIN is silent once", "moscow=timeout+failed:almaty", "inherit-brain"),
    ("BRAIN is silent twice", "2* moscow=timeout+failed:almaty", "inherit-brain"),
    ("BRAIN turns m3m away", "moscow=auth", "inherit-brain"),
    ("BRAIN moves, with a service", "", "inherit-brain brain-service"),
    ("BRAIN is so already, with a service", "", "inherit-brain moscow brain-service"),
    ("BRAIN is silent once, with a service", "moscow=timeout+failed:almaty", "inherit-brain brain-service"),
    ("BRAIN is silent twice, with a service", "2* moscow=timeout+failed:almaty", "inherit-brain brain-service"),
    (
        "BRAIN is silent twice, with a service and proof",
        "2* moscow=timeout+failed:almaty",
        "inherit-brain brain-service required",
    ),
    ("BRAIN moves while PRIMARY is dead", "2* amsterdam=timeout+failed:moscow", "inherit-brain"),
    ("BRAIN moves while a claim is open", "moscow=8almaty almaty=8almaty", "inherit-brain novosibirsk"),
    ("both are dead", "2* amsterdam=timeout+failed:almaty moscow=timeout+failed:almaty", "promote"),
];

fn told(case: &Case) -> String {
    match case.plan() {
        Ok(plan) => {
            let text = view::plan_text(&plan, settings(Color::Never, false), None).replace("\n\n", "\n");
            let claim = plan.claim.as_ref().map(|claim| {
                let (from, parents) = (list(&claim.record.from), claim.parents.join(", "));
                format!("(it follows {parents}; from: {from})\n")
            });
            text.replace("dry run: nothing was done\n", "") + &claim.unwrap_or_default()
        }
        Err(Refusal { is_cut_off, reason, hints }) => {
            let hints: String = hints.iter().map(|hint| format!("  hint: {hint}\n")).collect();
            format!("{}: {reason}\n{hints}", if is_cut_off { "cut off" } else { "refused" })
        }
    }
}

#[test]
fn stories() {
    let told: Vec<String> = STORIES
        .iter()
        .map(|(name, pictures, wish)| format!("## {name}: {wish} [{pictures}]\n{}", told(&Case::new(pictures, wish))))
        .collect();
    check_or_bless("tests/golden/plan/stories.txt", &told.join("\n"));
}

#[test]
fn who_has_left_the_inventory_is_not_taken_for_stopped() {
    for (wish, refused) in
        [("promote almaty", false), ("promote almaty required", true), ("promote almaty required off:amsterdam", false)]
    {
        let mut case = Case::new("cell=8almaty", wish);
        case.inventory.nodes.retain(|node| node.name.as_str() != "amsterdam");
        for picture in &mut case.pictures {
            picture.observations.retain(|name, _| name.as_str() != "amsterdam");
            for seen in picture.observations.values_mut() {
                let held = seen.answer.as_mut().expect("an answer").term.as_mut().expect("a term");
                held.record.as_mut().expect("a record").members.retain(|member| member.name.as_str() != "amsterdam");
            }
        }
        let told = told(&case);
        assert_eq!(told.matches("the inventory does not name").count(), 1, "{told}");
        assert_eq!(told.starts_with("refused"), refused, "{told}");
    }
}
