//! The icon and the rules for crawlers, at URLs common to all servers.

use std::sync::LazyLock;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::app::App;

const PAGE_ICON: &str = include_str!("../../../../web/src/icon.svg");

/// Both files change only with the program or its settings.
const CACHE_CONTROL: &str = "public, max-age=86400";

/// `GET /robots.txt`: boards may be indexed, but streams never end, and the desk is for publishers (RFC 9309).
pub(crate) async fn robots(State(app): State<App>) -> Response {
    let base = app.state.settings.base_path.as_str();
    let paths = ["/events", "/boards/*/events", "/boards/*/desk"];
    let rules = paths.map(|path| format!("Disallow: {base}{path}\n")).concat();
    let headers = [(header::CONTENT_TYPE, "text/plain"), (header::CACHE_CONTROL, CACHE_CONTROL)];
    (headers, format!("User-agent: *\n{rules}")).into_response()
}

/// `GET /favicon.ico`, for responses without a page, such as JSON in a browser.
pub(crate) async fn favicon() -> Response {
    static ICON: LazyLock<Vec<u8>> =
        LazyLock::new(|| images::icon_file(PAGE_ICON).expect("the page's icon is an SVG"));
    let headers = [(header::CONTENT_TYPE, "image/x-icon"), (header::CACHE_CONTROL, CACHE_CONTROL)];
    (headers, ICON.as_slice()).into_response()
}
