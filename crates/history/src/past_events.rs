//! The events of a board in their order, for streams that play the past.

use flight::BoardName;
use jiff::Timestamp;
use journal::Seq;
use rusqlite::{Connection, params};

use crate::changes::oldest;
use crate::error::HistoryError;
use crate::history::HistoryScope;
use crate::sql::{integer, seq, timestamp};

/// Most events in a page.
pub const MAX_PAGE_EVENTS: usize = 100;

/// A page ends with the event by which its data exceeds this.
pub const MAX_PAGE_BYTES: usize = 256 * 1024;

/// Some events that follow each other.
#[derive(Debug)]
pub struct PastEventPage {
    /// The events, oldest first.
    pub events: Vec<PastEvent>,
    /// True if the page is full, so that more events may follow.
    pub is_full: bool,
}

/// An event as followers were sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEvent {
    /// The record that made it.
    pub seq: Seq,
    /// Its time.
    pub time: Timestamp,
    /// The event's type on the stream.
    pub name: String,
    /// Its data: one line of JSON.
    pub data: String,
}

/// The first events after `after`, none of them after `newest`.
pub(crate) fn page(
    db: &Connection,
    board: &BoardName,
    scope: HistoryScope,
    after: Seq,
    newest: Seq,
) -> Result<PastEventPage, HistoryError> {
    let oldest = oldest(db, board, scope)?;
    // Some of the events after it may be removed already.
    if after < oldest.seq {
        return Err(HistoryError::TooOld { oldest: oldest.time });
    }
    let rows = "SELECT seq, time, event, data FROM change WHERE board = ? AND seq > ? AND seq <= ? ORDER BY seq";
    let mut rows = db.prepare_cached(rows)?;
    let mut rows = rows.query(params![board.as_str(), integer(after), integer(newest)])?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let (name, data): (String, String) = (row.get(2)?, row.get(3)?);
        bytes += data.len();
        events.push(PastEvent { seq: seq(row.get(0)?), time: timestamp(row.get(1)?), name, data });
        if events.len() == MAX_PAGE_EVENTS || bytes > MAX_PAGE_BYTES {
            return Ok(PastEventPage { events, is_full: true });
        }
    }
    Ok(PastEventPage { events, is_full: false })
}
