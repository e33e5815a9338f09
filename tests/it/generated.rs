//! Files that are generated and checked in: compared byte by byte. `M3M_BLESS=1 cargo test` writes them anew.

use std::path::{Path, PathBuf};

/// Compares a checked-in file with what is generated now, or writes it where `M3M_BLESS` is set.
/// `path` starts at the repository's root.
#[track_caller]
pub fn check_or_bless(path: impl AsRef<Path>, content: &str) {
    let path = path.as_ref();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("M3M_BLESS").is_some_and(|bless| !bless.is_empty()) {
        std::fs::create_dir_all(file.parent().expect("a file in a directory")).expect("its directory");
        std::fs::write(&file, content).expect("write the generated file");
        return;
    }
    let present = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = present.lines().zip(content.lines()).position(|(present, content)| present != content);
    let line = differs.unwrap_or_else(|| present.lines().count().min(content.lines().count()));
    assert!(
        present == content,
        "{} is not what is generated now, from line {}:\n- {}\n+ {}\nM3M_BLESS=1 cargo test writes it anew",
        path.display(),
        line + 1,
        present.lines().nth(line).unwrap_or("(end)"),
        content.lines().nth(line).unwrap_or("(end)"),
    );
}

#[test]
fn the_inventory_schema() {
    let schema = m3m::core::inventory::file::schema();
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    check_or_bless("schema/inventory.schema.json", &format!("{text}\n"));
}
