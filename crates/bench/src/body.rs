//! The body of an answer, by the framing that its head names (RFC 9112, section 6), however it is cut.
//! It copies nothing, and does not know what a body says.

/// What is still to come of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// So many bytes.
    Length(u64),
    Chunked(Chunked),
    /// All until the connection ends.
    UntilEnd,
}

/// Where in a chunked body the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunked {
    /// Before the first digit of a size.
    Start,
    Size(u64),
    /// After the digits, to the end of the line.
    Extension(u64),
    Data(u64),
    DataEnd,
    /// Within the trailer, and whether its line is empty so far.
    Trailer {
        empty: bool,
    },
    Ended,
}

/// Bytes that are no body of that framing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer's chunks are not framed as HTTP/1.1 wants it")]
pub(crate) struct Malformed;

/// Largest chunk that is believed.
const MAX_CHUNK_BYTES: u64 = 1 << 32;

impl Body {
    pub(crate) const CHUNKED: Self = Self::Chunked(Chunked::Start);

    pub(crate) fn is_ended(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunked::Ended))
    }

    /// The next piece of what the body says, taken off `input`. `None` when the input has no more of
    /// it: then it is used up, or the body has ended and what is left belongs to what comes next.
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
        match self {
            Self::UntilEnd => Ok(take(input, u64::MAX).0),
            Self::Length(left) => {
                let (piece, rest) = take(input, *left);
                *left = rest;
                Ok(piece)
            }
            Self::Chunked(chunked) => chunked.next(input),
        }
    }
}

impl Chunked {
    fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
        loop {
            if let Self::Data(left) = *self {
                let (piece, rest) = take(input, left);
                *self = if rest == 0 { Self::DataEnd } else { Self::Data(rest) };
                return Ok(piece);
            }
            if *self == Self::Ended {
                return Ok(None);
            }
            let Some((byte, rest)) = input.split_first() else { return Ok(None) };
            *input = rest;
            *self = self.after(*byte)?;
        }
    }

    /// Where the byte after this one is, outside of data.
    fn after(self, byte: u8) -> Result<Self, Malformed> {
        Ok(match (self, byte) {
            (Self::Start, _) => Self::Size(u64::from(hex(byte).ok_or(Malformed)?)),
            (Self::Size(size) | Self::Extension(size), b'\n') => match size {
                0 => Self::Trailer { empty: true },
                _ => Self::Data(size),
            },
            (Self::Size(size), _) => match hex(byte) {
                Some(_) if size >= MAX_CHUNK_BYTES / 16 => return Err(Malformed),
                Some(digit) => Self::Size(size * 16 + u64::from(digit)),
                None if matches!(byte, b'\r' | b';' | b' ' | b'\t') => Self::Extension(size),
                None => return Err(Malformed),
            },
            (Self::DataEnd, b'\n') => Self::Start,
            (Self::DataEnd, b'\r') => Self::DataEnd,
            (Self::DataEnd, _) => return Err(Malformed),
            (Self::Trailer { empty: true }, b'\n') => Self::Ended,
            (Self::Trailer { .. }, b'\n') => Self::Trailer { empty: true },
            (Self::Trailer { empty }, b'\r') => Self::Trailer { empty },
            (Self::Trailer { .. }, _) => Self::Trailer { empty: false },
            (Self::Extension(_) | Self::Data(_) | Self::Ended, _) => self,
        })
    }
}

/// The beginning of `input`, of `most` bytes or fewer, and how many are left to take.
fn take<'a>(input: &mut &'a [u8], most: u64) -> (Option<&'a [u8]>, u64) {
    let length = usize::try_from(most).unwrap_or(usize::MAX).min(input.len());
    let (piece, rest) = input.split_at(length);
    *input = rest;
    ((length > 0).then_some(piece), most - length as u64)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the body says that comes in these pieces, whether it has ended, and what is left.
    fn read(mut body: Body, pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, usize), Malformed> {
        let (mut said, mut left) = (Vec::new(), 0);
        for mut input in pieces.iter().copied() {
            while let Some(piece) = body.next(&mut input)? {
                said.extend_from_slice(piece);
            }
            left += input.len();
        }
        Ok((said, body.is_ended(), left))
    }

    fn chunked(chunks: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for chunk in chunks {
            bytes.extend(format!("{:X};x=1\r\n", chunk.len()).bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\nTrailer: 1\r\n\r\n");
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn however_it_is_cut_a_chunked_body_says_the_same(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut bytes = chunked(&chunks);
            bytes.extend(b"HTTP/1.1 ");
            let pieces = cut(&bytes, &cuts);
            prop_assert_eq!(read(Body::CHUNKED, &pieces), Ok((chunks.concat(), true, 9)));
        }

        #[test]
        fn any_bytes_are_a_body_or_malformed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(Body::CHUNKED, &[&bytes]);
        }
    }

    pub(crate) fn cut<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
        let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        places.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect()
    }

    #[test]
    fn a_length_ends_where_it_says() {
        assert_eq!(read(Body::Length(3), &[b"ab", b"cdef"]), Ok((b"abc".to_vec(), true, 3)));
        assert_eq!(read(Body::UntilEnd, &[b"ab", b"c"]), Ok((b"abc".to_vec(), false, 0)));
    }

    #[test]
    fn what_is_no_chunk_is_told() {
        for bytes in [&b"x"[..], b"\r\n", b"3x\r\n", b"2\r\nabc", b"123456789abc\r\n"] {
            assert_eq!(read(Body::CHUNKED, &[bytes]), Err(Malformed), "{bytes:?}");
        }
    }
}
