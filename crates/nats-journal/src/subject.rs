//! The subject of a record: `<prefix>.<token>.<token>`, so that other programs can ask for the records of
//! one flight or board. The caller chooses the tokens.
//!
//! Letters, digits, `-` and `_` are kept, any other byte becomes `%` and two hexadecimal digits, and an
//! empty token becomes `%`. The encoding is unique: different tokens give different subjects.

use std::fmt::Write as _;

use journal::SizeError;

/// Maximum length of a subject without its prefix, and of a deduplication id, both encoded: each record
/// carries both.
pub const MAX_SUBJECT_BYTES: usize = 512;

/// Encodes a subject below the prefix.
pub(crate) fn encode_subject(prefix: &str, tokens: &[String]) -> Result<String, SizeError> {
    let tokens: Vec<_> = tokens.iter().map(|token| escape(token)).collect();
    let tokens = if tokens.is_empty() { EMPTY_TOKEN.to_owned() } else { tokens.join(".") };
    journal::backend::check_size("a subject", tokens.len(), MAX_SUBJECT_BYTES)?;
    Ok(format!("{prefix}.{tokens}"))
}

/// Encodes a deduplication id, which has no tokens.
pub(crate) fn encode_message_id(id: &str) -> Result<String, SizeError> {
    let id = escape(id);
    journal::backend::check_size("a deduplication id", id.len(), MAX_SUBJECT_BYTES)?;
    Ok(id)
}

fn escape(token: &str) -> String {
    let mut escaped = String::with_capacity(token.len());
    for byte in token.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    if escaped.is_empty() { EMPTY_TOKEN.to_owned() } else { escaped }
}

/// Stands for an empty token, and for a subject without tokens.
pub(crate) const EMPTY_TOKEN: &str = "%";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_encode_tokens_uniquely() {
        let subject = |key: &[&str]| {
            let key: Vec<_> = key.iter().map(|&token| token.to_owned()).collect();
            encode_subject("flightboard", &key).map_err(|e| e.to_string())
        };
        for (key, expected) in [
            (&["main", "I768"][..], "flightboard.main.I768"),
            (&["main", "I768 2026-11-22"], "flightboard.main.I768%202026-11-22"),
            (&["a.b", "*"], "flightboard.a%2Eb.%2A"),
            (&[">", "ä%"], "flightboard.%3E.%C3%A4%25"),
            (&["", "x"], "flightboard.%.x"),
            (&[], "flightboard.%"),
        ] {
            assert_eq!(subject(key), Ok(expected.to_owned()), "{key:?}");
        }
        assert!(subject(&[&"x".repeat(MAX_SUBJECT_BYTES)]).is_ok());
        assert_eq!(
            subject(&[&".".repeat(MAX_SUBJECT_BYTES / 3 + 1)]),
            Err("a subject of 513 bytes is too large (limit: 512)".to_owned())
        );
    }
}
