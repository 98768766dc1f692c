//! Sources, and the rows that they read from small answers.

use feeds::{AnswerOutcome, HttpAnswer, Source, SourceAirport, SourceAnswer, open_source};
use flight::BoardKind::{self, Arrivals, Departures};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// A source of this airport, for both boards.
pub(crate) fn source(name: &str, code: &str, zone: &str) -> Box<dyn Source> {
    source_of_kinds(name, code, zone, &[Arrivals, Departures])
}

/// A source of this airport, for some boards.
pub(crate) fn source_of_kinds(
    name: &str,
    code: &str,
    zone: &str,
    kinds: &[BoardKind],
) -> Box<dyn Source> {
    let zone = TimeZone::get(zone).unwrap();
    let airport = SourceAirport { code: code.to_owned(), zone, kinds: kinds.to_vec() };
    open_source(name, airport).unwrap()
}

/// Reads answers with status 200.
pub(crate) fn read(source: &mut dyn Source, bodies: &[&str], asked_at: &str) -> AnswerOutcome {
    let answers: Vec<_> = bodies.iter().map(|body| ok(body)).collect();
    source.read(&answers, time(asked_at))
}

/// An answer with status 200.
pub(crate) fn ok(body: &str) -> Result<HttpAnswer, String> {
    Ok(HttpAnswer { status: 200, body: body.to_owned() })
}

/// The rows of an outcome that has any.
pub(crate) fn answer(outcome: AnswerOutcome) -> SourceAnswer {
    match outcome {
        AnswerOutcome::Full { answer, .. } | AnswerOutcome::Partial { answer, .. } => answer,
        other => panic!("no rows: {other:?}"),
    }
}

/// The rows as JSON, with the kind of their board.
pub(crate) fn rows(outcome: AnswerOutcome) -> Vec<Value> {
    let answer = answer(outcome);
    assert_eq!(answer.refused, [], "rows were refused");
    let rows = answer.full_rows.into_iter();
    rows.map(|row| json!({ "kind": row.kind, "flight": row.flight })).collect()
}

/// The only row, as JSON.
pub(crate) fn only_row(outcome: AnswerOutcome) -> Value {
    let mut rows = rows(outcome);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)["flight"].take()
}

/// The reason of a failure.
pub(crate) fn failure(outcome: AnswerOutcome) -> String {
    match outcome {
        AnswerOutcome::Failed { reason } => reason,
        other => panic!("not a failure: {other:?}"),
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}
