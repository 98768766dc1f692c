//! The bytes of one event, shared by all followers.

use bytes::Bytes;

/// One event: a payload, and the framing that a raw connection needs around it, encoded once.
///
/// The reactor writes to sockets itself and sends the whole; hyper adds its own framing and gets only
/// the payload. This crate does not know the format of the framing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    wire_bytes: Bytes,
    /// Length of the framing before the payload.
    prefix_len: u32,
    /// Length of the framing after the payload.
    suffix_len: u32,
}

impl Frame {
    /// A payload without framing.
    pub fn bare(payload: Bytes) -> Self {
        Self { wire_bytes: payload, prefix_len: 0, suffix_len: 0 }
    }

    /// A payload with framing before and after it.
    ///
    /// # Panics
    /// The prefix or the suffix is 4 GiB or longer.
    pub fn wrapped(prefix: &[u8], payload: &[u8], suffix: &[u8]) -> Self {
        let length = |part: &[u8]| u32::try_from(part.len()).expect("framing is under 4 GiB");
        Self {
            wire_bytes: [prefix, payload, suffix].concat().into(),
            prefix_len: length(prefix),
            suffix_len: length(suffix),
        }
    }

    /// The payload, a slice of the same allocation.
    pub fn payload(&self) -> Bytes {
        let end = self.wire_bytes.len() - self.suffix_len as usize;
        self.wire_bytes.slice(self.prefix_len as usize..end)
    }

    /// The payload with its framing, as a raw connection sends it.
    pub fn wire_bytes(&self) -> &Bytes {
        &self.wire_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_excludes_the_framing() {
        let frame = Frame::wrapped(b"<", b"landed", b">>");
        assert_eq!(frame.wire_bytes(), "<landed>>");
        assert_eq!(frame.payload(), "landed");
        assert_eq!(Frame::bare(Bytes::from("landed")).payload(), "landed");
        assert!(Frame::wrapped(b"", b"", b"").payload().is_empty());
    }
}
