//! The fields of a row that follow from a leg.

use flight::{BoardKind, FIELDS, FieldType, Flight, FlightField};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::leg::{FlightLeg, flight_number};
use crate::resources::AirportResources;
use crate::route;
use crate::state::{StateSigns, block_qualifiers, has_passed};
use crate::times::{OperationTimes, Statement, TimeType};
use crate::xml::XmlElement;

/// Longest code in `RemarkFreeText`, where some senders put a status such as `ARR`.
const MAX_REMARK_CODE_CHARS: usize = 4;

/// The fields that the leg changes in `row`, the row on the board; `null` where it clears them. Without
/// a row, all that the leg has.
///
/// # Errors
/// A value of the leg is invalid: the reason.
pub(crate) fn of_leg(
    leg: &FlightLeg,
    kind: BoardKind,
    row: Option<&Flight>,
) -> Result<Map<String, Value>, String> {
    let mut fields = RowFields(Map::new());
    let data = &leg.data;
    let times = OperationTimes::read(data)?;
    fields.set_route(leg, kind, row);
    fields.set_airline(leg, row);
    fields.set_aircraft(data, row);
    fields.set_codeshares(leg);
    fields.set_resources(data, kind);
    let signs = StateSigns::read(kind, data, &times);
    fields.set_times(&times, kind, &signs, row);
    let change = signs.change(row);
    if let Some(state) = change.state {
        fields.set(FlightField::State, Statement::Value(state.into()));
    }
    match remark(data) {
        Statement::Absent => fields.set(FlightField::Remark, change.remark.map(Value::from)),
        given => fields.set(FlightField::Remark, given.map(Value::from)),
    }
    Ok(fields.0)
}

struct RowFields(Map<String, Value>);

impl RowFields {
    fn set(&mut self, field: FlightField, value: Statement<Value>) {
        let value = match value {
            Statement::Absent => return,
            Statement::Cleared => Value::Null,
            Statement::Value(value) => value,
        };
        self.0.insert(field.name().to_owned(), value);
    }

    fn set_text(&mut self, field: FlightField, text: &str) {
        self.set(field, Statement::Value(text.into()));
    }

    /// Sets the other end and the stops. The legs of a flight do not change, so a message without them
    /// leaves them as they are.
    fn set_route(&mut self, leg: &FlightLeg, kind: BoardKind, row: Option<&Flight>) {
        let mut stops = route::stops(leg, kind);
        let other_end = match kind {
            BoardKind::Arrivals => FlightField::Origin,
            BoardKind::Departures => FlightField::Destination,
        };
        let is_known = row.is_some_and(|row| row.text(other_end).is_some());
        if is_known && stops.len() == 1 {
            return;
        }
        let end = match kind {
            BoardKind::Arrivals => stops.remove(0),
            BoardKind::Departures => stops.pop().unwrap_or_default(),
        };
        self.set_text(other_end, &end);
        if !stops.is_empty() {
            self.set(FlightField::Via, Statement::Value(stops.into()));
        }
    }

    /// Sets the airline's name, or else its code: that of the airline shown to the public if it is another.
    fn set_airline(&mut self, leg: &FlightLeg, row: Option<&Flight>) {
        let shown = leg.data.child("PublicFlightDisplay");
        let shown = shown.and_then(|shown| shown.child_text("AirlineType"));
        let is_known = row.is_some_and(|row| row.text(FlightField::Airline).is_some());
        if shown.is_none() && is_known {
            return;
        }
        let code = shown.unwrap_or(&leg.id.airline).to_ascii_uppercase();
        let airline = codes::airline(&code);
        self.set_text(FlightField::Airline, airline.map_or(&*code, |airline| &*airline.name));
    }

    /// Sets the registration, or else the type if the row has neither.
    fn set_aircraft(&mut self, data: &XmlElement, row: Option<&Flight>) {
        let aircraft = data.child("AircraftInfo");
        let text = |name| aircraft.and_then(|aircraft| aircraft.child_text(name));
        if let Some(registration) = text("Registration") {
            self.set_text(FlightField::Aircraft, registration);
        } else if let Some(model) = text("AircraftType")
            && row.is_none_or(|row| row.text(FlightField::Aircraft).is_none())
        {
            self.set_text(FlightField::Aircraft, model);
        }
    }

    /// Sets the numbers of other airlines. A message with one of them has them all.
    fn set_codeshares(&mut self, leg: &FlightLeg) {
        let shares = leg.data.children_named("CodeShareInfo").filter_map(|share| {
            let airline = share.child_text("Airline")?;
            let digits = share.child_text("FlightNumber")?;
            let suffix = share.child_text("OperationalSuffix").unwrap_or_default();
            Some(flight_number(airline, digits, suffix))
        });
        let mut numbers: Vec<String> = Vec::new();
        for number in shares.filter(|number| *number != leg.id.number) {
            if !numbers.contains(&number) && numbers.len() < max_items(FlightField::Codeshares) {
                numbers.push(number);
            }
        }
        if !numbers.is_empty() {
            self.set(FlightField::Codeshares, Statement::Value(numbers.into()));
        }
    }

    fn set_resources(&mut self, data: &XmlElement, kind: BoardKind) {
        let resources = AirportResources::read(data, kind);
        let terminal = match resources.names("PublicTerminal") {
            Statement::Value(terminal) => Statement::Value(terminal),
            other => match resources.names("AircraftTerminal") {
                Statement::Absent => other,
                terminal => terminal,
            },
        };
        self.set(FlightField::Terminal, terminal.map(Value::from));
        let gate = resources.names("PassengerGate");
        self.set(FlightField::Gate, gate.map(Value::from));
        let stand = resources.names("AircraftParkingPosition");
        self.set(FlightField::Stand, stand.map(Value::from));
        match kind {
            BoardKind::Arrivals => {
                let belt = resources.names("BaggageClaimUnit");
                self.set(FlightField::Belt, belt.map(Value::from));
            }
            BoardKind::Departures => {
                let desks = resources.names("CheckInInfo");
                self.set(FlightField::CheckIn, desks.map(Value::from));
            }
        }
    }

    fn set_times(
        &mut self,
        times: &OperationTimes,
        kind: BoardKind,
        signs: &StateSigns<'_>,
        row: Option<&Flight>,
    ) {
        for (field, end) in [
            (FlightField::Departure, BoardKind::Departures),
            (FlightField::Arrival, BoardKind::Arrivals),
        ] {
            self.set_time(field, times.first(block_qualifiers(end), TimeType::Scheduled));
        }
        let of_board = block_qualifiers(kind);
        self.set_time(FlightField::Estimated, times.first(of_board, TimeType::Estimated));
        let [on_block, on_runway] =
            [&of_board[..1], &of_board[1..]].map(|it| times.first(it, TimeType::Actual));
        let actual = match (on_block, on_runway) {
            _ if signs.has_returned() => Statement::Cleared,
            (Statement::Absent, Statement::Value(at))
                if row.is_some_and(|row| has_passed(row, at)) =>
            {
                Statement::Absent
            }
            (Statement::Absent, on_runway) => on_runway,
            (on_block, _) => on_block,
        };
        self.set_time(FlightField::Actual, actual);
    }

    /// Sets a time, cut to the minute: seconds change with every message and are never shown.
    fn set_time(&mut self, field: FlightField, time: Statement<Timestamp>) {
        let text = time.map(|time| Value::from(time.strftime("%Y-%m-%dT%H:%M:00Z").to_string()));
        self.set(field, text);
    }
}

/// The remark in free text. A code in its place is the sender's own status.
fn remark(data: &XmlElement) -> Statement<String> {
    let Some(element) = data.child("RemarkFreeText") else { return Statement::Absent };
    let Some(text) = element.text() else {
        return if element.is_nil() { Statement::Cleared } else { Statement::Absent };
    };
    let is_code = text.len() <= MAX_REMARK_CODE_CHARS
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if is_code {
        return Statement::Absent;
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Statement::Value(text.chars().take(max_chars(FlightField::Remark)).collect())
}

/// Most characters of a field.
pub(crate) fn max_chars(field: FlightField) -> usize {
    match FIELDS[field as usize].2 {
        FieldType::Text { max_chars } | FieldType::List { max_chars, .. } => max_chars,
        _ => 0,
    }
}

/// Most items of a list.
pub(crate) fn max_items(field: FlightField) -> usize {
    match FIELDS[field as usize].2 {
        FieldType::List { max_items, .. } => max_items,
        _ => 0,
    }
}
