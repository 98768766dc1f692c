//! The rights to publish and to follow: tokens, JSON Web Tokens, and their boards.
//!
//! The operator keeps the hashes of tokens, or the keys of an issuer, in files. A bearer token becomes a
//! [`Grant`]: a name, the boards to publish, the boards to follow, and an end. The files are read again when they
//! change. This crate does not know HTTP.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use access::{AccessFiles, BoardSet, Credentials, Token, TokenLine};
//!
//! let token = Token::generate();
//! let line = TokenLine::new(&token, flight::PublisherName::parse("tower")?)
//!     .with_publish(BoardSet::parse("main,jfk")?);
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("tokens");
//! std::fs::write(&file, format!("{line}\n"))?;
//! let files = AccessFiles { tokens: Some(file), ..AccessFiles::default() };
//! let credentials = Credentials::load(files)?;
//!
//! let grant = credentials.verify(token.secret(), jiff::Timestamp::now()).await?;
//! assert!(grant.may_publish(&flight::BoardName::parse("jfk")?));
//! assert!(!grant.may_publish(&flight::BoardName::parse("lhr")?));
//! # Ok(())
//! # }
//! ```

/// A secret text that a client presents.
mod token;

/// The boards that a right is about.
mod board_set;

/// The rights of a credential, or the reason for having none.
mod grant;

/// A line of a token file.
mod token_line;

/// The content of a token file.
mod token_table;

/// Adds a line to a token file.
mod append;

/// JSON Web Tokens.
mod jwt;

/// Reads a file when it has changed.
mod credential_file;

/// The order in which tokens are checked against slow hashes.
mod slow_checks;

/// All credentials of a server.
mod credentials;

pub use append::append_token;
pub use board_set::{BoardSet, ParseBoardSetError};
pub use credentials::{AccessFiles, Credentials, LoadError};
pub use grant::{Grant, Refusal};
pub use jwt::{JwtAlgorithm, JwtFiles, JwtKeyFile};
pub use token::{ParseTokenError, Token};
pub use token_line::{HashTokenError, TokenLine};
pub use token_table::MAX_TOKENS;
