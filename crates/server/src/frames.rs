//! Events as the bytes that followers are sent, each made once and shared by all. Each is a chunk of
//! HTTP/1.1 (RFC 9112, section 7.1) too, for those whose sockets are written without an HTTP stack.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use fanout::{Frame, SnapshotReason};
use flight::{BoardSettings, Flight, Timetable};
use jiff::Timestamp;
use journal::RecordId;
use serde::Serialize;
use serde_json::json;

/// The chunk after which there is none.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Least bytes of the comment that some old engines want before they show anything.
const PADDING_BYTES: usize = 2048;

/// All rows of a board as of one event: as the answer to `GET …/flights`, and as `timetable`
/// frames.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) id: RecordId,
    pub(crate) json: Bytes,
    /// Whether the newest event is the board's closing.
    pub(crate) closed: bool,
    board: String,
    flights: String,
    frames: [OnceLock<Frame>; 4],
}

impl Rows {
    pub(crate) fn new(id: RecordId, timetable: &Timetable) -> Self {
        let rows = timetable.rows();
        let flights: Vec<&Flight> = rows.into_iter().map(flight::TimetableRow::flight).collect();
        let (board, flights) = (line(timetable.settings()), line(&flights));
        let json = format!(r#"{{"board":{board},"id":"{id}","flights":{flights}}}"#).into();
        let closed = timetable.close_reason().is_some();
        Self { id, json, closed, board, flights, frames: Default::default() }
    }

    pub(crate) fn frame(&self, reason: SnapshotReason) -> Frame {
        let make = || {
            let Self { board, flights, .. } = self;
            let reason = reason_word(reason);
            let data = format!(r#"{{"board":{board},"reason":"{reason}","flights":{flights}}}"#);
            event(Some(self.id), "timetable", &data)
        };
        self.frames[reason as usize].get_or_init(make).clone()
    }
}

/// The frame of an event. One so old that its id is forgotten is without: nobody can come back from
/// before it, so it is sent to nobody who needs one.
pub(crate) fn event(id: Option<RecordId>, name: &str, data: &str) -> Frame {
    encode(id.map(|id| id.to_string()).as_deref(), name, data)
}

/// Says that the stream is alive, and which event is the board's newest, or for how long that has not been
/// known. It has no id of its own, so that it never moves a follower's position.
pub(crate) fn heartbeat(now: Timestamp, head: RecordId, behind: Option<Duration>) -> Frame {
    let mut data = json!({ "at": format!("{now:.0}"), "head": head.to_string() });
    if let Some(behind) = behind {
        data["behind"] = behind.as_secs().into();
    }
    encode(None, "heartbeat", &data.to_string())
}

pub(crate) fn retry(millis: u64) -> Frame {
    let mut bytes = Vec::new();
    sse::retry(millis, &mut bytes);
    chunk(&bytes)
}

pub(crate) fn padding() -> Frame {
    let mut bytes = Vec::new();
    sse::comment(&" ".repeat(PADDING_BYTES), &mut bytes);
    chunk(&bytes)
}

/// The settings of a board, and what there is to say of it in a list.
#[derive(Debug, Serialize)]
pub(crate) struct BoardSummary<'a> {
    #[serde(flatten)]
    pub(crate) settings: &'a BoardSettings,
    pub(crate) id: String,
    pub(crate) closed: bool,
    pub(crate) flights: usize,
    pub(crate) followers: usize,
    /// For how many seconds it has not been known whether there are newer events, if that is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) behind: Option<u64>,
}

/// The word for a reason in `timetable` data and in metrics.
pub(crate) fn reason_word(reason: SnapshotReason) -> &'static str {
    match reason {
        SnapshotReason::Start => "start",
        SnapshotReason::Expired => "expired",
        SnapshotReason::Unknown => "unknown",
        SnapshotReason::Slow => "slow",
    }
}

fn encode(id: Option<&str>, name: &str, data: &str) -> Frame {
    let mut bytes = Vec::with_capacity(data.len() + 80);
    let event = sse::Event { id, event: Some(name), data };
    event.encode(&mut bytes).expect("ids and names of ours hold no line ends");
    chunk(&bytes)
}

/// An empty one would be the last.
fn chunk(payload: &[u8]) -> Frame {
    Frame::wrapped(format!("{:x}\r\n", payload.len()).as_bytes(), payload, b"\r\n")
}

fn line(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("maps with text keys always have a JSON form")
}
