//! Lists of the changes of a board.

use std::collections::BTreeMap;

use engine::RecordedEvent;
use flight::{BoardName, FlightKey, INSTANTS};
use jiff::Timestamp;
use journal::Seq;
use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::board_state::KEY;
use crate::error::HistoryError;
use crate::history::HistoryScope;
use crate::sql::{integer, seq, timestamp};

/// The order of changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChangeOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// The changes to list.
#[derive(Debug, Clone)]
pub struct ChangeQuery {
    /// Only those at this time or later.
    pub from: Option<Timestamp>,
    /// Only those before this time.
    pub to: Option<Timestamp>,
    /// Only those of the rows that have these parts of a key.
    pub flight: Option<FlightKey>,
    /// Their order.
    pub order: ChangeOrder,
    /// Only those that follow this one in the order.
    pub after: Option<Seq>,
    /// Their largest number.
    pub limit: usize,
}

/// A part of a list of changes.
#[derive(Debug)]
pub struct ChangePage {
    /// The changes, in the order asked for.
    pub changes: Vec<PastChange>,
    /// The last of them, if more follow.
    pub next: Option<Seq>,
}

/// One event, with the values before and after it.
#[derive(Debug, Clone)]
pub struct PastChange {
    /// The record that made it.
    pub seq: Seq,
    /// Its time.
    pub time: Timestamp,
    /// The event's type on the stream.
    pub event: String,
    /// The key of the row, by the names of its parts; empty if the board itself changed.
    pub flight: BTreeMap<&'static str, String>,
    /// The name of the publisher's credential, if it had one.
    pub publisher: Option<String>,
    /// True if the update was a feed's.
    pub is_from_feed: bool,
    /// The fields that changed, each a [`ValueChange`] by its name, in JSON.
    pub fields: Box<RawValue>,
}

/// The value of a field before and after a change; `null` if it had none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueChange {
    /// Before.
    pub from: Value,
    /// After.
    pub to: Value,
}

/// The oldest moment of a board that a reader can have.
pub(crate) struct OldestMoment {
    /// The last event before it.
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
}

pub(crate) fn list(
    db: &Connection,
    board: &BoardName,
    scope: HistoryScope,
    query: &ChangeQuery,
) -> Result<ChangePage, HistoryError> {
    let oldest = oldest(db, board, scope)?;
    let times = [query.from, query.to];
    if times.into_iter().flatten().any(|time| time < oldest.time) {
        return Err(HistoryError::TooOld { oldest: oldest.time });
    }
    let mut statement = "SELECT * FROM change WHERE board = ? AND seq >= ? AND seq < ?".to_owned();
    let first = match scope {
        HistoryScope::All => oldest.seq,
        // The event by which the board became public tells the settings that it had before.
        HistoryScope::SincePublic => oldest.seq.next(),
    };
    let (mut first, mut end) = (integer(first), i64::MAX);
    if let Some(from) = query.from {
        first = first.max(first_at(db, board, from)?.unwrap_or(end));
    }
    if let Some(to) = query.to {
        end = first_at(db, board, to)?.unwrap_or(end);
    }
    match (query.after, query.order) {
        (Some(after), ChangeOrder::Newest) => end = end.min(integer(after)),
        (Some(after), ChangeOrder::Oldest) => first = first.max(integer(after) + 1),
        (None, _) => {}
    }
    let mut values: Vec<SqlValue> =
        vec![board.as_str().to_owned().into(), first.into(), end.into()];
    if let Some(key) = &query.flight {
        statement.push_str(" AND flight = ?");
        values.push(key.flight().to_owned().into());
        let date = key.date().map(|date| date.to_string());
        for (name, part) in [("date", date), ("leg", key.leg().map(str::to_owned))] {
            if let Some(part) = part {
                statement.push_str(&format!(" AND {name} = ?"));
                values.push(part.into());
            }
        }
    }
    statement.push_str(match query.order {
        ChangeOrder::Newest => " ORDER BY seq DESC LIMIT ?",
        ChangeOrder::Oldest => " ORDER BY seq LIMIT ?",
    });
    // One more, to know whether more follow.
    values.push(i64::try_from(query.limit + 1).unwrap_or(i64::MAX).into());
    let mut statement = db.prepare_cached(&statement)?;
    let rows = statement.query_map(params_from_iter(values), past_change)?;
    let mut changes = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let has_more = changes.len() > query.limit;
    changes.truncate(query.limit);
    let next = changes.last().filter(|_| has_more).map(|last| last.seq);
    Ok(ChangePage { changes, next })
}

/// The oldest moment of a board that a reader with this scope can have.
pub(crate) fn oldest(
    db: &Connection,
    board: &BoardName,
    scope: HistoryScope,
) -> Result<OldestMoment, HistoryError> {
    let moment =
        |row: &Row<'_>| Ok(OldestMoment { seq: seq(row.get(0)?), time: timestamp(row.get(1)?) });
    let state = "SELECT seq, time FROM state WHERE board = ? ORDER BY seq LIMIT 1";
    let state = db.query_row(state, [board.as_str()], moment).optional()?;
    // The board was opened a moment ago.
    let state = state.ok_or(HistoryError::Behind)?;
    if let HistoryScope::All = scope {
        return Ok(state);
    }
    // By itself SQLite prefers the primary key, and reads all changes of the board.
    let public =
        "SELECT seq, time FROM change INDEXED BY change_privacy WHERE board = ? AND privacy
        ORDER BY seq DESC LIMIT 1";
    let public = db.query_row(public, [board.as_str()], moment).optional()?;
    Ok(public.filter(|public| public.seq > state.seq).unwrap_or(state))
}

/// The first event of a board at a time or later.
fn first_at(db: &Connection, board: &BoardName, time: Timestamp) -> rusqlite::Result<Option<i64>> {
    let first = "SELECT seq FROM change WHERE board = ? AND time >= ? ORDER BY time, seq LIMIT 1";
    // Records have the time to the millisecond: those of an earlier one are before.
    let millis = time.as_nanosecond().div_euclid(1_000_000);
    let millis = millis + i128::from(time.as_nanosecond().rem_euclid(1_000_000) > 0);
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    db.query_row(first, params![board.as_str(), millis], |row| row.get(0)).optional()
}

fn past_change(row: &Row<'_>) -> rusqlite::Result<PastChange> {
    let mut flight = BTreeMap::new();
    for name in KEY {
        if let Some(part) = row.get::<_, Option<String>>(name)? {
            flight.insert(name, part);
        }
    }
    Ok(PastChange {
        seq: seq(row.get("seq")?),
        time: timestamp(row.get("time")?),
        event: row.get("event")?,
        flight,
        fields: RawValue::from_string(row.get("fields")?).unwrap_or_default(),
        publisher: row.get("publisher")?,
        is_from_feed: row.get("feed")?,
    })
}

/// The fields that an event changed, without the key and the instants, which follow from the others.
pub(crate) fn changed_fields(event: &RecordedEvent) -> BTreeMap<&str, ValueChange> {
    let after = event.data.as_object();
    // A patch names the fields that it changes; other events have all values.
    let is_patch = event.name == "flightStateUpdate";
    let removed = event.before.keys().filter(|name| !is_patch && event.data.get(*name).is_none());
    let names = after.into_iter().flat_map(Map::keys).chain(removed).map(String::as_str);
    let mut fields = BTreeMap::new();
    for name in names.filter(|name| !is_hidden(event, name)) {
        let from = event.before.get(name).cloned().unwrap_or_default();
        let to = event.data.get(name).cloned().unwrap_or_default();
        if from != to {
            fields.insert(name, ValueChange { from, to });
        }
    }
    fields
}

fn is_hidden(event: &RecordedEvent, name: &str) -> bool {
    if event.flight.is_none() {
        // Rows that a new time zone moves.
        return event.name == "boardUpdate" && name == "flights";
    }
    KEY.contains(&name) || INSTANTS.iter().any(|(_, instant)| *instant == name)
}
