//! Splits chunks of bytes into lines, and lines into fields.
//!
//! Bytes are split into lines before UTF-8 is decoded. The result is the same as in the standard,
//! which decodes first: CR, LF and the colon are ASCII, so they are never part of a longer character,
//! and they end a broken one. The meaning of a field is left to [`decode`](crate::decode).
//!
//! Each byte is examined and copied a fixed number of times, and buffered bytes are not read again
//! before their line ends: the cost of a stream is linear in its length, however it is chunked. Lines
//! without a meaning are not buffered.

use std::mem;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Length of the longest known name, `event` or `retry`, after a byte order mark.
const MAX_NAME_BYTES: usize = BYTE_ORDER_MARK.len() + "event".len();

/// A complete line.
#[derive(Debug)]
pub(crate) enum StreamLine {
    /// The end of an event.
    Blank,
    /// A known field. A name without a colon has the value `""`.
    Field(FieldName, String),
    /// A comment or an unknown field.
    Ignored,
}

/// The fields that the standard defines.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FieldName {
    Data,
    Event,
    Id,
    Retry,
}

/// The value of a line is longer than the caller allows.
#[derive(Debug)]
pub(crate) struct ValueTooLong;

/// Reads the lines of one stream.
#[derive(Debug)]
pub(crate) struct LineReader {
    position: LinePosition,
    /// The name of the current line so far, or its value; never both.
    buffer: Vec<u8>,
    /// No line of the stream has ended yet, so this one may begin with a byte order mark.
    is_first_line: bool,
    /// The last line ended with CR: if an LF follows, it belongs to the same line end.
    after_cr: bool,
}

/// The part of the line to which the next byte belongs.
#[derive(Debug, Clone, Copy)]
enum LinePosition {
    Name,
    /// Directly after the colon, where one space is skipped.
    AfterColon(FieldName),
    Value(FieldName),
    Ignored,
}

impl LineReader {
    pub(crate) fn new() -> Self {
        Self {
            position: LinePosition::Name,
            buffer: Vec::new(),
            is_first_line: true,
            after_cr: false,
        }
    }

    /// Reads up to the end of the next line and removes the read bytes from `input`. Returns `None`
    /// if `input` ends before the line does; the line continues in the next chunk.
    ///
    /// # Errors
    /// The value is longer than `max_value_bytes`.
    pub(crate) fn next(
        &mut self,
        input: &mut &[u8],
        max_value_bytes: usize,
    ) -> Result<Option<StreamLine>, ValueTooLong> {
        // An event ends at the CR and does not wait for the next byte, which may be the LF of the
        // same line end, even in a later chunk.
        if !input.is_empty() && mem::take(&mut self.after_cr) {
            *input = input.strip_prefix(b"\n").unwrap_or(input);
        }
        let Some(end) = input.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            return self.extend(mem::take(input), max_value_bytes).map(|()| None);
        };
        let (part, rest) = input.split_at(end);
        *input = &rest[1..];
        self.after_cr = rest[0] == b'\r';
        self.extend(part, max_value_bytes)?;
        Ok(Some(self.finish_line()))
    }

    /// Allocated bytes.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Adds a part of the current line.
    fn extend(&mut self, mut part: &[u8], max_value_bytes: usize) -> Result<(), ValueTooLong> {
        while let Some(&next) = part.first() {
            match self.position {
                LinePosition::Name => part = self.extend_name(part),
                LinePosition::AfterColon(field) => {
                    self.position = LinePosition::Value(field);
                    if next == b' ' {
                        part = &part[1..];
                    }
                }
                LinePosition::Value(_) => {
                    if part.len() > max_value_bytes.saturating_sub(self.buffer.len()) {
                        return Err(ValueTooLong);
                    }
                    self.buffer.extend_from_slice(part);
                    break;
                }
                LinePosition::Ignored => break,
            }
        }
        Ok(())
    }

    /// Adds a part of the name up to the colon, and returns the bytes after the colon.
    fn extend_name<'a>(&mut self, part: &'a [u8]) -> &'a [u8] {
        let colon = part.iter().position(|&byte| byte == b':');
        let (name, rest) = part.split_at(colon.unwrap_or(part.len()));
        // Longer than any known name: stop buffering.
        if self.buffer.len() + name.len() > MAX_NAME_BYTES {
            self.position = LinePosition::Ignored;
            return &[];
        }
        self.buffer.extend_from_slice(name);
        let Some((_colon, value)) = rest.split_first() else {
            return &[];
        };
        let field = FieldName::from_bytes(self.name());
        self.position = field.map_or(LinePosition::Ignored, LinePosition::AfterColon);
        // From here on the buffer holds the value.
        self.buffer.clear();
        value
    }

    fn name(&self) -> &[u8] {
        let mark = if self.is_first_line { BYTE_ORDER_MARK } else { b"" };
        self.buffer.strip_prefix(mark).unwrap_or(&self.buffer)
    }

    fn finish_line(&mut self) -> StreamLine {
        let line = match mem::replace(&mut self.position, LinePosition::Name) {
            LinePosition::Name if self.name().is_empty() => StreamLine::Blank,
            LinePosition::Name => match FieldName::from_bytes(self.name()) {
                Some(field) => StreamLine::Field(field, String::new()),
                None => StreamLine::Ignored,
            },
            LinePosition::AfterColon(field) => StreamLine::Field(field, String::new()),
            LinePosition::Value(field) => {
                let value = String::from_utf8_lossy(&self.buffer).into_owned();
                StreamLine::Field(field, value)
            }
            LinePosition::Ignored => StreamLine::Ignored,
        };
        self.buffer.clear();
        self.is_first_line = false;
        line
    }
}

impl FieldName {
    /// Names are compared byte by byte: another letter case or an extra space is another name.
    fn from_bytes(name: &[u8]) -> Option<Self> {
        match name {
            b"data" => Some(Self::Data),
            b"event" => Some(Self::Event),
            b"id" => Some(Self::Id),
            b"retry" => Some(Self::Retry),
            _ => None,
        }
    }
}
