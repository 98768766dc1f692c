//! A server without a socket, and a reader of its streams.

use std::time::Duration;

use access::Token;
use axum::body::Body;
use axum::extract::Request;
use engine::Engine;
use futures_util::FutureExt;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use journal::{Journal, MemoryJournal};
use serde_json::{Value, json};
use server::{App, Settings};
use tokio::time::Instant;
use tower::ServiceExt;

/// Longer than the server needs for any change of a status.
const STATUS_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest wait for an event, by the clock of the machine: some tests pause their own.
const EVENT_TIMEOUT: Duration = Duration::from_secs(120);

/// A server that answers requests without a socket.
pub(crate) struct TestServer {
    pub(crate) app: App,
}

/// A response with its whole body.
pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl TestServer {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::on(MemoryJournal::default(), settings).await
    }

    pub(crate) async fn on(journal: impl Journal, settings: Settings) -> Self {
        let (window_bytes, limits) = (settings.window_bytes, settings.engine_limits);
        let engine = Engine::start_with_limits(journal, window_bytes, limits).await.unwrap();
        Self { app: App::new(engine, settings) }
    }

    pub(crate) async fn request(&self, request: Request) -> TestResponse {
        let response = server::routes(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        // The page's font is no text.
        let body = String::from_utf8_lossy(&body).into_owned();
        TestResponse { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.request(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Requests `path` with a bearer token.
    pub(crate) async fn get_as(&self, path: &str, token: &Token) -> TestResponse {
        let bearer = format!("Bearer {}", token.secret());
        let request = Request::get(path).header("authorization", bearer);
        self.request(request.body(Body::empty()).unwrap()).await
    }

    /// Waits until `path` has this status, and returns how long that took.
    pub(crate) async fn wait_status(&self, path: &str, status: StatusCode) -> Duration {
        let start = Instant::now();
        while self.get(path).await.status != status {
            assert!(start.elapsed() < STATUS_TIMEOUT, "{path} never returned {status}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        start.elapsed()
    }

    /// Sends a JSON body to `path`.
    pub(crate) async fn send(&self, method: &str, path: &str, json: Value) -> TestResponse {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        self.request(request.body(Body::from(json.to_string())).unwrap()).await
    }

    /// Puts rows `T<number>` on the board `main`. Returns the id of the last event.
    pub(crate) async fn put_rows(&self, numbers: std::ops::Range<u32>) -> String {
        let mut id = String::new();
        for number in numbers {
            let path = format!("/boards/main/flights/T{number}");
            let answer = self.send("PUT", &path, json!({ "origin": "Rome" })).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
            id = answer.event_id();
        }
        id
    }

    /// Opens a stream. Returns it with the head of the response.
    pub(crate) async fn open_stream(
        &self,
        request: Request,
    ) -> (StatusCode, HeaderMap, TestStream) {
        let response = server::routes(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let stream = TestStream { body, decoder: sse::Decoder::new(), events: Vec::new() };
        (parts.status, parts.headers, stream)
    }

    /// Opens the stream at `path` with `id` as its `Last-Event-ID`.
    pub(crate) async fn resume(&self, path: &str, id: &str) -> TestStream {
        let request = Request::get(path).header("last-event-id", id).body(Body::empty()).unwrap();
        self.open_stream(request).await.2
    }

    pub(crate) async fn stream(&self, path: &str) -> TestStream {
        self.open_stream(Request::get(path).body(Body::empty()).unwrap()).await.2
    }

    /// Returns the number of a board's followers.
    pub(crate) async fn followers(&self, board: &str) -> u64 {
        self.get(&format!("/boards/{board}")).await.json()["followers"].as_u64().unwrap()
    }
}

impl TestResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn event_id(&self) -> String {
        self.header("event-id").to_owned()
    }
}

/// An open stream, decoded as a browser does.
pub(crate) struct TestStream {
    body: Body,
    decoder: sse::Decoder,
    events: Vec<sse::DecodedEvent>,
}

impl TestStream {
    /// Reads the next bytes; `None` at the end. Panics after a minute of silence.
    pub(crate) async fn bytes(&mut self) -> Option<String> {
        let frame = tokio::time::timeout(Duration::from_secs(60), self.body.frame());
        let frame = frame.await.expect("heartbeats come every 15 s")?;
        Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    }

    /// Returns the next bytes if they are ready. Unconstrained, because tokio reports nothing as
    /// ready once a task has used up its budget.
    pub(crate) fn ready(&mut self) -> Option<String> {
        let frame = tokio::task::unconstrained(self.body.frame()).now_or_never()?;
        let bytes = frame.expect("the stream is open").unwrap().into_data().unwrap();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// Reads the next event, skipping heartbeats; `None` at the end.
    pub(crate) async fn event(&mut self) -> Option<(String, String, Value)> {
        let start = std::time::Instant::now();
        loop {
            let event = self.any_event().await?;
            if event.0 != "heartbeat" {
                return Some(event);
            }
            assert!(start.elapsed() < EVENT_TIMEOUT, "only heartbeats come");
        }
    }

    /// Reads the next event: type, last event id, data.
    pub(crate) async fn any_event(&mut self) -> Option<(String, String, Value)> {
        while self.events.is_empty() {
            let bytes = self.bytes().await?;
            self.events.extend(self.decoder.feed(bytes.as_bytes()).map(Result::unwrap));
        }
        let event = self.events.remove(0);
        let data = serde_json::from_str(&event.data).unwrap();
        Some((event.event, event.last_event_id.to_string(), data))
    }

    /// Reads `count` events, skipping heartbeats.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<(String, String, Value)> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.event().await.expect("the stream is open"));
        }
        events
    }

    /// Returns the last `retry`, in milliseconds.
    pub(crate) fn retry(&self) -> u128 {
        self.decoder.retry().expect("the stream has sent a retry").as_millis()
    }
}

impl TestServer {
    /// Publishes JSON lines on a board.
    pub(crate) async fn send_lines(&self, board: &str, lines: &str) -> TestResponse {
        let request = Request::post(format!("/boards/{board}/flights"));
        let request = request.header("content-type", "application/x-ndjson");
        self.request(request.body(Body::from(lines.to_owned())).unwrap()).await
    }

    /// Changes the gate of a row. Returns the id of the event.
    pub(crate) async fn put_gate(&self, board: &str, flight: &str, gate: &str) -> String {
        let path = format!("/boards/{board}/flights/{flight}");
        self.send("PATCH", &path, json!({ "gate": gate })).await.event_id()
    }
}
