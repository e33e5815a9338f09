use std::collections::BTreeMap;
use std::time::Duration;

use super::super::inventory::{Fence, Inventory, Safety};
use super::super::observation::Observation;
use super::super::probe::Identity;
use super::super::term::tests::{name, record};
use super::*;

const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

/// The inventory of the cell that `record` describes: the mirrors a to c, PRIMARY d, BRAIN e; or of other nodes.
fn inventory(nodes: &[&str]) -> Inventory {
    use super::super::inventory::{Node, Repository, Role, Service, Ssh, Timing};
    let node = |text: &&str| Node {
        name: name(text),
        host: (*text).to_owned(),
        location: None,
        role: match *text {
            "d" => Role::Primary,
            "e" => Role::Brain,
            _ => Role::Mirror,
        },
        candidate: true,
        ssh: Ssh {
            user: None,
            port: None,
            identity: None,
            known_hosts: None,
            host_key: None,
            config: super::super::inventory::ConfigFile::None,
            jump: None,
            host_name: None,
        },
        repository: Repository { path: "/srv".to_owned(), branch: "main".to_owned(), upstream: None },
        service: Service {
            start: String::new(),
            stop: String::new(),
            check: String::new(),
            kill: String::new(),
            start_within: Duration::from_secs(1),
        },
        brain: None,
    };
    Inventory {
        cell: "montana".parse().expect("a name"),
        nodes: nodes.iter().map(node).collect(),
        timing: Timing {
            health_check: Duration::from_secs(5),
            health_timeout: Duration::from_secs(3),
            misses: 2,
            failover: Duration::from_secs(10),
            breath: Duration::from_secs(12),
        },
        safety: Safety {
            quorum: Quorum::Any,
            fence: Fence::Attempt,
            fence_command: None,
            lease: true,
            cool_down: Duration::ZERO,
            max_acts_per_hour: None,
        },
        announce: None,
    }
}

/// What nodes say, as in `a=7 b=- c=? d=7! e=~7`: a term, none, one that cannot be read; `!`: the service runs there;
/// `~`: the repository has no name. A node that is missing does not answer.
fn picture(text: &str) -> Picture {
    let mut observations = BTreeMap::new();
    for (node, said) in text.split_whitespace().filter_map(|word| word.split_once('=')) {
        let (runs, unnamed) = (said.ends_with('!'), said.starts_with('~'));
        let term = match said.trim_matches(['!', '~']) {
            "-" => None,
            "?" => Some(HeldTerm { commit: String::new(), record: None }),
            commit => {
                let number = commit.trim_end_matches(char::is_alphabetic).parse().expect("a number");
                Some(HeldTerm { commit: commit.to_owned(), record: Some(record(number, "d", "e")) })
            }
        };
        let identity = Identity { node: node.to_owned(), cell: "montana".to_owned() };
        let facts = Facts {
            complete: true,
            term,
            identity: (!unnamed).then_some(identity),
            service: if runs { ServiceState::Runs } else { ServiceState::Stopped(1) },
            ..Facts::default()
        };
        let observation = Observation {
            node: name(node),
            asked_at: jiff::Timestamp::UNIX_EPOCH,
            took: Duration::ZERO,
            rtt: None,
            first_byte: None,
            fresh: true,
            answer: Ok(facts),
            broken: None,
            via: None,
            relays: Vec::new(),
        };
        observations.insert(name(node), observation);
    }
    Picture { at: jiff::Timestamp::UNIX_EPOCH, observations }
}

fn decided(inventory: &Inventory, text: &str, applies: bool) -> String {
    let pictures = [picture(text)];
    let nodes = inventory.nodes.iter().map(|node| node.name.clone()).collect();
    let signature = Signature { by: String::new(), at: jiff::Timestamp::UNIX_EPOCH, claim: String::new() };
    let wish = Wish { nodes: &nodes, applies, reason: "" };
    match next(&Scene { inventory, pictures: &pictures }, wish, &signature) {
        Next::Nothing => "nothing".to_owned(),
        Next::Claim(claim) => {
            let TermRecord { term, act, from, .. } = &claim.record;
            let from: Vec<&str> = from.iter().map(NodeName::as_str).collect();
            format!("{} {term} after [{}] from [{}]", act.as_str(), claim.parents.join(" "), from.join(" "))
        }
        Next::Raise(held, nodes) => {
            let names: Vec<&str> = nodes.iter().map(NodeName::as_str).collect();
            format!("raise {} to {}", names.join(" "), held.record.term)
        }
        Next::Waits(refusal) => format!("waits: {}", refusal.reason),
    }
}

#[test]
fn what_the_term_needs_next() {
    for (text, expected) in [
        ("a=- b=- c=- d=-! e=-", "init 1 after [] from []"),
        ("a=- b=- c=-", "init 1 after [] from []"),
        ("a=- b=- c=~- d=~- e=~-", "waits: a term needs more than half of the nodes, and 2 of 5 that answer are ready"),
        ("a=7 b=7 c=7 d=7! e=7", "nothing"),
        ("a=7 b=7 c=6 d=7! e=-", "raise c e to 7"),
        // Who takes a role by it has to hold it, or it is not won.
        ("a=7 b=7 c=7 d=6! e=-", "close 8 after [7 6] from []"),
        // Who runs the service without being PRIMARY, is not ready or holds something damaged is left.
        ("a=7 b=6! c=7 d=7 e=7", "nothing"),
        ("a=7 b=~6 c=7 d=7! e=?", "nothing"),
        ("a=8 b=7 c=7 d=7! e=7", "close 9 after [7 8] from []"),
        ("a=8 b=8 c=8b d=8b e=7", "close 9 after [8 8b 7] from []"),
        ("a=8 b=~7 c=~7 d=~7", "waits: a term needs more than half of the nodes, and 1 of 4 that answer are ready"),
    ] {
        let decided = decided(&inventory(&FIVE), text, false);
        // Of two terms with as many holders either may stand first.
        assert_eq!(decided.replace("[8b 8 7]", "[8 8b 7]"), expected, "{text}");
    }
    assert!(decided(&inventory(&FIVE), "", false).starts_with("waits"));
}

#[test]
fn members_change_one_at_a_time_and_roles_never() {
    let wanted = inventory(&["f", "a", "d", "e"]);
    let mut present = record(7, "d", "e");
    let names = |record: &TermRecord| record.members.iter().map(|member| member.name.to_string()).collect::<Vec<_>>();
    let mut steps = Vec::new();
    while let Ok(Some(next)) = next_record(&present, &wanted) {
        steps.push(names(&next).join(""));
        present = next;
    }
    assert_eq!(steps, ["fabcde", "facde", "fade"]);
    assert_eq!(records_ahead(&record(7, "d", "e"), &wanted).last().map(|record| record.term), Some(10));

    let settings =
        Inventory { safety: Safety { fence: Fence::Required, ..inventory(&FIVE).safety }, ..inventory(&FIVE) };
    let next = next_record(&record(7, "d", "e"), &settings).expect("it may").expect("a term");
    assert_eq!((next.fence, next_record(&next, &settings)), (Fence::Required, Ok(None)));

    for (primary, brain, role) in [("b", "e", "b, which is PRIMARY"), ("d", "b", "b, which is BRAIN")] {
        let refused = next_record(&record(7, primary, brain), &inventory(&["a", "c", "d", "e"])).expect_err("refused");
        assert!(refused.reason.contains(role), "{}", refused.reason);
    }
}

#[test]
fn members_that_the_inventory_does_not_name_are_not_passed_over_unasked() {
    let fewer = inventory(&["a", "b", "d", "e"]);
    let text = "a=8 b=7 d=7! e=7";
    assert!(decided(&fewer, text, false).contains("members that the inventory does not name: c"));
    assert_eq!(decided(&fewer, text, true), "close 9 after [7 8] from []", "an open term first");
    assert_eq!(decided(&fewer, "a=7 b=7 d=7! e=7", true), "apply 8 after [7] from []");
    assert_eq!(decided(&fewer, "a=7 b=7 d=7! e=7", false), "nothing");
}

#[test]
fn an_open_term_is_closed_without_moving_primary() {
    let mut seen = picture("a=8 b=8 d=7! e=7");
    for node in ["a", "b"] {
        let facts = seen.observations.get_mut(&name(node)).and_then(|seen| seen.answer.as_mut().ok()).expect("facts");
        facts.term.as_mut().and_then(|held| held.record.as_mut()).expect("a term").primary = name("a");
    }
    let inventory = inventory(&FIVE);
    let nodes = FIVE.map(name).into();
    let signature = Signature { by: String::new(), at: jiff::Timestamp::UNIX_EPOCH, claim: String::new() };
    let (wish, pictures) = (Wish { nodes: &nodes, applies: false, reason: "" }, [seen]);
    let Next::Claim(claim) = next(&Scene { inventory: &inventory, pictures: &pictures }, wish, &signature) else {
        panic!("no claim");
    };
    assert_eq!((claim.record.primary, claim.record.from), (name("d"), vec![name("a")]));
}

#[test]
fn a_change_of_members_waits_for_more_than_half_of_all() {
    let text = "a=7 d=7! e=~7";
    let fewer = inventory(&["a", "d", "e"]);
    let refusal = "waits: a change of the cell needs more than half of its members, and 2 of 5 are ready";
    assert_eq!(decided(&fewer, text, true), refusal);
    assert!(decided(&fewer, "a=7 d=7! e=7", true).starts_with("apply 8"));
}
