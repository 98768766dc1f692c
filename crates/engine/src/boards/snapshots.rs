//! Snapshots of boards, for followers and for requests.

use std::sync::Arc;
use std::time::Instant;

use fanout::{Snapshot, SnapshotFrames, SnapshotReason};
use flight::BoardName;
use journal::{RecordId, Seq};

use super::{BoardsState, LiveBoards};
use crate::board_snapshot::BoardSnapshot;
use crate::snapshot_pool::SnapshotPool;

/// The rows of a board as the body of a response.
#[derive(Debug)]
pub struct BoardRows {
    /// The id of the newest event in them.
    pub id: RecordId,
    /// True if only readers with a right may read them.
    pub is_private: bool,
    /// One JSON text.
    pub frames: SnapshotFrames,
}

impl BoardRows {
    fn new(snapshot: &BoardSnapshot, pool: &SnapshotPool) -> Self {
        let is_private = snapshot.is_private();
        Self { id: snapshot.id(), is_private, frames: snapshot.json(pool) }
    }
}

impl LiveBoards {
    /// The rows of a board as JSON. They have all changes that were acknowledged before the call. Calls that come while
    /// rows are being encoded share those that are encoded next.
    pub async fn rows(&self, board: &BoardName) -> Option<BoardRows> {
        let call = Instant::now();
        let permit = self.encoding.acquire().await;
        let snapshot = self.rows_since(board, call)?;
        if snapshot.is_encoded() {
            return Some(BoardRows::new(&snapshot, &self.snapshots));
        }
        let pool = Arc::clone(&self.snapshots);
        let rows = tokio::task::spawn_blocking(move || BoardRows::new(&snapshot, &pool)).await;
        drop(permit);
        // Fails only when the runtime shuts down.
        rows.ok()
    }

    /// Encodes many rows, one call at a time. Rows of a large board take milliseconds, so this uses no thread that
    /// serves requests, and leaves the other cores to them. `None` if the runtime shuts down.
    pub async fn encode<T: Send + 'static>(
        &self,
        encode: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _permit = self.encoding.acquire().await;
        tokio::task::spawn_blocking(encode).await.ok()
    }

    /// The encoded rows taken since `call`, or the current ones.
    fn rows_since(&self, board: &BoardName, call: Instant) -> Option<Arc<BoardSnapshot>> {
        let mut state = self.state.lock();
        let taken = state.open.get(board).and_then(|open| open.snapshot.as_ref());
        let taken = taken.filter(|taken| taken.is_encoded() && taken.is_taken_since(call));
        taken.cloned().or_else(|| state.snapshot(board))
    }

    /// The rows with which a follower of the board begins.
    pub(super) fn channel_snapshot(
        &self,
        board: &BoardName,
        reason: SnapshotReason,
    ) -> Option<Snapshot> {
        let mut state = self.state.lock();
        let snapshot = state.reusable_snapshot(board).or_else(|| state.snapshot(board))?;
        let is_open = state.open.contains_key(board);
        // Encoding 20,000 rows takes milliseconds: not under the lock.
        drop(state);
        self.metrics.count_snapshot(reason);
        let seq = snapshot.id().seq;
        // The closing event of a closed board has yet to be sent, so start before it.
        let seq = if is_open { seq } else { seq.prev() };
        let start = (!snapshot.is_encoded()).then(Instant::now);
        let frames = snapshot.event(&self.snapshots, reason);
        if let Some(start) = start {
            self.metrics.phases.observe_snapshot(start.elapsed());
        }
        Some(Snapshot { seq: seq.0, frames })
    }
}

impl BoardsState {
    fn snapshot(&mut self, board: &BoardName) -> Option<Arc<BoardSnapshot>> {
        let timetable = self.boards.board(board)?;
        let id = self.epochs.record_id(Seq(timetable.head()))?;
        let Some(open) = self.open.get_mut(board) else {
            return Some(Arc::new(BoardSnapshot::new(id, timetable, Arc::default())));
        };
        let is_current = |snapshot: &&Arc<_>| -> bool {
            let snapshot: &BoardSnapshot = snapshot;
            snapshot.id() == id && !snapshot.is_withdrawn()
        };
        if let Some(snapshot) = open.snapshot.as_ref().filter(is_current) {
            return Some(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(BoardSnapshot::new(id, timetable, Arc::clone(&open.pieces)));
        open.snapshot = Some(Arc::clone(&snapshot));
        Some(snapshot)
    }

    /// A snapshot whose followers get the changes since from the window.
    fn reusable_snapshot(&self, board: &BoardName) -> Option<Arc<BoardSnapshot>> {
        let open = self.open.get(board)?;
        let snapshot = open.snapshot.as_ref()?;
        let is_private = self.boards.board(board)?.settings().is_private;
        let is_reusable = snapshot.is_recent()
            && snapshot.is_private() == is_private
            && snapshot.is_encoded()
            && snapshot.id().seq.0 >= open.channel.floor();
        is_reusable.then(|| Arc::clone(snapshot))
    }
}
