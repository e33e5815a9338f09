//! The program `ssh`, asked for its configuration: `ssh -G HOST`. It connects nowhere.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Question;
use crate::core::ssh_config::TOKENS;
use crate::core::text::harmless;
use crate::error::Error;

/// How long ssh may take. It only reads files, unless its configuration runs commands or looks names up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of an answer; the usual ones have some four thousand.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// How ssh begins its word on a file that it reads, and its other remarks under `-v`.
const READING: &str = "debug1: Reading configuration data ";
const REMARKS: [&str; 3] = ["debug1: ", "OpenSSH_", "Pseudo-terminal "];

/// How ssh begins to say that it cannot work for this user at all, as in some containers.
const NO_USER: &str = "No user exists for uid";

/// The most characters of ssh's own words that are shown.
const WORDS_MAX: usize = 200;

/// What ssh said.
#[derive(Debug)]
pub(super) struct Said {
    /// Its settings, one a line.
    pub(super) answer: String,
    /// The configuration files that it read.
    pub(super) files: Vec<PathBuf>,
}

/// The `ssh` that a shell would run.
pub(super) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let is_program = |file: &PathBuf| {
        std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join("ssh")).find(is_program)
}

/// Asks for the configuration of one host; nothing where ssh does not know this user.
pub(super) fn ask(program: &Path, question: &Question) -> Result<Option<Said>, Error> {
    let cannot = |error: std::io::Error| {
        Error::inventory(format!("ssh -G {}: cannot run {}", question.host, program.display())).because(error)
    };
    let mut child = command(program, question).spawn().map_err(cannot)?;
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    let (answer, remarks) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let left = || deadline.saturating_duration_since(Instant::now());
    let ended = (answer.recv_timeout(left()).ok())
        .zip(remarks.recv_timeout(left()).ok())
        .and_then(|said| Some((said, wait(&mut child, deadline)?)));
    let Some(((answer, remarks), status)) = ended else {
        end(&mut child);
        return Err(Error::inventory(format!("ssh -G {}: no answer within {ANSWER_TIMEOUT:?}", question.host))
            .hint("does ssh's configuration run a command (Match exec) or look names up (CanonicalizeHostname)?"));
    };
    if !status.success() {
        return if remarks.contains(NO_USER) { Ok(None) } else { Err(refused(question, &remarks)) };
    }
    let files = remarks.lines().filter_map(|line| line.strip_prefix(READING)).map(PathBuf::from).collect();
    Ok(Some(Said { answer, files }))
}

/// The command line. The host stands behind `--`, and each value is an argument of its own or follows a `=`, so that
/// none can be taken for an option.
fn command(program: &Path, question: &Question) -> Command {
    let mut command = Command::new(program);
    command.args(["-G", "-v", "-o", &format!("ControlPath={TOKENS}")]);
    if let Some(file) = question.file() {
        command.arg("-F").arg(file);
    }
    if let Some(port) = question.port {
        command.args(["-p", &port.to_string()]);
    }
    if let Some(user) = &question.user {
        command.args(["-l", user]);
    }
    if let Some(jump) = &question.jump {
        command.args(["-o", &format!("ProxyJump={jump}")]);
    }
    command.args(["--", &question.host]);
    // In a group of its own, so that what its configuration runs ends with it.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command
}

/// Reads a pipe aside: a command in ssh's configuration may hold it open for ever.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (done, text) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What came before an error is what there is.
            let _ = pipe.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes);
        }
        // Nobody receives where the wait is over.
        let _ = done.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    text
}

/// Waits for the end of a child that has closed its outputs.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            _ => return None,
        }
    }
}

/// Kills a child and what it has started, and reaps it.
fn end(child: &mut Child) {
    // Both fail only where it has ended already.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

/// The error in ssh's own first words, which name file and line.
fn refused(question: &Question, remarks: &str) -> Error {
    let words = remarks.lines().find(|line| !line.is_empty() && !REMARKS.iter().any(|start| line.starts_with(start)));
    let words = words.map_or_else(|| "it fails and does not say why".to_owned(), |words| harmless(words, WORDS_MAX));
    let error = Error::inventory(format!("ssh -G {}: {words}", question.host));
    match question.file() {
        Some(file) => error.hint(format!("mend {}, which ssh.config of the inventory names", file.display())),
        None => error.hint("mend ssh's configuration, or do without it: ssh.config: none in the inventory"),
    }
}
