//! The inventory from outside: what is accepted, and how everything else is refused.

use std::path::{Path, PathBuf};
use std::time::Duration;

use m3m::core::inventory::{Fence, Inventory, Quorum};
use m3m::world::inventory_file::parse;

use crate::generated::check_or_bless;

/// The smallest inventory that is accepted.
pub const SMALL: &str = "\
cell: montana
repository: { path: /srv/montana }
service: { start: run, stop: halt, check: runs }
nodes:
  - { name: one, host: one.example, role: primary }
  - { name: two, host: two.example, role: brain }
  - { name: three, host: three.example, role: mirror }
";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The inventory that a text is.
#[track_caller]
pub fn accepted(text: &str) -> Inventory {
    parse("inventory.yaml", text, Path::new("/etc/m3m")).unwrap_or_else(|error| panic!("{}\n{text}", error.render()))
}

#[test]
fn the_shipped_inventory_is_the_five_nodes() {
    let text = std::fs::read_to_string(root().join("inventory.yaml")).expect("the shipped inventory");
    let inventory = accepted(&text);
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
    let schema = text.lines().next().and_then(|line| line.rsplit_once('='));
    assert!(root().join(schema.expect("a schema line").1).exists(), "the editor finds the schema");
}

#[test]
fn what_is_not_said_has_the_documented_default() {
    let inventory = accepted(SMALL);
    let shipped = accepted(&std::fs::read_to_string(root().join("inventory.yaml")).expect("the shipped inventory"));
    assert_eq!(inventory.timing, shipped.timing, "the shipped file spells the defaults out");
    assert_eq!(inventory.safety, shipped.safety, "the shipped file spells the defaults out");
    let node = &inventory.nodes[0];
    assert_eq!((node.ssh.port, node.ssh.user.as_deref(), node.candidate), (None, None, true));
    assert_eq!(node.service.kill, "halt", "what stops it kills it");
    assert_eq!(node.service.start_within, Duration::from_millis(800));
    assert_eq!(node.repository.branch, "main");
}

#[test]
fn a_node_overrides_field_by_field() {
    let inventory = accepted(&format!(
        "{SMALL}  - name: four
    host: \"::1\"
    role: mirror
    candidate: false
    ssh: {{ port: 2222, identity: keys/four }}
    repository: {{ path: /home/four }}
    service: {{ stop: stop-four }}
ssh: {{ user: montana, port: 2200, known_hosts: ~/.ssh/montana }}
safety: {{ lease: off, cool_down: none, max_acts_per_hour: none, quorum: majority, fence: required }}
"
    ));
    let [one, .., four] = inventory.nodes.as_slice() else { panic!("four nodes") };
    assert_eq!((one.ssh.port, four.ssh.port), (Some(2200), Some(2222)));
    assert_eq!(four.ssh.user.as_deref(), Some("montana"));
    assert_eq!(four.ssh.identity.as_deref(), Some(Path::new("/etc/m3m/keys/four")), "starts at the file's directory");
    assert!(four.ssh.known_hosts.as_ref().is_some_and(|path| path.ends_with(".ssh/montana") && path.is_absolute()));
    assert_eq!((four.repository.path.as_str(), four.repository.branch.as_str()), ("/home/four", "main"));
    assert_eq!((four.service.start.as_str(), four.service.kill.as_str()), ("run", "stop-four"));
    assert!(!four.candidate && one.candidate);
    let safety = &inventory.safety;
    assert_eq!((safety.lease, safety.cool_down, safety.max_acts_per_hour), (false, Duration::ZERO, None));
    assert_eq!((safety.quorum, safety.fence), (Quorum::Majority, Fence::Required));
    let lease = |word| accepted(&format!("{SMALL}safety: {{ lease: {word} }}\n")).safety.lease;
    assert_eq!((lease("on"), lease("true"), lease("false"), lease("'off'")), (true, true, false, false));
}

#[test]
fn the_brain_has_a_service_of_its_own_where_the_cell_says_so() {
    assert!(accepted(SMALL).nodes.iter().all(|node| node.brain.is_none()));
    let cell = "brain: { start: think, stop: rest, check: thinks, start_within: 2s }\n";
    let text = SMALL.replace("role: mirror", "role: mirror, brain: { stop: sleep-three }");
    let inventory = accepted(&format!("{text}{cell}"));
    let brain = |index: usize| inventory.nodes[index].brain.as_ref().expect("a service of BRAIN");
    let [one, three] = [brain(0), brain(2)];
    assert_eq!((one.start.as_str(), one.kill.as_str(), one.start_within), ("think", "rest", Duration::from_secs(2)));
    assert_eq!(
        (three.start.as_str(), three.stop.as_str(), three.kill.as_str()),
        ("think", "sleep-three", "sleep-three")
    );
    assert_eq!(inventory.nodes[0].service.start, "run", "the other service is left alone");
}

#[test]
fn a_byte_order_mark_is_no_text() {
    assert_eq!(accepted(&format!("\u{feff}{SMALL}")), accepted(SMALL));
}

/// What a plain word means is the schema's to say, whatever other readers of YAML take it for.
#[test]
fn a_text_may_look_like_something_else() {
    let text = SMALL.replace("host: one.example", "host: ::1, location: 010").replace("start: run", "start: true");
    let inventory = accepted(&text.replace("host: two.example", "host: two.example, location: 1e3"));
    let [one, two, _] = inventory.nodes.as_slice() else { panic!("three nodes") };
    assert_eq!(
        (one.host.as_str(), one.location.as_deref(), two.location.as_deref()),
        ("::1", Some("010"), Some("1e3"))
    );
    assert_eq!(one.service.start, "true");
}

/// Every file of `tests/golden/inventory` is refused, with the text beside it.
#[test]
fn what_is_refused_is_told_exactly() {
    let dir = Path::new("tests/golden/inventory");
    let mut cases: Vec<String> = (std::fs::read_dir(root().join(dir)).expect("the cases"))
        .map(|entry| entry.expect("a case").file_name().into_string().expect("a readable name"))
        .collect();
    cases.sort();
    for case in cases.iter().filter_map(|name| name.strip_suffix(".yaml")) {
        let text = std::fs::read_to_string(root().join(dir).join(format!("{case}.yaml"))).expect("a case");
        let result = parse("inventory.yaml", &text, Path::new("."));
        let error = result.err().unwrap_or_else(|| panic!("{case} is accepted"));
        assert_eq!(error.exit().code(), 3, "{case}");
        check_or_bless(dir.join(format!("{case}.txt")), &error.render());
    }
    let texts = cases.iter().filter_map(|name| name.strip_suffix(".txt"));
    let orphans: Vec<&str> = texts.filter(|text| !cases.contains(&format!("{text}.yaml"))).collect();
    assert!(orphans.is_empty(), "a text without a case: {orphans:?}");
}

/// The fields, required and optional, are in the schema where the shape has them.
#[test]
fn the_schema_is_the_shape() {
    let schema = m3m::core::inventory::file::schema();
    let node = &schema["properties"]["nodes"]["items"];
    assert_eq!(schema["required"], serde_json::json!(["cell", "repository", "service", "nodes"]));
    assert_eq!(node["required"], serde_json::json!(["name", "host", "role"]));
    assert_eq!(schema["properties"]["service"]["required"], serde_json::json!(["start", "stop", "check"]));
    for object in [&schema, node, &node["ssh"], &schema["properties"]["timing"]] {
        assert_ne!(object["additionalProperties"], serde_json::json!(true));
    }
    assert_eq!(schema["properties"]["timing"]["properties"]["misses"]["default"], 2);
}
