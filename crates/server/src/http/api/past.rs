//! Parameters and bodies of requests about the past.

use std::collections::BTreeMap;

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

/// The parameters of a query by their names.
pub(super) type Parameters = BTreeMap<&'static str, String>;

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

/// The parameters of a query by their names, each at most once.
pub(super) fn parameters(query: &str, names: &[&'static str]) -> Result<Parameters, Problem> {
    let mut values = Parameters::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(known) = names.iter().copied().find(|known| *known == name) else {
            return Err(Problem::bad_request("query", format!("has the unknown parameter {name}")));
        };
        if values.insert(known, value.into_owned()).is_some() {
            return Err(Problem::bad_request(known, "is in the query twice"));
        }
    }
    Ok(values)
}

/// The times `from` and `to`, which are in this order.
pub(super) fn span(values: &Parameters) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let parsed = |name| values.get(name).map(|value| time(name, value)).transpose();
    let (from, to) = (parsed("from")?, parsed("to")?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::bad_request("to", "must not be before from"));
    }
    Ok((from, to))
}

/// Parses the time of a parameter.
fn time(name: &str, text: &str) -> Result<Timestamp, Problem> {
    flight::parse_timestamp(text).ok_or_else(|| {
        // A plus sign in a query is a space.
        let reason = "must be an RFC 3339 time such as 2026-11-22T08:15:00Z, with a + as %2B";
        Problem::bad_request(name, reason)
    })
}

/// Parses the moment of a parameter: a time that is not in the future, or the id of an event.
pub(crate) fn moment(app: &App, name: &str, text: &str) -> Result<PastMoment, Problem> {
    if let Ok(id) = text.parse::<RecordId>() {
        let boards = app.state.engine.boards();
        return match boards.honours(id) {
            true => Ok(PastMoment::Event(id.seq)),
            false => Err(Problem::bad_request(name, "is not the id of an event of this server")),
        };
    }
    let time = time(name, text)?;
    if time.duration_since(Timestamp::now()) > CLOCK_TOLERANCE.try_into().unwrap_or_default() {
        return Err(Problem::bad_request(name, "must not be in the future"));
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
