//! Flights: list, show, put, patch, remove.

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use flight::{Change, Flight, FlightKey, FlightPatch, Update};
use http::{HeaderMap, header};
use journal::Seq;
use serde_json::Value;

use super::{reply, request};
use crate::app::App;
use crate::problem::Problem;
use crate::segments::Segments;

/// The board and the flight's number in a URL.
type Place = Segments<(String, String)>;

/// `GET /boards/{board}/flights`
pub(crate) async fn list(
    State(app): State<App>,
    Segments(board): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let rows = app
        .state
        .engine
        .boards()
        .rows(&request::board(&board)?)
        .ok_or_else(Problem::unknown_board)?;
    let body = ([(header::CONTENT_TYPE, "application/json")], rows.json.clone());
    Ok(reply::version(rows.id, request::is_known(&headers, rows.id), body))
}

/// `GET /boards/{board}/flights/{flight}[?date=]`
pub(crate) async fn show(
    State(app): State<App>,
    Segments((board, flight)): Place,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let key = request::key(&flight, query.as_deref().unwrap_or_default())?;
    app.state.engine.boards().read(|boards, epochs| {
        let timetable = boards.board(&board).ok_or_else(Problem::unknown_board)?;
        let row = timetable.find(&key)?;
        let body = Json(row.flight()).into_response();
        let Some(id) = epochs.record_id(Seq(row.version())) else { return Ok(body) };
        Ok(reply::version(id, request::is_known(&headers, id), body))
    })
}

/// `PUT /boards/{board}/flights/{flight}[?date=]`
pub(crate) async fn put(
    state: State<App>,
    place: Place,
    query: RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    change(state, place, query, request, |fields| Ok(Change::PutFlight(Flight::try_from(fields)?)))
        .await
}

/// `PATCH /boards/{board}/flights/{flight}[?date=]`
pub(crate) async fn patch(
    state: State<App>,
    place: Place,
    query: RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    change(state, place, query, request, |fields| {
        Ok(Change::PatchFlight(FlightPatch::try_from(fields)?))
    })
    .await
}

/// `DELETE /boards/{board}/flights/{flight}[?date=]`
pub(crate) async fn remove(
    State(app): State<App>,
    Segments((board, flight)): Place,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let key = request::key(&flight, query.as_deref().unwrap_or_default())?;
    let record = Update::new(board, Change::RemoveFlight(key))
        .with_precondition(request::condition(&headers, app.state.engine.boards())?)
        .with_idempotency_key(request::idempotency_key(&headers)?);
    Ok(reply::gone(reply::publish(&app, record).await?.id))
}

type Fields = serde_json::Map<String, Value>;

async fn change(
    State(app): State<App>,
    Segments((board, flight)): Place,
    RawQuery(query): RawQuery,
    request: Request,
    update: impl FnOnce(Fields) -> Result<Change, Problem>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let board = request::board(&board)?;
    let key = request::key(&flight, query.as_deref().unwrap_or_default())?;
    let json = request::json(&parts, body).await?;
    let update = update(named(&key, json)?)?;
    let record = Update::new(board, update)
        .with_precondition(request::condition(&parts.headers, app.state.engine.boards())?)
        .with_idempotency_key(request::idempotency_key(&parts.headers)?);
    let done = reply::publish(&app, record).await?;
    Ok(match &done.row {
        Some(row) => reply::changed(done.id, done.created, row),
        // A repetition of what was done, of a row that has gone since.
        None => reply::gone(done.id),
    })
}

/// The fields of a body, with the key of the URL; a body may repeat the key, not contradict it.
fn named(key: &FlightKey, json: Value) -> Result<Fields, Problem> {
    let Value::Object(mut fields) = json else {
        return Err(flight::ParseError::new("body", "must be an object").into());
    };
    let date = key.date().map(|date| date.to_string());
    let given = [("flight", Some(key.flight().to_owned())), ("date", date)];
    for (name, value) in given {
        let Some(value) = value else { continue };
        match fields.insert(name.to_owned(), Value::String(value.clone())) {
            Some(Value::String(same)) if same == value => {}
            None => {}
            Some(_) => {
                let reason = format!("must be {value}, as in the URL");
                return Err(flight::ParseError::new(name, reason).into());
            }
        }
    }
    Ok(fields)
}
