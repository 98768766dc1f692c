//! JSON Web Tokens (RFC 7519) of an issuer whose key the operator gives.

/// The keys in a file.
mod keys;

/// The secrets of HS256.
mod secret;

/// Verifies signatures with ring.
mod ring_provider;

use std::path::PathBuf;

use flight::PublisherName;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;

use crate::board_set::{BoardSet, ParseBoardSetError};
use crate::grant::{Grant, GrantOrigin, Refusal};
use keys::JwtKey;

pub use keys::JwtAlgorithm;
pub(crate) use keys::{JwtKeys, KeyId};
pub(crate) use ring_provider::install as install_provider;

/// Time by which an issuer's clock may be ahead. The end of a token allows none, because streams end with it.
const NOT_BEFORE_LEEWAY: SignedDuration = SignedDuration::from_secs(5);

/// The keys of an issuer, and the conditions on its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtFiles {
    /// The file with the keys.
    pub key: JwtKeyFile,
    /// The only algorithm that a token may have. By default each key has its own.
    pub algorithm: Option<JwtAlgorithm>,
    /// The audience that a token must name. Without one, a token must name none.
    pub audience: Option<String>,
}

/// A file with the keys of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwtKeyFile {
    /// A public key in PEM, or a secret.
    Key(PathBuf),
    /// A set of keys in JSON (RFC 7517).
    Jwks(PathBuf),
}

/// The claims that are read. Issuers add others.
#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: f64,
    nbf: Option<f64>,
    #[serde(default)]
    publish: ClaimedBoards,
    #[serde(default)]
    follow: ClaimedBoards,
}

/// A list of board names or `*`, or only one.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum ClaimedBoards {
    #[default]
    Absent,
    One(String),
    Many(Vec<String>),
}

impl JwtKeyFile {
    pub(crate) fn path(&self) -> &PathBuf {
        match self {
            Self::Key(path) | Self::Jwks(path) => path,
        }
    }
}

impl JwtKeys {
    /// The rights of a token.
    pub(crate) fn verify(
        &self,
        token: &str,
        audience: Option<&str>,
        now: Timestamp,
    ) -> Result<Grant, Refusal> {
        let header = decode_header(token).map_err(|_| Refusal::Unknown)?;
        let mut refusal = Refusal::Unknown;
        for key in self.candidates(header.alg, header.kid.as_deref()) {
            match key.claims(token, audience) {
                Ok(claims) => return grant(claims, key.id, now),
                // The signature is of another key.
                Err(Refusal::Unknown) => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }
}

impl JwtKey {
    fn claims(&self, token: &str, audience: Option<&str>) -> Result<Claims, Refusal> {
        let mut validation = Validation::new(self.algorithm.into());
        // By the caller's clock instead.
        validation.validate_exp = false;
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        let decoded = decode::<Claims>(token, &self.key, &validation);
        decoded.map(|decoded| decoded.claims).map_err(|error| match error.into_kind() {
            ErrorKind::InvalidAudience | ErrorKind::InvalidClaimFormat(_) => {
                Refusal::BadClaims("is for another audience".to_owned())
            }
            ErrorKind::MissingRequiredClaim(claim) => {
                Refusal::BadClaims(format!("has no claim {claim}"))
            }
            ErrorKind::Json(error) => Refusal::BadClaims(format!("has bad claims: {error}")),
            _ => Refusal::Unknown,
        })
    }
}

fn grant(claims: Claims, key: KeyId, now: Timestamp) -> Result<Grant, Refusal> {
    let name = claims.sub.ok_or_else(|| Refusal::BadClaims("has no claim sub".to_owned()))?;
    let name = PublisherName::parse(&name)
        .map_err(|error| Refusal::BadClaims(format!("has a claim sub that {}", error.reason)))?;
    let boards = |claim: &str, boards: ClaimedBoards| {
        let set = boards.into_set();
        set.map_err(|error| Refusal::BadClaims(format!("has a bad claim {claim}: {error}")))
    };
    let grant = Grant {
        name,
        publish: boards("publish", claims.publish)?,
        follow: boards("follow", claims.follow)?,
        expires: Some(numeric_date("exp", claims.exp)?),
        origin: GrantOrigin::Key(key),
    };
    let is_early = match claims.nbf {
        Some(time) => numeric_date("nbf", time)? > now + NOT_BEFORE_LEEWAY,
        None => false,
    };
    match (grant.has_expired(now), is_early) {
        (true, _) => Err(Refusal::Expired),
        (false, true) => Err(Refusal::NotYetValid),
        (false, false) => Ok(grant),
    }
}

/// Seconds since 1970, perhaps with a fraction (RFC 7519, section 2).
fn numeric_date(claim: &str, seconds: f64) -> Result<Timestamp, Refusal> {
    // Casts of floats saturate, so an absurd time is out of range.
    let time = Timestamp::from_second(seconds.floor() as i64);
    time.map_err(|_| Refusal::BadClaims(format!("has a claim {claim} that is not a time")))
}

impl ClaimedBoards {
    fn into_set(self) -> Result<BoardSet, ParseBoardSetError> {
        match self {
            Self::Absent => Ok(BoardSet::none()),
            Self::One(name) => BoardSet::from_names([name.as_str()]),
            Self::Many(names) => BoardSet::from_names(names.iter().map(String::as_str)),
        }
    }
}
