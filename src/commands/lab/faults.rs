//! The arguments of the verbs that break and mend a lab, and what they say when it is done.

use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{Done, words};
use crate::core::duration::{self, DurationError};
use crate::core::name::Name;
use crate::error::{Error, Exit};
use crate::lab::{self, Direction, End, Lab, PARTS, State, Wan};

#[derive(Debug, clap::Args)]
pub(super) struct Nodes {
    /// The nodes' names
    // A name of its own for clap: `nodes` are those of the global --node.
    #[arg(id = "lab_nodes", required = true, value_name = "NODE", value_delimiter = ',', value_parser = node())]
    nodes: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Peer {
    /// Only on the path to this end: another node, or `operator`, which is this machine
    #[arg(long, value_name = "PEER", value_parser = end())]
    from: Option<End>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Cut {
    #[command(flatten)]
    nodes: Nodes,
    #[command(flatten)]
    peer: Peer,
    /// Only what goes to the nodes vanishes, or only what comes from them
    #[arg(long, value_name = "WAY")]
    one_way: Option<OneWay>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OneWay {
    To,
    From,
}

#[derive(Debug, clap::Args)]
pub(super) struct Heal {
    /// The nodes' names [default: all]
    #[arg(id = "lab_nodes", value_name = "NODE", value_delimiter = ',', value_parser = node())]
    nodes: Vec<String>,
    #[command(flatten)]
    peer: Peer,
}

#[derive(Debug, clap::Args)]
pub(super) struct Delay {
    /// The time to add to every round trip, such as 80ms, half of it each way; 0s for none
    #[arg(value_name = "RTT", value_parser = rtt)]
    rtt: Duration,
    #[command(flatten)]
    nodes: Nodes,
    #[command(flatten)]
    peer: Peer,
}

fn node() -> PossibleValuesParser {
    PossibleValuesParser::new(PARTS.map(|part| part.name))
}

fn end() -> impl TypedValueParser<Value = End> {
    PossibleValuesParser::new(End::ALL.map(End::name)).try_map(|name| name.parse::<End>())
}

/// The sets of distances.
pub(super) fn wan() -> impl TypedValueParser<Value = Wan> {
    let named = |name: String| Wan::ALL.into_iter().find(|wan| wan.name() == name).unwrap_or_default();
    PossibleValuesParser::new(Wan::ALL.map(Wan::name)).map(named)
}

fn rtt(text: &str) -> Result<Duration, DurationError> {
    if ["0", "0s", "0ms"].contains(&text) { Ok(Duration::ZERO) } else { duration::parse(text) }
}

impl Nodes {
    fn names(&self) -> Vec<&str> {
        self.nodes.iter().map(String::as_str).collect()
    }

    /// Does it to the nodes themselves.
    pub(super) fn hit(
        &self,
        lab: Option<&Name>,
        done: &str,
        act: impl Fn(&Lab, &[&str]) -> Result<(), Error>,
    ) -> Result<Done, Error> {
        let names = self.names();
        let primary = PARTS[0].name;
        broken(lab, |lab| {
            let nodes = lab.nodes();
            let was_down = nodes.iter().any(|node| node.name == primary && node.pid.is_none());
            act(lab, &names)?;
            let mut words: String = names.iter().map(|node| format!("{node} is {done}\n")).collect();
            let nodes = lab.nodes();
            let is_up = nodes.iter().any(|node| node.name == primary && node.state == State::Up);
            if names.contains(&primary) && was_down && is_up {
                words += &words::how_to_serve(lab, &nodes);
            }
            Ok(words)
        })
    }
}

impl Cut {
    pub(super) fn carry_out(&self, lab: Option<&Name>) -> Result<Done, Error> {
        let (nodes, from) = (self.nodes.names(), self.peer.from);
        let direction = match self.one_way {
            None => Direction::Both,
            Some(OneWay::To) => Direction::To,
            Some(OneWay::From) => Direction::From,
        };
        broken(lab, |lab| {
            lab.cut(&nodes, from, direction)?;
            let peer = |word: &str| from.map_or(String::new(), |peer| format!(" {word} {peer}"));
            let say = |node: &&str| match self.one_way {
                None => format!("{node} is cut off{}\n", peer("from")),
                Some(OneWay::To) => format!("nothing{} reaches {node}\n", peer("from")),
                Some(OneWay::From) => format!("nothing from {node} arrives{}\n", peer("at")),
            };
            Ok(nodes.iter().map(say).collect())
        })
    }
}

impl Heal {
    pub(super) fn carry_out(&self, lab: Option<&Name>) -> Result<Done, Error> {
        let nodes: Vec<&str> = self.nodes.iter().map(String::as_str).collect();
        let from = self.peer.from;
        broken(lab, |lab| {
            lab.heal(&nodes, from)?;
            let what = if nodes.is_empty() { "the network".to_owned() } else { nodes.join(", ") };
            let peer = from.map_or(String::new(), |peer| format!(" to {peer}"));
            Ok(format!("{what}{peer}: no cut and no delay\n"))
        })
    }
}

impl Delay {
    pub(super) fn carry_out(&self, lab: Option<&Name>) -> Result<Done, Error> {
        let (nodes, from) = (self.nodes.names(), self.peer.from);
        broken(lab, |lab| {
            lab.delay(self.rtt, &nodes, from)?;
            let peer = from.map_or(String::new(), |peer| format!(" to {peer}"));
            let rtt_ms = self.rtt.as_millis();
            Ok(nodes.iter().map(|node| format!("{node}{peer}: {rtt_ms} ms added to the round trip\n")).collect())
        })
    }
}

/// Breaks or mends the lab, while nobody else does.
fn broken(lab: Option<&Name>, act: impl FnOnce(&Lab) -> Result<String, Error>) -> Result<Done, Error> {
    let lab = lab::choose(lab.map(Name::as_str))?;
    let _exclusive = lab.exclusively()?;
    let words = act(&lab)?;
    Ok(Done { labs: vec![lab], incomplete: Vec::new(), words, exit: Exit::Ok })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_may_be_taken_away() {
        assert_eq!(rtt("0s"), Ok(Duration::ZERO));
        assert_eq!(rtt("80ms"), Ok(Duration::from_millis(80)));
        assert!(rtt("80").is_err() && rtt("-1s").is_err());
    }
}
