//! The account and the certificate of an ACME client, kept in files.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;
use tempfile::NamedTempFile;

use crate::certificate::ServerCertificate;

/// The folder that keeps the account and the certificate over restarts: authorities limit the number of both. Only
/// its owner can read the files.
#[derive(Debug, Clone)]
pub(crate) struct AcmeCache {
    folder: PathBuf,
    /// Begins the names of the files, which differ by domains and authority.
    name: String,
}

impl AcmeCache {
    pub(crate) fn new(folder: &Path, directory: &str, domains: &[String]) -> Self {
        let host = directory.trim_start_matches("https://").split('/').next().unwrap_or_default();
        let name: String = [&[host.to_owned()], domains].concat().join("_");
        let name =
            name.replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.', "_");
        Self { folder: folder.into(), name }
    }

    /// Returns `None` if there is no account yet, or none that can be read.
    pub(crate) fn account(&self) -> Option<AccountCredentials> {
        let text = fs::read(self.path("account.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub(crate) fn save_account(&self, account: &AccountCredentials) -> io::Result<()> {
        self.save("account.json", &serde_json::to_vec(account)?)
    }

    /// Returns `None` if there is no certificate yet, or none that can be used.
    pub(crate) fn certificate(&self) -> Option<ServerCertificate> {
        let text = fs::read(self.path("certificate.pem")).ok()?;
        ServerCertificate::from_pem(&text, &text).ok()
    }

    /// Keeps the chain and the key in one file, so that they always belong together.
    pub(crate) fn save_certificate(&self, chain: &str, key: &str) -> io::Result<()> {
        self.save("certificate.pem", format!("{key}\n{chain}").as_bytes())
    }

    fn path(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}_{end}", self.name))
    }

    fn save(&self, end: &str, bytes: &[u8]) -> io::Result<()> {
        match fs::create_dir(&self.folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // With mode 0600, and complete before it has its name.
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.path(end))?;
        Ok(())
    }
}
