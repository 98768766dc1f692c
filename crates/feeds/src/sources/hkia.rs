//! Hong Kong International Airport: a JSON feed without a key, one answer a day and direction.
//!
//! The airport counts a row to the day on which it happens: a flight of the 22nd that landed at 23:58 is
//! in the answer of the 21st until it is at the gate. So the answers of three days are read together.

/// The rows of an answer, as the airport writes them.
mod day_row;

use std::collections::HashMap;
use std::time::Duration;

use flight::{BoardKind, FlightField};
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

use self::day_row::{DayObject, DayRow};
use super::body::{join_reasons, json, ok_body};
use super::values::{airline_name, local_date};
use crate::answer::{AnswerOutcome, FullRow, RefusedRow, SourceAnswer, UnansweredBoard};
use crate::reconcile::number_stem;
use crate::row_builder::{RowBuilder, without_blanks};
use crate::source::{HttpAnswer, Source, SourceAirport, SourceKey, SourceRequest, SourceTerms};

pub(crate) const TERMS: SourceTerms = SourceTerms {
    name: "hkia",
    title: "Hong Kong International Airport",
    owner: "Airport Authority Hong Kong, via DATA.GOV.HK",
    key: SourceKey::None,
    least_interval: Duration::from_secs(60),
    monthly_requests: None,
    terms: "free, commercial too, as is, source to be named",
    attribution: "Flight data © Hong Kong International Airport Authority, provided via DATA.GOV.HK",
    link: Some("https://data.gov.hk"),
    board_note: None,
};

/// The only airport of this source.
pub(crate) const AIRPORT: &str = "HKG";

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
    FlightField::Terminal,
    FlightField::Gate,
    FlightField::Stand,
    FlightField::Belt,
    FlightField::CheckIn,
    FlightField::Remark,
];

/// The days that are asked for, from today.
const DAYS: [i32; 3] = [-1, 0, 1];

/// Days before the first of [`DAYS`] whose rows are listed if they happen on one of those. The oldest row
/// seen was three days late.
const LATE_DAYS: i32 = 3;

/// The feed.
#[derive(Debug)]
pub(crate) struct Hkia {
    airport: SourceAirport,
}

impl Hkia {
    pub(crate) fn new(airport: SourceAirport) -> Self {
        Self { airport }
    }

    /// The days and directions to ask for, in the order of the requests.
    fn days(&self, now: Timestamp) -> Vec<(BoardKind, Date, i32)> {
        let today = local_date(now, &self.airport.zone);
        let days = |kind| DAYS.map(|days| (kind, today.saturating_add(days.days()), days));
        self.airport.kinds.iter().flat_map(|kind| days(*kind)).collect()
    }

    fn covers(&self, now: Timestamp) -> Option<std::ops::Range<Timestamp>> {
        let today = local_date(now, &self.airport.zone);
        let start_of = |days: i32| {
            let day = today.checked_add(days.days()).ok()?;
            Some(day.to_zoned(self.airport.zone.clone()).ok()?.timestamp())
        };
        Some(start_of(DAYS[0] - LATE_DAYS)?..start_of(DAYS[2] + 1)?)
    }

    /// Reads the answer for one day and direction, of which it must have at least one row: the airport
    /// never rests.
    fn read_day(
        &self,
        answer: Option<&Result<HttpAnswer, String>>,
        (kind, date): (BoardKind, Date),
        refused: &mut Vec<RefusedRow>,
    ) -> Result<Vec<DayRow>, String> {
        let body = ok_body(answer)?;
        let days: Vec<DayObject<'_>> = json(body)?;
        let mut rows = Vec::new();
        let mut is_answered = false;
        for day in days.into_iter().filter(|day| day.cargo != Some(true)) {
            let day_kind = match day.arrival {
                Some(true) => BoardKind::Arrivals,
                Some(false) => BoardKind::Departures,
                None => kind,
            };
            is_answered |= (day_kind, day.date) == (kind, date) && !day.list.is_empty();
            if !self.airport.kinds.contains(&day_kind) {
                continue;
            }
            for row in &day.list {
                match DayRow::read(day_kind, day.date, row) {
                    Ok(row) => rows.push(row),
                    Err(row) => refused.push(row),
                }
            }
        }
        if is_answered { Ok(rows) } else { Err("the answer has no flights of that day".to_owned()) }
    }

    fn full_row(&self, row: &DayRow, has_leg: bool) -> Result<FullRow, RefusedRow> {
        let DayRow { listed, state, .. } = row;
        let zone = &self.airport.zone;
        let timestamp = |date: Date, time: Time| {
            zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok()
        };
        let mut builder = RowBuilder::new(row.kind, &row.number);
        builder.key("date", row.date);
        if has_leg {
            builder.key("leg", row.time.strftime("%H:%M"));
        }
        let other_ends = row.other_ends();
        let (end_field, other_end, via, scheduled) = match row.kind {
            BoardKind::Arrivals => {
                let (first, via) = other_ends.split_first().unzip();
                (FlightField::Origin, first, via, FlightField::Arrival)
            }
            BoardKind::Departures => {
                let (last, via) = other_ends.split_last().unzip();
                (FlightField::Destination, last, via, FlightField::Departure)
            }
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let operator = listed.flight.first().and_then(|number| number.airline.as_deref());
        let codeshares = listed.flight.iter().skip(1).map(|number| without_blanks(&number.no));
        builder
            .text(end_field, other_end.map_or("", String::as_str))
            .list(FlightField::Via, via.unwrap_or_default())
            .text(FlightField::Airline, airline_name(operator.unwrap_or_default()))
            .list(FlightField::Codeshares, codeshares)
            .time(scheduled, timestamp(row.date, row.time), zone)
            .text(FlightField::State, state.state.unwrap_or_default())
            .text(FlightField::Terminal, &text(&listed.terminal))
            .text(FlightField::Gate, &text(&listed.gate))
            .text(FlightField::Stand, &text(&listed.stand))
            .text(FlightField::Belt, &text(&listed.baggage))
            .text(FlightField::CheckIn, &text(&listed.aisle))
            .text(FlightField::Remark, &text(&state.remark));
        if let Some((field, date, time)) = state.time {
            builder.time(field, timestamp(date, time), zone);
        }
        builder.build()
    }
}

impl Source for Hkia {
    fn terms(&self) -> &'static SourceTerms {
        &TERMS
    }

    fn fields(&self) -> &'static [FlightField] {
        FIELDS
    }

    fn requests(&self, now: Timestamp) -> Vec<SourceRequest> {
        let requests = self.days(now).into_iter().map(|(kind, date, _)| {
            let is_arrival = kind == BoardKind::Arrivals;
            SourceRequest::get(format!(
                "https://www.hongkongairport.com/flightinfo-rest/rest/flights/past\
                 ?date={date}&lang=en&arrival={is_arrival}&cargo=false"
            ))
        });
        requests.collect()
    }

    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        asked_at: Timestamp,
    ) -> AnswerOutcome {
        let mut answer = SourceAnswer::default();
        let mut rows = Vec::new();
        let mut reasons = Vec::new();
        for (at, (kind, date, days)) in self.days(asked_at).into_iter().enumerate() {
            match self.read_day(answers.get(at), (kind, date), &mut answer.refused) {
                Ok(day_rows) => rows.extend(day_rows),
                Err(reason) => {
                    let part = format!("{} of {date}", kind_name(kind));
                    // A board is up to date as long as today's answer is.
                    if days == 0 {
                        let reason = format!("{part}: {reason}");
                        answer.unanswered.push(UnansweredBoard { kind, reason });
                    }
                    reasons.push((part, reason));
                }
            }
        }
        let reason = join_reasons(&reasons);
        // Rows of another day are of use, although the boards are not up to date.
        if rows.is_empty() && answer.unanswered.len() == self.airport.kinds.len() {
            return AnswerOutcome::Failed { reason };
        }
        let rows = merge(rows);
        let mut legs = HashMap::<_, u32>::new();
        for row in &rows {
            *legs.entry((row.kind, row.date, row.number.as_str())).or_default() += 1;
        }
        for row in &rows {
            match self.full_row(row, legs[&(row.kind, row.date, row.number.as_str())] > 1) {
                Ok(row) => answer.full_rows.push(row),
                Err(refused) => answer.refused.push(refused),
            }
            if row.state.state.is_none() {
                answer.unknown_words.extend(row.state.remark.clone());
            }
        }
        match self.covers(asked_at).filter(|_| reasons.is_empty()) {
            Some(covers) => AnswerOutcome::Full { answer, covers },
            None => AnswerOutcome::Partial { answer, reason: Some(reason) },
        }
    }
}

/// The rows of several answers, each flight once. Where two answers have the same flight, caches
/// have different ages: the row counts that is further on, else that of the later day. One of them may
/// have the suffix of a postponed flight, which then counts.
fn merge(rows: Vec<DayRow>) -> Vec<DayRow> {
    let mut merged: Vec<DayRow> = Vec::with_capacity(rows.len());
    let mut places = HashMap::new();
    for row in rows {
        let ends = row.other_ends().to_vec();
        let identity = (row.kind, row.date, number_stem(&row.number).to_owned(), row.time, ends);
        match places.get(&identity) {
            Some(place) => {
                let known: &mut DayRow = &mut merged[*place];
                if row.progress() >= known.progress() {
                    *known = row;
                }
            }
            None => {
                places.insert(identity, merged.len());
                merged.push(row);
            }
        }
    }
    merged
}

fn kind_name(kind: BoardKind) -> &'static str {
    match kind {
        BoardKind::Arrivals => "arrivals",
        BoardKind::Departures => "departures",
    }
}
