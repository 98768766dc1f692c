//! The figures of `GET /boards/{board}/punctuality` by a plain fold over the rows of random days.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use server::Settings;

use crate::changes::ticking_server;
use crate::test_server::TestServer;

const AIRLINES: [&str; 3] = ["Alpha", "Beta", "Gamma"];

/// The last row of each flight, removed or not, by its number.
type LastRows = BTreeMap<String, Value>;

/// The figures of some flights, as a plain fold counts them.
fn figures(rows: &[&Value]) -> Value {
    let minute = |row: &Value, name: &str| {
        let time: Timestamp = row[name].as_str()?.parse().unwrap();
        Some(time.as_second() / 60)
    };
    let (mut cancelled, mut diverted, mut unknown, mut delays) = (0, 0, 0, Vec::new());
    for row in rows {
        match (row["state"].as_str(), minute(row, "actual")) {
            (Some("cancelled"), _) => cancelled += 1,
            (Some("diverted"), _) => diverted += 1,
            (_, Some(actual)) => delays.push(actual - minute(row, "arrival").unwrap()),
            (_, None) => unknown += 1,
        }
    }
    delays.sort_unstable();
    let on_time = delays.iter().filter(|delay| **delay <= 15).count();
    let known = delays.len() + cancelled + diverted;
    let share = (on_time as f64 * 1_000.0 / known as f64).round() / 1_000.0;
    let rank = |share: f64| {
        let count = delays.len() as f64;
        let at_most = |delay: i64| delays.iter().filter(|other| **other <= delay).count() as f64;
        delays.iter().copied().find(|delay| at_most(*delay) >= share * count - 1e-9)
    };
    json!({
        "flights": rows.len(),
        "onTime": on_time,
        "late": delays.len() - on_time,
        "cancelled": cancelled,
        "diverted": diverted,
        "unknown": unknown,
        "onTimeShare": (known > 0).then_some(share),
        "medianDelay": rank(0.5),
        "p90Delay": rank(0.9),
    })
}

/// The answer by a plain fold: overall, by hour in UTC, by airline.
fn expected(rows: &LastRows, from: Timestamp, to: Timestamp) -> Value {
    let scheduled = |row: &Value| row["arrival"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let is_inside = |row: &&Value| (from..to).contains(&scheduled(row));
    // Rows whose number begins with Z are codeshares of the same rows with X.
    let counted = rows.iter().filter(|(flight, row)| {
        let operating = rows.get(&flight.replace('Z', "X")).filter(|_| flight.starts_with('Z'));
        operating.is_none_or(|operating| scheduled(operating) != scheduled(row))
    });
    let inside: Vec<&Value> = counted.map(|(_, row)| row).filter(is_inside).collect();
    let mut groups: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for row in &inside {
        groups.entry(scheduled(row).to_string()[11..13].to_owned()).or_default().push(row);
        groups.entry(row["airline"].as_str().unwrap().to_owned()).or_default().push(row);
    }
    json!({
        "overall": figures(&inside),
        "groups": groups.iter().map(|(name, rows)| (name.clone(), figures(rows))).collect::<BTreeMap<_, _>>(),
    })
}

/// The same parts of the server's answer.
fn answered(answer: &Value) -> Value {
    let mut groups = BTreeMap::new();
    for group in
        answer["byHour"].as_array().unwrap().iter().chain(answer["byAirline"].as_array().unwrap())
    {
        let mut figures = group.as_object().unwrap().clone();
        let name = match (figures.remove("hour"), figures.remove("airline")) {
            (Some(hour), None) => format!("{:02}", hour.as_u64().unwrap()),
            (None, Some(airline)) => airline.as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        };
        groups.insert(name, Value::Object(figures));
    }
    json!({ "overall": answer["overall"], "groups": groups })
}

/// Publishes a random change, and applies it to the rows.
async fn change(server: &TestServer, random: &mut StdRng, start: Timestamp, rows: &mut LastRows) {
    let number = random.random_range(0..30);
    let flight = format!("X{number}");
    let path = format!("/boards/main/flights/{flight}?date=2026-11-22");
    let time = |minutes: i64| {
        (start + jiff::SignedDuration::from_mins(minutes))
            .strftime("%Y-%m-%dT%H:%M:00Z")
            .to_string()
    };
    let schedule = i64::from(number) * 20;
    let (method, body) = match random.random_range(0..20) {
        0..6 => {
            let scheduled = time(schedule + i64::from(random.random_range(0..3)) * 10);
            let airline = AIRLINES[random.random_range(0..AIRLINES.len())];
            ("PUT", json!({ "arrival": scheduled, "airline": airline }))
        }
        6..12 => {
            let delay = random.random_range(-30..90);
            ("PATCH", json!({ "actual": time(schedule + delay), "state": "landed" }))
        }
        12 => ("PATCH", json!({ "state": "cancelled" })),
        13 => ("PATCH", json!({ "state": "diverted" })),
        14 => ("PATCH", json!({ "state": null, "actual": null })),
        15..18 => ("PATCH", json!({ "estimated": time(schedule), "gate": "B1" })),
        _ => ("DELETE", Value::Null),
    };
    let answer = server.send(method, &path, body.clone()).await;
    if !answer.status.is_success() || method == "DELETE" {
        return;
    }
    let row = match method {
        "PUT" => body,
        _ => answer.json(),
    };
    rows.insert(flight, row);
}

#[tokio::test]
async fn random_days_match_a_plain_fold() {
    for seed in 0..4 {
        let server = ticking_server(Settings::default()).await;
        let never = ["landed", "cancelled", "diverted"].map(|state| (state, "never"));
        let never: BTreeMap<_, _> = never.into_iter().collect();
        server.send("PUT", "/boards/main", json!({ "removeAfter": never })).await;
        let start: Timestamp = Timestamp::now();
        let mut random = StdRng::seed_from_u64(seed);
        let mut rows = LastRows::new();
        for _ in 0..400 {
            change(&server, &mut random, start, &mut rows).await;
        }
        for (flight, row) in rows.clone().iter().filter(|_| random.random_bool(0.3)) {
            let codeshare = flight.replace('X', "Z");
            let mut shared = row.clone();
            let path = format!("/boards/main/flights/{codeshare}?date=2026-11-22");
            let fields = shared.as_object_mut().unwrap();
            for name in ["flight", "date", "leg"] {
                fields.remove(name);
            }
            fields.insert("codeshares".to_owned(), json!([flight]));
            let answer = server.send("PUT", &path, shared.clone()).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
            rows.insert(codeshare, shared);
        }
        for (from, to) in [(0, 24 * 60), (60, 300), (0, 5)] {
            let [from, to] =
                [from, to].map(|minutes| start + jiff::SignedDuration::from_mins(minutes));
            let path = format!("/boards/main/punctuality?from={from}&to={to}");
            let answer = server.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            let answer = answer.json();
            assert_eq!(answered(&answer), expected(&rows, from, to), "seed {seed}: {from} to {to}");
        }
        assert!(rows.len() > 20, "{}", rows.len());
    }
}
