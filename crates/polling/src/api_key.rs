//! A source's key.

use std::fmt;
use std::io::Read;
use std::path::Path;

use reqwest::header::HeaderValue;

/// Longest key.
const MAX_API_KEY_BYTES: usize = 4_096;

/// A source's key. Only the header of a request contains it: no log and no `Debug` output does.
#[derive(Clone)]
pub struct ApiKey(HeaderValue);

/// Why a key cannot be used. The texts do not contain it.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The file with the key cannot be read.
    #[error("cannot read the key")]
    Unreadable(#[source] std::io::Error),
    /// The text is no key.
    #[error("the key must be one line of 1 to {MAX_API_KEY_BYTES} visible ASCII characters")]
    Invalid,
}

impl ApiKey {
    /// Reads the key from a file, of which it is the only line.
    ///
    /// # Errors
    /// The file cannot be read, or has no key.
    pub fn from_file(file: &Path) -> Result<Self, ApiKeyError> {
        let file = std::fs::File::open(file).map_err(ApiKeyError::Unreadable)?;
        let mut text = String::new();
        let read = file.take(MAX_API_KEY_BYTES as u64 + 2).read_to_string(&mut text);
        read.map_err(ApiKeyError::Unreadable)?;
        Self::parse(&text)
    }

    /// Parses a key, ignoring blanks and line ends around it.
    ///
    /// # Errors
    /// The text is no key.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let text = text.trim();
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_API_KEY_BYTES || !is_visible {
            return Err(ApiKeyError::Invalid);
        }
        let mut value = HeaderValue::from_str(text).map_err(|_| ApiKeyError::Invalid)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(crate) fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_trimmed_and_hidden() {
        let key = ApiKey::parse(" 0123abcd\n").unwrap();
        assert_eq!(key.header_value(), "0123abcd");
        assert!(!format!("{key:?} {:?}", key.header_value()).contains("0123"));
    }

    #[test]
    fn invalid_keys_are_refused() {
        let long = "k".repeat(MAX_API_KEY_BYTES + 1);
        for text in ["", " \n", "two words", "two\nlines", "schlüssel", &long] {
            assert!(ApiKey::parse(text).is_err(), "{text:?}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, &long).unwrap();
        assert!(ApiKey::from_file(file.path()).is_err());
        std::fs::write(&file, "0123abcd\r\n").unwrap();
        assert_eq!(ApiKey::from_file(file.path()).unwrap().header_value(), "0123abcd");
    }
}
