//! A board's history, and a view built from its stream alone.

use axum::body::Body;
use axum::extract::Request;
use serde_json::{Value, json};
use sse::{DecodedEvent, EventSource, ReadyState};

use crate::test_server::{TestServer, TestStream};

/// The events of one board, each with the rows right after it from `GET …/flights`.
pub(crate) struct BoardHistory {
    pub(crate) board: &'static str,
    entries: Vec<(String, Value)>,
}

/// The rows that a client shows. It checks every event against the history.
#[derive(Default)]
pub(crate) struct BoardView {
    /// Index in the history of the newest event that was applied.
    pub(crate) at: Option<usize>,
    content: Value,
    /// The reason of each `timetable` received.
    pub(crate) timetables: Vec<String>,
}

/// A view and its connection, if it has one.
pub(crate) struct ViewClient {
    pub(crate) source: EventSource,
    pub(crate) view: BoardView,
    stream: Option<TestStream>,
}

impl BoardHistory {
    /// Starts the history of a board that was just opened.
    pub(crate) async fn fetch(server: &TestServer, board: &'static str) -> Self {
        let mut history = Self { board, entries: Vec::new() };
        history.refresh(server).await;
        history
    }

    /// Records the board's current state if it has changed.
    pub(crate) async fn refresh(&mut self, server: &TestServer) {
        let mut state = server.get(&format!("/boards/{}/flights", self.board)).await.json();
        let id = state.as_object_mut().unwrap().remove("id").unwrap();
        let id = id.as_str().unwrap().to_owned();
        match self.entries.last() {
            Some((newest, same)) if *newest == id => {
                assert_eq!(*same, state, "rows change only with an event");
            }
            _ => self.entries.push((id, state)),
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(id, _)| id.as_str())
    }

    pub(crate) fn index_of(&self, id: &str) -> Option<usize> {
        self.ids().position(|known| known == id)
    }

    pub(crate) fn newest(&self) -> &str {
        self.ids().last().unwrap()
    }
}

impl BoardView {
    /// Returns the view after the event at index `at`.
    pub(crate) fn as_of(history: &BoardHistory, at: usize) -> Self {
        let content = history.entries[at].1.clone();
        Self { at: Some(at), content, timetables: Vec::new() }
    }

    /// Applies an event, which must be the next of the history or a `timetable` of a newer one.
    /// Afterwards the view must equal the history.
    pub(crate) fn apply(&mut self, event: &DecodedEvent, history: &BoardHistory) {
        if event.event == "heartbeat" {
            return;
        }
        let index = history.index_of(&event.last_event_id);
        let at =
            index.unwrap_or_else(|| panic!("{event:?} is not in the history of {}", history.board));
        let data: Value = serde_json::from_str(&event.data).unwrap();
        if event.event == "timetable" {
            assert!(self.at < Some(at), "not newer: {event:?}");
            self.timetables.push(data["reason"].as_str().unwrap().to_owned());
            self.content = data;
            self.content.as_object_mut().unwrap().remove("reason");
        } else {
            assert_eq!(Some(at), self.at.map(|at| at + 1), "once and in order: {event:?}");
            apply_change(&mut self.content, &event.event, data);
        }
        self.at = Some(at);
        assert_eq!(self.content, history.entries[at].1, "after {event:?}");
    }

    /// Returns true if the view equals the newest state.
    pub(crate) fn is_current(&self, history: &BoardHistory) -> bool {
        self.at == Some(history.entries.len() - 1)
    }
}

/// Applies an event other than a `timetable` to the board and rows that a client has.
pub(crate) fn apply_change(content: &mut Value, event: &str, mut data: Value) {
    if event == "boardUpdate" {
        let patches = data.as_object_mut().unwrap().remove("flights");
        for patch in patches.iter().filter_map(Value::as_array).flatten() {
            apply_change(content, "flightStateUpdate", patch.clone());
        }
        let source = content["board"].get("source").cloned();
        content["board"] = data;
        if let Some(source) = source {
            content["board"]["source"] = source;
        }
        return;
    }
    if event == "sourceUpdate" {
        merge(&mut content["board"], json!({ "source": data }));
        return;
    }
    let rows = content["flights"].as_array_mut().unwrap();
    let same_key =
        |row: &Value| ["flight", "date", "leg"].iter().all(|name| row.get(name) == data.get(name));
    match (event, rows.iter().position(same_key)) {
        ("flightAddition", Some(at)) => rows[at] = data,
        ("flightAddition", None) => rows.push(data),
        ("flightStateUpdate", Some(at)) => merge(&mut rows[at], data),
        ("flightRemoval", Some(at)) => drop(rows.remove(at)),
        (event, at) => panic!("{event} of {data} at {at:?}"),
    }
}

/// Merges as RFC 7396 says, for rows, whose values are never objects.
fn merge(row: &mut Value, patch: Value) {
    let (Value::Object(patch), Value::Object(row)) = (patch, row) else { panic!("no objects") };
    for (name, value) in patch {
        if value.is_null() {
            row.remove(&name)
        } else {
            row.insert(name, value)
        };
    }
}

impl ViewClient {
    pub(crate) fn new() -> Self {
        Self::resuming("", BoardView::default())
    }

    pub(crate) fn resuming(id: &str, view: BoardView) -> Self {
        Self { source: EventSource::with_last_event_id(id), view, stream: None }
    }

    /// Connects, unless it is connected.
    pub(crate) async fn connect(&mut self, server: &TestServer, history: &BoardHistory) {
        if self.stream.is_some() {
            return;
        }
        let mut request = Request::get(format!("/boards/{}/events", history.board));
        if !self.source.last_event_id().is_empty() {
            request = request.header("last-event-id", self.source.last_event_id());
        }
        let (status, headers, stream) =
            server.open_stream(request.body(Body::empty()).unwrap()).await;
        let content_type = headers.get("content-type").map(|value| value.to_str().unwrap());
        assert_eq!(self.source.handle_response(status.as_u16(), content_type), ReadyState::Open);
        self.stream = Some(stream);
    }

    /// Reads and returns the next piece, if one is ready.
    pub(crate) fn pull(&mut self, history: &BoardHistory) -> Option<String> {
        let piece = self.stream.as_mut().and_then(TestStream::ready)?;
        self.read(piece.as_bytes(), history);
        Some(piece)
    }

    /// Reads part of the next piece, if one is ready, and disconnects.
    pub(crate) fn break_inside(&mut self, part: proptest::sample::Index, history: &BoardHistory) {
        if let Some(piece) = self.stream.as_mut().and_then(TestStream::ready) {
            self.read(&piece.as_bytes()[..part.index(piece.len() + 1)], history);
        }
        self.disconnect();
    }

    pub(crate) fn disconnect(&mut self) {
        self.stream = None;
        assert!(self.source.handle_disconnect().is_some(), "the client reconnects");
    }

    /// Connects if needed, and reads everything that is ready.
    pub(crate) async fn catch_up(&mut self, server: &TestServer, history: &BoardHistory) {
        self.connect(server, history).await;
        while self.pull(history).is_some() {}
    }

    pub(crate) fn read(&mut self, bytes: &[u8], history: &BoardHistory) {
        for event in self.source.feed(bytes) {
            self.view.apply(&event.unwrap(), history);
        }
    }
}
