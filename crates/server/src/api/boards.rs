//! Boards: list, show, open or change, close.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use flight::{BoardSettings, Change, Update};
use http::{HeaderMap, header};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{reply, request};
use crate::app::App;
use crate::page;
use crate::problem::Problem;
use crate::segments::Segments;
use engine::frames::BoardSummary;

/// `GET /boards`
pub(crate) async fn list(State(app): State<App>) -> Response {
    #[derive(Serialize)]
    struct List {
        boards: Vec<Box<RawValue>>,
    }
    let mut boards = Vec::new();
    let behind = behind(&app);
    app.state.engine.boards().visit_summaries(|summary| boards.extend(json(summary, behind)));
    ([(header::CACHE_CONTROL, "no-cache")], Json(List { boards })).into_response()
}

/// `GET /boards/{board}`: the page for a browser, the settings for others.
pub(crate) async fn show(
    State(app): State<App>,
    Segments(board): Segments<String>,
    headers: HeaderMap,
) -> Response {
    let name = request::board(&board);
    let behind = behind(&app);
    let summary = name.ok().and_then(|name| {
        app.state.engine.boards().visit_summary(&name, |found| json(found, behind))?
    });
    let mut response = match summary {
        found if page::is_wanted(&headers) => page::of_board(found.is_some()),
        Some(summary) => ([(header::CACHE_CONTROL, "no-cache")], Json(summary)).into_response(),
        None => Problem::unknown_board().into_response(),
    };
    response.headers_mut().append(header::VARY, http::HeaderValue::from_static("accept"));
    response
}

fn json(mut summary: BoardSummary<'_>, stale_secs: Option<u64>) -> Option<Box<RawValue>> {
    summary.stale_secs = stale_secs;
    to_raw_value(&summary).ok()
}

fn behind(app: &App) -> Option<u64> {
    app.state.engine.health().reportable_staleness().map(|behind| behind.as_secs())
}

/// `PUT /boards/{board}`
pub(crate) async fn put(
    State(app): State<App>,
    Segments(board): Segments<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    // Whoever opens a board is told what its name may be.
    let board = flight::BoardName::parse(&board)?;
    let settings = match request::json(&parts, body).await? {
        json @ Value::Object(_) => Box::new(BoardSettings::parse(&board, &json)?),
        _ => return Err(flight::ParseError::new("body", "must be an object").into()),
    };
    let record = Update::new(board, Change::PutBoard(settings.clone()))
        .with_idempotency_key(request::idempotency_key(&parts.headers)?);
    let done = reply::publish(&app, record).await?;
    Ok(reply::changed(done.id, done.created, &settings))
}

/// `DELETE /boards/{board}[?reason=]`
pub(crate) async fn close(
    State(app): State<App>,
    Segments(board): Segments<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let fields: serde_json::Map<_, _> =
        query.map(|(name, value)| (name.into_owned(), Value::from(&*value))).collect();
    let update = Change::parse(&board, "closedConnection", &Value::Object(fields))?;
    let record = Update::new(board, update)
        .with_idempotency_key(request::idempotency_key(request.headers())?);
    Ok(reply::gone(reply::publish(&app, record).await?.id))
}
