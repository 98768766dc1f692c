//! The rows of a board as of a time or an event.

use flight::BoardName;
use jiff::Timestamp;
use journal::Seq;
use rusqlite::{Connection, OptionalExtension, params};

use crate::board_state::BoardState;
use crate::changes::oldest;
use crate::error::HistoryError;
use crate::history::{HistoryScope, PastMoment};
use crate::sql::{integer, seq, timestamp};

/// The rows of a board as of a moment.
#[derive(Debug)]
pub struct PastRows {
    /// The last event before it.
    pub seq: Seq,
    /// The time of that event.
    pub time: Timestamp,
    pub(crate) state: BoardState,
}

impl PastRows {
    /// The body of `GET …/flights`, with the id of the last event.
    #[must_use]
    pub fn to_json(&self, id: &str) -> String {
        self.state.to_json(Some(id), None)
    }

    /// The data of a `timetable` event with this reason.
    #[must_use]
    pub fn timetable(&self, reason: &str) -> String {
        self.state.to_json(None, Some(reason))
    }
}

pub(crate) fn rows(
    db: &Connection,
    board: &BoardName,
    scope: HistoryScope,
    moment: PastMoment,
) -> Result<PastRows, HistoryError> {
    let oldest = oldest(db, board, scope)?;
    let is_too_old = match moment {
        PastMoment::Time(time) => time < oldest.time,
        PastMoment::Event(seq) => seq < oldest.seq,
    };
    if is_too_old {
        return Err(HistoryError::TooOld { oldest: oldest.time });
    }
    let last = last_event(db, board, moment)?.filter(|last| last.0 > oldest.seq);
    let (last, time) = last.unwrap_or((oldest.seq, oldest.time));
    let (base, mut state) = state_before(db, board, last)?;
    let events =
        "SELECT event, data FROM change WHERE board = ? AND seq > ? AND seq <= ? ORDER BY seq";
    let mut events = db.prepare_cached(events)?;
    let mut events = events.query(params![board.as_str(), integer(base), integer(last)])?;
    while let Some(event) = events.next()? {
        let data = serde_json::from_str(event.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
        let name = event.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        state.apply(name, data.unwrap_or_default());
    }
    Ok(PastRows { seq: last, time, state })
}

/// The last state of a board at an event or before it, and the event that it is of.
pub(crate) fn state_before(
    db: &Connection,
    board: &BoardName,
    last: Seq,
) -> Result<(Seq, BoardState), HistoryError> {
    let base =
        "SELECT seq, state FROM state WHERE board = ? AND seq <= ? ORDER BY seq DESC LIMIT 1";
    let base =
        db.prepare_cached(base)?.query_row(params![board.as_str(), integer(last)], |row| {
            Ok((seq(row.get(0)?), BoardState::decode(row.get_ref(1)?.as_blob()?)))
        })?;
    let (base, Some(state)) = base else { return Err(HistoryError::Behind) };
    Ok((base, state))
}

/// The last event at the moment or before it.
pub(crate) fn last_event(
    db: &Connection,
    board: &BoardName,
    moment: PastMoment,
) -> rusqlite::Result<Option<(Seq, Timestamp)>> {
    let (condition, value) = match moment {
        PastMoment::Time(time) => ("time <= ? ORDER BY time DESC, seq DESC", time.as_millisecond()),
        PastMoment::Event(seq) => ("seq <= ? ORDER BY seq DESC", integer(seq)),
    };
    let last = format!("SELECT seq, time FROM change WHERE board = ? AND {condition} LIMIT 1");
    let mut last = db.prepare_cached(&last)?;
    let last = last.query_row(params![board.as_str(), value], |row| {
        Ok((seq(row.get(0)?), timestamp(row.get(1)?)))
    });
    last.optional()
}
