//! The stream of one flight.

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use server::Settings;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::both_paths::read_to;
use crate::properties::{
    PublishStep, WINDOW_SIZES, begin, cases, change, publish, run, with_window,
};
use crate::socket_server::{each_write_path, serve};
use crate::test_server::{TestServer, TestStream};
use crate::view::apply_change;

const TODAY: &str = "/boards/main/flights/BA117?date=2026-11-22";
const STREAM: &str = "/boards/main/flights/BA117/events?date=2026-11-22";

/// A server with two days of `BA117`, and another flight. The board keeps its rows.
async fn server() -> TestServer {
    let server = TestServer::new().await;
    let settings = json!({ "removeAfter": { "landed": "never" } });
    assert!(server.send("PUT", "/boards/main", settings).await.status.is_success());
    for path in [TODAY, "/boards/main/flights/BA117?date=2026-11-23", "/boards/main/flights/I768"] {
        server.send("PUT", path, json!({ "gate": "A1" })).await;
    }
    server
}

/// The flights of the next event, which is a `timetable`.
async fn timetable_rows(stream: &mut TestStream) -> Value {
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), &data["board"]["name"]), ("timetable", &json!("main")));
    data["flights"].clone()
}

async fn next_names(stream: &mut TestStream, count: usize) -> Vec<String> {
    stream.events(count).await.into_iter().map(|(name, ..)| name).collect()
}

#[tokio::test]
async fn flight_streams_have_one_row() {
    let server = server().await;
    let mut stream = server.stream(STREAM).await;
    let row = json!([{ "flight": "BA117", "date": "2026-11-22", "gate": "A1" }]);
    assert_eq!(timetable_rows(&mut stream).await, row);
    server.put_gate("main", "I768", "B2").await;
    server.put_gate("main", "BA117?date=2026-11-23", "B3").await;
    let id = server.put_gate("main", "BA117?date=2026-11-22", "B7").await;
    let data = json!({ "flight": "BA117", "date": "2026-11-22", "gate": "B7" });
    assert_eq!(stream.event().await, Some(("flightStateUpdate".to_owned(), id, data)));
    server.send("DELETE", TODAY, Value::Null).await;
    server.send("PUT", TODAY, json!({})).await;
    server.send("PUT", "/boards/main", json!({ "note": "Strike" })).await;
    let expected = ["flightRemoval", "flightAddition", "boardUpdate"];
    assert_eq!(next_names(&mut stream, 3).await, expected);
}

#[tokio::test]
async fn flights_without_a_row_are_awaited() {
    let server = server().await;
    let mut stream = server.stream("/boards/main/flights/LH22/events").await;
    assert_eq!(timetable_rows(&mut stream).await, json!([]));
    server.send("PUT", "/boards/main/flights/LH22?date=2026-11-22", json!({})).await;
    assert_eq!(stream.event().await.unwrap().0, "flightAddition");
}

#[tokio::test]
async fn partial_keys_match_all_rows() {
    let server = server().await;
    let mut stream = server.stream("/boards/main/flights/BA117/events").await;
    assert_eq!(timetable_rows(&mut stream).await.as_array().unwrap().len(), 2);
    for date in ["2026-11-22", "2026-11-23", "2026-11-24"] {
        server.send("PUT", &format!("/boards/main/flights/BA117?date={date}"), json!({})).await;
        let (name, _, data) = stream.event().await.unwrap();
        assert_eq!((name.as_str(), &data["date"]), ("flightAddition", &json!(date)));
    }
    let mut other_case = server.stream("/boards/main/flights/ba117/events").await;
    assert_eq!(timetable_rows(&mut other_case).await, json!([]), "the case is significant");
}

#[tokio::test]
async fn moved_times_reach_the_flight() {
    let server = server().await;
    for path in [TODAY, "/boards/main/flights/I768?date=2026-11-22"] {
        server.send("PUT", path, json!({ "arrival": "10:10" })).await;
    }
    let seen = server.put_gate("main", "I768", "B2").await;
    let mut open = server.stream(STREAM).await;
    timetable_rows(&mut open).await;
    server.send("PUT", "/boards/main", json!({ "timeZone": "Asia/Tokyo" })).await;
    drop(server.stream("/boards/main/flights/I768/events").await);
    for mut stream in [open, server.resume(STREAM, &seen).await] {
        let (name, _, data) = stream.event().await.unwrap();
        let patches = data["flights"].as_array().unwrap();
        assert_eq!((name.as_str(), patches.len()), ("boardUpdate", 1), "{data}");
        assert_eq!(patches[0]["flight"], "BA117");
    }
}

#[tokio::test]
async fn closed_boards_end_streams_of_flights() {
    let server = server().await;
    let mut stream = server.stream(STREAM).await;
    timetable_rows(&mut stream).await;
    server.send("DELETE", "/boards/main?reason=moved", Value::Null).await;
    let (name, _, data) = stream.event().await.unwrap();
    assert_eq!((name.as_str(), data), ("closedConnection", json!({ "reason": "moved" })));
    assert_eq!(stream.event().await, None);
    assert_eq!(server.get(STREAM).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn new_privacy_ends_flight_streams() {
    let server = server().await;
    let mut stream = server.stream(STREAM).await;
    timetable_rows(&mut stream).await;
    server.send("PUT", "/boards/main", json!({ "private": true })).await;
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn flights_of_past_days_are_gone() {
    let server = TestServer::new().await;
    let status = async |path: &str| {
        let path = format!("/boards/main/flights/BA117/events{path}");
        server.open_stream(Request::get(path).body(Body::empty()).unwrap()).await.0
    };
    let past = "?date=2020-01-01";
    assert_eq!(status(past).await, StatusCode::NO_CONTENT);
    assert_eq!(status("").await, StatusCode::OK, "a number flies again");
    let path = format!("/boards/main/flights/BA117{past}");
    server.send("PUT", &path, json!({})).await;
    assert_eq!(status(past).await, StatusCode::OK, "it is on the board");
    server.send("DELETE", &path, Value::Null).await;
    assert_eq!(status(past).await, StatusCode::NO_CONTENT);
    let keeps = json!({ "removeAfter": { "landed": "never" } });
    server.send("PUT", "/boards/main", keeps).await;
    assert_eq!(status(past).await, StatusCode::OK, "the board may show a recorded day");
    let today = jiff::Zoned::now().date();
    server.send("PUT", "/boards/main", json!({})).await;
    assert_eq!(status(&format!("?date={today}")).await, StatusCode::OK);
}

#[tokio::test]
async fn bad_flights_are_refused() {
    let server = TestServer::new().await;
    for (path, status) in [
        ("main/flights/BA117/events?date=x", StatusCode::UNPROCESSABLE_ENTITY),
        ("main/flights/%20/events", StatusCode::UNPROCESSABLE_ENTITY),
        ("main/flights/BA117/events?date=2026-11-22&date=2026-11-22", StatusCode::BAD_REQUEST),
        ("none/flights/BA117/events", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(server.get(&format!("/boards/{path}")).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn flights_have_every_write_path() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        let seen = server.direct.put_rows(0..3).await;
        let path = "/Boards/main/Flights/T1/Events";
        let mut sockets = Vec::new();
        for id in ["", "x", &seen] {
            let mut socket = TcpStream::connect(server.address).await.unwrap();
            let request = format!("GET {path}?lastEventId={id} HTTP/1.1\r\nHost: x\r\n\r\n");
            socket.write_all(request.as_bytes()).await.unwrap();
            let end = if id == seen { format!("\"head\":\"{seen}\"") } else { "\n\n".to_owned() };
            let opening = read_to(&mut socket, &end).await;
            assert!(opening.contains(&end), "{opening}");
            sockets.push(socket);
        }
        server.wait_followers(3).await;
        for round in 0..3 {
            server.direct.put_gate("main", "T2", &format!("A{round}")).await;
            let id = server.direct.put_gate("main", "T1", &format!("B{round}")).await;
            for socket in &mut sockets {
                // Before it may be the end of a heartbeat, and nothing else.
                let text = read_to(socket, &id).await;
                assert!(text.contains(&id) && text.matches("id: ").count() == 1, "{text}");
                read_to(socket, "\n\n").await;
            }
        }
    }
}

/// The rows that a client of a flight's stream shows.
#[derive(Default)]
struct FlightView {
    last_event_id: String,
    content: Value,
}

impl FlightView {
    fn read(&mut self, bytes: &[u8]) {
        let mut decoder = sse::Decoder::new();
        for event in decoder.feed(bytes).map(Result::unwrap) {
            if event.event == "heartbeat" {
                continue;
            }
            let mut data: Value = serde_json::from_str(&event.data).unwrap();
            self.last_event_id = event.last_event_id.to_string();
            if event.event == "timetable" {
                data.as_object_mut().unwrap().remove("reason");
                self.content = data;
            } else {
                apply_change(&mut self.content, &event.event, data);
            }
        }
    }
}

fn read_ready(stream: &mut TestStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(piece) = stream.ready() {
        bytes.extend(piece.bytes());
    }
    bytes
}

/// Board and rows of a flight, from those of the board.
async fn current_rows(server: &TestServer, leg: Option<&str>) -> Value {
    let mut content = server.get("/boards/main/flights").await.json();
    content.as_object_mut().unwrap().remove("id");
    let rows = content["flights"].as_array_mut().unwrap();
    rows.retain(|row| row["flight"] == "A1" && leg.is_none_or(|leg| row["leg"] == leg));
    content
}

/// Publishes the changes. Returns every byte of a stream of `path` that was open from the start.
async fn record(server: &TestServer, path: &str, changes: &[PublishStep]) -> Vec<u8> {
    let mut histories = begin(server).await;
    let mut stream = server.stream(path).await;
    let mut bytes = read_ready(&mut stream);
    for change in changes {
        publish(server, &mut histories, change).await;
        bytes.extend(read_ready(&mut stream));
    }
    bytes
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn cut_flight_streams_end_right(
        changes in vec(change(), 0..40),
        cuts in vec(any::<Index>(), 1..20),
        leg in select(&[None, Some("2")][..]),
        window_bytes in select(&WINDOW_SIZES[..]),
    ) {
        run(async {
            let server = TestServer::with(with_window(window_bytes)).await;
            let query = leg.map_or(String::new(), |leg| format!("?leg={leg}"));
            let path = format!("/boards/main/flights/A1/events{query}");
            let bytes = record(&server, &path, &changes).await;
            let current = current_rows(&server, leg).await;
            let mut view = FlightView::default();
            view.read(&bytes);
            assert_eq!(view.content, current, "uncut");
            for cut in cuts {
                let mut view = FlightView::default();
                view.read(&bytes[..cut.index(bytes.len() + 1)]);
                let mut stream = server.resume(&path, &view.last_event_id).await;
                view.read(&read_ready(&mut stream));
                assert_eq!(view.content, current, "cut after {}", view.last_event_id);
            }
        });
    }
}
