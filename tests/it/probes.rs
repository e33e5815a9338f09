//! The probe as nodes run it: the real script under the shells that nodes have, in repositories of every state.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use m3m::core::inventory::Inventory;
use m3m::core::probe::{self, Facts, RepositoryState, ServiceState};
use m3m::core::reading;
use m3m::world::inventory_file;

use crate::support::{Home, finish, skipped};

/// Shells that are a node's login shell, as commands that take `-c`.
pub const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

/// Login shells that are no `sh`.
pub const OTHER_SHELLS: [&[&str]; 3] = [&["zsh"], &["fish"], &["tcsh"]];

fn inventory(path: &Path, check: &str) -> Inventory {
    let text = format!(
        "cell: t\nrepository: {{ path: '{}' }}\nservice: {{ start: a, stop: b, check: {check:?} }}\nnodes:\n\
         - {{ name: p, host: a, role: primary }}\n- {{ name: b, host: b, role: brain }}\n- {{ name: m, host: c, role: mirror }}\n",
        path.display()
    );
    inventory_file::parse("test", &text, Path::new("/")).unwrap_or_else(|error| panic!("{}", error.render()))
}

/// Runs the probe's command line under a login shell and reads the answer.
fn probe_under(shell: &[&str], home: &Home, repository: &Path, check: &str, path: Option<&str>) -> Facts {
    let inventory = inventory(repository, check);
    let line = probe::command(&inventory.nodes[0], Duration::from_secs(2));
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg("-c").arg(line).env("HOME", home.path()).env("GIT_CONFIG_NOSYSTEM", "1");
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let finished = finish(&mut command);
    reading::read(finished.stdout.as_bytes(), finished.stderr.as_bytes(), finished.status.code())
        .unwrap_or_else(|silence| panic!("{shell:?}: {silence}\n{finished}"))
}

/// The same under every shell of this machine; they must agree.
fn probe(home: &Home, repository: &Path, check: &str) -> Facts {
    probe_with(&SHELLS, home, repository, check)
}

fn probe_with(shells: &[&[&str]], home: &Home, repository: &Path, check: &str) -> Facts {
    let mut answers = Vec::new();
    for shell in shells {
        if Command::new(shell[0]).arg("--help").output().is_err() {
            skipped(&format!("there is no {}", shell[0]));
            continue;
        }
        let facts = probe_under(shell, home, repository, check, None);
        assert!(facts.complete && facts.clock.is_some(), "{shell:?}: {facts:?}");
        answers.push((facts.repository.clone(), facts.service, facts));
    }
    assert!(answers.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1), "{answers:?}");
    answers.pop().expect("one shell at least").2
}

pub fn git(home: &Home, dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(args).env("HOME", home.path()).env("GIT_CONFIG_NOSYSTEM", "1");
    for (name, value) in [("AUTHOR", "t"), ("COMMITTER", "t")] {
        command.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), "t@example.org");
    }
    let finished = finish(&mut command);
    finished.assert_code(0);
    finished.stdout.trim().to_owned()
}

/// A repository with two commits on main.
pub fn repository(home: &Home) -> std::path::PathBuf {
    let path = home.path().join("work tree");
    std::fs::create_dir(&path).expect("a directory");
    git(home, &path, &["init", "-q", "-b", "main"]);
    for message in ["one", "two"] {
        git(home, &path, &["commit", "-q", "--allow-empty", "-m", message]);
    }
    path
}

#[test]
fn a_work_tree() {
    let home = Home::new();
    let path = repository(&home);
    home.write("work tree/a", "1");
    home.write("work tree/b\nwith a line break", "2");
    let facts = probe(&home, &path, "true");
    let found = facts.repository().expect("a repository");
    assert_eq!((found.branch.as_deref(), found.uncommitted, found.bare), (Some("main"), Some(2), false));
    assert_eq!(found.commits.len(), 2);
    assert_eq!(found.commits[0].id, git(&home, &path, &["rev-parse", "HEAD"]));
    assert_eq!(found.commits[0].parents, vec![found.commits[1].id.clone()]);
    assert!(facts.disk.is_some_and(|room| room.free > 0 && room.total > room.free));
    assert_eq!(facts.service, ServiceState::Runs);
}

/// csh breaks at a line's end between quotes and sees history in a `!`; fish sees escapes in a backslash.
#[test]
fn login_shells_that_are_no_sh() {
    let home = Home::new();
    let path = repository(&home);
    let facts = probe_with(&[&OTHER_SHELLS[..], &SHELLS[..1]].concat(), &home, &path, "! test 'a\\b' = \"it's!x\"\n");
    assert_eq!((facts.service, facts.complete), (ServiceState::Runs, true));
}

#[test]
fn the_states_of_a_repository() {
    let home = Home::new();
    let path = repository(&home);

    git(&home, &path, &["checkout", "-q", "--detach"]);
    let detached = probe(&home, &path, "true");
    assert_eq!(detached.repository().map(|found| (found.branch.clone(), found.commits.len())), Some((None, 2)));

    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).expect("a directory");
    git(&home, &empty, &["init", "-q", "-b", "main"]);
    home.write("empty/x", "");
    let facts = probe(&home, &empty, "true");
    let found = facts.repository().expect("a repository");
    assert_eq!((found.commits.len(), found.branch.as_deref(), found.uncommitted), (0, Some("main"), Some(1)));

    let bare = home.path().join("bare");
    git(&home, home.path(), &["clone", "-q", "--bare", "work tree", "bare"]);
    let facts = probe(&home, &bare, "true");
    assert_eq!(facts.repository().map(|found| (found.bare, found.uncommitted)), Some((true, None)));

    let missing = probe(&home, &home.path().join("nowhere"), "true").repository;
    assert!(matches!(&missing, RepositoryState::Unusable(said) if said.contains("cannot change to")), "{missing:?}");

    std::fs::create_dir(path.join("below")).expect("a directory");
    assert_eq!(probe(&home, &path.join("below"), "true").repository, RepositoryState::Inside("below/".to_owned()));

    std::fs::write(path.join(".git/index"), "broken").expect("break the index");
    let broken = probe(&home, &path, "true");
    assert_eq!(broken.repository().map(|found| found.uncommitted), Some(None), "no count is better than a wrong one");
}

#[test]
fn a_term_is_reported() {
    let home = Home::new();
    let path = repository(&home);
    let json = r#"{ "term": 3, "cell": "c", "primary": "p", "brain": "b", "members": [],
"at": "2026-11-22T03:00:00Z" }
"#;
    let term = home.write("work tree/term.json", json);
    git(&home, &path, &["add", "term.json"]);
    let tree = git(&home, &path, &["write-tree"]);
    let commit = git(&home, &path, &["commit-tree", "-m", "term 3", &tree]);
    git(&home, &path, &["update-ref", "refs/m3m/term", &commit]);
    git(&home, &path, &["rm", "-q", "--cached", "term.json"]);
    std::fs::remove_file(term).expect("remove the file");
    let held = probe(&home, &path, "true").term.expect("a term");
    assert_eq!(held.commit, commit);
    assert_eq!(held.record.map(|record| (record.term, record.primary.to_string())), Some((3, "p".to_owned())));
}

#[test]
fn the_service_check() {
    let home = Home::new();
    let path = repository(&home);
    assert_eq!(probe(&home, &path, "exit 3").service, ServiceState::Stopped(3));
    assert_eq!(probe(&home, &path, "no-such-command-at-all").service, ServiceState::CheckFails(127));
    assert_eq!(probe(&home, &path, "echo m3m-end; echo 'service 0'; exit 1").service, ServiceState::Stopped(1));
    // A check that hangs is ended with all that it started; a length of its own tells its processes from others'.
    let sleep = format!("sleep {}.25", 100_000 + std::process::id());
    assert_eq!(probe(&home, &path, &format!("{sleep} && true; {sleep} | cat")).service, ServiceState::NoAnswer);
    let listed = finish(Command::new("ps").args(["-A", "-o", "args"])).stdout;
    assert!(!listed.lines().any(|line| line == sleep), "{listed}");
}

#[test]
fn a_node_without_git() {
    let home = Home::new();
    let tools = home.path().join("tools");
    std::fs::create_dir(&tools).expect("a directory");
    for tool in ["sh", "date", "df", "sleep", "head", "tr", "wc", "cat"] {
        let place = ["/bin", "/usr/bin"].iter().map(|dir| Path::new(dir).join(tool)).find(|path| path.exists());
        std::os::unix::fs::symlink(place.expect("a POSIX tool"), tools.join(tool)).expect("a link");
    }
    let path = tools.to_str().expect("UTF-8");
    let facts = probe_under(&["/bin/sh"], &home, home.path(), "true", Some(path));
    assert_eq!((facts.repository, facts.service), (RepositoryState::GitMissing, ServiceState::Runs));
}
