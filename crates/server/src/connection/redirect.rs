//! The listener at port 80 of a server that speaks TLS: it sends browsers to https, and answers authorities that check
//! the control of a domain.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::uri::Authority;
use http::{HeaderValue, Method, StatusCode, header};

use crate::http::problem::Problem;
use crate::http::query_tokens;

/// The standard port of https, which URLs leave out.
const HTTPS_PORT: u16 = 443;

/// Returns the response to the challenge with a token, while it is open.
type ChallengeResponse = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where a listener redirects to, and how it answers `http-01` challenges of ACME (RFC 8555, section 8.3).
#[derive(Clone)]
pub struct HttpsRedirect {
    /// Port of the TLS listener.
    pub port: u16,
    /// The names of the server, if they are known. Requests for other hosts go to the first.
    pub hosts: Vec<String>,
    /// Returns the response to the challenge with this token.
    pub challenge_response: Arc<ChallengeResponse>,
}

pub(super) fn routes(redirect: HttpsRedirect) -> Router {
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(respond_to_challenge))
        .fallback(redirect_to_https)
        // The URL has been sent without encryption, and a redirect would hide that.
        .layer(from_fn(query_tokens::refuse))
        .with_state(redirect)
}

async fn respond_to_challenge(
    State(redirect): State<HttpsRedirect>,
    Path(token): Path<String>,
) -> Response {
    match (redirect.challenge_response)(&token) {
        Some(response) => {
            ([(header::CONTENT_TYPE, "application/octet-stream")], response).into_response()
        }
        None => Problem::unknown_url().into_response(),
    }
}

/// Redirects safe requests. Any other one has already sent its contents, and perhaps a token, without encryption; a
/// redirect would hide that.
async fn redirect_to_https(State(redirect): State<HttpsRedirect>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let status = StatusCode::FORBIDDEN;
        let reason = "must be https: this port only redirects";
        return Problem::new(status, "Https only", "scheme", reason).into_response();
    }
    match https_url(&request, &redirect) {
        Some(url) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, url)]).into_response(),
        None => {
            let status = StatusCode::BAD_REQUEST;
            let reason = "must be a URL with a host and a path";
            Problem::new(status, "Bad request", "URL", reason).into_response()
        }
    }
}

/// The requested URL, with https and the port of the TLS listener.
fn https_url(request: &Request, redirect: &HttpsRedirect) -> Option<HeaderValue> {
    let host = || request.headers().get(header::HOST)?.to_str().ok()?.parse().ok();
    // HTTP/2 has it in the URL.
    let authority: Authority = request.uri().authority().cloned().or_else(host)?;
    let host = authority.host();
    if host.is_empty() || authority.as_str().contains('@') {
        return None;
    }
    let path = request.uri().path_and_query().map_or("/", |target| target.as_str());
    // `*` is a target without a path.
    if !path.starts_with('/') {
        return None;
    }
    let HttpsRedirect { port, hosts, .. } = redirect;
    let is_known = hosts.is_empty() || hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
    let host = if is_known { host } else { hosts.first()? };
    let port = if *port == HTTPS_PORT { String::new() } else { format!(":{port}") };
    HeaderValue::from_str(&format!("https://{host}{port}{path}")).ok()
}

impl fmt::Debug for HttpsRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsRedirect").field("port", &self.port).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn known_hosts_are_kept() {
        let location = |hosts: &[&str], host: &str| {
            let hosts = hosts.iter().map(ToString::to_string).collect();
            let redirect =
                HttpsRedirect { port: 443, hosts, challenge_response: Arc::new(|_| None) };
            let request = Request::get("/boards/main?x=1").header("host", host);
            https_url(&request.body(Body::empty()).unwrap(), &redirect).unwrap()
        };
        let known = ["a.example", "b.example"];
        for (hosts, host, expected) in [
            (&known[..], "B.example:80", "https://B.example/boards/main?x=1"),
            (&known, "evil.example", "https://a.example/boards/main?x=1"),
            (&[], "c.example", "https://c.example/boards/main?x=1"),
        ] {
            assert_eq!(location(hosts, host), expected);
        }
    }
}
