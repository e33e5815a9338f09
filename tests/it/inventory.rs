//! The inventory from outside: what is accepted, and how everything else is refused.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use m3m::core::duration;
use m3m::core::inventory::{Fence, Inventory, Quorum};
use m3m::world::inventory_file::{find, load, names, parse};
use proptest::prelude::*;

use crate::generated::check_or_bless;
use crate::support::Home;

/// However hostile a text is, it is judged within this time, also in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const SMALL: &str = "\
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

#[track_caller]
fn accepted(text: &str) -> Inventory {
    parse("inventory.yaml", text, Path::new("/etc/m3m")).unwrap_or_else(|error| panic!("{}\n{text}", error.render()))
}

#[track_caller]
fn refused(path: &Path) -> String {
    let error = load(path).err().unwrap_or_else(|| panic!("{} is accepted", path.display()));
    assert_eq!(error.exit().code(), 3);
    error.render()
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
    assert_eq!((node.ssh.port, node.ssh.user.as_deref(), node.candidate), (22, None, true));
    assert_eq!(node.service.kill, "halt", "what stops it kills it");
    assert_eq!(node.service.start_within, Duration::from_secs(1));
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
    assert_eq!((one.ssh.port, four.ssh.port), (2200, 2222));
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

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let home = Home::new();
    let missing = home.path().join("missing.yaml");
    let shown = missing.display();
    assert_eq!(
        refused(&missing),
        format!("error: cannot read {shown}\n  because: No such file or directory (os error 2)\n")
    );
    let dir = home.path();
    assert_eq!(refused(dir), format!("error: cannot read {}: it is a directory\n", dir.display()));
    assert_eq!(refused(Path::new("/dev/null")), "error: cannot read /dev/null: it is neither a file nor a pipe\n");

    let locked = home.write("locked.yaml", SMALL);
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).expect("its mode");
    if rustix::process::geteuid().is_root() {
        eprintln!("not shown: a file without read permission, because root reads it all the same");
        return;
    }
    let shown = locked.display();
    assert_eq!(refused(&locked), format!("error: cannot read {shown}\n  because: Permission denied (os error 13)\n"));
}

#[test]
fn a_file_that_somebody_else_may_write_is_refused() {
    let home = Home::new();
    let file = home.write("inventory.yaml", SMALL);
    let shown = file.display();
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its mode");
    mode(0o646);
    assert_eq!(
        refused(&file),
        format!(
            "error: {shown} may be written by everybody (mode 646)\nhint: it holds commands that m3m runs: chmod o-w {shown}\n"
        )
    );
    mode(0o644);
    load(&file).expect("readable by everybody, writable by its owner");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&file, Some(1), Some(1)).expect("give it away");
        assert!(refused(&file).contains("belongs to uid 1, neither to you nor to root"));
        std::os::unix::fs::chown(&file, Some(0), Some(1)).expect("take it back, with another group");
        mode(0o664);
        assert!(
            refused(&file)
                .contains("may be written by its group (mode 664)\nhint: it holds commands that m3m runs: chmod g-w")
        );
    } else {
        eprintln!("not shown: a file of another owner or group, which only root can make");
    }
}

#[test]
fn a_file_that_is_no_text_or_too_large_is_refused() {
    let home = Home::new();
    let latin = home.write("latin.yaml", b"cell: montana\n# M\xfcnchen\n");
    assert_eq!(
        refused(&latin),
        format!("error: {}:2: not UTF-8: byte 0xfc at offset 17\nhint: save the file as UTF-8\n", latin.display())
    );
    let large = home.write("large.yaml", "# 10 MB\n".repeat(10 << 17));
    let text = refused(&large);
    assert!(text.starts_with(&format!("error: {} is larger than 1 MiB\n", large.display())), "{text}");
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let home = Home::new();
    let pipe = home.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .expect("a named pipe");
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, SMALL)
    });
    let inventory = load(&pipe).unwrap_or_else(|error| panic!("{}", error.render()));
    assert_eq!(inventory.nodes.len(), 3);
    writer.join().expect("the writer").expect("the pipe is read to its end");
}

#[test]
fn the_inventory_is_found_where_documented() {
    let home = Home::new();
    let named = home.write("named.yaml", SMALL);
    let env = home.write("env.yaml", SMALL);
    assert_eq!(find(Some(&named), Some(env.as_os_str())).expect("-i wins"), named);
    assert_eq!(find(None, Some(env.as_os_str())).expect("the variable"), env);
    let missing = home.path().join("missing.yaml");
    for (result, by) in [(find(Some(&missing), None), "-i"), (find(None, Some(missing.as_os_str())), "M3M_INVENTORY")] {
        let text = result.expect_err("a named file must be there").render();
        let first = format!("error: cannot find the inventory {}, named by {by}\n", missing.display());
        assert!(text.starts_with(&first), "{text}");
    }
}

#[test]
fn names_are_offered_from_a_broken_inventory() {
    let home = Home::new();
    let broken = home.write("broken.yaml", format!("{SMALL}  - {{ name: four, host\n nonsense: [\n"));
    assert_eq!(names(&broken)[..3], ["one", "two", "three"]);
    assert!(names(&home.path().join("missing")).is_empty());
    assert!(names(Path::new("/dev/zero")).is_empty());
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

/// One MiB of the worst that a YAML parser can be given is judged quickly.
#[test]
fn hostile_texts_are_judged_quickly() {
    let fill = |unit: &str| unit.repeat((1 << 20) / unit.len());
    let keys: String = (0..9_000).map(|index| format!("key{index}: 1\n")).collect();
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
        misses in 1..=u32::MAX,
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
            prop_assert_eq!(node.ssh.port, port);
            prop_assert_eq!(inventory.mirror_rank(&node.name), (index >= 2).then(|| index - 1));
        }
    }
}
