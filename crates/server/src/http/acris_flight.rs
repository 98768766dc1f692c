//! A row in the model of ACRIS Seamless Travel (ACI's `ACRISFlight.schema.json`).

use flight::{BoardKind, FieldValue, Flight, FlightField, FlightRow, TimetableRow};
use jiff::Timestamp;
use serde::Serialize;

/// A flight, as ACRIS describes it. Absent values are left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcrisFlight {
    operating_airline: AcrisAirline,
    #[serde(skip_serializing_if = "Option::is_none")]
    aircraft_type: Option<AcrisAircraft>,
    flight_number: AcrisFlightNumber,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_shares: Vec<AcrisFlightNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    departure_airport: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrival_airport: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    departure: Option<AcrisDeparture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrival: Option<AcrisArrival>,
    flight_status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    via: Vec<AcrisStop>,
    last_update: String,
    #[serde(skip)]
    scheduled: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AcrisAirline {
    #[serde(skip_serializing_if = "Option::is_none")]
    iata_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icao_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AcrisAircraft {
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct AcrisFlightNumber {
    airline_code: String,
    track_number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    suffix: String,
}

#[derive(Debug, Default, Serialize)]
struct AcrisTimes {
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AcrisDeparture {
    #[serde(flatten)]
    times: AcrisTimes,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkin_info: Option<AcrisCheckIn>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AcrisCheckIn {
    checkin_location: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AcrisArrival {
    #[serde(flatten)]
    times: AcrisTimes,
    #[serde(skip_serializing_if = "Option::is_none")]
    baggage_claim: Option<AcrisBaggageClaim>,
}

#[derive(Debug, Serialize)]
struct AcrisBaggageClaim {
    carousel: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AcrisStop {
    via_airport: String,
}

impl AcrisFlight {
    /// The row of a board of `kind` at `airport`.
    pub(crate) fn new(row: &TimetableRow, kind: BoardKind, airport: &str) -> Self {
        let flight = row.flight();
        let text = |field| flight.text(field).map(str::to_owned);
        let number = AcrisFlightNumber::split(flight.key().flight());
        let here = Some(iata(airport));
        let (departure_airport, arrival_airport) = match kind {
            BoardKind::Arrivals => (flight.text(FlightField::Origin).map(iata), here),
            BoardKind::Departures => (here, flight.text(FlightField::Destination).map(iata)),
        };
        let (departure, arrival) = ends(row.row(), kind);
        let shares = list(flight, FlightField::Codeshares).iter();
        let stops = list(flight, FlightField::Via).iter();
        Self {
            operating_airline: AcrisAirline::new(&number.airline_code, text(FlightField::Airline)),
            aircraft_type: flight.text(FlightField::Aircraft).map(AcrisAircraft::new),
            flight_number: number,
            code_shares: shares.map(|share| AcrisFlightNumber::split(share)).collect(),
            departure_airport,
            arrival_airport,
            origin_date: flight.key().date().map(|date| date.to_string()),
            departure,
            arrival,
            flight_status: status(flight.text(FlightField::State).unwrap_or_default()),
            via: stops.map(|stop| AcrisStop { via_airport: iata(stop) }).collect(),
            last_update: format!("{:.0}", row.changed_at()),
            scheduled: row.row().instant(kind.scheduled_field()),
        }
    }

    /// The scheduled time at the airport.
    pub(crate) fn scheduled(&self) -> Option<Timestamp> {
        self.scheduled
    }
}

impl AcrisAirline {
    fn new(code: &str, name: Option<String>) -> Self {
        let code = code.to_ascii_uppercase();
        let known = codes::airline(&code);
        let (iata, icao) = match known {
            Some(airline) => (airline.iata.clone(), Some(airline.icao.clone())),
            None if code.len() == 3 => (None, Some(code)),
            None => (Some(code), None),
        };
        let name = name.or_else(|| known.map(|airline| airline.name.clone()));
        Self { iata_code: iata, icao_code: icao, name }
    }
}

impl AcrisAircraft {
    /// A row has the registration or the type. The codes of types have at most four characters.
    fn new(text: &str) -> Self {
        let text = text.to_owned();
        match text.len() {
            0..=4 => Self { model_name: Some(text), registration: None },
            _ => Self { model_name: None, registration: Some(text) },
        }
    }
}

impl AcrisFlightNumber {
    /// Splits a number such as `SK1472`, `7C1101` or `TOM7623A`. An airline's code has three letters, or
    /// two characters, of which one may be a digit.
    fn split(number: &str) -> Self {
        let number: String = number.split_whitespace().collect();
        let digits_at = if number.as_bytes().get(2).is_some_and(u8::is_ascii_digit) {
            2
        } else {
            number.find(|char: char| char.is_ascii_digit()).unwrap_or(number.len())
        };
        let (airline, track) = number.split_at(digits_at);
        let suffix = track.len() - track.trim_end_matches(|char: char| char.is_alphabetic()).len();
        let (track, suffix) = track.split_at(track.len() - suffix);
        Self {
            airline_code: airline.to_owned(),
            track_number: track.to_owned(),
            suffix: suffix.to_owned(),
        }
    }
}

/// The departure and the arrival. Of the end that is elsewhere, a row has at most the scheduled time.
fn ends(row: &FlightRow, kind: BoardKind) -> (Option<AcrisDeparture>, Option<AcrisArrival>) {
    let flight = row.flight();
    let text = |field| flight.text(field).map(str::to_owned);
    let time = |field| row.instant(field).map(|time| format!("{time:.0}"));
    let here = |scheduled| AcrisTimes {
        scheduled: time(scheduled),
        estimated: time(FlightField::Estimated),
        actual: time(FlightField::Actual),
        terminal: text(FlightField::Terminal),
        gate: text(FlightField::Gate),
    };
    let elsewhere = |scheduled| {
        let scheduled = time(scheduled)?;
        Some(AcrisTimes { scheduled: Some(scheduled), ..AcrisTimes::default() })
    };
    match kind {
        BoardKind::Arrivals => {
            let departure = elsewhere(FlightField::Departure)
                .map(|times| AcrisDeparture { times, checkin_info: None });
            let baggage_claim =
                text(FlightField::Belt).map(|carousel| AcrisBaggageClaim { carousel });
            let arrival = AcrisArrival { times: here(FlightField::Arrival), baggage_claim };
            (departure, Some(arrival))
        }
        BoardKind::Departures => {
            let arrival = elsewhere(FlightField::Arrival)
                .map(|times| AcrisArrival { times, baggage_claim: None });
            let checkin_info = text(FlightField::CheckIn)
                .map(|checkin_location| AcrisCheckIn { checkin_location });
            let departure = AcrisDeparture { times: here(FlightField::Departure), checkin_info };
            (Some(departure), arrival)
        }
    }
}

/// `flightStatus` for a state. ACRIS has no word for an aircraft at its gate but the start of the
/// baggage claim, and none for check-in.
fn status(state: &str) -> &'static str {
    match &*state.to_ascii_lowercase() {
        "cancelled" => "Canceled",
        "diverted" => "Diverted",
        "gate open" => "GateOpened",
        "boarding" | "final call" => "Boarding",
        "gate closed" => "GateClosed",
        "departed" => "Departed",
        "landing" => "InApproach",
        "landed" => "Landed",
        "at gate" | "baggage" => "BagClaimStarted",
        _ => "Scheduled",
    }
}

fn list(flight: &Flight, field: FlightField) -> &[String] {
    match flight.value(field) {
        Some(FieldValue::List(items)) => items,
        _ => &[],
    }
}

/// The IATA code of an airport, if it is known, else the text of the row.
fn iata(text: &str) -> String {
    let airport = codes::airport(text).and_then(|airport| airport.iata.clone());
    airport.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flight_numbers_are_split() {
        for (number, airline, track, suffix) in [
            ("SK1472", "SK", "1472", ""),
            ("JQ355", "JQ", "355", ""),
            ("7C1101", "7C", "1101", ""),
            ("A33302", "A3", "3302", ""),
            ("5O0711", "5O", "0711", ""),
            ("TOM7623A", "TOM", "7623", "A"),
            ("CX 251", "CX", "251", ""),
            ("ABC", "ABC", "", ""),
        ] {
            let split = AcrisFlightNumber::split(number);
            let parts = (&*split.airline_code, &*split.track_number, &*split.suffix);
            assert_eq!(parts, (airline, track, suffix), "{number}");
        }
    }

    #[test]
    fn states_have_a_status() {
        for (state, expected) in [
            ("", "Scheduled"),
            ("check-in", "Scheduled"),
            ("FINAL CALL", "Boarding"),
            ("at gate", "BagClaimStarted"),
            ("cancelled", "Canceled"),
        ] {
            assert_eq!(status(state), expected, "{state}");
        }
    }
}
