//! The inventory from outside: what is accepted, and how everything else is refused.

use std::path::Path;

use m3m::world::inventory_file;

use crate::generated::check_or_bless;

#[test]
fn the_shipped_inventory_is_the_five_nodes() {
    let inventory = inventory_file::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory.yaml").as_path());
    let inventory = inventory.unwrap_or_else(|error| panic!("{}", error.render()));
    let nodes: Vec<String> =
        (inventory.nodes.iter()).map(|node| format!("{} {} {}", node.name, node.host, node.role.as_str())).collect();
    assert_eq!(
        nodes,
        [
            "amsterdam 72.56.102.240 primary",
            "moscow 176.124.208.93 brain",
            "almaty 91.200.148.93 mirror",
            "saint-petersburg 188.225.58.98 mirror",
            "novosibirsk 147.45.147.247 mirror",
        ]
    );
}

/// Every file of `tests/golden/inventory` is refused, with the text beside it.
#[test]
fn what_is_refused_is_told_exactly() {
    let dir = Path::new("tests/golden/inventory");
    let mut cases: Vec<String> = (std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(dir))
        .expect("the cases"))
    .map(|entry| entry.expect("a case").file_name().into_string().expect("a readable name"))
    .collect();
    cases.sort();
    for case in cases.iter().filter_map(|name| name.strip_suffix(".yaml")) {
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(dir).join(format!("{case}.yaml")));
        let result = inventory_file::parse("inventory.yaml", &text.expect("a case"), Path::new("."));
        let error = result.err().unwrap_or_else(|| panic!("{case} is accepted"));
        assert_eq!(error.exit().code(), 3, "{case}");
        check_or_bless(dir.join(format!("{case}.txt")), &error.render());
    }
    let texts = cases.iter().filter_map(|name| name.strip_suffix(".txt"));
    let orphans: Vec<&str> = texts.filter(|text| !cases.contains(&format!("{text}.yaml"))).collect();
    assert!(orphans.is_empty(), "a text without a case: {orphans:?}");
}
