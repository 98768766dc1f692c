//! Answers browsers at URLs of nothing with a page instead of JSON.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};

use super::accept::prefers_html;
use super::api::boards::readable_boards;
use super::follow_access::{self, BoardReader};
use super::page;
use super::problem::PROBLEM_TYPE;
use crate::app::App;

/// Replaces a problem with the status 404 by a page, if the client prefers one.
pub(super) async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let reader =
        if prefers_html(&parts.headers) { BoardReader::new(&app, &parts).ok() } else { None };
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if response.status() != StatusCode::NOT_FOUND || !is_problem(&response) {
        return response;
    }
    if let Some(reader) = reader {
        let (entries, grant) = readable_boards(&app, &reader).await;
        response = page::not_found(&entries, &app.state.settings);
        if grant.is_some() {
            follow_access::mark_private(&mut response);
        }
    }
    let vary = HeaderValue::from_static("accept");
    if !response.headers().get_all(header::VARY).iter().any(|value| value == vary) {
        response.headers_mut().append(header::VARY, vary);
    }
    response
}

fn is_problem(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == PROBLEM_TYPE)
}
