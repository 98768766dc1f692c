//! `/boards/{board}/flights/{flight}`: list, show, put, patch, remove.

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use flight::{Change, Flight, FlightKey, FlightPatch, ParseError, Update};
use http::{HeaderMap, header};
use journal::Seq;
use serde_json::{Map, Value};

use super::{request, response};
use crate::app::App;
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;

/// The board and the flight number.
type RowPath = PathParams<(String, String)>;

/// `GET /boards/{board}/flights`
pub(crate) async fn list(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let snapshot = app.state.engine.boards().snapshot(&board).ok_or_else(Problem::unknown_board)?;
    let body = ([(header::CONTENT_TYPE, "application/json")], snapshot.json());
    Ok(response::conditional(snapshot.id(), request::is_cached(&headers, snapshot.id()), body))
}

/// `GET /boards/{board}/flights/{flight}[?date=]`
pub(crate) async fn show(
    State(app): State<App>,
    PathParams((board, flight)): RowPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let key = request::flight_key(&flight, query.as_deref().unwrap_or_default())?;
    app.state.engine.boards().read(|boards, epochs| {
        let timetable = boards.board(&board).ok_or_else(Problem::unknown_board)?;
        let row = timetable.find(&key)?;
        let body = Json(row.row()).into_response();
        let Some(id) = epochs.record_id(Seq(row.version())) else { return Ok(body) };
        Ok(response::conditional(id, request::is_cached(&headers, id), body))
    })
}

/// `PUT /boards/{board}/flights/{flight}[?date=]`
pub(crate) async fn put(
    app: State<App>,
    path: RowPath,
    query: RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let parse = |fields| Ok(Change::PutFlight(Flight::try_from(fields)?));
    change(app, path, query, request, parse).await
}

/// `PATCH /boards/{board}/flights/{flight}[?date=]`
pub(crate) async fn patch(
    app: State<App>,
    path: RowPath,
    query: RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let parse = |fields| Ok(Change::PatchFlight(FlightPatch::try_from(fields)?));
    change(app, path, query, request, parse).await
}

/// `DELETE /boards/{board}/flights/{flight}[?date=]`
pub(crate) async fn remove(
    State(app): State<App>,
    PathParams((board, flight)): RowPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let key = request::flight_key(&flight, query.as_deref().unwrap_or_default())?;
    let update = Update::new(board, Change::RemoveFlight(key))
        .with_precondition(request::precondition(&headers, app.state.engine.boards())?)
        .with_idempotency_key(request::idempotency_key(&headers)?);
    Ok(response::no_content(response::publish(&app, update).await?.id))
}

async fn change(
    State(app): State<App>,
    PathParams((board, flight)): RowPath,
    RawQuery(query): RawQuery,
    request: Request,
    parse: impl FnOnce(Map<String, Value>) -> Result<Change, Problem>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let board = request::board(&board)?;
    let key = request::flight_key(&flight, query.as_deref().unwrap_or_default())?;
    let json = request::json(&parts, body).await?;
    let update = Update::new(board, parse(with_key(&key, json)?)?)
        .with_precondition(request::precondition(&parts.headers, app.state.engine.boards())?)
        .with_idempotency_key(request::idempotency_key(&parts.headers)?);
    let applied = response::publish(&app, update).await?;
    Ok(match &applied.row {
        Some(row) => response::saved(applied.id, applied.created, row),
        // Applied before under the same idempotency key, and the row has since been removed.
        None => response::no_content(applied.id),
    })
}

/// Adds the key in the URL to the fields of a body. The body may contain the same key, or `null`.
fn with_key(key: &FlightKey, json: Value) -> Result<Map<String, Value>, Problem> {
    let Value::Object(mut fields) = json else {
        return Err(ParseError::new("body", "must be an object").into());
    };
    let date = key.date().map(|date| date.to_string());
    for (name, value) in [("flight", Some(key.flight().to_owned())), ("date", date)] {
        let Some(value) = value else { continue };
        match fields.insert(name.to_owned(), Value::String(value.clone())) {
            Some(Value::String(same)) if same == value => {}
            Some(Value::Null) | None => {}
            Some(_) => {
                let reason = format!("must be {value}, as in the URL");
                return Err(ParseError::new(name, reason).into());
            }
        }
    }
    Ok(fields)
}
