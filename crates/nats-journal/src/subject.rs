//! The subject that a record is filed under: `<prefix>.<token>.<token>`, so that other programs can ask
//! for the records of one thing. What a key means is the caller's.
//!
//! Letters, digits, `-` and `_` stand for themselves, any other byte is `%` and two hexadecimal digits,
//! and an empty token is `%`: no two keys have one subject.

use std::fmt::Write as _;

use journal::Error;

/// The most bytes of a subject, beside its prefix, and of an id: both go before each record.
pub const MAX_SUBJECT_BYTES: usize = 512;

/// The subject of a key, below the prefix.
pub(crate) fn encode_subject(prefix: &str, key: &[String]) -> Result<String, Error> {
    let tokens: Vec<_> = key.iter().map(|token| escape(token)).collect();
    let tokens = if tokens.is_empty() { EMPTY.to_owned() } else { tokens.join(".") };
    journal::backend::check_size("a key", tokens.len(), MAX_SUBJECT_BYTES)?;
    Ok(format!("{prefix}.{tokens}"))
}

/// The same for an id, which has no parts.
pub(crate) fn encode_message_id(id: &str) -> Result<String, Error> {
    let id = escape(id);
    journal::backend::check_size("an id", id.len(), MAX_SUBJECT_BYTES)?;
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
    if escaped.is_empty() { EMPTY.to_owned() } else { escaped }
}

/// The token of what has no name.
pub(crate) const EMPTY: &str = "%";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_key_is_one_subject_of_its_own() {
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
            Err("a key of 513 bytes is too large: at most 512 are taken".to_owned())
        );
    }
}
