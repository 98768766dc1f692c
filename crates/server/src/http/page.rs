//! The embedded page, which the build script builds from `web/`.

/// Files with stable names.
pub(super) mod stable_files;

/// The page's styles inside its document.
mod inlined_styles;

/// Title, description and image of a link to a page.
mod link_preview;

/// The texts of rows.
pub(crate) mod row_texts;

/// Lists of boards as pages without a script.
mod board_list;

/// The flights of now, until the page's script runs.
pub(super) mod first_screen;

/// The rows of a board as data, for the page's script.
mod first_rows;

/// The rows of a board, for browsers without JavaScript.
mod static_rows;

/// The time of a page's rows.
mod page_time;

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
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

use inlined_styles::inlined_styles;
use link_preview::link_preview;

pub(crate) use board_list::BoardEntry;
pub(crate) use first_rows::MAX_FIRST_ROWS_BYTES;
pub(crate) use page_time::PageTime;

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

/// In the head of each document.
const STYLESHEET_START: &str = r#"<link rel="stylesheet""#;

/// In the page, for its script. The server puts the flights of now before it.
const PAGE_ELEMENT: &str = r#"<div id="page"></div>"#;

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

/// The content of a board's page.
pub(super) struct BoardContent {
    pub(super) timetable: Timetable,
    /// Its rows as `GET /boards/{board}/flights` answers, unless they are too many.
    pub(super) rows_json: Option<Bytes>,
}

/// The subject of a page of a board.
pub(super) enum PageSubject {
    /// All its rows. With a first screen, those of now are there before the script runs.
    Rows { has_first_screen: bool },
    /// One flight.
    Flight(FlightKey),
    /// The punctuality of its flights.
    Punctuality,
    /// A wall or a desk.
    Other,
}

/// The page of a board, with its rows for its script and for browsers without JavaScript. It takes some milliseconds to
/// make.
pub(super) fn of_board(
    content: &BoardContent,
    subject: &PageSubject,
    url: &PublicUrl,
    settings: &Settings,
) -> Response {
    let BoardContent { timetable, rows_json } = content;
    let now = Timestamp::now();
    let preview = link_preview(timetable, subject, url, now);
    let first_screen = match subject {
        PageSubject::Rows { has_first_screen: true } => first_screen::first_screen(timetable, now),
        _ => None,
    };
    let data = rows_json.as_deref().map(|json| first_rows::first_rows(timetable, json, now));
    let rows = static_rows::static_rows(timetable, now);
    let head = Head { title: &preview.title, elements: Some(&preview.elements) };
    document(StatusCode::OK, settings, &head, &DocumentBody { first_screen, data, noscript: rows })
}

/// The page without rows. It reports itself that a board is unknown or private.
pub(super) fn without_rows(status: StatusCode, settings: &Settings) -> Response {
    let text = html! {
        header { p { "This page follows a live timetable, which needs JavaScript." } }
    };
    document(status, settings, &Head::default(), &DocumentBody::without_script(text))
}

/// The page of an unknown board. It waits for the board to be opened.
pub(super) fn without_board(entries: &[BoardEntry], settings: &Settings) -> Response {
    let list = board_list::nothing("board", entries, settings.base_path.as_str());
    document(StatusCode::NOT_FOUND, settings, &Head::default(), &DocumentBody::without_script(list))
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

/// The parts of a document's body that depend on its content.
struct DocumentBody {
    /// Until the script runs.
    first_screen: Option<Markup>,
    /// For the page's script.
    data: Option<Markup>,
    /// For browsers without JavaScript.
    noscript: Markup,
}

impl DocumentBody {
    fn without_script(content: Markup) -> Self {
        Self { first_screen: None, data: None, noscript: content }
    }
}

fn document(
    status: StatusCode,
    settings: &Settings,
    head: &Head<'_>,
    body: &DocumentBody,
) -> Response {
    let file = embedded("index.html");
    let page = String::from_utf8_lossy(&file.data);
    let static_file = embedded("static.html");
    let static_page = String::from_utf8_lossy(&static_file.data);
    let DocumentBody { first_screen, data, noscript } = body;
    let styles = first_screen.as_ref().map(|_| inlined_styles());
    let first_screen = first_screen.as_ref().map_or("", |markup| &markup.0);
    let body = html! {
        @if let Some(data) = data { (data) }
        noscript { (PreEscaped(stylesheet_link(&static_page))) main.static { (noscript) } }
    };
    let link = stylesheet_link(&page);
    let html = page
        .replace(link, styles.map_or(link, |it| &it.element))
        .replace(BUILD_ELEMENT, &format!(r#"<meta name="build" content="{}" />"#, build()))
        .replace(TITLE_ELEMENT, &html! { title { (head.title) } }.into_string())
        .replace(DESCRIPTION_ELEMENT, head.elements.map_or(DESCRIPTION_ELEMENT, |it| &it.0))
        .replace(PAGE_ELEMENT, &format!("{first_screen}{PAGE_ELEMENT}"))
        .replace(NOSCRIPT_ELEMENT, &body.into_string());
    let policy = page_policy(&settings.origins, styles.map(|it| it.source.as_str()));
    html_response(status, settings, &html, policy)
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

/// The element of a document that loads its styles.
fn stylesheet_link(html: &str) -> &str {
    html.lines().find(|line| line.contains(STYLESHEET_START)).expect("the page has styles").trim()
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
