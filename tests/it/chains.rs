//! The fault table: what becomes of a cell in each of the 32 states of five nodes, for each safety setting.

use std::collections::BTreeSet;
use std::fmt::Write;

use m3m::core::chains::{Succession, Successions, successions};
use m3m::core::inventory::{Fence, Quorum, Role};
use m3m::core::name::NodeName;
use m3m::core::term::TermRecord;

use crate::generated::check_or_bless;
use crate::inventory::accepted;

/// One state of the cell, and what comes of it.
struct Row {
    alive: BTreeSet<NodeName>,
    after: Successions,
    /// Fewer live than it takes to move a role.
    is_minority: bool,
    /// PRIMARY and BRAIN by the paper's own two chains.
    paper: (Option<NodeName>, Option<NodeName>),
}

/// The first term of the shipped cell.
fn first(quorum: Quorum, fence: Fence) -> TermRecord {
    let text = include_str!("../../inventory.yaml");
    let (by, at) = ("op@desk".to_owned(), jiff::Timestamp::UNIX_EPOCH);
    let record = TermRecord::first(&accepted(text), by, at, "0".repeat(16)).expect("a PRIMARY and a BRAIN");
    TermRecord { quorum, fence, ..record }
}

/// All states, those with fewer failures first.
fn rows(record: &TermRecord) -> Vec<Row> {
    let inventory = accepted(include_str!("../../inventory.yaml"));
    let names: Vec<NodeName> = inventory.nodes.iter().map(|node| node.name.clone()).collect();
    let with = |role| inventory.nodes.iter().filter(move |node| node.role == role).map(|node| &node.name);
    let mut rows = Vec::new();
    for dead in 0..1_u32 << names.len() {
        let is_alive = |(index, name): (usize, &NodeName)| (dead & (1 << index) == 0).then(|| name.clone());
        let alive: BTreeSet<NodeName> = names.iter().enumerate().filter_map(is_alive).collect();
        let next = |role| with(role).chain(with(Role::Mirror)).find(|name| alive.contains(*name)).cloned();
        let paper = (next(Role::Primary), next(Role::Brain));
        let is_minority = record.quorum == Quorum::Majority && alive.len() * 2 <= names.len();
        rows.push(Row { after: successions(record, &alive), is_minority, alive, paper });
    }
    rows.sort_by_key(|row| names.len() - row.alive.len());
    rows
}

impl Row {
    fn is_up(&self) -> bool {
        self.after.primary.holder().is_some()
    }

    fn failed(&self, record: &TermRecord) -> usize {
        record.members.len() - self.alive.len()
    }

    /// What is true of both roles together.
    fn control(&self) -> &'static str {
        match (self.after.brain.holder(), self.after.primary.heir()) {
            (None, _) => "none",
            _ if self.is_minority => "observes",
            (Some(brain), Some(primary)) if brain == primary => "degraded",
            (Some(_), _) => "full",
        }
    }

    fn line(&self, record: &TermRecord, order: &[NodeName]) -> String {
        let lives = |name: &NodeName| if self.alive.contains(name) { "up" } else { "-" };
        let mut line = format!("{:>6}  ", self.failed(record));
        for name in order {
            write!(line, "{:<w$}  ", lives(name), w = name.as_str().len()).expect("a text");
        }
        let service = match &self.after.primary {
            _ if self.is_up() => "Operational",
            Succession::MovesWithProof(_) => "waits",
            _ => "Down",
        };
        let paper = |name: &Option<NodeName>| name.as_ref().map_or("nobody", NodeName::as_str).to_owned();
        let [executes, decides] = [&self.after.primary, &self.after.brain].map(words);
        write!(
            line,
            "{executes:<31}  {decides:<25}  {service:<11}  {:<8}  {} / {}",
            self.control(),
            paper(&self.paper.0),
            paper(&self.paper.1)
        )
        .expect("a text");
        line
    }
}

fn words(role: &Succession) -> String {
    match role {
        Succession::Stays(name) => name.to_string(),
        Succession::Moves(name) => format!("→ {name}"),
        Succession::MovesWithProof(name) => format!("→ {name}, once proven"),
        Succession::NoQuorum => "nobody: no majority".to_owned(),
        Succession::Nobody => "nobody".to_owned(),
    }
}

/// The table as a person reads it.
fn table(record: &TermRecord, rules: &str, rows: &[Row]) -> String {
    let members: Vec<NodeName> = record.members.iter().map(|member| member.name.clone()).collect();
    let order = [[record.primary.clone(), record.brain.clone()].as_slice(), &members[..members.len() - 2]].concat();
    let mut text = format!(
        "Safety: quorum {}, fence {}\n\n{rules}\n\nBefore the failures {} is PRIMARY and {} is BRAIN; {} are MIRRORs, in \
         this order.\n\n{LEGEND}\n\n",
        lower(record.quorum),
        lower(record.fence),
        record.primary,
        record.brain,
        order[2..].iter().map(NodeName::as_str).collect::<Vec<_>>().join(", "),
    );
    let heads: Vec<&str> = order.iter().map(NodeName::as_str).collect();
    text += &format!(
        "failed  {}  {:<31}  {:<25}  {:<11}  {:<8}  {}\n",
        heads.join("  "),
        "executes (PRIMARY)",
        "decides (BRAIN)",
        "service",
        "control",
        "the paper's chains"
    );
    let mut failed = 0;
    for row in rows {
        if row.failed(record) != failed {
            failed = row.failed(record);
            text.push('\n');
        }
        text += &format!("{}\n", row.line(record, &order));
    }
    let count = |is: fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
    text += &format!(
        "\nOf {} states: service Operational in {}, control full in {}, degraded in {}. By the paper's own chains: \
         service in {}, control in {}, both in {}.\n",
        rows.len(),
        count(Row::is_up),
        count(|row| row.control() == "full"),
        count(|row| row.control() == "degraded"),
        count(|row| row.paper.0.is_some()),
        count(|row| row.paper.1.is_some()),
        count(|row| row.paper.0.is_some() && row.paper.1.is_some()),
    );
    text
}

const LEGEND: &str = "\
failed     how many nodes are down: `-` in the column of a node
executes   who runs the service afterwards; → it moves there; \"once proven\": only when it is proven that the old
           PRIMARY has stopped (fence_command, or a person: --confirm-off)
decides    who is BRAIN afterwards
service    Operational; waits (for the proof); Down
control    full; degraded: one node both decides and executes; observes: BRAIN lives and may move nothing; none
paper      PRIMARY / BRAIN by its chains PRIMARY → MIRRORs and BRAIN → MIRRORs, which promise service with 1 to 4
           failed (control degraded at 4), and Down at 5";

fn lower(setting: impl std::fmt::Debug) -> String {
    format!("{setting:?}").to_lowercase()
}

#[test]
fn any_and_attempt_serve_in_each_state_with_a_live_node() {
    let record = first(Quorum::Any, Fence::Attempt);
    let rows = rows(&record);
    let rules = "One live node is enough. A dead PRIMARY is told to stop over every path, and nothing is awaited.\n\
        The paper's promise. During a partition each side may have a PRIMARY.";
    check_or_bless("tests/golden/chains/any-attempt.txt", &table(&record, rules, &rows));
    for row in &rows {
        assert_eq!(row.is_up(), row.failed(&record) < 5);
        let control = ["full", "full", "full", "full", "degraded", "none"][row.failed(&record)];
        assert_eq!(row.control(), control, "{:?}", row.alive);
    }
    assert_eq!(rows.iter().filter(|row| row.is_up()).count(), 31);
}

#[test]
fn a_majority_serves_in_each_state_with_three_or_more() {
    let record = first(Quorum::Majority, Fence::Attempt);
    let rows = rows(&record);
    let rules = "Roles move only where three of five nodes answer. A PRIMARY that lives stays PRIMARY also with fewer:\n\
        nothing takes its role away. A dead one is told to stop over every path, and nothing is awaited.";
    check_or_bless("tests/golden/chains/majority-attempt.txt", &table(&record, rules, &rows));
    for row in &rows {
        let lives = row.alive.contains(&record.primary);
        assert_eq!(row.is_up(), lives || row.alive.len() >= 3, "{:?}", row.alive);
        let may_move = row.alive.len() >= 3;
        assert!(may_move || !matches!(row.after.primary, Succession::Moves(_)), "{:?}", row.alive);
        assert!(may_move || !matches!(row.after.brain, Succession::Moves(_)), "{:?}", row.alive);
    }
}

#[test]
fn with_required_a_dead_primary_is_replaced_by_proof_alone() {
    let prove = "A dead PRIMARY is replaced only when it is proven that it has stopped: until then the service waits.";
    for (quorum, name, enough, rules) in [
        (Quorum::Any, "any-required", 1, format!("One live node is enough. {prove}")),
        (
            Quorum::Majority,
            "majority-required",
            3,
            format!("Roles move only where three of five nodes answer.\n{prove}\nThere are never two PRIMARYs."),
        ),
    ] {
        let record = first(quorum, Fence::Required);
        let rows = rows(&record);
        check_or_bless(format!("tests/golden/chains/{name}.txt"), &table(&record, &rules, &rows));
        for row in &rows {
            let lives = row.alive.contains(&record.primary);
            assert_eq!(row.is_up(), lives, "{:?}", row.alive);
            let waits = matches!(row.after.primary, Succession::MovesWithProof(_));
            assert_eq!(waits, !lives && row.alive.len() >= enough, "{:?}", row.alive);
            let share = waits && row.after.primary.heir() == row.after.brain.holder();
            assert!(!share || row.alive.len() == 1, "{:?}", row.alive);
        }
    }
}

#[test]
fn the_papers_own_chains_fall_short_where_brain_or_primary_alone_is_left() {
    let rows = rows(&first(Quorum::Any, Fence::Attempt));
    let both = rows.iter().filter(|row| row.paper.0.is_some() && row.paper.1.is_some()).count();
    assert_eq!((rows.len(), both), (32, 29));
    let alone = rows.iter().filter(|row| row.alive.len() == 1);
    assert_eq!(alone.filter(|row| row.paper.0.is_some() && row.paper.1.is_some()).count(), 3);
}
