//! VATSIM: rows from positions.

use feeds::{AnswerOutcome, Source, SourceAirport, SourceError, open_source};
use flight::BoardKind::{Arrivals, Departures};
use flight::{BoardKind, Flight};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::source_case::{answer, failure, read, rows, source_of_kinds, time};

const NOW: &str = "2026-06-13T13:45:00Z";

/// An aircraft, seen from one end of its flight.
#[derive(Clone, Copy)]
struct Position {
    /// Of the airport that it is near.
    airport: &'static str,
    nm_away: f64,
    feet_above: f64,
    knots: f64,
}

/// Standing at an airport.
const fn parked(airport: &'static str) -> Position {
    Position { airport, nm_away: 0.5, feet_above: 10.0, knots: 0.0 }
}

/// In the air, seen from an airport.
const fn flying(airport: &'static str, nm_away: f64, feet_above: f64) -> Position {
    Position { airport, nm_away, feet_above, knots: 400.0 }
}

#[test]
fn position_gives_the_state_of_departures() {
    let elsewhere = parked("LIML");
    let moving = Position { knots: 12.0, ..parked("EDDF") };
    let rolling = Position { knots: 110.0, ..parked("EDDF") };
    let cases = [
        ("stands before its time", parked("EDDF"), "1415", Some("boarding")),
        ("stands after its time", parked("EDDF"), "1316", Some("boarding")),
        ("stands too early", parked("EDDF"), "1416", Some("scheduled")),
        ("stands without a time", parked("EDDF"), "0000", Some("scheduled")),
        (
            "stands far from the field",
            Position { nm_away: 2.5, ..parked("EDDF") },
            "1400",
            Some("scheduled"),
        ),
        ("moves", moving, "1400", Some("gate closed")),
        ("rolls", rolling, "1400", Some("gate closed")),
        ("has left", flying("EDDF", 8.0, 3_000.0), "1340", Some("departed")),
        ("left long ago", flying("EDDF", 300.0, 35_000.0), "1300", None),
        ("is at its destination", parked("EGLL"), "1200", None),
        ("was never here", elsewhere, "1400", None),
    ];
    for (case, position, deptime, expected) in cases {
        let pilot = pilot("DLH6C", ["EDDF", "EGLL"], position, deptime);
        let mut source = frankfurt(Departures);
        let rows = rows(read(&mut *source, &[&file(NOW, &[pilot], &[])], NOW));
        let state = rows.first().map(|row| row["flight"]["state"].clone());
        assert_eq!(state, expected.map(Value::from), "{case}");
    }
}

#[test]
fn position_gives_the_state_of_arrivals() {
    let cases = [
        ("stands at its origin", parked("EGLL"), "1400", Some("scheduled")),
        (
            "moves at its origin",
            Position { knots: 9.0, ..parked("EGLL") },
            "1400",
            Some("scheduled"),
        ),
        ("is in the air", flying("EDDF", 200.0, 35_000.0), "1300", Some("expected")),
        ("is near but high", flying("EDDF", 14.0, 5_100.0), "1300", Some("expected")),
        ("is low but far", flying("EDDF", 16.0, 4_900.0), "1300", Some("expected")),
        ("approaches", flying("EDDF", 14.0, 4_900.0), "1300", Some("landing")),
        ("rolls out", Position { knots: 70.0, ..parked("EDDF") }, "1230", Some("landed")),
        ("stands at the gate", parked("EDDF"), "1215", Some("at gate")),
        ("stands there since morning", parked("EDDF"), "1155", None),
        ("stands there without a time", parked("EDDF"), "0000", None),
        ("was never at its origin", parked("LIML"), "1400", None),
    ];
    for (case, position, deptime, expected) in cases {
        let pilot = pilot("BAW9", ["EGLL", "EDDF"], position, deptime);
        let mut source = frankfurt(Arrivals);
        let rows = rows(read(&mut *source, &[&file(NOW, &[pilot], &[])], NOW));
        let state = rows.first().map(|row| row["flight"]["state"].clone());
        assert_eq!(state, expected.map(Value::from), "{case}");
    }
}

#[test]
fn rows_have_no_personal_data() {
    let pilot = pilot("BAW9", ["EGLL", "EDDF"], flying("EDDF", 100.0, 35_000.0), "1300");
    let expected = json!({
        "flight": "BAW9", "date": "2026-06-13", "origin": "LHR", "airline": "British Airways",
        "aircraft": "A320", "arrival": "2026-06-13T16:10:00+02:00",
        "estimated": "2026-06-13T15:58:00+02:00", "state": "expected",
    });
    let body = file(NOW, &[pilot], &[]);
    assert!(body.contains("Jane Doe"));
    let outcome = read(&mut *frankfurt(Arrivals), &[&body], NOW);
    assert!(!format!("{outcome:?}").contains("Doe"));
    assert_eq!(rows(outcome)[0]["flight"], expected);
}

#[test]
fn prefiled_plans_are_scheduled() {
    let mut source = frankfurt(Departures);
    let plans = [prefile("DLH1", ["EDDF", "ZZZZ"]), prefile("DLH6C", ["EDDF", "EGLL"])];
    let connected = pilot("DLH6C", ["EDDF", "EGLL"], parked("EDDF"), "1400");
    let rows = rows(read(&mut *source, &[&file(NOW, &[connected], &plans)], NOW));
    let facts = |row: &Value| {
        let row = &row["flight"];
        json!([row["flight"], row["destination"], row["departure"], row["state"]])
    };
    let facts: Vec<_> = rows.iter().map(facts).collect();
    let expected = [
        json!(["DLH6C", "LHR", "2026-06-13T16:00:00+02:00", "boarding"]),
        json!(["DLH1", "ZZZZ", "2026-06-13T17:30:00+02:00", "scheduled"]),
    ];
    assert_eq!(facts, expected);
}

#[test]
fn departure_is_followed_to_its_end() {
    let mut source = frankfurt(Departures);
    let moving = Position { knots: 5.0, ..parked("EDDF") };
    let steps = [
        ("13:45", parked("EDDF"), json!(["boarding", null])),
        ("13:46", moving, json!(["gate closed", null])),
        // A push-back that stops.
        ("13:47", parked("EDDF"), json!(["gate closed", null])),
        ("13:55", flying("EDDF", 5.0, 2_000.0), json!(["departed", "2026-06-13T15:55:00+02:00"])),
        ("14:55", flying("EGLL", 1.0, 900.0), json!(["departed", "2026-06-13T15:55:00+02:00"])),
        ("15:05", parked("EGLL"), json!(["departed", "2026-06-13T15:55:00+02:00"])),
    ];
    for (at, position, expected) in steps {
        let pilot = pilot("DLH6C", ["EDDF", "EGLL"], position, "1350");
        let row = step(&mut *source, at, &[pilot]).unwrap();
        assert_eq!(json!([row["state"], row["actual"]]), expected, "{at}");
    }
}

#[test]
fn arrival_is_followed_to_its_gate() {
    let mut source = frankfurt(Arrivals);
    let waiting = parked("EDDF");
    let moving = Position { knots: 20.0, ..waiting };
    let landed = "2026-06-13T16:05:00+02:00";
    let steps = [
        ("13:45", flying("EDDF", 120.0, 30_000.0), json!(["expected", null])),
        ("14:00", flying("EDDF", 10.0, 2_900.0), json!(["landing", null])),
        ("14:01", flying("EDDF", 11.0, 4_000.0), json!(["expected", null])),
        ("14:02", flying("EDDF", 12.0, 4_050.0), json!(["landing", null])),
        ("14:05", moving, json!(["landed", landed])),
        // It waits on a taxiway.
        ("14:06", waiting, json!(["landed", landed])),
        ("14:07", moving, json!(["landed", landed])),
        ("14:08", waiting, json!(["landed", landed])),
        ("14:09", waiting, json!(["at gate", landed])),
        ("14:10", moving, json!(["at gate", landed])),
    ];
    for (at, position, expected) in steps {
        let pilot = pilot("BAW9", ["EGLL", "EDDF"], position, "1300");
        let row = step(&mut *source, at, &[pilot]).unwrap();
        assert_eq!(json!([row["state"], row["actual"]]), expected, "{at}");
    }
}

#[test]
fn landing_elsewhere_is_a_diversion() {
    let mut source = frankfurt(Arrivals);
    let mut state = |at, position| {
        let pilot = pilot("BAW9", ["EGLL", "EDDF"], position, "1300");
        step(&mut *source, at, &[pilot]).unwrap()["state"].clone()
    };
    assert_eq!(state("13:45", flying("EDDF", 50.0, 20_000.0)), "expected");
    // A paused aircraft stands in the air.
    assert_eq!(
        state("13:50", Position { knots: 0.0, ..flying("EDDF", 40.0, 20_000.0) }),
        "expected"
    );
    assert_eq!(state("14:10", parked("EDDK")), "diverted");
}

#[test]
fn estimate_ignores_small_changes() {
    let mut source = frankfurt(Arrivals);
    let mut estimate = |at, nm| {
        let pilot = pilot("BAW9", ["EGLL", "EDDF"], flying("EDDF", nm, 30_000.0), "1300");
        step(&mut *source, at, &[pilot]).unwrap()["estimated"].clone()
    };
    assert_eq!(estimate("13:45", 200.0), "2026-06-13T16:11:00+02:00");
    assert_eq!(estimate("13:50", 185.0), "2026-06-13T16:11:00+02:00");
    assert_eq!(estimate("13:55", 185.0), "2026-06-13T16:19:00+02:00");
}

#[test]
fn departure_time_before_logon_is_ignored() {
    // Logged on at 11:00, and a part of a second.
    for (deptime, expected) in [
        ("1031", json!("2026-06-13T12:31:00+02:00")),
        ("1030", Value::Null),
        ("1500", json!("2026-06-13T17:00:00+02:00")),
        ("1501", Value::Null),
        ("0000", Value::Null),
        ("2460", Value::Null),
        ("noon", Value::Null),
    ] {
        let pilot = pilot("DLH6C", ["EDDF", "EGLL"], parked("EDDF"), deptime);
        let row = step(&mut *frankfurt(Departures), "13:45", &[pilot]).unwrap();
        assert_eq!(row["departure"], expected, "{deptime}");
    }
}

#[test]
fn disconnected_row_stays_five_minutes() {
    let mut source = frankfurt(Arrivals);
    let flying = flying("EDDF", 100.0, 30_000.0);
    let gone = pilot("BAW9", ["EGLL", "EDDF"], flying, "1300");
    let other = pilot("DLH9", ["EGLL", "EDDF"], flying, "1300");
    step(&mut *source, "13:45", &[gone.clone(), other.clone()]);
    for (at, pilots, expected) in [
        ("13:46", &[other.clone()][..], 0),
        ("13:49", &[other.clone(), gone], 0),
        ("13:53", std::slice::from_ref(&other), 0),
        ("13:54", std::slice::from_ref(&other), 1),
        ("13:55", std::slice::from_ref(&other), 0),
    ] {
        let at = format!("2026-06-13T{at}:00Z");
        let outcome = read(&mut *source, &[&file(&at, pilots, &[])], &at);
        let AnswerOutcome::Full { answer, covers } = outcome else { panic!("not full") };
        assert_eq!(answer.removed.len(), expected, "{at}");
        assert!(covers.is_empty(), "the source itself says which rows are gone");
    }
}

#[test]
fn amended_plan_keeps_its_row() {
    let mut source = frankfurt(Departures);
    let position = parked("EDDF");
    step(&mut *source, "13:45", &[pilot("DLH6C", ["EDDF", "EGLL"], position, "1400")]);
    let new = pilot("DLH6C", ["EDDF", "EGKK"], Position { knots: 5.0, ..position }, "1400");
    let answer = answer_of(&mut *source, "2026-06-13T13:46:00Z", &[new]);
    let row = serde_json::to_value(&answer.full_rows[0].flight).unwrap();
    assert_eq!(
        json!([row["destination"], row["state"], row["leg"]]),
        json!(["LGW", "gate closed", null])
    );
    assert_eq!(answer.removed, []);
}

#[test]
fn next_flight_of_day_has_leg() {
    let mut source = frankfurt(Arrivals);
    let at_gate = pilot("BAW9", ["EGLL", "EDDF"], parked("EDDF"), "1215");
    let first = step(&mut *source, "13:45", &[at_gate]).unwrap();
    assert_eq!(json!([first["state"], first["leg"]]), json!(["at gate", null]));
    let next = pilot("BAW9", ["EGKK", "EDDF"], parked("EGKK"), "1400");
    let second = step(&mut *source, "13:50", std::slice::from_ref(&next)).unwrap();
    let expected = json!(["LGW", "LGW", "scheduled"]);
    assert_eq!(json!([second["origin"], second["leg"], second["state"]]), expected);
    // After a restart, the board knows.
    let rows = [first, second].map(|row| serde_json::from_value::<Flight>(row).unwrap());
    let mut source = frankfurt(Arrivals);
    source.recall(Arrivals, &rows);
    assert_eq!(step(&mut *source, "13:51", &[next]).unwrap()["leg"], "LGW");
    let removed = ["2026-06-13T13:52:00Z", "2026-06-13T13:57:00Z"].map(|at| {
        answer_of(&mut *source, at, &[pilot("X1", ["EGKK", "EGLL"], parked("EGKK"), "1400")])
            .removed
    });
    assert_eq!(removed[1].len(), 1, "{removed:?}");
    assert_eq!(removed[1][0].1.leg(), Some("LGW"));
}

#[test]
fn mass_disconnect_proves_nothing() {
    let mut source = frankfurt(Arrivals);
    let position = flying("EDDF", 100.0, 30_000.0);
    let pilots: Vec<_> = (0..9)
        .map(|number| pilot(&format!("BAW{number}"), ["EGLL", "EDDF"], position, "1300"))
        .collect();
    step(&mut *source, "13:45", &pilots);
    let at = "2026-06-13T13:55:00Z";
    let outcome = read(&mut *source, &[&file(at, &pilots[..4], &[])], at);
    let AnswerOutcome::Partial { answer, reason: Some(_) } = outcome else { panic!("not partial") };
    assert_eq!(answer.removed, []);
    // From now on, the others count as absent.
    let at = "2026-06-13T13:56:00Z";
    assert_eq!(answer_of(&mut *source, at, &pilots[..4]).removed, []);
    let at = "2026-06-13T14:01:00Z";
    assert_eq!(answer_of(&mut *source, at, &pilots[..4]).removed.len(), 5);
}

#[test]
fn board_gives_date_and_history() {
    let row = json!({
        "flight": "DLH6C", "date": "2026-06-12", "destination": "LHR", "state": "departed",
        "departure": "2026-06-12T23:50:00+02:00", "actual": "2026-06-12T23:58:00+02:00",
    });
    let rows: Flight = serde_json::from_value(row.clone()).unwrap();
    let mut source = frankfurt(Departures);
    source.recall(Departures, std::slice::from_ref(&rows));
    // The log-on is too late for the departure time: the pilot has reconnected.
    let pilot = pilot("DLH6C", ["EDDF", "EGLL"], flying("EGLL", 90.0, 30_000.0), "2150");
    let read = step(&mut *source, "13:45", std::slice::from_ref(&pilot)).unwrap();
    for field in ["date", "state", "departure", "actual"] {
        assert_eq!(read[field], row[field], "{field}");
    }
    // The row has left the board.
    source.recall(Departures, &[]);
    assert_eq!(step(&mut *source, "13:46", &[pilot]), None);
}

#[test]
fn date_stays_past_midnight() {
    let mut source = frankfurt(Departures);
    for at in ["2026-06-13T21:59:00Z", "2026-06-13T22:01:00Z"] {
        let pilot = pilot("DLH6C", ["EDDF", "EGLL"], parked("EDDF"), "0000");
        let rows = rows(read(&mut *source, &[&file(at, &[pilot], &[])], at));
        assert_eq!(rows[0]["flight"]["date"], "2026-06-13");
    }
}

#[test]
fn same_file_changes_nothing() {
    let mut source = frankfurt(Departures);
    let body = file(NOW, &[pilot("DLH6C", ["EDDF", "EGLL"], parked("EDDF"), "1400")], &[]);
    assert!(matches!(read(&mut *source, &[&body], NOW), AnswerOutcome::Full { .. }));
    assert_eq!(read(&mut *source, &[&body], NOW), AnswerOutcome::Unchanged);
    let older = body.replace("13:45:00Z", "13:44:45Z");
    assert_eq!(read(&mut *source, &[&older], NOW), AnswerOutcome::Unchanged);
}

#[test]
fn broken_pilot_is_refused_alone() {
    let good = pilot("DLH6C", ["EDDF", "EGLL"], parked("EDDF"), "1400");
    let mut broken = good.clone();
    broken["latitude"] = json!("Jane Doe");
    let no_plan = json!({
        "callsign": "X", "latitude": 0, "longitude": 0, "altitude": 0, "groundspeed": 0,
        "flight_plan": null, "logon_time": NOW,
    });
    let body = file(NOW, &[broken, no_plan, good], &[]);
    let answer = answer(read(&mut *frankfurt(Departures), &[&body], NOW));
    assert_eq!(answer.full_rows.len(), 1);
    assert_eq!(answer.refused[0].row, "pilots[0]");
    assert!(!answer.refused[0].reason.contains("Doe"));
}

#[test]
fn hostile_answers_fail() {
    let good = file(NOW, &[], &[]);
    let deep = format!("{{\"general\":{}", "[".repeat(200_000));
    for body in ["", "<html>", "<?xml version=\"1.0\"?><a/>", &good[..good.len() - 3], "[]", &deep]
    {
        let reason = failure(read(&mut *frankfurt(Arrivals), &[body], NOW));
        assert!(reason.starts_with("the answer is not JSON as expected"), "{reason}");
    }
    let foreign = file(NOW, &[json!({})], &[]);
    let reason = failure(read(&mut *frankfurt(Arrivals), &[&foreign], NOW));
    assert_eq!(reason, "the answer has no pilots of the expected form");
}

#[test]
fn unknown_airport_is_refused() {
    let airport = |code: &str| SourceAirport {
        code: code.to_owned(),
        zone: TimeZone::UTC,
        kinds: vec![Arrivals],
    };
    let error = open_source("vatsim", airport("QQQQ")).err().unwrap();
    assert_eq!(error, SourceError::UnknownAirport { code: "QQQQ".to_owned() });
    assert!(open_source("vatsim", airport("FRA")).is_ok(), "the IATA code is known too");
}

fn frankfurt(kind: BoardKind) -> Box<dyn Source> {
    source_of_kinds("vatsim", "EDDF", "Europe/Berlin", &[kind])
}

/// Reads a file of this time, and returns the first row.
fn step(source: &mut dyn Source, at: &str, pilots: &[Value]) -> Option<Value> {
    let at = format!("2026-06-13T{at}:00Z");
    let row = rows(read(source, &[&file(&at, pilots, &[])], &at)).into_iter().next();
    row.map(|mut row| row["flight"].take())
}

fn answer_of(source: &mut dyn Source, at: &str, pilots: &[Value]) -> feeds::SourceAnswer {
    answer(read(source, &[&file(at, pilots, &[])], at))
}

fn file(at: &str, pilots: &[Value], prefiles: &[Value]) -> String {
    assert!(time(at) > time("2026-01-01T00:00:00Z"));
    let general = json!({ "version": 3, "update_timestamp": at });
    json!({ "general": general, "pilots": pilots, "prefiles": prefiles }).to_string()
}

/// A pilot who logged on at 11:00, with a flight of 70 minutes.
fn pilot(callsign: &str, ends: [&str; 2], position: Position, deptime: &str) -> Value {
    let airport = codes::airport(position.airport).unwrap();
    json!({
        "cid": 1_234_567, "name": "Jane Doe EDDF", "callsign": callsign,
        "latitude": airport.latitude + position.nm_away / 60.0, "longitude": airport.longitude,
        "altitude": f64::from(airport.elevation_feet) + position.feet_above,
        "groundspeed": position.knots, "flight_plan": plan(ends, deptime),
        "logon_time": "2026-06-13T11:00:00.1234567Z",
    })
}

fn prefile(callsign: &str, ends: [&str; 2]) -> Value {
    json!({
        "cid": 1_234_567, "name": "Jane Doe", "callsign": callsign,
        "flight_plan": plan(ends, "1530"), "last_updated": "2026-06-13T11:00:00Z",
    })
}

fn plan(ends: [&str; 2], deptime: &str) -> Value {
    json!({
        "departure": ends[0], "arrival": ends[1], "alternate": "EDDK", "deptime": deptime,
        "enroute_time": "0110", "cruise_tas": "450", "aircraft_short": "A320",
        "remarks": "OPR/Jane Doe",
    })
}
