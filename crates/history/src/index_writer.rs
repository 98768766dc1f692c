//! Writing to the index: events, states, the position, and the removal of old ones.

use std::collections::HashMap;

use engine::RecordedEvent;
use flight::{BoardName, Boards, FlightKey, PublisherName};
use jiff::Timestamp;
use journal::{RecordId, Seq};
use rusqlite::{Connection, OptionalExtension, params};

use crate::board_state;
use crate::changes::changed_fields;
use crate::departed_rows;
use crate::sql::{integer, timestamp};

/// Fewest changes of a board between two states. A larger board has as many as rows, so that an answer decodes at most
/// about as many changes as rows, and states take no more room than changes.
const MIN_STATE_INTERVAL: usize = 250;

/// The part of the kept time that is removed at once if the index is too large, as a divisor.
const REMOVED_SHARE: i64 = 10;

/// The number of changes of each board since its last state.
#[derive(Debug, Default)]
pub(crate) struct StateIntervals(HashMap<BoardName, usize>);

/// The fold up to which the index was written.
pub(crate) struct SavedPosition {
    pub(crate) id: RecordId,
    pub(crate) boards: Boards,
}

/// Writes the states of all boards, as of a start without an index. They hold from `time` on.
pub(crate) fn write_start(
    db: &Connection,
    boards: &Boards,
    time: Timestamp,
) -> rusqlite::Result<()> {
    db.execute_batch(
        "DELETE FROM change; DELETE FROM departed; DELETE FROM state; DELETE FROM position;",
    )?;
    for (name, timetable) in boards.iter() {
        let state = board_state::encode(timetable);
        write_state(db, name, Seq(timetable.head()), time, &state)?;
    }
    Ok(())
}

/// Writes events, and states where they are due. `boards` is the fold after the events.
pub(crate) fn write_events(
    db: &Connection,
    events: &[RecordedEvent],
    boards: &Boards,
    intervals: &mut StateIntervals,
) -> rusqlite::Result<()> {
    let mut changed: HashMap<&BoardName, (usize, Timestamp)> = HashMap::new();
    for event in events {
        write_event(db, event)?;
        let (count, time) = changed.entry(&event.board).or_insert((0, event.time));
        *count += 1;
        *time = event.time;
    }
    for (name, (count, time)) in changed {
        let interval = match intervals.0.get_mut(name) {
            Some(interval) => interval,
            None => intervals.0.entry(name.clone()).or_insert(written_interval(db, name)?),
        };
        *interval += count;
        // A board that is forgotten by now has a later one of its name, or none.
        let Some(timetable) = boards.board(name) else { continue };
        if *interval >= timetable.len().max(MIN_STATE_INTERVAL) {
            *interval = 0;
            write_state(db, name, Seq(timetable.head()), time, &board_state::encode(timetable))?;
        }
    }
    Ok(())
}

/// Writes the position up to which the index has all events.
pub(crate) fn write_position(
    db: &Connection,
    id: RecordId,
    time: Timestamp,
    boards: &[u8],
) -> rusqlite::Result<()> {
    db.execute("DELETE FROM position", [])?;
    let values = params![id.to_string(), time.as_millisecond(), boards];
    db.execute("INSERT INTO position VALUES (?, ?, ?)", values)?;
    Ok(())
}

/// Reads the position, and removes all events after it, since they are read again. `None` without a readable position.
pub(crate) fn resume(db: &Connection) -> rusqlite::Result<Option<(SavedPosition, Timestamp)>> {
    let row = db
        .query_row("SELECT id, time, boards FROM position", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .optional()?;
    let Some((id, time, boards)) = row else { return Ok(None) };
    let (Ok(id), Ok(boards)) = (id.parse::<RecordId>(), Boards::restore(&boards)) else {
        return Ok(None);
    };
    for board in names(db)? {
        for table in ["change", "departed", "state"] {
            let delete = format!("DELETE FROM {table} WHERE board = ? AND seq > ?");
            db.execute(&delete, params![board, integer(id.seq)])?;
        }
    }
    Ok(Some((SavedPosition { id, boards }, timestamp(time))))
}

/// Removes changes older than `oldest`, and further ones while the index uses more than `max_bytes`.
pub(crate) fn prune(
    db: &Connection,
    boards: &Boards,
    oldest: Timestamp,
    max_bytes: u64,
) -> rusqlite::Result<()> {
    remove_before(db, boards, oldest)?;
    let now = Timestamp::now().as_millisecond();
    for _ in 0..REMOVED_SHARE {
        if used_bytes(db)? <= max_bytes {
            return Ok(());
        }
        let first: Option<i64> =
            db.query_row("SELECT min(time) FROM change", [], |row| row.get(0))?;
        let first = first.unwrap_or(now);
        let oldest = first + (now - first) / REMOVED_SHARE;
        remove_before(db, boards, timestamp(oldest))?;
    }
    Ok(())
}

/// Removes the changes before the last state at `oldest`, from which later ones are computed.
fn remove_before(db: &Connection, boards: &Boards, oldest: Timestamp) -> rusqlite::Result<()> {
    let oldest = oldest.as_millisecond();
    for board in names(db)? {
        let last_time: Option<i64> =
            db.query_row("SELECT max(time) FROM change WHERE board = ?", [&board], |row| {
                row.get(0)
            })?;
        let is_known = BoardName::parse(&board).is_ok_and(|name| boards.board(&name).is_some());
        if !is_known && last_time.is_none_or(|time| time < oldest) {
            for table in ["change", "departed", "state"] {
                db.execute(&format!("DELETE FROM {table} WHERE board = ?"), [&board])?;
            }
            continue;
        }
        let base: Option<i64> = db.query_row(
            "SELECT max(seq) FROM state WHERE board = ? AND time <= ?",
            params![board, oldest],
            |row| row.get(0),
        )?;
        if let Some(base) = base {
            for table in ["change", "departed"] {
                let delete = format!("DELETE FROM {table} WHERE board = ? AND seq <= ?");
                db.execute(&delete, params![board, base])?;
            }
            db.execute("DELETE FROM state WHERE board = ? AND seq < ?", params![board, base])?;
        }
    }
    Ok(())
}

fn write_event(db: &Connection, event: &RecordedEvent) -> rusqlite::Result<()> {
    let key = event.flight.as_ref();
    let fields = serde_json::to_string(&changed_fields(event));
    let fields = fields.expect("maps with text keys always have a JSON form");
    db.prepare_cached("INSERT OR REPLACE INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![
            event.board.as_str(),
            integer(event.seq),
            event.time.as_millisecond(),
            event.name,
            key.map(FlightKey::flight),
            key.and_then(FlightKey::date).map(|date| date.to_string()),
            key.and_then(|key| key.leg()),
            event.publisher.as_ref().map(PublisherName::as_str),
            event.is_from_feed,
            event.changes_privacy,
            event.data.to_string(),
            fields,
        ])?;
    departed_rows::write(db, event)?;
    let opens = event.name == "boardUpdate" && event.before.is_empty();
    if opens {
        let state = board_state::encode_opened(&event.data);
        write_state(db, &event.board, event.seq, event.time, &state)?;
    }
    Ok(())
}

fn write_state(
    db: &Connection,
    board: &BoardName,
    seq: Seq,
    time: Timestamp,
    state: &[u8],
) -> rusqlite::Result<()> {
    let values = params![board.as_str(), integer(seq), time.as_millisecond(), state];
    db.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)", values)?;
    Ok(())
}

fn written_interval(db: &Connection, board: &BoardName) -> rusqlite::Result<usize> {
    db.query_row(
        "SELECT count(*) FROM change WHERE board = ?1
         AND seq > (SELECT coalesce(max(seq), 0) FROM state WHERE board = ?1)",
        [board.as_str()],
        |row| row.get::<_, i64>(0).map(|count| usize::try_from(count).unwrap_or_default()),
    )
}

/// The boards of the index. Each has a state.
fn names(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare_cached("SELECT DISTINCT board FROM state")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

fn used_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(u64::try_from(pages * number("page_size")?).unwrap_or_default())
}
