//! The embedded page, which the build script builds from `web/`.

/// Files with stable names.
pub(super) mod stable_files;

/// Title, description and image of a link to a page.
mod link_preview;

/// The texts of rows.
pub(crate) mod row_texts;

/// Lists of boards as pages without a script.
mod board_list;

/// The rows of a board, for browsers without JavaScript.
mod static_rows;

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use flight::{FlightKey, Timetable};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::accept::{ContentCoding, preferred_coding};
use super::path_params::PathParams;
use super::problem::Problem;
use super::public_url::PublicUrl;
use super::security_headers::{page_policy, static_page_policy};
use crate::settings::Settings;

use link_preview::link_preview;

pub(crate) use board_list::BoardEntry;

/// For assets, whose names contain the hash of their content.
const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// In the page's head, for the URLs that the page itself makes.
const BASE_ELEMENT: &str = r#"<base href="/" />"#;

/// The start of each asset's URL in the page.
const ASSET_URL_START: &str = r#"="./assets/"#;

/// In the page's head, for the page's own build.
const BUILD_ELEMENT: &str = r#"<meta name="build" content="" />"#;

/// In the page's head, for the description of the board or flight.
const DESCRIPTION_ELEMENT: &str =
    r#"<meta name="description" content="An airport's live timetable" />"#;

/// In the page, for the title of the board.
const TITLE_ELEMENT: &str = "<title>flightboard</title>";

/// In the document of pages without a script, for their content.
const STATIC_ELEMENT: &str = r#"<main class="static"></main>"#;

/// In the head of that document.
const STYLESHEET_START: &str = r#"<link rel="stylesheet""#;

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
        let hash = embedded("index.html").metadata.sha256_hash();
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

/// The page of a board, with its rows for browsers without JavaScript, and of one flight if `key` names one. It takes
/// some milliseconds to make.
pub(super) fn of_board(
    timetable: &Timetable,
    key: Option<&FlightKey>,
    url: &PublicUrl,
    settings: &Settings,
) -> Response {
    let now = Timestamp::now();
    let preview = link_preview(timetable, key, url, now);
    let rows = static_rows::static_rows(timetable, now);
    let head = Head { title: &preview.title, elements: Some(&preview.elements) };
    document(StatusCode::OK, settings, &head, &rows)
}

/// The page without rows. It reports itself that a board is unknown or private.
pub(super) fn without_rows(status: StatusCode, settings: &Settings) -> Response {
    let text = html! {
        header { p { "This page follows a live timetable, which needs JavaScript." } }
    };
    document(status, settings, &Head::default(), &text)
}

/// The page of an unknown board. It waits for the board to be opened.
pub(super) fn without_board(entries: &[BoardEntry], settings: &Settings) -> Response {
    let list = board_list::nothing("board", entries, settings.base_path.as_str());
    document(StatusCode::NOT_FOUND, settings, &Head::default(), &list)
}

/// The list of boards.
pub(super) fn of_boards(entries: &[BoardEntry], settings: &Settings) -> Response {
    let list = board_list::boards(entries, settings.base_path.as_str());
    static_document(StatusCode::OK, settings, "Boards", &list)
}

/// The page for URLs at which there is nothing.
pub(super) fn not_found(entries: &[BoardEntry], settings: &Settings) -> Response {
    let list = board_list::nothing("page", entries, settings.base_path.as_str());
    static_document(StatusCode::NOT_FOUND, settings, "Not found", &list)
}

/// The parts of a document's head that depend on its content.
struct Head<'a> {
    title: &'a str,
    /// In the place of the description.
    elements: Option<&'a Markup>,
}

impl Default for Head<'_> {
    fn default() -> Self {
        Self { title: "flightboard", elements: None }
    }
}

fn document(
    status: StatusCode,
    settings: &Settings,
    head: &Head<'_>,
    content: &Markup,
) -> Response {
    let file = embedded("index.html");
    let styles = static_styles();
    let noscript = html! { noscript { (PreEscaped(styles)) main.static { (content) } } };
    let html = String::from_utf8_lossy(&file.data)
        .replace(BUILD_ELEMENT, &format!(r#"<meta name="build" content="{}" />"#, build()))
        .replace(TITLE_ELEMENT, &html! { title { (head.title) } }.into_string())
        .replace(DESCRIPTION_ELEMENT, head.elements.map_or(DESCRIPTION_ELEMENT, |it| &it.0))
        .replace(NOSCRIPT_ELEMENT, &noscript.into_string());
    html_response(status, settings, &html, page_policy(&settings.origins))
}

fn static_document(
    status: StatusCode,
    settings: &Settings,
    title: &str,
    content: &Markup,
) -> Response {
    let file = embedded("static.html");
    let title = html! { title { (title) " · flightboard" } };
    let content = html! { main.static { (content) } };
    let html = String::from_utf8_lossy(&file.data)
        .replace(TITLE_ELEMENT, &title.into_string())
        .replace(STATIC_ELEMENT, &content.into_string());
    html_response(status, settings, &html, static_page_policy(&settings.origins))
}

/// The element that loads the styles of pages without a script.
fn static_styles() -> String {
    let file = embedded("static.html");
    let html = String::from_utf8_lossy(&file.data);
    html.lines().find(|line| line.contains(STYLESHEET_START)).unwrap_or_default().to_owned()
}

fn html_response(
    status: StatusCode,
    settings: &Settings,
    html: &str,
    policy: HeaderValue,
) -> Response {
    let base = settings.base_path.as_str();
    let html = html
        .replace(BASE_ELEMENT, &format!(r#"<base href="{base}/" />"#))
        .replace(ASSET_URL_START, &format!(r#"="{base}/assets/"#));
    let mut response = file_response(html.into_bytes().into(), "text/html", "no-cache");
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn embedded(name: &str) -> EmbeddedFile {
    PageFiles::get(name).expect("the build script creates the page")
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
