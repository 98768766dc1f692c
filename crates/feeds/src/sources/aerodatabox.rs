//! AeroDataBox, a commercial source for many airports: polling by RapidAPI, and bodies of its webhook.

use std::time::Duration;

use flight::{BoardKind, FlightField};
use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::codeshares::join_codeshares;
use self::flight_item::{FlightContract, FlightItem};
use super::body::{json, json_item, ok_body};
use crate::answer::{AnswerOutcome, RefusedRow, SourceAnswer};
use crate::row_builder::build_rows;
use crate::source::{HttpAnswer, Source, SourceAirport, SourceKey, SourceRequest, SourceTerms};

/// One flight of an answer.
mod flight_item;

/// Rows of one flight under several numbers.
mod codeshares;

/// The body of the webhook.
mod webhook;

pub use webhook::AerodataboxWebhook;

pub(crate) const TERMS: SourceTerms = SourceTerms {
    name: "aerodatabox",
    title: "AeroDataBox",
    owner: "AeroDataBox via RapidAPI/API.Market",
    key: SourceKey::Header("X-RapidAPI-Key"),
    least_interval: Duration::from_secs(60),
    // Of the free plan, for requests of this kind.
    monthly_requests: Some(300),
    terms: "commercial, unread: no redistribution of raw data supposed; by units, budget per month",
    attribution: "AeroDataBox",
    link: None,
    board_note: None,
};

const FIELDS: &[FlightField] = &[
    FlightField::Origin,
    FlightField::Destination,
    FlightField::Airline,
    FlightField::Codeshares,
    FlightField::Aircraft,
    FlightField::Arrival,
    FlightField::Departure,
    FlightField::Estimated,
    FlightField::Actual,
    FlightField::State,
    FlightField::Terminal,
    FlightField::Gate,
    FlightField::Belt,
    FlightField::CheckIn,
    FlightField::Remark,
];

/// RapidAPI finds the source by this header.
const HEADERS: &[(&str, &str)] = &[("X-RapidAPI-Host", "aerodatabox.p.rapidapi.com")];

/// The span of a request starts this many hours before the current one.
const HOURS_BACK: i32 = 2;

/// The longest span of a request.
const SPAN_HOURS: i32 = 12;

/// The status of an answer without flights.
const NO_CONTENT: u16 = 204;

/// The feed of one airport.
#[derive(Debug)]
pub(crate) struct Aerodatabox {
    airport: SourceAirport,
}

#[derive(Deserialize)]
struct FidsBody<'a> {
    #[serde(borrow, default)]
    departures: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    arrivals: Option<Vec<&'a RawValue>>,
}

impl Aerodatabox {
    pub(crate) fn new(airport: SourceAirport) -> Self {
        Self { airport }
    }

    /// The span of the request at `now`, on the airport's clocks.
    fn span(&self, now: Timestamp) -> (DateTime, DateTime) {
        let local = self.airport.zone.to_datetime(now);
        let from = local.date().at(local.hour(), 0, 0, 0).saturating_sub(HOURS_BACK.hours());
        (from, from.saturating_add(SPAN_HOURS.hours()))
    }

    fn read_body(&self, body: &str, asked_at: Timestamp) -> Result<AnswerOutcome, String> {
        let body: FidsBody<'_> = json(body)?;
        let mut answer = SourceAnswer::default();
        let mut flights = Vec::new();
        let mut is_full = true;
        for kind in &self.airport.kinds {
            let (name, items) = match kind {
                BoardKind::Arrivals => ("arrivals", &body.arrivals),
                BoardKind::Departures => ("departures", &body.departures),
            };
            let items = items.as_ref().ok_or_else(|| format!("the answer has no {name}"))?;
            is_full &= !items.is_empty();
            flights.extend(items.iter().filter_map(|item| read_item(item, *kind, &mut answer)));
        }
        let mut rows = Vec::new();
        for flight in join_codeshares(flights) {
            match flight.row(&self.airport.zone, &mut answer.unknown_words) {
                Ok(row) => rows.push(row),
                Err(refused) => answer.refused.push(refused),
            }
        }
        build_rows(rows, &mut answer);
        let (from, to) = self.span(asked_at);
        let time = |time: DateTime| {
            self.airport
                .zone
                .to_ambiguous_timestamp(time)
                .compatible()
                .map_err(|error| error.to_string())
        };
        // An airport may rest, but an empty list may also be a fault.
        if is_full {
            Ok(AnswerOutcome::Full { answer, covers: time(from)?..time(to)? })
        } else {
            Ok(AnswerOutcome::Partial { answer, reason: None })
        }
    }
}

/// Reads one flight of a list.
fn read_item(item: &RawValue, kind: BoardKind, answer: &mut SourceAnswer) -> Option<FlightItem> {
    match json_item::<FlightContract>(item) {
        Ok(contract) => Some(FlightItem { kind, contract, codeshares: Vec::new() }),
        Err(error) => {
            let (row, field) = (String::new(), "flights".to_owned());
            answer.refused.push(RefusedRow { row, field, reason: error.to_string() });
            None
        }
    }
}

impl Source for Aerodatabox {
    fn terms(&self) -> &'static SourceTerms {
        &TERMS
    }

    fn fields(&self) -> &'static [FlightField] {
        FIELDS
    }

    fn requests(&self, now: Timestamp) -> Vec<SourceRequest> {
        let code = &self.airport.code;
        let code_kind = if code.len() == 4 { "icao" } else { "iata" };
        let direction = match self.airport.kinds[..] {
            [BoardKind::Arrivals] => "Arrival",
            [BoardKind::Departures] => "Departure",
            _ => "Both",
        };
        let (from, to) = self.span(now);
        let (from, to) = (from.strftime("%Y-%m-%dT%H:%M"), to.strftime("%Y-%m-%dT%H:%M"));
        let url = format!(
            "https://aerodatabox.p.rapidapi.com/flights/airports/{code_kind}/{code}/{from}/{to}\
             ?direction={direction}&withLeg=true&withCancelled=true&withCodeshared=true\
             &withCargo=false&withPrivate=false"
        );
        vec![SourceRequest { url, headers: HEADERS }]
    }

    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        asked_at: Timestamp,
    ) -> AnswerOutcome {
        match answers.first() {
            Some(Ok(HttpAnswer { status: NO_CONTENT, .. })) => {
                AnswerOutcome::Partial { answer: SourceAnswer::default(), reason: None }
            }
            answer => ok_body(answer)
                .and_then(|body| self.read_body(body, asked_at))
                .unwrap_or_else(AnswerOutcome::failed),
        }
    }
}
