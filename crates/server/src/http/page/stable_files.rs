//! Files whose names do not change with their content, so that a cache has to ask each time.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{PageFiles, file_response, hex};

/// After an upgrade an old file would name others that the server does not have any more.
const CACHE_REVALIDATED: &str = "public, no-cache";

/// `GET /embed.js`: the script for pages of others, which loads that of the element `<flight-board>`.
pub(crate) async fn embed_script(headers: HeaderMap) -> Response {
    stable_file("embed.js", &headers)
}

/// `GET /sw.js`: the service worker, which shows the page while the server is away.
pub(crate) async fn service_worker(headers: HeaderMap) -> Response {
    let mut response = stable_file("sw.js", &headers);
    // A worker has the policy of its script.
    let policy =
        HeaderValue::from_static("default-src 'none'; connect-src 'self'; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn stable_file(name: &str, headers: &HeaderMap) -> Response {
    let file = PageFiles::get(name).expect("the build script creates the file");
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()));
    let mut response = if is_known(&tag, headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file_response(file.data, file.metadata.mimetype(), CACHE_REVALIDATED)
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_REVALIDATED));
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("a hash is visible ASCII"));
    response
}

/// Returns true if the client has the content already (RFC 9110, section 13.1.2).
fn is_known(tag: &str, headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    tags.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}
