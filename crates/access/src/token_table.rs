//! The content of a token file.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::grant::{Grant, GrantOrigin, Refusal};
use crate::token::has_generated_form;
use crate::token_line::{TokenHash, TokenLine, sha256};

/// Most tokens in a file. Each request compares its token with all of them.
pub const MAX_TOKENS: usize = 10_000;

/// Most tokens in a file with slow hashes. An unknown token is checked against all of them.
const MAX_CHOSEN_TOKENS: usize = 16;

/// The tokens of a file.
#[derive(Debug, Default)]
pub(crate) struct TokenTable {
    random: Vec<([u8; 32], Arc<TokenLine>)>,
    chosen: Vec<ChosenToken>,
    lines: HashMap<TokenHash, Arc<TokenLine>>,
    /// Makes the digests of chosen tokens, which may be easy to guess, useless elsewhere.
    salt: [u8; 32],
}

#[derive(Debug)]
struct ChosenToken {
    line: Arc<TokenLine>,
    /// A fast digest of the token, once a client has presented it.
    digest: OnceLock<[u8; 32]>,
}

/// The outcome of a search without slow hashes.
pub(crate) enum QuickSearch {
    Found(Arc<TokenLine>),
    Unknown,
    /// Only [`TokenTable::search_slowly`] can tell.
    Undecided,
}

impl TokenTable {
    /// Parses the content of a file. Empty lines and those that start with `#` say nothing.
    ///
    /// # Errors
    /// The number of the first bad line, and the reason.
    pub(crate) fn parse(content: &str) -> Result<Self, (usize, String)> {
        let mut table = Self { salt: rand::random(), ..Self::default() };
        for (line, number) in content.lines().map(str::trim).zip(1..) {
            if !line.is_empty() && !line.starts_with('#') {
                table.add(line).map_err(|reason| (number, reason))?;
            }
        }
        Ok(table)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let line = Arc::new(TokenLine::parse(line)?);
        match &line.hash {
            TokenHash::Sha256(hash) => self.random.push((*hash, Arc::clone(&line))),
            TokenHash::Argon2(_) => {
                let digest = OnceLock::new();
                self.chosen.push(ChosenToken { line: Arc::clone(&line), digest });
            }
        }
        if self.lines.insert(line.hash.clone(), line).is_some() {
            return Err("has the same hash as an earlier line".to_owned());
        }
        if self.lines.len() > MAX_TOKENS {
            return Err(format!("is one too many: a file has at most {MAX_TOKENS} tokens"));
        }
        if self.chosen.len() > MAX_CHOSEN_TOKENS {
            return Err(format!(
                "is one too many: a file has at most {MAX_CHOSEN_TOKENS} argon2 hashes"
            ));
        }
        Ok(())
    }

    /// Compares all hashes, each to its last byte, so that the time says nothing about them.
    pub(crate) fn search(&self, token: &str) -> QuickSearch {
        let mut found = None;
        let hash = sha256(token);
        for (known, line) in &self.random {
            if bool::from(known.ct_eq(&hash)) {
                found = Some(line);
            }
        }
        if !self.chosen.is_empty() {
            let digest = self.salted_digest(token);
            for ChosenToken { line, digest: known } in &self.chosen {
                if known.get().is_some_and(|known| bool::from(known.ct_eq(&digest))) {
                    found = Some(line);
                }
            }
        }
        match found {
            Some(line) => QuickSearch::Found(Arc::clone(line)),
            None if self.chosen.is_empty() || has_generated_form(token) => QuickSearch::Unknown,
            None => QuickSearch::Undecided,
        }
    }

    /// Tries the slow hashes. Blocks for some hundredths of a second for each of them.
    pub(crate) fn search_slowly(&self, token: &str) -> Option<Arc<TokenLine>> {
        let chosen = self.chosen.iter().find(|chosen| chosen.line.hash.is_slow_hash_of(token))?;
        chosen.digest.get_or_init(|| self.salted_digest(token));
        Some(Arc::clone(&chosen.line))
    }

    /// True if the file still has exactly this line.
    pub(crate) fn has_line(&self, line: &TokenLine) -> bool {
        self.lines.get(&line.hash).is_some_and(|known| **known == *line)
    }

    fn salted_digest(&self, token: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.salt).chain_update(token).finalize().into()
    }
}

/// The rights of a token with this line.
pub(crate) fn grant(line: Arc<TokenLine>, now: Timestamp) -> Result<Grant, Refusal> {
    let grant = Grant {
        name: line.name.clone(),
        publish: line.publish.clone(),
        follow: line.follow.clone(),
        expires: line.expires,
        origin: GrantOrigin::Line(line),
    };
    if grant.has_expired(now) { Err(Refusal::Expired) } else { Ok(grant) }
}
