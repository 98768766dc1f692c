//! Responses to publishers, conditions and idempotency.

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use journal::{JournalOptions, SqliteJournal};
use serde_json::{Value, json};
use server::Settings;

use crate::test_server::{TestResponse, TestServer};

const ROW: &str = "/boards/main/flights/I768";

async fn send_with(
    server: &TestServer,
    method: &str,
    header: (&str, &str),
    body: Value,
) -> TestResponse {
    let request = Request::builder().method(method).uri(ROW).header(header.0, header.1);
    let request = request.header("content-type", "application/merge-patch+json; charset=utf-8");
    server.request(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn rows_are_put_patched_and_removed() {
    let server = TestServer::new().await;
    let row = json!({"flight": "I768", "origin": "Rome", "state": ""});
    let put = server.send("PUT", ROW, row.clone()).await;
    assert_eq!((put.status, put.json()), (StatusCode::CREATED, row.clone()));
    assert_eq!(put.header("etag"), format!("\"{}\"", put.event_id()));
    assert_eq!(server.send("PUT", ROW, json!({"origin": "Rome"})).await.status, StatusCode::OK);

    let patched = server.send("PATCH", ROW, json!({"origin": null, "belt": "3"})).await;
    assert_eq!(
        (patched.status, patched.json()),
        (StatusCode::OK, json!({"flight": "I768", "belt": "3"}))
    );
    let read = server.get(ROW).await;
    assert_eq!((read.json(), read.header("etag")), (patched.json(), patched.header("etag")));
    let known = Request::get(ROW).header("if-none-match", read.header("etag"));
    let known = server.request(known.body(Body::empty()).unwrap()).await;
    assert_eq!((known.status, known.body.as_str()), (StatusCode::NOT_MODIFIED, ""));

    let removed = server.send("DELETE", ROW, json!(null)).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(ROW).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.send("DELETE", ROW, json!(null)).await.status, StatusCode::NOT_FOUND);
}

/// An update that changes nothing returns the event that last changed the row: every `Event-Id` has
/// been sent to followers.
#[tokio::test]
async fn unchanged_updates_return_the_earlier_event() {
    let server = TestServer::new().await;
    let first = server.send("PUT", ROW, json!({"gate": "1"})).await;
    server.put_rows(1..2).await;
    for (method, body) in [("PUT", json!({"gate": "1"})), ("PATCH", json!({"gate": "1"}))] {
        let again = server.send(method, ROW, body).await;
        assert_eq!((again.status, again.event_id()), (StatusCode::OK, first.event_id()));
    }
}

#[tokio::test]
async fn dates_distinguish_rows_of_one_number() {
    let server = TestServer::new().await;
    for date in ["2026-11-22", "2026-11-23"] {
        let put = server.send("PUT", &format!("{ROW}?date={date}"), json!({})).await;
        assert_eq!(put.json(), json!({"flight": "I768", "date": date}));
    }
    let patched = server.send("PATCH", ROW, json!({"date": "2026-11-23", "gate": "2"})).await;
    assert_eq!(patched.json()["date"], "2026-11-23");
    assert_eq!(
        server.send("DELETE", &format!("{ROW}?date=2026-11-22"), json!(null)).await.status,
        204
    );
    assert_eq!(server.get(ROW).await.json()["gate"], "2");
}

#[tokio::test]
async fn stale_versions_are_rejected() {
    let server = TestServer::new().await;
    let old = server.send("PUT", ROW, json!({"gate": "1"})).await.header("etag").to_owned();
    let new = send_with(&server, "PATCH", ("if-match", &old), json!({"gate": "2"})).await;
    assert_eq!(new.status, StatusCode::OK);
    let lost = send_with(&server, "PATCH", ("if-match", &old), json!({"gate": "3"})).await;
    assert_eq!(lost.status, StatusCode::PRECONDITION_FAILED);
    let tags = format!("{old}, {}", new.header("etag"));
    assert_eq!(send_with(&server, "PUT", ("if-match", &tags), json!({})).await.status, 200);
    assert_eq!(send_with(&server, "PUT", ("if-none-match", "*"), json!({})).await.status, 412);
}

#[tokio::test]
async fn idempotency_keys_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        SqliteJournal::open(folder.path().join("journal.db"), JournalOptions::default()).unwrap()
    };
    let server = TestServer::on(open(), Settings::default()).await;
    let key = ("idempotency-key", "k1");
    let first = send_with(&server, "PUT", key, json!({"gate": "1"})).await;
    let changed = server.send("PATCH", ROW, json!({"gate": "2"})).await;
    server.app.engine().close().await;

    let server = TestServer::on(open(), Settings::default()).await;
    let again = send_with(&server, "PUT", key, json!({"gate": "1"})).await;
    assert_eq!((again.status, again.event_id()), (StatusCode::OK, first.event_id()));
    assert_eq!(
        server.get(ROW).await.header("etag"),
        changed.header("etag"),
        "the repetition changed nothing"
    );
    let other = send_with(&server, "PUT", key, json!({"gate": "9"})).await;
    assert_eq!((other.status.as_u16(), &other.json()["field"]), (422, &json!("Idempotency-Key")));
    server.app.engine().close().await;
}

#[tokio::test]
async fn lines_are_applied_once_in_order() {
    let server = TestServer::new().await;
    let row = |n: u32, gate: u32| {
        json!({"event": "flightAddition", "data": {"flight": format!("B{n}"), "gate": gate.to_string()},
               "idempotencyKey": format!("{n}/{gate}")})
        .to_string()
    };
    let lines: Vec<_> = (0..2_500).map(|at| row(at % 7, at)).collect();
    let mut stream = server.stream("/events").await;
    stream.event().await;
    let ids = |answer: &TestResponse| -> Vec<Value> {
        let outcomes = answer.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        outcomes.map(|outcome| outcome["id"].clone()).collect()
    };
    let first = server.send_lines("main", &lines.join("\n")).await;
    let again = server.send_lines("main", &lines.join("\r\n")).await;
    assert_eq!(ids(&first), ids(&again));
    server.put_rows(0..1).await;
    let events = stream.events(2_501).await;
    let seen: Vec<_> = events.iter().map(|(_, id, _)| json!(id)).collect();
    assert_eq!(seen[..2_500], ids(&first)[..]);
    let gates = events[..2_500].iter().map(|(_, _, row)| row["gate"].clone());
    assert!(gates.eq((0..2_500).map(|at| json!(at.to_string()))));
}

/// Posts lines under an idempotency key. Returns the status, and that of each line.
async fn post_lines(server: &TestServer, key: &str, lines: Vec<u8>) -> (u16, Vec<u64>, String) {
    let request = Request::post("/boards/main/flights").header("idempotency-key", key);
    let request = request.header("content-type", "application/x-ndjson");
    let answer = server.request(request.body(Body::from(lines)).unwrap()).await;
    let outcomes = answer.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let statuses = outcomes.filter_map(|outcome| outcome["status"].as_u64()).collect();
    (answer.status.as_u16(), statuses, answer.body)
}

#[tokio::test]
async fn key_header_applies_to_each_line() {
    let server = TestServer::new().await;
    let removal = b"{\"event\":\"flightAddition\",\"data\":{\"flight\":\"A1\"}}\n\
                    {\"event\":\"flightRemoval\",\"data\":{\"flight\":\"A1\"},\"idempotencyKey\":null}\n";
    let first = post_lines(&server, "run", removal.to_vec()).await;
    assert_eq!(post_lines(&server, "run", removal.to_vec()).await, first);
}

/// The suffixes of the lines do not count towards the limit.
#[tokio::test]
async fn longest_keys_name_many_lines() {
    let server = TestServer::new().await;
    let line = b"{\"event\":\"flightAddition\",\"data\":{\"flight\":\"A1\"}}\n";
    for length in 120..=128 {
        let answer = post_lines(&server, &"k".repeat(length), line.repeat(1_200)).await;
        assert_eq!(answer.1, [200; 1_200], "{length}");
    }
    let answer = post_lines(&server, &"k".repeat(129), line.repeat(2)).await;
    assert_eq!(answer.0, 400, "{}", answer.2);
}

#[tokio::test]
async fn undecodable_lines_do_not_stop_others() {
    let server = TestServer::new().await;
    let line =
        |flight: &str| format!(r#"{{"event":"flightAddition","data":{{"flight":"{flight}"}}}}"#);
    let bom = "\u{feff}";
    let body = [
        format!("{bom}{}\r\n", line("A1")).into_bytes(),
        b"{\"event\":\"flightAddition\",\"data\":{\"flight\":\"A2\",\"origin\":\"Z\xfcrich\"}}\n"
            .to_vec(),
        format!("{bom}\n \r\n{bom}{}\n", line("A3")).into_bytes(),
        line("A4").encode_utf16().flat_map(u16::to_le_bytes).chain(*b"\n").collect(),
        line("A5").into_bytes(),
    ];
    let (status, lines, body) = post_lines(&server, "k", body.concat()).await;
    assert_eq!((status, lines), (200, vec![200, 400, 200, 400, 200]), "{body}");
    assert!(body.contains(r#""line":5,"#) && body.contains("line is not JSON: it is not UTF-8"));
    let rows = server.get("/boards/main/flights").await.json();
    let flights = rows["flights"].as_array().unwrap().iter().map(|row| row["flight"].clone());
    assert_eq!(flights.collect::<Vec<_>>(), ["A1", "A3", "A5"]);
}

#[tokio::test]
async fn null_keys_count_as_absent() {
    let server = TestServer::new().await;
    let dated = format!("{ROW}?date=2026-11-22");
    for body in
        [json!({"date": null}), json!({"flight": null}), json!({"flight": null, "date": null})]
    {
        for (path, row) in [
            (&*dated, json!({"flight": "I768", "date": "2026-11-22"})),
            (ROW, json!({"flight": "I768"})),
        ] {
            for method in ["PUT", "PATCH"] {
                let answer = server.send(method, path, body.clone()).await;
                assert!(answer.status.is_success(), "{method} {path} {body}: {}", answer.body);
                if method == "PUT" || path == dated {
                    assert_eq!(answer.json(), row, "{method} {path} {body}");
                }
            }
            assert_eq!(server.send("DELETE", path, json!(null)).await.status, 204);
        }
    }
    let settings = json!({"name": null, "removeAfter": {"landed": null}});
    assert_eq!(server.send("PUT", "/boards/main", settings).await.status, 200);
    let bom = Request::put(ROW).header("content-type", "application/json");
    let answer = server.request(bom.body(Body::from("\u{feff}{\"gate\":\"B1\"}")).unwrap()).await;
    assert_eq!(answer.json()["gate"], "B1");
}

#[tokio::test]
async fn boards_are_opened_listed_and_closed() {
    let server = TestServer::new().await;
    let settings = json!({"title": "Departures", "kind": "departures", "timeZone": "Europe/Oslo"});
    let opened = server.send("PUT", "/boards/OSL", settings.clone()).await;
    assert_eq!((opened.status, &opened.json()["name"]), (StatusCode::CREATED, &json!("osl")));
    assert_eq!(server.send("PUT", "/boards/osl", settings).await.event_id(), opened.event_id());
    let shown = server.get("/boards/osl").await.json();
    let settings: serde_json::Map<_, _> = opened.json().as_object().unwrap().clone();
    assert_eq!(
        server.send("PUT", "/boards/osl", json!(settings)).await.status,
        200,
        "settings that were read can be put"
    );
    assert_eq!(shown["removeAfter"]["departed"], "15m");
    let list = server.get("/boards").await.json();
    let names: Vec<_> =
        list["boards"].as_array().unwrap().iter().map(|board| &board["name"]).collect();
    assert_eq!(names, ["main", "osl"]);

    let closed = server.send("DELETE", "/boards/osl?reason=Moved", json!(null)).await;
    assert_eq!(closed.status, 204);
    let shown = server.get("/boards/osl").await.json();
    assert_eq!((&shown["closed"], &shown["reason"]), (&json!(true), &json!("Moved")));
    let put = server.send("PUT", "/boards/osl/flights/A1", json!({})).await;
    assert_eq!((put.status.as_u16(), &put.json()["title"]), (410, &json!("Closed board")));
    assert_eq!(server.get("/boards/osl/flights").await.json()["flights"], json!([]));
}

#[tokio::test]
async fn places_are_named() {
    let server = TestServer::new().await;
    let answer = server.get("/places?codes=YYZ,hkg,ZZZ").await;
    assert_eq!(answer.json(), json!({"places": {"HKG": "Hong Kong", "YYZ": "Toronto"}}));
    assert!(answer.header("cache-control").contains("max-age"));
    let too_many = format!("/places?codes={}", ["HKG"; 501].join(","));
    for path in ["/places", "/places?codes=", "/places?codes=HKG,Oslo", &too_many] {
        let answer = server.get(path).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (422, &json!("codes")));
    }
}

#[tokio::test]
async fn browsers_get_the_page() {
    let server = TestServer::new().await;
    let page = async |path: &str| {
        let request =
            Request::get(path).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        server.request(request.body(Body::empty()).unwrap()).await
    };
    server.put_rows(1..2).await;
    for (path, status) in [
        ("/", 200),
        ("/boards/main", 200),
        ("/boards/none", 404),
        ("/boards/main/flights/T1", 200),
        ("/boards/main/flights/T9", 404),
        ("/boards/none/flights/T1", 404),
        ("/boards/main/wall", 200),
        ("/boards/none/wall", 404),
        ("/boards/main/desk", 200),
        ("/gates/B12", 200),
        ("/belts/4", 200),
        ("/airports/HKG", 200),
    ] {
        let answer = page(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        let policy = answer.header("content-security-policy");
        let expected = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
                        img-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
        assert_eq!(policy, expected, "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "a reload gets a new build");
    }
    let index = page("/").await.body;
    let asset = index.split('"').find(|text| text.starts_with("/assets/")).unwrap();
    let script = server.get(asset).await;
    assert_eq!(script.status, 200);
    assert!(script.header("cache-control").contains("immutable"));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_name_the_page_build() {
    let server = TestServer::new().await;
    let request = Request::get("/").header("accept", "text/html").body(Body::empty()).unwrap();
    let index = server.request(request).await.body;
    let element = index.split_once(r#"<meta name="build" content=""#).expect(&index).1;
    let build = element.split('"').next().unwrap();
    assert!(build.len() == 12 && build.bytes().all(|byte| byte.is_ascii_hexdigit()), "{build}");
    let mut stream = server.stream("/events").await;
    assert_eq!(stream.any_event().await.unwrap().0, "timetable");
    let (name, _, data) = stream.any_event().await.unwrap();
    assert_eq!((name.as_str(), data["build"].as_str()), ("heartbeat", Some(build)));
}

#[tokio::test]
async fn closed_journals_reject_updates() {
    let server = TestServer::new().await;
    assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
    server.put_rows(0..1).await;
    server.app.engine().close().await;
    let refused = server.send("PUT", ROW, json!({})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(server.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(server.get("/boards/main/flights").await.json()["flights"][0]["flight"], "T0");
}

#[tokio::test]
async fn metrics_are_exposed() {
    let server = TestServer::new().await;
    let id = server.put_rows(0..2).await;
    let _streams = [server.stream("/events").await, server.resume("/events", &id).await];
    let metrics = server.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    let expected = [
        r#"flightboard_updates_total{outcome="changed"} 3"#,
        r#"flightboard_followers{board="main"} 2"#,
        r#"flightboard_flights{board="main"} 2"#,
        "flightboard_streams_resumed_total 1",
        "flightboard_journal_append_seconds_count 3",
    ];
    for line in expected {
        assert!(metrics.body.lines().any(|shown| shown == line), "{line} in {}", metrics.body);
    }
}
