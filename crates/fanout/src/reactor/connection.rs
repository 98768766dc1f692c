//! One follower: its socket, its cursor and its unsent bytes.
//!
//! The cursor moves past a frame when the first byte of the frame is written. The rest of a partly
//! written frame is kept until its last byte is written, even if the window evicts the frame; all
//! frames after it are read from the window again.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use mio::net::TcpStream;
use socket2::SockRef;

use super::callbacks::{FollowerPermit, StreamBytes};
use super::inbox::NewConnection;
use super::socket_write::write_available;
use super::subscription::FrameBatch;
use crate::follower::{FrameCursor, NextFrames};
use crate::frame::Frame;

/// Maximum number of bytes that a follower may send after its request. They are discarded, and a
/// follower that sends more is cut: an event stream has no use for input.
pub const MAX_INPUT_BYTES: u32 = 64 * 1024;

/// A connection that a worker serves. It is kept small: there are thousands of them.
pub(super) struct FollowerConnection<P> {
    pub(super) socket: TcpStream,
    pub(super) cursor: FrameCursor,
    /// Boxed because most followers have none.
    unsent: Option<Box<UnsentBytes>>,
    /// Since when the socket takes no bytes; `None` if it is writable.
    blocked_since: Option<Instant>,
    /// Key of the subscription.
    pub(super) subscription: u32,
    /// Index in the subscription's `followers`.
    pub(super) index: u32,
    /// Tells the connection from earlier ones that had the same key.
    pub(super) generation: u32,
    input_bytes: u32,
    /// `start_at` is still to come.
    pub(super) delayed: bool,
    /// The stream ends when no frames are left.
    pub(super) closing: bool,
    /// No frames have been taken yet.
    is_new: bool,
    /// It is to be sent a heartbeat after the events that it missed: it has resumed, or has closed its
    /// sending side.
    owes_heartbeat: bool,
    /// The peer sends nothing more. It may still read.
    half_closed: bool,
    /// The last bytes have been taken; only `unsent` remains.
    draining: bool,
    permit: P,
}

/// Bytes that were taken from the cursor or made, and not yet written: at most the rest of one frame, and one
/// preamble, heartbeat and end.
#[derive(Default)]
struct UnsentBytes(VecDeque<Bytes>);

/// The circumstances in which a worker serves a connection.
pub(super) struct DeliveryPass<'a> {
    pub(super) bytes: &'a dyn StreamBytes,
    /// Sequence number that the subscription has reached. Newer frames belong to the next batch.
    pub(super) up_to: u64,
    pub(super) now: Instant,
}

/// Result of serving a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionProgress {
    Open,
    /// The stream has ended and all bytes are written.
    Done,
}

impl<P: FollowerPermit> FollowerConnection<P> {
    pub(super) fn new(
        connection: NewConnection<P>,
        subscription: usize,
        index: usize,
        generation: u32,
    ) -> Self {
        let NewConnection { socket, follower, preamble, start_at: _, permit } = connection;
        let key = |key| u32::try_from(key).expect("there are fewer sockets than 2^32");
        let cursor = follower.into_cursor();
        Self {
            socket: TcpStream::from_std(socket),
            owes_heartbeat: cursor.position().is_some(),
            cursor,
            unsent: Some(Box::new(UnsentBytes(VecDeque::from([preamble])))),
            blocked_since: None,
            subscription: key(subscription),
            index: key(index),
            generation,
            input_bytes: 0,
            delayed: false,
            closing: false,
            is_new: true,
            half_closed: false,
            draining: false,
            permit,
        }
    }

    /// Returns true if nothing is unsent or to be waited for: new bytes could be written now.
    pub(super) fn is_idle(&self) -> bool {
        self.blocked_since.is_none() && self.unsent.is_none() && !self.delayed && !self.draining
    }

    /// Returns true if the batch is exactly the next frames of this follower.
    pub(super) fn needs_batch(&self, batch: &FrameBatch) -> bool {
        self.is_idle() && self.cursor.position() == Some(batch.after)
    }

    /// Returns true if this follower has all frames of the batch.
    pub(super) fn has_batch(&self, batch: &FrameBatch) -> bool {
        self.is_idle() && self.cursor.position().is_some_and(|seq| seq >= batch.up_to)
    }

    /// Writes a batch for which [`FollowerConnection::needs_batch`] is true.
    pub(super) fn write_batch(
        &mut self,
        batch: &FrameBatch,
        now: Instant,
    ) -> io::Result<ConnectionProgress> {
        let written = write_available(&mut self.socket, &[&batch.bytes])?;
        self.record_batch(batch, Ok(written), now)
    }

    /// Moves the cursor past the frames of a batch, of which `written` bytes were written.
    pub(super) fn record_batch(
        &mut self,
        batch: &FrameBatch,
        written: io::Result<usize>,
        now: Instant,
    ) -> io::Result<ConnectionProgress> {
        let written = match written {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            written => written?,
        };
        self.record_write(written, batch.bytes.len(), now);
        if written == batch.bytes.len() {
            self.cursor.advance(batch.up_to);
        } else {
            self.advance(&batch.frames, written);
        }
        Ok(ConnectionProgress::Open)
    }

    /// Like [`FollowerConnection::flush`], unless the socket is known to take no bytes.
    pub(super) fn flush_if_writable(
        &mut self,
        pass: &DeliveryPass<'_>,
    ) -> io::Result<ConnectionProgress> {
        if self.blocked_since.is_some() {
            return Ok(ConnectionProgress::Open);
        }
        self.flush(pass)
    }

    /// Writes unsent bytes, then frames from the cursor, until the socket takes no more or nothing is
    /// left.
    pub(super) fn flush(&mut self, pass: &DeliveryPass<'_>) -> io::Result<ConnectionProgress> {
        loop {
            let UnsentBytes(mut unsent) =
                self.unsent.take().map(|unsent| *unsent).unwrap_or_default();
            // Frames are pulled only when nothing is unsent, so that a slow follower holds one frame
            // and not a queue. The first frames are an exception: they leave with the preamble, since
            // Firefox fires `open` only when the body begins.
            let pulls = unsent.is_empty() || std::mem::take(&mut self.is_new);
            let frames = if pulls { self.pull(pass, &mut unsent) } else { Vec::new() };
            let parts: Vec<&[u8]> = unsent
                .iter()
                .chain(frames.iter().map(|(_, frame)| frame.wire_bytes()))
                .map(|bytes| &**bytes)
                .collect();
            let wanted = parts.iter().map(|part| part.len()).sum();
            if wanted == 0 {
                self.blocked_since = None;
                return Ok(if self.draining {
                    ConnectionProgress::Done
                } else {
                    ConnectionProgress::Open
                });
            }
            let mut written = write_available(&mut self.socket, &parts)?;
            self.record_write(written, wanted, pass.now);
            // Attribute the written bytes: to the unsent bytes first, as they were first in `parts`.
            while let Some(mut part) = unsent.pop_front() {
                let taken = written.min(part.len());
                written -= taken;
                part.advance(taken);
                if !part.is_empty() {
                    unsent.push_front(part);
                    break;
                }
            }
            if unsent.is_empty() {
                self.advance(&frames, written);
            } else {
                // No byte of `frames` was written: the cursor stays before them.
                self.unsent = Some(Box::new(UnsentBytes(unsent)));
            }
            if self.blocked_since.is_some() {
                return Ok(ConnectionProgress::Open);
            }
        }
    }

    /// Sends bytes that are not a frame. The connection must be idle.
    pub(super) fn send(
        &mut self,
        bytes: Bytes,
        pass: &DeliveryPass<'_>,
    ) -> io::Result<ConnectionProgress> {
        self.unsent = Some(Box::new(UnsentBytes(VecDeque::from([bytes]))));
        self.flush(pass)
    }

    /// Reads and discards the peer's bytes. Returns whether there are bytes to send it: a peer that
    /// sends nothing more may still read, and if it has left, it answers a heartbeat with a reset.
    ///
    /// # Errors
    /// The peer has reset the connection, or sent more than [`MAX_INPUT_BYTES`].
    pub(super) fn discard_input(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 1024];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => {
                    // After the peer's end the kernel reports a reset only here.
                    if let Some(error) = self.socket.take_error()? {
                        return Err(error);
                    }
                    let is_news = !std::mem::replace(&mut self.half_closed, true);
                    self.owes_heartbeat |= is_news;
                    return Ok(is_news);
                }
                Ok(count) => self.input_bytes += count as u32,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.input_bytes > MAX_INPUT_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }

    /// Returns true if the socket has taken no bytes for `timeout`.
    pub(super) fn is_stalled(&self, timeout: Duration, now: Instant) -> bool {
        self.blocked_since.is_some_and(|since| now.saturating_duration_since(since) >= timeout)
    }

    /// Returns true if the follower must have nothing more of its channel.
    pub(super) fn is_revoked(&self) -> bool {
        self.permit.is_revoked() || self.cursor.channel.is_revoked()
    }

    /// Ends the stream without further frames.
    ///
    /// # Errors
    /// The socket has not taken the bytes before: the end would have to wait behind them.
    pub(super) fn end(&mut self, pass: &DeliveryPass<'_>) -> io::Result<ConnectionProgress> {
        if self.unsent.is_some() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.draining = true;
        self.send(pass.bytes.end(), pass)
    }

    /// Makes closing the socket discard the bytes in the kernel's send buffer and reset the
    /// connection, so that a stalled peer holds no memory.
    pub(super) fn reset_on_close(&self) {
        // Fails only if the connection is gone already.
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }

    /// Tells the peer that the stream has ended, and reads its last bytes: closing a socket with
    /// unread bytes resets the connection, and the peer could lose the end of the stream.
    pub(super) fn shut_down(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Write);
        let _ = self.discard_input();
    }

    /// Takes the next frames from the cursor; bytes that are not counted as frames are appended to
    /// `unsent`.
    fn pull(&mut self, pass: &DeliveryPass<'_>, unsent: &mut VecDeque<Bytes>) -> Vec<(u64, Frame)> {
        if self.draining {
            return Vec::new();
        }
        // A closing stream gets all frames there are: an acknowledged update has been shown. So does a
        // stream before its first heartbeat, which says that no event is missing.
        let up_to = if self.closing || self.owes_heartbeat { u64::MAX } else { pass.up_to };
        let next = if self.delayed { NextFrames::Empty } else { self.cursor.next(up_to) };
        match next {
            NextFrames::Frames(frames) => return frames,
            // The cursor has moved past the frame, so all of it has to be written.
            NextFrames::Single(frame) => unsent.push_back(frame.wire_bytes().clone()),
            NextFrames::Closed => {
                self.draining = true;
                unsent.push_back(pass.bytes.end());
            }
            NextFrames::Empty => {
                if !self.delayed && std::mem::take(&mut self.owes_heartbeat) {
                    unsent.extend(pass.bytes.heartbeat(&self.cursor.channel, self.cursor.seq));
                }
                if self.closing {
                    self.draining = true;
                    unsent.push_back(pass.bytes.goodbye());
                }
            }
        }
        Vec::new()
    }

    /// Moves the cursor past the frames of which at least one byte was written, and keeps the rest of
    /// the last of them.
    fn advance(&mut self, frames: &[(u64, Frame)], mut written: usize) {
        for (seq, frame) in frames {
            if written == 0 {
                return;
            }
            let taken = written.min(frame.wire_bytes().len());
            written -= taken;
            self.cursor.advance(*seq);
            if taken < frame.wire_bytes().len() {
                let rest = frame.wire_bytes().slice(taken..);
                self.unsent = Some(Box::new(UnsentBytes(VecDeque::from([rest]))));
            }
        }
    }

    /// Notes whether the socket is blocked. Each byte that it takes restarts the stall timeout.
    fn record_write(&mut self, written: usize, wanted: usize, now: Instant) {
        if written == wanted {
            self.blocked_since = None;
        } else if written > 0 || self.blocked_since.is_none() {
            self.blocked_since = Some(now);
        }
    }
}
