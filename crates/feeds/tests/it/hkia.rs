//! Hong Kong: rows of three days' answers.

use feeds::{AnswerOutcome, HttpAnswer, Source};
use flight::BoardKind::{self, Arrivals, Departures};
use serde_json::{Value, json};

use crate::source_case::{
    answer, failure, ok, only_row, read, rows, source, source_of_kinds, time,
};

/// 20:00 on 15 March in Hong Kong.
const NOW: &str = "2026-03-15T12:00:00Z";

#[test]
fn requests_name_days_and_directions() {
    let prefix = "https://www.hongkongairport.com/flightinfo-rest/rest/flights/past?date=2026-03-";
    let urls = |kinds: &[BoardKind], now| {
        let requests = source_of_kinds("hkia", "HKG", "Asia/Hong_Kong", kinds).requests(time(now));
        let urls = requests.into_iter().map(|request| request.url);
        urls.map(|url| url.strip_prefix(prefix).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let arrivals = |day: u8| format!("{day}&lang=en&arrival=true&cargo=false");
    let departures = |day: u8| format!("{day}&lang=en&arrival=false&cargo=false");
    let both = [14, 15, 16].map(arrivals).into_iter().chain([14, 15, 16].map(departures));
    assert_eq!(urls(&[Arrivals, Departures], NOW), both.collect::<Vec<_>>());
    assert_eq!(urls(&[Departures], "2026-03-15T16:00:00Z"), [15, 16, 17].map(departures));
}

#[test]
fn departure_has_all_fields() {
    let row = json!({
        "time": "23:55", "flight": [{"no": "QX 289", "airline": "CPA"}, {"no": "ZA 7015"}],
        "status": "Dep 00:10 (16/03/2026)", "statusCode": null, "destination": ["DXB", "FRA"],
        "terminal": "T1", "aisle": "C", "gate": "64",
    });
    let expected = json!({
        "flight": "QX289", "date": "2026-03-15", "destination": "FRA", "via": ["DXB"],
        "airline": "Cathay Pacific", "codeshares": ["ZA7015"],
        "departure": "2026-03-15T23:55:00+08:00", "actual": "2026-03-16T00:10:00+08:00",
        "state": "departed", "terminal": "T1", "checkIn": "C", "gate": "64",
    });
    assert_eq!(only_departure(row), expected);
}

#[test]
fn arrival_has_all_fields() {
    let row = json!({
        "time": "00:05", "flight": [{"no": "QX 62", "airline": "QXX"}], "status": "Landed 23:48 (14/03/2026)",
        "origin": ["LEJ", "DXB", "BKK"], "baggage": "15", "hall": "B", "terminal": "", "stand": "W41",
    });
    let source = source_of_kinds("hkia", "HKG", "Asia/Hong_Kong", &[Arrivals]);
    let expected = json!({
        "flight": "QX62", "date": "2026-03-15", "origin": "LEJ", "via": ["DXB", "BKK"],
        "airline": "QXX", "arrival": "2026-03-15T00:05:00+08:00",
        "actual": "2026-03-14T23:48:00+08:00", "state": "landed", "belt": "15", "stand": "W41",
    });
    assert_eq!(row_among(source, &bodies(true, row)), expected);
}

#[test]
fn status_gives_state_and_time() {
    let none = Value::Null;
    let at = json!("2026-03-15T09:05:00+08:00");
    let next = json!("2026-03-16T09:05:00+08:00");
    let cases = [
        ("", json!(["scheduled", none, none, none])),
        ("Est at 09:05", json!(["expected", at, none, none])),
        ("Est at 09:05 (16/03/2026)", json!(["expected", next, none, none])),
        ("Est at noon", json!(["expected", none, none, none])),
        ("Delayed", json!(["expected", none, none, "Delayed"])),
        ("Boarding Soon", json!(["gate open", none, none, none])),
        ("Boarding", json!(["boarding", none, none, none])),
        ("Final Call", json!(["final call", none, none, none])),
        ("Gate Closed", json!(["gate closed", none, none, none])),
        ("Dep 09:05", json!(["departed", none, at, none])),
        ("Landed 09:05", json!(["landed", none, at, none])),
        ("At gate 09:05 (16/03/2026)", json!(["at gate", none, next, none])),
        ("Cancelled", json!(["cancelled", none, none, none])),
        ("Holding", json!([none, none, none, "Holding"])),
    ];
    for (status, expected) in cases {
        let row = only_departure(departure("QX 1", "08:30", json!({"status": status})));
        let fields = json!([row["state"], row["estimated"], row["actual"], row["remark"]]);
        assert_eq!(fields, expected, "{status}");
    }
}

#[test]
fn unknown_status_is_reported() {
    let row = departure("QX 1", "08:30", json!({"status": "Holding"}));
    let bodies = bodies(false, row);
    let outcome = read(&mut *departures(), &bodies.each_ref().map(String::as_str), NOW);
    assert_eq!(answer(outcome).unknown_words, ["Holding"]);
}

#[test]
fn days_of_all_answers_are_merged() {
    let late =
        day("2026-03-14", false, &[departure("QX 9", "23:50", json!({"status": "Delayed"}))]);
    let gone = departure("QX 9", "23:50", json!({"status": "Dep 00:20 (15/03/2026)"}));
    let gone = day("2026-03-14", false, &[gone]);
    let bodies = [
        body(&[late, filler("2026-03-14")]),
        body(&[gone, filler("2026-03-15")]),
        body(&[filler("2026-03-16")]),
    ];
    let outcome = read(&mut *departures(), &bodies.each_ref().map(String::as_str), NOW);
    let AnswerOutcome::Full { covers, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(*covers, time("2026-03-10T16:00:00Z")..time("2026-03-16T16:00:00Z"));
    let mut rows = rows(outcome);
    rows.retain(|row| row["flight"]["flight"] == "QX9");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["flight"]["state"], "departed");
}

#[test]
fn postponed_flight_is_listed_once() {
    let both = [
        departure("QX 362D", "10:00", json!({"status": "Est at 07:00 (16/03/2026)"})),
        departure("QX 362", "10:00", json!({})),
        departure("QX 362", "18:00", json!({"destination": ["CDG"]})),
        departure("QX D", "10:00", json!({})),
    ];
    let bodies = [
        body(&[filler("2026-03-14")]),
        body(&[day("2026-03-15", false, &both)]),
        body(&[filler("2026-03-16")]),
    ];
    let outcome = read(&mut *departures(), &bodies.each_ref().map(String::as_str), NOW);
    let rows = rows(outcome).into_iter();
    let numbers = rows.map(|row| row["flight"]["flight"].as_str().unwrap().to_owned());
    let numbers: Vec<_> = numbers.filter(|number| !number.starts_with("FILL")).collect();
    assert_eq!(numbers, ["QX362D", "QX362", "QXD"]);
}

#[test]
fn number_of_two_flights_gets_legs() {
    let twice = [
        departure("QX 645", "00:25", json!({})),
        departure("QX 645", "23:55", json!({})),
        departure("QX 646", "23:55", json!({})),
    ];
    let bodies = [
        body(&[
            filler("2026-03-14"),
            day("2026-03-14", false, &[departure("QX 646", "23:55", json!({}))]),
        ]),
        body(&[day("2026-03-15", false, &twice)]),
        body(&[filler("2026-03-16")]),
    ];
    let outcome = read(&mut *departures(), &bodies.each_ref().map(String::as_str), NOW);
    let mut rows = rows(outcome);
    rows.retain(|row| row["flight"]["destination"] == "TPE" && row["flight"]["flight"] != "FILL1");
    let keys = rows.iter().map(|row| {
        let row = &row["flight"];
        json!([row["flight"], row["date"], row["leg"]])
    });
    let expected = [
        json!(["QX646", "2026-03-14", null]),
        json!(["QX645", "2026-03-15", "00:25"]),
        json!(["QX645", "2026-03-15", "23:55"]),
        json!(["QX646", "2026-03-15", null]),
    ];
    assert_eq!(keys.collect::<Vec<_>>(), expected);
}

#[test]
fn cargo_rows_are_skipped() {
    let mut cargo = day("2026-03-15", false, &[departure("QX 1", "08:30", json!({}))]);
    cargo["cargo"] = json!(true);
    let bodies = [
        body(&[filler("2026-03-14")]),
        body(&[cargo, filler("2026-03-15")]),
        body(&[filler("2026-03-16")]),
    ];
    let outcome = read(&mut *departures(), &bodies.each_ref().map(String::as_str), NOW);
    assert!(rows(outcome).iter().all(|row| row["flight"]["flight"] != "QX1"));
}

#[test]
fn broken_rows_are_refused_alone() {
    let day = day(
        "2026-03-15",
        false,
        &[
            departure("QX 1", "8.30", json!({})),
            departure("QX 2", "08:30", json!({"gate": ["4"]})),
            departure("QX/3", "08:30", json!({})),
            json!({"time": "08:30", "flight": []}),
            json!("QX 4"),
            departure("QX 5", "08:30", json!({})),
        ],
    );
    let bodies = [body(&[filler("2026-03-14")]), body(&[day]), body(&[filler("2026-03-16")])];
    let outcome = read(&mut *departures(), &bodies.each_ref().map(String::as_str), NOW);
    let answer = answer(outcome);
    let refused = answer.refused.iter().map(|refused| (&*refused.row, &*refused.field));
    let expected =
        [("QX1", "time"), ("QX2", "list"), ("QX/3", "flight"), ("", "flight"), ("", "list")];
    assert_eq!(refused.collect::<Vec<_>>(), expected);
    assert_eq!(answer.full_rows.len(), 3);
}

#[test]
fn answers_that_prove_nothing_fail() {
    let good = |date| ok(&body(&[filler(date)]));
    let cases = [
        (ok("<html>Forbidden</html>"), "not JSON as expected: expected value"),
        (ok("<?xml version=\"1.0\"?><error/>"), "not JSON as expected: expected value"),
        (ok("{\"problemNo\":1,\"message\":\"no\"}"), "not JSON as expected: invalid type: map"),
        (ok(&body(&[filler("2026-03-15")])[..80]), "not JSON as expected: EOF while parsing"),
        (ok("[]"), "no flights of that day"),
        (ok(&body(&[day("2026-03-15", false, &[])])), "no flights of that day"),
        (ok(&body(&[filler("2026-03-16")])), "no flights of that day"),
        (Ok(HttpAnswer { status: 400, body: String::new() }), "status 400"),
        (Err("timed out".to_owned()), "timed out"),
    ];
    for (today, reason) in cases {
        let answers = [good("2026-03-14"), today.clone(), good("2026-03-16")];
        let outcome = departures().read(&answers, time(NOW));
        let AnswerOutcome::Partial { answer, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(answer.full_rows.len(), 2, "the other days are of use");
        let found = &answer.unanswered[0].reason;
        let prefix = "departures of 2026-03-15: ";
        assert!(found.starts_with(prefix) && found.contains(reason), "{found}");
        let away = || Err("timed out".to_owned());
        failure(departures().read(&[away(), today, away()], time(NOW)));
    }
}

#[test]
fn equal_reasons_are_given_once() {
    let days: [Result<HttpAnswer, String>; 3] =
        ["timed out", "timed out", "blocked"].map(|reason| Err(reason.to_owned()));
    let found = failure(departures().read(&days, time(NOW)));
    let expected = "departures of 2026-03-14, departures of 2026-03-15: timed out; \
                    departures of 2026-03-16: blocked";
    assert_eq!(found, expected);
    let days: [Result<HttpAnswer, String>; 3] = std::array::from_fn(|_| Err("blocked".to_owned()));
    let found = failure(departures().read(&days, time(NOW)));
    assert_eq!(found, "departures of 2026-03-14 and 2 more: blocked");
}

#[test]
fn missing_neighbour_day_makes_answer_partial() {
    let bodies = [body(&[filler("2026-03-14")]), body(&[filler("2026-03-15")]), "[]".to_owned()];
    let outcome = read(&mut *departures(), &bodies.each_ref().map(String::as_str), NOW);
    let AnswerOutcome::Partial { answer, reason } = outcome else { panic!("{outcome:?}") };
    let expected = "departures of 2026-03-16: the answer has no flights of that day";
    assert_eq!(reason.as_deref(), Some(expected));
    assert_eq!((answer.full_rows.len(), answer.unanswered.len()), (2, 0));
}

#[test]
fn unanswered_board_is_named() {
    let mut source = source("hkia", "HKG", "Asia/Hong_Kong");
    let days = ["2026-03-14", "2026-03-15", "2026-03-16"];
    let arrivals =
        days.map(|date| ok(&body(&[day(date, true, &[departure("QX 1", "08:30", json!({}))])])));
    let departures = days.map(|_| Err("timed out".to_owned()));
    let outcome = source.read(&[arrivals, departures].concat(), time(NOW));
    let answer = answer(outcome);
    assert_eq!((answer.full_rows.len(), answer.unanswered.len()), (3, 1));
    assert_eq!(answer.unanswered[0].kind, Departures);
    assert_eq!(answer.unanswered[0].reason, "departures of 2026-03-15: timed out");
}

fn departures() -> Box<dyn Source> {
    source_of_kinds("hkia", "HKG", "Asia/Hong_Kong", &[Departures])
}

/// The row that the source makes of a departure of 15 March.
fn only_departure(row: Value) -> Value {
    row_among(departures(), &bodies(false, row))
}

/// The only row that is no filler.
fn row_among(mut source: Box<dyn Source>, bodies: &[String; 3]) -> Value {
    let outcome = read(&mut *source, &bodies.each_ref().map(String::as_str), NOW);
    let AnswerOutcome::Full { mut answer, covers } = outcome else { panic!("{outcome:?}") };
    answer.full_rows.retain(|row| !row.flight.key().flight().starts_with("FILL"));
    only_row(AnswerOutcome::Full { answer, covers })
}

/// The answers for three days, of which the second has this row.
fn bodies(is_arrival: bool, row: Value) -> [String; 3] {
    let day = |date, row| body(&[day(date, is_arrival, &[row])]);
    let filler = || departure("FILL 1", "12:00", json!({"origin": ["TPE"]}));
    [day("2026-03-14", filler()), day("2026-03-15", row), day("2026-03-16", filler())]
}

/// A day with one row.
fn filler(date: &str) -> Value {
    day(date, false, &[departure("FILL 1", "12:00", json!({}))])
}

pub(crate) fn day(date: &str, is_arrival: bool, list: &[Value]) -> Value {
    json!({
        "date": date, "arrival": is_arrival, "cargo": false, "list": list,
        "lastUpdatedTime": "2026-03-15T20:00:00+08:00",
    })
}

pub(crate) fn departure(number: &str, time: &str, fields: Value) -> Value {
    let mut row = json!({
        "time": time, "flight": [{"no": number, "airline": "QXX"}], "status": "",
        "statusCode": null, "destination": ["TPE"], "terminal": "T1", "aisle": "", "gate": "",
    });
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    row
}

pub(crate) fn body(days: &[Value]) -> String {
    Value::from(days).to_string()
}
