//! House rules as tests: who may import whom, how long a file may be, what may not be left behind.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{finish, skipped};

/// No file that is written is longer: one that is has two reasons to change.
const LINES_MAX: usize = 350;

/// What is generated, and may be as long as it comes.
const GENERATED: [&str; 5] = ["Cargo.lock", "completions", "man", "schema", "tests/golden"];

/// The import law: a module, and the modules of ours that it may not name. What is not listed is allowed.
const LAW: [(&str, &[&str]); 7] = [
    ("src/commands", &["cli"]),
    ("src/core", &["cell", "cli", "commands", "error", "lab", "view", "world"]),
    ("src/world", &["cell", "cli", "commands", "lab", "view"]),
    ("src/cell", &["cli", "commands", "lab", "view"]),
    ("src/view", &["cell", "cli", "commands", "lab", "world"]),
    ("src/lab", &["cell", "cli", "commands", "view"]),
    ("src/error.rs", &["cell", "cli", "commands", "core", "lab", "view", "world"]),
];

/// The same for crates and for what touches the outside: whose home it is, and nobody else's.
const HOMES: [(&str, &[&str]); 15] = [
    ("ssh2::", &["src/world/ssh"]),
    ("git2::", &["src/world/git.rs"]),
    ("russh::", &["src/lab"]),
    ("serde_yaml::", &["src/view/structured.rs"]),
    ("saphyr_parser::", &["src/world/yaml.rs"]),
    ("comfy_table::", &["src/view"]),
    ("indicatif::", &["src/view"]),
    ("textwrap::", &["src/view"]),
    ("console::", &["src/view"]),
    ("dialoguer::", &["src/commands/consent.rs", "src/commands/init"]),
    ("color_eyre::", &["src/main.rs"]),
    ("clap::", &["src/cli.rs", "src/main.rs", "src/commands", "src/view/mod.rs"]),
    ("std::env::", &["src/world", "src/commands", "src/view/mod.rs", "src/lab"]),
    ("std::fs", &["src/world", "src/lab"]),
    ("std::process", &["src/main.rs", "src/world", "src/lab", "src/commands/lab.rs"]),
];

/// What a pure core has no use for.
const NOT_IN_CORE: [&str; 9] = [
    "tokio::",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "Instant::now",
    "Timestamp::now",
    "async fn",
];

/// Words that are not left behind, put together here so that this file does not name them.
fn left_behind() -> Vec<String> {
    ["TO|DO", "FIX|ME", "XX|X", "todo|!(", "unimplemented|!(", "dbg|!(", "#[ign|ore"]
        .map(|word| word.replace('|', ""))
        .into()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a directory, with its path from the root and its text.
fn rust_files(dir: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut ahead = vec![root().join(dir)];
    while let Some(dir) = ahead.pop() {
        for entry in std::fs::read_dir(&dir).expect("a directory of the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                ahead.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("below the root").display().to_string();
                files.push((name, std::fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    assert!(!files.is_empty(), "no sources below {dir}");
    files
}

/// The code of a file: without comments and without its unit tests.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_below(name: &str, home: &str) -> bool {
    name == home || name.starts_with(&format!("{home}/"))
}

#[test]
fn modules_import_only_what_the_law_allows() {
    let mut broken = Vec::new();
    for (name, text) in rust_files("src") {
        let code = code(&text);
        for (_, forbidden) in LAW.iter().filter(|(home, _)| is_below(&name, home)) {
            broken.extend(
                forbidden
                    .iter()
                    .filter(|module| code.contains(&format!("crate::{module}")))
                    .map(|module| format!("{name} names {module}")),
            );
        }
        for (word, homes) in HOMES {
            if names(&code, word) && !homes.iter().any(|home| is_below(&name, home)) {
                broken.push(format!("{name} uses {word}, at home in {}", homes.join(", ")));
            }
        }
        if is_below(&name, "src/core") {
            broken.extend(
                NOT_IN_CORE.iter().filter(|word| code.contains(**word)).map(|word| format!("{name} uses {word}")),
            );
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Whether the code names a path, and not merely another one that ends in it.
fn names(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.match_indices(word).any(|(at, _)| !code[..at].chars().next_back().is_some_and(is_part))
}

#[test]
fn the_law_notices_what_it_forbids() {
    assert!(names("use git2::Repository;", "git2::") && !names("use libgit2::x;", "git2::"));
    assert!(!code("let a = 1;\n// ssh2::Session\n#[cfg(test)]\nmod tests { use std::fs; }").contains("ssh2"));
    assert!(is_below("src/core/name.rs", "src/core") && !is_below("src/corer/x.rs", "src/core"));
}

/// Every text file of the repository, with its path from the root and its text; none, aloud, outside of a git repository.
fn text_files() -> Vec<(String, String)> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    if !root().join(".git").exists() {
        skipped("this is no git repository");
        return Vec::new();
    }
    let listed = finish(Command::new("git").args(list).current_dir(root()));
    listed.assert_code(0);
    let read = |name: &str| Some((name.to_owned(), std::fs::read_to_string(root().join(name)).ok()?));
    let files: Vec<_> = listed.stdout.split_terminator('\0').filter_map(read).collect();
    assert!(files.iter().any(|(name, _)| name == "README.md"), "a README stands at the top");
    files
}

/// The text files in which a word stands, with the word.
fn found(words: &[String]) -> Vec<String> {
    let words_of = |(name, text): (String, String)| {
        let words = words.iter().filter(|word| text.contains(word.as_str()));
        words.map(|word| format!("{name}: {word}")).collect::<Vec<_>>()
    };
    text_files().into_iter().flat_map(words_of).collect()
}

#[test]
fn no_file_is_too_long() {
    let is_written = |name: &str| !GENERATED.iter().any(|home| is_below(name, home));
    let long: Vec<String> = (text_files().into_iter())
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(name, lines)| *lines > LINES_MAX && is_written(name))
        .map(|(name, lines)| format!("{name}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn nothing_is_left_behind() {
    let found = found(&left_behind());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The repository speaks of itself alone: no paths of a machine that it happened to be built on.
#[test]
fn no_paths_of_one_machine() {
    let found = found(&[["/ro", "ot/"].concat()]);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_test_file_is_a_module() {
    let main = std::fs::read_to_string(root().join("tests/it/main.rs")).expect("the test binary's root");
    for (name, _) in rust_files("tests/it") {
        let Some(stem) = name.strip_prefix("tests/it/").and_then(|name| name.strip_suffix(".rs")) else { continue };
        let is_module = stem == "main" || stem.contains('/') || main.contains(&format!("mod {stem};"));
        assert!(is_module, "{name} is not a module of tests/it/main.rs, so its tests do not run");
    }
}

#[test]
fn scripts_for_nodes_are_plain_sh() {
    for entry in std::fs::read_dir(root().join("src/scripts")).expect("the scripts") {
        let path = entry.expect("an entry").path();
        for shell in ["sh", "dash", "bash", "busybox"] {
            let mut check = Command::new(shell);
            if shell == "busybox" {
                check.arg("sh");
            }
            match check.arg("-n").arg(&path).output() {
                Ok(output) => assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr)),
                Err(_) => skipped(&format!("there is no {shell}")),
            }
        }
    }
}

/// Licences that code under MIT OR Apache-2.0 may be shipped with.
const LICENCES: [&str; 13] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    "0BSD",
    "MIT-0",
    "BSL-1.0",
];

#[test]
fn every_dependency_has_a_licence_and_a_rust_version_that_fit() {
    // Only what is built here: the packages of other platforms need not have been downloaded.
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let about = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    assert!(packages.len() > 50, "the whole tree is listed");
    let mut misfits = BTreeSet::new();
    let ours = version(env!("CARGO_PKG_RUST_VERSION"));
    for package in packages {
        let rust = package["rust_version"].as_str().map_or(ours, version);
        assert!(rust <= ours, "{} needs a newer Rust than Cargo.toml states", package["name"]);
        let licence = package["license"].as_str().unwrap_or("none");
        if !fits(licence) {
            misfits.insert(format!("{}: {licence}", package["name"].as_str().unwrap_or("?")));
        }
    }
    assert!(misfits.is_empty(), "{misfits:#?}");
}

/// Major and minor of a version of Rust.
fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().expect("a version in numbers"));
    (parts.next().expect("a major version"), parts.next().expect("a minor version"))
}

/// Whether an SPDX expression leaves a way to fit: any side of an OR, every side of an AND.
fn fits(expression: &str) -> bool {
    // `/` is the old way of writing OR. No expression in the tree nests an OR in an AND without parentheses.
    let expression = expression.replace('/', " OR ");
    if let Some((left, right)) = split_top(&expression, " AND ") {
        return fits(left) && fits(right);
    }
    if let Some((left, right)) = split_top(&expression, " OR ") {
        return fits(left) || fits(right);
    }
    let trimmed = expression.trim();
    match trimmed.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => fits(inner),
        None => LICENCES.contains(&trimmed),
    }
}

/// Splits at the first operator outside parentheses.
fn split_top<'a>(expression: &'a str, operator: &str) -> Option<(&'a str, &'a str)> {
    let at = expression.match_indices(operator).map(|(at, _)| at).find(|at| {
        let before = &expression[..*at];
        before.matches('(').count() == before.matches(')').count()
    })?;
    Some((&expression[..at], &expression[at + operator.len()..]))
}

#[test]
fn licence_expressions() {
    assert!(fits("MIT OR Apache-2.0") && fits("MIT/Apache-2.0") && fits("(MIT OR GPL-3.0) AND Unicode-3.0"));
    assert!(!fits("GPL-3.0") && !fits("MIT AND GPL-3.0") && !fits("none"));
}
