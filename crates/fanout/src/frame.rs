//! The bytes of one event, as all followers share them.

use bytes::Bytes;

/// What one event is to followers: a payload in the wrapping that a plain connection needs around
/// it, made once. Who writes to a socket itself takes the whole; who has something below it that
/// wraps takes the payload. What the wrapping is, is not known here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    whole: Bytes,
    /// How many bytes of the whole stand before the payload, and how many after.
    before: u32,
    after: u32,
}

impl Frame {
    /// A payload that is sent as it is.
    pub fn bare(payload: Bytes) -> Self {
        Self { whole: payload, before: 0, after: 0 }
    }

    /// A payload between what is sent before and after it.
    pub fn wrapped(before: &[u8], payload: &[u8], after: &[u8]) -> Self {
        let length = |part: &[u8]| u32::try_from(part.len()).expect("a wrapping is short");
        Self {
            whole: [before, payload, after].concat().into(),
            before: length(before),
            after: length(after),
        }
    }

    /// The payload, a view of the same bytes.
    pub fn payload(&self) -> Bytes {
        self.whole.slice(self.before as usize..self.whole.len() - self.after as usize)
    }

    /// All that a plain connection is sent.
    pub fn whole(&self) -> &Bytes {
        &self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_a_view_of_the_whole() {
        let frame = Frame::wrapped(b"<", b"landed", b">>");
        assert_eq!((&**frame.whole(), &*frame.payload()), (&b"<landed>>"[..], &b"landed"[..]));
        assert_eq!(Frame::bare(Bytes::from("landed")).payload(), "landed");
        assert!(Frame::wrapped(b"", b"", b"").payload().is_empty());
    }
}
