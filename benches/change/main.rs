//! How long PRIMARY takes to move, and how long its clients wait meanwhile. `README.md` says how to read it.

#![expect(clippy::expect_used, reason = "a benchmark that cannot measure ends, and says why")]
#![expect(clippy::print_stdout, reason = "the tables are the product")]
#![expect(unreachable_pub, dead_code, reason = "the test rig is shared, and offers more than is used here")]

#[path = "../status/cell.rs"]
mod cell;
mod client;
#[path = "../status/measure.rs"]
mod measure;
mod report;
mod rounds;
#[path = "../../tests/it/support.rs"]
mod support;

/// A lab without delays, and one with the distances of Montana. Each runs alone where its flag is given.
const LABS: [(&str, &str, &str); 2] =
    [("--lab", "none", "The lab, without delays"), ("--wan", "montana", "The distances of Montana")];
const ROUNDS: usize = 20;

fn main() {
    // Away from the inventory of the repository, which names other people's machines.
    std::env::set_current_dir("/").expect("the root directory");
    let words: Vec<String> = std::env::args().collect();
    let is_named = |flag: &str| words.iter().any(|word| word == flag);
    let names_one = LABS.iter().any(|(flag, ..)| is_named(flag)) && !is_named("--all");
    let count = words.iter().skip_while(|word| *word != "--rounds").nth(1);
    let count = count.map_or(ROUNDS, |count| count.parse().expect("--rounds NUMBER"));
    for (_, wan, title) in LABS.iter().filter(|(flag, ..)| is_named(flag) || !names_one) {
        report::print(title, &rounds::measure(wan, count));
    }
}
