//! The embedded page, which the build script builds from `web/`.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::accept::{ContentCoding, preferred_coding};
use super::path_params::PathParams;
use super::problem::Problem;
use super::security_headers::page_policy;
use crate::app::App;
use crate::settings::Settings;

/// For assets, whose names contain the hash of their content.
const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// In the page's head, for the URLs that the page itself makes.
const BASE_ELEMENT: &str = r#"<base href="/" />"#;

/// The start of each asset's URL in the page.
const ASSET_URL_START: &str = r#"="./assets/"#;

/// In the page's head, for the page's own build.
const BUILD_ELEMENT: &str = r#"<meta name="build" content="" />"#;

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
        hash[..BUILD_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
    });
    &BUILD
}

/// `GET /`
pub(super) async fn index(State(app): State<App>) -> Response {
    document(StatusCode::OK, &app.state.settings)
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

/// The page at the URL of a board. The page itself reports an unknown or private board.
pub(super) fn of_board(status: StatusCode, settings: &Settings) -> Response {
    document(status, settings)
}

fn document(status: StatusCode, settings: &Settings) -> Response {
    let file = index_file();
    let base = settings.base_path.as_str();
    let html = String::from_utf8_lossy(&file.data)
        .replace(BUILD_ELEMENT, &format!(r#"<meta name="build" content="{}" />"#, build()))
        .replace(BASE_ELEMENT, &format!(r#"<base href="{base}/" />"#))
        .replace(ASSET_URL_START, &format!(r#"="{base}/assets/"#));
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
