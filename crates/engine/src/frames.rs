//! Events encoded for followers: each once, shared by all. A frame is also a chunk of HTTP/1.1 (RFC
//! 9112, section 7.1), for sockets that are written without an HTTP stack.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use fanout::{Frame, RowFrames, SnapshotFrames, SnapshotReason};
use flight::{BoardSettings, BoardSource, Timetable};
use jiff::Timestamp;
use journal::RecordId;
use parking_lot::Mutex;
use serde::Serialize;

use crate::snapshot_pool::SnapshotPool;

/// The chunk that ends a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Size of the padding comment. Some old browser engines show nothing before they have read 2 KiB.
const PADDING_BYTES: usize = 2048;

/// Size from which on rows begin a new frame. A slow follower holds one or two of them if its snapshot is withdrawn.
const MIN_PIECE_BYTES: usize = 4 * 1024;

/// Rows of a board from which on its encoded rows serve followers for some time.
const MIN_REUSED_ROWS: usize = 2_000;

/// That time, in units of the time that encoding took.
const MAX_REUSE_FACTOR: u32 = 10;

/// Longest such time.
const MAX_REUSE_TIME: Duration = Duration::from_secs(1);

/// Ends a `timetable` event before its last row, under a name that clients skip. The empty id makes a client that
/// reconnects now ask for all rows.
const DISCARD: &[u8] = b"\nevent: discarded\nid:\n\n";

/// The rows of a board as of one event, encoded on first use: the body of `GET …/flights`, and the
/// `timetable` events.
#[derive(Debug)]
pub(crate) struct BoardSnapshot {
    id: RecordId,
    is_private: bool,
    /// The number of rows.
    len: usize,
    taken_at: Instant,
    /// Dropped once encoded, so that an idle board holds its rows only once.
    timetable: Mutex<Option<Timetable>>,
    rows: OnceLock<EncodedRows>,
}

#[derive(Debug)]
struct EncodedRows {
    board: String,
    /// A JSON array.
    flights: RowFrames,
    encoding_time: Duration,
}

impl BoardSnapshot {
    /// Takes constant time: the clone of the timetable shares its rows.
    pub(crate) fn new(id: RecordId, timetable: &Timetable) -> Self {
        Self {
            id,
            is_private: timetable.settings().is_private,
            len: timetable.len(),
            taken_at: Instant::now(),
            timetable: Mutex::new(Some(timetable.clone())),
            rows: OnceLock::new(),
        }
    }

    /// Id of the event.
    pub(crate) fn id(&self) -> RecordId {
        self.id
    }

    /// Returns whether reading it needs a right.
    pub(crate) fn is_private(&self) -> bool {
        self.is_private
    }

    /// The body of `GET …/flights`. The first call encodes the rows, with a pool that bounds all encoded rows.
    pub(crate) fn json(&self, pool: &SnapshotPool) -> SnapshotFrames {
        let EncodedRows { board, flights, .. } = self.rows(pool);
        let head = format!(r#"{{"board":{board},"id":"{}","flights":"#, self.id);
        let bare = |text: String| Frame::bare(text.into());
        SnapshotFrames::new(bare(head), flights.clone(), bare("}".to_owned()), Frame::default())
    }

    /// The `timetable` event with this reason.
    pub(crate) fn event(&self, pool: &SnapshotPool, reason: SnapshotReason) -> SnapshotFrames {
        let EncodedRows { board, flights, .. } = self.rows(pool);
        let reason = reason_word(reason);
        let head = format!(
            "id: {}\nevent: timetable\ndata: {{\"board\":{board},\"reason\":\"{reason}\",\"flights\":",
            self.id
        );
        const TAIL: &[u8] = b"}\n\n";
        // A small board is one frame.
        if let Some(rows) = flights.only() {
            return chunk(&[head.as_bytes(), &rows.payload(), TAIL].concat()).into();
        }
        let (head, tail) = (chunk(head.as_bytes()), chunk(TAIL));
        SnapshotFrames::new(head, flights.clone(), tail, chunk(DISCARD))
    }

    /// Returns whether the rows are encoded and have not been withdrawn.
    pub(crate) fn is_encoded(&self) -> bool {
        self.rows.get().is_some_and(|rows| !rows.flights.are_withdrawn())
    }

    /// Returns whether the rows were encoded and have been withdrawn.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.rows.get().is_some_and(|rows| rows.flights.are_withdrawn())
    }

    /// Returns whether followers may begin with these rows although the board has changed since: encoding a large
    /// board for each change would take most of a core.
    pub(crate) fn is_recent(&self) -> bool {
        let max_age = self.rows.get().map(|rows| MAX_REUSE_FACTOR * rows.encoding_time);
        self.len >= MIN_REUSED_ROWS
            && max_age.is_some_and(|age| self.taken_at.elapsed() < age.min(MAX_REUSE_TIME))
    }

    /// Returns whether the rows were taken at this time or later.
    pub(crate) fn is_taken_since(&self, time: Instant) -> bool {
        self.taken_at >= time
    }

    /// Encodes the rows once. Others that need them meanwhile wait instead of encoding them too.
    fn rows(&self, pool: &SnapshotPool) -> &EncodedRows {
        self.rows.get_or_init(|| {
            let timetable = self.timetable.lock().take();
            // Taken only here.
            let timetable = timetable.expect("the rows are encoded once");
            EncodedRows::new(&timetable, pool)
        })
    }
}

impl EncodedRows {
    fn new(timetable: &Timetable, pool: &SnapshotPool) -> Self {
        let start = Instant::now();
        let (settings, source) = (timetable.settings(), timetable.source());
        let board = to_json(&BoardDetails { settings, source });
        let mut frames = Vec::new();
        let mut piece = String::from("[");
        for (index, row) in timetable.rows().into_iter().enumerate() {
            if index > 0 {
                piece.push(',');
            }
            piece.push_str(&to_json(row.row()));
            if piece.len() >= MIN_PIECE_BYTES {
                frames.push(chunk(piece.as_bytes()));
                piece.clear();
            }
        }
        piece.push(']');
        frames.push(chunk(piece.as_bytes()));
        Self { board, flights: pool.hold(RowFrames::new(frames)), encoding_time: start.elapsed() }
    }
}

/// The settings of a board and its source.
#[derive(Debug, Serialize)]
struct BoardDetails<'a> {
    #[serde(flatten)]
    settings: &'a BoardSettings,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a BoardSource>,
}

/// The settings of a board, its source and its counts, as `GET /boards` lists them.
#[derive(Debug, Serialize)]
pub struct BoardSummary<'a> {
    #[serde(flatten)]
    pub(crate) settings: &'a BoardSettings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<&'a BoardSource>,
    pub(crate) id: String,
    #[serde(rename = "closed")]
    pub(crate) is_closed: bool,
    pub(crate) flights: usize,
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

#[derive(Debug, Serialize)]
struct HeartbeatPayload<'a> {
    at: String,
    head: String,
    #[serde(rename = "behind", skip_serializing_if = "Option::is_none")]
    stale_secs: Option<u64>,
    /// The build of the page that the server has.
    build: &'a str,
}

/// Encodes an event. If its epoch is no longer known it has no id; no follower can resume from before
/// it, so none needs one.
pub(crate) fn event(id: Option<RecordId>, name: &str, data: &str) -> Frame {
    encode(id.map(|id| id.to_string()).as_deref(), name, data)
}

/// Encodes a heartbeat: the board's newest event, how long the board may have been out of date, and
/// the build of the page, so that a page of another build reloads.
/// It has no id, so it never moves a follower's `Last-Event-ID`.
pub fn heartbeat(
    now: Timestamp,
    head: RecordId,
    staleness: Option<Duration>,
    build: &str,
) -> Frame {
    let (at, head) = (format!("{now:.0}"), head.to_string());
    let data =
        HeartbeatPayload { at, head, stale_secs: staleness.map(|time| time.as_secs()), build };
    encode(None, "heartbeat", &to_json(&data))
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

/// The word for a reason, in the data of `timetable` events and in metrics.
pub fn reason_word(reason: SnapshotReason) -> &'static str {
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
    event.encode(&mut bytes).expect("our ids and names contain no line ends");
    chunk(&bytes)
}

fn comment(text: &str) -> Frame {
    let mut bytes = Vec::new();
    sse::encode_comment(text, &mut bytes);
    chunk(&bytes)
}

/// Frames a payload, which must not be empty: an empty chunk would end the body.
fn chunk(payload: &[u8]) -> Frame {
    Frame::wrapped(format!("{:x}\r\n", payload.len()).as_bytes(), payload, b"\r\n")
}

fn to_json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("maps with text keys always have a JSON form")
}
