//! What m3m makes of a picture: stories of a few words a node, with the verdict, the warnings and the table that come
//! of them, whole in golden files. `M3M_BLESS=1 cargo test` writes them anew; read the difference before you commit it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use m3m::core::diagnosis::diagnose;
use m3m::core::inventory::Inventory;
use m3m::core::name::NodeName;
use m3m::core::observation::{Observation, Picture, Via};
use m3m::core::pause::Pause;
use m3m::core::probe::{COMMITS_MAX, Commit, Facts, Identity, Repository, RepositoryState, Room, ServiceState};
use m3m::core::relay::{Attempt, Outcome};
use m3m::core::silence::{Cause, Phase, Silence};
use m3m::core::status::Status;
use m3m::view::{self, Color, Format, Settings};
use m3m::world::inventory_file;

use crate::generated::check_or_bless;
use crate::terms;

/// One line a story: a name, then `node=word,word…`; nodes that are not named are well. What other nodes say of one
/// follows with `+word:node`. `cell=word` is what all of them
/// hold first; where nothing is said that is the first term.
const STORIES: &[(&str, &str)] = &[
    ("all is well", ""),
    ("no node holds a term", "cell=termless"),
    ("a mirror is dead", "almaty=timeout"),
    ("the PRIMARY is dead", "amsterdam=timeout"),
    ("the PRIMARY is dead and a mirror has taken over", "amsterdam=timeout almaty=runs"),
    ("the service has stopped", "amsterdam=stopped"),
    ("the check hangs", "amsterdam=hangs"),
    ("the answer breaks off", "amsterdam=cut"),
    ("two writers", "almaty=runs"),
    ("every kind of silence", "amsterdam=refused moscow=changed almaty=auth saint-petersburg=garbled novosibirsk=kex"),
    ("every node refuses", "amsterdam=refused moscow=refused almaty=auth saint-petersburg=changed novosibirsk=refused"),
    (
        "nothing can be reached",
        "amsterdam=timeout moscow=noroute almaty=timeout saint-petersburg=noname novosibirsk=mute",
    ),
    (
        "the jump host of all is dead",
        "amsterdam=nohop moscow=nohop almaty=nohop saint-petersburg=nohop novosibirsk=nohop",
    ),
    (
        "repositories of every state",
        "amsterdam=nogit moscow=bare almaty=empty saint-petersburg=detached novosibirsk=unusable",
    ),
    ("more of the same", "moscow=branch almaty=inside novosibirsk=dubious"),
    ("mirrors lag", "almaty=behind saint-petersburg=diverged novosibirsk=ancient"),
    ("a clock is an hour off", "almaty=ahead novosibirsk=late"),
    ("a disk is full", "moscow=full"),
    ("a term moved the roles", "cell=term2 amsterdam=stopped almaty=runs novosibirsk=term1"),
    ("an old PRIMARY still runs", "cell=term2 amsterdam=term1 almaty=runs"),
    ("the PRIMARY by the term does not run", "cell=term2 amsterdam=stopped"),
    ("a mirror runs besides the PRIMARY by the term", "cell=term1 almaty=runs"),
    ("the PRIMARY by the term is dead", "cell=term2 amsterdam=stopped almaty=timeout"),
    ("the BRAIN by the term is dead", "cell=term1 moscow=timeout"),
    ("both are dead", "cell=term2 amsterdam=stopped almaty=timeout moscow=timeout"),
    ("a proof is asked for", "cell=proof6 amsterdam=stopped almaty=timeout"),
    ("no majority answers", "cell=majority5 amsterdam=stopped almaty=timeout moscow=timeout novosibirsk=timeout"),
    ("one node is both", "cell=both4 amsterdam=stopped saint-petersburg=runs"),
    ("a term is open", "cell=term1 almaty=open3 saint-petersburg=open3"),
    ("two claims share the cell", "cell=open3 novosibirsk=rival3 amsterdam=rival3"),
    ("neither claim is won", "cell=term1 moscow=open3 saint-petersburg=open3 novosibirsk=rival3 almaty=rival3"),
    ("claims for BRAIN and to close", "cell=term2 amsterdam=stopped,brain3 almaty=runs novosibirsk=close3"),
    ("a node is new, another one damaged", "cell=term1 almaty=termless novosibirsk=damaged"),
    (
        "a term is out of sight behind an open one",
        "cell=termless amsterdam=open3 moscow=open3 almaty=term1 novosibirsk=term1",
    ),
    ("a pause is on, as two nodes know", "cell=term1 moscow=paused almaty=paused novosibirsk=timeout"),
    ("a pause without an end", "cell=term1 almaty=held"),
    ("a pause is over, and a node that was away does not know", "cell=term1,resumed almaty=held"),
    ("the inventory has drifted", "cell=drift7 amsterdam=stopped almaty=runs"),
    ("a term of strangers", "cell=strangers9"),
    ("only some are asked", "amsterdam=unasked saint-petersburg=unasked novosibirsk=unasked"),
    ("only some are asked, one is dead", "amsterdam=unasked moscow=timeout"),
    (
        "one dead mirror is asked",
        "amsterdam=unasked moscow=unasked almaty=timeout saint-petersburg=unasked novosibirsk=unasked",
    ),
    ("the PRIMARY is asked alone", "moscow=unasked almaty=unasked saint-petersburg=unasked novosibirsk=unasked"),
    ("the check cannot be run", "amsterdam=nocheck almaty=nocheck"),
    (
        "a connection that stood goes silent everywhere",
        "amsterdam=stood moscow=stood almaty=stood saint-petersburg=stood novosibirsk=stood",
    ),
    ("the path to the PRIMARY is cut", "amsterdam=+via:moscow"),
    ("a mirror is dead, as others say too", "almaty=timeout+failed:amsterdam+failed:moscow"),
    ("others can say nothing", "almaty=timeout+forbids:amsterdam+forbids:moscow"),
    ("some say it is dead, some can say nothing", "almaty=timeout+failed:amsterdam+forbids:moscow"),
    ("reached around, and turned away", "almaty=auth+via:moscow"),
];

pub const AT: i64 = 1_800_000_000;

pub fn inventory() -> Inventory {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory.yaml");
    let text = std::fs::read_to_string(path).expect("the shipped inventory");
    inventory_file::parse("inventory.yaml", &text, Path::new("/")).unwrap_or_else(|error| panic!("{}", error.render()))
}

fn id(letter: char) -> String {
    letter.to_string().repeat(40)
}

/// A line of history whose head was written `age_s` before the picture, a commit every 10 s.
fn commits(head: usize, age_s: i64) -> Vec<Commit> {
    let parents = |index: usize| if index == 0 { vec![] } else { vec![format!("{:040x}", index - 1)] };
    let time_s = |index: usize| AT - age_s - 10 * i64::try_from(head - index).expect("a short history");
    (0..=head)
        .rev()
        .map(|index| Commit { id: format!("{index:040x}"), time_s: time_s(index), parents: parents(index) })
        .collect()
}

pub fn facts(primary: bool) -> Facts {
    let repository = Repository {
        branch: Some("main".into()),
        commits: commits(90, 5),
        uncommitted: Some(0),
        ..Repository::default()
    };
    Facts {
        clock: Some(Duration::from_secs(AT.unsigned_abs())),
        boot_id: Some("bda0993b".into()),
        boot_clock: Some(Duration::from_secs(90_061)),
        load: Some(0.42),
        memory: Some(Room { total: 4 << 30, free: 3 << 30 }),
        disk: Some(Room { total: 100 << 30, free: 60 << 30 }),
        repository: RepositoryState::Found(repository),
        service: if primary { ServiceState::Runs } else { ServiceState::Stopped(3) },
        identity: Some(Identity { node: "node".into(), cell: "montana".into() }),
        service_took: Some(Duration::from_millis(12)),
        term: None,
        pause: None,
        complete: true,
    }
}

pub fn silence(word: &str) -> Option<Silence> {
    let (phase, cause) = match word {
        "timeout" => (Phase::Connect, Cause::Timeout),
        "mute" => (Phase::Banner, Cause::Timeout),
        "stood" => (Phase::Exec, Cause::Timeout),
        "kex" => (Phase::Kex, Cause::Timeout),
        "noroute" => (Phase::Connect, Cause::Unreachable),
        "nohop" => {
            let silence = Box::new(Silence { phase: Phase::Connect, cause: Cause::Timeout });
            (Phase::Jump, Cause::Hop { name: "bastion".into(), at: ("bastion.test".into(), 22), silence })
        }
        "noname" => (Phase::Resolve, Cause::NameUnknown),
        "refused" => (Phase::Connect, Cause::Refused),
        "changed" => {
            (Phase::HostKey, Cause::HostKeyChanged { recorded: "known_hosts:3".into(), shown: "SHA256:abc".into() })
        }
        "auth" => (Phase::Auth, Cause::AuthFailed { offered: 2, note: None }),
        "garbled" => (Phase::Output, Cause::Garbled("exit 127, sh: not found".into())),
        _ => return None,
    };
    Some(Silence { phase, cause })
}

fn repository(facts: &mut Facts) -> &mut Repository {
    match &mut facts.repository {
        RepositoryState::Found(repository) => repository,
        other => panic!("no repository to change: {other:?}"),
    }
}

pub fn change(facts: &mut Facts, word: &str) {
    let now_s = AT.unsigned_abs();
    match word {
        "runs" => facts.service = ServiceState::Runs,
        "stopped" => facts.service = ServiceState::Stopped(3),
        "hangs" => facts.service = ServiceState::NoAnswer,
        "nocheck" => facts.service = ServiceState::CheckFails(127),
        "cut" => (facts.service, facts.complete) = (ServiceState::Unknown, false),
        "nogit" => facts.repository = RepositoryState::GitMissing,
        "unusable" => facts.repository = RepositoryState::Unusable("not a git repository".into()),
        "dubious" => {
            facts.repository =
                RepositoryState::Unusable("detected dubious ownership in repository at '/srv/montana'".into());
        }
        "inside" => facts.repository = RepositoryState::Inside("srv/montana/".into()),
        "bare" => repository(facts).bare = true,
        "empty" => repository(facts).commits.clear(),
        "detached" => repository(facts).branch = None,
        "branch" => repository(facts).branch = Some("trial".into()),
        "behind" => drop(repository(facts).commits.drain(..3)),
        "ancient" => drop(repository(facts).commits.drain(..89)),
        "diverged" => {
            let own = Commit { id: id('d'), time_s: AT - 60, parents: vec![format!("{:040x}", 88)] };
            repository(facts).commits.splice(..2, [own]);
        }
        "ahead" => facts.clock = Some(Duration::from_secs(now_s + 3600)),
        "late" => facts.clock = Some(Duration::from_secs(now_s - 3)),
        "full" => facts.disk = Some(Room { total: 100 << 30, free: 900 << 20 }),
        "paused" => facts.pause = Some(terms::pause(Some(AT + 1200))),
        "resumed" => {
            facts.pause =
                Some(Pause { at: Timestamp::new(AT - 60, 0).expect("a time"), ..terms::pause(Some(AT - 60)) });
        }
        "held" => facts.pause = Some(terms::pause(None)),
        "termless" => facts.term = None,
        word => match terms::held(word) {
            None => panic!("no such word: {word}"),
            held => facts.term = held,
        },
    }
}

/// Adds what came of the attempt to reach the node through another one.
fn around(mut observation: Observation, said: &str) -> Observation {
    let (word, relay) = said.split_once(':').expect("word:node");
    let failed = |phase, cause: fn(String) -> Cause| Silence { phase, cause: cause(relay.to_owned()) };
    let relay: NodeName = relay.parse().expect("a name");
    let outcome = match word {
        "via" => {
            let direct = Silence { phase: Phase::Connect, cause: Cause::Timeout };
            observation.via = Some(Via { relay: relay.clone(), direct });
            Outcome::of(observation.answer.as_ref().map(|_| ()))
        }
        "failed" => Outcome::of(Err(&failed(Phase::Connect, Cause::NotReached))),
        "forbids" => Outcome::of(Err(&failed(Phase::Jump, Cause::ForwardingProhibited))),
        other => panic!("no such word: {other}"),
    };
    observation.relays.push(Attempt { relay, outcome });
    observation
}

fn picture(inventory: &Inventory, story: &str) -> Picture {
    let well = |node: &NodeName| Facts { term: terms::held("term1"), ..facts(node.as_str() == "amsterdam") };
    picture_of(inventory, story, well, change)
}

/// A picture of which the caller says what a node tells that is well, and how words change that.
pub fn picture_of(
    inventory: &Inventory,
    story: &str,
    well: impl Fn(&NodeName) -> Facts,
    change: impl Fn(&mut Facts, &str),
) -> Picture {
    let words: BTreeMap<&str, &str> =
        story.split_whitespace().map(|word| word.split_once('=').expect("node=words")).collect();
    let words_of = |name: &str| words.get(name).copied().unwrap_or_default();
    let mut observations = BTreeMap::new();
    for node in &inventory.nodes {
        let mut said = words_of(node.name.as_str()).split('+');
        let words = said.next().unwrap_or_default();
        if words == "unasked" {
            continue;
        }
        let mut answer = silence(words).map_or_else(|| Ok(well(&node.name)), Err);
        if let Ok(facts) = &mut answer {
            if let Some(identity) = facts.identity.as_mut() {
                identity.node = node.name.to_string();
            }
            let of_all = words_of("cell").split(',');
            of_all.chain(words.split(',')).filter(|word| !word.is_empty()).for_each(|word| change(facts, word));
            if let RepositoryState::Found(repository) = &mut facts.repository {
                repository.commits.truncate(COMMITS_MAX);
            }
        }
        let broken = words.contains("cut").then_some(Silence { phase: Phase::Output, cause: Cause::Timeout });
        let answered = answer.is_ok().then_some(Duration::from_millis(20));
        let took = if answered.is_some() { Duration::from_millis(180) } else { Duration::from_secs(3) };
        let observation = Observation {
            node: node.name.clone(),
            asked_at: Timestamp::new(AT, 0).expect("a time"),
            took,
            rtt: answered,
            first_byte: answered,
            fresh: words != "stood",
            answer,
            broken,
            via: None,
            relays: Vec::new(),
        };
        let observation = said.fold(observation, around);
        observations.insert(node.name.clone(), observation);
    }
    Picture { at: Timestamp::new(AT, 300_000_000).expect("a time"), observations }
}

pub fn settings(color: Color, wide: bool) -> Settings {
    Settings { format: Format::Table, color, quiet: false, verbose: false, wide, repeated: false }
}

fn status(story: &str) -> Status {
    let inventory = inventory();
    diagnose(&inventory, &picture(&inventory, story))
}

fn text(story: &str, settings: Settings, width: Option<usize>) -> String {
    view::status_text(&status(story), settings, width)
}

#[test]
fn stories() {
    let told: Vec<String> = STORIES
        .iter()
        .map(|(name, story)| format!("## {name}: {story}\n{}", text(story, settings(Color::Never, false), None)))
        .collect();
    check_or_bless("tests/golden/status/stories.txt", &told.join("\n"));
}

#[test]
fn screens() {
    let story = "almaty=timeout novosibirsk=behind";
    let mut shown = String::new();
    for width in [40, 60, 80, 100, 120, 200] {
        shown += &format!("## {width} columns\n{}\n", text(story, settings(Color::Never, false), Some(width)));
    }
    shown += &format!("## all columns\n{}\n", text(story, settings(Color::Never, true), Some(80)));
    shown += &format!("## colours\n{}", text(story, settings(Color::Always, false), Some(80)).replace('\u{1b}', "ESC"));
    check_or_bless("tests/golden/status/screens.txt", &shown);
}

#[test]
fn no_line_is_wider_than_its_terminal() {
    for (_, story) in STORIES {
        let status = status(story);
        for width in (20..200).step_by(5) {
            for color in [Color::Never, Color::Always] {
                let text = view::status_text(&status, settings(color, false), Some(width));
                // Words that are longer than the terminal are broken, cells of a table are not: it gives way as a whole.
                let widest = text.lines().map(console::measure_text_width).max().unwrap_or(0);
                let is_table = text.contains("NODE ");
                assert!(widest <= width || (!is_table && width < 60), "{width} columns, {widest} used:\n{text}");
                assert!(is_table || width < 76, "{width} columns are enough for a table:\n{text}");
            }
        }
    }
}
