//! `/boards/{board}/punctuality`: the punctuality of its flights.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use history::{Punctuality, PunctualityQuery};
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::past::{self, HeldBody};
use super::{boards, request};
use crate::app::App;
use crate::http::accept::prefers_html;
use crate::http::follow_access::BoardReader;
use crate::http::page::{PageSubject, PageTime};
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;
use crate::http::public_url::PublicUrl;

/// Longest span of an answer, in days.
const MAX_SPAN_DAYS: i64 = 31;

/// `GET /boards/{board}/punctuality[?from=&to=]`: the page for a browser, the figures for other clients.
pub(crate) async fn show(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    reader: BoardReader,
    RawQuery(query): RawQuery,
    url: PublicUrl,
    headers: HeaderMap,
) -> Response {
    let mut response = if prefers_html(&headers) {
        boards::document(&app, &board, PageSubject::Punctuality, &reader, url, PageTime::Now).await
    } else {
        let figures = figures(&app, &board, &reader, query.as_deref().unwrap_or_default()).await;
        figures.unwrap_or_else(Problem::into_response)
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

#[derive(Serialize)]
struct PunctualityBody<'a> {
    board: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(flatten)]
    punctuality: &'a Punctuality,
}

async fn figures(
    app: &App,
    board: &str,
    reader: &BoardReader,
    query: &str,
) -> Result<Response, Problem> {
    let board = request::board(board)?;
    let access = reader.access(&board).await?;
    let boards = app.state.engine.boards();
    // A replica that may lack the newest events knows the flights as of an earlier time.
    let behind = app.state.engine.health().reportable_staleness().unwrap_or_default();
    let now = Timestamp::now().checked_sub(behind).unwrap_or(Timestamp::MIN);
    let query = parse_query(query, now)?;
    let (newest, is_private) = boards.newest_id(&board).ok_or_else(Problem::unknown_board)?;
    access.check(is_private)?;
    let scope = access.history_scope();
    let punctuality = app.state.history.punctuality(&board, newest, scope, query).await?;
    // The board may have become private meanwhile.
    past::check_privacy(app, &board, &access)?;
    let id = boards.event_id(punctuality.seq.0).map(|id| id.to_string());
    let body = PunctualityBody { board: board.as_str(), id, punctuality: &punctuality };
    let text = serde_json::to_string(&body).expect("figures always have a JSON form");
    let body = HeldBody::start(app, text)?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    let mut response = (headers, body).into_response();
    access.mark(&mut response);
    Ok(response)
}

fn parse_query(query: &str, now: Timestamp) -> Result<PunctualityQuery, Problem> {
    let values = past::parameters(query, &["from", "to"])?;
    let (from, to) = past::span(&values)?;
    let to = to.unwrap_or(now);
    if from.is_some_and(|from| from > to) {
        return Err(Problem::bad_request("from", "must not be in the future without to"));
    }
    let max_span = SignedDuration::from_hours(24 * MAX_SPAN_DAYS);
    if from.is_some_and(|from| to.duration_since(from) > max_span) {
        let reason = format!("must be at most {MAX_SPAN_DAYS} days after from");
        return Err(Problem::bad_request("to", reason));
    }
    Ok(PunctualityQuery { from, to, now })
}
