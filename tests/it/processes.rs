//! Looking for processes below one that a test has started, and signalling them by id. Linux only: it reads `/proc`.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// A child that is killed when this is dropped, as where its test fails.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // They fail if it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The most that an m3m has held at once, as far as looks every few milliseconds tell; zeros without `/proc`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Peaks {
    pub resident_kib: u64,
    pub files: usize,
    pub threads: usize,
}

impl Peaks {
    /// Looks at a running m3m until it ends.
    pub fn watch(pid: u32) -> JoinHandle<Self> {
        std::thread::spawn(move || {
            let mut peaks = Self::default();
            while let Some(now) = Self::now(pid) {
                peaks.resident_kib = peaks.resident_kib.max(now.resident_kib);
                peaks.files = peaks.files.max(now.files);
                peaks.threads = peaks.threads.max(now.threads);
                std::thread::sleep(Duration::from_millis(5));
            }
            peaks
        })
    }

    /// What a running m3m holds now, its memory at its highest so far; nothing once it has ended.
    pub fn now(pid: u32) -> Option<Self> {
        let status = std::fs::read_to_string(proc(pid).join("status")).ok()?;
        if !status.starts_with("Name:\tm3m\n") {
            // A child is a copy of its parent, with all its open files, until it has become the program.
            return Some(Self::default());
        }
        let resident = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let count = |what| Some(std::fs::read_dir(proc(pid).join(what)).ok()?.count());
        Some(Self {
            resident_kib: resident.split_whitespace().next()?.parse().ok()?,
            files: count("fd")?,
            threads: count("task")?,
        })
    }
}

/// Signals a process and all its descendants. They are held still meanwhile, so that none is born or lost unseen.
pub fn signal_tree(root: u32, signal: Signal) {
    send(root, Signal::STOP);
    for child in all().filter(|pid| parent(*pid) == Some(root)) {
        signal_tree(child, signal);
    }
    send(root, signal);
}

/// Signals every process that was started with `mark` (`NAME=value`) in its environment, whoever its parent is now.
pub fn signal_marked(mark: &str, signal: Signal) {
    marked(|variable| variable == mark).for_each(|pid| send(pid, signal));
}

/// The living processes that were started with such a variable (`NAME=value`) in their environment.
pub fn marked(is_mark: impl Fn(&str) -> bool) -> impl Iterator<Item = u32> {
    all().filter(move |pid| {
        let environment = std::fs::read(proc(*pid).join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).split('\0').any(&is_mark)
    })
}

/// The command line of a process, its words ended by NUL.
pub fn command_line(pid: u32) -> String {
    let line = std::fs::read(proc(pid).join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).into_owned()
}

fn send(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // It may have ended since it was seen.
    let _ = pid.map(|pid| kill_process(pid, signal));
}

fn all() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Whether a process has the file open.
pub fn has_open(pid: u32, file: &Path) -> bool {
    let file = file.canonicalize().expect("a file that is there");
    let open = std::fs::read_dir(proc(pid).join("fd")).into_iter().flatten().flatten();
    open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|path| path == file)
}

/// The name of the process that holds the connection from this port of this machine to that one; nothing where it is
/// gone.
pub fn holder_of_connection(port: u16, to: u16) -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    // An earlier connection from the same port may still be remembered.
    let ends = [port, to].map(|port| format!("0100007F:{port:04X}"));
    let rows = table.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let inode =
        rows.filter(|row| row.get(1..3).is_some_and(|row| row == ends)).find_map(|row| Some((*row.get(9)?).to_owned()));
    let socket = PathBuf::from(format!("socket:[{}]", inode?));
    let holds = |pid: &u32| {
        let open = std::fs::read_dir(proc(*pid).join("fd")).into_iter().flatten().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|file| file == socket)
    };
    let pid = all().find(holds)?;
    std::fs::read_to_string(proc(pid).join("comm")).ok().map(|name| name.trim().to_owned())
}

/// What a process is doing (`R`, `S`, `T` stopped, …); nothing where it has ended.
pub fn state(pid: u32) -> Option<char> {
    stat_field(pid, 0)?.chars().next().filter(|state| *state != 'Z')
}

/// The session of a process: the id of the process that began it.
pub fn session(pid: u32) -> Option<u32> {
    stat_field(pid, 3)?.parse().ok()
}

fn parent(pid: u32) -> Option<u32> {
    stat_field(pid, 1)?.parse().ok()
}

/// A field of the process's status line, counted from behind the name, which may hold anything.
fn stat_field(pid: u32, index: usize) -> Option<String> {
    let stat = std::fs::read_to_string(proc(pid).join("stat")).ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(index).map(str::to_owned)
}

fn proc(pid: u32) -> PathBuf {
    PathBuf::from("/proc").join(pid.to_string())
}
