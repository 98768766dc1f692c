//! Tokens, and the lines of their file.

use std::fs;
use std::sync::LazyLock;

use access::{AccessFiles, Credentials, JwtAlgorithm, JwtFiles, JwtKeyFile, Token, TokenLine};
use flight::PublisherName;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The secret of the only token.
const SECRET: &str = "a-token-of-the-fuzz-target-1234";

/// The key of JSON Web Tokens.
const KEY: &str = "a key of thirty-two bytes or more";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

static CREDENTIALS: LazyLock<(Credentials, TempDir)> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let token = Token::parse(SECRET).unwrap();
    let line = TokenLine::new(&token, PublisherName::parse("tower").unwrap());
    let [tokens, key] = ["tokens", "key"].map(|name| folder.path().join(name));
    fs::write(&tokens, format!("{line}\n")).unwrap();
    fs::write(&key, KEY).unwrap();
    let jwt = JwtFiles {
        key: JwtKeyFile::Key(key),
        algorithm: Some(JwtAlgorithm::Hs256),
        audience: None,
    };
    let files = AccessFiles { tokens: Some(tokens), jwt: Some(jwt) };
    (Credentials::load(files).unwrap(), folder)
});

/// A bearer token: only the one in the file gives rights.
pub(crate) fn bearer(bytes: &[u8]) {
    let Ok(bearer) = std::str::from_utf8(bytes) else { return };
    let (credentials, _) = &*CREDENTIALS;
    let grant = RUNTIME.block_on(credentials.verify(bearer, Timestamp::UNIX_EPOCH));
    assert_eq!(grant.is_ok(), bearer == SECRET, "{bearer}");
}

/// A line of a token file. An accepted line is written as one that means the same.
pub(crate) fn line(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else { return };
    let Ok(parsed) = TokenLine::parse(line) else { return };
    assert_eq!(TokenLine::parse(&parsed.to_string()), Ok(parsed));
}
