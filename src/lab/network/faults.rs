//! What is in force on a lab's network.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::end::{Direction, End, Path};
use super::wan::Wan;

/// Distances, cuts and delays of all paths, and the nodes without power.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Faults {
    /// Counts the changes.
    pub(super) serial: u64,
    pub(super) wan: Wan,
    off: BTreeSet<End>,
    /// From whom to whom bytes vanish.
    cuts: BTreeSet<(End, End)>,
    delays: Vec<Delay>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Delay {
    path: Path,
    rtt_ms: u64,
}

impl Faults {
    /// Whether what one end sends does not arrive at the other.
    pub(in super::super) fn is_silent(&self, from: End, to: End) -> bool {
        self.is_off(from) || self.is_off(to) || self.is_cut(from, to)
    }

    /// Whether no new connection can be made between two ends: the question or its answer is lost.
    pub(in super::super) fn is_severed(&self, one: End, other: End) -> bool {
        self.is_silent(one, other) || self.is_silent(other, one)
    }

    /// The round trip between two ends.
    pub(in super::super) fn rtt(&self, one: End, other: End) -> Duration {
        let path = one.path(other);
        self.wan.rtt(path) + self.added(path)
    }

    /// What of a path's round trip was added to its distance.
    pub(super) fn added(&self, path: Path) -> Duration {
        let delay = self.delays.iter().find(|delay| delay.path == path);
        Duration::from_millis(delay.map_or(0, |delay| delay.rtt_ms))
    }

    pub(in super::super) fn is_off(&self, end: End) -> bool {
        self.off.contains(&end)
    }

    pub(super) fn is_cut(&self, from: End, to: End) -> bool {
        self.cuts.contains(&(from, to))
    }

    /// Takes the power from a node, or gives it back.
    pub(in super::super) fn power(&mut self, node: End, on: bool) {
        if on {
            self.off.remove(&node);
        } else {
            self.off.insert(node);
        }
    }

    /// Cuts a node from one peer, or from all.
    pub(in super::super) fn cut(&mut self, node: End, from: Option<End>, direction: Direction) {
        for peer in reached(node, from) {
            if direction != Direction::From {
                self.cuts.insert((peer, node));
            }
            if direction != Direction::To {
                self.cuts.insert((node, peer));
            }
        }
    }

    /// Undoes the cuts and delays between a node and one peer, or all.
    pub(in super::super) fn heal(&mut self, node: End, from: Option<End>) {
        for peer in reached(node, from) {
            self.cuts.retain(|way| node.path(peer) != way.0.path(way.1));
            self.delays.retain(|delay| delay.path != node.path(peer));
        }
    }

    /// Adds to the round trips between a node and one peer, or all; what was added before is forgotten.
    pub(in super::super) fn delay(&mut self, rtt: Duration, node: End, from: Option<End>) {
        for peer in reached(node, from) {
            let path = node.path(peer);
            self.delays.retain(|delay| delay.path != path);
            if !rtt.is_zero() {
                self.delays.push(Delay { path, rtt_ms: u64::try_from(rtt.as_millis()).unwrap_or(u64::MAX) });
            }
        }
    }

    /// Becomes what was in force before, as a change of its own.
    pub(super) fn restore(&mut self, before: Self) {
        *self = Self { serial: self.serial, ..before };
    }

    /// The number of the last change.
    pub(in super::super) fn serial(&self) -> u64 {
        self.serial
    }

    pub(in super::super) fn set_wan(&mut self, wan: Wan) {
        self.wan = wan;
    }
}

fn reached(node: End, from: Option<End>) -> impl Iterator<Item = End> {
    node.peers().filter(move |peer| from.is_none_or(|only| only == *peer))
}

#[cfg(test)]
mod tests {
    use super::super::end::paths;
    use super::*;

    const ALMATY: End = End::ALL[3];
    const MOSCOW: End = End::ALL[2];

    #[test]
    fn a_cut_off_node_is_silent_on_all_its_paths_and_the_others_are_not() {
        let mut faults = Faults::default();
        faults.cut(ALMATY, None, Direction::Both);
        for (one, other) in paths() {
            let touches = one == ALMATY || other == ALMATY;
            assert_eq!((faults.is_silent(one, other), faults.is_silent(other, one)), (touches, touches));
        }
        faults.heal(ALMATY, None);
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn one_way_is_one_way_but_no_new_connection_gets_through() {
        let mut faults = Faults::default();
        faults.cut(ALMATY, Some(MOSCOW), Direction::To);
        assert!(faults.is_silent(MOSCOW, ALMATY) && !faults.is_silent(ALMATY, MOSCOW));
        assert!(faults.is_severed(MOSCOW, ALMATY) && faults.is_severed(ALMATY, MOSCOW));
        assert!(!faults.is_severed(End::Operator, ALMATY));
        faults.heal(ALMATY, Some(MOSCOW));
        faults.cut(ALMATY, Some(MOSCOW), Direction::From);
        assert!(!faults.is_silent(MOSCOW, ALMATY) && faults.is_silent(ALMATY, MOSCOW));
    }

    #[test]
    fn a_delay_comes_on_top_of_the_distance_and_healing_leaves_the_distance() {
        let mut faults = Faults { wan: Wan::Montana, ..Faults::default() };
        let ms = Duration::from_millis;
        faults.delay(ms(200), ALMATY, Some(End::Operator));
        assert_eq!(faults.rtt(ALMATY, End::Operator), ms(265));
        assert_eq!(faults.rtt(MOSCOW, ALMATY), ms(62));
        faults.delay(ms(10), ALMATY, None);
        assert_eq!((faults.rtt(End::Operator, ALMATY), faults.rtt(ALMATY, MOSCOW)), (ms(75), ms(72)));
        faults.delay(Duration::ZERO, ALMATY, Some(MOSCOW));
        assert_eq!(faults.rtt(ALMATY, MOSCOW), ms(62));
        faults.heal(ALMATY, None);
        assert_eq!(faults.rtt(End::Operator, ALMATY), ms(65));
    }

    #[test]
    fn healing_gives_no_power_and_power_heals_no_cut() {
        let mut faults = Faults::default();
        faults.power(ALMATY, false);
        faults.cut(ALMATY, Some(MOSCOW), Direction::Both);
        faults.heal(ALMATY, None);
        assert!(faults.is_severed(End::Operator, ALMATY) && faults.is_severed(MOSCOW, ALMATY));
        faults.cut(ALMATY, Some(MOSCOW), Direction::Both);
        faults.power(ALMATY, true);
        assert!(!faults.is_severed(End::Operator, ALMATY) && faults.is_severed(MOSCOW, ALMATY));
    }

    #[test]
    fn the_file_brings_back_what_was_written() {
        let mut faults = Faults { wan: Wan::Montana, serial: 7, ..Faults::default() };
        faults.power(MOSCOW, false);
        faults.cut(ALMATY, None, Direction::To);
        faults.delay(Duration::from_millis(5), ALMATY, Some(MOSCOW));
        let text = serde_json::to_string(&faults).unwrap();
        assert_eq!(serde_json::from_str::<Faults>(&text).unwrap(), faults);
    }
}
