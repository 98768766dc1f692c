//! Decides whether a request gets a stream, for both paths alike.

use std::sync::Arc;

use engine::{BoardStatus, LiveBoards, StreamLimit, frames, reach_back};
use fanout::{Channel, Follower, Frame, ResumePoint};
use flight::{BoardName, FlightKey, PublisherName};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::heartbeat::heartbeat;
use super::pacer::StartTurn;
use super::params::{LastEventId, StreamParams};
use super::reconnect;
use super::right::{self, StreamRevocation, StreamRight};
use crate::app::{App, AppState};
use crate::client_address::{Client, ClientAddress};
use crate::connection::connection_streams::{ConnectionSeat, ConnectionStreams};
use crate::http::follow_access::ReadAccess;
use crate::http::problem::Problem;
use crate::seats::Seat;

/// Streams on top of `--max-followers`, for addresses that have none.
pub(crate) const KEPT_FOLLOWERS: usize = 100;

/// The outcome of a stream request.
pub(super) enum Admission {
    Admitted(Box<AdmittedStream>),
    /// The server is full or stopping: send this `retry` and end. Any status but 200 would stop an
    /// `EventSource` for good.
    RetryLater(Frame),
    /// Status 204, which stops an `EventSource` for good, as it should.
    Ended,
}

/// The outcome of the checks that all streams share, as in [`Admission`].
pub(super) enum Entry {
    Open(Arc<Channel>, StreamPermit),
    RetryLater(Frame),
    Ended,
}

/// The content of a stream: a board, or a flight of it.
pub(super) struct StreamSubject {
    pub(super) board: BoardName,
    /// Only the rows with these parts of a key; `None` for the whole board.
    pub(super) flight: Option<FlightKey>,
}

/// A stream that may start, whichever path writes it.
pub(crate) struct AdmittedStream {
    pub(crate) follower: Follower,
    /// Lines and events to send at once, before the follower's first events.
    pub(crate) preamble: Vec<Frame>,
    /// The time at which the first events are due.
    pub(crate) start_at: Instant,
    pub(crate) permit: StreamPermit,
}

/// Counts an open stream until it is dropped, and holds the right that it needs.
pub(crate) struct StreamPermit {
    streams: Arc<watch::Sender<usize>>,
    /// `None` for a public board.
    right: Option<Arc<StreamRight>>,
    /// Boxed because most streams have none.
    _token_seat: Option<Box<Seat<PublisherName>>>,
    _address_seat: Option<Seat<ClientAddress>>,
    _connection: Option<ConnectionSeat>,
    /// Dropped with the stream.
    turn: Option<StartTurn>,
}

/// The client of a stream request.
pub(super) struct StreamClient {
    /// `None` if it is not known.
    pub(super) client: Option<Client>,
    /// `None` for a request without a connection.
    pub(super) connection: Option<ConnectionStreams>,
}

/// An admitted stream on its way out, in the extensions of its response. The fast path takes it for
/// the reactor; otherwise the body of the response takes it.
#[derive(Clone)]
pub(crate) struct Handoff(Arc<Mutex<Option<Box<AdmittedStream>>>>);

impl StreamSubject {
    fn status(&self, boards: &LiveBoards) -> BoardStatus {
        match &self.flight {
            Some(key) => boards.flight_status(&self.board, key, Timestamp::now()),
            None => boards.status(&self.board),
        }
    }
}

/// Admits a stream of `subject`, to whose board the request has `access`.
///
/// # Errors
/// The board does not exist, or has become private meanwhile.
pub(super) fn admit(
    app: &App,
    subject: &StreamSubject,
    access: ReadAccess,
    params: &StreamParams,
    client: &StreamClient,
) -> Result<Admission, Problem> {
    let (channel, mut permit) = match enter(app, subject, access, client)? {
        Entry::Open(channel, permit) => (channel, permit),
        Entry::RetryLater(retry) => return Ok(Admission::RetryLater(retry)),
        Entry::Ended => return Ok(Admission::Ended),
    };
    let state = &app.state;
    let engine = &state.engine;
    let resume_point = match &params.last_event_id {
        LastEventId::Absent => ResumePoint::Fresh,
        LastEventId::Id(id) if engine.boards().honours(*id) => ResumePoint::After(id.seq.0),
        LastEventId::Id(_) | LastEventId::Playback(_) | LastEventId::Invalid => {
            ResumePoint::Unknown
        }
    };
    if let (Some(key), LastEventId::Id(id)) = (&subject.flight, &params.last_event_id) {
        reach_back(&channel, key, id.seq);
    }
    let follower = channel.follow(resume_point);
    if follower.position().is_some() {
        engine.metrics().count_resumed_stream();
    }
    let now = Instant::now();
    let turn = state.pacer.next_start(now);
    let start_at = turn.start_at();
    permit.turn = Some(turn);
    let mut preamble = Vec::new();
    preamble.extend(params.padding.then(frames::padding));
    preamble.extend((start_at > now).then(frames::empty_comment));
    preamble.push(reconnect::after_disconnect());
    // Ahead of the rows, so that a client never shows stale rows as current. It names no event that a
    // resumed follower lacks.
    if engine.health().reportable_staleness().is_some() {
        let head = follower.position().unwrap_or_else(|| follower.channel().head());
        preamble.extend(heartbeat(state, follower.channel(), head));
    }
    let stream = AdmittedStream { follower, preamble, start_at, permit };
    Ok(Admission::Admitted(Box::new(stream)))
}

/// Checks that there is a stream of `subject`, and takes a place for it.
///
/// # Errors
/// The board does not exist, or has become private meanwhile.
pub(super) fn enter(
    app: &App,
    subject: &StreamSubject,
    access: ReadAccess,
    client: &StreamClient,
) -> Result<Entry, Problem> {
    let state = &app.state;
    let engine = &state.engine;
    let channel = match subject.status(engine.boards()) {
        BoardStatus::Open { channel, is_private } => {
            access.check(is_private)?;
            channel
        }
        BoardStatus::Closed { is_private } => {
            access.check(is_private)?;
            return Ok(Entry::Ended);
        }
        BoardStatus::Unknown => return Err(Problem::unknown_board()),
    };
    if engine.health().is_shutting_down() {
        let retry = reconnect::after_shutdown(state.settings.drain);
        return Ok(Entry::RetryLater(retry));
    }
    match StreamPermit::acquire(state, client, access.into_right()) {
        Ok(permit) => Ok(Entry::Open(channel, permit)),
        Err(limit) => {
            engine.metrics().count_rejected_stream();
            engine.metrics().requests().count_stream_over(limit);
            Ok(Entry::RetryLater(reconnect::when_full()))
        }
    }
}

impl Handoff {
    pub(super) fn new(stream: Box<AdmittedStream>) -> Self {
        Self(Arc::new(Mutex::new(Some(stream))))
    }

    /// Takes the stream in order to write it. Only the first call returns it.
    pub(crate) fn take(&self) -> Option<Box<AdmittedStream>> {
        self.0.lock().take()
    }

    /// The revocation of the stream, if it has not been taken.
    pub(crate) fn revocation(&self) -> Option<StreamRevocation> {
        let stream = self.0.lock();
        let AdmittedStream { follower, permit, .. } = stream.as_deref()?;
        Some(permit.revocation(follower.channel()))
    }
}

impl StreamPermit {
    /// # Errors
    /// The server, or the client's address, connection or token, has no place for a stream.
    fn acquire(
        state: &AppState,
        client: &StreamClient,
        right: Option<Arc<StreamRight>>,
    ) -> Result<Self, StreamLimit> {
        let connection = match &client.connection {
            Some(connection) => Some(connection.take().ok_or(StreamLimit::Connection)?),
            None => None,
        };
        let address_seat = match client.client {
            Some(client) => Some(state.take_follower_seat(client)?),
            None => None,
        };
        let token_seat = match &right {
            Some(right) => Some(Box::new(state.take_token_seat(&right.grant().name)?)),
            None => None,
        };
        let is_first = address_seat.as_ref().is_some_and(|seat| seat.is_first);
        // The last places are for other requests, and for clients that have none.
        if state.places.lacks_descriptors() || state.places.are_short() && !is_first {
            return Err(StreamLimit::Server);
        }
        let kept = if is_first { KEPT_FOLLOWERS } else { 0 };
        let max_streams = state.settings.max_followers.saturating_add(kept);
        let acquired = state.streams.send_if_modified(|open| {
            let has_room = *open < max_streams;
            *open += usize::from(has_room);
            has_room
        });
        if !acquired {
            return Err(StreamLimit::Server);
        }
        Ok(Self {
            streams: Arc::clone(&state.streams),
            right,
            _token_seat: token_seat,
            _address_seat: address_seat,
            _connection: connection,
            turn: None,
        })
    }

    /// True once the stream has lost the right that it needs.
    pub(crate) fn is_revoked(&self) -> bool {
        self.right.as_ref().is_some_and(|right| right.has_ended())
    }

    /// The revocation of a stream that follows `channel` with this permit.
    pub(super) fn revocation(&self, channel: &Arc<Channel>) -> StreamRevocation {
        StreamRevocation::new(channel, self.right.clone())
    }

    /// Waits until [`StreamPermit::is_revoked`].
    pub(super) async fn revoked(&self) {
        right::ended(self.right.as_deref()).await;
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.streams.send_modify(|open| *open -= 1);
    }
}
