//! `/boards/{board}/flights/{flight}`: list, show, save, remove.

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use flight::{BoardName, Change, FlightKey, ParseError, Update};
use history::PastMoment;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use journal::Seq;
use serde_json::{Map, Value};

use super::past::{self, HeldBody};
use super::rows_body::RowsBody;
use super::{boards, request, response};
use crate::app::App;
use crate::http::accept::prefers_html;
use crate::http::authorisation::{Caller, authorise_publisher};
use crate::http::entity_tag::EntityTag;
use crate::http::follow_access::{BoardReader, ReadAccess};
use crate::http::page::{PageSubject, PageTime};
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;
use crate::http::public_url::PublicUrl;

/// The board and the flight number.
type RowPath = PathParams<(String, String)>;

/// `GET /boards/{board}/flights[?at=]`
pub(crate) async fn list(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    reader: BoardReader,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let access = reader.access(&board).await?;
    if let Some(moment) = past_moment(&app, query.as_deref().unwrap_or_default())? {
        return list_at(&app, &board, access, moment, &headers).await;
    }
    let boards = app.state.engine.boards();
    let (id, is_private) = boards.newest_id(&board).ok_or_else(Problem::unknown_board)?;
    access.check(is_private)?;
    if let Some(mut response) = response::not_modified(&headers, id)? {
        access.mark(&mut response);
        return Ok(response);
    }
    let rows = boards.rows(&board).await.ok_or_else(Problem::unknown_board)?;
    // The board may have become private meanwhile.
    access.check(rows.is_private)?;
    let content = ([(header::CONTENT_TYPE, "application/json")], RowsBody::start(rows.frames));
    let mut response = response::tagged(content, EntityTag::new(rows.id));
    access.mark(&mut response);
    Ok(response)
}

/// The rows as of a moment of the past.
async fn list_at(
    app: &App,
    board: &BoardName,
    access: ReadAccess,
    moment: PastMoment,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let boards = app.state.engine.boards();
    let (newest, is_private) = boards.newest_id(board).ok_or_else(Problem::unknown_board)?;
    access.check(is_private)?;
    let rows = app.state.history.rows(board, newest, access.history_scope(), moment).await?;
    past::check_privacy(app, board, &access)?;
    let id = boards
        .event_id(rows.seq.0)
        .ok_or_else(|| Problem::not_ready("the epoch of that time is forgotten"))?;
    let mut response = match response::not_modified(headers, id)? {
        Some(response) => response,
        None => {
            let body = HeldBody::start(app, rows.to_json(&id.to_string()))?;
            let content = ([(header::CONTENT_TYPE, "application/json")], body);
            response::tagged(content, EntityTag::new(id))
        }
    };
    access.mark(&mut response);
    Ok(response)
}

/// The value of `at`, if the query has one.
fn past_moment(app: &App, query: &str) -> Result<Option<PastMoment>, Problem> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "at");
    let Some((_, value)) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::bad_request("at", "is in the query twice"));
    }
    past::moment(app, "at", &value).map(Some)
}

/// `GET /boards/{board}/flights/{flight}[?date=&leg=]`: the page for a browser, the row for other clients.
pub(crate) async fn show(
    State(app): State<App>,
    PathParams(path): RowPath,
    reader: BoardReader,
    RawQuery(query): RawQuery,
    url: PublicUrl,
    time: PageTime,
    headers: HeaderMap,
) -> Response {
    let board = path.0.clone();
    let key = request::flight_key(&path.1, query.as_deref().unwrap_or_default()).ok();
    let row = row(&app, path, &reader, query.as_deref(), &headers).await;
    let mut response = if prefers_html(&headers) {
        let subject = key.map_or(PageSubject::Other, PageSubject::Flight);
        let mut response = boards::document(&app, &board, subject, &reader, url, time).await;
        // The page itself says that there is no such flight, or lets the reader choose among several days.
        if row.is_err_and(|problem| problem.status() == StatusCode::NOT_FOUND) {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        response
    } else {
        row.into_response()
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn row(
    app: &App,
    (board, flight): (String, String),
    reader: &BoardReader,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let access = reader.access(&board).await?;
    let key = request::flight_key(&flight, query.unwrap_or_default())?;
    let mut response = app.state.engine.boards().read(|boards, epochs| {
        let timetable = boards.board(&board).ok_or_else(Problem::unknown_board)?;
        access.check(timetable.settings().is_private)?;
        let row = timetable.find(&key)?;
        match epochs.record_id(Seq(row.version())) {
            Some(id) => response::conditional(headers, id, || Json(row.row())),
            None => Ok(Json(row.row()).into_response()),
        }
    })?;
    access.mark(&mut response);
    Ok(response)
}

/// `PUT /boards/{board}/flights/{flight}[?date=&leg=]` with a whole row, `PATCH` with a patch of it.
pub(crate) async fn save<T>(
    State(app): State<App>,
    PathParams((board, flight)): RowPath,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem>
where
    T: TryFrom<Map<String, Value>, Error = ParseError> + Into<Change>,
{
    let (parts, body) = request.into_parts();
    let board = request::board(&board)?;
    let caller = Caller::identify(&app, &parts).await?;
    let publisher = caller.publisher(&board)?;
    request::check_known(&app, &board).await?;
    let key = request::flight_key(&flight, query.as_deref().unwrap_or_default())?;
    let json = request::json(&app, &parts, body).await?;
    caller.check_still_valid()?;
    let change = T::try_from(with_key(&key, json)?)?;
    let update = Update::new(board, change.into())
        .published_by(publisher)
        .with_precondition(request::precondition(&parts.headers, app.state.engine.boards())?)
        .with_idempotency_key(request::idempotency_key(&parts.headers)?);
    let applied = response::publish(&app, update).await?;
    Ok(match &applied.row {
        Some(row) => response::saved(applied.id, applied.created, row),
        // Applied before under the same idempotency key, and the row has since been removed.
        None => response::no_content(applied.id),
    })
}

/// `DELETE /boards/{board}/flights/{flight}[?date=&leg=]`
pub(crate) async fn remove(
    State(app): State<App>,
    PathParams((board, flight)): RowPath,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let board = request::board(&board)?;
    let publisher = authorise_publisher(&app, &parts, &board).await?;
    let key = request::flight_key(&flight, query.as_deref().unwrap_or_default())?;
    let update = Update::new(board, Change::RemoveFlight(key))
        .published_by(publisher)
        .with_precondition(request::precondition(&parts.headers, app.state.engine.boards())?)
        .with_idempotency_key(request::idempotency_key(&parts.headers)?);
    Ok(response::no_content(response::publish(&app, update).await?.id))
}

/// Adds the key in the URL to the fields of a body. The body may contain the same key, or `null`.
fn with_key(key: &FlightKey, json: Value) -> Result<Map<String, Value>, Problem> {
    let Value::Object(mut fields) = json else {
        return Err(ParseError::new("body", "must be an object").into());
    };
    let date = key.date().map(|date| date.to_string());
    let leg = key.leg().map(str::to_owned);
    let parts = [("flight", Some(key.flight().to_owned())), ("date", date), ("leg", leg)];
    for (name, value) in parts {
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
