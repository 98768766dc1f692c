//! A secret text that a client presents.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The start of the tokens that this program makes. Scanners for leaked secrets search for such texts.
const GENERATED_PREFIX: &str = "flightboard_";

/// Random bytes of a generated token. At 256 bits, guessing is hopeless even with a fast hash.
const GENERATED_BYTES: usize = 32;

/// Characters of a generated token after its prefix.
const GENERATED_CHARS: usize = (GENERATED_BYTES * 8).div_ceil(6);

/// Shortest token that an operator may choose.
const MIN_CHOSEN_CHARS: usize = 16;

/// Longest token. JSON Web Tokens with many claims have some kilobytes.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A secret text that a client presents. Its `Debug` does not have the secret, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// The text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token has {MIN_CHOSEN_CHARS} to {MAX_TOKEN_BYTES} characters, which are letters, digits, or one of - . _ ~ + / ="
)]
pub struct ParseTokenError;

impl Token {
    /// A new random token.
    pub fn generate() -> Self {
        let secret: [u8; GENERATED_BYTES] = rand::random();
        Self(format!("{GENERATED_PREFIX}{}", URL_SAFE_NO_PAD.encode(secret)))
    }

    /// Parses a token of a client, without white space around it.
    ///
    /// # Errors
    /// The text is too short or too long, or has characters that a bearer token must not have (RFC 6750, section
    /// 2.1).
    pub fn parse(text: &str) -> Result<Self, ParseTokenError> {
        let text = text.trim();
        let has_length = (MIN_CHOSEN_CHARS..=MAX_TOKEN_BYTES).contains(&text.len());
        if has_length && is_bearer_text(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseTokenError)
        }
    }

    /// The secret text.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// True if this program made the token.
    pub(crate) fn is_generated(&self) -> bool {
        has_generated_form(&self.0)
    }
}

/// True for texts that only [`Token::generate`] makes. Slow hashes need not be tried for them.
pub(crate) fn has_generated_form(text: &str) -> bool {
    let secret = text.strip_prefix(GENERATED_PREFIX);
    secret.is_some_and(|secret| {
        secret.len() == GENERATED_CHARS && URL_SAFE_NO_PAD.decode(secret).is_ok()
    })
}

fn is_bearer_text(text: &str) -> bool {
    let text = text.trim_end_matches('=');
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// Without the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
