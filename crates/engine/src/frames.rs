//! Events encoded for followers: each once, shared by all. A frame is also a chunk of HTTP/1.1 (RFC
//! 9112, section 7.1), for sockets that are written without an HTTP stack.

use std::time::Duration;

use fanout::{Frame, Snapshot, SnapshotReason};
use flight::{BoardSettings, BoardSource};
use jiff::Timestamp;
use journal::RecordId;
use serde::Serialize;

/// The chunk that ends a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Size of the padding comment. Some old browser engines show nothing before they have read 2 KiB.
const PADDING_BYTES: usize = 2048;

/// The settings of a board, its source and its counts, as `GET /boards` lists them.
#[derive(Debug, Serialize)]
pub struct BoardSummary<'a> {
    #[serde(flatten)]
    pub(crate) settings: &'a BoardSettings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<&'a BoardSource>,
    pub(crate) id: String,
    /// The time of the board's last update.
    #[serde(rename = "lastUpdate", skip_serializing_if = "Option::is_none")]
    pub last_update: Option<String>,
    /// True for a board that was closed.
    #[serde(rename = "closed")]
    pub is_closed: bool,
    /// Why the board is closed, if it is.
    #[serde(rename = "reason", skip_serializing_if = "Option::is_none")]
    pub(crate) close_reason: Option<&'a str>,
    /// The number of its rows.
    pub flights: usize,
    pub(crate) followers: usize,
    /// Time for which the board may have been out of date, if long enough to report.
    #[serde(rename = "behind", skip_serializing_if = "Option::is_none")]
    pub stale_secs: Option<u64>,
}

impl BoardSummary<'_> {
    /// The settings of the board.
    pub fn settings(&self) -> &BoardSettings {
        self.settings
    }
}

/// The heartbeat of a board.
#[derive(Debug, Clone, Copy)]
pub struct Heartbeat<'a> {
    /// The time at which it is sent.
    pub at: Timestamp,
    /// The board's newest event.
    pub head: RecordId,
    /// The time of the board's last update.
    pub last_update: Option<Timestamp>,
    /// Time for which the board may have been out of date, if long enough to report.
    pub staleness: Option<Duration>,
    /// The build of the page that the server has, so that a page of another build reloads.
    pub build: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeartbeatPayload<'a> {
    at: String,
    head: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update: Option<String>,
    #[serde(rename = "behind", skip_serializing_if = "Option::is_none")]
    stale_secs: Option<u64>,
    build: &'a str,
}

impl Heartbeat<'_> {
    /// Encodes it without an id, so that it never moves a follower's `Last-Event-ID`.
    pub fn frame(&self) -> Frame {
        let data = HeartbeatPayload {
            at: format!("{:.0}", self.at),
            head: self.head.to_string(),
            last_update: self.last_update.map(|time| format!("{time:.0}")),
            stale_secs: self.staleness.map(|time| time.as_secs()),
            build: self.build,
        };
        encode(None, "heartbeat", &to_json(&data))
    }
}

/// Encodes an event. If its epoch is no longer known it has no id; no follower can resume from before
/// it, so none needs one.
pub(crate) fn event(id: Option<RecordId>, name: &str, data: &str) -> Frame {
    encode(id.map(|id| id.to_string()).as_deref(), name, data)
}

/// Encodes the reconnection time of the stream's client, as the first line of the next event's block.
pub fn retry(millis: u64) -> Frame {
    let mut bytes = Vec::new();
    sse::encode_retry(millis, &mut bytes);
    chunk(&bytes)
}

/// Encodes a comment of 2 KiB.
pub fn padding() -> Frame {
    comment(&" ".repeat(PADDING_BYTES))
}

/// Encodes a comment without text.
pub fn empty_comment() -> Frame {
    comment("")
}

/// The snapshot of a board that was closed and forgotten, or of an engine that was dropped: no frame will follow.
pub(crate) fn no_snapshot() -> Snapshot {
    Snapshot { seq: u64::MAX, frames: empty_comment().into() }
}

/// The word for a reason, in the data of `timetable` events and in metrics.
pub fn reason_word(reason: SnapshotReason) -> &'static str {
    match reason {
        SnapshotReason::Start => "start",
        SnapshotReason::Expired => "expired",
        SnapshotReason::Unknown => "unknown",
        SnapshotReason::Slow => "slow",
    }
}

/// Encodes an event. The id and the name have no line ends.
pub fn encode(id: Option<&str>, name: &str, data: &str) -> Frame {
    let mut bytes = Vec::with_capacity(data.len() + 80);
    let event = sse::Event { id, event: Some(name), data };
    event.encode(&mut bytes).expect("our ids and names contain no line ends");
    chunk(&bytes)
}

fn comment(text: &str) -> Frame {
    let mut bytes = Vec::new();
    sse::encode_comment(text, &mut bytes);
    chunk(&bytes)
}

/// Frames a payload, which must not be empty: an empty chunk would end the body.
pub(crate) fn chunk(payload: &[u8]) -> Frame {
    Frame::wrapped(format!("{:x}\r\n", payload.len()).as_bytes(), payload, b"\r\n")
}

pub(crate) fn to_json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("maps with text keys always have a JSON form")
}
