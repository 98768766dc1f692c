//! The flights of a span of time: all that a board showed, each as its row last was.
//!
//! A row leaves a board soon after its flight, so the rows as of one time are few of a day's. This fold reads the rows that
//! left the board since a time before the span, and ends with those that are on it at the end of a time after the span.

use std::collections::HashMap;
use std::ops::Range;

use flight::{BoardName, BoardSettings};
use jiff::{SignedDuration, Timestamp};
use journal::Seq;
use rusqlite::Connection;
use serde_json::Value;

use crate::board_state::{BoardState, PastRowKey};
use crate::changes::oldest;
use crate::departed_rows::{self, DepartedPlace, DepartedRow};
use crate::error::HistoryError;
use crate::history::{HistoryScope, PastMoment};
use crate::past_flight::{PastFlight, flight_id};
use crate::past_rows::{self, last_event};
use crate::punctuality::{self, Punctuality, PunctualityQuery};

/// Longest time before its schedule at which a row leaves the board because its flight has moved.
const MAX_EARLINESS: SignedDuration = SignedDuration::from_hours(6);

/// Longest delay. Flights of the span that have not moved until then count as unknown.
const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(24);

/// Most flights that are read at once. Other reads come between.
const MAX_SLICE_FLIGHTS: usize = 2_000;

/// Most flights that are read for an answer: those of a month of the busiest airports.
pub const MAX_FOLDED_FLIGHTS: usize = 100_000;

/// The span, if the query leaves its beginning open.
const DEFAULT_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// The flights of a span, while they are read.
pub(crate) struct FlightFold {
    board: BoardName,
    query: PunctualityQuery,
    /// The last row that was read. One that left the board before the first does not count.
    position: DepartedPlace,
    /// The last event that counts.
    last: Seq,
    /// The number of rows that were read.
    read: usize,
    /// The board after that event.
    state: BoardState,
    flights: SpanFlights,
}

impl FlightFold {
    /// Reads the board as of the end.
    pub(crate) fn start(
        db: &Connection,
        board: &BoardName,
        scope: HistoryScope,
        query: PunctualityQuery,
    ) -> Result<Self, HistoryError> {
        let oldest = oldest(db, board, scope)?;
        let day_before = query.to.saturating_sub(DEFAULT_SPAN).unwrap_or(Timestamp::MIN);
        let from = query.from.unwrap_or_else(|| day_before.max(oldest.time));
        if from.min(query.to) < oldest.time {
            return Err(HistoryError::TooOld { oldest: oldest.time });
        }
        let start = from.saturating_sub(MAX_EARLINESS).unwrap_or(Timestamp::MIN);
        let event_at = |time| {
            let last = last_event(db, board, PastMoment::Time(time))?;
            Ok::<_, HistoryError>(last.map(|(seq, _)| seq))
        };
        let first = event_at(start)?.map_or(oldest.seq, |seq| seq.max(oldest.seq));
        let last = event_at(last_time(query.to))?.map_or(first, |seq| seq.max(first));
        let state = past_rows::rows(db, board, scope, PastMoment::Event(last))?.state;
        let flights = SpanFlights { span: from..query.to, by_id: HashMap::new() };
        // All rows of the first event are before the span.
        let position = (first, i64::MAX);
        Ok(Self { board: board.clone(), query, position, last, read: 0, state, flights })
    }

    /// Reads some of the rows that have left. Returns whether more follow.
    pub(crate) fn read_slice(&mut self, db: &Connection) -> Result<bool, HistoryError> {
        // Since the last slice, rows may have been removed.
        let oldest = oldest(db, &self.board, HistoryScope::All)?;
        if oldest.seq > self.position.0 {
            return Err(HistoryError::TooOld { oldest: oldest.time });
        }
        let slice =
            departed_rows::read(db, &self.board, self.position, self.last, MAX_SLICE_FLIGHTS)?;
        let has_more = slice.len() == MAX_SLICE_FLIGHTS;
        self.read += slice.len();
        if self.read > MAX_FOLDED_FLIGHTS {
            return Err(HistoryError::TooMuch);
        }
        for DepartedRow { place, id, flight } in slice {
            self.position = place;
            self.flights.keep(id, flight);
        }
        Ok(has_more)
    }

    /// Counts the flights.
    pub(crate) fn finish(mut self) -> Punctuality {
        let settings = self.settings();
        let (kind, zone) = (settings.kind, settings.zone());
        for row in self.state.rows() {
            self.flights.keep(flight_id(row, kind, &zone), PastFlight::of_row(row, kind));
        }
        let SpanFlights { span, by_id } = self.flights;
        let groups = punctuality::group(by_id.into_values().collect(), &zone);
        Punctuality {
            seq: self.last,
            from: span.start,
            to: span.end,
            as_of: self.query.now.min(last_time(span.end)),
            kind,
            time_zone: settings.time_zone,
            overall: groups.overall,
            by_hour: groups.by_hour,
            by_airline: groups.by_airline,
            more_airlines: groups.more_airlines,
        }
    }

    fn settings(&self) -> BoardSettings {
        let settings = serde_json::from_value(Value::Object(self.state.settings().clone()));
        settings.unwrap_or_else(|_| BoardSettings::with_defaults(self.board.clone()))
    }
}

/// The flights of a span that have been read.
struct SpanFlights {
    span: Range<Timestamp>,
    by_id: HashMap<PastRowKey, PastFlight>,
}

impl SpanFlights {
    /// Keeps a flight as a row shows it, in the place of an earlier row of the flight.
    fn keep(&mut self, id: PastRowKey, flight: Option<PastFlight>) {
        match flight {
            Some(flight) if self.span.contains(&flight.scheduled) => {
                self.by_id.insert(id, flight);
            }
            // It is scheduled at another time by now.
            _ => drop(self.by_id.remove(&id)),
        }
    }
}

/// The time up to which events count.
fn last_time(to: Timestamp) -> Timestamp {
    to.saturating_add(MAX_LATENESS).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use flight::Boards;
    use rusqlite::params;

    use super::*;
    use crate::index::Index;
    use crate::index_writer;

    /// A fold over this many rows that have left a board, all scheduled in its span.
    fn fold_over(index: &Index, rows: usize) -> FlightFold {
        let board = BoardName::parse("main").expect("a name");
        let (from, to) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(3_600).expect("a time"));
        let write = |db: &Connection| {
            index_writer::write_start(db, &Boards::default(), from)?;
            let opened = crate::board_state::encode_opened(&Value::Null);
            db.execute("INSERT INTO state VALUES ('main', 0, 0, ?)", [opened])?;
            for seq in 1..=i64::try_from(rows).expect("a small number") {
                db.execute(
                    "INSERT INTO change VALUES ('main', ?, ?, 'flightRemoval', NULL, NULL, NULL,
                    NULL, 0, 0, '{}', '{}')",
                    params![seq, seq],
                )?;
                let flight = format!(
                    r#"[["A{seq}", null, null], {{"number": "A{seq}", "airline": "A", "codeshares": [],
                    "scheduled": "1970-01-01T00:10:00Z", "outcome": "Cancelled"}}]"#
                );
                let departed = params![seq, flight];
                db.execute("INSERT INTO departed VALUES ('main', ?, 0, ?)", departed)?;
            }
            Ok(())
        };
        index.write(write).expect("an index in memory");
        let query = PunctualityQuery { from: Some(from), to, now: to };
        let start = |db: &Connection| FlightFold::start(db, &board, HistoryScope::All, query);
        index.read(start).expect("the board is in the index")
    }

    #[test]
    fn flights_are_read_in_slices() {
        let index = Index::open(None).expect("an index in memory");
        let mut fold = fold_over(&index, MAX_SLICE_FLIGHTS + 3);
        let mut read = || index.read(|db| fold.read_slice(db)).expect("the rows are there");
        assert_eq!([read(), read()], [true, false]);
        assert_eq!(fold.finish().overall.cancelled, MAX_SLICE_FLIGHTS + 3);
    }

    #[test]
    fn flights_are_limited() {
        let index = Index::open(None).expect("an index in memory");
        let mut fold = fold_over(&index, 3);
        fold.read = MAX_FOLDED_FLIGHTS - 3;
        assert!(index.read(|db| fold.read_slice(db)).is_ok());
        let mut fold = fold_over(&index, 3);
        fold.read = MAX_FOLDED_FLIGHTS - 2;
        let result = index.read(|db| fold.read_slice(db));
        assert!(matches!(result, Err(HistoryError::TooMuch)), "{result:?}");
    }

    #[test]
    fn rows_removed_meanwhile_are_noticed() {
        let index = Index::open(None).expect("an index in memory");
        let mut fold = fold_over(&index, 3);
        let prune = |db: &Connection| db.execute("UPDATE state SET seq = 2", []);
        index.write(prune).expect("an index in memory");
        let result = index.read(|db| fold.read_slice(db));
        assert!(matches!(result, Err(HistoryError::TooOld { .. })), "{result:?}");
    }
}
