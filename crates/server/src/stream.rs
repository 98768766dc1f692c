//! The event stream: who is let in, where they begin, what they are sent.

/// Where a follower says that it was.
mod resume;

/// The gate before the first events of a stream.
pub(crate) mod gate;

/// What a stream is sent by a task of its own, until it ends.
mod body;

/// What the reactor tells its followers besides frames.
mod wording;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use fanout::{Follower, Frame, ResumePoint};
use flight::BoardName;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use jiff::Timestamp;
use parking_lot::Mutex;
use rand::RngExt;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::app::{App, AppState};
use crate::problem::Problem;
use crate::segments::Segments;
use body::Stream;
use engine::frames;
use engine::{BoardStatus, DEFAULT_BOARD};
use resume::{LastEventId, Wishes};

pub(crate) use wording::Words;

/// A stream that is silent for longer is at fault.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long one who comes with the id of an event that has not come here yet waits for it.
const AHEAD_WAIT: Duration = Duration::from_secs(1);

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
    lobby: Option<Extension<Lobby>>,
) -> Response {
    board(app, Segments(DEFAULT_BOARD.to_owned()), query, version, headers, lobby).await
}

/// `GET /boards/{board}/events`
pub(crate) async fn board(
    State(app): State<App>,
    Segments(board): Segments<String>,
    RawQuery(query): RawQuery,
    version: Version,
    headers: HeaderMap,
    lobby: Option<Extension<Lobby>>,
) -> Response {
    let wishes = Wishes::read(&headers, query.as_deref().unwrap_or_default());
    if let LastEventId::Of(id) = &wishes.last_event_id {
        // Another replica may have applied it first. After the timeout the id is judged as it is.
        app.state.engine.wait_applied(id.seq, AHEAD_WAIT).await;
    }
    match admit(&app, &board, &wishes) {
        Ok(Admission::Stream(admitted)) => {
            let body = match lobby {
                Some(Extension(lobby)) => lobby.leave(admitted),
                None => Stream::new(&app, *admitted).into_body(),
            };
            response(body, version, "keep-alive")
        }
        // Its connection would take the place of one that could be served.
        Ok(Admission::TurnedAway(retry)) => response(Body::from(retry.payload()), version, "close"),
        Ok(Admission::Closed) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// What becomes of a stream request.
enum Admission {
    Stream(Box<Admitted>),
    /// There are too many, or the server is stopping. Any status but 200 would stop an `EventSource` for good.
    TurnedAway(Frame),
    /// 204 stops an `EventSource` for good, as it should.
    Closed,
}

/// One who was let in, whoever will write what it is sent.
pub(crate) struct Admitted {
    pub(crate) follower: Follower,
    /// What it is sent first.
    pub(crate) opening: Vec<Frame>,
    /// When its first events are due.
    pub(crate) turn: Instant,
    pub(crate) seat: Seat,
}

/// Where a request finds that its stream is to be left instead of made a body: the one who brought
/// the request has the socket, and takes it from here.
#[derive(Clone, Default)]
pub(crate) struct Lobby(Arc<Mutex<Option<Box<Admitted>>>>);

/// One place in the house, given back when the stream ends.
pub(crate) struct Seat(Arc<watch::Sender<usize>>);

/// The one door, whatever way a request came in.
fn admit(app: &App, board: &str, wishes: &Wishes) -> Result<Admission, Problem> {
    let state = &app.state;
    let board = BoardName::parse(board).map_err(|_| Problem::unknown_board())?;
    let channel = match state.engine.boards().status(&board) {
        BoardStatus::Open(channel) => channel,
        BoardStatus::Closed => return Ok(Admission::Closed),
        BoardStatus::Unknown => return Err(Problem::unknown_board()),
    };
    if state.engine.health().is_shutting_down() {
        return Ok(Admission::TurnedAway(frames::retry(retry_after_stop(state.settings.drain))));
    }
    let Some(seat) = Seat::take(&state.streams, state.settings.max_followers) else {
        state.engine.metrics().count_rejected_stream();
        return Ok(Admission::TurnedAway(frames::retry(random(RETRY_WHEN_FULL_MILLIS))));
    };
    let start = match &wishes.last_event_id {
        LastEventId::None => ResumePoint::Fresh,
        LastEventId::Of(id) if state.engine.boards().honours(*id) => ResumePoint::After(id.seq.0),
        LastEventId::Of(_) | LastEventId::Garbage => ResumePoint::Unknown,
    };
    let follower = channel.follow(start);
    if follower.is_resumed() {
        state.engine.metrics().count_resumed_stream();
    }
    let mut opening = opening(wishes);
    // Before the rows: whoever is shown them is not to believe them for a moment.
    if state.engine.health().reportable_staleness().is_some() {
        opening.extend(heartbeat(state, follower.head()));
    }
    let turn = state.gate.turn(Instant::now());
    Ok(Admission::Stream(Box::new(Admitted { follower, opening, turn, seat })))
}

impl Lobby {
    pub(crate) fn take(&self) -> Option<Box<Admitted>> {
        self.0.lock().take()
    }

    /// The body that stands for the stream, of a length that nobody knows.
    fn leave(&self, admitted: Box<Admitted>) -> Body {
        *self.0.lock() = Some(admitted);
        Body::from_stream(futures_util::stream::empty::<Result<bytes::Bytes, Infallible>>())
    }
}

fn opening(wishes: &Wishes) -> Vec<Frame> {
    let padding = wishes.padding.then(frames::padding);
    padding.into_iter().chain([frames::retry(random(RETRY_MILLIS))]).collect()
}

/// The heartbeat for one who stands at `head`, as of now.
fn heartbeat(state: &AppState, head: u64) -> Option<Frame> {
    let id = state.engine.boards().event_id(head)?;
    Some(frames::heartbeat(Timestamp::now(), id, state.engine.health().reportable_staleness()))
}

/// What one is told who comes before the server is ready.
pub(crate) fn turned_away() -> Response {
    let retry = frames::retry(random(RETRY_WHEN_NOT_READY_MILLIS));
    response(Body::from(retry.payload()), Version::HTTP_11, "close")
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

/// What one is told who comes before the server is ready: nobody knows how long that takes.
const RETRY_WHEN_NOT_READY_MILLIS: std::ops::RangeInclusive<u64> = 5_000..=15_000;

/// When the server stops, endings are spread so that no more than so many come in a millisecond …
const ENDINGS_PER_MILLI: u32 = 1;

/// … but within this part of the drain time, in percent: the rest is for what is on its way.
const ENDINGS_PERCENT: u32 = 80;

/// The part of a drain time in which the streams end.
pub(crate) fn endings_within(drain: Duration) -> Duration {
    drain / 100 * ENDINGS_PERCENT
}

/// How long one of the streams that are open goes on when the server stops.
pub(crate) fn time_to_end(state: &AppState) -> Duration {
    let streams = u64::try_from(*state.streams.borrow()).unwrap_or(u64::MAX);
    let wished = Duration::from_millis(streams / u64::from(ENDINGS_PER_MILLI));
    wished.min(endings_within(state.settings.drain)).mul_f64(rand::rng().random())
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
