//! The encoding of a publisher's JSON text: UTF-8, possibly with a byte order mark.

/// In UTF-8. A parser may ignore it (RFC 8259, section 8.1); programs on Windows write it.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The byte order mark in UTF-16, of either byte order.
const UTF16_BYTE_ORDER_MARKS: [[u8; 2]; 2] = [[0xFF, 0xFE], [0xFE, 0xFF]];

/// Returns a JSON text, or a line of several, without its byte order mark.
///
/// # Errors
/// The bytes are in another encoding; returns the reason.
pub fn decode_json(bytes: &[u8]) -> Result<&str, &'static str> {
    // JSON starts with an ASCII character, which has a zero byte in UTF-16.
    let start = bytes.first_chunk();
    let is_utf16 = start.is_some_and(|start| UTF16_BYTE_ORDER_MARKS.contains(start))
        || bytes.iter().take(2).any(|byte| *byte == 0);
    if is_utf16 {
        return Err("it is UTF-16, not UTF-8; convert it, for example with iconv");
    }
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    std::str::from_utf8(text).map_err(|_| "it is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_utf8_is_decoded() {
        for (bytes, text) in [
            (&b""[..], Ok("")),
            (b"{}\r", Ok("{}\r")),
            (b"\xEF\xBB\xBF{}", Ok("{}")),
            (b"\xEF\xBB\xBF", Ok("")),
            ("\u{feff}\u{feff}".as_bytes(), Ok("\u{feff}")),
            ("\"Zürich\"".as_bytes(), Ok("\"Zürich\"")),
            (b"\"Z\xFCrich\"", Err("it is not UTF-8")),
            (b"\xEF\xBB", Err("it is not UTF-8")),
            (b"\"\xED\xA0\x80\"", Err("it is not UTF-8")),
            (b"\xC0\x80", Err("it is not UTF-8")),
        ] {
            assert_eq!(decode_json(bytes), text, "{bytes:?}");
        }
        let utf16 = [&b"\xFF\xFE{\0"[..], b"\xFE\xFF\0{", b"{\0}\0", b"\0{\0}", b"\0", b"\0\r\0"];
        for bytes in utf16 {
            assert!(decode_json(bytes).unwrap_err().starts_with("it is UTF-16"), "{bytes:?}");
        }
    }
}
