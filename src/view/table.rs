//! The status table: as many columns as the terminal has room for, all of them in a pipe.

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};

use super::Screen;
use super::words;
use crate::core::inventory::Role;
use crate::core::probe::ServiceState;
use crate::core::silence::endpoint;
use crate::core::status::{NodeStatus, Observed, Status};
use crate::core::text::harmless;

/// The longest state: a longer reason goes on in the warning below the table.
const STATE_CHARS_MAX: usize = 22;

/// Between two columns.
const GAP: u16 = 2;

/// A column: its head, what stands in it, and how soon it gives way where there is no room.
struct Column {
    head: &'static str,
    text: fn(&NodeStatus) -> String,
    /// Columns with a higher number go first; those with 0 stay.
    gives_way: u8,
    /// Only with `--wide`.
    wide: bool,
}

const fn column(head: &'static str, gives_way: u8, text: fn(&NodeStatus) -> String) -> Column {
    Column { head, text, gives_way, wide: false }
}

const fn wide(head: &'static str, text: fn(&NodeStatus) -> String) -> Column {
    Column { head, text, gives_way: 0, wide: true }
}

/// The order is the reader's: who, what for, what it does, how it is, and then the figures.
const COLUMNS: [Column; 18] = [
    column("NODE", 0, |node| node.name.to_string()),
    wide("HOST", |node| harmless(&endpoint(&node.address, node.port), 60)),
    wide("LOCATION", |node| harmless(node.location.as_deref().unwrap_or("-"), 20)),
    column("ROLE", 0, role),
    column("OBSERVED", 0, observed),
    column("STATE", 0, state),
    column("RTT", 3, |node| node.observation.rtt.map_or_else(dash, words::duration)),
    column("HEAD", 4, |node| {
        node.facts().and_then(|facts| facts.head()).map_or_else(dash, |head| head.id[..7].to_owned())
    }),
    wide("BRANCH", branch),
    column("LAG", 1, |node| node.lag.as_ref().map_or_else(dash, words::lag)),
    column("DIRTY", 5, |node| number(node.facts().and_then(|facts| facts.repository()?.uncommitted))),
    column("SERVICE", 2, service),
    column("OFFSET", 6, |node| node.clock.map_or_else(dash, |clock| words::offset(clock.offset_s))),
    column("LOAD", 7, |node| node.facts().and_then(|facts| facts.load).map_or_else(dash, |load| format!("{load:.2}"))),
    wide("MEMORY", |node| {
        node.facts().and_then(|facts| facts.memory).map_or_else(dash, |room| words::bytes(room.free))
    }),
    column("DISK", 8, |node| node.disk().map_or_else(dash, |room| words::bytes(room.free))),
    wide("UP", |node| node.facts().and_then(|facts| facts.boot_clock).map_or_else(dash, words::duration)),
    column("AGE", 9, |node| words::duration(node.age)),
];

fn dash() -> String {
    "-".to_owned()
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(dash, |number| number.to_string())
}

fn role(node: &NodeStatus) -> String {
    match (node.rank, node.recorded) {
        (Some(rank), _) => format!("mirror {rank}"),
        (None, Role::Primary) if node.is_brain => "primary+brain".to_owned(),
        (None, Role::Mirror) if !node.is_member => "no member".to_owned(),
        (None, role) => role.as_str().to_owned(),
    }
}

fn observed(node: &NodeStatus) -> String {
    match node.observed {
        None => "?".to_owned(),
        Some(observed) if node.contradicts() => format!("{} !", observed.as_str()),
        Some(observed) => observed.as_str().to_owned(),
    }
}

fn state(node: &NodeStatus) -> String {
    let text = match (node.trouble(), &node.observation.via) {
        (Some(trouble), _) => trouble.to_string(),
        (None, Some(via)) => format!("via {}", via.relay),
        (None, None) => return "up".to_owned(),
    };
    harmless(&text, STATE_CHARS_MAX)
}

fn branch(node: &NodeStatus) -> String {
    match node.facts().and_then(|facts| facts.repository()) {
        Some(repository) => repository.branch.clone().unwrap_or_else(|| "(detached)".to_owned()),
        None => dash(),
    }
}

fn service(node: &NodeStatus) -> String {
    match node.facts().map(|facts| facts.service) {
        None => dash(),
        Some(ServiceState::Unknown) => "?".to_owned(),
        Some(ServiceState::Runs) => "runs".to_owned(),
        Some(ServiceState::Stopped(_)) => "stopped".to_owned(),
        Some(ServiceState::NoAnswer) => "no answer".to_owned(),
        Some(ServiceState::CheckFails(_)) => "check fails".to_owned(),
    }
}

/// What a cell's colour says: red is trouble, yellow a contradiction or something unseen, green the writer.
fn color(node: &NodeStatus, head: &str) -> Option<Color> {
    match head {
        "STATE" => Some(match (node.trouble(), &node.observation.via) {
            (Some(_), _) => Color::Red,
            (None, Some(_)) => Color::Yellow,
            (None, None) => Color::Green,
        }),
        "OBSERVED" if node.contradicts() => Some(Color::Red),
        "OBSERVED" if node.observed.is_none() => Some(Color::Yellow),
        "OBSERVED" | "SERVICE" if node.observed == Some(Observed::Executes) => Some(Color::Green),
        "SERVICE" if node.recorded == Role::Primary => Some(Color::Red),
        "LAG" => node.lag.filter(|lag| lag.commits > 0 || lag.diverged).map(|_| Color::Yellow),
        _ => None,
    }
}

/// What a person has to know of the nodes before a role moves.
const TOPOLOGY: [&str; 5] = ["NODE", "ROLE", "OBSERVED", "STATE", "LAG"];

/// The table as text, each line ended.
pub(super) fn render(status: &Status, wide: bool, screen: Screen) -> String {
    let columns = COLUMNS.iter().filter(|column| wide || !column.wide).collect();
    fitted(status, columns, wide, screen)
}

/// Who should do what, and does: as text, each line ended.
pub(super) fn topology(status: &Status, screen: Screen) -> String {
    let columns = COLUMNS.iter().filter(|column| TOPOLOGY.contains(&column.head)).collect();
    fitted(status, columns, false, screen)
}

fn fitted(status: &Status, mut columns: Vec<&Column>, wide: bool, screen: Screen) -> String {
    let width_of = |column: &Column| {
        let texts = status.nodes.iter().map(|node| console::measure_text_width(&(column.text)(node)));
        texts.chain([column.head.len()]).max().unwrap_or(0)
    };
    let is_too_wide = |columns: &[&Column], width: usize| {
        let gaps = usize::from(GAP) * columns.len().saturating_sub(1);
        !wide && columns.iter().map(|column| width_of(column)).sum::<usize>() + gaps > width
    };
    if let Some(width) = screen.width {
        while is_too_wide(&columns, width) {
            let Some(last) = columns.iter().map(|column| column.gives_way).max().filter(|last| *last > 0) else {
                break;
            };
            columns.retain(|column| column.gives_way != last);
        }
        // The columns that never give way do not fit either: a block a node instead of squeezed cells.
        if is_too_wide(&columns, width) {
            return blocks(status, &columns);
        }
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if screen.colored {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(columns.iter().map(|column| Cell::new(column.head)));
    for node in &status.nodes {
        table.add_row(columns.iter().map(|column| {
            let cell = Cell::new((column.text)(node));
            match color(node, column.head) {
                Some(color) if screen.colored => cell.fg(color),
                _ => cell,
            }
        }));
    }
    let last = columns.len() - 1;
    for (index, drawn) in table.column_iter_mut().enumerate() {
        // Blanks behind the last column would wrap a line that fits, where a colour keeps them from being trimmed.
        drawn.set_padding((0, if index == last { 0 } else { GAP }));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// One block a node, for terminals too narrow for any table.
fn blocks(status: &Status, columns: &[&Column]) -> String {
    // The columns that stay: who and what for on the first line, what it does and how it is on the second.
    let block = |node: &NodeStatus| {
        let texts: Vec<String> = columns.iter().map(|column| (column.text)(node)).collect();
        let (who, how) = texts.split_at(texts.len().min(2));
        format!("{}\n  {}\n", who.join(", "), how.join(", "))
    };
    status.nodes.iter().map(block).collect()
}
