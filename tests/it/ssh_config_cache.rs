//! The user's own configuration, and how often `ssh` is asked for it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::cell_file::CellFile;
use crate::sshd::{available, free_port};
use crate::support::{Home, finish, until};

/// A home with an `ssh` first in `PATH` that counts how often it is asked. OpenSSH takes the home directory from the
/// user database; this one takes `HOME`.
struct Counting {
    home: Home,
}

impl Counting {
    fn start() -> Self {
        let home = Home::new();
        let told = finish(Command::new("ssh").args(["-G", "-F", "none", "-o", "ControlPath=%d", "x"]));
        let real_home = told.stdout.lines().find_map(|line| line.strip_prefix("controlpath ")).expect("ssh's home");
        let path = std::env::var_os("PATH").expect("PATH");
        let real = std::env::split_paths(&path).map(|dir| dir.join("ssh")).find(|file| file.is_file()).expect("ssh");
        let script = format!(
            "#!/bin/sh\necho asked >> \"$HOME/asked\"\nout=\"$HOME/out.$$\"\n\
             case \" $* \" in *' -F '*) ;; *) set -- -F \"$HOME/.ssh/config\" \"$@\" ;; esac\n\
             '{}' \"$@\" > \"$out\" 2> \"$out.err\"\nstatus=$?\nsed \"s#{real_home}#$HOME#g\" \"$out\"\n\
             cat \"$out.err\" >&2\nrm -f \"$out\" \"$out.err\"\nexit $status\n",
            real.display()
        );
        let shim = home.write("bin/ssh", script);
        std::fs::set_permissions(shim, PermissionsExt::from_mode(0o700)).expect("its mode");
        let names = ["one", "two", "three"].iter();
        names
            .fold(CellFile::new(&home), |cell, name| cell.named(name, "", Path::new("/nowhere")))
            .write_section("known_hosts: /dev/null");
        home.write(".ssh/config", format!("Host *\n HostName 127.0.0.1\n Port {}\n", free_port()));
        Self { home }
    }

    fn status(&self) -> Command {
        let mut command = self.home.m3m(["status"]);
        let path = std::env::var_os("PATH").expect("PATH");
        let dirs = [self.home.path().join("bin")].into_iter().chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(dirs).expect("a path"));
        command
    }

    /// How often ssh is asked by one run of a command that finds nobody listening.
    #[track_caller]
    fn count(&self, command: &mut Command) -> usize {
        let asked = || std::fs::read_to_string(self.home.path().join("asked")).unwrap_or_default().lines().count();
        let before = asked();
        let shown = finish(command);
        assert!(shown.assert_code(11).stdout.contains("nothing listens on 127.0.0.1:"), "{shown}");
        asked() - before
    }

    /// Runs until nothing is asked any more: files that have just changed are not relied on at once.
    #[track_caller]
    fn settle(&self) {
        until("the answers are kept", Duration::from_secs(60), || (self.count(&mut self.status()) == 0).then_some(()));
    }

    /// What changes a source costs one question for each node, and is then settled again.
    #[track_caller]
    fn assert_asks_anew(&self, why: &str, change: impl FnOnce(&Home)) {
        change(&self.home);
        assert_eq!(self.count(&mut self.status()), 3, "{why}");
        self.settle();
    }

    fn append(&self, line: &str) {
        let file = self.home.path().join(".ssh/config");
        let text = std::fs::read_to_string(&file).expect("the configuration");
        self.home.write(".ssh/config", format!("{line}\n{text}"));
    }

    fn cache_files(&self) -> Vec<PathBuf> {
        let dir = self.home.path().join(".cache/m3m/ssh_config");
        std::fs::read_dir(dir).into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect()
    }
}

#[test]
fn answers_are_kept_while_nothing_changes() {
    if !available() {
        return;
    }
    let ssh = Counting::start();
    assert_eq!(ssh.count(&mut ssh.status()), 3);
    ssh.settle();
    let [cache] = ssh.cache_files().try_into().expect("one file for all nodes");
    let mode = |path: &Path| path.metadata().expect("its mode").permissions().mode() & 0o777;
    assert_eq!((mode(&cache), mode(cache.parent().expect("a directory"))), (0o600, 0o700));

    let dir = ssh.home.path().display();
    ssh.assert_asks_anew("another line", |_| ssh.append(&format!("Include {dir}/conf.d/*.conf {dir}/later")));
    ssh.assert_asks_anew("a file that was not there", |home| drop(home.write("later", "")));
    ssh.assert_asks_anew("a directory that was not there", |home| drop(home.write("conf.d/a.conf", "")));
    ssh.assert_asks_anew("one more file of a pattern", |home| drop(home.write("conf.d/b.conf", "")));
    ssh.assert_asks_anew("an included file", |home| drop(home.write("conf.d/b.conf", "Host x\n")));
    ssh.assert_asks_anew("a file less", |home| std::fs::remove_file(home.path().join("conf.d/a.conf")).expect("gone"));
    ssh.assert_asks_anew("the program itself", |home| {
        std::fs::copy(home.path().join("bin/ssh"), home.path().join("bin/new")).expect("a copy");
        std::fs::rename(home.path().join("bin/new"), home.path().join("bin/ssh")).expect("in its place");
    });
    ssh.assert_asks_anew("a damaged cache", |_| std::fs::write(&cache, "{\"scope\":").expect("damaged"));
    std::fs::set_permissions(&cache, PermissionsExt::from_mode(0o666)).expect("its mode");
    assert_eq!(ssh.count(&mut ssh.status()), 3, "a cache that others may write is not believed");
}

#[test]
fn variables_count_where_they_are_named() {
    if !available() {
        return;
    }
    let ssh = Counting::start();
    ssh.append("IdentityAgent ${WHERE}/agent");
    let count = |value: &str| ssh.count(ssh.status().env("WHERE", value));
    until("the answers are kept", Duration::from_secs(60), || (count("/a") == 0).then_some(()));
    assert_eq!(count("/b"), 3);
    assert_eq!(ssh.count(ssh.status().env("WHERE", "/b").env("OTHER", "x")), 0);
}

#[test]
fn what_no_stamp_tells_is_asked_each_time() {
    if !available() {
        return;
    }
    let ssh = Counting::start();
    ssh.settle();
    // Nowhere to keep them is no error.
    for place in ["/dev/null", "/proc/nowhere"] {
        assert_eq!(ssh.count(ssh.status().env("XDG_CACHE_HOME", place)), 3, "{place}");
    }
    ssh.append("Match exec true\n User x");
    until("the file is old enough to be relied on", Duration::from_secs(60), || {
        ssh.home
            .path()
            .join(".ssh/config")
            .metadata()
            .ok()?
            .modified()
            .ok()?
            .elapsed()
            .ok()
            .filter(|age| age.as_millis() > 100)
    });
    for _ in 0..2 {
        assert_eq!(ssh.count(&mut ssh.status()), 3);
    }
}
