//! Where a client has its token.

use std::path::{Path, PathBuf};

use access::Token;
use anyhow::{Context, Result};

/// The variable with a token. No flag has one, because other users of a machine see the flags of its programs.
pub(crate) const TOKEN_VARIABLE: &str = "FLIGHTBOARD_TOKEN";

/// The place of a token.
pub(crate) enum TokenSource {
    /// The server may let everybody publish.
    None,
    Variable(Token),
    /// Read for each request, so that a new token needs no restart.
    File(PathBuf),
}

impl TokenSource {
    /// The file, else the variable. A place that has no token is refused.
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        match (file, std::env::var(TOKEN_VARIABLE)) {
            (Some(file), _) => {
                read_token(file)?;
                Ok(Self::File(file.to_owned()))
            }
            (None, Ok(text)) if !text.trim().is_empty() => {
                Ok(Self::Variable(Token::parse(&text).context(TOKEN_VARIABLE)?))
            }
            (None, _) => Ok(Self::None),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The token at this moment.
    pub(crate) fn token(&self) -> Result<Option<Token>> {
        match self {
            Self::None => Ok(None),
            Self::Variable(token) => Ok(Some(token.clone())),
            Self::File(file) => read_token(file).map(Some),
        }
    }
}

fn read_token(file: &Path) -> Result<Token> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("cannot read the token in {}", file.display()))?;
    Token::parse(&text).with_context(|| format!("no token in {}", file.display()))
}
