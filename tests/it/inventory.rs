//! The inventory from outside: what is accepted, and how everything else is refused.

use std::path::Path;

use m3m::world::inventory_file;

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
