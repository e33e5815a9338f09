//! Any text is judged: none makes the reader panic or wait, and what is valid is read as it was written.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use m3m::core::duration;
use m3m::world::inventory_file::parse;
use proptest::prelude::*;

use crate::inventory::{SMALL, accepted};

/// However hostile a text is, it is judged within this time, also in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One MiB of the worst that a YAML parser can be given is judged quickly.
#[test]
fn hostile_texts_are_judged_quickly() {
    let fill = |unit: &str| unit.repeat((1 << 20) / unit.len());
    let keys = (0..9_000).fold(String::new(), |keys, index| keys + &format!("key{index}: 1\n"));
    let cases = [
        fill("["),
        fill("{"),
        fill("- "),
        fill("? "),
        fill("a: "),
        fill("&a "),
        fill("!t "),
        fill("!!"),
        fill("\""),
        fill("'"),
        fill("|\n"),
        fill("a\n"),
        fill("a: b\n"),
        fill("- a\n"),
        fill("a, "),
        fill("*a "),
        fill("%TAG ! a\n"),
        fill("---\n"),
        fill("\t"),
        fill("#"),
        fill(" \n"),
        fill("\u{feff}"),
        fill("ä"),
        format!("[{}", fill("a, ")),
        format!("{{{}", fill("a: b, ")),
        format!("a: \"{}", fill("\\n")),
        format!("a: |\n{}", fill(" b\n")),
        format!("&a [b]: c\nd: [{}", fill("*a, ")),
        format!("a: {}", fill("b ")),
        format!("{}: c", fill("ab")),
        format!("{SMALL}announce: {}\n", fill("x")),
        format!("{SMALL}nodez: [{}]\n", fill("x,")),
        format!("{SMALL}{keys}"),
        format!("{keys}{keys}"),
        format!("{SMALL}? {}\n: 1\n", fill("k")),
    ];
    for (index, text) in cases.iter().enumerate() {
        let start = Instant::now();
        let result = parse("inventory.yaml", text, Path::new("."));
        let (head, took): (String, _) = (text.chars().take(20).collect(), start.elapsed());
        assert!(took < PATIENCE, "case {index}, {head:?}: {took:?}");
        assert!(
            result.err().is_none_or(|error| error.render().len() < 1 << 20),
            "case {index}, {head:?}: a short answer"
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = parse("inventory.yaml", &text, Path::new(".")).map_err(|error| error.render());
    }

    /// Damage in the middle of a good file reaches further than noise does.
    #[test]
    fn no_damage_makes_it_panic(at in 0..SMALL.len(), cut in 0..20_usize, noise in "[-\\[\\]{}:,&*!|>'\"%@`#? \n\ta-z0-9\u{7f}é]{0,6}") {
        let end = (at + cut).min(SMALL.len());
        let text = format!("{}{noise}{}", &SMALL[..at], &SMALL[end..]);
        let _ = parse("inventory.yaml", &text, Path::new(".")).map_err(|error| error.render());
    }

    #[test]
    fn what_is_written_is_what_is_read(
        cell in "[a-z0-9][a-z0-9._-]{0,62}",
        mirrors in 1..20_usize,
        port in 1..=u16::MAX,
        misses in 1..=100_u32,
        millis in 1..100_000_000_u64,
        command in "[ -~]{0,40}[!-~]",
    ) {
        let time = Duration::from_millis(millis);
        let shown = duration::display(time);
        let quoted = serde_json::to_string(&command).expect("a JSON string is a YAML string");
        let mut text = format!(
            "cell: \"{cell}\"\nrepository: {{ path: \"/{cell}\" }}\nssh: {{ port: {port} }}\n\
             service: {{ start: {quoted}, stop: {quoted}, check: {quoted}, start_within: {shown} }}\n\
             timing: {{ health_check: {shown}, health_timeout: {shown}, misses: {misses}, failover: {shown}, breath: {shown} }}\n\
             nodes:\n"
        );
        for index in 0..mirrors + 2 {
            let role = ["primary", "brain", "mirror"][index.min(2)];
            writeln!(text, "  - {{ name: n{index}, host: 10.0.0.{index}, role: {role} }}").expect("write to a String");
        }
        let inventory = accepted(&text);
        prop_assert_eq!(inventory.cell.as_str(), cell.as_str());
        prop_assert_eq!(inventory.nodes.len(), mirrors + 2);
        let timing = &inventory.timing;
        prop_assert_eq!([timing.health_check, timing.health_timeout, timing.failover, timing.breath], [time; 4]);
        prop_assert_eq!(timing.misses, misses);
        for (index, node) in inventory.nodes.iter().enumerate() {
            prop_assert_eq!(node.name.as_str(), format!("n{index}"));
            prop_assert_eq!(&node.service.start, &command);
            prop_assert_eq!(node.service.start_within, time);
            prop_assert_eq!(node.ssh.port, Some(port));
            prop_assert_eq!(inventory.mirror_rank(&node.name), (index >= 2).then(|| index - 1));
        }
    }
}
