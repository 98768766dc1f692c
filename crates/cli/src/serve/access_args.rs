//! Flags for the rights to publish.

use std::net::SocketAddr;
use std::path::PathBuf;

use access::{AccessFiles, Credentials, JwtAlgorithm, JwtFiles, JwtKeyFile};
use anyhow::{Result, bail};
use clap::Args;
use server::AccessSettings;

#[derive(Args)]
pub(crate) struct AccessArgs {
    /// File with the tokens of publishers and of readers of private boards, made by flightboard token new. The server
    /// reads it again when it changes.
    #[arg(long, env = "FLIGHTBOARD_TOKENS", value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// File with the key that signs JSON Web Tokens: a public key in PEM, or a secret of at least 32 bytes.
    #[arg(long, env = "FLIGHTBOARD_JWT_KEY", value_name = "FILE", conflicts_with = "jwt_jwks")]
    jwt_key: Option<PathBuf>,
    /// File with the keys that sign JSON Web Tokens, as a set of JSON Web Keys.
    #[arg(long, env = "FLIGHTBOARD_JWT_JWKS", value_name = "FILE")]
    jwt_jwks: Option<PathBuf>,
    /// The only algorithm of JSON Web Tokens: HS256, RS256, ES256 or EdDSA. By default that of the key.
    #[arg(long, env = "FLIGHTBOARD_JWT_ALGORITHM", value_name = "NAME")]
    jwt_algorithm: Option<JwtAlgorithm>,
    /// Audience that JSON Web Tokens must name.
    #[arg(long, env = "FLIGHTBOARD_JWT_AUDIENCE", value_name = "NAME")]
    jwt_audience: Option<String>,
    /// Let every client publish, from any machine.
    #[arg(long, env = "FLIGHTBOARD_OPEN_PUBLISHING")]
    open_publishing: bool,
}

impl AccessArgs {
    /// Reads the files.
    pub(crate) fn settings(self) -> Result<AccessSettings> {
        let key = match (self.jwt_key, self.jwt_jwks) {
            (Some(file), _) => Some(JwtKeyFile::Key(file)),
            (None, file) => file.map(JwtKeyFile::Jwks),
        };
        if key.is_none() && (self.jwt_algorithm.is_some() || self.jwt_audience.is_some()) {
            bail!("--jwt-algorithm and --jwt-audience need --jwt-key or --jwt-jwks");
        }
        let (algorithm, audience) = (self.jwt_algorithm, self.jwt_audience);
        let jwt = key.map(|key| JwtFiles { key, algorithm, audience });
        let files = AccessFiles { tokens: self.tokens, jwt };
        if files == AccessFiles::default() {
            let open_publishing = self.open_publishing;
            return Ok(AccessSettings { credentials: None, open_publishing });
        }
        if self.open_publishing {
            bail!("--open-publishing contradicts --tokens, --jwt-key and --jwt-jwks: give either");
        }
        let credentials = Some(Credentials::load(files)?);
        Ok(AccessSettings { credentials, open_publishing: false })
    }
}

/// Fails if other machines can reach `address` and no flag decides who may publish.
pub(crate) fn require_credentials(access: &AccessSettings, address: SocketAddr) -> Result<()> {
    let is_decided = access.credentials.is_some() || access.open_publishing;
    if is_decided || address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    bail!(
        "{address} can be reached from other machines, so say who may publish: name a file of tokens with --tokens (see \
         flightboard token new), an issuer's key with --jwt-key or --jwt-jwks, or let every client publish with \
         --open-publishing"
    );
}
