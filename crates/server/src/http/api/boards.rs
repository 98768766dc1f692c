//! `/boards`: list, show, open or change, close.

use access::Grant;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::DEFAULT_BOARD;
use engine::frames::BoardSummary;
use flight::{BoardName, BoardSettings, Change, ParseError, Timetable, Update};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::rows_body::RowsBody;
use super::{request, response};
use crate::app::App;
use crate::http::accept::prefers_html;
use crate::http::authorisation::{Caller, authorise_publisher};
use crate::http::first_screen_wish::FirstScreenWish;
use crate::http::follow_access::{self, BoardReader, ReadAccess};
use crate::http::page::{
    self, BoardContent, BoardEntry, MAX_FIRST_ROWS_BYTES, PageSubject, PageTime,
};
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;
use crate::http::public_url::PublicUrl;

#[derive(Serialize)]
struct BoardList {
    boards: Vec<Box<RawValue>>,
}

/// `GET /boards`: the public ones, and the private ones to which the request has a right. As a page for a browser.
pub(crate) async fn list(
    State(app): State<App>,
    reader: BoardReader,
    headers: HeaderMap,
) -> Response {
    let (mut response, grant) = if prefers_html(&headers) {
        let (entries, grant) = readable_boards(&app, &reader).await;
        (page::of_boards(&entries, &app.state.settings), grant)
    } else {
        let grant = reader.grant().await.ok().flatten();
        let stale_secs = stale_secs(&app);
        let mut boards = Vec::new();
        visit_readable(&app, grant.as_ref(), |summary| boards.extend(encode(summary, stale_secs)));
        let no_cache = [(header::CACHE_CONTROL, "no-cache")];
        ((no_cache, Json(BoardList { boards })).into_response(), grant)
    };
    if grant.is_some() {
        follow_access::mark_private(&mut response);
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The boards that the request may read, and its rights where there are private boards.
pub(crate) async fn readable_boards(
    app: &App,
    reader: &BoardReader,
) -> (Vec<BoardEntry>, Option<Grant>) {
    let grant = reader.grant().await.ok().flatten();
    let mut entries = Vec::new();
    visit_readable(app, grant.as_ref(), |summary| entries.push(BoardEntry::from(&summary)));
    (entries, grant)
}

/// Without a right, or with a token that is of no use, the boards are the public ones.
fn visit_readable(app: &App, grant: Option<&Grant>, mut visit: impl FnMut(BoardSummary<'_>)) {
    app.state.engine.boards().visit_summaries(|summary| {
        let BoardSettings { name, is_private, .. } = summary.settings();
        if !is_private || grant.is_some_and(|grant| grant.may_follow(name)) {
            visit(summary);
        }
    });
}

/// `GET /boards/{board}`: the page for a browser, the summary for other clients.
pub(crate) async fn show(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    reader: BoardReader,
    FirstScreenWish(has_first_screen): FirstScreenWish,
    url: PublicUrl,
    time: PageTime,
    headers: HeaderMap,
) -> Response {
    let mut response = if prefers_html(&headers) {
        let subject = PageSubject::Rows { has_first_screen };
        document(&app, &board, subject, &reader, url, time).await
    } else {
        match summary(&app, &board, &reader).await {
            Ok((summary, access)) => {
                let no_cache = [(header::CACHE_CONTROL, "no-cache")];
                let mut response = (no_cache, Json(summary)).into_response();
                access.mark(&mut response);
                response
            }
            Err(problem) => problem.into_response(),
        }
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// `GET /`: the page of the default board, with the status 200 in any case.
pub(crate) async fn default_page(
    State(app): State<App>,
    reader: BoardReader,
    FirstScreenWish(has_first_screen): FirstScreenWish,
    url: PublicUrl,
    time: PageTime,
) -> Response {
    let subject = PageSubject::Rows { has_first_screen };
    let mut response = document(&app, DEFAULT_BOARD, subject, &reader, url, time).await;
    *response.status_mut() = StatusCode::OK;
    response
}

/// `GET /gates/{gate}` and other pages with rows of several boards.
pub(crate) async fn other_page(State(app): State<App>) -> Response {
    page::without_rows(StatusCode::OK, &app.state.settings)
}

/// `GET /boards/{board}/wall` and other pages of a board.
pub(crate) async fn page(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    reader: BoardReader,
    url: PublicUrl,
) -> Response {
    document(&app, &board, PageSubject::Other, &reader, url, PageTime::Now).await
}

/// The page of a board, or of one of its flights. It says itself why there are no rows.
pub(crate) async fn document(
    app: &App,
    board: &str,
    subject: PageSubject,
    reader: &BoardReader,
    url: PublicUrl,
    time: PageTime,
) -> Response {
    let settings = &app.state.settings;
    match timetable(app, board, reader).await {
        Ok((_, access)) if time == PageTime::Past => {
            let mut response = page::without_rows(StatusCode::OK, settings);
            access.mark(&mut response);
            response
        }
        Ok((timetable, access)) => {
            let rows_json = rows_json(app, &timetable, &access).await;
            let content = BoardContent { timetable, rows_json };
            let app = app.clone();
            let page = move || page::of_board(&content, &subject, &url, &app.state.settings);
            // Not on a thread that serves requests.
            let page = tokio::task::spawn_blocking(page).await;
            let mut response =
                page.unwrap_or_else(|_| page::without_rows(StatusCode::OK, settings));
            access.mark(&mut response);
            response
        }
        Err(problem) => {
            let mut response = if problem.status() == StatusCode::NOT_FOUND {
                let (entries, grant) = readable_boards(app, reader).await;
                let mut response = page::without_board(&entries, settings);
                if grant.is_some() {
                    follow_access::mark_private(&mut response);
                }
                response
            } else {
                page::without_rows(problem.status(), settings)
            };
            problem.complete(&mut response);
            response
        }
    }
}

/// The rows for the page's script, which itself asks for those that are not in the page.
async fn rows_json(app: &App, timetable: &Timetable, access: &ReadAccess) -> Option<Bytes> {
    let rows = app.state.engine.boards().rows(&timetable.settings().name).await?;
    // The board may have become private meanwhile.
    access.check(rows.is_private).ok()?;
    if rows.frames.payload_bytes() > MAX_FIRST_ROWS_BYTES {
        return None;
    }
    Some(RowsBody::start(rows.frames).collect().await.ok()?.to_bytes())
}

/// The rows of a board, and the right to read it. The clone shares the rows.
pub(crate) async fn timetable(
    app: &App,
    board: &str,
    reader: &BoardReader,
) -> Result<(Timetable, ReadAccess), Problem> {
    let board = request::board(board)?;
    let access = reader.access(&board).await?;
    let timetable = app.state.engine.boards().read(|boards, _| boards.board(&board).cloned());
    let timetable = timetable.ok_or_else(Problem::unknown_board)?;
    access.check(timetable.settings().is_private)?;
    Ok((timetable, access))
}

/// The summary of a board, and the right to read it.
async fn summary(
    app: &App,
    board: &str,
    reader: &BoardReader,
) -> Result<(Box<RawValue>, ReadAccess), Problem> {
    let board = request::board(board)?;
    let access = reader.access(&board).await?;
    let stale_secs = stale_secs(app);
    let summary = app.state.engine.boards().visit_summary(&board, |summary| {
        access.check(summary.settings().is_private)?;
        encode(summary, stale_secs).ok_or_else(Problem::unknown_board)
    });
    Ok((summary.ok_or_else(Problem::unknown_board)??, access))
}

/// `PUT /boards/{board}`
pub(crate) async fn put(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = Caller::identify(&app, &parts).await?;
    caller.any_publisher()?;
    // An invalid name is an error here, with its reason; elsewhere it is an unknown board.
    let board = BoardName::parse(&board)?;
    let publisher = caller.publisher(&board)?;
    let json = request::json(&app, &parts, body).await?;
    caller.check_still_valid()?;
    let settings = match json {
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
    let (parts, _) = request.into_parts();
    let board = request::board(&board)?;
    let publisher = authorise_publisher(&app, &parts, &board).await?;
    let query = parts.uri.query().unwrap_or_default();
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        fields.insert(name.into_owned(), Value::from(&*value));
    }
    let change = Change::parse(&board, "closedConnection", &Value::Object(fields))?;
    let precondition = request::precondition(&parts.headers, app.state.engine.boards())?;
    let update = Update::new(board, change)
        .published_by(publisher)
        .with_board_precondition(precondition)
        .with_idempotency_key(request::idempotency_key(&parts.headers)?);
    Ok(response::no_content(response::publish(&app, update).await?.id))
}

fn encode(mut summary: BoardSummary<'_>, stale_secs: Option<u64>) -> Option<Box<RawValue>> {
    summary.stale_secs = stale_secs;
    to_raw_value(&summary).ok()
}

fn stale_secs(app: &App) -> Option<u64> {
    app.state.engine.health().reportable_staleness().map(|staleness| staleness.as_secs())
}
