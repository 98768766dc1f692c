//! The head of an HTTP response, as far as followers and publishers need it.

use crate::body::BodyDecoder;

const MAX_HEAD_BYTES: usize = 16 * 1024;

const MAX_HEADERS: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) body: BodyDecoder,
    pub(crate) is_event_stream: bool,
    /// The connection can be reused after this response.
    pub(crate) keeps_alive: bool,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response is not HTTP/1.1")]
pub(crate) struct MalformedHead;

/// Parses the head at the start of `bytes` and returns it with its length; `None` while it is incomplete.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(ResponseHead, usize)>, MalformedHead> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(bytes).map_err(|_| MalformedHead)?
    else {
        return if bytes.len() > MAX_HEAD_BYTES { Err(MalformedHead) } else { Ok(None) };
    };
    let status = response.code.ok_or(MalformedHead)?;
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| String::from_utf8_lossy(header.value).trim().to_ascii_lowercase())
    };
    let body = if matches!(status, 204 | 304) {
        BodyDecoder::Length(0)
    } else if value("transfer-encoding").is_some_and(|coding| coding.ends_with("chunked")) {
        BodyDecoder::chunked()
    } else if let Some(length) = value("content-length") {
        BodyDecoder::Length(length.parse().map_err(|_| MalformedHead)?)
    } else {
        BodyDecoder::UntilClose
    };
    let media_type = value("content-type").unwrap_or_default();
    let connection = value("connection").unwrap_or_default();
    let keeps_alive = match response.version {
        Some(0) => connection.contains("keep-alive"),
        _ => !connection.contains("close"),
    };
    let head = ResponseHead {
        status,
        is_event_stream: media_type.starts_with("text/event-stream"),
        keeps_alive: keeps_alive && body != BodyDecoder::UntilClose,
        body,
    };
    Ok(Some((head, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, status: u16, body: BodyDecoder, is_event_stream: bool, keeps_alive: bool) {
        let head = ResponseHead { status, body, is_event_stream, keeps_alive };
        let bytes = [text.as_bytes(), b"more"].concat();
        assert_eq!(parse(&bytes), Ok(Some((head, text.len()))));
        assert_eq!(parse(&bytes[..text.len() - 1]), Ok(None));
    }

    #[test]
    fn headers_determine_the_framing() {
        use BodyDecoder::{Length, UntilClose};
        let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";
        let chunked = format!("{stream}Transfer-Encoding: chunked\r\n\r\n");
        check(&chunked, 200, BodyDecoder::chunked(), true, true);
        check(&format!("{stream}\r\n"), 200, UntilClose, true, false);
        let refused = "HTTP/1.1 404 Not Found\r\ncontent-length: 12\r\nConnection: Close\r\n\r\n";
        check(refused, 404, Length(12), false, false);
        check("HTTP/1.1 204 No Content\r\n\r\n", 204, Length(0), false, true);
        check("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", 200, Length(1), false, false);
    }

    #[test]
    fn malformed_heads_are_errors() {
        assert_eq!(parse(b"SSH-2.0-OpenSSH\r\n\r\n"), Err(MalformedHead));
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(MAX_HEAD_BYTES));
        assert_eq!(parse(endless.as_bytes()), Err(MalformedHead));
    }
}
