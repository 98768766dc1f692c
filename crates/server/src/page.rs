//! The page, embedded: what `web/` was built into.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::Problem;
use crate::segments::Segments;

/// Assets have their content's hash in their name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The page takes scripts, styles and data from its own server only.
const POLICY: &str =
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/page"]
struct Files;

/// `GET /`
pub(crate) async fn index() -> Response {
    document(StatusCode::OK)
}

/// `GET /assets/{file}`
pub(crate) async fn asset(Segments(file): Segments<String>) -> Response {
    match Files::get(&format!("assets/{file}")) {
        Some(file) => content(file, FOR_EVER),
        None => Problem::no_such_url().into_response(),
    }
}

/// Whether a browser asks for something to show, rather than a program for data.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The page at the URL of a board, which says itself when there is none.
pub(crate) fn of_board(known: bool) -> Response {
    document(if known { StatusCode::OK } else { StatusCode::NOT_FOUND })
}

fn document(status: StatusCode) -> Response {
    let file = Files::get("index.html").expect("the build script makes the page");
    let mut response = content(file, "no-cache");
    *response.status_mut() = status;
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn content(file: EmbeddedFile, cache: &'static str) -> Response {
    let mut response = Response::new(Body::from(file.data));
    let headers = response.headers_mut();
    if let Ok(mimetype) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, mimetype);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
