//! An incremental decoder of one HTTP/1.1 response (RFC 9112, sections 6 and 7).

use std::io::{Error, ErrorKind, Result};

use httparse::Status;

/// Takes the bytes of a connection as they come and returns those of the body.
#[derive(Debug, Default)]
pub struct ResponseDecoder {
    head: String,
    framing: Option<BodyFraming>,
    /// Bytes of an incomplete head or chunk size.
    undecoded: Vec<u8>,
}

#[derive(Debug, PartialEq)]
enum BodyFraming {
    /// With the bytes left of a body whose length is known.
    Length(usize),
    /// With the bytes left of the current chunk and the line end behind it.
    Chunked(usize),
    /// The last chunk has come.
    Complete,
}

impl ResponseDecoder {
    pub fn new() -> Self {
        Self::default()
    }

    /// The status line and headers in lower case; empty until they are complete.
    pub fn head(&self) -> &str {
        &self.head
    }

    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// True after the last byte of the body.
    pub fn is_complete(&self) -> bool {
        matches!(self.framing, Some(BodyFraming::Complete | BodyFraming::Length(0)))
    }

    /// Takes the next bytes of the connection and returns those of the body among them.
    ///
    /// # Errors
    /// They are no HTTP/1.1 response with a known end.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut input = std::mem::take(&mut self.undecoded);
        input.extend_from_slice(bytes);
        let mut rest = &input[..];
        let mut body = Vec::new();
        if self.framing.is_none() {
            let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") else {
                self.undecoded = input;
                return Ok(body);
            };
            self.head = String::from_utf8_lossy(&rest[..end + 4]).to_ascii_lowercase();
            rest = &rest[end + 4..];
            self.framing = Some(self.parse_framing()?);
        }
        while !rest.is_empty() {
            match self.framing.as_mut() {
                Some(BodyFraming::Length(left)) => {
                    let size = rest.len();
                    *left = left.checked_sub(size).ok_or_else(|| malformed("too long a body"))?;
                    body.extend_from_slice(rest);
                    rest = &[];
                }
                Some(BodyFraming::Chunked(left)) if *left > 0 => {
                    let size = rest.len().min(*left);
                    // The last two bytes are the line end behind the chunk.
                    let data = size.min(left.saturating_sub(2));
                    body.extend_from_slice(&rest[..data]);
                    *left -= size;
                    rest = &rest[size..];
                }
                Some(framing @ BodyFraming::Chunked(0)) => match httparse::parse_chunk_size(rest) {
                    Ok(Status::Complete((_, 0))) => {
                        *framing = BodyFraming::Complete;
                    }
                    Ok(Status::Complete((start, size))) => {
                        let size = usize::try_from(size).map_err(|_| malformed("huge chunk"))?;
                        *framing = BodyFraming::Chunked(size + 2);
                        rest = &rest[start..];
                    }
                    Ok(Status::Partial) => break,
                    Err(_) => return Err(malformed("no chunk size")),
                },
                // Trailers and the last line end.
                Some(BodyFraming::Complete) => rest = &[],
                _ => return Err(malformed("bytes behind the body")),
            }
        }
        self.undecoded = rest.to_vec();
        Ok(body)
    }

    fn parse_framing(&self) -> Result<BodyFraming> {
        if self.header("transfer-encoding") == Some("chunked") {
            return Ok(BodyFraming::Chunked(0));
        }
        let length = self.header("content-length").unwrap_or("0");
        length.parse().map(BodyFraming::Length).map_err(|_| malformed("no length"))
    }
}

fn malformed(problem: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("malformed response: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        5\r\nfirst\r\n11\r\n and the second\r\n\r\n0\r\n\r\n";

    #[test]
    fn any_split_gives_the_same_body() {
        for at in 0..RESPONSE.len() {
            let mut decoder = ResponseDecoder::new();
            let (first, second) = RESPONSE.split_at(at);
            let mut body = decoder.decode(first).unwrap();
            assert!(!decoder.is_complete() || at >= RESPONSE.len() - 2);
            body.extend(decoder.decode(second).unwrap());
            assert_eq!(body, b"first and the second\r\n", "split at {at}");
            assert!(decoder.is_complete());
            assert_eq!(decoder.status(), 200);
        }
    }

    #[test]
    fn known_length_ends_the_body() {
        let mut decoder = ResponseDecoder::new();
        let head = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(decoder.decode(head).unwrap(), b"");
        assert!(decoder.is_complete());
        decoder.decode(b"x").unwrap_err();
        let mut decoder = ResponseDecoder::new();
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab";
        assert_eq!(decoder.decode(text).unwrap(), b"ab");
        assert!(!decoder.is_complete());
        assert_eq!(decoder.decode(b"c").unwrap(), b"c");
        assert!(decoder.is_complete());
    }
}
