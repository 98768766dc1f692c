//! A line of a token file: hash, name, boards to publish, boards to follow, end.

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use flight::PublisherName;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::board_set::BoardSet;
use crate::token::Token;

const SHA256_PREFIX: &str = "sha256:";

/// Largest memory of an argon2 hash, in KiB, so that checking a token cannot exhaust the server's.
const MAX_ARGON2_KIB: u32 = 64 * 1024;

/// Most passes of an argon2 hash over its memory.
const MAX_ARGON2_PASSES: u32 = 10;

/// A token's hash and the rights that the token gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLine {
    pub(crate) hash: TokenHash,
    pub(crate) name: PublisherName,
    pub(crate) publish: BoardSet,
    pub(crate) follow: BoardSet,
    pub(crate) expires: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum TokenHash {
    /// Of a random token, which cannot be guessed.
    Sha256([u8; 32]),
    /// Of a token that somebody chose: a slow hash, as a string in PHC format.
    Argon2(String),
}

/// A chosen token cannot be hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot hash the token: {0}")]
pub struct HashTokenError(String);

impl TokenLine {
    /// A line for a random token without rights.
    pub fn new(token: &Token, name: PublisherName) -> Self {
        Self::with_hash(TokenHash::Sha256(sha256(token.secret())), name)
    }

    /// A line for a token that somebody chose, without rights.
    ///
    /// # Errors
    /// There is no memory or no randomness for the hash.
    pub fn of_chosen(token: &Token, name: PublisherName) -> Result<Self, HashTokenError> {
        if token.is_generated() {
            return Ok(Self::new(token, name));
        }
        let hash: Result<PasswordHash, _> =
            Argon2::default().hash_password(token.secret().as_bytes());
        let hash = hash.map_err(|error| HashTokenError(error.to_string()))?;
        Ok(Self::with_hash(TokenHash::Argon2(hash.to_string()), name))
    }

    fn with_hash(hash: TokenHash, name: PublisherName) -> Self {
        Self { hash, name, publish: BoardSet::none(), follow: BoardSet::none(), expires: None }
    }

    /// Sets the boards that it may publish.
    #[must_use]
    pub fn with_publish(self, publish: BoardSet) -> Self {
        Self { publish, ..self }
    }

    /// Sets the private boards that it may follow.
    #[must_use]
    pub fn with_follow(self, follow: BoardSet) -> Self {
        Self { follow, ..self }
    }

    /// Sets the time from which it is of no use.
    #[must_use]
    pub fn with_end(self, expires: Option<Timestamp>) -> Self {
        Self { expires, ..self }
    }

    /// Parses a line.
    ///
    /// # Errors
    /// The reason, as the rest of a sentence about the line.
    pub fn parse(line: &str) -> Result<Self, String> {
        // Errors name no word of the line: it may be a token at a wrong place.
        let mut words = line.split_ascii_whitespace();
        let hash = TokenHash::parse(words.next().unwrap_or_default())?;
        let name = words.next().ok_or("has no name after the hash")?;
        let name = PublisherName::parse(name)
            .map_err(|error| format!("has a name that {}", error.reason))?;
        let mut parsed = Self::with_hash(hash, name);
        let (mut publish, mut follow) = (None, None);
        for (word, position) in words.zip(3..) {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            let boards =
                || BoardSet::parse(value).map_err(|error| format!("has in {key}: {error}"));
            let is_repeated = match key {
                "publish" => publish.replace(boards()?).is_some(),
                "follow" => follow.replace(boards()?).is_some(),
                "expires" => parsed.expires.replace(parse_end(value)?).is_some(),
                _ => {
                    return Err(format!(
                        "has a word {position} that is not publish=, follow= or expires="
                    ));
                }
            };
            if is_repeated {
                return Err(format!("has {key}= twice"));
            }
        }
        parsed.publish = publish.unwrap_or(BoardSet::none());
        parsed.follow = follow.unwrap_or(BoardSet::none());
        Ok(parsed)
    }
}

fn parse_end(value: &str) -> Result<Timestamp, String> {
    let parsed = value.parse();
    parsed.map_err(|_| "has in expires: no time such as 2027-01-31T00:00:00Z".to_owned())
}

impl TokenHash {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(digits) = text.strip_prefix(SHA256_PREFIX) {
            let hash = parse_hex(digits);
            return hash
                .map(Self::Sha256)
                .ok_or_else(|| "has a SHA-256 that is not 64 hexadecimal digits".to_owned());
        }
        if !text.starts_with("$argon2id$") {
            return Err("does not start with sha256: or $argon2id$".to_owned());
        }
        let hash = PasswordHash::new(text);
        let hash =
            hash.map_err(|error| format!("has an argon2 hash that is not valid: {error}"))?;
        let params = Params::try_from(&hash);
        let params =
            params.map_err(|error| format!("has an argon2 hash that is not valid: {error}"))?;
        if hash.hash.is_none() {
            return Err("has an argon2 hash without its result".to_owned());
        }
        if params.m_cost() > MAX_ARGON2_KIB || params.t_cost() > MAX_ARGON2_PASSES {
            return Err(format!(
                "has an argon2 hash with more than m={MAX_ARGON2_KIB} or t={MAX_ARGON2_PASSES}"
            ));
        }
        Ok(Self::Argon2(text.to_owned()))
    }

    /// Checks a token against a slow hash, which takes some hundredths of a second.
    pub(crate) fn is_slow_hash_of(&self, token: &str) -> bool {
        let Self::Argon2(text) = self else { return false };
        let Ok(hash) = PasswordHash::new(text) else { return false };
        Argon2::default().verify_password(token.as_bytes(), &hash).is_ok()
    }
}

pub(crate) fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn parse_hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (position, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * position..2 * position + 2], 16).ok()?;
    }
    Some(bytes)
}

impl fmt::Display for TokenLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.hash, self.name)?;
        if !self.publish.is_empty() {
            write!(f, " publish={}", self.publish)?;
        }
        if !self.follow.is_empty() {
            write!(f, " follow={}", self.follow)?;
        }
        match self.expires {
            Some(expires) => write!(f, " expires={expires}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(hash) => {
                f.write_str(SHA256_PREFIX)?;
                hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Argon2(text) => f.write_str(text),
        }
    }
}
