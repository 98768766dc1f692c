//! Swedavia, the operator of Sweden's airports: a JSON feed with a key, one answer a day and direction.

use std::ops::Range;
use std::time::Duration;

use flight::{BoardKind, FlightField};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use self::day_reader::{DayBody, DayReader};
use super::body::join_reasons;
use super::values::local_date;
use crate::answer::{AnswerOutcome, SourceAnswer, UnansweredBoard};
use crate::row_builder::build_rows;
use crate::source::{HttpAnswer, Source, SourceAirport, SourceKey, SourceRequest, SourceTerms};

/// The answer for one day.
mod day_reader;

/// One flight of an answer.
mod flight_entry;

pub(crate) const TERMS: SourceTerms = SourceTerms {
    name: "swedavia",
    title: "Swedavia",
    owner: "Swedavia, 10 Swedish airports",
    key: SourceKey::Header("Ocp-Apim-Subscription-Key"),
    least_interval: Duration::from_secs(270),
    monthly_requests: Some(10_000),
    terms: "10,000 requests a month; key terms unread",
    attribution: "Swedavia",
    link: None,
    board_note: None,
};

const FIELDS: &[FlightField] = &[
    FlightField::Origin,
    FlightField::Destination,
    FlightField::Via,
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

/// Until this hour, flights of yesterday are still on their way.
const YESTERDAY_UNTIL_HOUR: i8 = 6;

/// From this hour, flights of tomorrow belong on the board. Earlier, their requests would only use up
/// the month's budget.
const TOMORROW_FROM_HOUR: i8 = 12;

/// The feed of one airport.
#[derive(Debug)]
pub(crate) struct Swedavia {
    airport: SourceAirport,
}

impl Swedavia {
    pub(crate) fn new(airport: SourceAirport) -> Self {
        Self { airport }
    }

    /// The days to ask for, in order.
    fn days(&self, now: Timestamp) -> Vec<Date> {
        let local = self.airport.zone.to_datetime(now);
        let first = if local.hour() < YESTERDAY_UNTIL_HOUR { -1 } else { 0 };
        let last = if local.hour() >= TOMORROW_FROM_HOUR { 1 } else { 0 };
        (first..=last).map(|days: i32| local.date().saturating_add(days.days())).collect()
    }

    /// The kinds and days to ask for, in the order of the requests.
    fn kinds_and_days(&self, now: Timestamp) -> Vec<(BoardKind, Date)> {
        let days = self.days(now);
        let of_kind = |kind: &BoardKind| days.iter().map(|day| (*kind, *day)).collect::<Vec<_>>();
        self.airport.kinds.iter().flat_map(of_kind).collect()
    }

    /// The span of these days. By its documentation the source counts days in UTC, by a user's tests
    /// by Swedish time, so that the span is that on which both agree.
    fn covers(&self, days: &[Date]) -> Option<Range<Timestamp>> {
        let start_of =
            |day: Date, zone: &TimeZone| Some(day.to_zoned(zone.clone()).ok()?.timestamp());
        let zone = &self.airport.zone;
        let (first, after) = (*days.first()?, days.last()?.tomorrow().ok()?);
        let start = start_of(first, zone)?.max(start_of(first, &TimeZone::UTC)?);
        let end = start_of(after, zone)?.min(start_of(after, &TimeZone::UTC)?);
        Some(start..end)
    }
}

impl Source for Swedavia {
    fn terms(&self) -> &'static SourceTerms {
        &TERMS
    }

    fn fields(&self) -> &'static [FlightField] {
        FIELDS
    }

    fn requests(&self, now: Timestamp) -> Vec<SourceRequest> {
        let code = &self.airport.code;
        let requests = self.kinds_and_days(now).into_iter().map(|(kind, day)| {
            let direction = match kind {
                BoardKind::Arrivals => "arrivals",
                BoardKind::Departures => "departures",
            };
            let base = "https://api.swedavia.se/flightinfo/v2";
            SourceRequest::get(format!("{base}/{code}/{direction}/{day}"))
        });
        requests.collect()
    }

    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        asked_at: Timestamp,
    ) -> AnswerOutcome {
        let today = local_date(asked_at, &self.airport.zone);
        let mut answer = SourceAnswer::default();
        let mut rows = Vec::new();
        let mut reasons = Vec::new();
        let mut is_full = true;
        for (at, (kind, day)) in self.kinds_and_days(asked_at).into_iter().enumerate() {
            let day_reader = DayReader { kind, day, airport: &self.airport };
            match day_reader.read(answers.get(at), &mut rows, &mut answer) {
                Ok(DayBody::Complete) => {}
                Ok(DayBody::Empty) => is_full = false,
                Ok(DayBody::Incomplete { reason }) => reasons.push((day.to_string(), reason)),
                Err(reason) => {
                    // A board is up to date as long as today's answer is.
                    if day == today {
                        let reason = format!("{day}: {reason}");
                        answer.unanswered.push(UnansweredBoard { kind, reason });
                    }
                    reasons.push((day.to_string(), reason));
                }
            }
        }
        // Rows of another day are of use, although the boards are not up to date.
        if rows.is_empty() && answer.unanswered.len() == self.airport.kinds.len() {
            return AnswerOutcome::Failed { reason: join_reasons(&reasons) };
        }
        build_rows(rows, &mut answer);
        // A deleted row may share its key with the one that took its place.
        let SourceAnswer { removed, full_rows, .. } = &mut answer;
        removed.retain(|(kind, key)| {
            !full_rows.iter().any(|row| row.kind == *kind && row.flight.key() == key)
        });
        let covers = self.covers(&self.days(asked_at));
        match covers.filter(|_| is_full && reasons.is_empty()) {
            Some(covers) => AnswerOutcome::Full { answer, covers },
            None => {
                let reason = (!reasons.is_empty()).then(|| join_reasons(&reasons));
                AnswerOutcome::Partial { answer, reason }
            }
        }
    }
}
