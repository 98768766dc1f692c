//! The event stream: handlers, and the head of the response.

/// Decides whether a request gets a stream.
pub(crate) mod admission;

/// The heartbeat of a stream.
pub(crate) mod heartbeat;

/// Spreads the first events of many new streams over time.
pub(crate) mod pacer;

/// The right of a stream to a private board.
pub(crate) mod right;

/// The parameters of a stream request.
mod params;

/// A stream that plays the past until it meets the present.
mod playback;

/// The socket under a stream that hyper writes.
pub(crate) mod peer_socket;

/// The bytes that the reactor sends between frames.
pub(crate) mod reactor_bytes;

/// Reconnection times, and the delays before streams close at shutdown.
pub(crate) mod reconnect;

/// A stream as the body of a response.
mod task_stream;

use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use engine::DEFAULT_BOARD;
use fanout::Frame;
use flight::BoardName;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};

use crate::app::App;
use crate::client_address::Client;
use crate::http::api::request::followed_key;
use crate::http::follow_access::BoardReader;
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;
use admission::{Admission, Handoff, StreamClient, StreamSubject, admit};
use params::{LastEventId, StreamParams};
use peer_socket::PeerSocket;
use playback::admission::{PlaybackAdmission, PlaybackRequest};
use playback::query::PlaybackQuery;
use right::StreamRevocation;

/// Longest wait of a request for this replica to apply the event that its follower saw last.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(1);

/// `GET /events`
pub(crate) async fn default_board(
    app: State<App>,
    reader: BoardReader,
    query: RawQuery,
    version: Version,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board_name = PathParams(DEFAULT_BOARD.to_owned());
    board(app, board_name, reader, query, version, extensions, headers).await
}

/// `GET /boards/{board}/flights/{flight}/events[?date=&leg=]`
pub(crate) async fn flight(
    State(app): State<App>,
    PathParams((board, flight)): PathParams<(String, String)>,
    reader: BoardReader,
    RawQuery(query): RawQuery,
    version: Version,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let board = BoardName::parse(&board).map_err(|_| Problem::unknown_board())?;
    let flight = Some(followed_key(&flight, &query)?);
    if PlaybackQuery::parse(&query)?.is_some() {
        return Err(Problem::bad_request("from", "is only for the stream of a whole board"));
    }
    let subject = StreamSubject { board, flight };
    follow(&app, &subject, &reader, &query, version, &extensions, &headers).await
}

/// `GET /boards/{board}/events`
pub(crate) async fn board(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    reader: BoardReader,
    RawQuery(query): RawQuery,
    version: Version,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = BoardName::parse(&board).map_err(|_| Problem::unknown_board())?;
    let subject = StreamSubject { board, flight: None };
    let query = query.unwrap_or_default();
    follow(&app, &subject, &reader, &query, version, &extensions, &headers).await
}

async fn follow(
    app: &App,
    subject: &StreamSubject,
    reader: &BoardReader,
    query: &str,
    version: Version,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let params = StreamParams::parse(headers, query);
    let playback = PlaybackQuery::parse(query)?;
    if let Some(id) = params.last_event_id.record() {
        // Another replica may be ahead of this one.
        app.state.engine.wait_applied(id.seq, CATCH_UP_TIMEOUT).await;
    }
    let access = match reader.access(&subject.board).await {
        Ok(access) => access,
        // With another status than 200 a browser's `EventSource` would never return.
        Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE => {
            return Ok(retry_response(&reconnect::when_full(), version));
        }
        Err(problem) => return Err(problem),
    };
    let client = StreamClient {
        client: Client::find(extensions, headers, &app.state.settings.limits),
        connection: extensions.get().cloned(),
    };
    let peer = extensions.get::<PeerSocket>().cloned();
    let is_live = matches!(params.last_event_id, LastEventId::Id(_));
    // With the id of a live event the playback is over.
    if let Some(query) = playback.filter(|_| !is_live) {
        let request = PlaybackRequest { subject, query: &query, params: &params };
        let admission = playback::admission::admit(app, request, access, &client).await?;
        return Ok(playback_response(app, admission, version, peer));
    }
    Ok(match admit(app, subject, access, &params, &client)? {
        Admission::Admitted(stream) => {
            let handoff = Handoff::new(stream);
            let body = task_stream::body(app.clone(), handoff.clone(), peer);
            let mut response = stream_response(body, version, "keep-alive");
            response.extensions_mut().insert(handoff);
            response
        }
        Admission::RetryLater(retry) => retry_response(&retry, version),
        Admission::Ended => StatusCode::NO_CONTENT.into_response(),
    })
}

fn playback_response(
    app: &App,
    admission: PlaybackAdmission,
    version: Version,
    peer: Option<PeerSocket>,
) -> Response {
    match admission {
        PlaybackAdmission::Admitted(playback) => {
            let revocation = playback.playback.revocation().clone();
            let body = task_stream::playback_body(app, *playback, peer);
            let mut response = stream_response(body, version, "keep-alive");
            response.extensions_mut().insert(revocation);
            response
        }
        PlaybackAdmission::RetryLater(retry) => retry_response(&retry, version),
        PlaybackAdmission::Ended => StatusCode::NO_CONTENT.into_response(),
    }
}

/// The revocation of the stream that a response has, unless the reactor has taken it.
pub(crate) fn revocation(response: &Response) -> Option<StreamRevocation> {
    let extensions = response.extensions();
    let live = extensions.get().and_then(Handoff::revocation);
    live.or_else(|| extensions.get().cloned())
}

/// The response to a stream request before the server is ready.
pub(crate) fn retry_when_ready() -> Response {
    retry_response(&reconnect::when_ready(), Version::HTTP_11)
}

/// The response to a stream request that has to be repeated later.
fn retry_response(retry: &Frame, version: Version) -> Response {
    // An open connection would count against the connection limit.
    stream_response(Body::from(retry.payload()), version, "close")
}

fn stream_response(body: Body, version: Version, connection: &'static str) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/event-stream");
    set(header::CACHE_CONTROL, "no-cache, no-transform");
    set(HeaderName::from_static("x-accel-buffering"), "no");
    // HTTP/2 forbids the header, and an HTTP/1.0 client would expect a persistent connection.
    if version == Version::HTTP_11 {
        set(header::CONNECTION, connection);
    }
    response
}
