//! The answer for one day.

use flight::{BoardKind, FlightKey};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::flight_entry::FlightEntry;
use crate::answer::{RefusedRow, SourceAnswer};
use crate::row_builder::RowBuilder;
use crate::source::{HttpAnswer, SourceAirport};
use crate::sources::body::{json, json_item, ok_body};

/// The status of an answer without flights.
const NO_CONTENT: u16 = 204;

/// The answer for one day and direction.
#[derive(Clone, Copy)]
pub(super) struct DayReader<'a> {
    pub(super) kind: BoardKind,
    pub(super) day: Date,
    pub(super) airport: &'a SourceAirport,
}

/// The completeness of an answer. Only a complete one proves that other flights do not exist.
pub(super) enum DayBody {
    /// It lists all flights.
    Complete,
    /// It lists none. That may be a fault.
    Empty,
    /// It lists some.
    Incomplete {
        /// The reason.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(default)]
    to: DayHeader,
    #[serde(default)]
    from: DayHeader,
    number_of_flights: Option<usize>,
    #[serde(borrow)]
    flights: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DayHeader {
    arrival_airport_iata: Option<String>,
    departure_airport_iata: Option<String>,
    flight_arrival_date: Option<String>,
    flight_departure_date: Option<String>,
}

impl DayReader<'_> {
    /// Reads the flights into `rows`, and all else into `answer`.
    pub(super) fn read(
        self,
        http_answer: Option<&Result<HttpAnswer, String>>,
        rows: &mut Vec<RowBuilder>,
        answer: &mut SourceAnswer,
    ) -> Result<DayBody, String> {
        if matches!(http_answer, Some(Ok(HttpAnswer { status: NO_CONTENT, .. }))) {
            return Ok(DayBody::Empty);
        }
        let body: Body<'_> = json(ok_body(http_answer)?)?;
        let (code, date) = match self.kind {
            BoardKind::Arrivals => (&body.to.arrival_airport_iata, &body.to.flight_arrival_date),
            BoardKind::Departures => {
                (&body.from.departure_airport_iata, &body.from.flight_departure_date)
            }
        };
        if let Some(code) = code
            && *code != self.airport.code
        {
            return Err(format!(
                "the answer is for the airport {code:?}, not {}",
                self.airport.code
            ));
        }
        for item in &body.flights {
            rows.extend(self.read_item(item, answer));
        }
        if body.flights.is_empty() {
            return Ok(DayBody::Empty);
        }
        let (listed, day) = (body.flights.len(), self.day.to_string());
        let reason = match (date, body.number_of_flights) {
            (Some(date), _) if *date != day => format!("the answer is for the day {date}"),
            (_, Some(number)) if number == listed => return Ok(DayBody::Complete),
            (_, Some(number)) => format!("the answer lists {listed} of {number} flights"),
            (_, None) => "the answer does not say how many flights there are".to_owned(),
        };
        Ok(DayBody::Incomplete { reason })
    }

    fn read_item(self, item: &RawValue, answer: &mut SourceAnswer) -> Option<RowBuilder> {
        let item: FlightEntry = match json_item(item) {
            Ok(item) => item,
            Err(error) => {
                let (row, field) = (String::new(), "flights".to_owned());
                answer.refused.push(RefusedRow { row, field, reason: error.to_string() });
                return None;
            }
        };
        let zone = &self.airport.zone;
        if item.is_deleted() {
            let date = item.date(self.kind, zone).map(|date| date.to_string());
            let key = FlightKey::parse(&item.number(), date.as_deref());
            answer.removed.extend(key.ok().map(|key| (self.kind, key)));
            return None;
        }
        match item.row(self.kind, zone, &mut answer.unknown_words) {
            Ok(row) => Some(row),
            Err(refused) => {
                answer.refused.push(refused);
                None
            }
        }
    }
}
