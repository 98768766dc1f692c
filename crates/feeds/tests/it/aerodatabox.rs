//! AeroDataBox: rows of its answers, and of the bodies of its webhook.

use feeds::{AerodataboxWebhook, AnswerOutcome, HttpAnswer, Source, SourceAirport};
use flight::BoardKind::{self, Arrivals, Departures};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::source_case::{answer, failure, only_row, read, rows, source_of_kinds, time};

const NOW: &str = "2026-08-01T21:10:00Z";

#[test]
fn request_spans_half_a_day() {
    let base = "https://aerodatabox.p.rapidapi.com/flights/airports";
    let span = "2026-08-01T20:00/2026-08-02T08:00";
    let options = "&withLeg=true&withCancelled=true&withCodeshared=true\
                   &withCargo=false&withPrivate=false";
    for (kinds, direction) in [
        (&[Arrivals, Departures][..], "Both"),
        (&[Arrivals], "Arrival"),
        (&[Departures], "Departure"),
    ] {
        let source = source_of_kinds("aerodatabox", "DUB", "Europe/Dublin", kinds);
        let requests = source.requests(time(NOW));
        let expected = format!("{base}/iata/DUB/{span}?direction={direction}{options}");
        assert_eq!(requests[0].url, expected);
        assert_eq!(requests[0].headers, [("X-RapidAPI-Host", "aerodatabox.p.rapidapi.com")]);
    }
}

#[test]
fn arrival_has_all_fields() {
    let mut item = item("QX 12", "Arrived");
    item["arrival"]["runwayTime"] = json!({ "utc": "2026-08-01 23:41Z" });
    item["aircraft"] = json!({ "reg": "EI-XYZ", "model": "Airbus A320" });
    // It left on the day before it arrived.
    let expected = json!({
        "flight": "QX12", "date": "2026-08-01", "origin": "MAD", "airline": "Quick Air",
        "aircraft": "EI-XYZ", "arrival": "2026-08-02T00:30:00+01:00",
        "actual": "2026-08-02T00:41:00+01:00", "state": "landed", "terminal": "1", "gate": "109",
        "belt": "7",
    });
    assert_eq!(only_row(read_items(&[item])), expected);
}

#[test]
fn status_gives_the_state() {
    for (number, word, arrival, departure) in [
        (1, "Expected", "expected", "expected"),
        (2, "EnRoute", "expected", "departed"),
        (3, "CheckIn", "expected", "check-in"),
        (4, "Boarding", "expected", "boarding"),
        (5, "GateClosed", "expected", "gate closed"),
        (6, "Departed", "expected", "departed"),
        (7, "Delayed", "expected", "expected"),
        (8, "Approaching", "landing", "departed"),
        (9, "Arrived", "landed", "departed"),
        (10, "Canceled", "cancelled", "cancelled"),
        (11, "Diverted", "diverted", "diverted"),
        (12, "CanceledUncertain", "cancelled", "cancelled"),
    ] {
        for status in [json!(word), json!(number)] {
            for (kind, expected) in [(Arrivals, arrival), (Departures, departure)] {
                let row = only_row(read_status(kind, &status));
                assert_eq!(row["state"], expected, "{status} {kind:?}");
                assert_eq!(!row["remark"].is_null(), word == "CanceledUncertain", "{status}");
            }
        }
    }
}

#[test]
fn unknown_status_keeps_the_state() {
    for (status, remark) in [
        (json!("Unknown"), Value::Null),
        (json!(0), Value::Null),
        (Value::Null, Value::Null),
        (json!("Lost"), json!("Lost")),
        (json!(13), json!("status 13")),
        (json!(-1), json!("status -1")),
    ] {
        let outcome = read_status(Arrivals, &status);
        assert_eq!(!answer(outcome.clone()).unknown_words.is_empty(), !remark.is_null());
        let row = only_row(outcome);
        assert_eq!((&row["state"], &row["remark"]), (&Value::Null, &remark), "{status}");
        assert_eq!(row["estimated"], "2026-08-01T23:00:00+01:00", "may be a day earlier");
    }
}

#[test]
fn codeshares_join_their_operator() {
    let codeshare = |number: &str| {
        let mut item = item(number, "Delayed");
        item["codeshareStatus"] = json!("IsCodeshared");
        item
    };
    let mut elsewhere = codeshare("ZC 3");
    elsewhere["departure"]["airport"]["iata"] = json!("BCN");
    let mut later = codeshare("ZD 4");
    later["arrival"]["scheduledTime"]["utc"] = json!("2026-08-01 23:35Z");
    let mut other_gate = codeshare("ZE 5");
    other_gate["arrival"]["gate"] = json!("110");
    // Its twin has less in it.
    let mut sparse = codeshare("ZB 2");
    sparse["arrival"]["gate"] = Value::Null;
    sparse["departure"]["scheduledTime"] = Value::Null;
    sparse["codeshareStatus"] = json!(2);
    let items = [codeshare("ZA 1"), item("QX 12", "Delayed"), sparse, elsewhere, later, other_gate];
    let rows = rows(read_items(&items));
    let facts: Vec<_> = rows
        .iter()
        .map(|row| json!([row["flight"]["flight"], row["flight"]["codeshares"]]))
        .collect();
    let expected = [
        json!(["QX12", ["ZA1", "ZB2"]]),
        json!(["ZC3", null]),
        json!(["ZD4", null]),
        json!(["ZE5", null]),
    ];
    assert_eq!(facts, expected);
}

#[test]
fn ambiguous_codeshare_stays_alone() {
    let mut codeshare = item("ZA 1", "Delayed");
    codeshare["codeshareStatus"] = json!("IsCodeshared");
    let unmarked = {
        let mut item = item("QZ 2", "Delayed");
        item["codeshareStatus"] = json!("Unknown");
        item
    };
    let mut other = item("QY 1", "Delayed");
    for items in [
        &[codeshare.clone(), item("QX 12", "Delayed"), other.clone()][..],
        &[codeshare.clone(), unmarked],
    ] {
        let rows = rows(read_items(items));
        assert!(rows.iter().all(|row| row["flight"]["codeshares"].is_null()), "{rows:?}");
        assert_eq!(rows.len(), items.len());
    }
    // The gate decides between two operators.
    other["arrival"]["gate"] = Value::Null;
    let rows = rows(read_items(&[codeshare, item("QX 12", "Delayed"), other]));
    assert_eq!(rows[0]["flight"]["codeshares"], json!(["ZA1"]));
}

#[test]
fn full_answer_covers_its_request() {
    let AnswerOutcome::Full { covers, .. } = read_items(&[item("QX 12", "Expected")]) else {
        panic!("not full");
    };
    assert_eq!(covers, time("2026-08-01T19:00:00Z")..time("2026-08-02T07:00:00Z"));
}

#[test]
fn no_flights_prove_nothing() {
    let no_content = Ok(HttpAnswer { status: 204, body: String::new() });
    for outcome in [dublin(Arrivals).read(&[no_content], time(NOW)), read_items(&[])] {
        let AnswerOutcome::Partial { answer, reason: None } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(answer.full_rows, []);
    }
}

#[test]
fn hostile_answers_fail() {
    let not_found = Ok(HttpAnswer { status: 404, body: String::new() });
    let reason = failure(dublin(Arrivals).read(&[not_found], time(NOW)));
    assert_eq!(reason, "the answer has status 404");
    let good = json!({ "arrivals": [item("QX 12", "Expected")] }).to_string();
    for (body, expected) in [
        ("", "not JSON"),
        ("<html>", "not JSON"),
        ("<?xml version=\"1.0\"?><a/>", "not JSON"),
        (&good[..good.len() - 1], "not JSON"),
        ("{\"departures\":[]}", "the answer has no arrivals"),
        ("{\"message\":\"You are not subscribed\"}", "the answer has no arrivals"),
    ] {
        let reason = failure(read(&mut *dublin(Arrivals), &[body], NOW));
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn broken_rows_are_refused_alone() {
    let mut no_time = item("QX 13", "Expected");
    no_time["arrival"]["scheduledTime"] = json!({ "utc": "tomorrow" });
    let answer = answer(read_items(&[json!([]), no_time, item("QX 12", "Expected")]));
    let refused: Vec<_> = answer.refused.iter().map(|row| (&*row.row, &*row.field)).collect();
    assert!(refused.contains(&("QX13", "scheduledTime")), "{refused:?}");
    assert_eq!(answer.full_rows.len(), 1);
}

#[test]
fn delivery_changes_rows_of_both_boards() {
    let mut hook = webhook(&[Arrivals, Departures]);
    let mut away = delivered("QX 3", 2, "21:00");
    away["arrival"]["airport"] = json!({ "iata": "BCN" });
    let mut departure = delivered("QX 4", 2, "21:00");
    departure["departure"]["airport"] = json!({ "iata": "DUB", "icao": "EIDW" });
    departure["arrival"]["airport"] = json!({ "iata": "BCN" });
    let answer = answer(hook.read(&delivery(&[delivered("QX 2", 2, "21:00"), away, departure])));
    let facts: Vec<_> = answer
        .delta_rows
        .iter()
        .map(|row| {
            let patch = serde_json::to_value(&row.patch).unwrap();
            json!([row.kind, patch["flight"], patch["date"], patch["state"], patch.get("stand")])
        })
        .collect();
    let expected = [
        json!(["arrivals", "QX2", "2026-08-01", "expected", null]),
        json!(["departures", "QX4", "2026-08-01", "departed", null]),
    ];
    assert_eq!(facts, expected);
    assert_eq!(answer.full_rows, []);
}

#[test]
fn newest_delivery_wins() {
    let mut hook = webhook(&[Arrivals]);
    let states = |outcome: AnswerOutcome| -> Vec<Value> {
        let rows = answer(outcome).delta_rows;
        rows.iter().map(|row| serde_json::to_value(&row.patch).unwrap()["state"].clone()).collect()
    };
    let updates = [delivered("QX 2", 9, "21:05"), delivered("QX 2", 8, "21:00")];
    assert_eq!(states(hook.read(&delivery(&updates))), ["landed"]);
    assert_eq!(states(hook.read(&delivery(&updates[1..]))), [] as [Value; 0], "overtaken");
    assert_eq!(states(hook.read(&delivery(&updates[..1]))), ["landed"], "repeated");
    let mut undated = delivered("QX 2", 10, "");
    undated["lastUpdatedUtc"] = Value::Null;
    assert_eq!(states(hook.read(&delivery(&[undated]))), ["cancelled"]);
}

#[test]
fn secret_address_is_not_kept() {
    let mut hook = webhook(&[Arrivals]);
    let mut body: Value =
        serde_json::from_str(&delivery(&[delivered("QX 2", 2, "21:00")])).unwrap();
    body["flights"][0]["subscriber"] = json!("https://example.org/secret");
    let outcome = hook.read(&body.to_string());
    assert!(!format!("{outcome:?} {hook:?}").contains("secret"));
    let broken = body.to_string().replace("\"flights\":[", "\"flights\":{");
    assert!(!failure(hook.read(&broken)).contains("secret"));
    body["flights"] = json!("https://example.org/secret");
    assert!(!failure(hook.read(&body.to_string())).contains("secret"));
}

#[test]
fn webhook_remembers_a_bounded_number() {
    let mut hook = webhook(&[Arrivals]);
    let mut older = Value::Null;
    for number in 0..4_200 {
        let flight = delivered(&format!("QX {number}"), 2, "21:00");
        older = delivered("QX 4199", 9, "20:00");
        hook.read(&delivery(&[flight]));
    }
    assert!(answer(hook.read(&delivery(&[older]))).delta_rows.is_empty(), "recent ones are known");
    let text = format!("{hook:?}");
    assert_eq!(text.matches("\"QX").count(), 4_096);
}

fn dublin(kind: BoardKind) -> Box<dyn Source> {
    source_of_kinds("aerodatabox", "DUB", "Europe/Dublin", &[kind])
}

fn read_items(arrivals: &[Value]) -> AnswerOutcome {
    let body = json!({ "departures": [], "arrivals": arrivals }).to_string();
    read(&mut *dublin(Arrivals), &[&body], NOW)
}

/// Reads one flight with this status as a row of this board.
fn read_status(kind: BoardKind, status: &Value) -> AnswerOutcome {
    let mut item = item("QX 12", "");
    item["status"] = status.clone();
    if kind == Departures {
        item = json!({
            "number": "QX 12", "status": status,
            "departure": item["arrival"], "arrival": item["departure"],
        });
    }
    let body = json!({ "departures": [item], "arrivals": [item] }).to_string();
    read(&mut *dublin(kind), &[&body], NOW)
}

/// An arrival from Madrid at half past midnight, which is expected before midnight.
fn item(number: &str, status: &str) -> Value {
    json!({
        "number": number, "status": status, "codeshareStatus": "IsOperator", "isCargo": false,
        "departure": {
            "airport": { "icao": "LEMD", "iata": "MAD", "name": "Madrid" },
            "scheduledTime": { "utc": "2026-08-01 20:40Z", "local": "2026-08-01 22:40+02:00" },
            "terminal": "4", "quality": ["Basic"],
        },
        "arrival": {
            "scheduledTime": { "utc": "2026-08-01 23:30Z", "local": "2026-08-02 00:30+01:00" },
            "revisedTime": { "utc": "2026-08-01 22:00Z", "local": "2026-08-01 23:00+01:00" },
            "terminal": "1", "gate": "109", "baggageBelt": "7", "quality": ["Basic", "Live"],
        },
        "airline": { "name": "Quick Air", "iata": "QX" },
    })
}

/// The same as the webhook delivers it: with integers and both airports.
fn delivered(number: &str, status: u8, updated_at: &str) -> Value {
    let mut item = item(number, "");
    item["status"] = json!(status);
    item["codeshareStatus"] = json!(1);
    item["arrival"]["airport"] = json!({ "iata": "DUB", "icao": "EIDW" });
    item["lastUpdatedUtc"] = json!(format!("2026-08-01 {updated_at}"));
    item
}

fn delivery(flights: &[Value]) -> String {
    let subscription = json!({ "id": "1", "subscriber": "https://example.org/secret" });
    json!({ "id": "2", "flights": flights, "subscription": subscription, "balance": {} })
        .to_string()
}

fn webhook(kinds: &[BoardKind]) -> AerodataboxWebhook {
    let zone = TimeZone::get("Europe/Dublin").unwrap();
    AerodataboxWebhook::new(SourceAirport { code: "DUB".to_owned(), zone, kinds: kinds.to_vec() })
}
