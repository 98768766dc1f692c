//! The rows that have left their board, each as a flight of the past. With the rows that are still there they are all
//! flights of a span, so that an answer need not read every change.

use engine::RecordedEvent;
use flight::BoardName;
use journal::Seq;
use rusqlite::{Connection, params};

use crate::board_state::{PastRowKey, object};
use crate::past_flight::{PastFlight, flight_id};
use crate::sql::{integer, seq};

/// The place of a row among those that have left: the event, and the number among the rows of the event.
pub(crate) type DepartedPlace = (Seq, i64);

/// A row that has left the board.
pub(crate) struct DepartedRow {
    pub(crate) place: DepartedPlace,
    pub(crate) id: PastRowKey,
    /// `None` without a scheduled time.
    pub(crate) flight: Option<PastFlight>,
}

/// Writes the rows that an event takes from its board.
pub(crate) fn write(db: &Connection, event: &RecordedEvent) -> rusqlite::Result<()> {
    let Some(board) = &event.board_before else { return Ok(()) };
    let (kind, zone) = (board.settings().kind, board.settings().zone());
    let old = &event.before;
    let rows = match (event.name, event.data.as_object()) {
        ("flightRemoval", _) => vec![old.clone()],
        // The row of a flight without a date may be that of its next day from now on.
        ("flightAddition", Some(new))
            if !old.is_empty() && flight_id(old, kind, &zone) != flight_id(new, kind, &zone) =>
        {
            vec![old.clone()]
        }
        ("closedConnection", _) => board.rows().into_iter().map(|row| object(row.row())).collect(),
        _ => Vec::new(),
    };
    let mut insert = db.prepare_cached("INSERT OR REPLACE INTO departed VALUES (?, ?, ?, ?)")?;
    for (number, row) in (0_i64..).zip(&rows) {
        let flight = (flight_id(row, kind, &zone), PastFlight::of_row(row, kind));
        let flight = serde_json::to_string(&flight).expect("flights always have a JSON form");
        insert.execute(params![event.board.as_str(), integer(event.seq), number, flight])?;
    }
    Ok(())
}

/// The next rows after a place, up to the event `last`.
pub(crate) fn read(
    db: &Connection,
    board: &BoardName,
    after: DepartedPlace,
    last: Seq,
    limit: usize,
) -> rusqlite::Result<Vec<DepartedRow>> {
    let mut rows = db.prepare_cached(
        "SELECT seq, number, flight FROM departed WHERE board = ? AND (seq, number) > (?, ?) AND seq <= ?
        ORDER BY seq, number LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = params![board.as_str(), integer(after.0), after.1, integer(last), limit];
    let rows = rows.query_map(values, |row| {
        let (id, flight) = serde_json::from_str(row.get_ref(2)?.as_str()?).unwrap_or_default();
        Ok(DepartedRow { place: (seq(row.get(0)?), row.get(1)?), id, flight })
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use flight::Boards;
    use jiff::Timestamp;

    use super::*;
    use crate::index::Index;
    use crate::index_writer;

    /// The events of the departed rows of an index with such rows at the events 1 to 6.
    fn left_by(prepare: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Vec<u64> {
        let index = Index::open(None).expect("an index in memory");
        let board = BoardName::parse("main").expect("a name");
        let fill = |db: &Connection| {
            index_writer::write_start(db, &Boards::default(), Timestamp::UNIX_EPOCH)?;
            for seq in [0, 4] {
                db.execute("INSERT INTO state VALUES ('main', ?1, ?1, x'')", [seq])?;
            }
            for seq in 1..=6 {
                db.execute("INSERT INTO departed VALUES ('main', ?, 0, '[]')", [seq])?;
            }
            prepare(db)?;
            read(db, &board, (Seq::ZERO, 0), Seq(6), 10)
        };
        let rows = index.write(fill).expect("an index in memory");
        rows.into_iter().map(|row| row.place.0.0).collect()
    }

    #[test]
    fn old_rows_are_removed() {
        assert_eq!(left_by(|_| Ok(())), [1, 2, 3, 4, 5, 6]);
        let oldest = Timestamp::from_millisecond(5).expect("a time");
        let prune = |db: &Connection| {
            db.execute("INSERT INTO change VALUES ('main', 6, 6, '', NULL, NULL, NULL, NULL, 0, 0, '', '')", [])?;
            index_writer::prune(db, &Boards::default(), oldest, u64::MAX)
        };
        assert_eq!(left_by(prune), [5, 6]);
    }

    #[test]
    fn unsaved_rows_are_read_again() {
        let resume = |db: &Connection| {
            let (id, boards) = ("5f3a9c01-3".parse().expect("an id"), Boards::default());
            index_writer::write_position(
                db,
                id,
                Timestamp::UNIX_EPOCH,
                &boards.checkpoint().encode(),
            )?;
            index_writer::resume(db).map(drop)
        };
        assert_eq!(left_by(resume), [1, 2, 3]);
    }
}
