//! Commands of the inventory that run on this machine: bounded in time and output, and ended with all they started.

use std::convert::Infallible;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

use crate::core::shell;
use crate::core::text::harmless;

/// How much of the output is kept, in bytes: enough for its first line.
const KEPT_BYTES_MAX: usize = 4096;
/// How much is still read once the command has ended, in bytes: what a pipe holds. What it left running may write on.
const REST_BYTES_MAX: usize = 64 << 10;
/// How many characters of the first line are told.
const SAID_CHARS_MAX: usize = 200;
/// How long a killed command may take to be gone.
const GONE: Duration = Duration::from_secs(1);

/// How a command went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub end: End,
    /// The first line that it said on either output, safe to show; empty where it said nothing.
    pub said: String,
    /// How long it took.
    pub took: Duration,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With this exit status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It was killed at its time limit.
    TimedOut,
    /// It could not be run, or not be waited for, for this reason.
    NotRun(String),
}

/// Runs a command with further arguments in `sh`, for so long at most. Its input is empty. At the time limit, and when
/// the future is dropped, its whole process group is killed; what it has left running when it ends is left alone.
pub async fn run(command: &str, arguments: &[&str], timeout: Duration) -> Ran {
    let start = Instant::now();
    let mut output = Vec::new();
    let end = match begin(command, arguments) {
        Ok((child, pipe)) => end(child, &pipe, &mut output, timeout).await,
        Err(error) => End::NotRun(error.to_string()),
    };
    Ran { end, said: first_line(&output), took: start.elapsed() }
}

/// The command with its arguments as a person would type it.
#[must_use]
pub fn typed(command: &str, arguments: &[&str]) -> String {
    let words = arguments.iter().map(|word| shell::word(word));
    [command.trim().to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

impl Ran {
    /// Whether it ended with exit status 0.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.end == End::Exited(0)
    }

    /// How it went, in a few words: `exit status 2: no route`.
    #[must_use]
    pub fn words(&self) -> String {
        let end = match &self.end {
            End::Exited(status) => format!("exit status {status}"),
            End::Signalled(signal) => format!("ended by signal {signal}"),
            End::TimedOut => format!("not done after {:.1} s, and killed", self.took.as_secs_f64()),
            End::NotRun(why) => format!("cannot be run: {why}"),
        };
        if self.said.is_empty() { end } else { format!("{end}: {}", self.said) }
    }
}

impl End {
    fn of(status: ExitStatus) -> Self {
        match status.code() {
            Some(code) => Self::Exited(code),
            None => Self::Signalled(status.signal().unwrap_or_default()),
        }
    }
}

/// The process group of a command, killed when this is dropped.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        // It fails where nothing of the group is left.
        let _ = leader.map(|leader| kill_process_group(leader, Signal::KILL));
    }
}

fn begin(command: &str, arguments: &[&str]) -> io::Result<(Child, Receiver)> {
    let (reader, writer) = io::pipe()?;
    // Both outputs in one pipe: the first line is the first, whichever it was.
    let mut sh = Command::new("sh");
    // A line break at the end, as of a YAML block, would make the arguments a command of their own.
    sh.arg("-c").arg(format!("{} \"$@\"", command.trim_end())).arg("m3m").args(arguments);
    sh.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let child = sh.process_group(0).kill_on_drop(true).spawn()?;
    Ok((child, Receiver::from_owned_fd(OwnedFd::from(reader))?))
}

/// Waits for the end of a command, or makes it.
async fn end(mut child: Child, pipe: &Receiver, output: &mut Vec<u8>, timeout: Duration) -> End {
    // Dropped before the child: its id is not given away before the group is killed.
    let mut group = Group(child.id());
    if let Ok(status) = tokio::time::timeout(timeout, attend(&mut child, pipe, output)).await {
        group.0 = None;
        return status.map_or_else(|error| End::NotRun(error.to_string()), End::of);
    }
    drop(group);
    // What does not even heed this hangs in the kernel, and is not waited for.
    let _ = tokio::time::timeout(GONE, child.wait()).await;
    End::TimedOut
}

/// Reads what the command says until it ends, and what is left of it then.
async fn attend(child: &mut Child, pipe: &Receiver, output: &mut Vec<u8>) -> io::Result<ExitStatus> {
    let status = tokio::select! {
        status = child.wait() => status?,
        never = read_on(pipe, output) => match never {},
    };
    let mut rest = 0;
    while let Ok(count @ 1..) = take(pipe, output)
        && rest < REST_BYTES_MAX
    {
        rest += count;
    }
    Ok(status)
}

/// Reads for as long as it is waited for: that nobody writes any more is not the command's end.
async fn read_on(pipe: &Receiver, output: &mut Vec<u8>) -> Infallible {
    while pipe.readable().await.is_ok() {
        match take(pipe, output) {
            // Who writes faster than this reads would else have the thread for itself.
            Ok(1..) => tokio::task::yield_now().await,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => break,
        }
    }
    std::future::pending().await
}

/// Takes what the pipe has, and keeps the first part; the number of bytes is 0 at its end.
fn take(pipe: &Receiver, output: &mut Vec<u8>) -> io::Result<usize> {
    let mut part = [0; 8192];
    let count = pipe.try_read(&mut part)?;
    let kept = count.min(KEPT_BYTES_MAX - output.len());
    output.extend_from_slice(&part[..kept]);
    Ok(count)
}

fn first_line(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.lines().map(|line| harmless(line, SAID_CHARS_MAX)).find(|line| !line.is_empty()).unwrap_or_default()
}
