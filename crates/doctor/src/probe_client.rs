//! HTTP as browsers use it: with compression, and without following redirects, so that each is seen.

use std::error::Error;
use std::time::Duration;

use flightboard_client::{ClientSetupError, tls_config};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::{error::Elapsed, timeout};

use crate::options::DoctorOptions;

/// Time for a connection, and for the head of a response.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The codings that a response may have and the doctor can decode, as browsers announce them.
const BROWSER_ENCODINGS: &str = "gzip, br, zstd";

/// Largest body that is read as a whole: a problem, or the summary of a board.
const MAX_TEXT_BYTES: usize = 64 * 1024;

const USER_AGENT: &str = concat!("flightboard-doctor/", env!("CARGO_PKG_VERSION"));

pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// TLS or the client fails to start.
#[derive(Debug, thiserror::Error)]
pub enum ProbeClientError {
    /// TLS is not available.
    #[error(transparent)]
    Setup(#[from] ClientSetupError),
    /// The client does not start.
    #[error("cannot set up a client: {0}")]
    Build(String),
}

/// Requests the way a browser does.
pub(crate) struct ProbeClient {
    raw: Client,
    decoding: Client,
    token: Option<String>,
}

/// The codings of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamCoding {
    /// As a browser asks; the body is decoded, and the response does not name its coding any more.
    Decoded,
    /// As a browser asks, left as it is: for the head only.
    Encoded,
    /// The request allows none.
    Identity,
}

impl ProbeClient {
    pub(crate) fn new(options: &DoctorOptions) -> Result<Self, ProbeClientError> {
        let tls = tls_config(&options.extra_roots)?;
        let build = |builder: ClientBuilder| {
            let mut builder = builder
                .tls_backend_preconfigured(tls.clone())
                .user_agent(USER_AGENT)
                .connect_timeout(HEAD_TIMEOUT)
                .redirect(Policy::none());
            if options.url.is_loopback() {
                builder = builder.no_proxy();
            }
            builder.build().map_err(|error| ProbeClientError::Build(describe(&error)))
        };
        Ok(Self {
            raw: build(Client::builder().no_gzip().no_brotli().no_zstd())?,
            decoding: build(Client::builder())?,
            token: options.token.clone(),
        })
    }

    /// Requests a stream, after the event `last_id` if there is one.
    pub(crate) fn stream(
        &self,
        url: &str,
        coding: StreamCoding,
        last_id: Option<&str>,
    ) -> RequestBuilder {
        let request = match coding {
            StreamCoding::Decoded => self.decoding.get(url),
            StreamCoding::Encoded => self.raw.get(url).header(ACCEPT_ENCODING, BROWSER_ENCODINGS),
            StreamCoding::Identity => self.raw.get(url).header(ACCEPT_ENCODING, "identity"),
        };
        let request = request.header(ACCEPT, "text/event-stream").header(CACHE_CONTROL, "no-cache");
        let request = match last_id {
            Some(id) => request.header(LAST_EVENT_ID, id),
            None => request,
        };
        self.authorized(request)
    }

    /// Any other request.
    pub(crate) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.authorized(self.decoding.request(method, url).timeout(HEAD_TIMEOUT))
    }

    /// A request with a JSON body.
    pub(crate) fn json_request(&self, method: Method, url: &str, body: &Value) -> RequestBuilder {
        let request = self.request(method, url).header(CONTENT_TYPE, "application/json");
        request.body(body.to_string())
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

/// Sends a request and waits for the head of its response.
pub(crate) async fn send(request: RequestBuilder) -> Result<reqwest::Result<Response>, Elapsed> {
    timeout(HEAD_TIMEOUT, request.send()).await
}

/// Reads the body of a response that should be short, as far as it is and arrives in time.
pub(crate) async fn short_text(mut response: Response) -> String {
    let mut text = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = MAX_TEXT_BYTES - text.len();
            text.extend(chunk.iter().take(room));
            if chunk.len() >= room {
                break;
            }
        }
    };
    // An incomplete text is no JSON, and explains nothing.
    let _ = timeout(HEAD_TIMEOUT, read).await;
    String::from_utf8_lossy(&text).into_owned()
}

/// The innermost cause, which says the most: the outer ones repeat the URL.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
