//! `/boards`: list, show, open or change, close.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use engine::frames::BoardSummary;
use flight::{BoardName, BoardSettings, Change, ParseError, Update};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{request, response};
use crate::app::App;
use crate::http::accept::prefers_html;
use crate::http::authorisation::{Caller, authorise_publisher};
use crate::http::page;
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;

#[derive(Serialize)]
struct BoardList {
    boards: Vec<Box<RawValue>>,
}

/// `GET /boards`
pub(crate) async fn list(State(app): State<App>) -> Response {
    let stale_secs = stale_secs(&app);
    let mut boards = Vec::new();
    app.state.engine.boards().visit_summaries(|summary| boards.extend(encode(summary, stale_secs)));
    ([(header::CACHE_CONTROL, "no-cache")], Json(BoardList { boards })).into_response()
}

/// `GET /boards/{board}`: the page for a browser, the summary for other clients.
pub(crate) async fn show(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    headers: HeaderMap,
) -> Response {
    let stale_secs = stale_secs(&app);
    let summary = request::board(&board).ok().and_then(|name| {
        let boards = app.state.engine.boards();
        boards.visit_summary(&name, |summary| encode(summary, stale_secs))?
    });
    let mut response = match summary {
        summary if prefers_html(&headers) => {
            page::of_board(summary.is_some(), &app.state.settings.base_path)
        }
        Some(summary) => ([(header::CACHE_CONTROL, "no-cache")], Json(summary)).into_response(),
        None => Problem::unknown_board().into_response(),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// `PUT /boards/{board}`
pub(crate) async fn put(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = Caller::identify(&app, &parts.headers).await?;
    caller.any_publisher()?;
    // An invalid name is an error here, with its reason; elsewhere it is an unknown board.
    let board = BoardName::parse(&board)?;
    let publisher = caller.publisher(&board)?;
    let settings = match request::json(&parts, body).await? {
        json @ Value::Object(_) => Box::new(BoardSettings::parse(&board, &json)?),
        _ => return Err(ParseError::new("body", "must be an object").into()),
    };
    let update = Update::new(board, Change::PutBoard(settings.clone()))
        .published_by(publisher)
        .with_board_precondition(request::precondition(&parts.headers, app.state.engine.boards())?)
        .with_idempotency_key(request::idempotency_key(&parts.headers)?);
    let applied = response::publish(&app, update).await?;
    Ok(response::saved(applied.id, applied.created, &settings))
}

/// `DELETE /boards/{board}[?reason=]`
pub(crate) async fn close(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let publisher = authorise_publisher(&app, request.headers(), &board).await?;
    let query = request.uri().query().unwrap_or_default();
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        fields.insert(name.into_owned(), Value::from(&*value));
    }
    let change = Change::parse(&board, "closedConnection", &Value::Object(fields))?;
    let precondition = request::precondition(request.headers(), app.state.engine.boards())?;
    let update = Update::new(board, change)
        .published_by(publisher)
        .with_board_precondition(precondition)
        .with_idempotency_key(request::idempotency_key(request.headers())?);
    Ok(response::no_content(response::publish(&app, update).await?.id))
}

fn encode(mut summary: BoardSummary<'_>, stale_secs: Option<u64>) -> Option<Box<RawValue>> {
    summary.stale_secs = stale_secs;
    to_raw_value(&summary).ok()
}

fn stale_secs(app: &App) -> Option<u64> {
    app.state.engine.health().reportable_staleness().map(|staleness| staleness.as_secs())
}
