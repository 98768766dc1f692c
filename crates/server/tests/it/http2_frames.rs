//! Frames of HTTP/2, for clients that a library does not allow.

/// Types of frames (RFC 9113, section 6).
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;

const HEADERS: u8 = 1;
const END_STREAM_AND_HEADERS: u8 = 0x5;

/// The window of a stream, in [`SETTINGS`].
const INITIAL_WINDOW_SIZE: u8 = 4;

pub(crate) const HEADER_BYTES: usize = 9;

pub(crate) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// The first bytes of a client whose streams have this window.
pub(crate) fn preface(window: u32) -> Vec<u8> {
    let setting = [&[0, INITIAL_WINDOW_SIZE], &window.to_be_bytes()[..]].concat();
    [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(SETTINGS, 0, 0, &setting)].concat()
}

/// A `GET` by the static table of HPACK (RFC 7541, appendix A), without compression.
pub(crate) fn get(stream: u8, path: &str, authorization: Option<&str>) -> Vec<u8> {
    let mut head = vec![0x82, 0x86];
    let mut push = |name: &[u8], value: &str| {
        head.extend_from_slice(name);
        head.push(value.len() as u8);
        head.extend_from_slice(value.as_bytes());
    };
    push(&[0x04], path);
    push(&[0x01], "localhost");
    if let Some(value) = authorization {
        push(&[0x0f, 0x08], value);
    }
    frame(HEADERS, END_STREAM_AND_HEADERS, stream, &head)
}
