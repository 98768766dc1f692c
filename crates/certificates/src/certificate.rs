//! A certificate chain with its key, read from PEM.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use x509_parser::parse_x509_certificate;

/// A certificate that a server can present: its chain, its key and its validity.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
}

/// The reason why a certificate cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The text has no certificate in PEM.
    #[error("there is no certificate in PEM (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// The text has no private key in PEM.
    #[error("there is no private key in PEM (-----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// The first certificate is broken.
    #[error("the certificate cannot be read: {0}")]
    Broken(String),
    /// The key is of an unknown kind, or belongs to another certificate.
    #[error("the key does not fit the certificate")]
    Key(#[source] rustls::Error),
}

impl ServerCertificate {
    /// Reads a chain, with the server's certificate first, and its key.
    ///
    /// # Errors
    /// Either is missing or broken, or the two do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| CertificateError::Broken(error.to_string()))?;
        let leaf = chain.first().ok_or(CertificateError::NoCertificate)?;
        let (not_before, not_after) = validity(leaf)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::NoKey)?;
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider())
            .map_err(CertificateError::Key)?;
        Ok(Self { key: Arc::new(key), not_before, not_after })
    }
}

fn validity(leaf: &CertificateDer<'_>) -> Result<(SystemTime, SystemTime), CertificateError> {
    let (_, leaf) = parse_x509_certificate(leaf)
        .map_err(|error| CertificateError::Broken(error.to_string()))?;
    let time = |seconds: i64| {
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        SystemTime::UNIX_EPOCH + seconds
    };
    let validity = leaf.validity();
    Ok((time(validity.not_before.timestamp()), time(validity.not_after.timestamp())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_pairs_are_refused() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let read = |chain: &str, key: &str| {
            let read = ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes());
            read.map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(read(&chain, &key), Ok(()));
        for (chain, key, reason) in [
            ("", key.as_str(), "no certificate"),
            (&key, &key, "no certificate"),
            (&chain, "", "no private key"),
            (&chain, &chain, "no private key"),
            (&chain, &other.signing_key.serialize_pem(), "does not fit"),
            (&chain.replace("MII", "AAA"), &key, "cannot be read"),
            (&chain[..chain.len() / 2], &key, "cannot be read"),
        ] {
            let error = read(chain, key).unwrap_err();
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
