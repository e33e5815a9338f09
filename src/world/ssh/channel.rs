//! An authenticated session: commands, one channel each, with one channel opened ahead.

use std::time::Instant;

use ssh2::Channel;

use super::drive::{Driver, Stop};
use super::{RemoteCommand, Reply, Shared};
use crate::core::silence::{Cause, Phase, Silence};
use crate::world::clock;

/// An authenticated session.
pub(super) struct Link {
    // Before the driver: fields are dropped in this order, and a channel must go before its session.
    spare: Option<Channel>,
    driver: Driver,
}

impl Link {
    pub(super) fn new(driver: Driver) -> Self {
        Self { spare: None, driver }
    }

    /// The session below, without the channel that was opened ahead.
    pub(super) fn into_driver(self) -> Driver {
        self.driver
    }

    /// Opens a channel ahead: the next command saves a round trip.
    pub(super) fn open_spare(&mut self, deadline: Instant) -> Result<(), Stop> {
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
        self.read(&mut channel, command.output_bytes_max, sent, deadline, reply)?;
        let in_output = |stop: Stop| stop.silence(Phase::Output);
        self.driver.drive(deadline, || channel.close()).map_err(in_output)?;
        self.driver.drive(deadline, || channel.wait_close()).map_err(in_output)?;
        // libssh2 gives 0 where the server sent no status, as after a signal.
        let signalled = channel.exit_signal().ok().is_some_and(|signal| signal.exit_signal.is_some());
        reply.exit_status = if signalled { None } else { channel.exit_status().ok() };
        Ok(())
    }

    /// Reads both streams until the end of the output.
    fn read(
        &self,
        channel: &mut Channel,
        bytes_max: usize,
        sent: Instant,
        deadline: Instant,
        reply: &mut Reply,
    ) -> Result<(), Silence> {
        let in_output = |stop: Stop| stop.silence(Phase::Output);
        let mut buffer = [0; 16 * 1024];
        let mut queued_before = 0;
        while Instant::now() < deadline {
            let out = Driver::read(&mut channel.stream(0), &mut buffer).map_err(in_output)?;
            reply.stdout.extend_from_slice(&buffer[..out.unwrap_or(0)]);
            let err = Driver::read(&mut channel.stderr(), &mut buffer).map_err(in_output)?;
            reply.stderr.extend_from_slice(&buffer[..err.unwrap_or(0)]);
            if reply.first_byte.is_none() && !reply.stdout.is_empty() {
                reply.first_byte = Some(sent.elapsed());
            }
            if reply.stdout.len() + reply.stderr.len() > bytes_max {
                return Err(Silence { phase: Phase::Output, cause: Cause::TooLong(bytes_max) });
            }
            if channel.eof() {
                return Ok(());
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
