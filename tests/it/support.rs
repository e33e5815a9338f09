//! A hermetic `m3m`: its own home, no inherited environment, a deadline on every run.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// No command of a test may take longer; a hang fails the test with what was printed so far.
const RUN_TIMEOUT: Duration = Duration::from_secs(180);

/// Verbs that ask nodes.
const ASKING: [&str; 9] =
    ["status", "where", "check", "pause", "resume", "history", "init", "promote", "inherit-brain"];

/// The time for nodes where a test gives none: by default it is less than a crowded machine may need.
const PATIENCE: [&str; 2] = ["--timeout", "15s"];

/// A home directory of its own, in which `m3m` is run.
pub struct Home {
    dir: tempfile::TempDir,
}

/// What a finished command left.
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("m3m-test-").tempdir().expect("a temporary directory");
        for sub in ["config", "state", "run"] {
            std::fs::create_dir(dir.path().join(sub)).expect("a directory in the temporary home");
        }
        Self { dir }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file below the home and returns its path. It is readable and writable by the owner only.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file below the home")).expect("its directory");
        std::fs::write(&path, content).expect("write a test file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        path
    }

    /// `m3m` in this home, with nothing inherited but PATH. No inventory is set and none is found.
    pub fn m3m<const N: usize>(&self, args: [&str; N]) -> Command {
        let is_to_be_patient = args.iter().any(|word| ASKING.contains(word)) && !args.contains(&PATIENCE[0]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_m3m"));
        command
            .args(PATIENCE.iter().filter(|_| is_to_be_patient))
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("XDG_RUNTIME_DIR", self.path().join("run"))
            .env("TMPDIR", self.path())
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    /// Runs `m3m` to its end.
    pub fn run<const N: usize>(&self, args: [&str; N]) -> Finished {
        finish(&mut self.m3m(args))
    }
}

/// Runs a command to its end, or kills it at the deadline and fails.
#[track_caller]
pub fn finish(command: &mut Command) -> Finished {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start the command");
    wait(child, RUN_TIMEOUT)
}

/// Waits for the end of a child whose output is piped, and of its outputs; kills it at the deadline and fails, with
/// what was printed so far.
#[track_caller]
pub fn wait(mut child: Child, timeout: Duration) -> Finished {
    let stdout = Drain::start(child.stdout.take());
    let stderr = Drain::start(child.stderr.take());
    let ended = within(timeout, || {
        let status = child.try_wait().expect("wait for the command")?;
        (stdout.is_complete() && stderr.is_complete()).then_some(status)
    });
    let status = ended.unwrap_or_else(|| {
        // One that has ended leaves an output open in other hands, and cannot be killed.
        let _ = child.kill();
        child.wait().expect("reap the command")
    });
    let finished = Finished { status, stdout: stdout.text(), stderr: stderr.text() };
    assert!(ended.is_some(), "not within {timeout:?}: the command and its outputs end: {finished}");
    finished
}

/// What comes out of a pipe, read aside.
struct Drain {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Drain {
    fn start(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut part = [0; 8192];
            // An error means that the writer is gone: what came is what there is.
            if let Some(mut pipe) = pipe {
                while let Ok(count @ 1..) = pipe.read(&mut part) {
                    sink.lock().expect("the output so far").extend_from_slice(&part[..count]);
                }
            }
        });
        Self { bytes, reader }
    }

    fn is_complete(&self) -> bool {
        self.reader.is_finished()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("the output so far")).into_owned()
    }
}

#[test]
fn a_command_that_hangs_is_killed_and_what_it_said_is_shown() {
    let mut command = Command::new("sh");
    command.args(["-c", "echo heard; echo complained >&2; exec sleep 1000"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh");
    let pid = rustix::process::Pid::from_child(&child);
    let failed = std::panic::catch_unwind(|| wait(child, Duration::from_secs(2))).err().expect("it fails");
    let text = failed.downcast::<String>().expect("a text");
    assert!(text.contains("heard") && text.contains("complained"), "{text}");
    assert!(rustix::process::test_kill_process(pid).is_err(), "it is killed and reaped");
}

/// A test of this binary, to be run alone in a process of its own.
pub fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", test, "--nocapture"]);
    command
}

/// Carries out what m3m does inside its runtime.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// Says aloud that a test, or a part of one, is skipped: past the harness's capture, since a skipped test must not
/// look like one that passed.
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or("a test"));
    // Where nobody hears it there is nobody to tell.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

/// Waits until the probe returns something; fails at the deadline, saying what was waited for.
#[track_caller]
pub fn until<T>(what: &str, timeout: Duration, probe: impl FnMut() -> Option<T>) -> T {
    within(timeout, probe).unwrap_or_else(|| panic!("not within {timeout:?}: {what}"))
}

/// What the probe returned before the deadline.
fn within<T>(timeout: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        match probe() {
            None if start.elapsed() < timeout => std::thread::sleep(Duration::from_millis(10)),
            result => return result,
        }
    }
}

impl Finished {
    /// The exit status, or what the command printed where it ended by a signal.
    #[track_caller]
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self}"))
    }

    /// Asserts the exit status and shows everything printed where it differs.
    #[track_caller]
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.status.code(), Some(code), "{self}");
        self
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n--- stdout\n{}\n--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}
