//! Signs tokens as an issuer does.

use access::{AccessFiles, Credentials, JwtAlgorithm, JwtFiles, JwtKeyFile};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use ring::{hmac, rand};
use serde_json::{Value, json};

use crate::TestFile;

/// The secret of the HS256 issuer.
pub(crate) const SECRET: &str = "a secret of more than thirty-two bytes";

/// The start of a public key of Ed25519 in DER, before its bytes (RFC 8410).
const ED25519_PREFIX: &str = "302a300506032b6570032100";

/// The start of a public key of P-256 in DER, before its point (RFC 5480).
const P256_PREFIX: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

/// A key pair.
pub(crate) enum Issuer {
    Hs256,
    Rs256(Box<RsaKeyPair>),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Issuer {
    pub(crate) fn all() -> [Self; 4] {
        let random = SystemRandom::new();
        let pem = include_str!("../data/rsa-private.pem");
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let rsa = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let ec = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let ec = EcdsaKeyPair::from_pkcs8(algorithm, ec.as_ref(), &random).unwrap();
        let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let ed = Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap();
        [Self::Hs256, Self::Rs256(Box::new(rsa)), Self::Es256(ec), Self::EdDsa(ed)]
    }

    pub(crate) fn algorithm(&self) -> JwtAlgorithm {
        match self {
            Self::Hs256 => JwtAlgorithm::Hs256,
            Self::Rs256(_) => JwtAlgorithm::Rs256,
            Self::Es256(_) => JwtAlgorithm::Es256,
            Self::EdDsa(_) => JwtAlgorithm::EdDsa,
        }
    }

    /// The key for `--jwt-key`.
    pub(crate) fn key(&self) -> String {
        match self {
            // As `echo` writes it.
            Self::Hs256 => format!("{SECRET}\n"),
            Self::Rs256(_) => include_str!("../data/rsa-public.pem").to_owned(),
            Self::Es256(key) => pem(P256_PREFIX, key.public_key().as_ref()),
            Self::EdDsa(key) => pem(ED25519_PREFIX, key.public_key().as_ref()),
        }
    }

    /// The key for a set, named `id`.
    pub(crate) fn jwk(&self, id: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Hs256 => json!({ "kid": id, "kty": "oct", "k": text(SECRET.as_bytes()) }),
            Self::Rs256(key) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({ "kid": id, "kty": "RSA", "n": text(&public.n), "e": text(&public.e) })
            }
            Self::Es256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({ "kid": id, "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) })
            }
            Self::EdDsa(key) => {
                let x = text(key.public_key().as_ref());
                json!({ "kid": id, "kty": "OKP", "crv": "Ed25519", "x": x })
            }
        }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({ "alg": self.algorithm().to_string(), "typ": "JWT" }), claims)
    }

    pub(crate) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let text = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", text(header), text(claims));
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random: &dyn rand::SecureRandom = &SystemRandom::new();
        match self {
            Self::Hs256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, random, message, &mut signature).unwrap();
                signature
            }
            Self::Es256(key) => key.sign(random, message).unwrap().as_ref().to_vec(),
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// Credentials that accept this issuer's tokens.
    pub(crate) fn credentials(&self, audience: Option<&str>) -> Credentials {
        load(&self.key(), JwtKeyFile::Key, None, audience).unwrap()
    }
}

/// The credentials of a file with keys.
pub(crate) fn load(
    content: &str,
    kind: fn(std::path::PathBuf) -> JwtKeyFile,
    algorithm: Option<JwtAlgorithm>,
    audience: Option<&str>,
) -> Result<Credentials, String> {
    let file = TestFile::new(content);
    let audience = audience.map(str::to_owned);
    let jwt = Some(JwtFiles { key: kind(file.path.clone()), algorithm, audience });
    let credentials = Credentials::load(AccessFiles { tokens: None, jwt });
    credentials.map_err(|error| error.to_string())
}

fn pem(prefix: &str, key: &[u8]) -> String {
    let digits = |at: usize| u8::from_str_radix(&prefix[at..at + 2], 16).unwrap();
    let mut der: Vec<u8> = (0..prefix.len()).step_by(2).map(digits).collect();
    der.extend(key);
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
    let lines: Vec<_> = lines.collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}
