//! HTTP clients, and whom they trust.

use std::error::Error;
use std::sync::Arc;

use reqwest::{Client, Proxy};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::board_url::BoardUrl;
use crate::options::FollowOptions;

const USER_AGENT: &str = concat!("flightboard-client/", env!("CARGO_PKG_VERSION"));

/// TLS, a proxy's URL or the client is not usable.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up a client: {0}")]
pub struct ClientSetupError(pub(crate) String);

/// A client for streams and short requests. It asks for no compression, since an encoder between could hold back
/// events, and follows redirects as browsers do.
pub(crate) fn http_client(
    url: &BoardUrl,
    options: &FollowOptions,
) -> Result<Client, ClientSetupError> {
    let tls = tls_config(&options.extra_roots)?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(USER_AGENT)
        .connect_timeout(options.connect_timeout)
        .no_gzip()
        .no_brotli()
        .no_zstd();
    if let Some(proxy) = &options.proxy {
        builder = builder.proxy(Proxy::all(proxy).map_err(|error| setup_error(&error))?);
    } else if url.is_loopback() {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| setup_error(&error))
}

/// Trusts Mozilla's list of authorities, the machine's, and those given. Over TLS the server chooses HTTP/2 or
/// HTTP/1.1.
///
/// # Errors
/// The cryptography does not support the usual versions of TLS.
pub fn tls_config(
    extra_roots: &[CertificateDer<'static>],
) -> Result<ClientConfig, ClientSetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(extra_roots.iter().cloned());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientSetupError(error.to_string()))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The innermost cause, which says the most: the outer ones repeat the URL.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn setup_error(error: &reqwest::Error) -> ClientSetupError {
    ClientSetupError(describe(error))
}
