//! From bytes, in whatever pieces they arrive, to the fields of an event stream.
//!
//! Lines are cut before the text is decoded. That gives what decoding first would give, since CR,
//! LF and the colon are ASCII: they are never part of a longer character, and they end a broken
//! one. What a field does is for [`decode`](crate::decode) to know.
//!
//! Each byte is looked at and copied a fixed number of times, and nothing held is read again before
//! its line ends: the cost of a stream is linear in its length, however it is cut. Lines that mean
//! nothing are not kept at all.

use std::mem;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// The longest name worth keeping: `event` or `retry`, after a byte order mark.
const LONGEST_NAME: usize = BYTE_ORDER_MARK.len() + "event".len();

/// A line that has been read to its end.
#[derive(Debug)]
pub(crate) enum Line {
    /// The end of an event.
    Blank,
    /// A field with a meaning. A name without a colon has the value `""`.
    Field(Field, String),
    /// A comment, or a field without a meaning.
    Ignored,
}

/// The fields that have a meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field {
    Data,
    Event,
    Id,
    Retry,
}

/// The value of a line is longer than there was room for.
#[derive(Debug)]
pub(crate) struct NoRoom;

/// The lines of one stream.
#[derive(Debug)]
pub(crate) struct Lines {
    place: Place,
    /// The bytes of the current line's name, or of its value; never both.
    held: Vec<u8>,
    /// No line of the stream has ended yet: a byte order mark may stand before this one.
    first: bool,
    /// The last line ended with CR, so that an LF would be the rest of that line end.
    after_cr: bool,
}

/// Where in its line the next byte belongs.
#[derive(Debug, Clone, Copy)]
enum Place {
    Name,
    /// Right after the colon, where one space does not count.
    Colon(Field),
    Value(Field),
    Ignored,
}

impl Lines {
    pub(crate) fn new() -> Self {
        Self { place: Place::Name, held: Vec::new(), first: true, after_cr: false }
    }

    /// Reads to the end of the next line and takes what was read from `input`. `None`: the input
    /// is used up, and the line goes on in the next piece. A value may have `room` bytes.
    pub(crate) fn next(&mut self, input: &mut &[u8], room: usize) -> Result<Option<Line>, NoRoom> {
        if !input.is_empty() && mem::take(&mut self.after_cr) {
            *input = input.strip_prefix(b"\n").unwrap_or(input);
        }
        let Some(end) = input.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            return self.extend(mem::take(input), room).map(|()| None);
        };
        let (part, rest) = input.split_at(end);
        *input = &rest[1..];
        self.after_cr = rest[0] == b'\r';
        self.extend(part, room)?;
        Ok(Some(self.end()))
    }

    /// What is kept in memory, in bytes.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.held.capacity()
    }

    /// Takes in a part of the current line.
    fn extend(&mut self, mut part: &[u8], room: usize) -> Result<(), NoRoom> {
        while let Some(&next) = part.first() {
            match self.place {
                Place::Name => part = self.extend_name(part),
                Place::Colon(field) => {
                    self.place = Place::Value(field);
                    if next == b' ' {
                        part = &part[1..];
                    }
                }
                Place::Value(_) if part.len() > room.saturating_sub(self.held.len()) => {
                    return Err(NoRoom);
                }
                Place::Value(_) => {
                    self.held.extend_from_slice(part);
                    break;
                }
                Place::Ignored => break,
            }
        }
        Ok(())
    }

    /// Takes in a part of the name, up to the colon, and returns what follows it.
    fn extend_name<'a>(&mut self, part: &'a [u8]) -> &'a [u8] {
        let colon = part.iter().position(|&byte| byte == b':');
        let (name, rest) = part.split_at(colon.unwrap_or(part.len()));
        if self.held.len() + name.len() > LONGEST_NAME {
            self.place = Place::Ignored;
            return &[];
        }
        self.held.extend_from_slice(name);
        let Some((_colon, value)) = rest.split_first() else {
            return &[];
        };
        self.place = Field::named(self.name()).map_or(Place::Ignored, Place::Colon);
        self.held.clear();
        value
    }

    fn name(&self) -> &[u8] {
        let mark = if self.first { BYTE_ORDER_MARK } else { b"" };
        self.held.strip_prefix(mark).unwrap_or(&self.held)
    }

    fn end(&mut self) -> Line {
        let line = match mem::replace(&mut self.place, Place::Name) {
            Place::Name if self.name().is_empty() => Line::Blank,
            Place::Name => match Field::named(self.name()) {
                Some(field) => Line::Field(field, String::new()),
                None => Line::Ignored,
            },
            Place::Colon(field) => Line::Field(field, String::new()),
            Place::Value(field) => {
                Line::Field(field, String::from_utf8_lossy(&self.held).into_owned())
            }
            Place::Ignored => Line::Ignored,
        };
        self.held.clear();
        self.first = false;
        line
    }
}

impl Field {
    /// Names are compared byte by byte: another case or a space makes another name.
    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"data" => Some(Self::Data),
            b"event" => Some(Self::Event),
            b"id" => Some(Self::Id),
            b"retry" => Some(Self::Retry),
            _ => None,
        }
    }
}
