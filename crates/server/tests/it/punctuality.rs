//! `GET /boards/{board}/punctuality`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use journal::{Clock, JournalOptions, MemoryJournal, UnixMillis};
use serde_json::{Value, json};
use server::Settings;

use crate::private_boards::TokenFile;
use crate::test_server::TestServer;

const URL: &str = "/boards/main/punctuality";

/// A server whose records have the time that the test sets: at first three days ago.
struct PastServer {
    server: TestServer,
    start: Timestamp,
    now: Arc<AtomicU64>,
}

impl PastServer {
    async fn new(board: Value) -> Self {
        let start = SystemTime::now() - Duration::from_secs(3 * 24 * 60 * 60);
        let now = Arc::new(AtomicU64::new(UnixMillis::from(start).0));
        let clock = Arc::clone(&now);
        let clock = Clock::new(move || UnixMillis(clock.load(Ordering::Relaxed)));
        let options = JournalOptions { clock, ..JournalOptions::default() };
        let server = TestServer::on(MemoryJournal::new(options), Settings::default()).await;
        let start = Timestamp::try_from(start).unwrap();
        let start = start.round(jiff::Unit::Minute).unwrap();
        let past = Self { server, start, now };
        past.set_time(1);
        past.send("PUT", "", board).await;
        past
    }

    /// The time at a number of minutes after the start.
    fn time(&self, minutes: i64) -> Timestamp {
        self.start + SignedDuration::from_mins(minutes)
    }

    fn set_time(&self, minutes: i64) {
        let millis = u64::try_from(self.time(minutes).as_millisecond()).unwrap();
        self.now.store(millis, Ordering::Relaxed);
    }

    async fn send(&self, method: &str, path: &str, body: Value) {
        let answer = self.server.send(method, &format!("/boards/main{path}"), body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.body);
    }

    /// The figures of the flights scheduled between these minutes.
    async fn figures(&self, from: i64, to: i64) -> Value {
        let (from, to) = (self.time(from), self.time(to));
        let answer = self.server.get(&format!("{URL}?from={from}&to={to}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }
}

/// The counts of flights on time, late, cancelled, diverted and unknown.
fn counts(figures: &Value) -> [u64; 5] {
    let names = ["onTime", "late", "cancelled", "diverted", "unknown"];
    let counts = names.map(|name| figures[name].as_u64().unwrap());
    assert_eq!(figures["flights"], counts.iter().sum::<u64>());
    counts
}

#[tokio::test]
async fn figures_have_every_outcome() {
    let past = PastServer::new(json!({ "timeZone": "Asia/Kolkata" })).await;
    // The board's clock is at half past when that of UTC is at the full hour.
    let hour = past.start.as_second().rem_euclid(3_600) / 60;
    let base = 120 - hour;
    let zone = jiff::tz::TimeZone::get("Asia/Kolkata").unwrap();
    let local_hour = zone.to_datetime(past.time(base)).hour();
    let at = |seconds: i64| (past.time(base) + SignedDuration::from_secs(seconds)).to_string();
    let rows = [
        ("AB1", json!({ "airline": "Alpha", "actual": at(15 * 60 + 59) })),
        ("AB2", json!({ "airline": "Alpha", "actual": at(16 * 60) })),
        ("AB3", json!({ "airline": "Alpha", "actual": at(-12 * 60) })),
        ("AB4", json!({ "airline": "Alpha", "state": "Cancelled", "actual": at(0) })),
        ("CD5", json!({ "state": "diverted", "actual": at(0) })),
        ("CD6", json!({ "state": "landed", "estimated": at(0) })),
        ("CD7", json!({ "codeshares": ["XY 9"], "actual": at(60) })),
        ("XY9", json!({ "codeshares": ["CD7"], "airline": "Other" })),
    ];
    for (flight, mut row) in rows {
        row["arrival"] = at(0).into();
        past.send("PUT", &format!("/flights/{flight}"), row).await;
    }
    past.send("PUT", "/flights/EF1", json!({ "arrival": at(30 * 60), "actual": at(31 * 60) }))
        .await;
    past.send("PUT", "/flights/EF2", json!({ "actual": at(0) })).await;
    let answer = past.figures(base, base + 60).await;
    assert_eq!(answer["board"], "main");
    assert_eq!(
        (&answer["kind"], &answer["timeZone"]),
        (&json!("arrivals"), &json!("Asia/Kolkata"))
    );
    let overall = json!({
        "flights": 8, "onTime": 4, "late": 1, "cancelled": 1, "diverted": 1, "unknown": 1,
        "onTimeShare": 0.571, "medianDelay": 1, "p90Delay": 16,
    });
    assert_eq!(answer["overall"], overall);
    let hours: Vec<_> = answer["byHour"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["hour"].clone(), counts(it)))
        .collect();
    let next_hour = (local_hour + 1) % 24;
    let mut expected = [(json!(local_hour), [3, 1, 1, 1, 1]), (json!(next_hour), [1, 0, 0, 0, 0])];
    expected.sort_by_key(|(hour, _)| hour.as_i64());
    assert_eq!(hours, expected);
    let airlines: Vec<_> = answer["byAirline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["airline"].clone(), counts(it)))
        .collect();
    let expected = [
        (json!("Alpha"), [2, 1, 1, 0, 0]),
        (json!("CD"), [1, 0, 0, 1, 1]),
        (json!("EF"), [1, 0, 0, 0, 0]),
    ];
    assert_eq!(airlines, expected);
    assert_eq!(answer["moreAirlines"], 0);
}

#[tokio::test]
async fn nothing_known_has_no_shares() {
    let past = PastServer::new(json!({})).await;
    past.send("PUT", "/flights/AB1", json!({ "arrival": past.time(60) })).await;
    let answer = past.figures(30, 90).await;
    assert_eq!(counts(&answer["overall"]), [0, 0, 0, 0, 1]);
    for name in ["onTimeShare", "medianDelay", "p90Delay"] {
        assert_eq!(answer["overall"][name], Value::Null, "{name}");
    }
    let empty = past.figures(300, 300).await;
    assert_eq!((counts(&empty["overall"]), &empty["byHour"]), ([0; 5], &json!([])));
}

#[tokio::test]
async fn removed_rows_count_as_they_were() {
    let past = PastServer::new(json!({ "kind": "departures" })).await;
    let row = |actual: i64| json!({ "departure": past.time(60), "actual": past.time(actual) });
    past.send("PUT", "/flights/AB1?date=2026-11-22", row(65)).await;
    past.send("PUT", "/flights/AB2?date=2026-11-22", row(65)).await;
    past.send("PUT", "/flights/AB3?date=2026-11-22", row(65)).await;
    past.send("DELETE", "/flights/AB1?date=2026-11-22", Value::Null).await;
    // It comes back, and its last state is that of the second row.
    past.send("DELETE", "/flights/AB2?date=2026-11-22", Value::Null).await;
    past.send("PUT", "/flights/AB2?date=2026-11-22", row(90)).await;
    past.send("DELETE", "/flights/AB2?date=2026-11-22", Value::Null).await;
    // It is scheduled for another day at last.
    let moved = json!({ "departure": past.time(1_500) });
    past.send("PATCH", "/flights/AB3?date=2026-11-22", moved).await;
    past.send("DELETE", "/flights/AB3?date=2026-11-22", Value::Null).await;
    assert_eq!(counts(&past.figures(30, 120).await["overall"]), [1, 1, 0, 0, 0]);
    // A board that is opened again begins without rows.
    past.send("PUT", "/flights/AB4", row(61)).await;
    past.send("DELETE", "", Value::Null).await;
    past.send("PUT", "", json!({ "kind": "departures" })).await;
    assert_eq!(counts(&past.figures(30, 120).await["overall"]), [2, 1, 0, 0, 0]);
}

#[tokio::test]
async fn undated_rows_are_daily_flights() {
    let past = PastServer::new(json!({ "removeAfter": { "landed": "never" } })).await;
    for day in 0..2 {
        let minutes = 24 * 60 * day;
        past.set_time(minutes + 60);
        let row = json!({
            "arrival": past.time(minutes + 60), "actual": past.time(minutes + 62), "state": "landed",
        });
        // The first time the row is new; then it replaces that of the day before.
        past.send("PUT", "/flights/AB1", row).await;
    }
    assert_eq!(counts(&past.figures(30, 3 * 24 * 60).await["overall"]), [2, 0, 0, 0, 0]);
}

#[tokio::test]
async fn times_around_the_span_count() {
    let past = PastServer::new(json!({})).await;
    past.set_time(10);
    let early = json!({ "arrival": past.time(8 * 60), "actual": past.time(9) });
    past.send("PUT", "/flights/AB1", early).await;
    past.send("DELETE", "/flights/AB1", Value::Null).await;
    past.set_time(200);
    let early = json!({ "arrival": past.time(8 * 60), "actual": past.time(190) });
    past.send("PUT", "/flights/AB2", early).await;
    past.send("DELETE", "/flights/AB2", Value::Null).await;
    past.set_time(9 * 60);
    for flight in ["AB3", "AB4"] {
        let row = json!({ "arrival": past.time(9 * 60) });
        past.send("PUT", &format!("/flights/{flight}"), row).await;
    }
    // Long after the end of the span.
    past.set_time(30 * 60);
    past.send("PATCH", "/flights/AB3", json!({ "actual": past.time(30 * 60) })).await;
    past.set_time(35 * 60);
    past.send("PATCH", "/flights/AB4", json!({ "actual": past.time(35 * 60) })).await;
    let answer = past.figures(8 * 60, 10 * 60).await;
    assert_eq!(counts(&answer["overall"]), [1, 1, 0, 0, 1], "{answer}");
    let as_of: Timestamp = answer["asOf"].as_str().unwrap().parse().unwrap();
    assert_eq!(as_of, past.time(34 * 60));
}

#[tokio::test]
async fn long_histories_are_read_in_slices() {
    let past = PastServer::new(json!({})).await;
    past.set_time(60);
    let lines = |number: usize| {
        let flight = format!("AB{number}");
        let row = json!({ "flight": flight, "arrival": past.time(120), "actual": past.time(121) });
        [("flightAddition", row), ("flightRemoval", json!({ "flight": flight }))]
            .map(|(event, data)| json!({ "event": event, "data": data }).to_string() + "\n")
    };
    let lines: String = (0..4_500).flat_map(lines).collect();
    let request =
        Request::post("/boards/main/flights").header("content-type", "application/x-ndjson");
    let answer = past.server.request(request.body(Body::from(lines)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(counts(&past.figures(60, 180).await["overall"]), [4_500, 0, 0, 0, 0]);
}

#[tokio::test]
async fn default_span_is_a_day() {
    let server = TestServer::new().await;
    let answer = server.get(URL).await.json();
    let changes = server.get("/boards/main/changes?order=oldest").await.json();
    assert_eq!(answer["from"], changes["changes"][0]["time"], "the beginning of the history");
    assert_eq!(answer["to"], answer["asOf"]);
    assert_eq!(answer["id"], changes["changes"][0]["id"]);
    let answer = server.get(&format!("{URL}?to=2300-01-02T00:00:00Z")).await.json();
    assert_eq!(answer["from"], "2300-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn browsers_get_the_page() {
    let server = TestServer::new().await;
    let request = Request::get(format!("{URL}?from=yesterday")).header("accept", "text/html");
    let answer = server.request(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.headers.get_all("vary").iter().any(|value| value == "accept"));
}

#[tokio::test]
async fn bad_spans_are_named() {
    let server = TestServer::new().await;
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=2026-11-22", "to"),
        ("from=2300-01-02T00:00:00Z&to=2300-01-01T00:00:00Z", "to"),
        ("from=2300-01-01T00:00:00Z&to=2300-02-01T00:00:00.001Z", "to"),
        ("from=2300-01-01T00:00:00Z", "from"),
        ("to=2300-01-01T00:00:00Z&to=2300-01-01T00:00:00Z", "to"),
        ("limit=1", "query"),
    ] {
        let answer = server.get(&format!("{URL}?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json()["field"], field, "{query}");
    }
    let month = "from=2300-01-01T00:00:00Z&to=2300-02-01T00:00:00Z";
    assert_eq!(server.get(&format!("{URL}?{month}")).await.status, StatusCode::OK);
    assert_eq!(server.get("/boards/none/punctuality").await.status, StatusCode::NOT_FOUND);
    let first = server.get("/boards/main/changes?order=oldest").await.json();
    for query in ["from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z", "to=2001-01-01T00:00:00Z"] {
        let answer = server.get(&format!("{URL}?{query}")).await;
        assert_eq!(answer.status, StatusCode::GONE, "{query}");
        assert_eq!(answer.json()["oldest"], first["changes"][0]["time"]);
    }
}

#[tokio::test]
async fn private_flights_stay_private() {
    let tokens = TokenFile::new();
    let server = TestServer::with(tokens.settings()).await;
    let time = Timestamp::now() + SignedDuration::from_mins(1);
    let row = json!({ "arrival": time, "actual": time });
    tokens.publish(&server, "PUT", "/boards/hall", json!({ "private": true })).await;
    for flight in ["X1", "X2"] {
        tokens
            .publish(&server, "PUT", &format!("/boards/hall/flights/{flight}"), row.clone())
            .await;
    }
    tokens.publish(&server, "DELETE", "/boards/hall/flights/X1", Value::Null).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    tokens.publish(&server, "PUT", "/boards/hall", json!({})).await;
    let path = format!("/boards/hall/punctuality?to={}", time + SignedDuration::from_mins(1));
    // The public sees the row that is on the board.
    let public = server.get(&path).await.json();
    assert_eq!(counts(&public["overall"]), [1, 0, 0, 0, 0]);
    let from = "2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z";
    let too_old = server.get(&format!("/boards/hall/punctuality?from={from}")).await;
    assert_eq!(too_old.json()["oldest"], public["from"]);
}
