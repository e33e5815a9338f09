//! A command for a node's login shell, and what it left.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::input::Input;
use crate::core::silence::Silence;
use crate::world::clock;
use crate::world::scratch::Scratch;

/// A command for a node's login shell.
#[derive(Clone)]
pub struct RemoteCommand {
    /// The command line, made from the time that is left when it is sent.
    pub line: Arc<dyn Fn(Duration) -> String + Send + Sync>,
    /// The most bytes of output accepted in memory, standard error included.
    pub output_bytes_max: usize,
    /// What it gets on its standard input. A command that ends without reading it to the end has done nothing wrong.
    pub input: Input,
    /// The lines around its answer, where it has such.
    pub frame: Option<Frame>,
    /// When nobody waits any more for its answer to begin; nothing: as long as for its end.
    pub begin_by: Option<Instant>,
    /// Where its standard output goes, where that is not memory.
    pub sink: Option<Sink>,
    /// What stands on standard error when the command itself has ended, where it says so: what it started may hold the
    /// output open for ever, and is heard only as long as it goes on talking.
    pub last_words: Option<String>,
}

impl RemoteCommand {
    /// A command without input, whose output is whatever comes until its end.
    pub fn new(line: impl Fn(Duration) -> String + Send + Sync + 'static, output_bytes_max: usize) -> Self {
        let (input, frame, begin_by, sink, last_words) = (Input::None, None, None, None, None);
        Self { line: Arc::new(line), output_bytes_max, input, frame, begin_by, sink, last_words }
    }
}

/// The lines around an answer on standard output. Before the first one stands what start-up files of the login shell
/// print; and what they left running may hold the output open long after the last one.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// With this line the answer begins.
    pub begin: &'static str,
    /// With this line it is complete: nothing is read after it.
    pub end: &'static str,
}

/// A file for a large output of any bytes.
#[derive(Debug, Clone)]
pub struct Sink {
    /// What follows this line goes into the file. What comes up to it stays in memory, the line included.
    pub after: &'static str,
    /// Where to.
    pub file: Scratch,
    /// The most bytes that it may take.
    pub bytes_max: u64,
}

/// What a command left.
#[derive(Debug, Clone)]
pub struct Reply {
    /// When the command was sent, or the connection begun where it got no further.
    pub asked_at: Timestamp,
    /// Whether the connection was made for this command.
    pub fresh: bool,
    /// Whether any of the command may have left this machine. Where not, it has certainly not run; where it has, and
    /// its answer is missing, nobody knows.
    pub may_have_run: bool,
    /// From the command's sending to the server's word that it starts: one round trip.
    pub rtt: Option<Duration>,
    /// From the command's sending to its first byte of output, or to the first line of its frame: the login shell's
    /// start-up included.
    pub first_byte: Option<Duration>,
    /// Its standard output, without what went into its sink.
    pub stdout: Vec<u8>,
    /// Of an answer in a frame: how much of its standard output there was after each piece, in bytes, and when.
    pub arrivals: Vec<(usize, Instant)>,
    /// How many bytes its sink took; nothing where the line before them never came.
    pub stored: Option<u64>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// Its exit status. 0 proves nothing: libssh2 says 0 as well where a server closes the channel without a status.
    /// Proof that a command came to its end is the last line that it prints.
    pub exit_status: Option<i32>,
    /// Why it did not come to its end, if it did not; the output up to then stands above.
    pub broken: Option<Silence>,
}

impl Reply {
    pub(super) fn begun(fresh: bool) -> Self {
        Self {
            asked_at: clock::now(),
            fresh,
            may_have_run: false,
            rtt: None,
            first_byte: None,
            stdout: Vec::new(),
            arrivals: Vec::new(),
            stored: None,
            stderr: Vec::new(),
            exit_status: None,
            broken: None,
        }
    }

    /// The reply of a command that was never begun.
    pub(crate) fn not_begun(silence: Silence) -> Self {
        Self { broken: Some(silence), ..Self::begun(false) }
    }

    /// When so many bytes of standard output were there.
    #[must_use]
    pub fn arrived(&self, bytes: usize) -> Option<Instant> {
        self.arrivals.iter().find(|(there, _)| *there >= bytes).map(|(_, at)| *at)
    }
}
