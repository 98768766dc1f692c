//! The name of a publisher's credential.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::ParseError;

/// Longest name of a publisher. Subjects of JSON Web Tokens are often addresses or URLs.
const MAX_PUBLISHER_CHARS: usize = 128;

/// The name of the credential under which an update was published: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PublisherName(String);

impl PublisherName {
    /// Parses a name.
    ///
    /// # Errors
    /// The text is empty, too long, or not visible ASCII.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        // Hence it has no line end, which separates it from other parts of an idempotency key.
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_PUBLISHER_CHARS || !is_visible {
            let reason = format!("must be 1 to {MAX_PUBLISHER_CHARS} visible ASCII characters");
            return Err(ParseError::new("publisher", reason));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PublisherName {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::parse(&text)
    }
}

impl fmt::Display for PublisherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
