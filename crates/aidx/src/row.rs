//! The change of a board that follows from a leg.

use flight::{
    BoardKind, Change, FieldValue, FinalState, Flight, FlightField, FlightKey, FlightPatch,
    ParseError, Precondition, Rejection, Timetable, TimetableRow,
};
use serde_json::{Map, Value};

use crate::fields;
use crate::leg::{FlightLeg, SpecialAction, same_airport};

/// Service types (SSIM, appendix C) that are not for the public: freight and mail, positioning, tests,
/// training, military, state and private flights.
const HIDDEN_SERVICE_TYPES: [&str; 14] =
    ["A", "D", "E", "F", "H", "I", "K", "M", "N", "P", "T", "V", "W", "X"];

/// A change, with the condition that the row is still the one for which it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegChange {
    /// The change.
    pub change: Change,
    /// The condition.
    pub precondition: Option<Precondition>,
    /// Why the leg changes nothing if there is no such row.
    pub without_row: String,
}

impl FlightLeg {
    /// The change of `board` that follows from the leg.
    ///
    /// # Errors
    /// The board must not change, for this reason, of which the leg is the subject.
    pub fn change(&self, board: &Timetable) -> Result<LegChange, String> {
        if self.special_action == Some(SpecialAction::LockDown) {
            return Err("is locked down, so its row stays as it is".to_owned());
        }
        let (key, row) = self.find_row(board)?;
        if let Some(reason) = self.hidden_because() {
            return removal(board, key, reason);
        }
        let kind = board.settings().kind;
        let mut fields = fields::of_leg(self, kind, row.map(TimetableRow::flight))?;
        let Ok(Value::Object(key_fields)) = serde_json::to_value(&key) else {
            return Err("has no key".to_owned());
        };
        fields.extend(key_fields);
        let (change, precondition) = match row {
            Some(row) => {
                let patch = FlightPatch::try_from(fields).map_err(explain)?;
                (patch.into(), Precondition::Version(vec![row.version()]))
            }
            None => (new_row(board, fields)?.into(), Precondition::Absent),
        };
        let without_row = "is not on the board".to_owned();
        Ok(LegChange { change, precondition: Some(precondition), without_row })
    }

    /// Why the public must not see the leg, if it must not.
    fn hidden_because(&self) -> Option<String> {
        match self.special_action {
            Some(SpecialAction::Delete) => return Some("is not on the board".to_owned()),
            Some(SpecialAction::DoNotDisplay) => return Some("must not be displayed".to_owned()),
            Some(SpecialAction::LockDown) | None => {}
        }
        if !self.id.is_current {
            return Some("was replaced by a later attempt to depart".to_owned());
        }
        let service = self.data.child_text("ServiceType")?;
        let is_hidden = HIDDEN_SERVICE_TYPES.contains(&service);
        is_hidden.then(|| format!("has the service type {service}, which is not for the public"))
    }

    /// The key of the leg's row, and the row if it is on the board.
    ///
    /// A flight may call at an airport twice, so that two legs have the same number and date. The leg
    /// that came second has its other end in its key.
    fn find_row<'a>(
        &self,
        board: &'a Timetable,
    ) -> Result<(FlightKey, Option<&'a TimetableRow>), String> {
        let kind = board.settings().kind;
        let other_end = self.other_airport(kind);
        let legs = match self.id.repeat {
            None => [None, Some(other_end.to_owned())],
            Some(repeat) => [Some(repeat.to_string()), Some(format!("{other_end}:{repeat}"))],
        };
        let mut free_key = None;
        for leg in legs {
            let key = self.key(leg).map_err(explain)?;
            match board.find(&key).ok().filter(|row| *row.flight().key() == key) {
                Some(row) if has_other_neighbour(row.flight(), kind, other_end) => {}
                Some(row) => return Ok((key, Some(row))),
                None => free_key = free_key.or(Some(key)),
            }
        }
        let key = free_key.ok_or("has the key of two other legs on the board")?;
        Ok((key, None))
    }

    fn key(&self, leg: Option<String>) -> Result<FlightKey, ParseError> {
        let mut fields = Map::new();
        fields.insert("flight".to_owned(), self.id.number.clone().into());
        fields.insert("date".to_owned(), self.id.origin_date.to_string().into());
        fields.extend(leg.map(|leg| ("leg".to_owned(), leg.into())));
        fields.try_into()
    }
}

/// The removal of a row that the public must not see. It is published without a row too, so that an older
/// message which arrives later does not show the leg.
fn removal(board: &Timetable, key: FlightKey, reason: String) -> Result<LegChange, String> {
    match board.find(&key) {
        // A key without a leg also finds the row of another leg.
        Ok(row) if *row.flight().key() != key => Err(reason),
        Err(Rejection::AmbiguousFlight { .. }) => Err(reason),
        _ => Ok(LegChange {
            change: Change::RemoveFlight(key),
            precondition: None,
            without_row: reason,
        }),
    }
}

fn new_row(board: &Timetable, fields: Map<String, Value>) -> Result<Flight, String> {
    let flight = Flight::try_from(fields).map_err(explain)?;
    let scheduled = board.settings().kind.scheduled_field();
    if flight.text(scheduled).is_none() {
        let reason = format!("is not on the board, and has no scheduled {}", scheduled.name());
        return Err(reason);
    }
    // After a row has left, reports about its end go on: of take-off, of the last bag.
    let state = flight.text(FlightField::State).unwrap_or_default();
    if FinalState::parse(state).is_some() && board.removed_as_of(flight.key()).is_some() {
        return Err(format!("has left the board, and is {state}"));
    }
    Ok(flight)
}

/// Returns whether the row comes from, or goes to, another known airport first.
fn has_other_neighbour(flight: &Flight, kind: BoardKind, neighbour: &str) -> bool {
    let stops = match flight.value(FlightField::Via) {
        Some(FieldValue::List(stops)) => &**stops,
        _ => &[],
    };
    let (stop, end) = match kind {
        BoardKind::Arrivals => (stops.last(), FlightField::Origin),
        BoardKind::Departures => (stops.first(), FlightField::Destination),
    };
    let known = stop.map(String::as_str).or_else(|| flight.text(end));
    known.is_some_and(|code| codes::airport(code).is_some() && !same_airport(code, neighbour))
}

fn explain(error: ParseError) -> String {
    format!("has an invalid value: {} {}", error.field, error.reason)
}
