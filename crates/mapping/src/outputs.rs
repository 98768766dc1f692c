//! The outputs of a program in terms of a feed: rows, refused rows and coverage.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use feeds::{AnswerOutcome, FullRow, RefusedRow, SourceAnswer};
use flight::{BoardKind, FlightKey, ParseError};
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
    row.flight.text(row.kind.scheduled_field())?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(outputs: Value) -> Result<MappedRows, String> {
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        MappedRows::read(outputs.as_array().unwrap(), BoardKind::Departures, &zone)
    }

    fn span(from: &str, to: &str) -> Coverage {
        Coverage::Span(from.parse().unwrap()..to.parse().unwrap())
    }

    #[test]
    fn coverage_spans_scheduled_times() {
        let rows = json!([
            {"flight": "A1", "departure": "2026-11-22T09:00", "arrival": "2026-11-22T01:00"},
            {"flight": "A2", "departure": "2026-11-22T08:00"},
            {"flight": "A3", "departure": "08:30"},
            {"flight": "A4"},
            {"flight": "A5", "departure": "2026-11-22T07:59", "gat": "A"},
        ]);
        let expected = span("2026-11-22T07:00:00Z", "2026-11-22T08:00:01Z");
        assert_eq!(read(rows).unwrap().coverage(), Some(expected));
        assert_eq!(read(json!([{"flight": "A3", "departure": "08:30"}])).unwrap().coverage(), None);
    }

    #[test]
    fn coverage_is_stated_once() {
        let partial = json!({"partial": true});
        let covers = json!({"covers": {"from": "2026-11-22T00:00", "to": "2026-11-23T00:00:00Z"}});
        let row = json!({"flight": "A1", "departure": "2026-11-22T09:00"});
        assert_eq!(read(json!([row, partial])).unwrap().coverage(), Some(Coverage::Partial));
        let day = span("2026-11-21T23:00:00Z", "2026-11-23T00:00:00Z");
        assert_eq!(read(json!([covers, row])).unwrap().coverage(), Some(day));
        for (outputs, reason) in [
            (json!([partial, row, covers]), "output 3 states again what the answer covers"),
            (json!([partial, partial]), "output 2 states again"),
            (json!([{"partial": false}]), "partial must be true, not false"),
            (json!([{"covers": {"from": "2026-11-22T00:00"}}]), "covers must be an object"),
            (
                json!([{"covers": {"from": "2026-11-23T00:00", "to": "2026-11-22T00:00"}}]),
                "covers must",
            ),
            (json!([{"covers": {"from": "today", "to": "2026-11-22T00:00"}}]), "covers must"),
        ] {
            let error = read(outputs).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn refused_rows_do_not_spoil_others() {
        let outputs = json!([
            {"flight": "A 1", "gate": "B1"},
            {"flight": "A2", "gate": 1},
            ["A3"],
            {"flight": "A1", "gate": "B2"},
            {"flight": "A1", "date": "2026-11-22"},
            {"partial": true, "flight": "A5"},
        ]);
        let mapped = read(outputs).unwrap();
        let refused: Vec<_> = mapped.refused.iter().map(ToString::to_string).collect();
        assert_eq!(
            refused,
            [
                "output 2 (A2): gate must be a string, not a number",
                "output 3: row must be an object of fields",
                "output 4 (A1): flight is in the answer before, with the same date and leg",
                "output 6 (A5): partial is not a field of a row",
            ]
        );
        let AnswerOutcome::Full { answer, .. } = mapped.into_outcome(Timestamp::UNIX_EPOCH) else {
            panic!("not full")
        };
        // The comparison with the board finds refused rows by their flight number.
        let names: Vec<_> = answer.refused.iter().map(|refused| refused.row.as_str()).collect();
        assert_eq!((answer.full_rows.len(), names), (2, vec!["A2", "", "A1", "A5"]));
    }

    #[test]
    fn only_refused_rows_are_a_failure() {
        let mapped =
            read(json!([{"flight": "A2", "gate": 1}, {"flight": "A3", "gate": 1}])).unwrap();
        let reason = "no row could be read: output 1 (A2): gate must be a string, not a number";
        assert_eq!(mapped.into_outcome(Timestamp::UNIX_EPOCH), AnswerOutcome::failed(reason));
    }
}
