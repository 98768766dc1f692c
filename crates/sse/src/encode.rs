//! Writing the format. Whatever is appended is whole: it ends with a blank line, so that any order
//! of these pieces is a right stream, and a heartbeat cannot cut an event in two. Who sends the
//! bytes, and when, is not known here; [`Decoder`](crate::Decoder) is the other side.

use std::iter;

use crate::Error;

/// An event to be written.
///
/// A conformant reader gets back `event` and `id` as they are and `data` with each CRLF and CR
/// turned into LF. An absent `event`, `""` and `"message"` mean the same to it. An absent `id`
/// leaves the last event ID as it was; `""` resets it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// What a reader sends back as `Last-Event-ID`. No CR, LF or NUL.
    pub id: Option<&'a str>,
    /// The event's type, which is what a page's listeners are registered for. No CR, LF or NUL.
    pub event: Option<&'a str>,
    /// The payload: any text. The standard lets NUL through, and so it is written; Firefox drops
    /// it. JSON never holds one, since it escapes it.
    pub data: &'a str,
}

impl Event<'_> {
    /// Appends the event to `out`: `id`, `event`, a `data` line for each line of the payload, and
    /// a blank line. On an error nothing has been appended.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let heads = [("id", self.id), ("event", self.event)];
        for (name, value) in heads {
            refuse_unwritable(name, value.unwrap_or_default())?;
        }
        for (name, value) in heads {
            if let Some(value) = value {
                field(name, value, out);
            }
        }
        for line in lines(self.data) {
            field("data", line, out);
        }
        out.push(b'\n');
        Ok(())
    }
}

/// Appends the reconnection time, in milliseconds, that a reader shall use from now on. Zero makes
/// some browsers reconnect without a pause.
pub fn retry(millis: u64, out: &mut Vec<u8>) {
    field("retry", &millis.to_string(), out);
    out.push(b'\n');
}

/// Appends a comment, which readers ignore: a sign of life, or padding. The text begins right
/// after the colon; each of its lines becomes a comment line.
pub fn comment(text: &str, out: &mut Vec<u8>) {
    for line in lines(text) {
        out.push(b':');
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out.push(b'\n');
}

fn refuse_unwritable(field: &'static str, value: &str) -> Result<(), Error> {
    match value.find(['\r', '\n', '\0']) {
        None => Ok(()),
        Some(at) => Err(Error::Unwritable { field, character: char::from(value.as_bytes()[at]) }),
    }
}

/// The space is always there: a reader takes one away, which must not be the value's own.
fn field(name: &str, value: &str, out: &mut Vec<u8>) {
    for part in [name, ": ", value, "\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// The lines of a text by the format's line ends. Unlike `str::lines`, a lone CR ends one too, and
/// a text that ends with a line end has an empty last line: both are needed to read back the same.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let (line, after) = text.split_at(end);
        rest = after.strip_prefix("\r\n").or_else(|| after.get(1..));
        Some(line)
    })
}
