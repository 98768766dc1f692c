//! The embedded page, which the build script builds from `web/`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::path_params::PathParams;
use super::problem::Problem;

/// For assets, whose names contain the hash of their content.
const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The page may load scripts, styles and data from its own server only.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/page"]
struct PageFiles;

/// `GET /`
pub(super) async fn index() -> Response {
    document(StatusCode::OK)
}

/// `GET /assets/{file}`
pub(super) async fn asset(PathParams(file): PathParams<String>) -> Response {
    match PageFiles::get(&format!("assets/{file}")) {
        Some(file) => file_response(file, CACHE_IMMUTABLE),
        None => Problem::unknown_url().into_response(),
    }
}

/// Returns true if the client is a browser that navigates, rather than a program that wants JSON.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The page at the URL of a board. The page itself reports an unknown board.
pub(super) fn of_board(exists: bool) -> Response {
    document(if exists { StatusCode::OK } else { StatusCode::NOT_FOUND })
}

fn document(status: StatusCode) -> Response {
    let file = PageFiles::get("index.html").expect("the build script creates the page");
    let mut response = file_response(file, "no-cache");
    *response.status_mut() = status;
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn file_response(file: EmbeddedFile, cache_control: &'static str) -> Response {
    let mut response = Response::new(Body::from(file.data));
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
