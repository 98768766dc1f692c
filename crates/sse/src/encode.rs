//! Encodes events, comments and the reconnection time.
//!
//! Each function appends complete lines. Only an event ends with a blank line: some client libraries
//! dispatch an empty message at any other. A comment or reconnection time is thus part of the block of
//! the next event. In any order the results are a valid stream, and a heartbeat cannot split an event.

use std::iter;

use thiserror::Error;

/// An event to encode.
///
/// A conforming client gets back `event` and `id` unchanged, and `data` with each CRLF and CR turned
/// into LF. To the client, an absent `event`, `""` and `"message"` are the same. An absent `id`
/// leaves the last event ID as it was; `""` resets it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// The value that the client sends back as `Last-Event-ID`. No CR, LF or NUL.
    pub id: Option<&'a str>,
    /// The event type, for which a page registers its listeners. No CR, LF or NUL.
    pub event: Option<&'a str>,
    /// The payload: any text. NUL is encoded, since the standard allows it, but Firefox drops it.
    /// JSON never contains NUL, because JSON escapes it.
    pub data: &'a str,
}

/// An `id` or `event` contains a character that would end its line or discard the field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field} contains {character:?}, which an event stream cannot carry in this field")]
pub struct InvalidField {
    /// The name of the field: `id` or `event`.
    pub field: &'static str,
    /// The first such character: CR, LF or NUL.
    pub character: char,
}

impl Event<'_> {
    /// Appends `id`, `event`, one `data` line per line of the payload, and a blank line.
    ///
    /// # Errors
    /// `id` or `event` is not a valid field value. Nothing has been appended then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidField> {
        let fields = [("id", self.id), ("event", self.event)];
        for (name, value) in fields {
            validate(name, value.unwrap_or_default())?;
        }
        for (name, value) in fields {
            if let Some(value) = value {
                push_field(name, value, out);
            }
        }
        for line in lines(self.data) {
            push_field("data", line, out);
        }
        out.push(b'\n');
        Ok(())
    }
}

/// Appends the reconnection time that the client uses from now on, even if the stream ends before the
/// next event. With zero, some browsers reconnect without a pause.
pub fn encode_retry(millis: u64, out: &mut Vec<u8>) {
    push_field("retry", &millis.to_string(), out);
}

/// Appends a comment, which clients ignore: a keep-alive, or padding. The text follows the colon
/// directly; each of its lines becomes a comment line.
pub fn encode_comment(text: &str, out: &mut Vec<u8>) {
    for line in lines(text) {
        out.push(b':');
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
}

fn validate(field: &'static str, value: &str) -> Result<(), InvalidField> {
    match value.find(['\r', '\n', '\0']) {
        None => Ok(()),
        Some(at) => Err(InvalidField { field, character: char::from(value.as_bytes()[at]) }),
    }
}

/// Always writes the space: the client removes one, which must not be the first byte of the value.
fn push_field(name: &str, value: &str, out: &mut Vec<u8>) {
    for part in [name, ": ", value, "\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Splits a text at the format's line ends. Unlike `str::lines`, a lone CR ends a line, and a text
/// that ends with a line end has an empty last line: a client gets the same text only with both.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let (line, line_end) = text.split_at(end);
        rest = line_end.strip_prefix("\r\n").or_else(|| line_end.get(1..));
        Some(line)
    })
}
