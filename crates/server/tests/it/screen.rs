//! A board's past as the server told it, and a screen that follows the board by its stream alone.

use axum::body::Body;
use axum::extract::Request;
use serde_json::Value;
use sse::{DecodedEvent, EventSource, ReadyState};

use crate::house::{House, Stream};

/// All events of one board, from the answers to publishers, each with the rows right after it, as
/// `GET …/flights` gives them.
pub(crate) struct History {
    pub(crate) board: &'static str,
    moments: Vec<(String, Value)>,
}

/// What a screen shows. It checks all that it is told against the past.
#[derive(Default)]
pub(crate) struct Screen {
    /// The newest event in it, as its place in the history.
    pub(crate) at: Option<usize>,
    shown: Value,
    /// The reason of each `timetable` that came.
    pub(crate) timetables: Vec<String>,
}

/// A screen with its connection, if it has one.
pub(crate) struct Viewer {
    pub(crate) source: EventSource,
    pub(crate) screen: Screen,
    stream: Option<Stream>,
}

impl History {
    /// Of a board that was just opened.
    pub(crate) async fn of(house: &House, board: &'static str) -> Self {
        let mut history = Self { board, moments: Vec::new() };
        history.go_on(house).await;
        history
    }

    /// Notes what the server now says of the board, if it is new.
    pub(crate) async fn go_on(&mut self, house: &House) {
        let mut state = house.get(&format!("/boards/{}/flights", self.board)).await.json();
        let id = state.as_object_mut().unwrap().remove("id").unwrap();
        let id = id.as_str().unwrap().to_owned();
        match self.moments.last() {
            Some((newest, same)) if *newest == id => {
                assert_eq!(*same, state, "no event, no change");
            }
            _ => self.moments.push((id, state)),
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.moments.iter().map(|(id, _)| id.as_str())
    }

    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.ids().position(|known| known == id)
    }

    pub(crate) fn newest(&self) -> &str {
        self.ids().last().unwrap()
    }
}

impl Screen {
    /// As it was after the event at this place.
    pub(crate) fn as_of(history: &History, at: usize) -> Self {
        let shown = history.moments[at].1.clone();
        Self { at: Some(at), shown, timetables: Vec::new() }
    }

    /// Takes an event, which must be the very next of the history, or all rows as of a newer one;
    /// after it the screen is what the server was then.
    pub(crate) fn take(&mut self, event: &DecodedEvent, history: &History) {
        if event.event == "heartbeat" {
            return;
        }
        let place = history.place(&event.last_event_id);
        let at = place.unwrap_or_else(|| panic!("{event:?} is none of {}", history.board));
        let data: Value = serde_json::from_str(&event.data).unwrap();
        if event.event == "timetable" {
            assert!(self.at < Some(at), "brings nothing new: {event:?}");
            self.timetables.push(data["reason"].as_str().unwrap().to_owned());
            self.shown = data;
            self.shown.as_object_mut().unwrap().remove("reason");
        } else {
            assert_eq!(Some(at), self.at.map(|at| at + 1), "once and in order: {event:?}");
            self.apply(&event.event, data);
        }
        self.at = Some(at);
        assert_eq!(self.shown, history.moments[at].1, "after {event:?}");
    }

    /// Shows what the server shows.
    pub(crate) fn is_right(&self, history: &History) -> bool {
        self.at == Some(history.moments.len() - 1)
    }

    fn apply(&mut self, event: &str, data: Value) {
        if event == "boardUpdate" {
            self.shown["board"] = data;
            return;
        }
        let rows = self.shown["flights"].as_array_mut().unwrap();
        let same_key =
            |row: &Value| row["flight"] == data["flight"] && row.get("date") == data.get("date");
        match (event, rows.iter().position(same_key)) {
            ("flightAddition", Some(at)) => rows[at] = data,
            ("flightAddition", None) => rows.push(data),
            ("flightStateUpdate", Some(at)) => merge(&mut rows[at], data),
            ("flightRemoval", Some(at)) => drop(rows.remove(at)),
            (event, at) => panic!("{event} of {data} at {at:?}"),
        }
    }
}

/// RFC 7396 for rows, whose values are never objects.
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

impl Viewer {
    pub(crate) fn new() -> Self {
        Self::resuming("", Screen::default())
    }

    pub(crate) fn resuming(id: &str, screen: Screen) -> Self {
        Self { source: EventSource::with_last_event_id(id), screen, stream: None }
    }

    /// Makes its request, if it has no connection.
    pub(crate) async fn connect(&mut self, house: &House, history: &History) {
        if self.stream.is_some() {
            return;
        }
        let mut request = Request::get(format!("/boards/{}/events", history.board));
        if !self.source.last_event_id().is_empty() {
            request = request.header("last-event-id", self.source.last_event_id());
        }
        let (status, headers, stream) = house.follow(request.body(Body::empty()).unwrap()).await;
        let content_type = headers.get("content-type").map(|value| value.to_str().unwrap());
        assert_eq!(self.source.handle_response(status.as_u16(), content_type), ReadyState::Open);
        self.stream = Some(stream);
    }

    /// Reads the next piece, if one is there, and gives it.
    pub(crate) fn pull(&mut self, history: &History) -> Option<String> {
        let piece = self.stream.as_mut().and_then(Stream::ready)?;
        self.read(piece.as_bytes(), history);
        Some(piece)
    }

    /// Reads some of the next piece, if one is there, and loses its connection.
    pub(crate) fn break_off(&mut self, part: proptest::sample::Index, history: &History) {
        if let Some(piece) = self.stream.as_mut().and_then(Stream::ready) {
            self.read(&piece.as_bytes()[..part.index(piece.len() + 1)], history);
        }
        self.lose();
    }

    pub(crate) fn lose(&mut self) {
        self.stream = None;
        assert!(self.source.handle_disconnect().is_some(), "it comes back");
    }

    /// Connects, if need be, and reads all that there is.
    pub(crate) async fn catch_up(&mut self, house: &House, history: &History) {
        self.connect(house, history).await;
        while self.pull(history).is_some() {}
    }

    pub(crate) fn read(&mut self, bytes: &[u8], history: &History) {
        for event in self.source.feed(bytes) {
            self.screen.take(&event.unwrap(), history);
        }
    }
}
