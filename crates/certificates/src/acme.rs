//! Certificates from an authority that speaks ACME.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use instant_acme::{
    Account, AccountBuilder, AuthorizationStatus, ChallengeHandle, ChallengeType, Identifier,
    NewAccount, NewOrder, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio::time::timeout;

use crate::acme_cache::AcmeCache;
use crate::certificate::{CertificateError, ServerCertificate};
use crate::store::CertificateStore;

/// The ACME directory of Let's Encrypt.
pub const LETS_ENCRYPT_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Time for an order, with all its requests and the authority's visits.
const ORDER_TIMEOUT: Duration = Duration::from_secs(300);

/// Time for an authority to check a domain or to issue a certificate.
const POLL_TIMEOUT: Duration = Duration::from_secs(120);

/// Wait after a failed order, doubled for each further one up to [`MAX_RETRY_DELAY`]. Let's Encrypt allows five failed
/// checks of a domain in an hour.
const MIN_RETRY_DELAY: Duration = Duration::from_secs(60);

const MAX_RETRY_DELAY: Duration = Duration::from_secs(6 * 60 * 60);

/// Longest time between two looks at the clock. A machine that sleeps does not count the time of a wait.
const MAX_RENEWAL_WAIT: Duration = Duration::from_secs(60 * 60);

/// An order of a certificate.
#[derive(Debug, Clone)]
pub struct AcmeOrder {
    /// The names for the certificate.
    pub domains: Vec<String>,
    /// URL of the authority's directory.
    pub directory: String,
    /// Addresses such as `mailto:operator@airport.example`, to which the authority may write.
    pub contacts: Vec<String>,
    /// PEM file with the authority by which the directory's own certificate is recognised; without one, those that the
    /// machine trusts.
    pub root: Option<PathBuf>,
    /// Folder for the account and the certificate.
    pub cache: PathBuf,
    /// The way to prove the control of the domains.
    pub challenge: AcmeChallenge,
}

/// A way to prove the control of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// By a response on port 80: see [`CertificateStore::challenge_response`].
    Http01,
    /// By a certificate in a handshake on port 443 (RFC 8737).
    TlsAlpn01,
}

/// Checks a PEM file with the authority of a directory's own certificate.
///
/// # Errors
/// It cannot be read, or has no certificate. The error is the reason.
pub fn check_root(root: &Path) -> Result<(), String> {
    install_provider();
    Account::builder_with_root(root).map(drop).map_err(|error| with_causes(&error))
}

/// For libraries that name no provider.
fn install_provider() {
    // An error says that one is installed already.
    let _ = ring::default_provider().install_default();
}

/// Gets and renews a certificate.
#[derive(Debug)]
pub struct AcmeClient {
    order: AcmeOrder,
    cache: AcmeCache,
    store: CertificateStore,
}

/// The reason why an order failed. A later one may succeed.
#[derive(Debug, Error)]
enum OrderError {
    #[error(transparent)]
    Acme(#[from] instant_acme::Error),
    #[error("the authority offers no challenge {0:?} for {1}")]
    NoChallenge(AcmeChallenge, String),
    #[error("the authority has not confirmed the control of {0}: {1:?}")]
    NotConfirmed(String, OrderStatus),
    #[error("no certificate for a challenge: {0}")]
    Challenge(#[from] rcgen::Error),
    #[error("the issued certificate: {0}")]
    Certificate(#[from] CertificateError),
    #[error("no certificate for a challenge: {0}")]
    Key(#[from] rustls::Error),
    #[error("cannot write to the folder for certificates: {0}")]
    Cache(#[from] io::Error),
    #[error("it took longer than {ORDER_TIMEOUT:?}")]
    Timeout,
}

impl AcmeClient {
    /// Prepares a client that puts its certificates into `store`, beginning with the one in the folder, if any.
    pub fn new(order: AcmeOrder, store: CertificateStore) -> Self {
        let cache = AcmeCache::new(&order.cache, &order.directory, &order.domains);
        if let Some(certificate) = cache.certificate() {
            store.replace(certificate);
        }
        Self { order, cache, store }
    }

    /// Gets a certificate if it has none yet, and another one when two thirds of its time are over. Never ends.
    pub async fn run(self) {
        install_provider();
        let domains = self.order.domains.join(", ");
        let mut retry_delay = MIN_RETRY_DELAY;
        loop {
            let wait =
                self.store.current().map_or(Duration::ZERO, |current| time_to_renewal(&current));
            if !wait.is_zero() {
                tokio::time::sleep(wait.min(MAX_RENEWAL_WAIT)).await;
                continue;
            }
            let obtained = timeout(ORDER_TIMEOUT, self.obtain()).await;
            self.store.clear_challenges();
            match obtained.unwrap_or(Err(OrderError::Timeout)) {
                Ok(certificate) => {
                    tracing::info!("got a certificate for {domains}");
                    self.store.replace(certificate);
                    retry_delay = MIN_RETRY_DELAY;
                    // A certificate that is due again at once, as on a wrong clock, must not be ordered in a loop.
                    tokio::time::sleep(MIN_RETRY_DELAY).await;
                }
                Err(error) => {
                    let (again, error) = (retry_delay.as_secs(), with_causes(&error));
                    tracing::warn!(
                        "no certificate for {domains}, trying again in {again} s: {error}"
                    );
                    tokio::time::sleep(retry_delay).await;
                    retry_delay = (retry_delay * 2).min(MAX_RETRY_DELAY);
                }
            }
        }
    }

    async fn obtain(&self) -> Result<ServerCertificate, OrderError> {
        let account = self.account().await?;
        let domains = self.order.domains.iter().cloned().map(Identifier::Dns).collect::<Vec<_>>();
        let mut order = account.new_order(&NewOrder::new(&domains)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let domain = authorization.identifier().to_string();
            let kind = match self.order.challenge {
                AcmeChallenge::Http01 => ChallengeType::Http01,
                AcmeChallenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
            };
            let Some(mut challenge) = authorization.challenge(kind) else {
                return Err(OrderError::NoChallenge(self.order.challenge, domain));
            };
            self.prepare(&challenge, domain)?;
            challenge.set_ready().await?;
        }
        let retries = RetryPolicy::default().timeout(POLL_TIMEOUT);
        let status = order.poll_ready(&retries).await?;
        if status != OrderStatus::Ready {
            return Err(OrderError::NotConfirmed(self.order.domains.join(", "), status));
        }
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&retries).await?;
        let certificate = ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes())?;
        // A certificate that cannot be kept is still the newest one.
        if let Err(error) = self.cache.save_certificate(&chain, &key) {
            tracing::warn!("cannot write to the folder for certificates: {error}");
        }
        Ok(certificate)
    }

    /// The account of earlier orders, or a new one.
    async fn account(&self) -> Result<Account, OrderError> {
        if let Some(account) = self.cache.account() {
            return Ok(self.builder()?.from_credentials(account).await?);
        }
        let contacts: Vec<_> = self.order.contacts.iter().map(String::as_str).collect();
        let account = NewAccount {
            contact: &contacts,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let directory = self.order.directory.clone();
        let (account, credentials) = self.builder()?.create(&account, directory, None).await?;
        self.cache.save_account(&credentials)?;
        Ok(account)
    }

    fn builder(&self) -> Result<AccountBuilder, instant_acme::Error> {
        match &self.order.root {
            Some(root) => Account::builder_with_root(root),
            None => Account::builder(),
        }
    }

    /// Makes the server answer the authority.
    fn prepare(&self, challenge: &ChallengeHandle<'_>, domain: String) -> Result<(), OrderError> {
        let authorization = challenge.key_authorization();
        if self.order.challenge == AcmeChallenge::Http01 {
            let response = authorization.as_str().to_owned();
            self.store.add_challenge_response(challenge.token.clone(), response);
            return Ok(());
        }
        let digest = authorization.digest();
        let mut params = CertificateParams::new([domain.clone()])?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let key = ring::sign::any_supported_type(&key)?;
        // Without a check of the pair, which refuses the extension of the challenge.
        let key = CertifiedKey::new(vec![certificate.der().clone()], key);
        self.store.add_challenge_certificate(domain, Arc::new(key));
        Ok(())
    }
}

/// The error with its causes, without which a failed connection has no reason.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Some errors contain the text of their cause.
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Time until two thirds of the certificate's validity are over.
fn time_to_renewal(certificate: &ServerCertificate) -> Duration {
    let ServerCertificate { not_before, not_after, .. } = certificate;
    let validity = not_after.duration_since(*not_before).unwrap_or_default();
    let renewal = *not_before + validity * 2 / 3;
    renewal.duration_since(SystemTime::now()).unwrap_or_default()
}
