//! The embedded page, which the build script builds from `web/`.

/// Files with stable names.
pub(super) mod stable_files;
/// The rows of a board, for browsers without JavaScript.
mod static_rows;

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use flight::Timetable;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use maud::html;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::accept::{ContentCoding, preferred_coding};
use super::path_params::PathParams;
use super::problem::Problem;
use super::security_headers::page_policy;
use crate::settings::Settings;

/// For assets, whose names contain the hash of their content.
const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// In the page's head, for the URLs that the page itself makes.
const BASE_ELEMENT: &str = r#"<base href="/" />"#;

/// The start of each asset's URL in the page.
const ASSET_URL_START: &str = r#"="./assets/"#;

/// In the page's head, for the page's own build.
const BUILD_ELEMENT: &str = r#"<meta name="build" content="" />"#;

/// In the page, for the title of the board.
const TITLE_ELEMENT: &str = "<title>flightboard</title>";

/// In the page, for browsers without JavaScript. Only the server puts content into it.
const NOSCRIPT_ELEMENT: &str = "<noscript></noscript>";

/// Bytes of a hash that identify a build.
const BUILD_BYTES: usize = 6;

/// The codings of assets, best first.
const ASSET_CODINGS: [ContentCoding; 3] =
    [ContentCoding::Brotli, ContentCoding::Zstd, ContentCoding::Gzip];

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/page"]
struct PageFiles;

/// Identifies the page of this program. The page's document names each asset by a hash of its
/// content, so the hash of the document changes with any of them.
pub(crate) fn build() -> &'static str {
    static BUILD: LazyLock<String> = LazyLock::new(|| {
        let hash = index_file().metadata.sha256_hash();
        hex(&hash[..BUILD_BYTES])
    });
    &BUILD
}

/// `GET /assets/{file}`. Large files have a copy that the build script compressed.
pub(super) async fn asset(PathParams(file): PathParams<String>, headers: HeaderMap) -> Response {
    let path = format!("assets/{file}");
    let Some(file) = PageFiles::get(&path) else {
        return Problem::unknown_url().into_response();
    };
    let compressed = match preferred_coding(&headers, &ASSET_CODINGS) {
        Some(ContentCoding::Brotli) => PageFiles::get(&format!("{path}.br")),
        _ => None,
    };
    let content_type = file.metadata.mimetype().to_owned();
    match compressed {
        None => file_response(file.data, &content_type, CACHE_IMMUTABLE),
        Some(compressed) => {
            let mut response = file_response(compressed.data, &content_type, CACHE_IMMUTABLE);
            let coding = HeaderValue::from_static(ContentCoding::Brotli.name());
            response.headers_mut().insert(header::CONTENT_ENCODING, coding);
            response
        }
    }
}

/// The page of a board, with its rows for browsers without JavaScript. It takes some milliseconds to make.
pub(super) fn of_board(timetable: &Timetable, settings: &Settings) -> Response {
    let board = timetable.settings();
    let code = board.airport.as_deref();
    let place = code.map(|code| codes::place_name(code).unwrap_or(code));
    let title = html! {
        title { (board.title) @if let Some(place) = place { ", " (place) } " · flightboard" }
    };
    let rows = static_rows::static_rows(timetable, Timestamp::now());
    let rows = html! { noscript { main class="static" { (rows) } } };
    document(StatusCode::OK, settings, &title.into_string(), &rows.into_string())
}

/// The page without rows. It reports itself that a board is unknown or private.
pub(super) fn without_rows(status: StatusCode, settings: &Settings) -> Response {
    let text = "This page follows a live timetable, which needs JavaScript.";
    let text = html! { noscript { p { (text) } } };
    document(status, settings, TITLE_ELEMENT, &text.into_string())
}

fn document(status: StatusCode, settings: &Settings, title: &str, noscript: &str) -> Response {
    let file = index_file();
    let base = settings.base_path.as_str();
    let html = String::from_utf8_lossy(&file.data)
        .replace(BUILD_ELEMENT, &format!(r#"<meta name="build" content="{}" />"#, build()))
        .replace(BASE_ELEMENT, &format!(r#"<base href="{base}/" />"#))
        .replace(ASSET_URL_START, &format!(r#"="{base}/assets/"#))
        .replace(TITLE_ELEMENT, title)
        .replace(NOSCRIPT_ELEMENT, noscript);
    let html = html.into_bytes().into();
    let mut response = file_response(html, file.metadata.mimetype(), "no-cache");
    *response.status_mut() = status;
    let policy = page_policy(&settings.origins);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn index_file() -> EmbeddedFile {
    PageFiles::get("index.html").expect("the build script creates the page")
}

fn file_response(
    content: Cow<'static, [u8]>,
    content_type: &str,
    cache_control: &'static str,
) -> Response {
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
