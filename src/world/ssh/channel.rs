//! An authenticated session: commands, one channel each, with one channel opened ahead.

use std::time::Instant;

use ssh2::Channel;

use super::drive::{Driver, Stop};
use super::progress::Progress;
use super::talk::Talk;
use super::{RemoteCommand, Reply, Shared};
use crate::core::silence::{Phase, Silence};
use crate::world::clock;

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

    /// Whether the peer has ended the connection while nobody looked.
    pub(super) fn is_gone(&self) -> bool {
        self.driver.socket.is_at_end()
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
        (shared, progress): (&Shared, &Progress),
        reply: &mut Reply,
    ) -> Result<(), Silence> {
        let begin_by = command.begin_by.map_or(deadline, |begin_by| begin_by.min(deadline));
        shared.enter(Phase::Channel);
        let mut channel = match self.spare.take() {
            Some(channel) => channel,
            None => self.open(begin_by).map_err(|stop| stop.silence(Phase::Channel))?,
        };
        shared.enter(Phase::Exec);
        reply.asked_at = clock::now();
        let sent = Instant::now();
        let line = (command.line)(deadline.saturating_duration_since(sent));
        progress.send();
        reply.may_have_run = true;
        self.driver.drive(begin_by, || channel.exec(&line)).map_err(|stop| stop.silence(Phase::Exec))?;
        reply.rtt = Some(sent.elapsed());

        shared.enter(Phase::Output);
        let is_over = Talk::new(&self.driver, &mut channel, command, reply, (sent, begin_by, deadline)).run()?;
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
}
