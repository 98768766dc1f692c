//! The rows of a board as of one event, encoded for all readers.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use fanout::{Frame, SnapshotFrames, SnapshotReason};
use flight::{BoardSettings, BoardSource, FlightKey, FlightRow, Timetable, TimetableRow};
use journal::RecordId;
use parking_lot::Mutex;
use serde::Serialize;

use crate::frames::{self, chunk, reason_word, to_json};
use crate::row_pieces::{PieceCache, RowPieces};
use crate::snapshot_pool::SnapshotPool;

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
    /// The rows of the snapshot that was encoded before this one.
    pieces: Arc<PieceCache>,
    rows: OnceLock<EncodedRows>,
}

#[derive(Debug)]
struct EncodedRows {
    board: String,
    pieces: Arc<RowPieces>,
    encoding_time: Duration,
}

impl BoardSnapshot {
    /// Takes constant time: the clone of the timetable shares its rows.
    pub(crate) fn new(id: RecordId, timetable: &Timetable, pieces: Arc<PieceCache>) -> Self {
        Self {
            id,
            is_private: timetable.settings().is_private,
            len: timetable.len(),
            taken_at: Instant::now(),
            timetable: Mutex::new(Some(timetable.clone())),
            pieces,
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
        let EncodedRows { board, pieces, .. } = self.rows(pool);
        let head = format!(r#"{{"board":{board},"id":"{}","flights":["#, self.id);
        let bare = |text: String| Frame::bare(text.into());
        let rows = pieces.frames().clone();
        SnapshotFrames::new(bare(head), rows, bare("]}".to_owned()), Frame::default())
    }

    /// The `timetable` event with this reason.
    pub(crate) fn event(&self, pool: &SnapshotPool, reason: SnapshotReason) -> SnapshotFrames {
        let EncodedRows { board, pieces, .. } = self.rows(pool);
        let reason = reason_word(reason);
        let head = format!(
            "id: {}\nevent: timetable\ndata: {{\"board\":{board},\"reason\":\"{reason}\",\"flights\":[",
            self.id
        );
        const TAIL: &[u8] = b"]}\n\n";
        // A small board is one frame.
        if let Some(rows) = pieces.frames().only() {
            return chunk(&[head.as_bytes(), &rows.payload(), TAIL].concat()).into();
        }
        let (head, tail) = (chunk(head.as_bytes()), chunk(TAIL));
        SnapshotFrames::new(head, pieces.frames().clone(), tail, chunk(DISCARD))
    }

    /// Returns whether the rows are encoded and have not been withdrawn.
    pub(crate) fn is_encoded(&self) -> bool {
        self.rows.get().is_some_and(|rows| !rows.pieces.frames().are_withdrawn())
    }

    /// Returns whether the rows were encoded and have been withdrawn.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.rows.get().is_some_and(|rows| rows.pieces.frames().are_withdrawn())
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
            EncodedRows::new(&timetable, &self.pieces, pool)
        })
    }
}

/// The `timetable` event of the rows of `timetable` that have the given parts of `key`.
pub(crate) fn flight_timetable(
    id: RecordId,
    timetable: &Timetable,
    key: &FlightKey,
    reason: SnapshotReason,
) -> Frame {
    #[derive(Serialize)]
    struct FlightTimetable<'a> {
        board: BoardDetails<'a>,
        reason: &'static str,
        flights: Vec<&'a FlightRow>,
    }
    let (settings, source) = (timetable.settings(), timetable.source());
    let rows = timetable.rows_of(key);
    let data = FlightTimetable {
        board: BoardDetails { settings, source },
        reason: reason_word(reason),
        flights: rows.into_iter().map(TimetableRow::row).collect(),
    };
    frames::event(Some(id), "timetable", &to_json(&data))
}

impl EncodedRows {
    fn new(timetable: &Timetable, pieces: &PieceCache, pool: &SnapshotPool) -> Self {
        let (settings, source) = (timetable.settings(), timetable.source());
        let board = to_json(&BoardDetails { settings, source });
        let start = Instant::now();
        let pieces = pieces.encode(&timetable.rows(), pool);
        Self { board, pieces, encoding_time: start.elapsed() }
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
