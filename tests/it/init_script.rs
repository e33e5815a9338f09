//! Making a repository ready as nodes do it: the real script under the shells that nodes have, in places of every kind.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use m3m::core::step::{self, Address, Answer, Aside, Mode, NotAfter, Part, Refusal};
use m3m::world::inventory_file;

use crate::probes::{SHELLS, git, repository};
use crate::support::{Home, finish, skipped};

/// A user who owns nothing.
const NOBODY: u32 = 65_534;
const ALL: [Part; 3] = [Part::Repository, Part::Commit, Part::Name];

/// Runs the step under a shell for the node p of the cell t.
fn run(shell: &[&str], home: &Home, path: &Path, mode: Mode, nobody: bool) -> Answer {
    let text = format!(
        "cell: t\nrepository: {{ path: \"{}\" }}\nservice: {{ start: a, stop: b, check: c }}\nnodes:\n\
         - {{ name: p, host: a, role: primary }}\n- {{ name: b, host: b, role: brain }}\n- {{ name: m, host: c, role: mirror }}\n",
        path.display()
    );
    let inventory = inventory_file::parse("test", &text, Path::new("/")).expect("an inventory");
    let not_after = NotAfter::default();
    let address = Address { node: &inventory.nodes[0], cell: &inventory.cell, not_after: &not_after };
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg("-c").arg(step::init(address, mode)).env_clear();
    command.env("PATH", std::env::var_os("PATH").expect("a PATH")).env("HOME", home.path()).current_dir("/");
    command.env("GIT_CONFIG_NOSYSTEM", "1");
    if nobody && rustix::process::getuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let finished = finish(&mut command);
    assert!(finished.stderr.is_empty(), "{shell:?}: {finished}");
    let answer = step::read(finished.stdout.as_bytes(), b"", finished.status.code()).expect("an answer");
    assert!(answer.complete, "{shell:?}: {finished}");
    answer
}

fn look(home: &Home, path: &Path) -> Answer {
    run(&["sh"], home, path, Mode::Look, false)
}

fn make(home: &Home, path: &Path) -> Answer {
    run(&["sh"], home, path, Mode::Make, false)
}

fn refusal(home: &Home, path: &Path) -> Refusal {
    let before = tree(home.path());
    let looked = look(home, path).refused.expect("a refusal");
    assert_eq!(make(home, path).refused.as_ref(), Some(&looked));
    assert_eq!(tree(home.path()), before, "nothing is touched");
    looked
}

/// Every path below a directory with its content.
pub fn tree(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.push((path.clone(), Vec::new()));
            found.extend(tree(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_missing_is_made_alike_under_every_shell() {
    let mut heads = Vec::new();
    for shell in SHELLS {
        if Command::new(shell[0]).arg("--help").output().is_err() {
            skipped(&format!("there is no {}", shell[0]));
            continue;
        }
        let home = Home::new();
        // The node's user may have hooks for new repositories, and no name for commits.
        home.write("templates/hooks/post-commit", "");
        home.write(
            ".gitconfig",
            "[init]\n\ttemplateDir = ~/templates\n\tdefaultBranch = trunk\n[commit]\n\tgpgSign = true\n",
        );
        let path = home.path().join("srv/deep/it's here");
        let looked = run(shell, &home, &path, Mode::Look, false);
        assert_eq!((looked.made.needs.as_slice(), path.exists()), (ALL.as_slice(), false), "{shell:?}");
        let made = run(shell, &home, &path, Mode::Make, false);
        assert_eq!((made.made.did.as_slice(), made.refused), (ALL.as_slice(), None), "{shell:?}");
        assert_eq!(run(shell, &home, &path, Mode::Make, false).made, step::Made::default(), "twice");

        assert_eq!(git(&home, &path, &["config", "m3m.node"]), "p");
        assert_eq!(git(&home, &path, &["config", "m3m.cell"]), "t");
        assert_eq!(git(&home, &path, &["symbolic-ref", "HEAD"]), "refs/heads/main");
        assert_eq!(git(&home, &path, &["status", "--porcelain"]), "");
        assert!(!path.join(".git/hooks").exists(), "no hooks of a template");
        git(&home, &path, &["fsck", "--strict"]);
        heads.push(git(&home, &path, &["rev-parse", "HEAD"]));
    }
    assert!(!heads.is_empty() && heads.iter().all(|head| *head == heads[0]), "{heads:?}");
}

#[test]
fn a_repository_with_a_history_is_only_named() {
    let home = Home::new();
    let path = repository(&home);
    std::fs::write(path.join("staged"), "1").expect("a file");
    git(&home, &path, &["add", "staged"]);
    std::fs::write(path.join("untracked"), "2").expect("a file");
    std::fs::write(path.join(".git/hooks/reference-transaction"), "#!/bin/sh\nexit 1\n").expect("a hook");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path.join(".git/hooks/reference-transaction"), mode).expect("its mode");
    let (before, head) = (git(&home, &path, &["status", "--porcelain"]), git(&home, &path, &["rev-parse", "HEAD"]));
    assert_eq!(look(&home, &path).made.needs, [Part::Name]);
    assert_eq!(make(&home, &path).made.did, [Part::Name]);
    assert_eq!(git(&home, &path, &["status", "--porcelain"]), before);
    assert_eq!(git(&home, &path, &["rev-parse", "HEAD"]), head);
    assert_eq!(make(&home, &path).made, step::Made::default());
}

#[test]
fn a_repository_without_a_commit_gets_the_first_one_and_keeps_its_files() {
    let home = Home::new();
    let path = home.path().join("by-hand");
    std::fs::create_dir(&path).expect("a directory");
    git(&home, &path, &["init", "-q", "-b", "main"]);
    std::fs::write(path.join("file"), "1").expect("a file");
    git(&home, &path, &["add", "file"]);
    assert_eq!(make(&home, &path).made.did, [Part::Commit, Part::Name]);
    assert_eq!(git(&home, &path, &["status", "--porcelain"]), "A  file");
}

#[test]
fn another_branch_is_told_and_left() {
    let home = Home::new();
    let path = home.path().join("trunk");
    std::fs::create_dir(&path).expect("a directory");
    git(&home, &path, &["init", "-q", "-b", "trunk"]);
    let made = make(&home, &path).made;
    assert_eq!((made.branch.as_deref(), made.did.as_slice()), (Some("trunk"), [Part::Name].as_slice()));
    assert_eq!(git(&home, &path, &["for-each-ref"]), "");
}

#[test]
fn a_place_that_is_taken_is_refused_and_left() {
    let home = Home::new();
    let below = |name: &str| home.path().join(name);
    home.write("files/photo.jpg", "");
    assert_eq!(refusal(&home, &below("files")), Refusal::Occupied("photo.jpg".to_owned()));
    assert_eq!(refusal(&home, &below("files/photo.jpg")), Refusal::Occupied(String::new()));
    let file = below("files/photo.jpg").display().to_string();
    assert_eq!(refusal(&home, &below("files/photo.jpg/deep/er")), Refusal::Occupied(file));

    git(&home, home.path(), &["init", "-q", "--bare", "bare.git"]);
    assert_eq!(refusal(&home, &below("bare.git")), Refusal::Bare);

    let outer = repository(&home);
    std::fs::create_dir(outer.join("inner")).expect("a directory");
    let top = outer.canonicalize().expect("a path").display().to_string();
    for inner in ["inner", "inner/to/be"] {
        match refusal(&home, &outer.join(inner)) {
            Refusal::Inside(told) => assert!(told.starts_with(&top), "{told}"),
            other => panic!("{other}"),
        }
    }
    home.write("torn/.git/HEAD", "nonsense");
    assert!(matches!(refusal(&home, &below("torn")), Refusal::Repository(_)));
}

#[test]
fn another_identity_is_never_replaced() {
    let home = Home::new();
    let path = repository(&home);
    for (node, cell) in [("q", "t"), ("p", "other")] {
        git(&home, &path, &["config", "m3m.node", node]);
        git(&home, &path, &["config", "m3m.cell", cell]);
        let other = Refusal::Identity { node: node.to_owned(), cell: cell.to_owned() };
        assert_eq!(refusal(&home, &path), other);
        assert_eq!(run(&["sh"], &home, &path, Mode::Repair, false).refused, Some(other));
    }
    git(&home, &path, &["config", "m3m.node", "no name"]);
    git(&home, &path, &["config", "m3m.cell", "t"]);
    assert_eq!(refusal(&home, &path), Refusal::Misnamed("no name".to_owned()));
    assert_eq!(run(&["sh"], &home, &path, Mode::Repair, false).made.did, [Part::Name]);
    git(&home, &path, &["config", "--unset", "m3m.node"]);
    assert_eq!(make(&home, &path).made.did, [Part::Name], "half a name is completed");
    assert_eq!(git(&home, &path, &["config", "m3m.node"]), "p");
}

#[test]
fn where_the_user_may_not_write_that_is_told() {
    let home = Home::new();
    let (mine, path) = (home.path().join("mine"), repository(&home));
    std::fs::create_dir(&mine).expect("a directory");
    let closed = std::fs::Permissions::from_mode(0o555);
    for dir in [&mine, &path.join(".git")] {
        std::fs::set_permissions(dir, closed.clone()).expect("its mode");
    }
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(home.path(), open.clone()).expect("a way in");
    let asked = |path: &Path| run(&["sh"], &home, path, Mode::Make, true).refused;
    let unwritable = |path: &Path| Some(Refusal::Unwritable(path.display().to_string()));
    assert_eq!(asked(&mine), unwritable(&mine));
    assert_eq!(asked(&mine.join("a/b")), unwritable(&mine));
    match asked(&path) {
        // For another user git has a reason of its own.
        Some(Refusal::Repository(why)) => assert!(why.contains("dubious ownership"), "{why}"),
        other => assert_eq!(other, unwritable(&path.join(".git"))),
    }
    if rustix::process::getuid().is_root() {
        chown(&mine, Some(NOBODY), Some(NOBODY)).expect("another owner");
        std::fs::set_permissions(&mine, open).expect("its mode");
        assert_eq!(run(&["sh"], &home, &mine.join("a/b"), Mode::Make, true).made.did, ALL);
    }
}

#[test]
fn a_term_that_cannot_be_read_is_told_and_set_aside_when_asked() {
    let home = Home::new();
    let path = repository(&home);
    make(&home, &path);
    let repair = || run(&["sh"], &home, &path, Mode::Repair, false).made.aside;
    assert_eq!(repair(), None, "nothing to repair");

    let file = path.join(".git/refs/m3m/term");
    std::fs::create_dir_all(file.parent().expect("a directory")).expect("its directory");
    let missing = "1".repeat(40);
    for raw in ["garbage", missing.as_str()] {
        std::fs::write(&file, format!("{raw}\n")).expect("a damaged reference");
        assert!(make(&home, &path).made.damaged.is_some_and(|why| why.contains("refs/m3m/term")), "{raw}");
        assert!(file.exists(), "it is left alone unless asked");
        assert_eq!(repair(), Some(Aside::Dropped(raw.to_owned())));
        assert_eq!(make(&home, &path).made, step::Made::default());
    }

    let head = git(&home, &path, &["rev-parse", "HEAD"]);
    git(&home, &path, &["update-ref", "refs/m3m/term", &head]);
    assert!(make(&home, &path).made.damaged.is_some_and(|why| why.contains("term.json")));
    let Some(Aside::Kept(reference)) = repair() else { panic!("it is kept") };
    assert_eq!(git(&home, &path, &["rev-parse", &reference]), head);
    assert_eq!(git(&home, &path, &["for-each-ref", "refs/m3m/term"]), "");
}

#[test]
fn two_at_once_make_one_repository() {
    let home = Home::new();
    let path = home.path().join("raced");
    let made: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| make(&home, &path))).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    assert!(made.iter().all(|answer| answer.refused.is_none()), "{made:?}");
    assert_eq!(make(&home, &path).made, step::Made::default());
    assert_eq!(git(&home, &path, &["rev-list", "--all", "--count"]), "1");
}
