//! Refuses changes that a page of another origin has its reader's browser send, before their bodies are read.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, Uri, header};

use super::local_request::{self, Locality, named_hosts, normal_host, split_port};
use super::problem::Problem;
use crate::app::App;
use crate::origin_settings::{HostRule, OriginSettings};

/// Browsers say with it how the page relates to the server (W3C Fetch Metadata). Scripts cannot set it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The path of a secret URL begins with it. Its secret takes the place of the name of the host: a source far away
/// sends the request.
const WEBHOOK_PATH_START: &str = "/webhooks/";

/// The URL for signing in, which publishes nothing.
pub(super) const SESSION_PATH: &str = "/session";

/// Refuses a request that may change something if it comes from a page that may not publish, or for a host that
/// is not local.
pub(super) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    match refusal(&request, &app.state.settings.origins) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn refusal<B>(request: &http::Request<B>, settings: &OriginSettings) -> Option<Problem> {
    if request.method().is_safe() {
        return None;
    }
    origin_refusal(request, settings).or_else(|| host_refusal(request, settings))
}

/// Refuses pages of other origins. Programs that are not browsers send neither header.
fn origin_refusal<B>(request: &http::Request<B>, settings: &OriginSettings) -> Option<Problem> {
    let is_session = request.uri().path() == SESSION_PATH;
    let origin = request.headers().get(header::ORIGIN);
    let is_listed = origin.is_some_and(|origin| {
        settings.may_publish(origin) || is_session && settings.names_origin(origin)
    });
    if is_listed {
        return None;
    }
    // Behind a proxy that replaces `Host`, only the browser knows that the page is the server's own.
    if is_session && fetch_site(request) == Some(b"same-origin") {
        return None;
    }
    let reason = "may not publish; --allow-publish-origin allows an origin";
    foreign_page(request).map(|field| Problem::foreign("Foreign origin", field, reason))
}

/// Returns the header by which a browser says that a page of another origin sends the request.
pub(super) fn foreign_page<B>(request: &http::Request<B>) -> Option<&'static str> {
    match (fetch_site(request), request.headers().get(header::ORIGIN)) {
        (None | Some(b"same-origin" | b"none"), None) => None,
        (None | Some(b"same-origin" | b"none"), Some(origin)) => {
            let is_own = origin.to_str().is_ok_and(|origin| is_origin_of(origin, request));
            (!is_own).then_some("Origin")
        }
        (Some(_), _) => Some("Sec-Fetch-Site"),
    }
}

fn fetch_site<B>(request: &http::Request<B>) -> Option<&[u8]> {
    request.headers().get(SEC_FETCH_SITE).map(http::HeaderValue::as_bytes)
}

/// Returns true if `origin` has the host and the port under which the request names this server. The scheme may
/// differ from that of the connection, as behind a proxy with TLS.
fn is_origin_of<B>(origin: &str, request: &http::Request<B>) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else { return false };
    let default_port = match origin.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return false,
    };
    let host_and_port = |authority: &str| {
        let (host, port) = split_port(authority)?;
        Some((normal_host(host), port.unwrap_or(default_port)))
    };
    let origin = origin.authority().and_then(|authority| host_and_port(authority.as_str()));
    let mut hosts = named_hosts(request).into_iter();
    origin.is_some() && hosts.any(|host| host_and_port(host.authority) == origin)
}

fn host_refusal<B>(request: &http::Request<B>, settings: &OriginSettings) -> Option<Problem> {
    let is_webhook = request.uri().path().starts_with(WEBHOOK_PATH_START);
    if settings.host_rule == HostRule::Any || is_webhook {
        return None;
    }
    match local_request::locality(request, &settings.allow_hosts) {
        Locality::Local | Locality::Allowed => None,
        Locality::Foreign(header) => {
            let reason = "is not local; without credentials, only requests for localhost or a host of \
                          --allow-host may publish";
            Some(Problem::foreign("Foreign host", header, reason))
        }
    }
}
