//! What `m3m lab` says, to people and to programs.

use std::path::PathBuf;

use super::NAME_DEFAULT;
use crate::core::name::Name;
use crate::lab::{End, Lab, Network, NodeStatus, PARTS, PathStatus, State, Wan};

/// What every verb says to programs: `m3m.labs/1`.
#[derive(serde::Serialize)]
pub(super) struct LabsRecord<'a> {
    schema: &'static str,
    /// Those that the verb was about, as they are now: none after `down`.
    labs: Vec<LabRecord>,
    incomplete: Vec<&'a str>,
}

#[derive(serde::Serialize)]
struct LabRecord {
    name: String,
    inventory: PathBuf,
    ssh_config: PathBuf,
    nodes: Vec<NodeStatus>,
    /// What is in force between them; nothing where it cannot be read.
    network: Option<Network>,
}

/// The labs for a program.
pub(super) fn record<'a>(labs: &[Lab], incomplete: &'a [Name]) -> LabsRecord<'a> {
    let record = |lab: &Lab| LabRecord {
        name: lab.name().to_owned(),
        inventory: lab.inventory_path(),
        ssh_config: lab.ssh_config_path(),
        nodes: lab.nodes(),
        network: lab.network().ok(),
    };
    let incomplete = incomplete.iter().map(Name::as_str).collect();
    LabsRecord { schema: "m3m.labs/1", labs: labs.iter().map(record).collect(), incomplete }
}

/// What to do with a lab that is up.
pub(super) fn how_to_use(lab: &Lab, nodes: &[NodeStatus], new: bool) -> String {
    let name = lab.name();
    let option = option(lab);
    let already = if new { "" } else { " already" };
    [
        format!("the lab {name} is up{already}: {} SSH nodes on 127.0.0.1\n", PARTS.len()),
        how_to_serve(lab, nodes),
        how_to_heal(lab),
        format!("  try it:  m3m --lab{option} status\n"),
        format!("  log in:  m3m --lab{option} ssh {}\n", PARTS[0].name),
        format!("  end it:  m3m lab down {name}\n"),
    ]
    .concat()
}

/// What to do with a lab whose nodes do not all live.
pub(super) fn how_to_mend(lab: &Lab, nodes: &[NodeStatus]) -> String {
    let name = lab.name();
    let mut text = format!("the lab {name} is there, but not all of its nodes are up; they were left as they are\n");
    for state in [State::Dead, State::Off, State::Frozen] {
        let names: Vec<_> = nodes.iter().filter(|node| node.state == state).map(|node| node.name).collect();
        if !names.is_empty() {
            let names = names.join(" ");
            text += &format!("  {}: {names}; m3m --lab={name} lab {} {names}\n", state.as_str(), state.remedy());
        }
    }
    text + &how_to_serve(lab, nodes) + &how_to_heal(lab)
}

/// How to undo cuts, which make nodes that are up look as if they were not.
fn how_to_heal(lab: &Lab) -> String {
    let paths = lab.network().map(|network| network.paths).unwrap_or_default();
    match paths.iter().filter(|path| !path.cut_to.is_empty()).count() {
        0 => String::new(),
        cut => format!("  cut: {cut} of {} paths between them; m3m --lab={} lab heal\n", paths.len(), lab.name()),
    }
}

/// How to start the service of PRIMARY where it runs nowhere.
pub(super) fn how_to_serve(lab: &Lab, nodes: &[NodeStatus]) -> String {
    let primary = PARTS[0].name;
    if nodes.iter().any(|node| node.service) {
        return String::new();
    }
    let first = if nodes.iter().any(|node| node.name == primary && node.state != State::Up) { "then " } else { "" };
    format!(
        "  the service of {primary} was not started: {first}m3m --lab{} ssh {primary} -- ledger start\n",
        option(lab)
    )
}

/// The labs and their nodes, a line each.
pub(super) fn list(labs: &[Lab], incomplete: &[Name]) -> String {
    if labs.is_empty() && incomplete.is_empty() {
        return "there is no lab; make one: m3m lab up\n".to_owned();
    }
    let mut text = String::new();
    for lab in labs {
        text += &format!("{}  {}\n", lab.name(), lab.path().display());
        let network = lab.network();
        let is_cut_off = |node: &NodeStatus| network.as_ref().is_ok_and(|network| is_cut_off(network, node.name));
        text.extend(lab.nodes().iter().map(|node| format!("  {}\n", row(node, is_cut_off(node)).trim_end())));
        text += &network.map_or_else(|error| format!("  network  {error}\n"), |network| in_force(&network));
    }
    text.extend(incomplete.iter().map(|name| format!("{name}  incomplete: m3m lab down {name}\n")));
    text
}

fn row(node: &NodeStatus, is_cut_off: bool) -> String {
    let address = node.port.map_or_else(|| "?".to_owned(), |port| format!("{}:{port}", node.host));
    let pid = node.pid.map_or_else(|| "-".to_owned(), |pid| format!("pid {pid}"));
    let notes = [(node.service, "service"), (is_cut_off, "cut")];
    let notes: Vec<&str> = notes.into_iter().filter_map(|(is_so, note)| is_so.then_some(note)).collect();
    let notes = notes.join("  ");
    format!("{:16}  {:7}  {:6}  {address:15}  {pid:11}  {notes}", node.name, node.role, node.state.as_str())
}

/// Whether nothing reaches the node and nothing that it sends arrives.
fn is_cut_off(network: &Network, node: &str) -> bool {
    let ends_there = |path: &&PathStatus| [path.between.0, path.between.1].iter().any(|end| end.name() == node);
    network.paths.iter().filter(ends_there).all(|path| path.cut_to.len() == 2)
}

/// The network: a line for itself, and one for each path that is not as near as can be.
fn in_force(network: &Network) -> String {
    let mut text = match network.pid {
        Some(pid) => format!("  {:16}  {:7}  {:6}  {:15}  pid {pid}\n", "network", "", "up", ""),
        None => "  network  dead, and no node runs without it: m3m lab revive NODE...\n".to_owned(),
    };
    if network.wan != Wan::None {
        text += &format!("  distances of {}\n", network.wan.name());
    }
    let is_odd = |path: &&PathStatus| !path.rtt.is_zero() || !path.cut_to.is_empty();
    text.extend(network.paths.iter().filter(is_odd).map(|path| format!("    {}\n", path_row(path).trim_end())));
    text
}

fn path_row(path: &PathStatus) -> String {
    let ends = format!("{} - {}", path.between.0, path.between.1);
    let rtt = if path.rtt.is_zero() { String::new() } else { format!("{} ms", path.rtt.as_millis()) };
    let added = if path.delay.is_zero() { String::new() } else { format!("{} ms of it added", path.delay.as_millis()) };
    let cut = match path.cut_to[..] {
        [] => String::new(),
        [end] => format!("nothing reaches {}", if end == End::Operator { "the operator" } else { end.name() }),
        _ => "cut".to_owned(),
    };
    let notes = [added, cut].into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join("  ");
    format!("{ends:32}  {rtt:>8}  {notes}")
}

/// What follows `--lab` for this one.
fn option(lab: &Lab) -> String {
    if lab.name() == NAME_DEFAULT { String::new() } else { format!("={}", lab.name()) }
}
