//! The current certificate, and those that prove the control of a domain.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::certificate::ServerCertificate;

/// The protocol by which an authority asks for a challenge's certificate (RFC 8737). A server closes a connection that
/// has agreed on it after the handshake.
pub const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// The certificate that a server presents. Clones share it.
#[derive(Clone, Default)]
pub struct CertificateStore {
    contents: Arc<RwLock<StoreContents>>,
}

#[derive(Default)]
struct StoreContents {
    current: Option<ServerCertificate>,
    /// The certificates of open `tls-alpn-01` challenges by domain. As many as an order has domains.
    challenge_certificates: HashMap<String, Arc<CertifiedKey>>,
    /// The answers to open `http-01` challenges by token.
    challenge_responses: HashMap<String, String>,
}

/// The configuration of a server that presents the certificate in `store` and speaks HTTP/2 and HTTP/1.1.
///
/// # Errors
/// The cryptography of this program lacks the usual versions of TLS, which it does not.
pub fn server_config(store: &CertificateStore) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
    let mut config = builder.with_cert_resolver(Arc::new(store.clone()));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), ACME_PROTOCOL.to_vec()];
    // Without tickets, only the last few hundred clients could resume a session.
    config.ticketer = ring::Ticketer::new()?;
    Ok(config)
}

impl CertificateStore {
    /// Presents `certificate` from the next handshake on.
    pub fn replace(&self, certificate: ServerCertificate) {
        self.contents.write().current = Some(certificate);
    }

    /// The end of the current certificate.
    pub fn not_after(&self) -> Option<SystemTime> {
        self.contents.read().current.as_ref().map(|current| current.not_after)
    }

    /// The text by which this server answers the `http-01` challenge `token`.
    pub fn challenge_response(&self, token: &str) -> Option<String> {
        self.contents.read().challenge_responses.get(token).cloned()
    }

    pub(crate) fn current(&self) -> Option<ServerCertificate> {
        self.contents.read().current.clone()
    }

    pub(crate) fn add_challenge_certificate(&self, domain: String, key: Arc<CertifiedKey>) {
        self.contents.write().challenge_certificates.insert(domain, key);
    }

    pub(crate) fn add_challenge_response(&self, token: String, response: String) {
        self.contents.write().challenge_responses.insert(token, response);
    }

    pub(crate) fn clear_challenges(&self) {
        let mut contents = self.contents.write();
        contents.challenge_certificates.clear();
        contents.challenge_responses.clear();
    }
}

impl ResolvesServerCert for CertificateStore {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let contents = self.contents.read();
        let asks_for_challenge =
            hello.alpn().is_some_and(|mut protocols| protocols.any(|name| name == ACME_PROTOCOL));
        if asks_for_challenge {
            return contents.challenge_certificates.get(hello.server_name()?).cloned();
        }
        contents.current.as_ref().map(|current| Arc::clone(&current.key))
    }
}

impl fmt::Debug for CertificateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateStore").field("not_after", &self.not_after()).finish()
    }
}
