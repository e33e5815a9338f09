//! Terms for tests: records of the shipped inventory's cell, and how they get into a repository.

#[cfg(feature = "lab")]
use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use jiff::Timestamp;
use m3m::core::inventory::{Fence, Quorum};
use m3m::core::pause::Pause;
#[cfg(feature = "lab")]
use m3m::core::term::REF;
use m3m::core::term::{Act, HeldTerm, Member, TermRecord};

use crate::diagnosis::AT;
#[cfg(feature = "lab")]
use crate::support::wait;

/// A term of the Montana cell, by which that node took PRIMARY an hour before the picture.
pub fn record(term: u64, primary: &str, brain: &str) -> TermRecord {
    let name = |name: &str| name.parse().expect("a name");
    let members = ["almaty", "saint-petersburg", "novosibirsk", "amsterdam", "moscow"];
    TermRecord {
        term,
        cell: name("montana"),
        primary: primary.parse().expect("a name"),
        brain: brain.parse().expect("a name"),
        members: members.map(|member| Member { name: name(member), candidate: true }).to_vec(),
        quorum: Quorum::Any,
        fence: Fence::Attempt,
        from: Vec::new(),
        act: Act::Switchover,
        reason: "maintenance".to_owned(),
        by: "op@desk".to_owned(),
        at: Timestamp::new(AT - 3600, 0).expect("a time"),
        claim: String::new(),
    }
}

/// What a node holds, in a word of a story.
pub fn held(word: &str) -> Option<HeldTerm> {
    let held = match word {
        "term1" => record(1, "amsterdam", "moscow"),
        "term2" => record(2, "almaty", "moscow"),
        // Claimed beside the term before, and at the same time by somebody else.
        "open3" => record(3, "saint-petersburg", "moscow"),
        "rival3" => TermRecord { by: "\u{1b}[31mother@desk".to_owned(), ..record(3, "novosibirsk", "moscow") },
        "brain3" => TermRecord { act: Act::InheritBrain, ..record(3, "almaty", "novosibirsk") },
        "close3" => TermRecord { act: Act::Close, ..record(3, "almaty", "moscow") },
        "both4" => record(4, "saint-petersburg", "saint-petersburg"),
        "majority5" => TermRecord { quorum: Quorum::Majority, ..record(5, "almaty", "moscow") },
        "proof6" => TermRecord { fence: Fence::Required, ..record(6, "almaty", "moscow") },
        "drift7" => drifted(),
        "strangers9" => TermRecord { cell: "other".parse().expect("a name"), ..record(9, "elsewhere", "moscow") },
        "damaged" => return Some(HeldTerm { commit: "e".repeat(40), record: None }),
        _ => return None,
    };
    let salt: u64 = word.bytes().map(u64::from).sum();
    Some(HeldTerm { commit: format!("{salt:040}"), record: Some(held) })
}

/// A term that the inventory has left behind in every respect.
fn drifted() -> TermRecord {
    let mut record = record(7, "almaty", "moscow");
    record.members.swap(0, 1);
    record.members[3].candidate = false;
    record.members[2].name = "omsk".parse().expect("a name");
    TermRecord { quorum: Quorum::Majority, fence: Fence::Required, ..record }
}

/// A pause that was ordered ten minutes before the picture.
pub fn pause(until_s: Option<i64>) -> Pause {
    Pause {
        cell: "montana".parse().expect("a name"),
        until: until_s.map(|until_s| Timestamp::new(until_s, 0).expect("a time")),
        reason: "\u{1b}[2Ja disk of almaty fails".to_owned(),
        by: "op@desk".to_owned(),
        at: Timestamp::new(AT - 600, 0).expect("a time"),
    }
}

/// git on a repository, as whoever writes terms there; what it printed, without the line's end.
#[cfg(feature = "lab")]
pub fn git(repository: &Path, args: &[&str], input: &str) -> String {
    let mut command = Command::new("git");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "m3m").env(format!("GIT_{who}_EMAIL"), "m3m@test");
        // The same commit on every node.
        command.env(format!("GIT_{who}_DATE"), "1795316400 +0000");
    }
    command.arg("-C").arg(repository).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("git");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("its input");
    let finished = wait(child, Duration::from_secs(60));
    finished.assert_code(0).stdout.trim_end().to_owned()
}

/// Writes a term to a repository without holding it; its commit.
#[cfg(feature = "lab")]
pub fn write(repository: &Path, record: &TermRecord, parents: &[&str]) -> String {
    let blob = git(repository, &["hash-object", "-w", "--stdin"], &record.write());
    let tree = git(repository, &["mktree"], &format!("100644 blob {blob}\tterm.json\n"));
    let mut args = vec!["commit-tree", &tree, "-m", "a term"];
    args.extend(parents.iter().flat_map(|parent| ["-p", parent]));
    git(repository, &args, "")
}

/// Makes a commit the held one, whatever was held before.
#[cfg(feature = "lab")]
pub fn hold(repository: &Path, commit: &str) {
    git(repository, &["update-ref", REF, commit], "");
}
