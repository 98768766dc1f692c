//! Avinor, the operator of Norway's airports: an XML feed without a key.

use std::time::Duration;

use flight::{BoardKind, FlightField};
use jiff::{SignedDuration, Timestamp};
use roxmltree::Node;

use super::body::{child, child_text, children, ok_body, xml};
use super::values::{airline_name, is_overtaken, local_date, required_time};
use crate::answer::{AnswerOutcome, RefusedRow, SourceAnswer};
use crate::row_builder::{RowBuilder, build_rows, without_blanks};
use crate::source::{HttpAnswer, Source, SourceAirport, SourceKey, SourceRequest, SourceTerms};

pub(crate) const TERMS: SourceTerms = SourceTerms {
    name: "avinor",
    title: "Avinor",
    owner: "Avinor, 45 Norwegian airports",
    key: SourceKey::None,
    least_interval: Duration::from_secs(180),
    monthly_requests: None,
    terms: "partner.avinor.no/en/services/flight-data: cache on own server; ask before heavy load; \
            XmlFeedScheduled only after contact",
    attribution: "Flight data from Avinor",
    link: Some("https://www.avinor.no"),
    board_note: None,
};

const FIELDS: &[FlightField] = &[
    FlightField::Origin,
    FlightField::Destination,
    FlightField::Via,
    FlightField::Airline,
    FlightField::Codeshares,
    FlightField::Arrival,
    FlightField::Departure,
    FlightField::Estimated,
    FlightField::Actual,
    FlightField::State,
    FlightField::Gate,
    FlightField::Belt,
    FlightField::CheckIn,
    FlightField::Remark,
];

/// The parameter `TimeFrom`, in hours before now.
const HOURS_BACK: i64 = 1;

/// The parameter `TimeTo`, in hours after now.
const HOURS_AHEAD: i64 = 7;

/// The feed of one airport.
#[derive(Debug)]
pub(crate) struct Avinor {
    airport: SourceAirport,
    /// The attribute `lastUpdate` of the newest answer.
    newest_update: Option<Timestamp>,
}

impl Avinor {
    pub(crate) fn new(airport: SourceAirport) -> Self {
        Self { airport, newest_update: None }
    }

    fn read_body(&mut self, body: &str, asked_at: Timestamp) -> Result<AnswerOutcome, String> {
        let document = xml(body)?;
        let root = document.root_element();
        if root.tag_name().name() != "airport" {
            return Err(format!("the answer is <{}>, not <airport>", root.tag_name().name()));
        }
        // A parameter in the wrong case counts as absent, and gives another airport's flights.
        let (name, code) = (root.attribute("name").unwrap_or_default(), &self.airport.code);
        if name != code {
            return Err(format!("the answer is for the airport {name:?}, not {code}"));
        }
        let flights = child(root, "flights").ok_or("the answer has no <flights>")?;
        let updated_at: Option<Timestamp> =
            flights.attribute("lastUpdate").and_then(|text| text.parse().ok());
        // A cache on the way may return an answer from before the last one.
        if updated_at.is_some_and(|at| is_overtaken(at, self.newest_update)) {
            return Ok(AnswerOutcome::Unchanged);
        }
        self.newest_update = updated_at.or(self.newest_update);

        let answer = self.read_flights(flights);
        let is_empty = children(flights, "flight").next().is_none();
        // Airports sleep at night, but an empty list may also be a fault.
        if is_empty {
            return Ok(AnswerOutcome::Partial { answer, reason: None });
        }
        // Where the two clocks differ, the answer covers the hours on which both agree.
        let updated_at = updated_at.unwrap_or(asked_at);
        let start = asked_at.max(updated_at) - SignedDuration::from_hours(HOURS_BACK);
        let end = asked_at.min(updated_at) + SignedDuration::from_hours(HOURS_AHEAD);
        Ok(AnswerOutcome::Full { answer, covers: start..end.max(start) })
    }

    fn read_flights(&self, flights: Node<'_, '_>) -> SourceAnswer {
        let mut answer = SourceAnswer::default();
        let mut rows = Vec::new();
        for node in children(flights, "flight") {
            match self.read_flight(node, &mut answer.unknown_words) {
                Ok(row) => rows.extend(row),
                Err(refused) => answer.refused.push(refused),
            }
        }
        build_rows(rows, &mut answer);
        answer
    }

    /// Reads a flight, unless it belongs to a board that is not wanted.
    fn read_flight(
        &self,
        node: Node<'_, '_>,
        unknown_words: &mut Vec<String>,
    ) -> Result<Option<RowBuilder>, RefusedRow> {
        let flight = child_text(node, "flight_id");
        let kind = match child_text(node, "arr_dep") {
            "A" => BoardKind::Arrivals,
            "D" => BoardKind::Departures,
            other => {
                return Err(RefusedRow {
                    row: without_blanks(flight),
                    field: "arr_dep".to_owned(),
                    reason: format!("must be A or D, not {other:?}"),
                });
            }
        };
        if !self.airport.kinds.contains(&kind) {
            return Ok(None);
        }
        let (other_end, scheduled) = match kind {
            BoardKind::Arrivals => (FlightField::Origin, FlightField::Arrival),
            BoardKind::Departures => (FlightField::Destination, FlightField::Departure),
        };
        let zone = &self.airport.zone;
        let schedule_time =
            required_time(flight, "schedule_time", child_text(node, "schedule_time"))?;
        let mut row = RowBuilder::new(kind, flight);
        row.key("date", local_date(schedule_time, zone))
            .text(other_end, child_text(node, "airport"))
            .list(FlightField::Via, child_text(node, "via_airport").split(','))
            .text(FlightField::Airline, airline_name(child_text(node, "airline")))
            .list(FlightField::Codeshares, codeshares(node))
            .time(scheduled, Some(schedule_time), zone)
            .text(FlightField::Gate, child_text(node, "gate"))
            .text(FlightField::Belt, child_text(node, "belt"))
            .text(FlightField::CheckIn, child_text(node, "check_in"));
        self.read_status(node, &mut row, unknown_words);
        Ok(Some(row))
    }

    fn read_status(
        &self,
        node: Node<'_, '_>,
        row: &mut RowBuilder,
        unknown_words: &mut Vec<String>,
    ) {
        let status = child(node, "status");
        let code = status.and_then(|status| status.attribute("code")).unwrap_or_default();
        let time = status.and_then(|status| status.attribute("time")?.parse().ok());
        let is_delayed = child_text(node, "delayed") == "Y";
        let zone = &self.airport.zone;
        match code {
            // N is new information of any kind, with a time that is not the flight's.
            "" | "N" if is_delayed => {
                row.text(FlightField::State, "expected").text(FlightField::Remark, "Delayed")
            }
            "" | "N" => row.text(FlightField::State, "scheduled"),
            "E" => {
                row.text(FlightField::State, "expected").time(FlightField::Estimated, time, zone)
            }
            "D" => row.text(FlightField::State, "departed").time(FlightField::Actual, time, zone),
            "A" => row.text(FlightField::State, "landed").time(FlightField::Actual, time, zone),
            "C" => row.text(FlightField::State, "cancelled"),
            word => {
                unknown_words.push(word.to_owned());
                row.text(FlightField::Remark, word)
            }
        };
    }
}

impl Source for Avinor {
    fn terms(&self) -> &'static SourceTerms {
        &TERMS
    }

    fn fields(&self) -> &'static [FlightField] {
        FIELDS
    }

    fn requests(&self, _now: Timestamp) -> Vec<SourceRequest> {
        let direction = match self.airport.kinds[..] {
            [BoardKind::Arrivals] => "&direction=A",
            [BoardKind::Departures] => "&direction=D",
            _ => "",
        };
        let code = &self.airport.code;
        // The names of the parameters are case-sensitive.
        let url = format!(
            "https://asrv.avinor.no/XmlFeed/v1.0?airport={code}{direction}\
             &TimeFrom={HOURS_BACK}&TimeTo={HOURS_AHEAD}&codeshare=Y"
        );
        vec![SourceRequest::get(url)]
    }

    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        asked_at: Timestamp,
    ) -> AnswerOutcome {
        let outcome = ok_body(answers.first()).and_then(|body| self.read_body(body, asked_at));
        outcome.unwrap_or_else(AnswerOutcome::failed)
    }
}

/// Joins the parallel lists of codeshares, `AF;KL` and `1234;5678`, which are separated by semicolons.
fn codeshares(node: Node<'_, '_>) -> Vec<String> {
    let list = |name| child_text(node, name).split(';').map(str::trim);
    let suffixes = list("codeshareOperationalSuffixs").chain(std::iter::repeat(""));
    list("codeshareAirlineDesignators")
        .zip(list("codeshareFlightNumbers"))
        .zip(suffixes)
        .filter(|((airline, number), _)| !airline.is_empty() && !number.is_empty())
        .map(|((airline, number), suffix)| format!("{airline}{number}{suffix}"))
        .collect()
}
