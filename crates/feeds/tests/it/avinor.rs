//! Avinor: rows of the feed's XML.

use feeds::{AnswerOutcome, Source};
use flight::BoardKind::{Arrivals, Departures};
use serde_json::{Value, json};

use crate::source_case::{answer, failure, only_row, read, rows, source, source_of_kinds, time};

const NOW: &str = "2026-03-28T22:00:00Z";

#[test]
fn requests_name_airport_and_window() {
    let prefix = "https://asrv.avinor.no/XmlFeed/v1.0?airport=OSL";
    let suffix = "&TimeFrom=1&TimeTo=7&codeshare=Y";
    for (kinds, direction) in [
        (&[Arrivals, Departures][..], ""),
        (&[Arrivals], "&direction=A"),
        (&[Departures], "&direction=D"),
    ] {
        let requests = source_of_kinds("avinor", "OSL", "Europe/Oslo", kinds).requests(time(NOW));
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].url, format!("{prefix}{direction}{suffix}"));
    }
}

#[test]
fn arrival_has_all_fields() {
    let body = body(
        "<flight uniqueID=\"1\"><airline>QX</airline><flight_id>QX 12</flight_id>\
         <dom_int>S</dom_int><schedule_time>2026-03-28T23:30:00Z</schedule_time><arr_dep>A</arr_dep>\
         <airport>AES</airport><via_airport>SOG, HOV</via_airport><belt>7</belt>\
         <status code=\"E\" time=\"2026-03-29T01:10:40Z\"/><delayed>Y</delayed>\
         <codeshareAirlineDesignators>ZA;ZB</codeshareAirlineDesignators>\
         <codeshareAirlineNames>;</codeshareAirlineNames>\
         <codeshareFlightNumbers>100;2000</codeshareFlightNumbers>\
         <codeshareOperationalSuffixs>;P</codeshareOperationalSuffixs></flight>",
    );
    // The clocks change between schedule and estimate.
    let expected = json!({
        "flight": "QX12", "date": "2026-03-29", "origin": "AES", "via": ["SOG", "HOV"],
        "airline": "QX", "codeshares": ["ZA100", "ZB2000P"],
        "arrival": "2026-03-29T00:30:00+01:00", "estimated": "2026-03-29T03:10:00+02:00",
        "state": "expected", "belt": "7",
    });
    assert_eq!(only_row(read(&mut *oslo(), &[&body], NOW)), expected);
}

#[test]
fn departure_has_gate_and_desks() {
    let body = body(&departure("<check_in>1 2 3</check_in><gate>E8</gate>"));
    let expected = json!({
        "flight": "QX7", "date": "2026-03-28", "destination": "RIX", "airline": "SAS",
        "departure": "2026-03-28T23:00:00+01:00", "state": "scheduled", "gate": "E8",
        "checkIn": "1 2 3",
    });
    assert_eq!(only_row(read(&mut *oslo(), &[&body], NOW)), expected);
}

#[test]
fn status_gives_state_and_time() {
    let time = "time=\"2026-03-28T22:05:59Z\"";
    let (cut, at) = (json!("2026-03-28T23:05:00+01:00"), Value::Null);
    let cases = [
        (String::new(), json!(["scheduled", at, at, at])),
        ("<delayed>Y</delayed>".to_owned(), json!(["expected", at, at, "Delayed"])),
        (format!("<status code=\"N\" {time}/>"), json!(["scheduled", at, at, at])),
        (format!("<status code=\"E\" {time}/>"), json!(["expected", cut, at, at])),
        ("<status code=\"E\"/>".to_owned(), json!(["expected", at, at, at])),
        (format!("<status code=\"D\" {time}/>"), json!(["departed", at, cut, at])),
        (format!("<status code=\"A\" {time}/>"), json!(["landed", at, cut, at])),
        ("<status code=\"C\"/>".to_owned(), json!(["cancelled", at, at, at])),
        (format!("<status code=\"Q\" {time}/>"), json!([at, at, at, "Q"])),
    ];
    for (status, expected) in cases {
        let row = only_row(read(&mut *oslo(), &[&body(&departure(&status))], NOW));
        let fields = json!([row["state"], row["estimated"], row["actual"], row["remark"]]);
        assert_eq!(fields, expected, "{status}");
    }
}

#[test]
fn unknown_status_is_reported() {
    let body = body(&departure("<status code=\"Q\"/>"));
    assert_eq!(answer(read(&mut *oslo(), &[&body], NOW)).unknown_words, ["Q"]);
}

#[test]
fn long_lists_of_desks_are_cut() {
    let desks = (1..40).map(|desk| desk.to_string()).collect::<Vec<_>>().join(" ");
    let body = body(&departure(&format!("<check_in>{desks}</check_in>")));
    let row = only_row(read(&mut *oslo(), &[&body], NOW));
    assert_eq!(row["checkIn"], "1 2 3 4 5 6 7 8 9 10 11 12 13 1…");
}

#[test]
fn other_direction_is_skipped() {
    let mut source = source_of_kinds("avinor", "OSL", "Europe/Oslo", &[Arrivals]);
    let body = body(&departure(""));
    assert_eq!(rows(read(&mut *source, &[&body], NOW)), [] as [Value; 0]);
}

#[test]
fn broken_rows_are_refused_alone() {
    let rows = [
        departure("").replace("2026-03-28T22:00:00Z", "22:00"),
        departure("").replace(">D<", ">X<"),
        departure("").replace("QX7", "Æ"),
        departure("").replace("QX7", "QX8"),
    ];
    let answer = answer(read(&mut *oslo(), &[&body(&rows.concat())], NOW));
    let fields: Vec<_> = answer.refused.iter().map(|refused| &*refused.field).collect();
    assert_eq!(fields, ["schedule_time", "arr_dep", "flight"]);
    assert_eq!(answer.full_rows[0].flight.key().flight(), "QX8");
}

#[test]
fn second_flight_of_day_has_leg() {
    let later = departure("").replace("T22:00:00Z", "T22:30:00Z");
    let body = body(&(departure("") + &later + &later.replace("QX7", "QX8")));
    let rows = rows(read(&mut *oslo(), &[&body], NOW));
    let legs: Vec<_> = rows.iter().map(|row| row["flight"]["leg"].clone()).collect();
    assert_eq!(legs, [json!("23:00"), json!("23:30"), Value::Null]);
}

#[test]
fn covered_hours_are_those_agreed() {
    let body = body(&departure(""));
    for (asked_at, start, end) in [
        ("2026-03-28T22:00:00Z", "2026-03-28T21:00:00Z", "2026-03-29T04:59:50Z"),
        // A clock that is an hour fast, one that is an hour slow, and one that is days off.
        ("2026-03-28T23:00:00Z", "2026-03-28T22:00:00Z", "2026-03-29T04:59:50Z"),
        ("2026-03-28T21:00:00Z", "2026-03-28T20:59:50Z", "2026-03-29T04:00:00Z"),
        ("2026-04-28T21:00:00Z", "2026-04-28T20:00:00Z", "2026-04-28T20:00:00Z"),
    ] {
        let AnswerOutcome::Full { covers, .. } = read(&mut *oslo(), &[&body], asked_at) else {
            panic!("not full");
        };
        assert_eq!(covers, time(start)..time(end), "{asked_at}");
    }
}

#[test]
fn empty_list_proves_nothing() {
    let outcome = read(&mut *oslo(), &[&body("")], NOW);
    assert!(matches!(outcome, AnswerOutcome::Partial { reason: None, .. }), "{outcome:?}");
}

#[test]
fn older_answer_changes_nothing() {
    let mut source = oslo();
    let newer = body(&departure(""));
    let older = newer.replace("T21:59:50", "T21:56:50");
    assert!(matches!(read(&mut *source, &[&newer], NOW), AnswerOutcome::Full { .. }));
    assert_eq!(read(&mut *source, &[&older], NOW), AnswerOutcome::Unchanged);
    assert!(matches!(read(&mut *source, &[&newer], NOW), AnswerOutcome::Full { .. }));
}

#[test]
fn wrong_time_keeps_out_nothing() {
    let mut source = oslo();
    let good = body(&departure(""));
    let wrong = good.replace("lastUpdate=\"2026", "lastUpdate=\"2096");
    for body in [&wrong, &good] {
        assert!(matches!(read(&mut *source, &[body], NOW), AnswerOutcome::Full { .. }));
    }
}

#[test]
fn hostile_answers_fail() {
    let good = body(&departure(""));
    let deep = "<a>".repeat(200_000);
    let entity = "<!DOCTYPE a [<!ENTITY b \"c\">]><airport name=\"OSL\"><flights/></airport>";
    for (body, reason) in [
        ("", "not XML"),
        ("<!DOCTYPE html><html><body>Sorry</body></html>", "DTD"),
        ("<html><body>Sorry</body></html>", "the answer is <html>, not <airport>"),
        ("{\"error\": 1}", "not XML"),
        (&good[..good.len() - 20], "not XML"),
        (entity, "DTD"),
        (&deep, "not XML"),
        ("<airport name=\"BGO\"><flights/></airport>", "for the airport \"BGO\", not OSL"),
        ("<airport name=\"OSL\"/>", "no <flights>"),
    ] {
        let failure = failure(read(&mut *oslo(), &[body], NOW));
        assert!(failure.contains(reason), "{failure}");
    }
}

#[test]
fn status_other_than_ok_fails() {
    let mut source = oslo();
    let answer = feeds::HttpAnswer { status: 503, body: body(&departure("")) };
    assert_eq!(failure(source.read(&[Ok(answer)], time(NOW))), "the answer has status 503");
    let outcome = source.read(&[Err("the connection was reset".to_owned())], time(NOW));
    assert_eq!(failure(outcome), "the connection was reset");
}

fn oslo() -> Box<dyn Source> {
    source("avinor", "OSL", "Europe/Oslo")
}

/// A departure at 22:00 UTC, with further elements.
fn departure(elements: &str) -> String {
    format!(
        "<flight uniqueID=\"2\"><airline>SK</airline><flight_id>QX7</flight_id><dom_int>S</dom_int>\
         <schedule_time>2026-03-28T22:00:00Z</schedule_time><arr_dep>D</arr_dep>\
         <airport>RIX</airport>{elements}</flight>"
    )
}

fn body(flights: &str) -> String {
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"ISO-8859-1\" standalone=\"yes\"?>\
         <airport name=\"OSL\" xsi:noNamespaceSchemaLocation=\"/XmlFeed.xsd\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <flights lastUpdate=\"2026-03-28T21:59:50Z\">{flights}</flights></airport>"
    )
}
