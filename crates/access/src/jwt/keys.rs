//! The keys in a file.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use sha2::{Digest, Sha256};

use super::secret;

/// Most keys of a set. A token that names none is checked against all.
const MAX_JWKS_KEYS: usize = 64;

/// Windows editors write it at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Starts a key in PEM (RFC 7468).
const PEM_BEGIN: &str = "-----BEGIN";

/// The algorithms that a token may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of RFC 7518 and RFC 8037")]
pub enum JwtAlgorithm {
    Hs256,
    Rs256,
    Es256,
    EdDsa,
}

/// The keys of an issuer.
pub(crate) struct JwtKeys(Vec<JwtKey>);

/// A key with the one algorithm that it is for.
pub(crate) struct JwtKey {
    pub(crate) id: KeyId,
    pub(crate) algorithm: JwtAlgorithm,
    pub(crate) key: DecodingKey,
    /// The name by which tokens refer to it.
    name: Option<String>,
}

/// Identifies a key, as a hash of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyId([u8; 32]);

impl JwtKeys {
    /// Reads a file with one key; the error is the reason.
    pub(crate) fn of_key(content: &str, algorithm: Option<JwtAlgorithm>) -> Result<Self, String> {
        let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
        let (key, natural) = match content.find(PEM_BEGIN) {
            // Comments and the text of `openssl -text` may come before it.
            Some(start) => public_key(&content[start..])?,
            None => (secret_key(content.trim_end_matches(['\r', '\n']))?, JwtAlgorithm::Hs256),
        };
        match algorithm {
            Some(algorithm) if algorithm != natural => {
                Err(format!("has a key for {natural}, not for {algorithm}"))
            }
            _ => Ok(Self(vec![JwtKey::new(key, natural, None)])),
        }
    }

    /// Reads a set of keys. Those for other algorithms or for encryption are left out. The error is the reason.
    pub(crate) fn of_jwks(content: &str, algorithm: Option<JwtAlgorithm>) -> Result<Self, String> {
        let set: JwkSet = serde_json::from_str(content)
            // Without the text of the error, which may have a part of a secret.
            .map_err(|error| format!("is not a set of JSON Web Keys: see line {}", error.line()))?;
        if set.keys.len() > MAX_JWKS_KEYS {
            return Err(format!("has more than {MAX_JWKS_KEYS} keys"));
        }
        let mut keys = Vec::new();
        for jwk in &set.keys {
            let Some(natural) = natural_algorithm(jwk) else { continue };
            if algorithm.is_some_and(|algorithm| algorithm != natural) {
                continue;
            }
            let name = jwk.common.key_id.clone();
            let shown = name.clone().unwrap_or_default();
            let key = DecodingKey::from_jwk(jwk);
            let key = key.map_err(|error| format!("has a bad key {shown:?}: {error}"))?;
            if natural == JwtAlgorithm::Hs256 {
                secret::check_length(key.try_get_as_bytes().unwrap_or_default())?;
            }
            keys.push(JwtKey::new(key, natural, name));
        }
        if keys.is_empty() {
            let wanted =
                algorithm.map_or("HS256, RS256, ES256 or EdDSA".to_owned(), |one| one.to_string());
            return Err(format!("has no key for {wanted}"));
        }
        Ok(Self(keys))
    }

    /// The keys that may have signed a token with this header.
    pub(crate) fn candidates(
        &self,
        algorithm: Algorithm,
        name: Option<&str>,
    ) -> impl Iterator<Item = &JwtKey> {
        self.0.iter().filter(move |key| {
            let fits_name = match (&key.name, name) {
                (Some(known), Some(name)) => known == name,
                _ => true,
            };
            fits_name && Algorithm::from(key.algorithm) == algorithm
        })
    }

    pub(crate) fn has_key(&self, id: KeyId) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// Why a secret may not be whole, as the rest of a sentence.
    pub(crate) fn doubt(&self) -> Option<String> {
        let secrets = self.0.iter().filter(|key| key.algorithm == JwtAlgorithm::Hs256);
        secrets.filter_map(|key| key.key.try_get_as_bytes().ok()).find_map(secret::doubt)
    }
}

impl JwtKey {
    fn new(key: DecodingKey, algorithm: JwtAlgorithm, name: Option<String>) -> Self {
        let mut hash = Sha256::new().chain_update(algorithm.to_string());
        match key.kind() {
            DecodingKeyKind::SecretOrDer(bytes) => hash.update(bytes),
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                hash.update(n);
                hash.update(e);
            }
        }
        Self { id: KeyId(hash.finalize().into()), algorithm, key, name }
    }
}

fn public_key(pem: &str) -> Result<(DecodingKey, JwtAlgorithm), String> {
    // A server that only verifies must not have it.
    if pem.contains("PRIVATE KEY") {
        return Err(
            "has a private key: give the public key, with which tokens are verified".to_owned()
        );
    }
    let pem = pem.as_bytes();
    if let Ok(key) = DecodingKey::from_ec_pem(pem) {
        return if key.try_get_as_bytes().is_ok_and(|point| point.len() == P256_POINT_BYTES) {
            Ok((key, JwtAlgorithm::Es256))
        } else {
            Err("has a key of another curve than P-256, which ES256 needs".to_owned())
        };
    }
    let rsa = DecodingKey::from_rsa_pem(pem).map(|key| (key, JwtAlgorithm::Rs256));
    let key = rsa.or_else(|_| DecodingKey::from_ed_pem(pem).map(|key| (key, JwtAlgorithm::EdDsa)));
    key.map_err(|_| "has no public key of RSA, P-256 or Ed25519 in PEM".to_owned())
}

/// Bytes of an uncompressed point of the curve P-256.
const P256_POINT_BYTES: usize = 65;

fn secret_key(text: &str) -> Result<DecodingKey, String> {
    secret::check_text(text)?;
    DecodingKey::from_secret(text.as_bytes()).map_err(|error| format!("has a bad secret: {error}"))
}

/// The algorithm that a key of a set is for, by its type. `None` for keys of no use here.
fn natural_algorithm(jwk: &Jwk) -> Option<JwtAlgorithm> {
    let natural = match &jwk.algorithm {
        AlgorithmParameters::OctetKey(_) => JwtAlgorithm::Hs256,
        AlgorithmParameters::RSA(_) => JwtAlgorithm::Rs256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            JwtAlgorithm::Es256
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            JwtAlgorithm::EdDsa
        }
        _ => return None,
    };
    let declared = jwk.common.key_algorithm;
    let is_declared = declared.is_none_or(|declared| declared == Algorithm::from(natural).into());
    let is_for_signatures =
        jwk.common.public_key_use.as_ref().is_none_or(|one| *one == PublicKeyUse::Signature);
    (is_declared && is_for_signatures).then_some(natural)
}

impl From<JwtAlgorithm> for Algorithm {
    fn from(algorithm: JwtAlgorithm) -> Self {
        match algorithm {
            JwtAlgorithm::Hs256 => Self::HS256,
            JwtAlgorithm::Rs256 => Self::RS256,
            JwtAlgorithm::Es256 => Self::ES256,
            JwtAlgorithm::EdDsa => Self::EdDSA,
        }
    }
}

impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", Algorithm::from(*self))
    }
}

impl FromStr for JwtAlgorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];
        let named = all.into_iter().find(|one| one.to_string().eq_ignore_ascii_case(text));
        named.ok_or_else(|| "must be HS256, RS256, ES256 or EdDSA".to_owned())
    }
}

/// Without keys.
impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwtKeys({})", self.0.len())
    }
}
