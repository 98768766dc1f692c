//! Verifies signatures with ring, which the program contains anyway. The backends that `jsonwebtoken` brings are a
//! second copy of it that needs CMake, and RSA code with a known side channel (RUSTSEC-2023-0071).

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result, new_error};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    verifier_factory: |algorithm, key| {
        let verifier = RingVerifier { algorithm: *algorithm, key: key.clone() };
        verifier.check()?;
        Ok(Box::new(verifier))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes `jsonwebtoken` use ring. Later calls change nothing.
pub(crate) fn install() {
    // An error means that it is installed.
    let _ = PROVIDER.install_default();
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl RingVerifier {
    fn check(&self) -> Result<()> {
        let is_supported = matches!(
            self.algorithm,
            Algorithm::HS256 | Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA
        );
        if is_supported && self.key.family() == self.algorithm.family() {
            Ok(())
        } else {
            Err(new_error(ErrorKind::InvalidAlgorithm))
        }
    }

    fn is_valid(&self, message: &[u8], signature: &[u8]) -> bool {
        let bytes = match self.key.kind() {
            DecodingKeyKind::SecretOrDer(bytes) => bytes,
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                return key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok();
            }
        };
        let algorithm: &'static dyn VerificationAlgorithm = match self.algorithm.family() {
            AlgorithmFamily::Hmac => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
                return hmac::verify(&key, message, signature).is_ok();
            }
            AlgorithmFamily::Rsa => &RSA_PKCS1_2048_8192_SHA256,
            AlgorithmFamily::Ec => &ECDSA_P256_SHA256_FIXED,
            AlgorithmFamily::Ed => &ED25519,
        };
        UnparsedPublicKey::new(algorithm, bytes).verify(message, signature).is_ok()
    }
}

impl signature::Verifier<Vec<u8>> for RingVerifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        if self.is_valid(message, signature) { Ok(()) } else { Err(signature::Error::new()) }
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
