//! The processes of a node, from `/proc`: they carry the node's mark, or stand in a group or session that one leads
//! which does, or descend from one. A process escapes that has dropped all of these.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::super::layout::NodeDir;

/// One process, as `/proc` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    parent: i32,
    group: i32,
    session: i32,
    /// Clock ticks after the machine's start: with the id, it names a process for ever.
    started: u64,
    pub(super) stopped: bool,
    marked: bool,
}

/// All living processes of these nodes but the calling one.
pub(super) fn of(nodes: &[NodeDir]) -> io::Result<Vec<Process>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end while it is read: then it is not there.
        let Some(mut process) = read(pid) else { continue };
        process.marked = carries_mark(pid, nodes);
        all.push(process);
    }
    let mut found = closure(all);
    found.retain(|process| u32::try_from(process.pid) != Ok(std::process::id()));
    Ok(found)
}

/// The process of that id, if it was started by this node.
pub(super) fn one(node: &NodeDir, pid: Pid) -> Option<Process> {
    let pid = pid.as_raw_nonzero().get();
    // Read before the mark: an id that is used again between the two has another start.
    let process = read(pid)?;
    carries_mark(pid, std::slice::from_ref(node)).then_some(process)
}

/// Sends a signal to that very process: to nobody if its id is used by another one meanwhile.
pub(super) fn send(process: &Process, signal: Signal) {
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if read(process.pid).is_some_and(|now| now.started == process.started) {
        // It fails if the process has ended: the next look will tell.
        let _ = pidfd_send_signal(handle, signal);
    }
}

/// Whether the process is stopped by a signal.
pub(super) fn is_stopped(pid: Pid) -> bool {
    read(pid.as_raw_nonzero().get()).is_some_and(|process| process.stopped)
}

fn read(pid: i32) -> Option<Process> {
    parse(pid, &std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads a `/proc/PID/stat`; nothing for a process that has ended and waits for its parent to notice.
fn parse(pid: i32, stat: &str) -> Option<Process> {
    // The name in brackets may hold anything, brackets and blanks included.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let state = *fields.first()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        stopped: state == "T",
        marked: false,
    })
}

fn carries_mark(pid: i32, nodes: &[NodeDir]) -> bool {
    std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|text| is_marked(&text, nodes))
}

fn is_marked(environ: &[u8], nodes: &[NodeDir]) -> bool {
    let value = environ
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(super::MARK.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")));
    value.is_some_and(|path| {
        let path = Path::new(OsStr::from_bytes(path));
        nodes.iter().any(|node| node.path() == path)
    })
}

/// The marked processes, those in groups and sessions that marked ones lead, and all that descend from them.
///
/// It takes a marked leader: for its first moments a node stands in the group of whoever started it, and that group is
/// the caller's, its terminal's, its test runner's.
fn closure(all: Vec<Process>) -> Vec<Process> {
    let marked: HashSet<i32> = all.iter().filter(|process| process.marked).map(|process| process.pid).collect();
    let mut pids = marked.clone();
    loop {
        let before = pids.len();
        for process in &all {
            let is_led = marked.contains(&process.group) || marked.contains(&process.session);
            if is_led || pids.contains(&process.parent) {
                pids.insert(process.pid);
            }
        }
        if pids.len() == before {
            return all.into_iter().filter(|process| pids.contains(&process.pid)).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, group: i32, marked: bool) -> Process {
        Process { pid, parent, group, session: group, started: 0, stopped: false, marked }
    }

    #[test]
    fn reads_a_stat_line_whatever_the_name() {
        let tail = "1 77 76 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9";
        let process = parse(9, &format!("9 (a) b (c) T {tail}")).unwrap();
        assert_eq!((process.parent, process.group, process.session), (1, 77, 76));
        assert_eq!((process.started, process.stopped), (4242, true));
        assert!(!parse(9, &format!("9 (sh) S {tail}")).unwrap().stopped);
        assert_eq!(parse(9, &format!("9 (sh) Z {tail}")), None);
        assert_eq!(parse(9, "9 (sh"), None);
        assert_eq!(parse(9, ""), None);
    }

    #[test]
    fn the_mark_is_the_whole_path() {
        let nodes = [NodeDir::new("/lab/nodes/almaty".into())];
        assert!(is_marked(b"A=1\0M3M_LAB_NODE=/lab/nodes/almaty\0B=2\0", &nodes));
        assert!(!is_marked(b"M3M_LAB_NODE=/lab/nodes/almaty2\0", &nodes));
        assert!(!is_marked(b"XM3M_LAB_NODE=/lab/nodes/almaty\0", &nodes));
        assert!(!is_marked(b"", &nodes));
    }

    #[test]
    fn children_and_members_of_a_group_belong_to_the_node() {
        let all = vec![
            process(10, 1, 10, true),
            process(11, 10, 11, false),
            process(12, 11, 12, false),
            process(13, 1, 10, false),
            process(14, 1, 14, false),
            process(1, 0, 1, false),
        ];
        let found: Vec<i32> = closure(all).iter().map(|process| process.pid).collect();
        assert_eq!(found, [10, 11, 12, 13]);
    }

    #[test]
    fn a_node_that_still_stands_in_its_starters_group_does_not_take_it_along() {
        let starter = vec![process(20, 1, 20, false), process(21, 20, 20, false)];
        let all = [starter, vec![process(22, 21, 20, true), process(23, 22, 20, false)]].concat();
        let found: Vec<i32> = closure(all).iter().map(|process| process.pid).collect();
        assert_eq!(found, [22, 23]);
    }

    #[test]
    fn a_session_that_a_node_leads_is_the_nodes() {
        let mut stray = process(31, 1, 31, false);
        stray.session = 30;
        let found: Vec<i32> =
            closure(vec![process(30, 1, 30, true), stray]).iter().map(|process| process.pid).collect();
        assert_eq!(found, [30, 31]);
    }
}
