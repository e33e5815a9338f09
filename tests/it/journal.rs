//! The journal: several m3m write to it at once, and what cannot be written down is not done.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use m3m::core::journal::{Act, Actor, Outcome};
use m3m::error::Error;
use m3m::world::journal::Journal;
use serde_json::Value;

use crate::support::{Home, again, block_on};

/// Where the test below writes as another process, if it is one.
const WRITER: &str = "M3M_TEST_JOURNAL";
/// How many acts each process writes down: two lines each.
const ACTS: usize = 100;
const BYTES_MAX: usize = 1 << 20;

fn open(dir: PathBuf) -> Result<Journal, Error> {
    let (by, command) = ("ann@ops".to_owned(), "m3m promote almaty".to_owned());
    block_on(Journal::open_in(dir, Actor { cell: "montana".parse().expect("a name"), by, command }))
}

fn act(number: usize) -> Act {
    Act { act: "start", node: "almaty".parse().ok(), term: Some(8), detail: format!("number {number}") }
}

fn write(journal: &Journal, acts: usize) {
    for number in 0..acts {
        let ticket = block_on(journal.begin(&act(number))).expect("it is written down");
        block_on(ticket.end(&Outcome::done("running"))).expect("its outcome");
    }
}

/// The lines of a file, in which each line is a whole one.
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Another process of this test's, if [`WRITER`] says so.
#[test]
fn processes_write_and_rotate_at_once() {
    if let Some(dir) = std::env::var_os(WRITER) {
        return write(&open(dir.into()).expect("the journal"), ACTS);
    }
    let home = Home::new();
    // The file is full in the middle of it.
    let old = "{\"old\":true}\n";
    let room = 2 * ACTS * 150;
    let before = (BYTES_MAX - room) / old.len();
    let file = home.write("journal.jsonl", old.repeat(before));
    let start = || {
        let mut writer = again("journal::processes_write_and_rotate_at_once");
        writer.env(WRITER, home.path()).stdout(Stdio::null()).spawn().expect("start")
    };
    for mut writer in [start(), start()] {
        assert!(writer.wait().expect("its end").success());
    }
    let rotated = home.path().join("journal.jsonl.1");
    for file in [&file, &rotated] {
        let length = std::fs::metadata(file).expect("two files").len();
        assert!(length > 0 && length <= BYTES_MAX as u64, "{length}");
    }
    let all: Vec<Value> = [rotated, file].iter().flat_map(|file| lines(file)).collect();
    let new: Vec<&Value> = all.iter().filter(|line| line["old"].is_null()).collect();
    assert_eq!((all.len() - new.len(), new.len()), (before, 2 * 2 * ACTS));
    let mut ids: Vec<&str> = new.iter().map(|line| line["id"].as_str().expect("an id")).collect();
    let stages = |id: &str| new.iter().filter(|line| line["id"] == id).map(|line| line["stage"].clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2 * ACTS, "no two acts share an id");
    assert!(ids.iter().all(|id| { Vec::<Value>::from_iter::<Vec<_>>(stages(id)) } == ["begun", "done"]));
}

#[test]
fn an_act_is_on_record_before_it_is_done_and_its_outcome_after() {
    let home = Home::new();
    let file = home.path().join("m3m/journal.jsonl");
    let journal = open(home.path().join("m3m")).expect("the journal");
    assert!(lines(&file).is_empty(), "opening is no act");
    let ticket = block_on(journal.begin(&act(1))).expect("an act");
    let [begun] = lines(&file).try_into().expect("one line");
    let said =
        ["stage", "cell", "node", "act", "detail", "by", "command"].map(|field| begun[field].as_str().expect(field));
    assert_eq!(said, ["begun", "montana", "almaty", "start", "number 1", "ann@ops", "m3m promote almaty"]);
    block_on(ticket.end(&Outcome::failed("exit status 1"))).expect("its outcome");
    let ended = lines(&file).remove(1);
    assert_eq!((&ended["stage"], &ended["outcome"]), (&"failed".into(), &"exit status 1".into()));
    assert!(ended["id"] == begun["id"] && ended["took_s"].is_number(), "{ended}");
}

#[test]
fn an_act_that_nobody_waits_for_any_more_is_unknown() {
    let home = Home::new();
    let journal = open(home.path().to_path_buf()).expect("the journal");
    drop(block_on(journal.begin(&act(1))).expect("an act"));
    assert_eq!(lines(&home.path().join("journal.jsonl"))[1]["stage"], "unknown");
}

#[test]
fn what_cannot_be_written_down_is_refused_and_a_lost_outcome_is_told() {
    let home = Home::new();
    let blocked = home.write("m3m", "");
    let refused = open(blocked.join("m3m")).expect_err("a file is no directory");
    assert_eq!(refused.exit().code(), 20);
    let text = refused.render();
    assert!(
        text.contains("m3m/m3m/journal.jsonl") && text.contains("because: ") && text.contains("XDG_STATE_HOME"),
        "{text}"
    );

    // It goes while m3m works, as a full disk would have it.
    let dir = home.path().join("later");
    let journal = open(dir.clone()).expect("the journal");
    let ticket = block_on(journal.begin(&act(1))).expect("an act");
    std::fs::remove_dir_all(&dir).expect("it goes");
    let notice = block_on(ticket.end(&Outcome::done(""))).expect_err("no outcome");
    assert!(notice.contains("journal.jsonl") && notice.contains("start"), "{notice}");
    assert_eq!(block_on(journal.begin(&act(2))).expect_err("no act").exit().code(), 20);
}

#[test]
fn a_directory_without_write_access_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        return crate::support::skipped("a directory without write permission: root writes to it all the same");
    }
    let home = Home::new();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o500)).expect("read only");
    let refused = open(home.path().join("m3m"));
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).expect("as it was");
    assert_eq!(refused.expect_err("read only").exit().code(), 20);
}
