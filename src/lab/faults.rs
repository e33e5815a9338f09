//! Faults of a lab, and what undoes them.
//!
//! Some hit what a node runs (kill, freeze), some the network around it (cut, delay), and a loss of power both.

use std::time::Duration;

use super::layout::{NodeDir, PARTS, Part};
use super::network::{self, Direction, End, Wan};
use super::processes::{self, Act};
use super::{Lab, State, lock, setup, start};
use crate::error::{Error, Exit};

impl Lab {
    /// Kills these nodes and everything they run, all at once, as a crash would.
    ///
    /// # Errors
    /// The lab has no such node, one has no power (then nothing is done), or a process cannot be killed.
    pub fn kill(&self, nodes: &[&str]) -> Result<(), Error> {
        self.act(&self.none_in(nodes, &[State::Off])?, Act::Kill)
    }

    /// Takes the power from these nodes: silence at first, so that no peer sees a connection close, and then nothing
    /// of them runs any more.
    ///
    /// # Errors
    /// The lab has no such node, its network does not run, or a process cannot be killed.
    pub fn poweroff(&self, nodes: &[&str]) -> Result<(), Error> {
        let parts = parts(nodes)?;
        self.power(&parts, false)?;
        self.act(&parts, Act::Kill)
    }

    /// Stops these nodes and everything they run: they keep their connections and say nothing more.
    ///
    /// # Errors
    /// The lab has no such node, one is dead (then nothing is done), or a process cannot be stopped.
    pub fn freeze(&self, nodes: &[&str]) -> Result<(), Error> {
        self.act(&self.none_in(nodes, &[State::Dead, State::Off])?, Act::Freeze)
    }

    /// Lets frozen nodes and everything they run go on.
    ///
    /// # Errors
    /// The lab has no such node, or one is dead: then nothing is done.
    pub fn thaw(&self, nodes: &[&str]) -> Result<(), Error> {
        self.act(&self.none_in(nodes, &[State::Dead, State::Off])?, Act::Thaw)
    }

    /// Starts nodes again that are dead or have no power: same port, same keys, same repository, and the network as
    /// well if it does not run. The service is not started. A node that is up is left alone, and so are cuts.
    ///
    /// # Errors
    /// The lab has no such node, one is frozen, or one cannot start: then all are dead or off as before.
    pub fn revive(&self, nodes: &[&str]) -> Result<(), Error> {
        let parts = self.none_in(nodes, &[State::Frozen])?;
        let program = self.program.clone().map_or_else(start::own_program, Ok)?;
        if lock::holder(&self.dir.wire().lock()).is_none() {
            start::wire(&self.dir, &program)?.ready()?;
        }
        let dead = self.those(parts, &[State::Dead, State::Off]);
        // What a machine ran before its crash does not run after it.
        self.act(&dead, Act::Kill)?;
        // Power comes last: whoever hangs at a node is let in then, and never refused by one that is still starting.
        let off = self.those(dead.clone(), &[State::Off]);
        let started = self.start_again(&dead, &program).and_then(|()| self.power(&off, true));
        started.inspect_err(|_| {
            // The first failure is the one to tell.
            let _ = self.act(&dead, Act::Kill);
        })
    }

    /// Makes bytes vanish between these nodes and one end, or all. Nothing is closed, new connections hang, and what
    /// was sent arrives after a [`Lab::heal`], late.
    ///
    /// # Errors
    /// The lab has no such node, one would be cut from itself, or the network does not run: then nothing is done.
    pub fn cut(&self, nodes: &[&str], from: Option<End>, direction: Direction) -> Result<(), Error> {
        let nodes = ends(nodes, from)?;
        network::change(&self.dir, |faults| nodes.iter().for_each(|node| faults.cut(*node, from, direction)))
    }

    /// Undoes cuts and delays between these nodes and one end, or all; between all nodes where none is named.
    /// Distances stay, and power does not come back.
    ///
    /// # Errors
    /// As for [`Lab::cut`].
    pub fn heal(&self, nodes: &[&str], from: Option<End>) -> Result<(), Error> {
        let nodes = if nodes.is_empty() { every(from) } else { ends(nodes, from)? };
        network::change(&self.dir, |faults| nodes.iter().for_each(|node| faults.heal(*node, from)))
    }

    /// Adds to the round trips between these nodes and one end, or all, beyond their distance and in place of what was
    /// added before; nothing where it is zero. Whole milliseconds, at most [`Lab::DELAY_MAX`].
    ///
    /// # Errors
    /// As for [`Lab::cut`], or it is too long or too fine.
    pub fn delay(&self, rtt: Duration, nodes: &[&str], from: Option<End>) -> Result<(), Error> {
        if rtt > Self::DELAY_MAX {
            return Err(Error::usage(format!("a delay is at most {:?}", Self::DELAY_MAX)).hint("for more: m3m lab cut"));
        }
        if !rtt.subsec_nanos().is_multiple_of(1_000_000) {
            return Err(Error::usage("a delay is a whole number of milliseconds"));
        }
        let nodes = ends(nodes, from)?;
        network::change(&self.dir, |faults| nodes.iter().for_each(|node| faults.delay(rtt, *node, from)))
    }

    /// The longest delay.
    pub const DELAY_MAX: Duration = Duration::from_secs(60);

    /// Sets the distances.
    ///
    /// # Errors
    /// The network does not run.
    pub fn set_wan(&self, wan: Wan) -> Result<(), Error> {
        network::change(&self.dir, |faults| faults.set_wan(wan))
    }

    fn power(&self, parts: &[&Part], on: bool) -> Result<(), Error> {
        if parts.is_empty() {
            return Ok(());
        }
        network::change(&self.dir, |faults| parts.iter().for_each(|part| faults.power(End::Node(part.name), on)))
    }

    fn start_again(&self, parts: &[&Part], program: &std::path::Path) -> Result<(), Error> {
        let start = |part: &&Part| {
            let node = self.dir.node(part.name);
            setup::write_service(&node, program)?;
            start::node(&node, program)
        };
        let started: Vec<_> = parts.iter().map(start).collect::<Result<_, _>>()?;
        started.into_iter().try_for_each(|node| node.ready().map(drop))
    }

    /// All of these nodes, none of which may be in one of the states.
    fn none_in(&self, nodes: &[&str], states: &[State]) -> Result<Vec<&'static Part>, Error> {
        let parts = parts(nodes)?;
        for state in states {
            let found: Vec<_> = self.those(parts.clone(), &[*state]).iter().map(|part| part.name).collect();
            if !found.is_empty() {
                let (found, verb) = (found.join(" "), state.remedy());
                return Err(Error::new(Exit::Refused, format!("{}: {found}", state.as_str()))
                    .hint(format!("first: m3m lab {verb} {found}")));
            }
        }
        Ok(parts)
    }

    /// Those that are in one of the states.
    fn those(&self, mut parts: Vec<&'static Part>, states: &[State]) -> Vec<&'static Part> {
        let nodes = self.nodes();
        parts.retain(|part| nodes.iter().any(|node| node.name == part.name && states.contains(&node.state)));
        parts
    }

    fn act(&self, parts: &[&Part], act: Act) -> Result<(), Error> {
        let nodes: Vec<NodeDir> = parts.iter().map(|part| self.dir.node(part.name)).collect();
        processes::act(&nodes, act)
            .map_err(|error| Error::new(Exit::Refused, "cannot signal all that the nodes run").because(error))
    }
}

/// The nodes of these names, each once.
fn parts(nodes: &[&str]) -> Result<Vec<&'static Part>, Error> {
    if let Some(node) = nodes.iter().find(|node| PARTS.iter().all(|part| part.name != **node)) {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        return Err(
            Error::usage(format!("a lab has no node {node}")).hint(format!("its nodes are {}", names.join(", ")))
        );
    }
    Ok(PARTS.iter().filter(|part| nodes.contains(&part.name)).collect())
}

/// The same as ends of paths to another end, which is none of them.
fn ends(nodes: &[&str], from: Option<End>) -> Result<Vec<End>, Error> {
    let ends: Vec<_> = parts(nodes)?.iter().map(|part| End::Node(part.name)).collect();
    match from.filter(|from| ends.contains(from)) {
        Some(from) => Err(Error::usage(format!("there is no path from {from} to itself"))),
        None => Ok(ends),
    }
}

/// All nodes that have a path to this end, or any.
fn every(from: Option<End>) -> Vec<End> {
    PARTS.iter().map(|part| End::Node(part.name)).filter(|node| Some(*node) != from).collect()
}
