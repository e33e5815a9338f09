//! Runs that are killed after every single line of their journal, and then finished by another run.

use crate::change_cell::Moved;
use crate::change_runs::Operator;
use crate::lab::NODES;

const HERE: &str = "amsterdam";
const THERE: &str = "almaty";
/// A service of BRAIN that is a file.
const THINKS: &str = "{ start: ': >thinks', stop: rm -f thinks, check: test -e thinks }";

/// Kills a run after so many lines of its journal. Gives whether it came to that.
fn cut(operator: &Operator, line: &str, lines: usize) -> bool {
    operator.start_until(line, lines).is_some()
}

#[test]
fn a_switchover_that_was_cut_off_anywhere_is_finished_by_anybody() {
    let cell = Moved::up();
    let [ann, bob] = ["ann", "bob"].map(|name| Operator::new(&cell, name));
    let witness = cell.witness();
    let (mut numbers, mut from, mut to) = (0, HERE, THERE);
    for lines in 0.. {
        numbers += 1;
        cell.write(from, numbers);
        let line = format!("promote {to} --yes");
        let was_cut = cut(&ann, &line, lines);
        let what = format!("cut off after {lines} lines");
        // It is the nodes that know how far it was: who goes on is all one to them.
        let second = if lines % 2 == 0 { &ann } else { &bob }.run(&line);
        assert_eq!(second.code(), 0, "{what}: {second}");
        cell.assert_at_rest(&NODES, to, &what);
        cell.assert_whole(to, numbers, &what);
        (from, to) = (to, from);
        if !was_cut {
            assert_eq!(lines, 9, "claim, fence, state and start have two lines each");
            break;
        }
    }
    witness.assert_never_two();
}

#[test]
fn a_failover_that_was_cut_off_anywhere_is_finished_by_anybody() {
    let cell = Moved::up().with_the_silent();
    let [ann, bob] = ["ann", "bob"].map(|name| Operator::new(&cell, name));
    let witness = cell.witness();
    for lines in 0.. {
        let number = lines as u64 + 1;
        cell.write(HERE, number);
        cell.lab([if lines == 2 { "poweroff" } else { "kill" }, HERE]);
        let line = format!("promote {THERE} --yes");
        let was_cut = cut(&ann, &line, lines);
        let what = format!("cut off after {lines} lines");
        let second = if lines % 2 == 0 { &bob } else { &ann }.run(&line);
        assert_eq!(second.code(), 0, "{what}: {second}");
        let others: Vec<_> = NODES.into_iter().filter(|node| *node != HERE).collect();
        cell.assert_at_rest(&others, THERE, &what);
        cell.lab(["revive", HERE]);
        assert_eq!(cell.executing(), [THERE], "{what}: who comes back is a mirror");
        let back = bob.run(&format!("promote {HERE} --yes"));
        assert_eq!(back.code(), 0, "{what}: {back}");
        cell.assert_at_rest(&NODES, HERE, &what);
        cell.assert_whole(HERE, number, &what);
        if !was_cut {
            assert_eq!(lines, 7, "claim, attempt and start have two lines each");
            break;
        }
    }
    witness.assert_never_two();
}

#[test]
fn a_brain_that_was_cut_off_anywhere_is_finished_by_anybody() {
    let cell = Moved::with(&[("/brain", THINKS)]);
    let [ann, bob] = ["ann", "bob"].map(|name| Operator::new(&cell, name));
    let thinking = || {
        let thinks = |node: &&str| cell.labs.node(node).join("home/thinks").exists();
        NODES.into_iter().filter(thinks).collect::<Vec<_>>()
    };
    let (mut from, mut to) = ("moscow", "novosibirsk");
    assert_eq!(ann.run(&format!("inherit-brain {from} --yes")).code(), 0);
    assert_eq!(thinking(), [from]);
    for lines in 0.. {
        let line = format!("inherit-brain {to} --yes");
        let was_cut = cut(&ann, &line, lines);
        let what = format!("cut off after {lines} lines");
        let second = if lines % 2 == 0 { &bob } else { &ann }.run(&line);
        assert_eq!(second.code(), 0, "{what}: {second}");
        cell.assert_at_rest(&NODES, HERE, &what);
        assert_eq!((cell.term(HERE).brain.as_str(), thinking()), (to, vec![to]), "{what}");
        (from, to) = (to, from);
        if !was_cut {
            assert!(lines > 6, "{lines}: claim, fences and start have two lines each");
            break;
        }
    }
}
