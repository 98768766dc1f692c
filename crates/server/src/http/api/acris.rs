//! `/acris/flight/{airport}/arrival` and `…/departure`: the rows of an airport's boards in ACI's ACRIS model.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use flight::{BoardKind, BoardName, FlightField, Timetable, TimetableRow};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use journal::Seq;

use super::response;
use crate::app::App;
use crate::http::acris_flight::AcrisFlight;
use crate::http::entity_tag::EntityTag;
use crate::http::follow_access::{self, BoardReader};
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;

/// `GET /acris/flight/{airport}/arrival[?startTime=&endTime=]`
pub(crate) async fn arrivals(
    State(app): State<App>,
    PathParams(airport): PathParams<String>,
    reader: BoardReader,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    list(&app, &airport, BoardKind::Arrivals, &reader, query.as_deref(), &headers).await
}

/// `GET /acris/flight/{airport}/departure[?startTime=&endTime=]`
pub(crate) async fn departures(
    State(app): State<App>,
    PathParams(airport): PathParams<String>,
    reader: BoardReader,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    list(&app, &airport, BoardKind::Departures, &reader, query.as_deref(), &headers).await
}

/// The rows by scheduled time, as of the newest event of all boards concerned.
async fn list(
    app: &App,
    airport: &str,
    kind: BoardKind,
    reader: &BoardReader,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let span = TimeSpan::parse(query.unwrap_or_default())?;
    let airport = airport.to_ascii_uppercase();
    let rights = reader.grant().await;
    let grant = rights.as_ref().ok().and_then(Option::as_ref);
    let may_read = |name: &BoardName, board: &Timetable| {
        !board.settings().is_private || grant.is_some_and(|grant| grant.may_follow(name))
    };
    // Clones share the rows, so the lock is held for a moment only.
    let (boards, id) = app.state.engine.boards().read(|boards, epochs| {
        let open = boards.iter().filter(|(name, board)| may_read(name, board));
        let open = open.map(|(_, board)| board);
        let boards: Vec<Timetable> = open.filter(|it| is_of(it, &airport, kind)).cloned().collect();
        let head = boards.iter().map(Timetable::head).max();
        (boards, head.and_then(|head| epochs.record_id(Seq(head))))
    });
    let Some(id) = id else {
        // Without rights, an airport with private boards is the same as an unknown one.
        rights?;
        return Err(Problem::no_board_of(&airport, kind_name(kind)));
    };
    let mark = |mut response: Response| {
        if grant.is_some() {
            follow_access::mark_private(&mut response);
        }
        response
    };
    if let Some(response) = response::not_modified(headers, id)? {
        return Ok(mark(response));
    }
    let encoded = app.state.engine.boards().encode(move || {
        let rows = boards.iter().flat_map(Timetable::rows);
        let mut flights: Vec<_> = rows
            .filter(|row| span.covers(row, kind))
            .map(|row| AcrisFlight::new(row, kind, &airport))
            .collect();
        flights.sort_by_key(AcrisFlight::scheduled);
        Json(flights).into_response()
    });
    let response = encoded.await.ok_or_else(|| Problem::not_ready("the server is stopping"))?;
    Ok(mark(response::tagged(response, EntityTag::new(id))))
}

/// A span of time; without bounds, all times, and rows without times.
#[derive(Debug, Default)]
struct TimeSpan {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl TimeSpan {
    fn parse(query: &str) -> Result<Self, Problem> {
        let refused = |field: &str, reason: &str| {
            Problem::new(StatusCode::BAD_REQUEST, "Bad request", field, reason)
        };
        let mut span = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let bound = match &*name {
                "startTime" => &mut span.start,
                "endTime" => &mut span.end,
                _ => {
                    let reason = format!("has the unknown parameter {name}");
                    return Err(refused("query", &reason));
                }
            };
            // In a query, a plus sign means a space.
            let time = value.replace(' ', "+").parse().map_err(|_| {
                refused(&name, "must be a time with an offset, such as 2026-11-22T09:10:00Z")
            })?;
            if bound.replace(time).is_some() {
                return Err(refused(&name, "is in the query twice"));
            }
        }
        Ok(span)
    }

    /// Returns whether one of the row's times at the airport lies in the span.
    fn covers(&self, row: &TimetableRow, kind: BoardKind) -> bool {
        if self.start.is_none() && self.end.is_none() {
            return true;
        }
        let fields = [kind.scheduled_field(), FlightField::Estimated, FlightField::Actual];
        fields.into_iter().filter_map(|field| row.row().instant(field)).any(|time| {
            self.start.is_none_or(|start| start <= time) && self.end.is_none_or(|end| time < end)
        })
    }
}

fn is_of(board: &Timetable, airport: &str, kind: BoardKind) -> bool {
    let settings = board.settings();
    let is_open = board.close_reason().is_none() && settings.kind == kind;
    let code = settings.airport.as_deref().unwrap_or_default();
    is_open && aidx::same_airport(code, airport)
}

fn kind_name(kind: BoardKind) -> &'static str {
    match kind {
        BoardKind::Arrivals => "arrivals",
        BoardKind::Departures => "departures",
    }
}
