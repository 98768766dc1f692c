//! One follower: its socket, its cursor, and what it was not able to take.
//!
//! A frame counts as taken when its first byte was. One that is half written is kept until its last
//! byte is, whatever became of the window; all after it is found again by the cursor.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use mio::net::TcpStream;
use socket2::SockRef;

use super::room::Batch;
use super::{Newcomer, Wording};
use crate::follower::{Ahead, Cursor};
use crate::frame::Frame;

/// Bytes that a follower may send and that are thrown away; one that sends more is cut. It has
/// asked all that there is to ask.
pub const DISCARDED_BYTES: u32 = 64 * 1024;

/// Most bytes that the system is given in one call. However few it has room for, it would take as
/// many as it is given.
pub const PIECE_BYTES: usize = 16 * 1024;

/// Most frames in one call.
const CALL_PARTS: usize = 64;

pub(super) struct Seated<S> {
    pub(super) socket: TcpStream,
    pub(super) cursor: Cursor,
    rest: Option<Box<Rest>>,
    /// Since when the socket takes nothing, if it does not.
    blocked_since: Option<Instant>,
    pub(super) room: u32,
    /// Where it is among the room's members.
    pub(super) place: u32,
    /// Tells it from others that had the same key.
    pub(super) stamp: u32,
    discarded: u32,
    /// Its turn has not come.
    pub(super) waits: bool,
    /// It ends as soon as nothing is due.
    pub(super) ends: bool,
    is_new: bool,
    /// All that remains is to be written out.
    is_last: bool,
    _seat: S,
}

/// What was taken from the cursor, or said besides, and not yet by the socket: a frame at most, and
/// one opening, heartbeat or end.
#[derive(Default)]
struct Rest(VecDeque<Bytes>);

/// What a thread knows when it turns to a follower.
pub(super) struct Moment<'a, W> {
    pub(super) wording: &'a W,
    /// Position that the follower's room has come to: what is newer is due at the next look.
    pub(super) until: u64,
    pub(super) now: Instant,
}

/// Whether one is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Stays,
    /// All was said.
    Goes,
}

impl<S> Seated<S> {
    pub(super) fn new(newcomer: Newcomer<S>, room: usize, place: usize, stamp: u32) -> Self {
        let Newcomer { socket, follower, opening, turn: _, seat } = newcomer;
        let index = |index| u32::try_from(index).expect("there are not so many sockets");
        Self {
            socket: TcpStream::from_std(socket),
            cursor: follower.into_cursor(),
            rest: Some(Box::new(Rest(VecDeque::from([opening])))),
            blocked_since: None,
            room: index(room),
            place: index(place),
            stamp,
            discarded: 0,
            waits: false,
            ends: false,
            is_new: true,
            is_last: false,
            _seat: seat,
        }
    }

    /// Whether the batch is all that it is due.
    pub(super) fn stands_before(&self, batch: &Batch) -> bool {
        self.is_idle() && self.cursor.owed.is_none() && self.cursor.at == batch.from
    }

    /// Whether nothing keeps it from being told something now.
    pub(super) fn is_idle(&self) -> bool {
        self.blocked_since.is_none() && self.rest.is_none() && !self.waits && !self.is_last
    }

    /// Whether it has the batch, and so nothing is due.
    pub(super) fn stands_behind(&self, batch: &Batch) -> bool {
        self.is_idle() && self.cursor.owed.is_none() && self.cursor.at >= batch.until
    }

    pub(super) fn give(&mut self, batch: &Batch, now: Instant) -> io::Result<Standing> {
        let written = write(&mut self.socket, &[&batch.bytes])?;
        self.given(batch, Ok(written), now)
    }

    /// It was given the batch, of which it took so many bytes.
    pub(super) fn given(
        &mut self,
        batch: &Batch,
        taken: io::Result<usize>,
        now: Instant,
    ) -> io::Result<Standing> {
        let written = match taken {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            taken => taken?,
        };
        self.note(written, batch.bytes.len(), now);
        if written == batch.bytes.len() {
            self.cursor.took(batch.until);
        } else {
            self.took(&batch.frames, written);
        }
        Ok(Standing::Stays)
    }

    /// Writes all that is due, unless the socket takes nothing.
    pub(super) fn pump<W>(&mut self, moment: &Moment<'_, W>) -> io::Result<Standing>
    where
        W: Wording<Seat = S>,
    {
        if self.blocked_since.is_some() { Ok(Standing::Stays) } else { self.go_on(moment) }
    }

    /// The same when the socket may take something again.
    pub(super) fn go_on<W>(&mut self, moment: &Moment<'_, W>) -> io::Result<Standing>
    where
        W: Wording<Seat = S>,
    {
        loop {
            let Rest(mut own) = self.rest.take().map(|rest| *rest).unwrap_or_default();
            // The first events leave with the opening, all others when nothing is left over.
            let looks = own.is_empty() || std::mem::take(&mut self.is_new);
            let frames = if looks { self.look(moment, &mut own) } else { Vec::new() };
            let parts: Vec<&[u8]> = own
                .iter()
                .chain(frames.iter().map(|(_, frame)| frame.whole()))
                .map(|b| &**b)
                .collect();
            let wanted = parts.iter().map(|part| part.len()).sum();
            if wanted == 0 {
                self.blocked_since = None;
                return Ok(if self.is_last { Standing::Goes } else { Standing::Stays });
            }
            let mut written = write(&mut self.socket, &parts)?;
            self.note(written, wanted, moment.now);
            while let Some(mut part) = own.pop_front() {
                let taken = written.min(part.len());
                written -= taken;
                part.advance(taken);
                if !part.is_empty() {
                    own.push_front(part);
                    break;
                }
            }
            if own.is_empty() {
                self.took(&frames, written);
            } else {
                self.rest = Some(Box::new(Rest(own)));
            }
            if self.blocked_since.is_some() {
                return Ok(Standing::Stays);
            }
        }
    }

    /// Says something besides frames.
    pub(super) fn say<W>(&mut self, bytes: Bytes, moment: &Moment<'_, W>) -> io::Result<Standing>
    where
        W: Wording<Seat = S>,
    {
        self.rest = Some(Box::new(Rest(VecDeque::from([bytes]))));
        self.go_on(moment)
    }

    /// Throws away what the peer sends; an error if that is its end, or too much.
    pub(super) fn hear(&mut self) -> io::Result<()> {
        let mut bytes = [0; 1024];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.discarded += count as u32,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.discarded > DISCARDED_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }

    /// Whether its peer has taken nothing for so long.
    pub(super) fn is_stalled(&self, timeout: Duration, now: Instant) -> bool {
        self.blocked_since.is_some_and(|since| now.saturating_duration_since(since) >= timeout)
    }

    /// What the system still holds for the peer goes with the connection.
    pub(super) fn cut(&self) {
        // It fails where the connection has gone already.
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }

    /// All was said: the peer is told so, and nothing unread makes a reset of it.
    pub(super) fn finish(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Write);
        let _ = self.hear();
    }

    /// Takes from the cursor what is due: frames, or something to be said.
    fn look<W>(&mut self, moment: &Moment<'_, W>, own: &mut VecDeque<Bytes>) -> Vec<(u64, Frame)>
    where
        W: Wording<Seat = S>,
    {
        if self.is_last {
            return Vec::new();
        }
        // One that ends is given all that there is: what was acknowledged is shown.
        let until = if self.ends { u64::MAX } else { moment.until };
        match if self.waits { Ahead::Nothing } else { self.cursor.ahead(until) } {
            Ahead::Frames(frames) => return frames,
            Ahead::Instead(frame) => own.push_back(frame.whole().clone()),
            Ahead::End => {
                self.is_last = true;
                own.push_back(moment.wording.end());
            }
            Ahead::Nothing if self.ends => {
                self.is_last = true;
                own.push_back(moment.wording.goodbye());
            }
            Ahead::Nothing => {}
        }
        Vec::new()
    }

    /// Of these frames so many bytes were written.
    fn took(&mut self, frames: &[(u64, Frame)], mut written: usize) {
        for (seq, frame) in frames {
            if written == 0 {
                return;
            }
            let taken = written.min(frame.whole().len());
            written -= taken;
            self.cursor.took(*seq);
            if taken < frame.whole().len() {
                let half = frame.whole().slice(taken..);
                self.rest = Some(Box::new(Rest(VecDeque::from([half]))));
            }
        }
    }

    /// Each time that a socket takes something, a new time begins.
    fn note(&mut self, written: usize, wanted: usize, now: Instant) {
        if written == wanted {
            self.blocked_since = None;
        } else if written > 0 || self.blocked_since.is_none() {
            self.blocked_since = Some(now);
        }
    }
}

/// Writes until all is written or the socket takes no more; how many bytes it took.
fn write(socket: &mut TcpStream, parts: &[&[u8]]) -> io::Result<usize> {
    let (mut rest, mut written) = (parts, 0);
    let mut offset = 0;
    loop {
        while let Some((first, others)) = rest.split_first()
            && offset >= first.len()
        {
            (rest, offset) = (others, 0);
        }
        let call = match rest {
            [] => return Ok(written),
            [only] => {
                let end = only.len().min(offset + PIECE_BYTES);
                socket.write(&only[offset..end])
            }
            several => socket.write_vectored(&slices(several, offset)),
        };
        match call {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(mut count) => {
                written += count;
                while let Some((first, others)) = rest.split_first()
                    && count >= first.len() - offset
                {
                    count -= first.len() - offset;
                    (rest, offset) = (others, 0);
                }
                offset += count;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// As much of these parts as goes into one call.
fn slices<'a>(parts: &[&'a [u8]], mut offset: usize) -> Vec<IoSlice<'a>> {
    let (mut slices, mut room) = (Vec::new(), PIECE_BYTES);
    for part in parts.iter().take(CALL_PARTS) {
        let end = part.len().min(offset + room);
        slices.push(IoSlice::new(&part[offset..end]));
        room -= end - offset;
        offset = 0;
        if room == 0 {
            break;
        }
    }
    slices
}
