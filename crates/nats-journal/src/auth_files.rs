//! Checks of the files that a configuration names, done before connecting: retrying does not mend a wrong
//! file.

use std::path::Path;
use std::{fs, io};

use async_nats::ConnectOptions;
use async_nats::rustls::RootCertStore;
use async_nats::rustls::pki_types::CertificateDer;
use async_nats::rustls::pki_types::pem::PemObject;

/// Checks that the file contains a user's JWT and key.
///
/// # Errors
/// The file cannot be read, or lacks one of them.
pub fn check_credentials_file(file: &Path) -> io::Result<()> {
    ConnectOptions::with_credentials(&fs::read_to_string(file)?).map(drop)
}

/// Checks that the file contains CA certificates, all of them valid.
///
/// # Errors
/// The file cannot be read, contains no certificate, or contains a malformed one.
pub fn check_ca_file(file: &Path) -> io::Result<()> {
    let text = fs::read(file)?;
    let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let mut roots = RootCertStore::empty();
    for (certificate, number) in CertificateDer::pem_slice_iter(&text).zip(1..) {
        let malformed = |reason: &dyn std::fmt::Display| {
            invalid(format!("certificate number {number} is malformed: {reason}"))
        };
        let certificate = certificate.map_err(|e| malformed(&e))?;
        roots.add(certificate).map_err(|e| malformed(&e))?;
    }
    if roots.is_empty() { Err(invalid("it contains no certificate".to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use testkit::nats::certificates::CertificateAuthority;

    use super::*;

    #[test]
    fn ca_file_needs_only_valid_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let check = |text: &str| {
            fs::write(&file, text).unwrap();
            check_ca_file(&file).map_err(|e| e.to_string())
        };
        let one = CertificateAuthority::generate().certificate();
        let another = CertificateAuthority::generate();
        let key = another.issue(&["a"]).key;
        let another = another.certificate();
        for good in [one.clone(), format!("Ours:\n{one}\n{another}"), format!("{key}{one}")] {
            assert_eq!(check(&good), Ok(()), "{good}");
        }
        let half = &one[..one.len() / 2];
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (text, expected) in [
            ("", "it contains no certificate"),
            (&key, "it contains no certificate"),
            ("Dear server", "it contains no certificate"),
            (half, "certificate number 1 is malformed: "),
            (&one.replacen("MII", "M!!", 1), "certificate number 1 is malformed: "),
            (other, "certificate number 1 is malformed: "),
            (&format!("{one}{other}"), "certificate number 2 is malformed: "),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}: {text}");
        }
    }
}
