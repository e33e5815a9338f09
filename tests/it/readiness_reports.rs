//! Reports of readiness: large cells, little to be said, pipes and programs.

use m3m::core::readiness::NodeReadiness;
use m3m::view::{self, Format, Settings};

use crate::generated::check_or_bless;
use crate::readiness::{readiness, settings};

#[test]
fn a_large_cell_shows_those_of_which_there_is_something_to_say() {
    let mut many = readiness("novosibirsk=foreign");
    let (well, bad) = (many.nodes[0].clone(), many.nodes[4].clone());
    let named =
        |node: &NodeReadiness, name: String| NodeReadiness { name: name.parse().expect("a name"), ..node.clone() };
    many.nodes =
        (0..100).map(|index| named(if index % 33 == 1 { &bad } else { &well }, format!("node-{index}"))).collect();
    let text = view::readiness_text(&many, settings(false), Some(80));
    let head = text.lines().find(|line| line.starts_with("  ")).expect("the matrix");
    assert_eq!(head.split_whitespace().collect::<Vec<_>>(), ["node-1", "node-34", "node-67"], "{text}");
    assert!(text.contains("nothing to say of 97: node-0, node-2, "), "{text}");
    assert!(text.contains("✗ node-1, node-34, node-67: write access: "), "{text}");
}

#[test]
fn only_the_verdict_where_little_is_to_be_said() {
    let quiet = Settings { quiet: true, ..settings(false) };
    let text = view::readiness_text(&readiness("almaty=auth"), quiet, Some(80));
    assert_eq!(text, "NOT READY: 1 of 5 nodes: almaty (authentication)\n");
    let verbose = view::readiness_text(&readiness(""), settings(true), Some(80));
    assert!(verbose.contains("moscow            git          ok       2.47.3"), "{verbose}");
}

#[test]
fn columns_of_a_pipe_stand_below_one_another_also_for_nodes_that_are_not_asked() {
    let text = view::readiness_text(&readiness("saint-petersburg=unasked amsterdam=unasked"), settings(false), None);
    let relayed: Vec<&str> = text.lines().filter(|line| line.contains("  relay  ")).collect();
    assert!(relayed.iter().any(|line| line.starts_with("saint-petersburg ")), "{text}");
    assert!(relayed.iter().all(|line| line.find("relay ") == relayed[0].find("relay ")), "{text}");
}

#[test]
fn json_is_stable() {
    let json = view::readiness_document(Format::Json, &readiness("almaty=auth moscow=foreign")).expect("a document");
    check_or_bless("tests/golden/check/report.json", &json);
    let yaml = view::readiness_document(Format::Yaml, &readiness("")).expect("a document");
    assert!(yaml.starts_with("---\nschema: m3m.check/1\n"), "{yaml}");
}
