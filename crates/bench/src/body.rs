//! The body of an HTTP response, decoded incrementally by its framing (RFC 9112, section 6). Decoding copies
//! no content and does not interpret it.

use memchr::memchr;

/// Maximum length of a line with a chunk's size and extensions.
const MAX_SIZE_LINE_BYTES: usize = 1_024;

/// The rest of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BodyDecoder {
    /// The number of bytes left.
    Length(u64),
    Chunked(ChunkDecoder),
    /// Everything until the connection is closed.
    UntilClose,
}

/// The state between two bytes of a chunked body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChunkDecoder {
    /// In the line with a chunk's size, of which this part has arrived.
    Size(Vec<u8>),
    /// The number of bytes left in the chunk.
    Data(u64),
    /// In the line end after a chunk.
    DataEnd,
    /// In the trailer section; an empty line ends the body.
    Trailer {
        line_is_empty: bool,
    },
    Ended,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response has malformed chunks")]
pub(crate) struct MalformedBody;

impl BodyDecoder {
    pub(crate) fn chunked() -> Self {
        Self::Chunked(ChunkDecoder::Size(Vec::new()))
    }

    pub(crate) fn is_ended(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(ChunkDecoder::Ended))
    }

    /// Takes the next piece of content from `input`. `None` when the input is used up or the body has
    /// ended; the rest of the input then belongs to the next response.
    pub(crate) fn next<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<&'a [u8]>, MalformedBody> {
        match self {
            Self::UntilClose => Ok(take(input, &mut { u64::MAX })),
            Self::Length(left) => Ok(take(input, left)),
            Self::Chunked(chunks) => chunks.next(input),
        }
    }
}

impl ChunkDecoder {
    fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, MalformedBody> {
        loop {
            match self {
                Self::Data(left) => {
                    let piece = take(input, left);
                    if *left == 0 {
                        *self = Self::DataEnd;
                    }
                    return Ok(piece);
                }
                Self::Ended => return Ok(None),
                _ if input.is_empty() => return Ok(None),
                Self::Size(partial) => {
                    if let Some(size) = take_size(input, partial)? {
                        *self = match size {
                            0 => Self::Trailer { line_is_empty: true },
                            _ => Self::Data(size),
                        };
                    }
                }
                Self::DataEnd => match take_byte(input) {
                    b'\r' => {}
                    b'\n' => *self = Self::Size(Vec::new()),
                    _ => return Err(MalformedBody),
                },
                Self::Trailer { line_is_empty } => match take_byte(input) {
                    b'\r' => {}
                    b'\n' if *line_is_empty => *self = Self::Ended,
                    byte => *line_is_empty = byte == b'\n',
                },
            }
        }
    }
}

/// Takes a chunk's size line from `input`, which must not be empty. A line that is cut is kept in
/// `partial`; most are not, and are parsed in place.
fn take_size(input: &mut &[u8], partial: &mut Vec<u8>) -> Result<Option<u64>, MalformedBody> {
    let end = memchr(b'\n', input).map_or(input.len(), |at| at + 1);
    let (piece, rest) = input.split_at(end);
    *input = rest;
    let line: &[u8] = if partial.is_empty() {
        piece
    } else {
        partial.extend_from_slice(piece);
        partial
    };
    // `parse_chunk_size` takes a line without digits for a size of 0.
    if line.len() > MAX_SIZE_LINE_BYTES || !line[0].is_ascii_hexdigit() {
        return Err(MalformedBody);
    }
    match httparse::parse_chunk_size(line).map_err(|_| MalformedBody)? {
        httparse::Status::Complete((_, size)) => Ok(Some(size)),
        httparse::Status::Partial => {
            if partial.is_empty() {
                partial.extend_from_slice(piece);
            }
            Ok(None)
        }
    }
}

/// Takes the first byte of `input`, which must not be empty.
fn take_byte(input: &mut &[u8]) -> u8 {
    let byte = input[0];
    *input = &input[1..];
    byte
}

/// Takes up to `left` bytes from `input` and subtracts their number. `None` if there is nothing to take.
fn take<'a>(input: &mut &'a [u8], left: &mut u64) -> Option<&'a [u8]> {
    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    let (piece, rest) = input.split_at(length);
    *input = rest;
    *left -= length as u64;
    (length > 0).then_some(piece)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The content, whether the body has ended, and the number of bytes left over.
    fn decode(
        mut body: BodyDecoder,
        pieces: &[&[u8]],
    ) -> Result<(Vec<u8>, bool, usize), MalformedBody> {
        let mut content = Vec::new();
        let mut left = 0;
        for mut input in pieces.iter().copied() {
            while let Some(piece) = body.next(&mut input)? {
                content.extend_from_slice(piece);
            }
            left += input.len();
        }
        Ok((content, body.is_ended(), left))
    }

    fn encode_chunks(chunks: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for chunk in chunks {
            bytes.extend(format!("{:X};x=1\r\n", chunk.len()).bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\nTrailer: 1\r\n\r\n");
        bytes
    }

    fn split_at<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
        let mut offsets: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        offsets.extend([0, bytes.len()]);
        offsets.sort_unstable();
        offsets.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn chunked_content_survives_any_cuts(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut bytes = encode_chunks(&chunks);
            bytes.extend(b"HTTP/1.1 ");
            let pieces = split_at(&bytes, &cuts);
            prop_assert_eq!(
                decode(BodyDecoder::chunked(), &pieces),
                Ok((chunks.concat(), true, 9))
            );
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(BodyDecoder::chunked(), &[&bytes]);
        }
    }

    #[test]
    fn content_ends_at_its_length() {
        let length = BodyDecoder::Length(3);
        assert_eq!(decode(length, &[b"ab", b"cdef"]), Ok((b"abc".to_vec(), true, 3)));
        let until_close = BodyDecoder::UntilClose;
        assert_eq!(decode(until_close, &[b"ab", b"c"]), Ok((b"abc".to_vec(), false, 0)));
    }

    #[test]
    fn malformed_chunks_are_errors() {
        for bytes in [&b"x"[..], b"\r\n", b"3x\r\n", b"2\r\nabc", b"123456789abcdef01\r\n"] {
            let decoded = decode(BodyDecoder::chunked(), &[bytes]);
            assert_eq!(decoded, Err(MalformedBody), "{bytes:?}");
        }
        let endless = [b"1;", "x".repeat(MAX_SIZE_LINE_BYTES).as_bytes()].concat();
        assert_eq!(decode(BodyDecoder::chunked(), &[&endless]), Err(MalformedBody));
    }
}
