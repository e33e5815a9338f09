//! The check as nodes run it: the real script under the shells that nodes have, in work trees of every state. It leaves
//! nothing behind.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use m3m::core::inventory::Node;
use m3m::core::readiness::{Answer, Sudo, command, read};
use m3m::world::inventory_file;

use crate::probes::{OTHER_SHELLS, SHELLS, git, repository};
use crate::support::{Home, finish, skipped, until};

/// A user who owns nothing.
const NOBODY: u32 = 65_534;

/// A node in a test: its work tree, and the first lines of its service.
struct Ground {
    home: Home,
    tree: PathBuf,
    start: &'static str,
    nobody: bool,
    /// The time for the answer.
    time: Duration,
}

impl Ground {
    fn new() -> Self {
        let home = Home::new();
        let tree = repository(&home);
        Self { home, tree, start: "run --now", nobody: false, time: Duration::from_secs(60) }
    }

    fn starting(start: &'static str) -> Self {
        Self { start, ..Self::new() }
    }

    /// A program on the node.
    fn tool(&self, name: &str, script: &str) {
        let path = self.home.write(&format!("tools/{name}"), format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    }

    fn node(&self) -> Node {
        let text = format!(
            "cell: t\nrepository: {{ path: '{}' }}\nservice: {{ start: {:?}, stop: 'halt! && x', check: 'true' }}\n\
             nodes:\n- {{ name: p, host: a, role: primary }}\n- {{ name: b, host: b, role: brain }}\n\
             - {{ name: m, host: c, role: mirror }}\n",
            self.tree.display(),
            self.start,
        );
        let inventory = inventory_file::parse("test", &text, Path::new("/"));
        inventory.unwrap_or_else(|error| panic!("{}", error.render())).nodes.remove(0)
    }

    fn ask_under(&self, shell: &[&str]) -> Answer {
        let tools = self.home.path().join("tools");
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a PATH"));
        let mut asked = Command::new(shell[0]);
        asked.args(&shell[1..]).arg("-c").arg(command(&self.node(), self.time));
        asked.env("HOME", self.home.path()).env("GIT_CONFIG_NOSYSTEM", "1").env("PATH", path).current_dir("/");
        if self.nobody && rustix::process::getuid().is_root() {
            asked.uid(NOBODY).gid(NOBODY);
        }
        let finished = finish(&mut asked);
        let answer = read(finished.stdout.as_bytes());
        assert!(answer.complete, "{shell:?}: {finished}");
        Answer { login_shell: None, ..answer }
    }

    /// The answer under every shell of this machine; they must agree, and leave the node as it was.
    #[track_caller]
    fn ask(&self) -> Answer {
        self.ask_with(&SHELLS)
    }

    #[track_caller]
    fn ask_with(&self, shells: &[&[&str]]) -> Answer {
        let before = listing(&self.tree);
        let mut answers: Vec<Answer> = Vec::new();
        for shell in shells {
            if Command::new(shell[0]).arg("--help").output().is_err() {
                skipped(&format!("there is no {}", shell[0]));
                continue;
            }
            answers.push(self.ask_under(shell));
            assert_eq!(listing(&self.tree), before, "{shell:?} leaves nothing behind");
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        answers.pop().expect("one shell at least")
    }
}

/// Every path below a directory, with what stands in it.
fn listing(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(listing(&path));
        }
        let content = std::fs::read(&path).unwrap_or_default();
        found.insert(path, content);
    }
    found
}

fn writes(answer: &Answer) -> Vec<&str> {
    answer.writes.iter().map(String::as_str).collect()
}

#[test]
fn a_node_that_lacks_nothing() {
    let ground = Ground::new();
    ground.tool("run", "exit 1");
    ground.tool("halt!", "exit 1");
    let answer = ground.ask_with(&[&SHELLS[..], &OTHER_SHELLS[..]].concat());
    assert_eq!(writes(&answer), ["files", "objects", "references"]);
    assert_eq!((answer.ignored_count, answer.locks.len(), answer.noise.as_deref()), (Some(0), 0, None));
    assert!(answer.git_version.as_deref().is_some_and(|version| version.starts_with("2.")), "{answer:?}");
    assert!(answer.commands["start"].as_deref().is_some_and(|path| path.ends_with("/tools/run")), "{answer:?}");
    for part in ["commands", "boot", "locks", "ignored", "closed", "writes"] {
        assert!(answer.is_done(part), "{part}: {answer:?}");
    }
    // Who looks closely finds no trace in the log of references either.
    assert!(!ground.tree.join(".git/logs/refs/m3m").exists());
}

#[test]
fn a_hook_hears_nothing() {
    let ground = Ground::new();
    let hook = ground.home.write("work tree/.git/hooks/reference-transaction", "#!/bin/sh\ntouch \"$0.heard\"\n");
    std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).expect("a hook");
    assert_eq!(writes(&ground.ask()).len(), 3);
}

#[test]
fn ignored_paths_and_locks_are_found() {
    let ground = Ground::new();
    for (name, text) in [(".gitignore", "*.log\nbig/\n"), ("a.log", ""), ("b c.log", ""), ("big/x", ""), ("kept", "")] {
        ground.home.write(&format!("work tree/{name}"), text);
    }
    let git_dir = ground.tree.join(".git");
    for lock in ["index.lock", "refs/heads/main.lock"] {
        std::fs::write(git_dir.join(lock), "").expect("a lock");
    }
    // A hook may have files of its own.
    std::fs::write(git_dir.join("hooks/yarn.lock"), "").expect("a file of that name");
    std::fs::write(git_dir.join("m3m.lock"), "").expect("what steps lock");
    let old = ["index.lock", "hooks/yarn.lock", "m3m.lock"].map(|name| git_dir.join(name));
    finish(Command::new("touch").args(["-d", "2020-01-01T00:00:00Z"]).args(old)).assert_code(0);
    let answer = ground.ask();
    assert_eq!(
        (answer.ignored_count, &answer.ignored[..]),
        (Some(3), &["a.log", "b c.log", "big/"].map(String::from)[..])
    );
    assert_eq!(answer.locks.len(), 1, "one that is new may be in use: {answer:?}");
    assert!(answer.locks[0].ends_with("/.git/index.lock"), "{answer:?}");
}

#[test]
fn programs_that_are_missing_and_a_sudo_that_asks() {
    let ground = Ground::starting("sudo -n systemctl start montana");
    // As sudo words it.
    ground.tool("sudo", "echo 'sudo: a password is required' >&2; exit 1");
    ground.tool("systemctl", "echo disabled");
    let answer = ground.ask();
    assert_eq!(answer.sudo["start"], Sudo::Refuses("a password is required".to_owned()));
    assert_eq!((answer.commands.get("stop"), answer.commands["check"].is_some()), (None, true), "`!` is for a shell");
    assert_eq!(answer.at_boot.as_deref(), Some("disabled"));

    let listed = |rule: &str| {
        format!(
            "case \"$*\" in\n*-v*) exit 1 ;;\n*systemctl*) echo /usr/bin/systemctl start montana ;;\n\
             *) echo '    (root) {rule}' ;;\nesac"
        )
    };
    let says = |script: &str| {
        ground.tool("sudo", script);
        ground.ask().sudo["start"].clone()
    };
    assert_eq!(says(&listed("NOPASSWD: /usr/bin/systemctl start montana")), Sudo::Free);
    assert_eq!(says(&listed("NOPASSWD: ALL")), Sudo::Free);
    assert_eq!(says(&listed("/usr/bin/systemctl start montana")), Sudo::Unsure);
    assert_eq!(says(&listed("(ALL : ALL) NOPASSWD: /bin/ls")), Sudo::Unsure);
    let start = "/usr/bin/systemctl start montana";
    assert_eq!(says(&listed(&format!("NOPASSWD: SETENV: /bin/ls, {start}, PASSWD: ALL"))), Sudo::Free);
    assert_eq!(says(&listed(&format!("NOPASSWD: /bin/ls, PASSWD: {start}"))), Sudo::Unsure);
    assert_eq!(says(&listed(&format!("{start}, NOPASSWD: /bin/ls"))), Sudo::Unsure);
    assert_eq!(says(&listed(&format!("NOPASSWD: {start}2"))), Sudo::Unsure);
    assert_eq!(says("exit 1"), Sudo::Refuses("not allowed".to_owned()));
    assert_eq!(says("exit 0"), Sudo::Free);
}

#[test]
fn a_missing_program_is_told() {
    let ground = Ground::starting("no-such-program-here --now");
    let answer = ground.ask();
    assert_eq!(answer.commands["start"], None);
    assert!(answer.sudo.is_empty() && answer.at_boot.is_none(), "{answer:?}");
}

#[test]
fn a_file_that_cannot_be_run_is_no_program() {
    let ground = Ground::starting("/etc/passwd --now");
    assert_eq!(ground.ask().commands["start"], None);
    assert_eq!(Ground::starting("/etc").ask().commands["start"], None);
}

/// What another git holds at that moment must not keep this one from cleaning up.
#[test]
fn a_reference_that_cannot_be_removed_is_removed() {
    let ground = Ground::new();
    std::fs::write(ground.tree.join(".git/packed-refs.lock"), "").expect("a lock");
    let answer = ground.ask_with(&SHELLS[..1]);
    assert_eq!(writes(&answer), ["files", "objects"]);
    assert_eq!(answer.writes_not[0], ("references".to_owned(), "File exists.".to_owned()));
}

#[test]
fn what_a_killed_check_has_left_is_cleared_away_by_the_next_and_is_no_fault() {
    let ground = Ground::new();
    let before = listing(&ground.tree);
    let git_dir = ground.tree.join(".git");
    let dirs = [ground.tree.join(".m3m-check.1"), git_dir.join("objects/tmp_objdir-m3m-check.1/ab")];
    for dir in &dirs {
        std::fs::create_dir_all(dir).expect("a directory");
    }
    git(&ground.home, &ground.tree, &["update-ref", "refs/m3m/m3m-check.1", "HEAD"]);
    let files = ["m3m-check.1", "m3m-check.2.lock"].map(|name| git_dir.join("refs/m3m").join(name));
    std::fs::write(&files[1], "").expect("a lock");
    let aside = git_dir.join("objects/tmp_objdir-m3m-check.1");
    let old = [&dirs[0], &aside, &files[0], &files[1]];
    finish(Command::new("touch").args(["-d", "2020-01-01T00:00:00Z"]).args(old)).assert_code(0);
    let answer = ground.ask_under(SHELLS[0]);
    assert_eq!((writes(&answer).len(), answer.locks.len()), (3, 0), "{answer:?}");
    assert_eq!(listing(&ground.tree), before);
}

/// An interrupt of `m3m check` closes the connection, and with it whoever would read on.
#[test]
fn who_hangs_up_leaves_nothing_behind() {
    let ground = Ground::new();
    let before = listing(&ground.tree);
    let mut asked = Command::new("sh");
    asked.arg("-c").arg(command(&ground.node(), Duration::from_secs(2))).env("HOME", ground.home.path());
    let mut node = asked.stdout(std::process::Stdio::piped()).process_group(0).spawn().expect("sh runs");
    let said = std::io::BufReader::new(node.stdout.take().expect("its output"));
    let first = said.lines().map_while(Result::ok).find(|line| line == "writes files");
    assert!(first.is_some(), "the reader is gone from here on");
    let group = rustix::process::Pid::from_child(&node);
    node.wait().expect("it ends");
    // The part that writes outlives its shell for a moment.
    let is_over = || rustix::process::test_kill_process_group(group).is_err().then_some(());
    until("the last of its processes ends", Duration::from_secs(60), is_over);
    assert_eq!(listing(&ground.tree), before);
}

#[test]
fn repositories_that_cannot_be_used() {
    let mut ground = Ground::new();
    ground.tree = ground.home.path().join("nowhere");
    let answer = ground.ask();
    assert!(answer.writes.is_empty() && answer.ignored_count.is_none() && !answer.is_done("writes"), "{answer:?}");
    ground.tree = ground.home.path().join("plain");
    std::fs::create_dir(&ground.tree).expect("a directory");
    assert_eq!(writes(&ground.ask()), ["files"]);
    git(&ground.home, ground.home.path(), &["clone", "-q", "--bare", "work tree", "bare"]);
    ground.tree = ground.home.path().join("bare");
    assert_eq!(writes(&ground.ask()), ["files", "objects", "references"]);
}

#[test]
fn a_reference_that_cannot_be_written() {
    let ground = Ground::new();
    std::fs::write(ground.tree.join(".git/refs/m3m"), "").expect("something in the way");
    let answer = ground.ask();
    assert_eq!(writes(&answer), ["files", "objects"]);
    assert_eq!(answer.writes_not[0].0, "references", "{answer:?}");
}

/// Modes do not hold root back, so there the node's user is another one.
#[test]
fn a_work_tree_that_may_only_be_read() {
    let mut ground = Ground::new();
    ground.nobody = true;
    let shared = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(ground.home.path(), shared).expect("a home that others may pass through");
    if rustix::process::getuid().is_root() {
        let paths = listing(&ground.tree).into_keys().chain([ground.tree.clone()]);
        paths.for_each(|path| chown(path, Some(NOBODY), Some(NOBODY)).expect("a new owner"));
    }
    assert_eq!(writes(&ground.ask()), ["files", "objects", "references"], "the owner may write");

    let lock = |mode| {
        for dir in ["", ".git", ".git/objects", ".git/refs", ".git/refs/heads"] {
            let path = ground.tree.join(dir);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its mode");
        }
    };
    lock(0o555);
    let answer = ground.ask();
    lock(0o755);
    assert!(answer.writes.is_empty(), "{answer:?}");
    let failed: Vec<&str> = answer.writes_not.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(failed, ["files", "objects", "references"], "{answer:?}");
    assert_eq!(answer.writes_not[0].1, "Permission denied", "{answer:?}");

    // One directory of many that another user's git has made.
    let object = git(&ground.home, &ground.tree, &["-c", "safe.directory=*", "rev-parse", "HEAD"]);
    let dir = ground.tree.join(".git/objects").join(&object[..2]);
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o555)).expect("its mode");
    let answer = ground.ask();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    assert_eq!(answer.closed, [format!(".git/objects/{}", &object[..2])], "{answer:?}");
}

#[test]
fn what_hangs_is_left_behind() {
    let ground = Ground { time: Duration::from_secs(8), ..Ground::starting("sudo run") };
    let pid_file = ground.home.path().join("pid");
    ground.tool("sudo", &format!("echo $$ >'{}'; exec sleep 1000 </dev/null >/dev/null 2>&1", pid_file.display()));
    let begun = Instant::now();
    let answer = ground.ask_under(SHELLS[0]);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(!answer.is_done("commands") && answer.is_done("writes"), "{answer:?}");
    // What hangs in the fake would not end by itself.
    let pid = std::fs::read_to_string(pid_file).expect("it was asked");
    finish(Command::new("kill").arg(pid.trim())).assert_code(0);
}

#[test]
fn a_login_shell_that_greets_is_noticed() {
    let answer = read(b"Welcome to Almaty!\n\nm3m-probe 1\nm3m-end\nm3m-check 1\nm3m-check-end\n");
    assert_eq!(answer.noise.as_deref(), Some("Welcome to Almaty!"));
}
