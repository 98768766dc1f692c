//! The rows of one board, as they were before.

use std::collections::BTreeMap;

use flight::{BoardKind, Flight, FlightField};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::known_row::KnownRow;
use super::traffic::FlightSighting;
use crate::answer::SourceAnswer;

/// The time for which a row stays after its pilot has disconnected.
const MAX_ABSENCE: SignedDuration = SignedDuration::from_mins(5);

/// The rows of one board. There are no more than rows on the board and flights in the newest file.
#[derive(Debug)]
pub(crate) struct KnownRows {
    kind: BoardKind,
    /// By callsign and the name of the other end.
    rows: BTreeMap<(String, String), KnownRow>,
}

impl KnownRows {
    pub(crate) fn new(kind: BoardKind) -> Self {
        Self { kind, rows: BTreeMap::new() }
    }

    pub(crate) fn kind(&self) -> BoardKind {
        self.kind
    }

    /// Notes which rows are on the board, and learns those from before a restart.
    pub(crate) fn recall(&mut self, rows: &[Flight]) {
        self.rows.values_mut().for_each(|known| known.is_on_board = false);
        let other_end = match self.kind {
            BoardKind::Arrivals => FlightField::Origin,
            BoardKind::Departures => FlightField::Destination,
        };
        for row in rows {
            let Some(date) = row.key().date() else { continue };
            let other_end = row.text(other_end).unwrap_or_default().to_owned();
            let key = (row.key().flight().to_owned(), other_end);
            let recalled = || KnownRow::recalled(self.kind, row, date);
            self.rows.entry(key).or_insert_with(recalled).is_on_board = true;
        }
    }

    /// Reads the flights of this board into rows. `today` is the date of those seen for the first time.
    pub(crate) fn read(
        &mut self,
        sightings: &[FlightSighting],
        now: Timestamp,
        today: Date,
        zone: &TimeZone,
        answer: &mut SourceAnswer,
    ) {
        let kind = self.kind;
        for sighting in sightings.iter().filter(|sighting| sighting.kind == kind) {
            let Some(known) = self.take(sighting, now, today) else { continue };
            // A row that the board has shown to the end does not come back.
            if known.is_on_board || !known.is_final() {
                match known.row(sighting, zone) {
                    Ok(row) => answer.full_rows.push(row),
                    Err(refused) => answer.refused.push(refused),
                }
            }
            let key = (sighting.callsign.clone(), sighting.other_end().name.clone());
            self.rows.insert(key, known);
        }
    }

    /// Takes the row of a flight. None if it does not belong on the board.
    fn take(&mut self, sighting: &FlightSighting, now: Timestamp, today: Date) -> Option<KnownRow> {
        let other_end = &sighting.other_end().name;
        let key = (sighting.callsign.clone(), other_end.clone());
        if let Some(known) = self.rows.remove(&key) {
            return Some(known.seen_again(sighting, now));
        }
        let mut others = self.rows.iter().filter(|((callsign, _), _)| *callsign == key.0);
        // A callsign has one plan at a time: another end is an amendment of it, or after the end of
        // a flight the next one.
        if let Some((amended, _)) = others.clone().find(|(_, known)| !known.is_final()) {
            let amended = amended.clone();
            return self.rows.remove(&amended).map(|known| known.seen_again(sighting, now));
        }
        let state = sighting.first_state(now)?;
        let has_twin = others.any(|(_, known)| known.is_on_board && known.date == today);
        let leg = has_twin.then(|| other_end.clone());
        Some(KnownRow::first_seen(sighting, today, leg, state, now))
    }

    /// Counts the absence of all flights from now on.
    pub(crate) fn excuse_absent(&mut self, now: Timestamp) {
        self.rows.values_mut().for_each(|known| known.last_seen = Some(now));
    }

    /// Removes rows whose pilots have left. Rows in final states leave the board by themselves.
    pub(crate) fn remove_absent(&mut self, now: Timestamp, answer: &mut SourceAnswer) {
        self.rows.retain(|(callsign, _), known| {
            let last_seen = *known.last_seen.get_or_insert(now);
            if now.duration_since(last_seen) < MAX_ABSENCE {
                return true;
            }
            if known.is_final() {
                return known.is_on_board;
            }
            let key = known.key(callsign).filter(|_| known.is_on_board);
            answer.removed.extend(key.map(|key| (self.kind, key)));
            false
        });
    }
}
