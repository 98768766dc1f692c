//! Parameters and bodies of requests about the past.

use axum::body::Body;
use bytes::Bytes;
use engine::CLOCK_TOLERANCE;
use flight::{BoardName, FlightKey};
use history::PastMoment;
use http_body_util::{BodyExt, Full};
use jiff::Timestamp;
use journal::RecordId;

use crate::app::App;
use crate::http::follow_access::ReadAccess;
use crate::http::problem::Problem;

/// The answers about the past that clients have not taken yet, bounded together.
pub(super) struct HeldBody;

impl HeldBody {
    /// The body of an answer.
    ///
    /// # Errors
    /// Slow clients hold as many bytes as there may be.
    pub(super) fn start(app: &App, text: String) -> Result<Body, Problem> {
        let room = app.state.history.room_for(text.len())?;
        let body = Full::new(Bytes::from(text)).map_frame(move |frame| {
            let _held = &room;
            frame
        });
        Ok(Body::new(body))
    }
}

/// Checks that the reader may still read the board.
pub(super) fn check_privacy(
    app: &App,
    board: &BoardName,
    access: &ReadAccess,
) -> Result<(), Problem> {
    let boards = app.state.engine.boards();
    let (_, is_private) = boards.newest_id(board).ok_or_else(Problem::unknown_board)?;
    access.check(is_private)
}

/// Parses the time of a parameter.
pub(super) fn time(name: &str, text: &str) -> Result<Timestamp, Problem> {
    flight::parse_timestamp(text).ok_or_else(|| {
        // A plus sign in a query is a space.
        let reason = "must be an RFC 3339 time such as 2026-11-22T08:15:00Z, with a + as %2B";
        Problem::bad_request(name, reason)
    })
}

/// Parses the moment of `?at=`: a time that is not in the future, or the id of an event.
pub(super) fn moment(app: &App, text: &str) -> Result<PastMoment, Problem> {
    if let Ok(id) = text.parse::<RecordId>() {
        let boards = app.state.engine.boards();
        return match boards.honours(id) {
            true => Ok(PastMoment::Event(id.seq)),
            false => Err(Problem::bad_request("at", "is not the id of an event of this server")),
        };
    }
    let time = time("at", text)?;
    if time.duration_since(Timestamp::now()) > CLOCK_TOLERANCE.try_into().unwrap_or_default() {
        return Err(Problem::bad_request("at", "must not be in the future"));
    }
    Ok(PastMoment::Time(time))
}

/// Parses the parts of a key that rows must have.
pub(super) fn flight_filter(
    flight: Option<&str>,
    date: Option<&str>,
    leg: Option<&str>,
) -> Result<Option<FlightKey>, Problem> {
    let Some(flight) = flight else {
        return match [("date", date), ("leg", leg)].into_iter().find(|(_, part)| part.is_some()) {
            Some((name, _)) => Err(Problem::bad_request(name, "needs the parameter flight")),
            None => Ok(None),
        };
    };
    let key = FlightKey::parse(flight, date).and_then(|key| key.with_leg(leg));
    key.map(Some).map_err(|error| Problem::bad_request(&error.field, error.reason))
}
