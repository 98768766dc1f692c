//! The event stream: who is let in, where they begin, what they are sent.

/// Where a follower says that it was.
mod resume;

/// The gate before the first events of a stream.
mod gate;

/// What a stream is sent, until it ends.
mod body;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use fanout::{Frame, Start};
use flight::BoardName;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use rand::RngExt;
use tokio::sync::watch;

use crate::app::{App, DEFAULT_BOARD};
use crate::frames;
use crate::live::Found;
use crate::problem::Problem;
use crate::segments::Segments;
use body::Stream;
use resume::{LastEventId, Wishes};

pub(crate) use body::endings_within;
pub(crate) use gate::Gate;

/// What a new follower is told to wait before it comes back, in milliseconds: each another time,
/// so that a restart does not bring all back at once.
const RETRY_MILLIS: std::ops::RangeInclusive<u64> = 1_000..=5_000;

/// What one is told that is turned away.
const RETRY_WHEN_FULL_MILLIS: std::ops::RangeInclusive<u64> = 30_000..=120_000;

/// `GET /events`
pub(crate) async fn default_board(
    app: State<App>,
    query: RawQuery,
    version: Version,
    headers: HeaderMap,
) -> Response {
    board(app, Segments(DEFAULT_BOARD.to_owned()), query, version, headers).await
}

/// `GET /boards/{board}/events`
pub(crate) async fn board(
    State(app): State<App>,
    Segments(board): Segments<String>,
    RawQuery(query): RawQuery,
    version: Version,
    headers: HeaderMap,
) -> Response {
    let wishes = Wishes::read(&headers, query.as_deref().unwrap_or_default());
    match admit(&app, &board, &wishes) {
        Ok(Admission::Stream(stream)) => response(stream.into_body(), version, "keep-alive"),
        // Its connection would take the place of one that could be served.
        Ok(Admission::TurnedAway(retry)) => response(Body::from(retry.payload()), version, "close"),
        Ok(Admission::Closed) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// What becomes of a stream request.
enum Admission {
    Stream(Box<Stream>),
    /// There are too many, or the server is stopping. Any status but 200 would stop an `EventSource` for good.
    TurnedAway(Frame),
    /// 204 stops an `EventSource` for good, as it should.
    Closed,
}

/// One place in the house, given back when the stream ends.
struct Seat(Arc<watch::Sender<usize>>);

/// The one door, whatever way a request came in.
fn admit(app: &App, board: &str, wishes: &Wishes) -> Result<Admission, Problem> {
    let parts = &app.parts;
    let board = BoardName::parse(board).map_err(|_| Problem::unknown_board())?;
    let channel = match parts.live.find(&board) {
        Found::Open(channel) => channel,
        Found::Closed => return Ok(Admission::Closed),
        Found::Unknown => return Err(Problem::unknown_board()),
    };
    if parts.health.is_stopping() {
        return Ok(Admission::TurnedAway(frames::retry(retry_after_stop(parts.settings.drain))));
    }
    let Some(seat) = Seat::take(&parts.streams, parts.settings.max_followers) else {
        parts.metrics.turned_away();
        return Ok(Admission::TurnedAway(frames::retry(random(RETRY_WHEN_FULL_MILLIS))));
    };
    let start = match &wishes.last_event_id {
        LastEventId::None => Start::Fresh,
        LastEventId::Of(id) if parts.live.honours(*id) => Start::After(id.seq.0),
        LastEventId::Of(_) | LastEventId::Garbage => Start::Lost,
    };
    let follower = channel.follow(start);
    if follower.is_resumed() {
        parts.metrics.resumed();
    }
    let opening = opening(wishes);
    Ok(Admission::Stream(Box::new(Stream::new(app, follower, opening, seat))))
}

fn opening(wishes: &Wishes) -> Vec<Frame> {
    let padding = wishes.padding.then(frames::padding);
    padding.into_iter().chain([frames::retry(random(RETRY_MILLIS))]).collect()
}

fn response(body: Body, version: Version, connection: &'static str) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/event-stream");
    set(header::CACHE_CONTROL, "no-cache, no-transform");
    set(header::HeaderName::from_static("x-accel-buffering"), "no");
    // HTTP/2 forbids the header, HTTP/1.0 would read a promise in it.
    if version == Version::HTTP_11 {
        set(header::CONNECTION, connection);
    }
    response
}

/// What one is told whose server stops: it comes back when the stop is over, or soon after.
fn retry_after_stop(drain: Duration) -> u64 {
    let drain = u64::try_from(drain.as_millis()).unwrap_or(u64::MAX);
    random(*RETRY_MILLIS.start()..=drain.max(*RETRY_MILLIS.end()))
}

fn random(millis: std::ops::RangeInclusive<u64>) -> u64 {
    rand::rng().random_range(millis)
}

impl Seat {
    fn take(seats: &Arc<watch::Sender<usize>>, most: usize) -> Option<Self> {
        let free = seats.send_if_modified(|taken| {
            let free = *taken < most;
            *taken += usize::from(free);
            free
        });
        free.then(|| Self(Arc::clone(seats)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.send_modify(|taken| *taken -= 1);
    }
}
