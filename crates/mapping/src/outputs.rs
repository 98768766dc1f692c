//! The outputs of a program in terms of a feed: rows, refused rows and coverage.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use feeds::{AnswerOutcome, FullRow, RefusedRow, SourceAnswer};
use flight::{BoardKind, FlightField, FlightKey, ParseError};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::row::read_row;
use crate::time;

/// The outputs of one run.
#[derive(Debug, Default)]
pub(crate) struct MappedRows {
    pub(crate) rows: Vec<FullRow>,
    pub(crate) refused: Vec<RefusedOutput>,
    stated: Option<Coverage>,
}

/// An output that is not a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedOutput {
    /// Its number among the outputs, from 1.
    pub number: usize,
    /// Its flight number, empty if it has none, and field and reason.
    pub refused: RefusedRow,
}

/// What an answer covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// All rows that are scheduled in this span.
    Span(Range<Timestamp>),
    /// Some rows.
    Partial,
}

impl MappedRows {
    /// Reads the outputs of a program, or says in one sentence why they are no answer.
    pub(crate) fn read(values: &[Value], kind: BoardKind, zone: &TimeZone) -> Result<Self, String> {
        let mut mapped = Self::default();
        let mut keys = HashSet::new();
        for (value, number) in values.iter().zip(1_usize..) {
            if let Some(coverage) = coverage_in(value, zone).transpose()? {
                if mapped.stated.replace(coverage).is_some() {
                    return Err(format!("output {number} states again what the answer covers"));
                }
                continue;
            }
            match read_output(value, zone, &mut keys) {
                Ok(flight) => mapped.rows.push(FullRow { kind, flight }),
                Err(error) => mapped.refused.push(refused(value, number, error)),
            }
        }
        Ok(mapped)
    }

    /// What the answer covers: as the program states, else from the earliest to the latest scheduled time.
    pub(crate) fn coverage(&self) -> Option<Coverage> {
        let scheduled = || self.rows.iter().filter_map(scheduled_time);
        self.stated.clone().or_else(|| {
            let (earliest, latest) = (scheduled().min()?, scheduled().max()?);
            // The span ends after the latest row. Times are whole minutes, so no other row fits in between.
            let end = latest.checked_add(SignedDuration::from_secs(1)).unwrap_or(latest);
            Some(Coverage::Span(earliest..end))
        })
    }

    /// The outcome of the poll. An answer in which every row was refused proves nothing.
    pub(crate) fn into_outcome(self, asked_at: Timestamp) -> AnswerOutcome {
        if let (true, Some(first)) = (self.rows.is_empty(), self.refused.first()) {
            return AnswerOutcome::failed(format!("no row could be read: {first}"));
        }
        let coverage = self.coverage();
        let refused = self.refused.into_iter().map(|output| output.refused).collect();
        let answer = SourceAnswer { full_rows: self.rows, refused, ..SourceAnswer::default() };
        match coverage {
            Some(Coverage::Partial) => AnswerOutcome::Partial { answer, reason: None },
            Some(Coverage::Span(covers)) => AnswerOutcome::Full { answer, covers },
            None => AnswerOutcome::Full { answer, covers: asked_at..asked_at },
        }
    }
}

impl fmt::Display for RefusedOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RefusedRow { row, field, reason } = &self.refused;
        match row.as_str() {
            "" => write!(f, "output {}: {field} {reason}", self.number),
            flight => write!(f, "output {} ({flight}): {field} {reason}", self.number),
        }
    }
}

fn read_output(
    value: &Value,
    zone: &TimeZone,
    keys: &mut HashSet<FlightKey>,
) -> Result<flight::Flight, ParseError> {
    let fields =
        value.as_object().ok_or_else(|| ParseError::new("row", "must be an object of fields"))?;
    let flight = read_row(fields, zone)?;
    if !keys.insert(flight.key().clone()) {
        return Err(ParseError::new(
            "flight",
            "is in the answer before, with the same date and leg",
        ));
    }
    Ok(flight)
}

fn refused(value: &Value, number: usize, error: ParseError) -> RefusedOutput {
    let row = value.get("flight").and_then(Value::as_str).unwrap_or_default().to_owned();
    let refused = RefusedRow { row, field: error.field, reason: error.reason };
    RefusedOutput { number, refused }
}

/// The coverage that an output states: `{"partial": true}` or `{"covers": {"from": …, "to": …}}`.
fn coverage_in(value: &Value, zone: &TimeZone) -> Option<Result<Coverage, String>> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    match fields.iter().next()? {
        (name, Value::Bool(true)) if name == "partial" => Some(Ok(Coverage::Partial)),
        (name, value) if name == "partial" => {
            Some(Err(format!("partial must be true, not {value}")))
        }
        (name, value) if name == "covers" => {
            let span = value.as_object().filter(|span| span.len() == 2);
            let time = |span: &Map<String, Value>, name: &str| {
                time::instant(span.get(name)?.as_str()?, zone)
            };
            let span = span.and_then(|span| Some(time(span, "from")?..time(span, "to")?));
            Some(span.filter(|span| span.start <= span.end).map(Coverage::Span).ok_or_else(|| {
                format!("covers must be an object with the times from and to, in this order, not {value}")
            }))
        }
        _ => None,
    }
}

/// The scheduled time of a row on a board of its kind, if it is an instant.
fn scheduled_time(row: &FullRow) -> Option<Timestamp> {
    let field = match row.kind {
        BoardKind::Arrivals => FlightField::Arrival,
        BoardKind::Departures => FlightField::Departure,
    };
    row.flight.text(field)?.parse().ok()
}
