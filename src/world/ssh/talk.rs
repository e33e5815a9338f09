//! What goes back and forth while a command runs: its input, and both its outputs, in turn.

use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use ssh2::Channel;

use super::drive::{self, Driver, Stop};
use super::input::Feed;
use super::{RemoteCommand, Reply, Sink};
use crate::core::silence::{Cause, Phase, Silence};

/// How long the output of a command that has ended may be silent before nobody waits for its end: the rest of what it
/// printed itself is under way.
const LINGER: Duration = Duration::from_secs(1);

/// How much is read of a stream at a time.
const PIECE_BYTES: usize = 16 * 1024;

/// One command's talk with its node.
pub(super) struct Talk<'a> {
    driver: &'a Driver,
    channel: &'a mut Channel,
    command: &'a RemoteCommand,
    reply: &'a mut Reply,
    feed: Feed<'a>,
    sent: Instant,
    /// The deadline as it is now: the answer has to begin, then to end, and then its rest has to come.
    deadline: Instant,
    last_deadline: Instant,
    /// A call that left a packet half sent: libssh2 wants the same call again before any other that sends.
    unfinished: Option<Call>,
    /// What libssh2 held unread after the last look, in bytes.
    queued: u32,
    is_complete: bool,
    has_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Read,
    Write,
}

impl<'a> Talk<'a> {
    pub(super) fn new(
        driver: &'a Driver,
        channel: &'a mut Channel,
        command: &'a RemoteCommand,
        reply: &'a mut Reply,
        (sent, deadline, last_deadline): (Instant, Instant, Instant),
    ) -> Self {
        let feed = Feed::new(&command.input);
        let (unfinished, queued, is_complete, has_ended) = (None, 0, false, false);
        Self {
            driver,
            channel,
            command,
            reply,
            feed,
            sent,
            deadline,
            last_deadline,
            unfinished,
            queued,
            is_complete,
            has_ended,
        }
    }

    /// Sends the input and reads both streams until the end of the output: whoever has said his last word is fed no
    /// more. Or until the answer is complete: then somebody may still hold the output open, and the command is not over.
    pub(super) fn run(mut self) -> Result<bool, Silence> {
        while Instant::now() < self.deadline {
            let mut moved = false;
            if self.unfinished != Some(Call::Read) {
                moved |= self.feed.push(self.channel)?;
                self.note(Call::Write);
            }
            let is_shut = !self.feed.is_over() && self.channel.write_window().remaining == 0;
            // Reading comes last: a write takes packets off the socket, and those wake no poll.
            if self.unfinished == Some(Call::Write) {
                self.take_in_and_wait()?;
                continue;
            }
            moved |= self.read()?;
            let at_end = self.channel.eof();
            if at_end && self.unfinished.is_some() {
                // Reading sends nothing any more, not even the rest of what it has begun; this does.
                drive::once(self.channel.adjust_receive_window(0, false)).map_err(in_output)?;
                self.note(Call::Read);
            }
            if self.unfinished.is_none() && (self.is_complete || at_end) {
                return Ok(!self.is_complete);
            }
            // The peer's leave to send more may have come with what was just read.
            let is_open_now = is_shut && self.channel.write_window().remaining > 0;
            if !moved && !is_open_now {
                self.driver.wait(self.deadline).map_err(in_output)?;
            }
        }
        Err(in_output(Stop::Timeout))
    }

    fn note(&mut self, call: Call) {
        self.unfinished = self.driver.is_sending().then_some(call);
    }

    /// With a packet half sent nothing may be read that could have to be answered. What comes is only taken off the
    /// socket, as much as the window allows: a peer that can neither write nor, for that, read would never go on.
    fn take_in_and_wait(&mut self) -> Result<(), Silence> {
        let at_end = Driver::take_in(self.channel).map_err(in_output)?;
        let interest = if at_end { PollFlags::OUT } else { PollFlags::IN | PollFlags::OUT };
        self.driver.wait_for(interest, self.deadline).map_err(in_output)
    }

    /// Reads both streams once; says whether there is a reason to do so again at once.
    fn read(&mut self) -> Result<bool, Silence> {
        let mut buffer = [0; PIECE_BYTES];
        let (read_before, err_before) = (self.reply.stdout.len(), self.reply.stderr.len());
        let out = Driver::read(&mut self.channel.stream(0), &mut buffer).map_err(in_output)?.unwrap_or(0);
        self.keep(&buffer[..out])?;
        let err = Driver::read(&mut self.channel.stderr(), &mut buffer).map_err(in_output)?.unwrap_or(0);
        self.reply.stderr.extend_from_slice(&buffer[..err]);
        self.note(Call::Read);
        self.judge(read_before, err_before);
        if self.has_ended && out + err > 0 {
            self.deadline = self.last_deadline.min(Instant::now() + LINGER);
        }
        let bytes_max = self.command.output_bytes_max;
        if !self.is_complete && self.reply.stdout.len() + self.reply.stderr.len() > bytes_max {
            return Err(Silence { phase: Phase::Output, cause: Cause::TooLong(bytes_max) });
        }
        // Reading one stream takes packets of both off the socket, and what is queued already wakes no poll: the
        // streams are read again before the socket is waited for. What is still queued then belongs to neither.
        let queued = self.channel.read_window().available;
        let is_as_before = queued == std::mem::replace(&mut self.queued, queued);
        Ok(out + err > 0 || !is_as_before)
    }

    /// What the output says since it was so long.
    fn judge(&mut self, read_before: usize, err_before: usize) {
        let (command, reply) = (self.command, &mut *self.reply);
        let has = |line: &str| line_end(&reply.stdout, read_before, line).is_some();
        let begins = command.frame.map_or(!reply.stdout.is_empty(), |frame| has(frame.begin));
        self.is_complete |= command.frame.is_some_and(|frame| has(frame.end));
        self.has_ended |= command.last_words.as_deref().is_some_and(|words| says(&reply.stderr, err_before, words));
        if reply.first_byte.is_none() && begins {
            reply.first_byte = Some(self.sent.elapsed());
            self.deadline = self.last_deadline;
        }
        if command.frame.is_some() && reply.stdout.len() > read_before {
            reply.arrivals.push((reply.stdout.len(), Instant::now()));
        }
    }

    /// Keeps a piece of standard output, in memory or in the sink.
    fn keep(&mut self, piece: &[u8]) -> Result<(), Silence> {
        let stdout = &mut self.reply.stdout;
        match &self.command.sink {
            Some(sink) if self.reply.stored.is_some() => store(sink, &mut self.reply.stored, piece),
            Some(sink) => {
                let read_before = stdout.len();
                stdout.extend_from_slice(piece);
                let Some(end) = line_end(stdout, read_before, sink.after) else { return Ok(()) };
                let first = stdout.split_off(end);
                store(sink, &mut self.reply.stored, &first)
            }
            None => {
                stdout.extend_from_slice(piece);
                Ok(())
            }
        }
    }
}

fn in_output(stop: Stop) -> Silence {
    stop.silence(Phase::Output)
}

/// Adds a piece to the sink's file.
fn store(sink: &Sink, stored: &mut Option<u64>, piece: &[u8]) -> Result<(), Silence> {
    let silence = |cause| Silence { phase: Phase::Output, cause };
    // A piece's size fits.
    let bytes = stored.unwrap_or(0) + piece.len() as u64;
    if bytes > sink.bytes_max {
        return Err(silence(Cause::TooLong(usize::try_from(sink.bytes_max).unwrap_or(usize::MAX))));
    }
    let failed = |error| silence(Cause::Local(format!("cannot keep what comes: {error}")));
    sink.file.append(piece).map_err(failed)?;
    *stored = Some(bytes);
    Ok(())
}

/// Whether words stand in the text and end in what came after the first so many bytes.
fn says(text: &[u8], read_before: usize, words: &str) -> bool {
    let recent = &text[read_before.saturating_sub(words.len())..];
    recent.windows(words.len()).any(|window| window == words.as_bytes())
}

/// Where a line ends that stands in the text and ends in what came after the first so many bytes: behind its break.
fn line_end(text: &[u8], read_before: usize, line: &str) -> Option<usize> {
    // The line may have come in pieces, and its own end with the last of them.
    let begin = read_before.min(text.len()).saturating_sub(line.len() + 1);
    let mut places = text[begin..].windows(line.len() + 1).enumerate();
    let is_line = |at: usize, part: &[u8]| {
        let is_first = at == 0 || text[at - 1] == b'\n';
        is_first && part.ends_with(b"\n") && part.starts_with(line.as_bytes())
    };
    let found = places.find(|(at, part)| is_line(begin + at, part))?;
    Some(begin + found.0 + line.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_seen_when_it_is_whole_and_in_whatever_pieces_it_comes() {
        let text = b"Welcome\nbegin\nx\nend\n";
        for (line, ends_at) in [("begin", 14), ("end", 20), ("Welcome", 8)] {
            for piece in 1..=text.len() {
                let seen: Vec<(usize, usize)> = (0..text.len())
                    .step_by(piece)
                    .map(|before| (before, text.len().min(before + piece)))
                    .filter_map(|(before, now)| Some((now, line_end(&text[..now], before, line)?)))
                    .collect();
                let first = seen.first().unwrap_or_else(|| panic!("{line} by {piece}"));
                assert!(
                    (ends_at..ends_at + piece).contains(&first.0) && first.1 == ends_at,
                    "{line} by {piece}: {seen:?}"
                );
            }
        }
        assert_eq!(line_end(b"the end\n", 0, "end"), None, "a part of a line is no line");
        assert_eq!(line_end(b"end", 0, "end"), None, "nor is one without its end");
    }
}
