//! Bad input gets the right status, names field and reason, and changes nothing.

use axum::body::Body;
use axum::extract::Request;
use serde_json::{Value, json};

use crate::test_server::TestServer;

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const ROW: &str = "/boards/main/flights/I768";

struct InputCase {
    method: &'static str,
    path: String,
    content_type: &'static str,
    body: Vec<u8>,
    status: u16,
    field: &'static str,
    reason: &'static str,
}

fn input_case(
    method_and_path: &str,
    content_type: &'static str,
    body: impl Into<Vec<u8>>,
    status: u16,
    field: &'static str,
    reason: &'static str,
) -> InputCase {
    let (method, path) = method_and_path.split_once(' ').unwrap();
    let method =
        ["GET", "PUT", "PATCH", "POST", "DELETE"].into_iter().find(|m| *m == method).unwrap();
    InputCase {
        method,
        path: path.to_owned(),
        content_type,
        body: body.into(),
        status,
        field,
        reason,
    }
}

#[rustfmt::skip]
fn cases() -> Vec<InputCase> {
    let put = format!("PUT {ROW}");
    let patch = format!("PATCH {ROW}");
    let post = "POST /boards/main/flights";
    let long = json!({"state": "x".repeat(41)}).to_string();
    vec![
        // Not JSON.
        input_case(&put, JSON, "", 400, "body", "EOF while parsing"),
        input_case(&put, JSON, "{\"state\": landed}", 400, "body", "line 1 column 11"),
        input_case(&patch, JSON, b"{\"state\": \"\xff\"}".to_vec(), 400, "body", "is not JSON"),
        input_case(&patch, JSON, b"{\"state\": \"\xff\"}".to_vec(), 400, "body", "it is not UTF-8"),
        input_case(&patch, JSON, b"\xff\xfe{\0}\0".to_vec(), 400, "body", "it is UTF-16, not UTF-8"),
        input_case(&patch, JSON, b"\0{\0}".to_vec(), 400, "body", "it is UTF-16, not UTF-8"),
        input_case(&put, JSON, "[".repeat(50_000), 400, "body", "recursion limit"),
        // Wrong types.
        input_case(&put, JSON, "[]", 422, "body", "must be an object"),
        input_case(&patch, JSON, r#""landed""#, 422, "body", "must be an object"),
        input_case(&patch, JSON, r#"{"state": 1}"#, 422, "state", "must be a string, not a number"),
        input_case(&patch, JSON, r#"{"via": "OSL"}"#, 422, "via", "must be an array of strings, not a string"),
        input_case(&patch, JSON, r#"{"flight": 768}"#, 422, "flight", "must be I768, as in the URL"),
        input_case(&patch, JSON, r#"{"flight": "I769"}"#, 422, "flight", "must be I768, as in the URL"),
        input_case(&format!("{patch}?date=2026-11-22"), JSON, r#"{"date": "2026-11-23"}"#, 422, "date", "must be 2026-11-22, as in the URL"),
        input_case(&format!("{put}?date=2026-11-22&date=2026-11-23"), JSON, "{}", 400, "date", "is in the query twice"),
        input_case(&format!("{patch}?leg=23:55"), JSON, r#"{"leg": "00:25"}"#, 422, "leg", "must be 23:55, as in the URL"),
        input_case(&format!("{put}?leg=1&leg=1"), JSON, "{}", 400, "leg", "is in the query twice"),
        input_case(&format!("{put}?leg="), JSON, "{}", 422, "leg", "must be 1 to 16 letters"),
        input_case(&format!("{put}?leg=12345678901234567"), JSON, "{}", 422, "leg", "must be 1 to 16 letters"),
        input_case(&patch, JSON, r#"{"held": ["pilot"]}"#, 422, "held[0]", "must be the name of another field"),
        input_case(&patch, JSON, r#"{"arrival": "late"}"#, 422, "arrival", "must be a time"),
        input_case(&patch, JSON, r#"{"date": "22 Nov"}"#, 422, "date", "must be a calendar date"),
        input_case(&format!("{put}?date=2026-11-31"), JSON, "{}", 422, "date", "must be a calendar date"),
        input_case(&format!("{put}?day=1"), JSON, "{}", 400, "query", "unknown parameter day"),
        // Unknown fields.
        input_case(&put, JSON, r#"{"pilot": "Ann"}"#, 422, "pilot", "is not a field of a flight"),
        input_case("PUT /boards/main", JSON, r#"{"colour": "red"}"#, 422, "colour", "is not a setting of a board"),
        input_case("DELETE /boards/main?why=x", JSON, "", 422, "why", "is not a field of a closing"),
        // Too long.
        input_case(&patch, JSON, long, 422, "state", "must be at most 40 characters long, not 41"),
        input_case("PUT /boards/main/flights/I7681234567890123", JSON, "{}", 422, "flight", "at most 16"),
        input_case(&format!("PUT /boards/{}", "x".repeat(41)), JSON, "{}", 422, "board", "must be 1 to 40"),
        input_case(&patch, JSON, format!(r#"{{"remark": "{}"}}"#, "x".repeat(70_000)), 413, "body", "must be at most 65536 bytes"),
        input_case(&put, JSON, vec![b' '; 10_000_000], 413, "body", "must be at most 65536 bytes"),
        input_case(post, LINES, vec![b' '; 10_000_000], 413, "body", "must be at most 4194304 bytes"),
        // Unknown boards, flights, URLs and methods.
        input_case("PUT /boards/none/flights/I768", JSON, "{}", 404, "board", "no such board"),
        input_case("PATCH /boards/a.b/flights/I768", JSON, "{}", 404, "board", "no such board"),
        input_case("POST /boards/none/flights", LINES, "{}", 404, "board", "no such board"),
        input_case("DELETE /boards/none", JSON, "", 404, "board", "no such board"),
        input_case("GET /boards/none/flights", JSON, "", 404, "board", "no such board"),
        input_case("GET /boards/none", JSON, "", 404, "board", "no such board"),
        input_case("PATCH /boards/main/flights/X1", JSON, r#"{"state": ""}"#, 404, "flight", "no such flight"),
        input_case("DELETE /boards/main/flights/X1", JSON, "", 404, "flight", "no such flight"),
        input_case("GET /boards/main/flights/X1", JSON, "", 404, "flight", "no such flight"),
        input_case("GET /boards/%ff", JSON, "", 404, "url", "no resource at this URL"),
        input_case("PUT /boards/main/flights/%ff", JSON, "{}", 404, "url", "no resource at this URL"),
        input_case("GET /boards/main/gates", JSON, "", 404, "url", "no resource at this URL"),
        input_case(&format!("POST {ROW}"), JSON, "{}", 405, "method", "is not supported"),
        // Ambiguous flights.
        input_case("PATCH /boards/main/flights/D1", JSON, r#"{"state": ""}"#, 409, "date", "one of 2026-11-22, 2026-11-23"),
        input_case("DELETE /boards/main/flights/D1", JSON, "", 409, "date", "one of 2026-11-22, 2026-11-23"),
        input_case("GET /boards/main/flights/D1", JSON, "", 409, "date", "one of 2026-11-22, 2026-11-23"),
        // Content types that a plain form can send, without a preflight.
        input_case(&patch, "text/plain", r#"{"state": ""}"#, 415, "Content-Type", "must be application/json"),
        input_case(&put, "application/x-www-form-urlencoded", "state=landed", 415, "Content-Type", "must be application/json"),
        input_case(&put, "", "{}", 415, "Content-Type", "must be application/json"),
        input_case(post, "multipart/form-data; boundary=x", "{}", 415, "Content-Type", "must be application/x-ndjson"),
        input_case(post, "text/plain", vec![b' '; 10_000_000], 415, "Content-Type", "must be application/x-ndjson"),
    ]
}

#[tokio::test]
async fn bad_input_is_rejected_by_field() {
    let server = TestServer::new().await;
    server.send("PUT", ROW, json!({"origin": "Rome"})).await;
    for date in ["2026-11-22", "2026-11-23"] {
        server.send("PUT", &format!("/boards/main/flights/D1?date={date}"), json!({})).await;
    }
    let before = server.get("/boards/main/flights").await.body;
    for case in cases() {
        let name = format!("{} {} {}", case.method, case.path, case.content_type);
        let request = Request::builder().method(case.method).uri(&case.path);
        let request = request.header("content-type", case.content_type);
        let answer = server.request(request.body(Body::from(case.body)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), case.status, "{name}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
        let problem = answer.json();
        assert_eq!(problem["status"], case.status, "{name}");
        assert_eq!(problem["field"], case.field, "{name}: {problem}");
        let reason = problem["reason"].as_str().unwrap();
        assert!(reason.contains(case.reason), "{name}: {reason}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{name}");
    }
    assert_eq!(server.get("/boards/main/flights").await.body, before);
}

#[tokio::test]
async fn ambiguous_flights_list_their_legs() {
    let server = TestServer::new().await;
    for query in ["date=2026-11-22&leg=00:25", "date=2026-11-22&leg=23:55", "date=2026-11-23"] {
        server.send("PUT", &format!("/boards/main/flights/D2?{query}"), json!({})).await;
    }
    let all = server.send("DELETE", "/boards/main/flights/D2", Value::Null).await;
    let problem = all.json();
    assert_eq!((all.status.as_u16(), &problem["field"]), (409, &json!("date")));
    assert_eq!(problem["dates"], json!(["2026-11-22", "2026-11-23"]));
    assert_eq!(problem["legs"], json!(["00:25", "23:55"]));
    let day = server.get("/boards/main/flights/D2?date=2026-11-22").await.json();
    assert_eq!(
        (&day["field"], &day["reason"]),
        (&json!("leg"), &json!("is required, one of 00:25, 23:55"))
    );
    assert_eq!((&day["dates"], &day["legs"]), (&json!(["2026-11-22"]), &json!(["00:25", "23:55"])));
    let patch =
        server.send("PATCH", "/boards/main/flights/D2", json!({"leg": "23:55", "gate": "1"}));
    let expected = json!({"flight": "D2", "date": "2026-11-22", "leg": "23:55", "gate": "1"});
    assert_eq!(patch.await.json(), expected);
    assert_eq!(server.get("/boards/main/flights/D2?leg=23:55").await.json(), expected);
    let removed = server.send("DELETE", "/boards/main/flights/D2?leg=23:55", Value::Null).await;
    assert_eq!(removed.status.as_u16(), 204);
    assert_eq!(server.get("/boards/main/flights/D2?leg=23:55").await.status.as_u16(), 404);
}

#[tokio::test]
async fn ambiguous_flights_list_their_dates() {
    let server = TestServer::new().await;
    for date in ["2026-11-22", "2026-11-23"] {
        server.send("PUT", &format!("/boards/main/flights/D1?date={date}"), json!({})).await;
    }
    let problem =
        server.send("PATCH", "/boards/main/flights/D1", json!({"gate": "1"})).await.json();
    assert_eq!(problem["dates"], json!(["2026-11-22", "2026-11-23"]));
}

#[tokio::test]
async fn bad_headers_are_rejected_by_name() {
    let server = TestServer::new().await;
    server.send("PUT", ROW, json!({})).await;
    let long = "k".repeat(129);
    let cases = [
        ("idempotency-key", "a b", 400, "Idempotency-Key"),
        ("idempotency-key", &*long, 400, "Idempotency-Key"),
        ("if-match", "\"5f3a9c01-1\"", 412, "If-Match"),
        ("if-match", "nonsense", 400, "If-Match"),
        ("if-none-match", "*", 412, "If-None-Match"),
        ("if-none-match", "nonsense", 400, "If-None-Match"),
    ];
    for (header, value, status, field) in cases {
        let request = Request::patch(ROW).header("content-type", JSON).header(header, value);
        let answer = server.request(request.body(Body::from("{\"gate\":\"1\"}")).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{header}: {value}");
        assert_eq!(answer.json()["field"], field, "{header}: {value}");
    }
    assert_eq!(server.get(ROW).await.json(), json!({"flight": "I768"}));
}

/// Bad lines are reported by number; the good lines around them are applied.
#[tokio::test]
async fn bad_lines_do_not_stop_others() {
    let server = TestServer::new().await;
    let cases: [(&str, u16, Value); 11] = [
        (r#"{"event":"flightAddition","data":{"flight":"A1"}}"#, 200, json!(null)),
        ("nonsense", 400, json!("line")),
        ("[1]", 422, json!("line")),
        (r#"{"data":{"flight":"A2"}}"#, 422, json!("event")),
        (r#"{"event":"timetable","data":{}}"#, 422, json!("event")),
        (r#"{"event":"flightAddition"}"#, 422, json!("data")),
        (r#"{"event":"flightAddition","data":{"flight":"A2"},"at":1}"#, 422, json!("at")),
        (
            r#"{"event":"flightStateUpdate","data":{"flight":"A3","gate":"1"}}"#,
            404,
            json!("flight"),
        ),
        (r#"{"event":"flightAddition","data":{"flight":"A2"},"feed":1}"#, 422, json!("feed")),
        (r#"{"event":"sourceUpdate","data":{"name":"Oslo"}}"#, 422, json!("attribution")),
        (r#"{"event":"flightStateUpdate","data":{"flight":"A1","gate":"1"}}"#, 200, json!(null)),
    ];
    let lines: Vec<_> = cases.iter().map(|(line, ..)| *line).collect();
    let answer = server.send_lines("main", &lines.join("\n\n")).await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let outcomes = answer.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let outcomes: Vec<_> = outcomes.collect();
    assert_eq!(outcomes.len(), cases.len());
    for (at, (outcome, (line, status, field))) in outcomes.iter().zip(&cases).enumerate() {
        assert_eq!(outcome["line"], 2 * at + 1);
        assert_eq!((&outcome["status"], &outcome["field"]), (&json!(status), field), "{line}");
    }
    assert_eq!(
        server.get("/boards/main/flights/A1").await.json(),
        json!({"flight": "A1", "gate": "1"})
    );
}
