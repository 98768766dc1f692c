//! Swedavia: rows of a day's JSON.

use feeds::{AnswerOutcome, HttpAnswer, Source};
use flight::BoardKind::{self, Arrivals, Departures};
use serde_json::{Value, json};

use crate::source_case::{answer, failure, ok, only_row, read, source, source_of_kinds, time};

/// In the morning, only today is asked for.
const NOW: &str = "2026-09-28T08:00:00Z";

#[test]
fn requests_name_days_near_midnight() {
    let base = "https://api.swedavia.se/flightinfo/v2/ARN/arrivals/2026-09-";
    // Stockholm is two hours ahead.
    for (now, days) in [
        ("2026-09-28T03:59:00Z", &["27", "28"][..]),
        ("2026-09-28T04:00:00Z", &["28"]),
        ("2026-09-28T10:00:00Z", &["28", "29"]),
        ("2026-09-28T21:59:00Z", &["28", "29"]),
        ("2026-09-28T22:00:00Z", &["28", "29"]),
    ] {
        let requests = stockholm(Arrivals).requests(time(now)).into_iter();
        let urls: Vec<_> = requests.map(|request| request.url).collect();
        let expected: Vec<_> = days.iter().map(|day| format!("{base}{day}")).collect();
        assert_eq!(urls, expected, "{now}");
    }
    let both = source("swedavia", "ARN", "Europe/Stockholm").requests(time(NOW));
    assert!(both[1].url.ends_with("/ARN/departures/2026-09-28"), "{both:?}");
}

#[test]
fn arrival_has_all_fields() {
    let mut item = arrival("LAN");
    item["arrivalTime"]["actualUtc"] = json!("2026-09-28T23:06:59Z");
    item["viaDestinations"] = json!(["GOT", { "airportIATA": "MMX" }]);
    let expected = json!({
        "flight": "QX12", "date": "2026-09-28", "origin": "HEL", "via": ["GOT", "MMX"],
        "airline": "Quick Air", "codeshares": ["A33302", "ZA1"], "aircraft": "OHXYZ",
        "arrival": "2026-09-29T01:00:00+02:00", "actual": "2026-09-29T01:06:00+02:00",
        "state": "landed", "terminal": "T5", "gate": "F5", "belt": "6",
    });
    assert_eq!(only_row(read_one(Arrivals, item)), expected);
}

#[test]
fn departure_has_desks_and_destination() {
    let expected = json!({
        "flight": "QX7", "date": "2026-09-28", "destination": "GOT", "airline": "SAS",
        "departure": "2026-09-28T12:00:00+02:00", "state": "scheduled", "gate": "F3",
        "checkIn": "71-82",
    });
    assert_eq!(only_row(read_one(Departures, departure("SCH"))), expected);
}

#[test]
fn status_gives_state_of_arrivals() {
    for (status, remark, expected) in [
        ("SCH", "", json!("scheduled")),
        ("FPL", "", json!("scheduled")),
        ("SEQ", "", json!("expected")),
        ("ACT", "", json!("expected")),
        ("SCH", "Approach", json!("landing")),
        ("SCH", "Landed 01:06", json!("landed")),
        ("SCH", "Last bag on belt", json!("baggage")),
        ("LAN", "", json!("landed")),
        ("LAN", "First bag on belt", json!("baggage")),
        ("CAN", "", json!("cancelled")),
        ("DIV", "", json!("diverted")),
        ("RER", "", json!("diverted")),
        ("XYZ", "", Value::Null),
    ] {
        let mut item = arrival(status);
        item["remarksEnglish"] = json!([{ "text": remark, "indicator": "NEUTRAL" }]);
        assert_eq!(only_row(read_one(Arrivals, item))["state"], expected, "{status} {remark}");
    }
}

#[test]
fn status_comes_before_gate() {
    for (status, action, remark, desks, expected) in [
        ("SCH", "", "", "", "scheduled"),
        ("SEQ", "", "", "", "expected"),
        ("SCH", "", "", "O", "check-in"),
        ("SCH", "", "", "C", "scheduled"),
        ("SEQ", "I", "Go to Gate", "O", "gate open"),
        ("SCH", "O", "", "", "gate open"),
        ("SEQ", "B", "Boarding", "", "boarding"),
        ("SEQ", "F", "Boarding", "", "boarding"),
        ("SEQ", "F", "Final call", "", "final call"),
        ("SEQ", "C", "Gate closed", "", "gate closed"),
        ("ACT", "C", "Gate closed", "", "departed"),
        ("LAN", "C", "Gate closed", "", "departed"),
        ("CAN", "B", "", "", "cancelled"),
        ("DIV", "C", "", "", "diverted"),
    ] {
        let mut item = departure(status);
        item["locationAndStatus"]["gateAction"] = json!(action);
        item["checkIn"]["checkInStatus"] = json!(desks);
        item["remarksEnglish"] = json!([{ "text": remark }]);
        let row = only_row(read_one(Departures, item));
        assert_eq!(row["state"], expected, "{status} {action} {remark}");
        assert_eq!(row["remark"], Value::Null);
    }
}

#[test]
fn text_time_fills_missing_field_only() {
    let mut item = departure("SEQ");
    item["locationAndStatus"]["flightLegStatusEnglish"] = json!("Estimated 12:21");
    let row = only_row(read_one(Departures, item.clone()));
    assert_eq!(row["estimated"], "2026-09-28T12:21:00+02:00");
    item["departureTime"]["estimatedUtc"] = json!("2026-09-28T10:45:30Z");
    let row = only_row(read_one(Departures, item.clone()));
    assert_eq!(row["estimated"], "2026-09-28T12:45:00+02:00");
    // A little after midnight, seen from a schedule before it.
    item["departureTime"] = json!({ "scheduledUtc": "2026-09-28T21:50:00Z" });
    item["locationAndStatus"]["flightLegStatusEnglish"] = json!("Estimated 00:10");
    let row = only_row(read_one(Departures, item));
    assert_eq!(row["estimated"], "2026-09-29T00:10:00+02:00");
}

#[test]
fn unknown_status_keeps_the_word() {
    let mut item = departure("XYZ");
    item["locationAndStatus"]["flightLegStatusEnglish"] = json!("On hold");
    item["remarksEnglish"] = json!([{ "text": "New gate" }, { "text": "Estimated 12:21" }]);
    let answer = answer(read_one(Departures, item));
    assert_eq!(answer.unknown_words, ["XYZ"]);
    let row = serde_json::to_value(&answer.full_rows[0].flight).unwrap();
    assert_eq!((&row["state"], &row["remark"]), (&Value::Null, &json!("On hold, New gate")));
}

#[test]
fn deleted_row_is_removed() {
    let deleted = answer(read_one(Departures, departure("DEL")));
    assert_eq!(deleted.full_rows, []);
    let (kind, key) = &deleted.removed[0];
    assert_eq!((*kind, key.to_string().as_str()), (Departures, "QX7 of 2026-09-28"));
    // Another row has taken its place.
    let body = body(Departures, &[departure("SCH"), departure("DEL")]);
    let replaced = answer(read(&mut *stockholm(Departures), &[&body], NOW));
    assert_eq!((replaced.full_rows.len(), replaced.removed.len()), (1, 0));
}

#[test]
fn nulls_count_as_absent() {
    let mut item = departure("SCH");
    item["locationAndStatus"]["gate"] = Value::Null;
    item["checkIn"] = Value::Null;
    let row = only_row(read_one(Departures, item));
    assert_eq!((&row["gate"], &row["checkIn"]), (&Value::Null, &Value::Null));
}

#[test]
fn covered_span_fits_both_countings() {
    let AnswerOutcome::Full { covers, .. } = read_one(Departures, departure("SCH")) else {
        panic!("not full");
    };
    assert_eq!(covers, time("2026-09-28T00:00:00Z")..time("2026-09-28T22:00:00Z"));
}

#[test]
fn incomplete_list_is_partial() {
    let complete = body(Departures, &[departure("SCH")]);
    for (body, expected) in [
        (
            complete.replace("\"numberOfFlights\":1", "\"numberOfFlights\":2"),
            "lists 1 of 2 flights",
        ),
        (complete.replace("numberOfFlights", "flightCount"), "does not say how many"),
        (
            complete.replace(
                "\"flightDepartureDate\":\"2026-09-28",
                "\"flightDepartureDate\":\"2026-09-27",
            ),
            "for the day 2026-09-27",
        ),
    ] {
        let outcome = read(&mut *stockholm(Departures), &[&body], NOW);
        let AnswerOutcome::Partial { answer, reason: Some(reason) } = outcome else {
            panic!("not partial: {outcome:?}");
        };
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(answer.full_rows.len(), 1);
    }
}

#[test]
fn no_content_proves_nothing() {
    let mut source = stockholm(Departures);
    let empty = Ok(HttpAnswer { status: 204, body: String::new() });
    let outcomes =
        [source.read(&[empty], time(NOW)), read(&mut *source, &[&body(Departures, &[])], NOW)];
    for outcome in outcomes {
        assert!(matches!(outcome, AnswerOutcome::Partial { reason: None, .. }), "{outcome:?}");
    }
}

#[test]
fn missing_answers_leave_the_others() {
    let lost = || Err("the connection was reset".to_owned());
    let mut source = source("swedavia", "ARN", "Europe/Stockholm");
    let departures = ok(&body(Departures, &[departure("SCH")]));
    let one = answer(source.read(&[lost(), departures.clone()], time(NOW)));
    assert_eq!((one.full_rows.len(), one.unanswered[0].kind), (1, Arrivals));
    let none = failure(source.read(&[lost(), lost()], time(NOW)));
    assert!(none.contains("2026-09-28: the connection was reset"), "{none}");
    // Without tomorrow, the board of today is not behind.
    let evening = "2026-09-28T12:00:00Z";
    let outcome = stockholm(Departures).read(&[departures, lost()], time(evening));
    let AnswerOutcome::Partial { answer, reason: Some(_) } = outcome else { panic!("not partial") };
    assert_eq!(answer.unanswered, []);
}

#[test]
fn hostile_answers_fail() {
    let good = body(Departures, &[departure("SCH")]);
    for (body, reason) in [
        ("", "not JSON"),
        ("<!DOCTYPE html><html>", "it starts with \"<!DOCTYPE html>"),
        ("<?xml version=\"1.0\"?><a/>", "not JSON"),
        (&good[..good.len() - 2], "not JSON"),
        (&good.replace("ARN", "GOT"), "for the airport \"GOT\", not ARN"),
        ("{\"error\":\"no\"}", "missing field `flights`"),
    ] {
        let failure = failure(read(&mut *stockholm(Departures), &[body], NOW));
        assert!(failure.contains(reason), "{failure}");
    }
}

#[test]
fn broken_rows_are_refused_alone() {
    let mut no_time = departure("SCH");
    no_time["departureTime"] = json!({});
    let items = [json!(7), no_time, departure("SCH")];
    let answer = answer(read(&mut *stockholm(Departures), &[&body(Departures, &items)], NOW));
    let refused: Vec<_> = answer.refused.iter().map(|row| (&*row.row, &*row.field)).collect();
    assert_eq!(refused, [("", "flights"), ("QX7", "scheduledUtc")]);
    assert_eq!(answer.full_rows.len(), 1);
}

fn stockholm(kind: BoardKind) -> Box<dyn Source> {
    source_of_kinds("swedavia", "ARN", "Europe/Stockholm", &[kind])
}

fn read_one(kind: BoardKind, item: Value) -> AnswerOutcome {
    read(&mut *stockholm(kind), &[&body(kind, &[item])], NOW)
}

fn body(kind: BoardKind, items: &[Value]) -> String {
    let mut body = json!({ "numberOfFlights": items.len(), "flights": items });
    match kind {
        Arrivals => {
            let header = json!({ "arrivalAirportIata": "ARN", "flightArrivalDate": "2026-09-28" });
            body["to"] = header;
        }
        Departures => {
            let header =
                json!({ "departureAirportIata": "ARN", "flightDepartureDate": "2026-09-28" });
            body["from"] = header;
        }
    }
    body.to_string()
}

fn arrival(status: &str) -> Value {
    json!({
        "flightId": "QX12", "departureAirportEnglish": "Helsinki",
        "airlineOperator": { "iata": "QX", "icao": "QXX", "name": "Quick Air" },
        "arrivalTime": { "scheduledUtc": "2026-09-28T23:00:00Z" },
        "locationAndStatus": { "terminal": "T5", "gate": "F5", "flightLegStatus": status },
        "baggage": { "baggageClaimUnit": "6" }, "codeShareData": ["A33302", "ZA 1"],
        "flightLegIdentifier": {
            "aircraftRegistration": "OHXYZ", "flightId": "QX12",
            "flightDepartureDateUtc": "2026-09-28T00:00:00Z", "departureAirportIata": "HEL",
            "arrivalAirportIata": "ARN",
        },
        "viaDestinations": [], "remarksEnglish": [],
    })
}

fn departure(status: &str) -> Value {
    json!({
        "flightId": "QX7", "arrivalAirportEnglish": "Göteborg", "airlineOperator": { "iata": "SK" },
        "departureTime": { "scheduledUtc": "2026-09-28T10:00:00Z" },
        "locationAndStatus": { "gate": "F3", "flightLegStatus": status },
        "checkIn": { "checkInDeskFrom": 71, "checkInDeskTo": "82" },
        "flightLegIdentifier": {
            "flightId": "QX7", "flightDepartureDateUtc": "2026-09-28T00:00:00Z",
            "departureAirportIata": "ARN", "arrivalAirportIata": "GOT",
        },
    })
}
