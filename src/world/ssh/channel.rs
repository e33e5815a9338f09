//! An authenticated session: commands, one channel each, with one channel opened ahead.

use std::time::{Duration, Instant};

use ssh2::Channel;

use super::drive::{Driver, Stop};
use super::{RemoteCommand, Reply, Shared};
use crate::core::silence::{Cause, Phase, Silence};
use crate::world::clock;

/// How long the output of a command that has ended may be silent before nobody waits for its end: the rest of what it
/// printed itself is under way.
const LINGER: Duration = Duration::from_secs(1);

/// An authenticated session.
pub(super) struct Link {
    // Before the driver: fields are dropped in this order, and a channel must go before its session.
    spare: Option<Channel>,
    /// The channel of an answer that was complete before its command was over.
    closing: Option<Channel>,
    driver: Driver,
}

impl Link {
    pub(super) fn new(driver: Driver) -> Self {
        Self { spare: None, closing: None, driver }
    }

    /// The session below, without the channel that was opened ahead.
    pub(super) fn into_driver(self) -> Driver {
        self.driver
    }

    /// Closes what is done with and opens a channel ahead: the next command saves a round trip.
    pub(super) fn prepare(&mut self, deadline: Instant) -> Result<(), Stop> {
        if let Some(mut channel) = self.closing.take() {
            self.driver.drive(deadline, || channel.close())?;
        }
        if self.spare.is_none() {
            self.spare = Some(self.open(deadline)?);
        }
        Ok(())
    }

    fn open(&self, deadline: Instant) -> Result<Channel, Stop> {
        self.driver.drive(deadline, || self.driver.session.channel_session())
    }

    /// Runs a command to its end and fills the reply as its parts arrive.
    pub(super) fn exec(
        &mut self,
        command: &RemoteCommand,
        deadline: Instant,
        shared: &Shared,
        reply: &mut Reply,
    ) -> Result<(), Silence> {
        shared.enter(Phase::Channel);
        let mut channel = match self.spare.take() {
            Some(channel) => channel,
            None => self.open(deadline).map_err(|stop| stop.silence(Phase::Channel))?,
        };
        shared.enter(Phase::Exec);
        reply.asked_at = clock::now();
        let sent = Instant::now();
        let line = (command.line)(deadline.saturating_duration_since(sent));
        let in_exec = |stop: Stop| stop.silence(Phase::Exec);
        self.driver.drive(deadline, || channel.exec(&line)).map_err(in_exec)?;
        reply.rtt = Some(sent.elapsed());
        // A command that reads its input meets its end instead of waiting for it. Nothing is awaited for this.
        self.driver.drive(deadline, || channel.send_eof()).map_err(in_exec)?;

        shared.enter(Phase::Output);
        let is_over = self.read(&mut channel, command, sent, deadline, reply)?;
        if !is_over {
            self.closing = Some(channel);
            return Ok(());
        }
        let in_output = |stop: Stop| stop.silence(Phase::Output);
        self.driver.drive(deadline, || channel.close()).map_err(in_output)?;
        self.driver.drive(deadline, || channel.wait_close()).map_err(in_output)?;
        // libssh2 gives 0 where the server sent no status, as after a signal.
        let signalled = channel.exit_signal().ok().is_some_and(|signal| signal.exit_signal.is_some());
        reply.exit_status = if signalled { None } else { channel.exit_status().ok() };
        Ok(())
    }

    /// Reads both streams until the end of the output, or until the answer is complete: then somebody may still hold
    /// the output open, and the command is not over.
    fn read(
        &self,
        channel: &mut Channel,
        command: &RemoteCommand,
        sent: Instant,
        deadline: Instant,
        reply: &mut Reply,
    ) -> Result<bool, Silence> {
        let in_output = |stop: Stop| stop.silence(Phase::Output);
        let bytes_max = command.output_bytes_max;
        let mut buffer = [0; 16 * 1024];
        let mut queued_before = 0;
        let (last_deadline, mut deadline, mut has_ended) = (deadline, deadline, false);
        while Instant::now() < deadline {
            let (read_before, err_before) = (reply.stdout.len(), reply.stderr.len());
            let out = Driver::read(&mut channel.stream(0), &mut buffer).map_err(in_output)?;
            reply.stdout.extend_from_slice(&buffer[..out.unwrap_or(0)]);
            let err = Driver::read(&mut channel.stderr(), &mut buffer).map_err(in_output)?;
            reply.stderr.extend_from_slice(&buffer[..err.unwrap_or(0)]);
            let has = |line: &str| has_line(&reply.stdout, read_before, line);
            let begins = command.frame.map_or(!reply.stdout.is_empty(), |frame| has(frame.begin));
            let is_complete = command.frame.is_some_and(|frame| has(frame.end));
            has_ended |= command.last_words.as_deref().is_some_and(|words| says(&reply.stderr, err_before, words));
            if has_ended && reply.stdout.len() + reply.stderr.len() > read_before + err_before {
                deadline = last_deadline.min(Instant::now() + LINGER);
            }
            if reply.first_byte.is_none() && begins {
                reply.first_byte = Some(sent.elapsed());
            }
            if is_complete {
                return Ok(false);
            }
            if reply.stdout.len() + reply.stderr.len() > bytes_max {
                return Err(Silence { phase: Phase::Output, cause: Cause::TooLong(bytes_max) });
            }
            if channel.eof() {
                return Ok(true);
            }
            // Reading one stream takes packets of both off the socket, and what is queued already wakes no poll: the
            // streams are read again before the socket is waited for. What is still queued then belongs to neither.
            let queued = channel.read_window().available;
            if queued == queued_before && out.unwrap_or(0) + err.unwrap_or(0) == 0 {
                self.driver.wait(deadline).map_err(in_output)?;
            }
            queued_before = queued;
        }
        Err(Silence { phase: Phase::Output, cause: Cause::Timeout })
    }
}

/// Whether words stand in the text and end in what came after the first so many bytes.
fn says(text: &[u8], read_before: usize, words: &str) -> bool {
    let recent = &text[read_before.saturating_sub(words.len())..];
    recent.windows(words.len()).any(|window| window == words.as_bytes())
}

/// Whether a line stands in the text and ends in what came after the first so many bytes.
fn has_line(text: &[u8], read_before: usize, line: &str) -> bool {
    // The line may have come in pieces, and its own end with the last of them.
    let begin = read_before.saturating_sub(line.len() + 1);
    let recent = &text[begin..];
    let places = recent.windows(line.len() + 1).enumerate();
    places.filter(|(_, at)| at.ends_with(b"\n") && at.starts_with(line.as_bytes())).any(|(at, _)| {
        let before = (begin + at).checked_sub(1);
        before.is_none_or(|before| text[before] == b'\n')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_seen_when_it_is_whole_and_in_whatever_pieces_it_comes() {
        let text = b"Welcome\nbegin\nx\nend\n";
        for (line, ends_at) in [("begin", 14), ("end", 20), ("Welcome", 8)] {
            for piece in 1..=text.len() {
                let seen: Vec<usize> = (0..text.len())
                    .step_by(piece)
                    .map(|before| (before, text.len().min(before + piece)))
                    .filter(|(before, now)| has_line(&text[..*now], *before, line))
                    .map(|(_, now)| now)
                    .collect();
                assert!(
                    seen.first().is_some_and(|now| (ends_at..ends_at + piece).contains(now)),
                    "{line} by {piece}: {seen:?}"
                );
            }
        }
        assert!(!has_line(b"the end\n", 0, "end"), "a part of a line is no line");
        assert!(!has_line(b"end", 0, "end"), "nor is one without its end");
    }
}
