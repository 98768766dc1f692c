//! Finavia: rows of the feed's XML.

use feeds::{AnswerOutcome, Source};
use flight::BoardKind::{self, Arrivals, Departures};
use serde_json::{Value, json};

use crate::source_case::{answer, failure, only_row, read, rows, source, source_of_kinds, time};

const NOW: &str = "2026-12-17T13:12:00Z";

#[test]
fn request_names_direction() {
    let base = "https://apigw.finavia.fi/flights/public/v0/flights";
    for (kinds, direction) in
        [(&[Arrivals, Departures][..], "all"), (&[Arrivals], "arr"), (&[Departures], "dep")]
    {
        let requests =
            source_of_kinds("finavia", "RVN", "Europe/Helsinki", kinds).requests(time(NOW));
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].url, format!("{base}/{direction}/RVN"));
    }
}

#[test]
fn arrival_has_all_fields() {
    let flight = "<flight><h_apt>RVN</h_apt><fltnr>AYX 45</fltnr><sdt>2026-12-17T22:20:00Z</sdt>\
        <sdate>20261218</sdate><acreg>OHXYZ</acreg><mfltnr>AYX45</mfltnr><cflight_1>AY45</cflight_1>\
        <cflight_2/><route_1>HEL</route_1><route_2>KTT</route_2><route_3/><route_n_1>Helsinki</route_n_1>\
        <park>3</park><gate/><prt>Landed</prt><est_d>2026-12-17T22:30:00Z</est_d>\
        <pest_d>2026-12-17T22:25:00Z</pest_d><act_d>2026-12-17T22:26:40Z</act_d><bltarea>1</bltarea>\
        </flight>";
    let expected = json!({
        "flight": "AYX45", "date": "2026-12-18", "origin": "HEL", "via": ["KTT"], "airline": "AYX",
        "codeshares": ["AY45"], "aircraft": "OHXYZ", "arrival": "2026-12-18T00:20:00+02:00",
        "estimated": "2026-12-18T00:25:00+02:00", "actual": "2026-12-18T00:26:00+02:00",
        "state": "landed", "stand": "3", "belt": "1",
    });
    assert_eq!(only_row(read_one(Arrivals, flight)), expected);
}

#[test]
fn departure_has_desks() {
    let body = flight("", "<chkarea>2</chkarea><chkdsk_1>207</chkdsk_1><chkdsk_2>215</chkdsk_2>");
    let expected = json!({
        "flight": "AY7", "date": "2026-12-17", "destination": "HEL", "airline": "Finnair",
        "departure": "2026-12-17T16:00:00+02:00", "state": "scheduled", "checkIn": "207-215",
    });
    assert_eq!(only_row(read_one(Departures, &body)), expected);
}

#[test]
fn remark_gives_the_state() {
    for (kind, word, state, remark) in [
        (Arrivals, "", json!("scheduled"), Value::Null),
        (Arrivals, "Estimated", json!("expected"), Value::Null),
        (Arrivals, "Delayed", json!("expected"), json!("Delayed")),
        (Arrivals, "AIR", json!("expected"), Value::Null),
        (Arrivals, "Landed", json!("landed"), Value::Null),
        (Arrivals, "Cancelled", json!("cancelled"), Value::Null),
        (Arrivals, "Diverted", json!("diverted"), Value::Null),
        (Departures, "Go to gate", json!("gate open"), Value::Null),
        (Departures, "BRD", json!("boarding"), Value::Null),
        (Departures, "Final call", json!("final call"), Value::Null),
        (Departures, "Gate closed", json!("gate closed"), Value::Null),
        (Departures, "Departed", json!("departed"), Value::Null),
        (Departures, "Airborne", json!("departed"), Value::Null),
        (Departures, "Ask us", Value::Null, json!("Ask us")),
    ] {
        let outcome = read_one(kind, &flight(word, ""));
        let unknown = answer(outcome.clone()).unknown_words;
        assert_eq!(!unknown.is_empty(), state.is_null(), "{word}");
        let row = only_row(outcome);
        assert_eq!((&row["state"], &row["remark"]), (&state, &remark), "{word}");
    }
}

#[test]
fn covered_span_is_common_to_boards() {
    let at = |hour: u8| flight("", "").replace("T14:00", &format!("T{hour}:00"));
    let body = body(&(at(11) + &at(13) + &at(15)), &(at(12) + &at(16)));
    let AnswerOutcome::Full { covers, .. } = read(&mut *rovaniemi(), &[&body], NOW) else {
        panic!("not full");
    };
    assert_eq!(covers, time("2026-12-17T12:00:00Z")..time("2026-12-17T15:00:00Z"));
}

#[test]
fn empty_board_proves_nothing() {
    let outcome = read(&mut *rovaniemi(), &[&body(&flight("", ""), "")], NOW);
    let AnswerOutcome::Partial { answer, reason: None } = outcome else { panic!("not partial") };
    assert_eq!((answer.full_rows.len(), answer.unanswered.len()), (1, 0));
}

#[test]
fn missing_direction_is_unanswered() {
    let body = body(&flight("", ""), "").replace("dep>", "other>");
    let outcome = read(&mut *rovaniemi(), &[&body], NOW);
    let AnswerOutcome::Partial { answer, reason: Some(reason) } = outcome else {
        panic!("not partial");
    };
    assert_eq!(reason, "the answer has no <dep>");
    assert_eq!((answer.full_rows.len(), answer.unanswered[0].kind), (1, Departures));
}

#[test]
fn broken_rows_are_refused_alone() {
    let flights = flight("", "").replace("T14:00:00Z", "") + &flight("", "");
    let answer = answer(read(&mut *rovaniemi(), &[&body(&flights, "")], NOW));
    assert_eq!((&*answer.refused[0].row, &*answer.refused[0].field), ("AY7", "sdt"));
    assert_eq!(answer.full_rows.len(), 1);
}

#[test]
fn hostile_answers_fail() {
    let good = body(&flight("", ""), "");
    let entity = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><flights>&b;</flights>";
    for (body, reason) in [
        ("", "not XML"),
        ("<html/>", "the answer is <html>, not <flights>"),
        ("{}", "not XML"),
        (&good[..good.len() - 9], "not XML"),
        (entity, "DTD"),
        (&"<flights>".repeat(200_000), "not XML"),
        (&good.replace("RVN", "OUL"), "for the airport \"OUL\", not RVN"),
        ("<flights/>", "the answer has no <arr>"),
    ] {
        let mut source = source_of_kinds("finavia", "RVN", "Europe/Helsinki", &[Arrivals]);
        let failure = failure(read(&mut *source, &[body], NOW));
        assert!(failure.contains(reason), "{failure}");
    }
}

#[test]
fn both_directions_are_read() {
    let kinds: Vec<_> =
        rows(read(&mut *rovaniemi(), &[&body(&flight("", ""), &flight("", ""))], NOW))
            .iter()
            .map(|row| row["kind"].clone())
            .collect();
    assert_eq!(kinds, ["arrivals", "departures"]);
}

fn rovaniemi() -> Box<dyn Source> {
    source("finavia", "RVN", "Europe/Helsinki")
}

fn read_one(kind: BoardKind, flight: &str) -> AnswerOutcome {
    let body = match kind {
        Arrivals => body(flight, ""),
        Departures => body("", flight),
    };
    read(&mut *source_of_kinds("finavia", "RVN", "Europe/Helsinki", &[kind]), &[&body], NOW)
}

/// A flight at 14:00 UTC, with this public remark and further elements.
fn flight(word: &str, elements: &str) -> String {
    format!(
        "<flight><h_apt>RVN</h_apt><fltnr>AY7</fltnr><sdt>2026-12-17T14:00:00Z</sdt>\
         <sdate>20261217</sdate><mfltnr/><cflight_1/><route_1>HEL</route_1><route_n_1>Helsinki</route_n_1>\
         <gate/><prm>A</prm><prt>{word}</prt><est_d/><pest_d/><act_d/>{elements}</flight>"
    )
}

fn body(arrivals: &str, departures: &str) -> String {
    let header = "<header><from>Finavia</from></header>";
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><flights \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"http://www.finavia.fi/FlightsService.xsd\">\
         <arr>{header}<body>{arrivals}</body></arr><dep>{header}<body>{departures}</body></dep></flights>"
    )
}
