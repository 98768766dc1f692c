//! The text of an answer in any character set.

use std::str::FromStr;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;

/// Bytes at the start of an answer in which an XML declaration names its character set.
const MAX_DECLARATION_BYTES: usize = 256;

/// A character set by its name in the WHATWG Encoding Standard, such as `windows-1252` or `big5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset(&'static Encoding);

impl FromStr for Charset {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let encoding = Encoding::for_label(name.as_bytes());
        encoding.map(Self).ok_or_else(|| {
            "is not a character set such as utf-8, iso-8859-1, windows-1252 or big5".to_owned()
        })
    }
}

/// Decodes an answer. A byte order mark has precedence, then `forced`, then the `Content-Type` and the XML
/// declaration. Where the last two differ, UTF-8 is tried first: text of another character set is hardly ever
/// valid UTF-8, while any bytes are valid ISO-8859-1. Without any of these the text is UTF-8.
///
/// # Errors
/// The reason, if the bytes are not text in that character set.
pub(crate) fn decode(
    bytes: &[u8],
    content_type: Option<&str>,
    forced: Option<Charset>,
) -> Result<String, String> {
    let mut candidates: Vec<&Encoding> = match forced {
        Some(Charset(encoding)) => vec![encoding],
        None => [content_type.and_then(of_content_type), of_declaration(bytes)]
            .into_iter()
            .flatten()
            .collect(),
    };
    if candidates.is_empty() {
        candidates.push(UTF_8);
    }
    candidates.sort_by_key(|&encoding| encoding != UTF_8);
    for encoding in &candidates {
        let (text, _, has_errors) = encoding.decode(bytes);
        if !has_errors {
            return Ok(text.into_owned());
        }
    }
    let names: Vec<_> = candidates.iter().map(|encoding| encoding.name()).collect();
    Err(format!("the answer is not text in {}: set --charset", names.join(" or ")))
}

/// The `charset` of a `Content-Type` (RFC 9110, section 8.3).
fn of_content_type(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1);
    let mut parameters = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, name) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(name.trim().trim_matches('"').as_bytes())
}

/// The character set that an XML declaration names (XML 1.0, appendix F).
fn of_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, b'?', 0, ..] => return Some(UTF_16LE),
        [0, b'<', 0, b'?', ..] => return Some(UTF_16BE),
        [b'<', b'?', b'x', b'm', b'l', ..] => {}
        _ => return None,
    }
    let start = &bytes[..bytes.len().min(MAX_DECLARATION_BYTES)];
    let declaration = &start[..memmem::find(start, b"?>")?];
    let value = &declaration[memmem::find(declaration, b"encoding")? + b"encoding".len()..];
    let value = value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    let name = value.split(|byte| byte == quote).next()?;
    let encoding = Encoding::for_label(name)?;
    // The declaration was readable as ASCII, so it cannot be UTF-16.
    Some(if [UTF_16LE, UTF_16BE].contains(&encoding) { UTF_8 } else { encoding })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATIN_1_XML: &[u8] = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xc5rhus</a>";

    fn utf_16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn declared_charsets_are_decoded() {
        let utf_8_xml = "<?xml version='1.0' encoding = 'utf-8' ?><a>Århus</a>".as_bytes();
        let utf_16_xml = utf_16("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>Århus</a>");
        let mut utf_16_json = vec![0xff, 0xfe];
        utf_16_json.extend(utf_16("{\"a\":\"Århus\"}"));
        for (bytes, content_type, expected) in [
            (LATIN_1_XML, None, "Århus"),
            (LATIN_1_XML, Some("text/xml"), "Århus"),
            // The header is wrong in one way or the other.
            (LATIN_1_XML, Some("application/xml; charset=utf-8"), "Århus"),
            (utf_8_xml, Some("application/xml; charset=ISO-8859-1"), "Århus"),
            (utf_8_xml, None, "Århus"),
            (&utf_16_xml, None, "Århus"),
            (&utf_16_json, Some("application/json"), "Århus"),
            (b"{\"a\":\"\xc5rhus\"}", Some("application/json;Charset=\"iso-8859-1\""), "Århus"),
            (
                b"\xef\xbb\xbf{\"a\":\"\xc3\x85rhus\"}",
                Some("text/plain; charset=latin1"),
                "{\"a\":\"Århus",
            ),
            ("Århus".as_bytes(), Some("text/csv; charset=unheard-of"), "Århus"),
            (b"\x80 5", Some("text/csv; charset=windows-1252"), "€ 5"),
            (b"\xae\xe7\xb6\xe9", Some("text/plain; charset=Big5"), "\u{6843}\u{5712}"),
        ] {
            let text = decode(bytes, content_type, None).unwrap();
            assert!(text.contains(expected), "{content_type:?}: {text:?}");
            assert!(!text.contains('\u{feff}'), "{content_type:?}: {text:?}");
        }
    }

    #[test]
    fn flag_overrides_the_header() {
        let big5 = "Big5".parse().unwrap();
        let text = decode(b"\xae\xe7\xb6\xe9", Some("text/plain; charset=utf-8"), Some(big5));
        assert_eq!(text.unwrap(), "\u{6843}\u{5712}");
        assert!("unheard-of".parse::<Charset>().is_err());
    }

    #[test]
    fn other_bytes_are_refused() {
        for (bytes, forced) in
            [(&b"\xc5rhus"[..], None), (b"\xa5", Some("big5")), (b"\xff\xfe\x00", None)]
        {
            let forced = forced.map(|name| name.parse().unwrap());
            assert!(decode(bytes, None, forced).unwrap_err().contains("--charset"), "{bytes:?}");
        }
    }

    #[test]
    fn cut_off_declarations_are_ignored() {
        for end in 0..LATIN_1_XML.len() {
            let _ = decode(&LATIN_1_XML[..end], None, None);
        }
    }
}
