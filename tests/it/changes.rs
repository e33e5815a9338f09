//! What is shown of a change of a role: before it, while it happens, and of how it ended. Whole in golden files;
//! `M3M_BLESS=1 cargo test` writes them anew, read the difference before you commit it.

use std::fmt::Write as _;
use std::time::Duration;

use m3m::core::change::{Change, End, Stage, Step, StepResult, Taken};
use m3m::core::duty::Duty;
use m3m::core::plan::Kind;
use m3m::core::status::Warning;
use m3m::core::term::Held;
use m3m::view::{self, Color, Format};

use crate::diagnosis::settings;
use crate::generated::check_or_bless;
use crate::plans::Case;

/// A terminal, and a pipe.
const WIDTHS: [Option<usize>; 2] = [Some(80), None];

/// What is planned: a name, what nodes say, and the wish.
const PLANS: &[(&str, &str, &str)] = &[
    ("a switchover", "almaty=behind", "promote announce"),
    (
        "a failover",
        "amsterdam=timeout+failed:moscow+failed:almaty|amsterdam=timeout+failed:moscow+failed:almaty",
        "promote",
    ),
    (
        "a failover past a dead mirror, with proof",
        "amsterdam=timeout+failed:moscow almaty=timeout|amsterdam=timeout+failed:moscow almaty=timeout",
        "promote required fence_command",
    ),
    ("the BRAIN node becomes PRIMARY", "", "promote moscow"),
    ("a run that was cut off", "almaty=8almaty moscow=8almaty saint-petersburg=8almaty", "promote almaty"),
    ("it is so already", "", "promote amsterdam"),
    ("BRAIN moves, and has a service", "", "inherit-brain almaty brain-service"),
    ("BRAIN is dead and has none", "moscow=timeout", "inherit-brain"),
];

#[test]
fn plans() {
    let mut shown = String::new();
    for (name, pictures, wish) in PLANS {
        let case = Case::new(pictures, wish);
        let plan = case.plan().unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        for width in WIDTHS {
            let settings = settings(Color::Never, false);
            let screen = width.map_or_else(|| "a pipe".to_owned(), |width| format!("{width} columns"));
            let before = view::topology_text(&plan, &case.status(), settings, width);
            let planned = view::plan_text(&plan, settings, width);
            let _ = write!(shown, "## {name}, before consent, {screen}\n{before}\n{}\n", view::consequence(&plan));
            let _ = write!(shown, "\n## {name}, dry run, {screen}\n{planned}\n");
        }
    }
    check_or_bless("tests/golden/change/plans.txt", &shown);
}

#[test]
fn a_plan_for_programs() {
    let (_, pictures, wish) = PLANS[2];
    let plan = Case::new(pictures, wish).plan().expect("a plan");
    let written = |format| view::plan_document(format, &plan).expect("a document");
    check_or_bless("tests/golden/change/plan.json", &written(Format::Json));
    check_or_bless("tests/golden/change/plan.yaml", &written(Format::Yaml));
}

fn taken(stage: Stage, node: &str, doing: &str, result: StepResult, text: &str, took_ms: u64) -> Taken {
    let node = (!node.is_empty()).then(|| node.parse().expect("a name"));
    let step = Step { stage, node, text: doing.to_owned() };
    Taken { step, result, text: text.to_owned(), took: Duration::from_millis(took_ms) }
}

fn steps() -> Vec<Taken> {
    use StepResult::{Done, Failed, Unknown};
    vec![
        taken(Stage::Claim, "", "term 8: PRIMARY almaty, BRAIN moscow", Done, "won: held by 5 of 5", 120),
        taken(Stage::Fence, "amsterdam", "stop the service on amsterdam", Done, "stopped, 3 paths committed", 340),
        taken(Stage::Fence, "novosibirsk", "tell novosibirsk to stop", Unknown, "timeout in connect", 3_000),
        taken(Stage::State, "almaty", "almaty takes in what amsterdam holds", Done, "its head is 0123456789", 85),
        taken(
            Stage::Start,
            "almaty",
            "start the service on almaty",
            Failed,
            "exit status 5 after 12 ms, and the first thing that it said was: Failed to start montana.service: \
             Unit \u{1b}[31mmontana.service\u{1b}[0m not found.",
            12_400,
        ),
        taken(Stage::Check, "", "observe every node afresh", Done, "PRIMARY almaty executes, 5 of 5 answer", 210),
        taken(Stage::Announce, "", "announce almaty", Failed, "exit status 1 (3 tries)", 999),
    ]
}

#[test]
fn steps_as_they_end() {
    let mut shown = String::new();
    for width in [Some(120), Some(80), Some(50), Some(30), None] {
        let screen = width.map_or_else(|| "a pipe".to_owned(), |width| format!("{width} columns"));
        let lines: Vec<String> =
            steps().iter().map(|taken| view::step_text(taken, settings(Color::Never, false), width)).collect();
        for line in lines.iter().flat_map(|lines| lines.lines()) {
            assert!(width.is_none_or(|width| console::measure_text_width(line) <= width), "{screen}: {line}");
        }
        let _ = write!(shown, "## {screen}\n{}\n", lines.concat());
    }
    let colored = view::step_text(&steps()[4], settings(Color::Always, false), Some(80));
    let _ = write!(shown, "## colours\n{}", colored.replace('\u{1b}', "ESC"));
    check_or_bless("tests/golden/change/steps.txt", &shown);
}

/// A change of PRIMARY from amsterdam to almaty that ended so.
fn changed(kind: Kind, end: End) -> Change {
    let well = Case::new("amsterdam=8almaty,stopped almaty=8almaty,runs moscow=8almaty", "promote almaty");
    Change {
        cell: "montana".parse().expect("a name"),
        at: well.pictures[0].at,
        duty: Duty::Primary,
        from: "amsterdam".parse().expect("a name"),
        to: "almaty".parse().expect("a name"),
        kind,
        term: 8,
        steps: Vec::new(),
        end,
        warnings: Vec::new(),
        took: Duration::from_millis(1_234),
        after: None,
    }
}

fn winner(seconds_before: i64) -> Box<Held> {
    let case = Case::new("novosibirsk=8novosibirsk moscow=8novosibirsk almaty=8novosibirsk", "promote novosibirsk");
    let mut held = case.scene().standing().won.expect("a term");
    held.record.at = case.pictures[0].at - jiff::SignedDuration::from_secs(seconds_before);
    Box::new(held)
}

fn ends() -> Vec<(&'static str, Change)> {
    let hints = || vec!["m3m promote almaty goes on from here".to_owned(), "m3m status shows what is true".to_owned()];
    let announce = Warning {
        node: None,
        text: "the announce command failed: exit status 1 (3 tries)".to_owned(),
        hint: Some("run it by hand: /etc/m3m/move-address amsterdam almaty 8".to_owned()),
    };
    let done = Change { warnings: vec![announce], steps: steps(), ..changed(Kind::Switchover, End::Done) };
    let after = Case::new("amsterdam=8almaty,stopped almaty=8almaty,runs moscow=8almaty", "promote").status();
    let why = || "almaty did not start the service: exit status 5".to_owned();
    let brain = Change { duty: Duty::Brain, ..changed(Kind::Failover, End::Done) };
    vec![
        ("a switchover", Change { after: Some(after), ..done }),
        ("a failover of BRAIN", brain),
        ("finished", changed(Kind::Finish, End::Done)),
        ("nothing", changed(Kind::Nothing, End::Nothing)),
        ("lost", changed(Kind::Switchover, End::Lost(winner(3)))),
        ("lost to a clock that is ahead", changed(Kind::Switchover, End::Lost(winner(-60)))),
        (
            "not won",
            changed(Kind::Switchover, End::NotWon { why: "2 of 5 members hold term 8".to_owned(), hints: hints() }),
        ),
        ("gone back", Change { term: 9, ..changed(Kind::Switchover, End::WentBack { why: why(), hints: Vec::new() }) }),
        ("incomplete", changed(Kind::Failover, End::Incomplete { why: why(), hints: hints() })),
    ]
}

#[test]
fn how_changes_end() {
    let mut shown = String::new();
    for (name, change) in ends() {
        for width in WIDTHS {
            let screen = width.map_or_else(|| "a pipe".to_owned(), |width| format!("{width} columns"));
            let text = view::change_text(&change, settings(Color::Never, false), width);
            let _ = write!(shown, "## {name}, {screen}\n{text}\n");
        }
    }
    check_or_bless("tests/golden/change/ends.txt", &shown);
}

#[test]
fn only_the_last_line_when_quiet() {
    for (name, change) in ends() {
        let quiet = view::Settings { quiet: true, ..settings(Color::Never, false) };
        let text = view::change_text(&change, quiet, None);
        assert_eq!(text.lines().count(), 1, "{name}: {text}");
    }
}

#[test]
fn changes_for_programs() {
    let written = |name: &str| {
        let (_, change) = ends().into_iter().find(|(found, _)| *found == name).expect("an end");
        view::change_document(Format::Json, &change).expect("a document")
    };
    check_or_bless("tests/golden/change/done.json", &written("a switchover"));
    check_or_bless("tests/golden/change/lost.json", &written("lost"));
    check_or_bless("tests/golden/change/incomplete.json", &written("incomplete"));
}
