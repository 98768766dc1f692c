//! The authorities of `--ca`, by which a client recognises a server with a certificate of its own organisation.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Reads the certificates of a PEM file.
///
/// # Errors
/// The file cannot be read, has no certificate, or one that is damaged.
pub(crate) fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let place = || format!("--ca {}", file.display());
    let pem = std::fs::read(file).context("cannot be read").with_context(place)?;
    let certificates = parse(&pem).with_context(place)?;
    ensure!(!certificates.is_empty(), "{}: has no certificate in PEM", place());
    Ok(certificates)
}

fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    // The clients would leave out a damaged certificate without a word.
    let mut checked = RootCertStore::empty();
    let mut certificates = Vec::new();
    for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
        let number = || format!("certificate {} is damaged", index + 1);
        let certificate = certificate.with_context(number)?;
        checked.add(certificate.clone()).with_context(number)?;
        certificates.push(certificate);
    }
    Ok(certificates)
}
