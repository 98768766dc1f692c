//! Certificates in files, read again when they change.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::certificate::{CertificateError, ServerCertificate};
use crate::store::CertificateStore;

/// Time between two looks at the files. Their contents are compared: a program that replaces a link or keeps the
/// times of the files is noticed too.
const FILE_CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The two PEM files of a certificate.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The chain, with the server's certificate first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The contents of both files.
#[derive(PartialEq)]
struct FileContents {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl CertificateFiles {
    /// Reads the certificate.
    ///
    /// # Errors
    /// A file cannot be read, is broken, or does not fit the other.
    pub fn load(&self) -> Result<ServerCertificate, CertificateError> {
        let FileContents { chain, key } = self.read()?;
        ServerCertificate::from_pem(&chain, &key)
    }

    /// Replaces the certificate in `store` whenever the files have another one. While they have none that can be
    /// used, as between the writes of the two, the store keeps its certificate.
    pub async fn watch(self, store: CertificateStore) {
        let mut last = self.read_in_background().await.ok();
        loop {
            tokio::time::sleep(FILE_CHECK_INTERVAL).await;
            let contents = self.read_in_background().await;
            let loaded = match contents {
                Ok(contents) if last.as_ref() == Some(&contents) => continue,
                Ok(contents) => {
                    let loaded = ServerCertificate::from_pem(&contents.chain, &contents.key);
                    last = Some(contents);
                    loaded
                }
                // Reported once.
                Err(_) if last.is_none() => continue,
                Err(error) => {
                    last = None;
                    Err(error)
                }
            };
            match loaded {
                Ok(certificate) => {
                    tracing::info!("the certificate in {} has changed", self.cert.display());
                    warn_if_ended(&certificate, &self.cert);
                    store.replace(certificate);
                }
                Err(error) => {
                    let cert = self.cert.display();
                    tracing::warn!("keeping the former certificate of {cert}: {error}");
                }
            }
        }
    }

    async fn read_in_background(&self) -> Result<FileContents, CertificateError> {
        let files = self.clone();
        match tokio::task::spawn_blocking(move || files.read()).await {
            Ok(read) => read,
            // The runtime ends, and this task with it.
            Err(_) => std::future::pending().await,
        }
    }

    fn read(&self) -> Result<FileContents, CertificateError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| CertificateError::Read { path: path.into(), source })
        };
        Ok(FileContents { chain: read(&self.cert)?, key: read(&self.key)? })
    }
}

/// Warns of a certificate that no client accepts any more.
fn warn_if_ended(certificate: &ServerCertificate, path: &Path) {
    if certificate.not_after < SystemTime::now() {
        tracing::warn!("the certificate in {} has ended", path.display());
    }
}
