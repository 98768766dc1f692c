//! Flags for https.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Error, Result, bail};
use certificates::{
    AcmeChallenge, AcmeClient, AcmeOrder, CertificateFiles, CertificateStore,
    LETS_ENCRYPT_DIRECTORY,
};
use clap::Args;
use server::TlsSettings;

use crate::flag_values;
use crate::listen::{self, ListenTls};

/// Flags for https: a certificate from files, or from an authority.
#[derive(Args)]
pub(crate) struct TlsArgs {
    /// PEM file with the certificate of this server and those of its authorities, to speak https. It is read again
    /// when it changes.
    #[arg(
        long,
        env = "FLIGHTBOARD_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key",
        conflicts_with = "acme"
    )]
    tls_cert: Option<PathBuf>,
    /// PEM file with the private key of the certificate.
    #[arg(long, env = "FLIGHTBOARD_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Domain for which to get a certificate by ACME, by default from Let's Encrypt, whose terms you accept;
    /// repeatable.
    #[arg(long, env = "FLIGHTBOARD_ACME", value_name = "DOMAIN", value_delimiter = ',',
          value_parser = flag_values::host_name)]
    acme: Vec<String>,
    /// Address to which the authority may write, such as operator@airport.example.
    #[arg(long, env = "FLIGHTBOARD_ACME_CONTACT", value_name = "MAIL", requires = "acme")]
    acme_contact: Option<String>,
    /// URL of the authority's ACME directory.
    #[arg(long, env = "FLIGHTBOARD_ACME_DIRECTORY", value_name = "URL", requires = "acme",
          default_value = LETS_ENCRYPT_DIRECTORY, value_parser = flag_values::https_url)]
    acme_directory: String,
    /// PEM file with the authority of that URL's own certificate (by default those of the operating system).
    #[arg(long, env = "FLIGHTBOARD_ACME_CA", value_name = "FILE", requires = "acme")]
    acme_ca: Option<PathBuf>,
    /// Folder for the account at the authority and for the certificate.
    #[arg(
        long,
        env = "FLIGHTBOARD_ACME_CACHE",
        value_name = "FOLDER",
        requires = "acme",
        default_value = "flightboard-acme"
    )]
    acme_cache: PathBuf,
    /// Address and port, usually 0.0.0.0:80, at which to redirect browsers to https and to answer the authority.
    #[arg(long, env = "FLIGHTBOARD_HTTP_REDIRECT", value_name = "ADDRESS")]
    http_redirect: Option<String>,
    /// Time for which browsers that came by https use nothing else; 0 makes them forget it.
    #[arg(long, env = "FLIGHTBOARD_HSTS", default_value = "365d", value_parser = flags::duration)]
    hsts: Duration,
}

impl TlsArgs {
    pub(crate) fn settings(&self) -> TlsSettings {
        TlsSettings { hsts_max_age: self.hsts }
    }

    /// Checks the values and the files without starting anything.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_values()?;
        self.files().map_or(Ok(()), |files| load(&files).map(drop))
    }

    /// Loads the certificate, and keeps it current in a task. Returns `None` without https.
    pub(crate) fn start(self) -> Result<Option<ListenTls>> {
        self.check_values()?;
        let store = CertificateStore::default();
        let domains = self.acme.clone();
        let config = certificates::server_config(&store).context("cannot speak TLS")?;
        if let Some(files) = self.files() {
            store.replace(load(&files)?);
            tokio::spawn(files.watch(store.clone()));
        } else if !self.acme.is_empty() {
            let challenge = match self.http_redirect {
                Some(_) => AcmeChallenge::Http01,
                None => AcmeChallenge::TlsAlpn01,
            };
            let order = AcmeOrder {
                domains: self.acme,
                directory: self.acme_directory,
                contacts: self.acme_contact.iter().map(|mail| format!("mailto:{mail}")).collect(),
                root: self.acme_ca,
                cache: self.acme_cache,
                challenge,
            };
            tokio::spawn(AcmeClient::new(order, store.clone()).run());
        } else {
            return Ok(None);
        }
        let redirect = self.http_redirect;
        Ok(Some(ListenTls { config: Arc::new(config), store, domains, redirect }))
    }

    fn files(&self) -> Option<CertificateFiles> {
        let (cert, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(CertificateFiles { cert, key })
    }

    fn check_values(&self) -> Result<()> {
        if let Some(address) = &self.http_redirect {
            if self.tls_cert.is_none() && self.acme.is_empty() {
                bail!("--http-redirect needs https: give --tls-cert and --tls-key, or --acme");
            }
            listen::resolve(address).context("--http-redirect")?;
        }
        if let Some(root) = &self.acme_ca {
            let checked = certificates::check_root(root).map_err(Error::msg);
            checked.with_context(|| format!("cannot use --acme-ca {}", root.display()))?;
        }
        Ok(())
    }
}

fn load(files: &CertificateFiles) -> Result<certificates::ServerCertificate> {
    let CertificateFiles { cert, key } = files;
    files
        .load()
        .with_context(|| format!("--tls-cert {}, --tls-key {}", cert.display(), key.display()))
}
