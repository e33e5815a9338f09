//! What m3m makes of what nodes lack: stories of a few words a node, with the whole report, in golden files.
//! `M3M_BLESS=1 cargo test` writes them anew; read the difference before you commit it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use m3m::core::inventory::{Inventory, Node};
use m3m::core::name::NodeName;
use m3m::core::observation::{Observation, Picture};
use m3m::core::probe::{Facts, Identity};
use m3m::core::promises::promises;
use m3m::core::readiness::{
    Answer, Check, NodeReadiness, Outcome, Pair, Readiness, Sudo, Verdict, Yardstick, judge, pairs,
};
use m3m::core::relay;
use m3m::core::silence::{Cause, Phase, Silence};
use m3m::core::term::Standing;
use m3m::view::{self, Color, Format, Settings};

use crate::diagnosis::{AT, change, facts, inventory, silence};
use crate::generated::check_or_bless;
use crate::terms;

/// One line a story: a name, then `node=word,word…`; nodes that are not named lack nothing.
const STORIES: &[(&str, &str)] = &[
    ("nothing is missing", ""),
    ("silence of every phase", "amsterdam=noname moscow=timeout almaty=mute saint-petersburg=changed novosibirsk=auth"),
    ("more of it", "amsterdam=refused moscow=kex almaty=garbled saint-petersburg=stood"),
    (
        "nothing can be reached",
        "amsterdam=timeout moscow=mute almaty=noname saint-petersburg=noroute novosibirsk=timeout",
    ),
    ("login shells", "amsterdam=noise moscow=slow almaty=csh saint-petersburg=cut novosibirsk=unfinished"),
    (
        "gits and repositories",
        "amsterdam=nogit moscow=oldgit almaty=unusable saint-petersburg=dubious novosibirsk=locked",
    ),
    ("more repositories", "amsterdam=bare moscow=empty almaty=detached saint-petersburg=inside novosibirsk=branch"),
    ("writing", "amsterdam=readonly moscow=full-disk almaty=foreign saint-petersburg=foreign novosibirsk=ignored"),
    ("commands", "amsterdam=asks moscow=asks almaty=nosudo saint-petersburg=unsure novosibirsk=asks"),
    ("parts that hang or are closed", "amsterdam=hungwrite moscow=hungsudo almaty=hungboot saint-petersburg=closed"),
    (
        "never made ready",
        "amsterdam=unready moscow=unready almaty=unready saint-petersburg=unready novosibirsk=unready",
    ),
    ("nodes that are not the cell's", "amsterdam=unready moscow=of-almaty almaty=strangers9"),
    ("terms", "saint-petersburg=damaged novosibirsk=termless"),
    ("terms behind", "moscow=term1 saint-petersburg=term1,runs"),
    ("open terms", "moscow=open3 novosibirsk=noflock"),
    ("service and boot", "amsterdam=hangs moscow=nocheck almaty=enabled saint-petersburg=nounit novosibirsk=masked"),
    ("more of the service", "amsterdam=slowcheck moscow=noanswer almaty=ahead saint-petersburg=full"),
    ("a node forbids forwarding", "almaty=forbids"),
    ("nodes do not reach one another", "almaty=unreached moscow=unreached-by-almaty"),
    ("the path from here is broken", "almaty=broken"),
    ("only some are asked", "amsterdam=unasked moscow=unasked almaty=auth"),
];

fn answer() -> Answer {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let sudo = || Some("/usr/bin/sudo".to_owned());
    Answer {
        login_shell: Some("/bin/bash".into()),
        git_version: Some("2.47.3".into()),
        commands: [("start", sudo()), ("stop", sudo()), ("check", Some("/usr/bin/systemctl".into()))]
            .map(|(name, place)| (name.to_owned(), place))
            .into(),
        sudo: ["start", "stop"].map(|name| (name.to_owned(), Sudo::Free)).into(),
        at_boot: Some("disabled".into()),
        ignored_count: Some(0),
        writes: set(&["files", "objects", "references"]),
        done: set(&["commands", "boot", "locks", "ignored", "closed", "writes"]),
        complete: true,
        ..Answer::default()
    }
}

/// Changes an answer, or says that the word is none of its.
fn change_answer(answer: &mut Answer, word: &str) -> bool {
    let refuse = |answer: &mut Answer, why: &str, what: &[&str]| {
        answer.writes.clear();
        answer.writes_not = what.iter().map(|what| ((*what).to_owned(), why.to_owned())).collect();
    };
    match word {
        "noise" => answer.noise = Some("Welcome to Amsterdam!".into()),
        "csh" => answer.login_shell = Some("/bin/csh".into()),
        "unfinished" => {
            *answer = Answer { login_shell: answer.login_shell.take(), ..Answer::default() };
        }
        "oldgit" => answer.git_version = Some("2.11.0".into()),
        "locked" => answer.locks = vec!["/srv/montana/.git/index.lock".into()],
        "readonly" => refuse(answer, "Read-only file system", &["files", "objects"]),
        "full-disk" => refuse(answer, "No space left on device", &["objects"]),
        "foreign" => refuse(answer, "Permission denied", &["files", "objects", "references"]),
        "hungwrite" => {
            answer.writes.remove("references");
            answer.ignored_count = None;
            answer.done.retain(|part| part != "writes" && part != "ignored");
        }
        "hungsudo" => {
            answer.sudo.clear();
            answer.done.remove("commands");
        }
        "hungboot" => {
            answer.at_boot = None;
            answer.done.remove("boot");
        }
        "closed" => answer.closed = ["state", ".git/objects/4b"].map(String::from).into(),
        "ignored" => {
            answer.ignored_count = Some(12);
            answer.ignored = ["cache/", "state.db", "tmp/"].map(String::from).into();
        }
        "asks" => {
            let says = || Sudo::Refuses("a password is required".into());
            answer.sudo = ["start", "stop"].map(|name| (name.to_owned(), says())).into();
        }
        "unsure" => drop(answer.sudo.insert("stop".into(), Sudo::Unsure)),
        "nosudo" => {
            answer.sudo.clear();
            answer.commands.extend(["start", "stop"].map(|name| (name.to_owned(), None)));
        }
        "enabled" | "masked" => answer.at_boot = Some(word.into()),
        "noflock" => answer.lacks_flock = true,
        "nounit" => answer.at_boot = Some("not-found".into()),
        _ => return false,
    }
    true
}

/// What is seen of a node, and what it says.
fn told(inventory: &Inventory, index: usize, words: &str) -> (Observation, Answer) {
    let node = &inventory.nodes[index];
    let mut answer = answer();
    let mut cost = Duration::from_millis(12);
    let silent = if words == "broken" { "timeout" } else { words };
    let mut said = silence(silent).map_or_else(|| Ok(ready(node, index == 0)), Err);
    let mut broken = None;
    if let Ok(facts) = &mut said {
        for word in words.split(',').filter(|word| !word.is_empty()) {
            match word {
                "slow" => cost = Duration::from_millis(1800),
                "slowcheck" => facts.service_took = Some(Duration::from_millis(1400)),
                "noanswer" => facts.service = m3m::core::probe::ServiceState::NoAnswer,
                "forbids" | "unreached" | "unreached-by-almaty" => {}
                "unready" => (facts.identity, facts.term) = (None, None),
                "of-almaty" => facts.identity = Some(identity("almaty")),
                word if change_answer(&mut answer, word) => {}
                word => change(facts, word),
            }
        }
        if !facts.complete {
            answer = Answer::default();
            broken = Some(Silence { phase: Phase::Output, cause: Cause::Timeout });
        }
    }
    let rtt = Duration::from_millis(40);
    let observation = Observation {
        node: node.name.clone(),
        asked_at: Timestamp::from_second(AT).expect("a time"),
        took: Duration::from_millis(300),
        rtt: Some(rtt),
        first_byte: Some(rtt + cost),
        fresh: true,
        answer: said,
        broken,
        via: None,
        relays: Vec::new(),
    };
    (observation, answer)
}

fn identity(node: &str) -> Identity {
    Identity { node: node.to_owned(), cell: "montana".to_owned() }
}

/// What a node tells that was made ready.
fn ready(node: &Node, primary: bool) -> Facts {
    Facts { identity: Some(identity(node.name.as_str())), term: terms::held("term2"), ..facts(primary) }
}

fn judged(node: &Node, (observation, answer): &(Observation, Answer), yardstick: Yardstick<'_>) -> NodeReadiness {
    NodeReadiness {
        name: node.name.clone(),
        host: node.host.clone(),
        port: node.ssh.port(),
        heard_nothing: observation.heard_nothing(),
        findings: judge(node, observation, answer, yardstick),
    }
}

/// What comes of asking one node to reach another one.
fn tried(relay: &NodeName, target: &NodeName, words: &BTreeMap<&str, &str>) -> relay::Outcome {
    let word = |name: &NodeName| words.get(name.as_str()).copied().unwrap_or_default();
    let through = |cause: fn(String) -> Cause, phase| Silence { phase, cause: cause(relay.to_string()) };
    let not_reached = relay::Outcome::Failed(through(Cause::NotReached, Phase::Connect));
    let is_silent = |word: &str| word == "broken" || silence(word).is_some();
    match (word(relay), word(target)) {
        ("forbids", _) => relay::Outcome::of(Err(&through(Cause::ForwardingProhibited, Phase::Jump))),
        (silent, _) if is_silent(silent) => relay::Outcome::of(Err(&Silence {
            phase: Phase::Jump,
            cause: Cause::Hop {
                name: relay.to_string(),
                at: (relay.to_string(), 22),
                silence: Box::new(Silence { phase: Phase::Connect, cause: Cause::Timeout }),
            },
        })),
        (_, "unreached") => not_reached,
        (_, "unreached-by-almaty") if relay.as_str() == "almaty" => not_reached,
        (_, "broken" | "auth") => relay::Outcome::Reached(None),
        (_, silent) if is_silent(silent) => not_reached,
        _ => relay::Outcome::Reached(None),
    }
}

/// The report on a story.
pub fn readiness(story: &str) -> Readiness {
    let inventory = inventory();
    let words: BTreeMap<&str, &str> =
        story.split_whitespace().map(|word| word.split_once('=').expect("node=words")).collect();
    let word = |name: &NodeName| words.get(name.as_str()).copied().unwrap_or_default();
    let is_asked = |name: &NodeName| word(name) != "unasked";
    let asked = (0..inventory.nodes.len()).filter(|index| is_asked(&inventory.nodes[*index].name));
    let told: Vec<_> = asked
        .map(|index| (&inventory.nodes[index], told(&inventory, index, word(&inventory.nodes[index].name))))
        .collect();
    let at = Timestamp::from_second(AT).expect("a time");
    let observations = told.iter().map(|(node, (seen, _))| (node.name.clone(), seen.clone())).collect();
    let standing = Standing::of(&Picture { at, observations }.holdings());
    let yardstick = Yardstick { cell: &inventory.cell, standing: &standing, late: Duration::from_secs(1) };
    let nodes = told.iter().map(|(node, told)| judged(node, told, yardstick)).collect();
    let names: Vec<NodeName> = inventory.nodes.iter().map(|node| node.name.clone()).collect();
    let involved = pairs(&names).into_iter().filter(|(relay, target)| is_asked(relay) || is_asked(target));
    let pairs = involved.map(|(relay, target)| Pair { outcome: tried(&relay, &target, &words), relay, target });
    let readiness = Readiness {
        cell: inventory.cell.clone(),
        at,
        nodes_total: inventory.nodes.len(),
        nodes,
        pairs: Vec::new(),
        promises: promises(&inventory),
    };
    readiness.with_pairs(pairs.collect())
}

pub fn settings(verbose: bool) -> Settings {
    Settings { format: Format::Table, color: Color::Never, quiet: false, verbose, wide: false, repeated: false }
}

#[test]
fn stories() {
    let mut told = String::new();
    for (name, story) in STORIES {
        let text = view::readiness_text(&readiness(story), settings(false), Some(80));
        told += &format!("## {name}\n{}\n", text.replace("\n\n\n", "\n\n"));
    }
    check_or_bless("tests/golden/check/stories.txt", &told);
}

#[test]
fn screens() {
    let story = "moscow=foreign almaty=forbids novosibirsk=auth";
    let mut shown = String::new();
    for width in [40, 60, 120] {
        shown +=
            &format!("## {width} columns\n{}\n", view::readiness_text(&readiness(story), settings(false), Some(width)));
    }
    shown += &format!("## a pipe\n{}", view::readiness_text(&readiness(story), settings(false), None));
    let colored = Settings { color: Color::Always, ..settings(false) };
    let text = view::readiness_text(&readiness(story), colored, Some(80)).replace('\u{1b}', "ESC");
    check_or_bless("tests/golden/check/screens.txt", &format!("{shown}\n## colours\n{text}"));
}

#[test]
fn no_line_is_wider_than_its_terminal() {
    for (name, story) in STORIES {
        for width in (40..140).step_by(7) {
            let text = view::readiness_text(&readiness(story), settings(false), Some(width));
            let widest = text.lines().map(console::measure_text_width).max().unwrap_or(0);
            assert!(widest <= width, "{name}: {width} columns, {widest} used:\n{text}");
        }
    }
}

#[test]
fn every_cross_and_every_warning_says_what_to_do() {
    for (name, story) in STORIES {
        for node in readiness(story).nodes {
            let checks: Vec<Check> = node.findings.iter().map(|finding| finding.check).collect();
            assert_eq!(checks, Check::ALL, "{name}: {}", node.name);
            for finding in node.findings {
                let is_trouble = matches!(finding.outcome, Outcome::Cross | Outcome::Warn);
                assert_eq!(finding.hint.is_some(), is_trouble, "{name}: {}: {finding:?}", node.name);
                assert!(!is_trouble || !finding.text.is_empty(), "{name}: {finding:?}");
            }
        }
    }
}

#[test]
fn what_lies_before_a_silence_is_well_and_what_lies_behind_is_unknown() {
    let refused = &readiness("almaty=auth").nodes[2];
    let outcomes: Vec<Outcome> = refused.findings.iter().map(|finding| finding.outcome).collect();
    assert_eq!(outcomes[..5], [Outcome::Ok, Outcome::Ok, Outcome::Ok, Outcome::Ok, Outcome::Cross]);
    assert!(outcomes[5..16].iter().all(|outcome| *outcome == Outcome::Unknown), "{outcomes:?}");
}

#[test]
fn verdicts() {
    let verdict = |story: &str| readiness(story).verdict().0;
    assert_eq!(verdict(""), Verdict::Ready);
    assert_eq!(verdict("almaty=enabled"), Verdict::Ready);
    for unready in ["auth", "cut", "unfinished", "hungwrite", "hungsudo", "closed"] {
        assert_eq!(verdict(&format!("almaty={unready}")), Verdict::NotReady, "{unready}");
    }
    let all = "amsterdam=timeout moscow=timeout almaty=timeout saint-petersburg=timeout novosibirsk=timeout";
    assert_eq!(verdict(all), Verdict::CutOff);
    assert_eq!(verdict(&all.replacen("timeout", "refused", 1)), Verdict::NotReady);
    assert_eq!(verdict(&all.replacen("timeout", "unasked", 4)), Verdict::NotReady, "the others might be reached");
    let mut broken = readiness(all);
    broken.promises.promises[0].bound = None;
    assert_eq!(broken.verdict().0, Verdict::CannotHold, "no network mends the inventory's own numbers");
}
