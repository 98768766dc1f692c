//! The head of an answer: as much of it as followers and publishers need.

use crate::body::Body;

/// Longest head that is read.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Most headers of it.
const MAX_HEADERS: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) is_event_stream: bool,
    /// Whether the connection takes another request after this answer.
    pub(crate) keeps_alive: bool,
}

/// Bytes that are no head.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not HTTP/1.1")]
pub(crate) struct Malformed;

/// The head that these bytes begin with, and its length. `None` as long as it is not whole.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Head, usize)>, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = answer.parse(bytes).map_err(|_| Malformed)? else {
        return if bytes.len() > MAX_HEAD_BYTES { Err(Malformed) } else { Ok(None) };
    };
    let status = answer.code.ok_or(Malformed)?;
    let value = |name: &str| {
        let header = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| String::from_utf8_lossy(header.value).trim().to_ascii_lowercase())
    };
    let body = if matches!(status, 204 | 304) {
        Body::Length(0)
    } else if value("transfer-encoding").is_some_and(|coding| coding.ends_with("chunked")) {
        Body::CHUNKED
    } else if let Some(length) = value("content-length") {
        Body::Length(length.parse().map_err(|_| Malformed)?)
    } else {
        Body::UntilEnd
    };
    let media_type = value("content-type").unwrap_or_default();
    let connection = value("connection").unwrap_or_default();
    let keeps_alive = match answer.version {
        Some(0) => connection.contains("keep-alive"),
        _ => !connection.contains("close"),
    };
    let head = Head {
        status,
        body,
        is_event_stream: media_type.starts_with("text/event-stream"),
        keeps_alive: keeps_alive && body != Body::UntilEnd,
    };
    Ok(Some((head, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, status: u16, body: Body, is_event_stream: bool, keeps_alive: bool) {
        let head = Head { status, body, is_event_stream, keeps_alive };
        let bytes = [text.as_bytes(), b"more"].concat();
        assert_eq!(read(&bytes), Ok(Some((head, text.len()))));
        assert_eq!(read(&bytes[..text.len() - 1]), Ok(None));
    }

    #[test]
    fn a_head_tells_what_comes_after_it() {
        let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";
        let chunked = format!("{stream}Transfer-Encoding: chunked\r\n\r\n");
        check(&chunked, 200, Body::CHUNKED, true, true);
        check(&format!("{stream}\r\n"), 200, Body::UntilEnd, true, false);
        let refused = "HTTP/1.1 404 Not Found\r\ncontent-length: 12\r\nConnection: Close\r\n\r\n";
        check(refused, 404, Body::Length(12), false, false);
        check("HTTP/1.1 204 No Content\r\n\r\n", 204, Body::Length(0), false, true);
        check("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", 200, Body::Length(1), false, false);
    }

    #[test]
    fn what_is_no_head_is_told() {
        assert_eq!(read(b"SSH-2.0-OpenSSH\r\n\r\n"), Err(Malformed));
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(MAX_HEAD_BYTES));
        assert_eq!(read(endless.as_bytes()), Err(Malformed));
    }
}
