//! What a command gets on its standard input, and how much of it has gone.

use std::io::{self, Write as _};
use std::sync::Arc;

use ssh2::Channel;

use super::drive::{self, Stop};
use crate::core::silence::{Cause, Phase, Silence};
use crate::world::scratch::Scratch;

/// How much of the input is held in memory. libssh2 takes about half of it at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// What a command gets on its standard input, before its end.
#[derive(Debug, Clone, Default)]
pub enum Input {
    /// Nothing: it meets the end at once.
    #[default]
    None,
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// What this file holds, sent piece by piece.
    File(Scratch),
}

impl Input {
    /// Reads from a place on, at most a buffer full; nothing at the end.
    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        match self {
            Self::None => Ok(0),
            Self::Bytes(bytes) => {
                let left = usize::try_from(place).ok().and_then(|place| bytes.get(place..)).unwrap_or_default();
                let count = left.len().min(buffer.len());
                buffer[..count].copy_from_slice(&left[..count]);
                Ok(count)
            }
            Self::File(file) => file.read_at(buffer, place),
        }
    }
}

/// An input on its way into a channel.
pub(super) struct Feed<'a> {
    input: &'a Input,
    /// How much of it was read.
    place: u64,
    buffer: Box<[u8]>,
    /// What stands in the buffer and has not gone yet.
    start: usize,
    end: usize,
    is_over: bool,
}

impl<'a> Feed<'a> {
    pub(super) fn new(input: &'a Input) -> Self {
        let size = if matches!(input, Input::None) { 0 } else { BUFFER_BYTES };
        Self { input, place: 0, buffer: vec![0; size].into_boxed_slice(), start: 0, end: 0, is_over: false }
    }

    /// Whether its end was sent.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Sends what can be sent now, or the end behind the last byte; says whether anything went. A call that left a
    /// packet half sent gives the same bytes to libssh2 when it is repeated.
    pub(super) fn push(&mut self, channel: &mut Channel) -> Result<bool, Silence> {
        if self.is_over {
            return Ok(false);
        }
        if self.start == self.end {
            self.refill()?;
        }
        let in_output = |stop: Stop| stop.silence(Phase::Output);
        if self.start == self.end {
            self.is_over = drive::once(channel.send_eof()).map_err(in_output)?.is_some();
            return Ok(self.is_over);
        }
        let count = match channel.write(&self.buffer[self.start..self.end]) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => return Err(in_output(Stop::Closed)),
        };
        self.start += count;
        Ok(count > 0)
    }

    fn refill(&mut self) -> Result<(), Silence> {
        let count = self.input.read_at(&mut self.buffer, self.place).map_err(|error| Silence {
            phase: Phase::Output,
            cause: Cause::Local(format!("cannot read what is to be sent: {error}")),
        })?;
        (self.start, self.end) = (0, count);
        // A buffer's size fits.
        self.place += count as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_read_piece_by_piece_to_its_end() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let file = Scratch::create(None).expect("a file");
        file.append(&bytes).expect("room");
        for (input, expected) in
            [(Input::None, &[][..]), (Input::Bytes(bytes.as_slice().into()), &bytes), (Input::File(file), &bytes)]
        {
            let (mut read, mut buffer) = (Vec::new(), [0; 77]);
            while let count @ 1.. = input.read_at(&mut buffer, read.len() as u64).expect("its bytes") {
                read.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(read, expected);
        }
    }
}
