//! Decides whether a request gets a playback.

use std::sync::Arc;

use engine::frames;
use fanout::Frame;
use http::StatusCode;

use super::Playback;
use super::query::PlaybackQuery;
use crate::app::App;
use crate::http::api::past;
use crate::http::follow_access::ReadAccess;
use crate::http::problem::Problem;
use crate::stream::admission::{Entry, StreamClient, StreamPermit, StreamSubject, enter};
use crate::stream::params::{LastEventId, StreamParams};
use crate::stream::reconnect;

/// A request for a playback.
pub(in crate::stream) struct PlaybackRequest<'a> {
    pub(in crate::stream) subject: &'a StreamSubject,
    pub(in crate::stream) query: &'a PlaybackQuery,
    pub(in crate::stream) params: &'a StreamParams,
}

/// The outcome of a request for a playback.
pub(in crate::stream) enum PlaybackAdmission {
    Admitted(Box<AdmittedPlayback>),
    /// As for other streams. Too many playbacks are open, or the past cannot be read for now.
    RetryLater(Frame),
    /// The board is closed.
    Ended,
}

/// A playback that may start.
pub(in crate::stream) struct AdmittedPlayback {
    pub(in crate::stream) playback: Playback,
    /// Lines to send at once, before its first event.
    pub(in crate::stream) preamble: Vec<Frame>,
    pub(in crate::stream) permit: StreamPermit,
}

/// Admits a playback of a board, to which the request has `access`.
///
/// # Errors
/// There is no such board, or the past does not reach back so far.
pub(in crate::stream) async fn admit(
    app: &App,
    request: PlaybackRequest<'_>,
    access: ReadAccess,
    client: &StreamClient,
) -> Result<PlaybackAdmission, Problem> {
    let PlaybackRequest { subject, query, params } = request;
    let scope = access.history_scope();
    let (channel, permit) = match enter(app, subject, access, client)? {
        Entry::Open(channel, permit) => (channel, permit),
        Entry::RetryLater(retry) => return Ok(PlaybackAdmission::RetryLater(retry)),
        Entry::Ended => return Ok(PlaybackAdmission::Ended),
    };
    let Ok(place) = Arc::clone(&app.state.playbacks).try_acquire_owned() else {
        app.state.engine.metrics().requests().count_refused_playback();
        return Ok(PlaybackAdmission::RetryLater(reconnect::when_full()));
    };
    let revocation = permit.revocation(&channel);
    let board = subject.board.clone();
    let mut playback = Playback::new(app.clone(), board, scope, revocation, place, query.speed);
    let begun = match &params.last_event_id {
        LastEventId::Playback(last) => playback.resume(*last).await,
        id => {
            let reason = if matches!(id, LastEventId::Absent) { "start" } else { "unknown" };
            let moment = past::moment(app, "from", &query.from)?;
            playback.begin(moment, reason).await
        }
    };
    match begun.map_err(Problem::from) {
        // With another status than 200 a browser's `EventSource` would never return.
        Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE => {
            return Ok(PlaybackAdmission::RetryLater(reconnect::when_ready()));
        }
        begun => begun?,
    }
    let mut preamble = Vec::new();
    preamble.extend(params.padding.then(frames::padding));
    preamble.push(reconnect::after_disconnect());
    let admitted = AdmittedPlayback { playback, preamble, permit };
    Ok(PlaybackAdmission::Admitted(Box::new(admitted)))
}
