//! The pairs of an answer's rows and the board's rows.

use std::collections::{HashMap, HashSet};

use flight::{BoardKind, FieldValue, FinalState, Flight, FlightField, FlightKey, FlightPatch};
use jiff::Timestamp;
use jiff::civil::Date;

/// The suffix of a flight that was put off to the next day (`CX 362` becomes `CX 362D`).
const POSTPONED_SUFFIX: char = 'D';

/// One row of an answer, full or delta.
#[derive(Debug)]
pub(super) struct AnswerRow<'a> {
    pub(super) key: &'a FlightKey,
    /// The scheduled time at the board's airport.
    pub(super) scheduled: Option<Timestamp>,
    /// The other airport.
    other_end: Option<&'a str>,
    /// The values that the row is to have; `None` clears a field.
    pub(super) values: Vec<(FlightField, Option<&'a FieldValue>)>,
}

/// One row of an answer with the row of the board that is the same flight.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) row: AnswerRow<'a>,
    pub(super) on_board: Option<&'a Flight>,
}

/// The parts of a flight's identity that stay the same when its number gets or loses a suffix, or its
/// key a leg.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct LastingIdentity {
    number: String,
    date: Option<Date>,
    scheduled: Timestamp,
}

/// The board's rows by key.
#[derive(Debug)]
pub(super) struct BoardIndex<'a> {
    kind: BoardKind,
    rows: &'a [Flight],
    by_key: HashMap<&'a FlightKey, &'a Flight>,
}

impl<'a> AnswerRow<'a> {
    /// A full row, of which all `fields` that are absent are cleared, except the state.
    pub(super) fn full(kind: BoardKind, flight: &'a Flight, fields: &[FlightField]) -> Self {
        let values = fields.iter().map(|field| (*field, flight.value(*field)));
        let values =
            values.filter(|(field, value)| value.is_some() || *field != FlightField::State);
        Self {
            key: flight.key(),
            scheduled: flight.timestamp(kind.scheduled_field()),
            other_end: flight.text(other_end_field(kind)),
            values: values.collect(),
        }
    }

    /// A delta row, whose absent fields stay as they are.
    pub(super) fn delta(kind: BoardKind, patch: &'a FlightPatch) -> Self {
        let value = |field| patch.changes().get(&field).and_then(Option::as_ref);
        let text = |field| match value(field) {
            Some(FieldValue::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let values = patch.changes().iter();
        Self {
            key: patch.key(),
            scheduled: text(kind.scheduled_field()).and_then(|text| text.parse().ok()),
            other_end: text(other_end_field(kind)),
            values: values.map(|(field, value)| (*field, value.as_ref())).collect(),
        }
    }

    pub(super) fn to_flight(&self) -> Flight {
        let values = self.values.iter().map(|(field, value)| (*field, value.cloned()));
        FlightPatch::new(self.key.clone(), values.collect()).into()
    }

    /// The state, unless the answer leaves it as it is.
    pub(super) fn state(&self) -> Option<&'a str> {
        let mut values = self.values.iter();
        match values.find(|(field, _)| *field == FlightField::State)? {
            (_, Some(FieldValue::Text(state))) => Some(state),
            _ => None,
        }
    }

    pub(super) fn final_state(&self) -> Option<FinalState> {
        self.state().and_then(FinalState::parse)
    }

    pub(super) fn lasting_identity(&self) -> Option<LastingIdentity> {
        LastingIdentity::new(self.key, self.scheduled)
    }
}

impl LastingIdentity {
    pub(super) fn new(key: &FlightKey, scheduled: Option<Timestamp>) -> Option<Self> {
        let number = number_stem(key.flight()).to_owned();
        Some(Self { number, date: key.date(), scheduled: scheduled? })
    }

    fn of_flight(kind: BoardKind, flight: &Flight) -> Option<Self> {
        Self::new(flight.key(), flight.timestamp(kind.scheduled_field()))
    }
}

impl<'a> BoardIndex<'a> {
    pub(super) fn new(kind: BoardKind, rows: &'a [Flight]) -> Self {
        Self { kind, rows, by_key: rows.iter().map(|row| (row.key(), row)).collect() }
    }

    pub(super) fn rows(&self) -> &'a [Flight] {
        self.rows
    }

    pub(super) fn get(&self, key: &FlightKey) -> Option<&'a Flight> {
        self.by_key.get(key).copied()
    }

    pub(super) fn scheduled(&self, row: &Flight) -> Option<Timestamp> {
        row.timestamp(self.kind.scheduled_field())
    }

    pub(super) fn lasting_identity(&self, row: &Flight) -> Option<LastingIdentity> {
        LastingIdentity::of_flight(self.kind, row)
    }

    /// Pairs each row of an answer with the board's row of the same key, else with one that no other
    /// row of the answer has and that is the same flight. Of several rows with one key, the first counts.
    pub(super) fn pair(&self, answer: Vec<AnswerRow<'a>>) -> Vec<Pair<'a>> {
        let mut keys = HashSet::new();
        let rows = answer.into_iter().filter(|row| keys.insert(row.key));
        let mut pairs: Vec<_> = rows.map(|row| Pair { on_board: self.get(row.key), row }).collect();
        let single = self.rows.iter().filter(|row| !keys.contains(row.key()));
        let mut single: HashMap<_, _> =
            single.filter_map(|row| Some((self.lasting_identity(row)?, row))).collect();
        if single.is_empty() {
            return pairs;
        }
        for Pair { row, on_board } in &mut pairs {
            // Where the source gives a leg no longer, the key may be that of the number's other leg.
            let is_certain = on_board.is_some_and(|found| self.scheduled(found) == row.scheduled);
            let Some(identity) = row.lasting_identity().filter(|_| !is_certain) else { continue };
            let Some(same) = single.get(&identity) else { continue };
            let is_same_flight = row.key.flight() == same.key().flight()
                || on_board.is_none() && row.other_end == same.text(other_end_field(self.kind));
            if is_same_flight {
                *on_board = single.remove(&identity);
            }
        }
        pairs
    }
}

/// The number without the suffix of a postponed flight.
pub(crate) fn number_stem(number: &str) -> &str {
    let stem = number.strip_suffix(POSTPONED_SUFFIX);
    stem.filter(|stem| stem.ends_with(|last: char| last.is_ascii_digit())).unwrap_or(number)
}

fn other_end_field(kind: BoardKind) -> FlightField {
    match kind {
        BoardKind::Arrivals => FlightField::Origin,
        BoardKind::Departures => FlightField::Destination,
    }
}
