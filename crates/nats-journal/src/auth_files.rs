//! The files that a place names, looked at before anybody waits for servers: a wrong one stays wrong.

use std::path::Path;
use std::{fs, io};

use async_nats::ConnectOptions;
use async_nats::rustls::RootCertStore;
use async_nats::rustls::pki_types::CertificateDer;
use async_nats::rustls::pki_types::pem::PemObject;

/// Whether the file has a user's JWT and key.
///
/// # Errors
/// It cannot be read, or has not.
pub fn check_credentials_file(file: &Path) -> io::Result<()> {
    ConnectOptions::with_credentials(&fs::read_to_string(file)?).map(drop)
}

/// Whether the file has certificates, and nothing that is meant to be one and is not.
///
/// # Errors
/// It cannot be read, has none, or one that cannot be understood.
pub fn check_ca_file(file: &Path) -> io::Result<()> {
    let text = fs::read(file)?;
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut known = RootCertStore::empty();
    for (certificate, number) in CertificateDer::pem_slice_iter(&text).zip(1..) {
        let broken = |why: &dyn std::fmt::Display| {
            wrong(format!("its certificate number {number} is broken: {why}"))
        };
        let certificate = certificate.map_err(|e| broken(&e))?;
        known.add(certificate).map_err(|e| broken(&e))?;
    }
    if known.is_empty() { Err(wrong("there is no certificate in it".to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use testkit::nats::certificates::CertificateAuthority;

    use super::*;

    #[test]
    fn a_file_of_authorities_has_certificates_that_can_be_understood() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let check = |text: &str| {
            fs::write(&file, text).unwrap();
            check_ca_file(&file).map_err(|e| e.to_string())
        };
        let one = CertificateAuthority::new().certificate();
        let another = CertificateAuthority::new();
        let key = another.issue(&["a"]).key;
        let another = another.certificate();
        for good in [one.clone(), format!("Ours:\n{one}\n{another}"), format!("{key}{one}")] {
            assert_eq!(check(&good), Ok(()), "{good}");
        }
        let half = &one[..one.len() / 2];
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (wrong, why) in [
            ("", "there is no certificate in it"),
            (&key, "there is no certificate in it"),
            ("Dear server", "there is no certificate in it"),
            (half, "its certificate number 1 is broken: "),
            (&one.replacen("MII", "M!!", 1), "its certificate number 1 is broken: "),
            (other, "its certificate number 1 is broken: "),
            (&format!("{one}{other}"), "its certificate number 2 is broken: "),
        ] {
            let refusal = check(wrong).unwrap_err();
            assert!(refusal.starts_with(why), "{refusal}: {wrong}");
        }
    }
}
