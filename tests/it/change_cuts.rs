//! Runs that are killed after every single line of their journal, and then finished by another run.

use crate::change_cell::Moved;
use crate::change_runs::Operator;
use crate::lab::NODES;

const HERE: &str = "amsterdam";
const THERE: &str = "almaty";

#[test]
fn a_switchover_that_was_cut_off_anywhere_is_finished_by_anybody() {
    let cell = Moved::up();
    let [ann, bob] = ["ann", "bob"].map(|name| Operator::new(&cell, name));
    let witness = cell.witness();
    let mut numbers = 0;
    let (mut from, mut to) = (HERE, THERE);
    for lines in 0.. {
        let mut was_cut = false;
        for second in [&ann, &bob] {
            numbers += 1;
            cell.write(from, numbers);
            let line = format!("promote {to} --yes");
            if let Some(run) = ann.start_until(&line, lines) {
                was_cut = true;
                drop(run);
            }
            let what = format!("cut off after {lines} lines");
            let second = second.run(&line);
            assert_eq!(second.code(), 0, "{what}: {second}");
            cell.assert_at_rest(&NODES, to, &what);
            cell.assert_whole(to, numbers, &what);
            (from, to) = (to, from);
        }
        if !was_cut {
            assert!(lines > 6, "it has claimed, fenced, taken in and started");
            break;
        }
    }
    witness.assert_never_two();
}
