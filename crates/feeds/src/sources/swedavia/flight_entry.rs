//! One flight of an answer.

use flight::{BoardKind, FlightField};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::Value;

use crate::answer::RefusedRow;
use crate::row_builder::{RowBuilder, without_blanks};
use crate::sources::values::{airline_name, local_date, required_time};

/// The beginnings of remarks that repeat states or times.
const REPEATED_REMARKS: [&str; 12] = [
    "Approach",
    "Arrives",
    "Boarding",
    "Departed",
    "Estimated",
    "Final call",
    "First bag",
    "Gate closed",
    "Gate open",
    "Go to Gate",
    "Landed",
    "Last bag",
];

/// One flight. The source leaves out or empties fields as it likes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FlightEntry {
    flight_id: String,
    arrival_airport_english: String,
    departure_airport_english: String,
    airline_operator: AirlineOperator,
    arrival_time: ItemTimes,
    departure_time: ItemTimes,
    location_and_status: LocationAndStatus,
    check_in: CheckInDesks,
    baggage: ItemBaggage,
    code_share_data: Vec<String>,
    flight_leg_identifier: LegIdentifier,
    via_destinations: Vec<Value>,
    remarks_english: Vec<ItemRemark>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AirlineOperator {
    iata: String,
    icao: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ItemTimes {
    scheduled_utc: String,
    estimated_utc: String,
    actual_utc: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LocationAndStatus {
    terminal: String,
    gate: String,
    gate_action: String,
    flight_leg_status: String,
    flight_leg_status_english: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CheckInDesks {
    check_in_status: String,
    check_in_desk_from: Value,
    check_in_desk_to: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ItemBaggage {
    baggage_claim_unit: String,
    first_bag_utc: String,
    last_bag_utc: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LegIdentifier {
    flight_id: String,
    flight_departure_date_utc: String,
    departure_airport_iata: String,
    arrival_airport_iata: String,
    aircraft_registration: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ItemRemark {
    text: String,
}

impl FlightEntry {
    /// The flight number.
    pub(super) fn number(&self) -> String {
        let id = &self.flight_leg_identifier.flight_id;
        without_blanks(if id.is_empty() { &self.flight_id } else { id })
    }

    /// Returns whether the row was created in error and is to be hidden.
    pub(super) fn is_deleted(&self) -> bool {
        self.location_and_status.flight_leg_status == "DEL"
    }

    /// The day of the leg's departure.
    pub(super) fn date(&self, kind: BoardKind, zone: &TimeZone) -> Option<Date> {
        let date = self.flight_leg_identifier.flight_departure_date_utc.get(..10);
        let date = date.and_then(|date| date.parse().ok());
        date.or_else(|| Some(local_date(self.times(kind).scheduled_utc.parse().ok()?, zone)))
    }

    pub(super) fn row(
        &self,
        kind: BoardKind,
        zone: &TimeZone,
        unknown_words: &mut Vec<String>,
    ) -> Result<RowBuilder, RefusedRow> {
        let leg = &self.flight_leg_identifier;
        let (other_end, code, name, scheduled) = match kind {
            BoardKind::Arrivals => (
                FlightField::Origin,
                &leg.departure_airport_iata,
                &self.departure_airport_english,
                FlightField::Arrival,
            ),
            BoardKind::Departures => (
                FlightField::Destination,
                &leg.arrival_airport_iata,
                &self.arrival_airport_english,
                FlightField::Departure,
            ),
        };
        let number = self.number();
        let schedule_time =
            required_time(&number, "scheduledUtc", &self.times(kind).scheduled_utc)?;
        let place = &self.location_and_status;
        let mut row = RowBuilder::new(kind, &number);
        if let Some(date) = self.date(kind, zone) {
            row.key("date", date);
        }
        row.text(other_end, if code.is_empty() { name } else { code })
            .list(FlightField::Via, self.via_destinations.iter().map(via_name))
            .text(FlightField::Airline, self.airline_operator.shown_name())
            .list(FlightField::Codeshares, self.code_share_data.iter().map(|id| without_blanks(id)))
            .text(FlightField::Aircraft, &leg.aircraft_registration)
            .time(scheduled, Some(schedule_time), zone)
            .time(FlightField::Estimated, self.estimated(kind, schedule_time, zone), zone)
            .time(FlightField::Actual, self.actual(kind, schedule_time, zone), zone)
            .text(FlightField::Terminal, &place.terminal)
            .text(FlightField::Gate, &place.gate)
            .text(FlightField::Belt, &self.baggage.baggage_claim_unit)
            .text(FlightField::CheckIn, &self.check_in.shown());
        match self.state(kind) {
            Some(state) => row.text(FlightField::State, state),
            None => {
                unknown_words.push(place.flight_leg_status.clone());
                &mut row
            }
        };
        row.text(FlightField::Remark, &self.remark(kind));
        Ok(row)
    }

    fn state(&self, kind: BoardKind) -> Option<&'static str> {
        let status = &*self.location_and_status.flight_leg_status;
        // The flight's own status comes before the state of its gate, which stays "closed" after the
        // departure, and before its remarks.
        match (status, kind) {
            ("CAN", _) => Some("cancelled"),
            ("DIV" | "RER", _) => Some("diverted"),
            ("ACT" | "LAN", BoardKind::Departures) => Some("departed"),
            ("LAN", BoardKind::Arrivals) => Some(self.baggage_state().unwrap_or("landed")),
            ("ACT" | "SEQ", BoardKind::Arrivals) => Some(self.remark_state().unwrap_or("expected")),
            ("SEQ", BoardKind::Departures) => Some(self.handling_state().unwrap_or("expected")),
            ("SCH" | "FPL" | "FLS" | "", _) => {
                let state = match kind {
                    BoardKind::Arrivals => self.remark_state(),
                    BoardKind::Departures => self.handling_state(),
                };
                Some(state.unwrap_or("scheduled"))
            }
            _ => None,
        }
    }

    /// The state of an arrival whose status has stayed behind.
    fn remark_state(&self) -> Option<&'static str> {
        let landed = || self.has_remark("Landed").then_some("landed");
        let landing = || self.has_remark("Approach").then_some("landing");
        self.baggage_state().or_else(landed).or_else(landing)
    }

    fn baggage_state(&self) -> Option<&'static str> {
        let times = [&self.baggage.first_bag_utc, &self.baggage.last_bag_utc];
        let has_begun = times.iter().any(|time| !time.is_empty())
            || self.has_remark("First bag")
            || self.has_remark("Last bag");
        has_begun.then_some("baggage")
    }

    /// The state of a departure at its gate or its desks.
    fn handling_state(&self) -> Option<&'static str> {
        let check_in = || (self.check_in.check_in_status == "O").then_some("check-in");
        self.gate_state().or_else(check_in)
    }

    fn gate_state(&self) -> Option<&'static str> {
        match &*self.location_and_status.gate_action {
            "I" | "O" => Some("gate open"),
            "F" if self.has_remark("Final call") => Some("final call"),
            "B" | "F" => Some("boarding"),
            "C" => Some("gate closed"),
            _ => None,
        }
    }

    fn times(&self, kind: BoardKind) -> &ItemTimes {
        match kind {
            BoardKind::Arrivals => &self.arrival_time,
            BoardKind::Departures => &self.departure_time,
        }
    }

    /// The estimate. A text counts only where the field is missing: the two may contradict each other.
    fn estimated(
        &self,
        kind: BoardKind,
        scheduled: Timestamp,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let time = self.times(kind).estimated_utc.parse().ok();
        time.or_else(|| self.text_time(&["Estimated", "Arrives"], scheduled, zone))
    }

    fn actual(&self, kind: BoardKind, scheduled: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let time = self.times(kind).actual_utc.parse().ok();
        let word = match kind {
            BoardKind::Arrivals => "Landed",
            BoardKind::Departures => "Departed",
        };
        time.or_else(|| self.text_time(&[word], scheduled, zone))
    }

    /// The time of day in the text of the status or of a remark, such as `Estimated 14:21`: on the day that brings it
    /// nearest to the schedule.
    fn text_time(
        &self,
        words: &[&str],
        scheduled: Timestamp,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let remarks = self.remarks_english.iter().map(|remark| &*remark.text);
        let mut texts =
            remarks.chain([&*self.location_and_status.flight_leg_status_english]).map(str::trim);
        let time = texts.find_map(|text| {
            let time = words.iter().find_map(|word| text.strip_prefix(word))?;
            Time::strptime("%H:%M", time.trim()).ok()
        })?;
        let day = local_date(scheduled, zone);
        let candidates = [-1, 0, 1].map(|days: i32| {
            let date = day.saturating_add(days.days());
            zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok()
        });
        let distance = |time: &Timestamp| time.duration_since(scheduled).abs();
        let nearest = candidates.into_iter().flatten().min_by_key(distance)?;
        (distance(&nearest) <= SignedDuration::from_hours(12)).then_some(nearest)
    }

    /// The text of a status without a state of its own, and remarks that say more than the other fields.
    fn remark(&self, kind: BoardKind) -> String {
        let place = &self.location_and_status;
        let has_text = self.state(kind).is_none() || place.flight_leg_status == "FLS";
        let status = match &*place.flight_leg_status_english {
            "" => &place.flight_leg_status,
            text => text,
        };
        let remarks = self.remarks_english.iter().map(|remark| remark.text.trim());
        let is_new = |text: &&str| {
            !REPEATED_REMARKS.iter().any(|known| text.starts_with(known)) && *text != status
        };
        let texts = has_text.then_some(status).into_iter().chain(remarks.filter(is_new));
        texts.collect::<Vec<_>>().join(", ")
    }

    fn has_remark(&self, word: &str) -> bool {
        let starts = |remark: &ItemRemark| {
            let start = remark.text.get(..word.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        self.remarks_english.iter().any(starts)
    }
}

impl AirlineOperator {
    fn shown_name(&self) -> &str {
        match (&*self.name, &*self.iata) {
            ("", "") => airline_name(&self.icao),
            ("", iata) => airline_name(iata),
            (name, _) => name,
        }
    }
}

impl CheckInDesks {
    /// The desks, such as `12-18`.
    fn shown(&self) -> String {
        let (from, to) = (desk(&self.check_in_desk_from), desk(&self.check_in_desk_to));
        if to.is_empty() || from == to { from } else { format!("{from}-{to}") }
    }
}

/// A desk: a number or a text.
fn desk(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
}

/// A stop on the way: a code, or an object with code and name.
fn via_name(value: &Value) -> &str {
    let names = ["airportIATA", "airportIata", "airportEnglish"];
    let named = names.iter().find_map(|name| value.get(name)?.as_str());
    value.as_str().or(named).unwrap_or_default()
}
