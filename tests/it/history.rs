//! The history as people see it: a whole screen in a golden file, on terminals of every width.

use jiff::Timestamp;
use m3m::core::history::{Chain, Chains, History, Link, merge};
use m3m::core::silence::{Cause, Phase, Silence};
use m3m::core::term::{Act, TermRecord};
use m3m::view::{self, Color, Format, Settings};

use crate::diagnosis::{AT, inventory};
use crate::generated::check_or_bless;
use crate::terms;

/// A commit of a story: its id, its number, PRIMARY, BRAIN, how many hours ago, what it was for, its parents, why.
type Told = (&'static str, u64, &'static str, &'static str, i64, Act, &'static [&'static str], &'static str);

const TERMS: [Told; 6] = [
    ("a", 1, "amsterdam", "moscow", 900, Act::Init, &[], "the cell's first term"),
    ("b", 2, "almaty", "moscow", 500, Act::Failover, &["a"], "amsterdam does not answer"),
    ("c", 3, "almaty", "novosibirsk", 490, Act::InheritBrain, &["b"], "moscow is \u{1b}[31mreplaced\u{1b}[0m"),
    (
        "d",
        4,
        "amsterdam",
        "novosibirsk",
        3,
        Act::Switchover,
        &["c"],
        "back again, since the disk of amsterdam is new and its provider says so",
    ),
    ("e", 4, "saint-petersburg", "novosibirsk", 3, Act::Switchover, &["c"], "a race that was lost"),
    ("f", 5, "amsterdam", "novosibirsk", 2, Act::Close, &["d", "e"], "term 4 was claimed twice"),
];

fn id(letter: &str) -> String {
    letter.repeat(40)
}

fn chain(tip: &str) -> Chain {
    let link = |(letter, number, primary, brain, hours, act, parents, reason): Told| {
        let at = Timestamp::from_second(AT - 3600 * hours).expect("a time");
        let record = TermRecord { act, at, reason: reason.to_owned(), ..terms::record(number, primary, brain) };
        (id(letter), Link { parents: parents.iter().map(|letter| id(letter)).collect(), record: Some(record) })
    };
    Chain { tip: Some(id(tip)), links: TERMS.map(link).into(), fault: None }
}

fn history() -> History {
    let name = |name: &str| name.parse().expect("a name");
    let mute = Silence { phase: Phase::Connect, cause: Cause::Timeout };
    let damaged = Chain { fault: Some("bad object HEAD".to_owned()), ..chain("f") };
    let chains: Chains = [
        (name("amsterdam"), Ok(chain("f"))),
        (name("moscow"), Ok(chain("b"))),
        (name("almaty"), Ok(chain("f"))),
        (name("saint-petersburg"), Ok(damaged)),
        (name("novosibirsk"), Err(mute)),
    ]
    .into();
    merge(&inventory(), &chains, Timestamp::from_second(AT).expect("a time"))
}

fn settings(color: Color) -> Settings {
    Settings { format: Format::Table, color, quiet: false, verbose: false, wide: false, repeated: false }
}

#[test]
fn screens_of_a_history() {
    let shown = |width| view::history_text(&history(), settings(Color::Never), width);
    let screens = [40, 60, 80, 100, 120].map(|width| format!("## {width} columns\n{}\n", shown(Some(width))));
    let colours = view::history_text(&history(), settings(Color::Always), Some(100)).replace('\u{1b}', "ESC");
    check_or_bless(
        "tests/golden/history/screens.txt",
        &format!("{}## a pipe\n{}\n## colours\n{colours}", screens.concat(), shown(None)),
    );
}

#[test]
fn no_line_of_a_history_is_wider_than_its_terminal() {
    for width in 20..200 {
        for color in [Color::Never, Color::Always] {
            let text = view::history_text(&history(), settings(color), Some(width));
            let widest = text.lines().map(console::measure_text_width).max().unwrap_or(0);
            assert!(widest <= width, "{width} columns, {widest} used:\n{text}");
        }
    }
}
