//! `/boards/{board}/changes`: the changes of a board.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use history::{ChangeOrder, ChangePage, ChangeQuery, HistoryScope, PastChange};
use http::{HeaderMap, HeaderValue, header};
use journal::{Epochs, RecordId};
use serde::Serialize;
use serde_json::value::RawValue;

use super::past::{self, HeldBody};
use super::request;
use crate::app::App;
use crate::http::accept::prefers_json_lines;
use crate::http::follow_access::{BoardReader, mark_private};
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;

/// Most changes in one answer.
const MAX_CHANGES: usize = 1_000;

/// Changes in one answer, by default.
const DEFAULT_CHANGES: usize = 100;

/// `GET /boards/{board}/changes`
pub(crate) async fn list(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    reader: BoardReader,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = request::board(&board)?;
    let access = reader.access(&board).await?;
    let may_publish = reader.may_publish(&board).await;
    let boards = app.state.engine.boards();
    let query = query.unwrap_or_default();
    let epochs = boards.read(|_, epochs| epochs.clone());
    let parsed = parse_query(&query, &epochs)?;
    let (newest, is_private) = boards.newest_id(&board).ok_or_else(Problem::unknown_board)?;
    access.check(is_private)?;
    let scope = if may_publish { HistoryScope::All } else { access.history_scope() };
    let page = app.state.history.changes(&board, newest, scope, parsed).await?;
    // The board may have become private meanwhile.
    past::check_privacy(&app, &board, &access)?;
    let epochs = boards.read(|_, epochs| epochs.clone());
    let mut response = answer(&app, &page, &epochs, may_publish, &headers)?;
    add_link(&mut response, &page, &epochs, &query);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    // The names of publishers depend on the token too.
    if reader.has_token() {
        mark_private(&mut response);
    }
    Ok(response)
}

/// One change, as clients see it.
#[derive(Serialize)]
struct ChangeBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    time: String,
    event: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    flight: &'a BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    feed: bool,
    fields: &'a RawValue,
}

#[derive(Serialize)]
struct PageBody<'a> {
    changes: Vec<ChangeBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

fn answer(
    app: &App,
    page: &ChangePage,
    epochs: &Epochs,
    may_publish: bool,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let body = |change| change_body(change, epochs, may_publish);
    let changes = page.changes.iter().map(body);
    let (content_type, text) = if prefers_json_lines(headers) {
        ("application/x-ndjson", changes.map(|change| to_json(&change) + "\n").collect())
    } else {
        let next = cursor(page, epochs).map(|id| id.to_string());
        ("application/json", to_json(&PageBody { changes: changes.collect(), next }))
    };
    let body: Body = HeldBody::start(app, text)?;
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}

fn change_body<'a>(change: &'a PastChange, epochs: &Epochs, may_publish: bool) -> ChangeBody<'a> {
    ChangeBody {
        id: epochs.record_id(change.seq).map(|id| id.to_string()),
        time: format!("{:.3}", change.time),
        event: &change.event,
        flight: &change.flight,
        publisher: change.publisher.as_deref().filter(|_| may_publish),
        feed: change.is_from_feed,
        fields: &change.fields,
    }
}

/// Links to the rest (RFC 8288), for clients of both formats.
fn add_link(response: &mut Response, page: &ChangePage, epochs: &Epochs, query: &str) {
    let Some(next) = cursor(page, epochs) else { return };
    let mut link = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "cursor" {
            link.append_pair(&name, &value);
        }
    }
    link.append_pair("cursor", &next.to_string());
    let link = format!("<?{}>; rel=\"next\"", link.finish());
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(header::LINK, link);
    }
}

fn cursor(page: &ChangePage, epochs: &Epochs) -> Option<RecordId> {
    page.next.and_then(|seq| epochs.record_id(seq))
}

fn parse_query(query: &str, epochs: &Epochs) -> Result<ChangeQuery, Problem> {
    const NAMES: [&str; 8] = ["from", "to", "flight", "date", "leg", "limit", "order", "cursor"];
    let values = past::parameters(query, &NAMES)?;
    let text = |name| values.get(name).map(String::as_str);
    let (from, to) = past::span(&values)?;
    let order = match text("order") {
        None | Some("newest") => ChangeOrder::Newest,
        Some("oldest") => ChangeOrder::Oldest,
        Some(_) => return Err(Problem::bad_request("order", "must be newest or oldest")),
    };
    let after = text("cursor").map(|cursor| {
        let id = cursor.parse().ok().filter(|id: &RecordId| epochs.honours(*id));
        id.map(|id| id.seq)
            .ok_or_else(|| Problem::bad_request("cursor", "must be the next of an answer"))
    });
    Ok(ChangeQuery {
        from,
        to,
        flight: past::flight_filter(text("flight"), text("date"), text("leg"))?,
        order,
        after: after.transpose()?,
        limit: text("limit").map_or(Ok(DEFAULT_CHANGES), limit)?,
    })
}

fn limit(text: &str) -> Result<usize, Problem> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_CHANGES).contains(limit));
    let reason = || format!("must be a number from 1 to {MAX_CHANGES}");
    limit.ok_or_else(|| Problem::bad_request("limit", reason()))
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("maps with text keys always have a JSON form")
}
