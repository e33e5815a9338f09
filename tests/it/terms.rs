//! Terms for tests: records of the shipped inventory's cell.

use jiff::Timestamp;
use m3m::core::inventory::{Fence, Quorum};
use m3m::core::pause::Pause;
use m3m::core::term::{Act, HeldTerm, Member, TermRecord};

use crate::diagnosis::AT;

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
