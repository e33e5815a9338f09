//! How long `m3m status` takes, beside `ssh` in parallel that ask the same. `README.md` says how to read it.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot measure ends, and says why")]
#![expect(clippy::print_stdout, reason = "the tables are the product")]
#![expect(unreachable_pub, dead_code, reason = "the test rig is shared, and offers more than is used here")]

#[path = "../../tests/it/acceptor.rs"]
mod acceptor;
mod cell;
#[path = "../../tests/it/cell_file.rs"]
mod cell_file;
mod configuration;
mod distances;
#[path = "../../tests/it/five.rs"]
mod five;
mod hundred;
mod lines;
mod measure;
#[path = "../../tests/it/processes.rs"]
mod processes;
mod proxied;
#[path = "../../tests/it/proxy.rs"]
mod proxy;
mod report;
#[path = "../../tests/it/sshd.rs"]
mod sshd;
#[path = "../../tests/it/support.rs"]
mod support;

use cell::{Cell, Lab};
use five::Five;
use sshd::Options;

/// Each part runs alone where its flag is given, and all run where none is.
const PARTS: [(&str, fn()); 4] = [
    ("--five", || with_cells(|cells| report::print_five(&cells.each_ref().map(proxied::measure)))),
    ("--hundred", || with_cells(|cells| report::print_hundred(&cells.each_ref().map(hundred::measure)))),
    ("--wan", || report::print_distances(&distances::measure())),
    ("--config", || report::print_configuration(&configuration::measure())),
];

fn main() {
    assert!(sshd::available(), "the benchmark needs OpenSSH's server");
    // Away from the inventory of the repository, which names other people's machines.
    std::env::set_current_dir("/").expect("the root directory");
    let words: Vec<String> = std::env::args().collect();
    let is_named = |flag: &str| words.iter().any(|word| word == flag);
    let names_one = PARTS.iter().any(|(flag, _)| is_named(flag));
    PARTS.iter().filter(|(flag, _)| is_named(flag) || !names_one).for_each(|(_, run)| run());
}

/// Runs a cell of real servers and one of a lab's nodes meanwhile.
fn with_cells(measure: impl FnOnce(&[Cell; 2])) {
    // A hundred clients at once are more than a server lets in by itself.
    let five = Five::start(&Options { config: "MaxStartups 200", ..Options::default() });
    let lab = Lab::up("none");
    measure(&[Cell::new("five sshd", &five.inventory()), Cell::new("five lab nodes", &lab.inventory())]);
}
