//! Decodes a body by its character set (RFC 7303, section 3).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Decodes `body`. A byte order mark counts before `charset` of the content type, and that before the
/// XML declaration.
///
/// # Errors
/// The character set is unknown, or the bytes are not text in it.
pub(crate) fn decode(body: &[u8], charset: Option<&str>) -> Result<String, String> {
    let (encoding, text) = match Encoding::for_bom(body) {
        Some((encoding, bom_bytes)) => (encoding, &body[bom_bytes..]),
        None => (declared_encoding(body, charset)?, body),
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(text);
    text.map(Into::into).ok_or_else(|| format!("is not valid {}", encoding.name()))
}

fn declared_encoding(body: &[u8], charset: Option<&str>) -> Result<&'static Encoding, String> {
    // UTF-16 without a byte order mark: "<" and a zero (XML 1.0, appendix F).
    let sniffed = match body {
        [0, b'<', ..] => Some(UTF_16BE),
        [b'<', 0, ..] => Some(UTF_16LE),
        _ => None,
    };
    let label = charset.map(str::as_bytes).or_else(|| xml_declaration_label(body));
    let Some(label) = label.filter(|_| sniffed.is_none()) else {
        return Ok(sniffed.unwrap_or(UTF_8));
    };
    Encoding::for_label(label).ok_or_else(|| {
        format!("has the unknown character set {}", String::from_utf8_lossy(label).escape_debug())
    })
}

/// The value of `encoding` in the XML declaration, which is ASCII.
fn xml_declaration_label(body: &[u8]) -> Option<&[u8]> {
    let end = body.windows(2).take(MAX_DECLARATION_BYTES).position(|two| two == b"?>")?;
    let declaration = body[..end].strip_prefix(b"<?xml")?;
    let name = declaration.windows(8).position(|name| name == b"encoding")?;
    let value = declaration[name + 8..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first().filter(|(quote, _)| b"\"'".contains(quote))?;
    value.split(|byte| byte == quote).next()
}

/// Longest XML declaration.
const MAX_DECLARATION_BYTES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], charset: Option<&str>, expected: Result<&str, &str>) {
        let decoded = decode(body, charset);
        assert_eq!(decoded.as_deref().map_err(String::as_str), expected, "{charset:?} {body:?}");
    }

    #[test]
    fn character_sets_are_ranked() {
        let latin = b"<?xml version='1.0' encoding = \"ISO-8859-1\"?><a>\xe5</a>";
        let latin_text = "<?xml version='1.0' encoding = \"ISO-8859-1\"?><a>å</a>";
        check(latin, None, Ok(latin_text));
        check(latin, Some("windows-1252"), Ok(latin_text));
        check(latin, Some("utf-8"), Err("is not valid UTF-8"));
        check("\u{feff}<a>å</a>".as_bytes(), Some("iso-8859-1"), Ok("<a>å</a>"));
        check("<a>å</a>".as_bytes(), None, Ok("<a>å</a>"));
        check(b"<a>\xff</a>", None, Err("is not valid UTF-8"));
        check(b"<a/>", Some("klingon"), Err("has the unknown character set klingon"));
    }

    #[test]
    fn utf_16_is_recognised() {
        let wide = |to_bytes: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
            text.encode_utf16().flat_map(to_bytes).collect()
        };
        check(&wide(u16::to_le_bytes, "\u{feff}<a>å</a>"), None, Ok("<a>å</a>"));
        check(&wide(u16::to_be_bytes, "<a>å</a>"), None, Ok("<a>å</a>"));
        check(&wide(u16::to_le_bytes, "<a>å</a>"), Some("utf-16"), Ok("<a>å</a>"));
        check(&[b'<', 0, 0], None, Err("is not valid UTF-16LE"));
    }
}
