//! The certificate of a TLS server, replaced while connections are open.
//!
//! A [`CertificateStore`] has the current certificate, which each handshake takes from it. The certificate comes from
//! two PEM files, which [`CertificateFiles::watch`] reads again when they change, or from an authority that speaks ACME
//! (RFC 8555), from which [`AcmeClient::run`] gets it and renews it.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
//! # let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
//! # std::fs::write(&cert, made.cert.pem())?;
//! # std::fs::write(&key, made.signing_key.serialize_pem())?;
//! let files = certificates::CertificateFiles { cert, key };
//! let store = certificates::CertificateStore::default();
//! store.replace(files.load()?);
//! let config = certificates::server_config(&store)?;
//! assert!(store.not_after().is_some() && config.alpn_protocols.contains(&b"h2".to_vec()));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

/// A certificate chain with its key, read from PEM.
mod certificate;

/// Certificates in files, read again when they change.
mod files;

/// The current certificate, and those that prove the control of a domain.
mod store;

/// Certificates from an authority that speaks ACME.
mod acme;

/// The account and the certificate of an ACME client, kept in files.
mod acme_cache;

pub use acme::{AcmeChallenge, AcmeClient, AcmeOrder, LETS_ENCRYPT_DIRECTORY, check_root};
pub use certificate::{CertificateError, ServerCertificate};
pub use files::CertificateFiles;
pub use store::{ACME_PROTOCOL, CertificateStore, server_config};
