//! Rules for whole messages (RFC 9110, RFC 9112) that neither hyper nor the routes apply.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::uri::Authority;
use http::{HeaderValue, StatusCode, Version, header};
use hyper::body::Body as _;

use crate::http::list_header::has_token;
use crate::http::problem::Problem;

/// Responds with `respond`, or refuses the request.
///
/// # Errors
/// Those of `respond`.
pub(super) async fn respond<F, E>(
    request: Request,
    respond: impl FnOnce(Request) -> F,
) -> Result<Response, E>
where
    F: Future<Output = Result<Response, E>>,
{
    let version = request.version();
    let is_last = is_last_request(&request);
    let mut response = match refusal(&request) {
        Some(problem) => problem.into_response(),
        None => respond(request).await?,
    };
    let has_no_content = response.status() == StatusCode::NO_CONTENT;
    if has_no_content || response.status() == StatusCode::NOT_MODIFIED {
        // It would be the length of the content that is not sent (RFC 9110, section 8.6).
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    // In HTTP/1.0 only the end of the connection ends a body of unknown length.
    let is_delimited = response.body().size_hint().exact().is_some();
    if is_last || version == Version::HTTP_10 && !is_delimited {
        close_after(&mut response, version);
    }
    Ok(response)
}

/// Makes the response to a request of `version` the last on its connection. HTTP/2 forbids the header;
/// there, hyper sends GOAWAY.
pub(super) fn close_after(response: &mut Response, version: Version) {
    if version < Version::HTTP_2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        // To a response of HTTP/1.1, hyper adds `keep-alive` for a client of HTTP/1.0.
        *response.version_mut() = version;
    }
}

/// Returns why the request is refused before its resource is looked for.
pub(super) fn refusal<B>(request: &http::Request<B>) -> Option<Problem> {
    if request.version() < Version::HTTP_2
        && let Some(reason) = host_error(request)
    {
        return Some(Problem::new(StatusCode::BAD_REQUEST, "Bad request", "Host", reason));
    }
    let mut expectations = request.headers().get_all(header::EXPECT).iter();
    if expectations.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        let status = StatusCode::EXPECTATION_FAILED;
        let reason = "must be 100-continue";
        return Some(Problem::new(status, "Expectation failed", "Expect", reason));
    }
    None
}

/// Returns why `Host` is invalid (RFC 9112, section 3.2).
fn host_error<B>(request: &http::Request<B>) -> Option<&'static str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => (request.version() == Version::HTTP_11).then_some("is required in HTTP/1.1"),
        (Some(host), None) if is_host(host.as_bytes()) => None,
        (Some(_), None) => Some("must be a host and an optional port"),
        (Some(_), Some(_)) => Some("must occur only once"),
    }
}

/// Checks `uri-host [ ":" port ]`. The host may be empty.
fn is_host(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let text = text.trim();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    let is_port = port.is_empty() || port.parse::<u16>().is_ok() && !port.starts_with('+');
    let is_literal = host.starts_with('[') && host.ends_with(']');
    let is_name = !host.contains(['@', '[', ']', ':']);
    let is_host = host.is_empty() || (is_literal || is_name) && host.parse::<Authority>().is_ok();
    is_host && is_port
}

/// Returns true if no request may follow on the connection: the client asks for that, or the body has
/// chunks. A chunked request with a `Content-Length` must be the last one, since a proxy that reads the
/// length may have passed on a hidden request (RFC 9112, section 6.1). Hyper removes that header, so
/// the server cannot tell such a request from others in chunks.
fn is_last_request<B>(request: &http::Request<B>) -> bool {
    has_token(request.headers(), &header::CONNECTION, "close")
        || request.headers().contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_an_optional_port() {
        for valid in
            ["", "x", "a.example:80", "a.example:", "[::1]", "[::1]:5000", "127.0.0.1", "a_b"]
        {
            assert!(is_host(valid.as_bytes()), "{valid}");
        }
        for invalid in
            ["a b", "a/b", "u@x", "x:y", "x:99999", "x:+1", "::1", "[::1", "[::1]x", "x?", "\u{e9}"]
        {
            assert!(!is_host(invalid.as_bytes()), "{invalid}");
        }
    }
}
