//! A board whose rows are sequence numbers, and the view of a follower.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use fanout::{Channel, Follower, Frame, PullResult, Snapshot, SnapshotReason, WindowBudget};

/// A frame is its sequence number as text; a snapshot is all sequence numbers so far.
pub(crate) struct TestBoard {
    pub(crate) channel: Arc<Channel>,
    state: Arc<TestBoardState>,
}

#[derive(Default)]
struct TestBoardState {
    history: Mutex<Vec<u64>>,
    /// Minimum size of an event's payload in bytes.
    min_payload: usize,
    next_interference: Mutex<SnapshotInterference>,
    channel: OnceLock<Weak<Channel>>,
    is_closed: AtomicBool,
}

/// Events that happen while the next snapshot is made.
#[derive(Debug, Clone, Default)]
pub(crate) struct SnapshotInterference {
    /// Number of events before the rows are read.
    pub(crate) before: usize,
    /// Number of events after that.
    pub(crate) after: usize,
    /// Closes the board last.
    pub(crate) closes: bool,
}

/// The rows that a follower has, as a client would show them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SeqView {
    pub(crate) rows: Vec<u64>,
    pub(crate) snapshots: Vec<SnapshotReason>,
    /// Set by the last frame of a closed board.
    pub(crate) closed: bool,
}

/// A payload in a recognisable framing.
pub(crate) fn frame(text: impl Into<String>) -> Frame {
    Frame::wrapped(b"<", text.into().as_bytes(), b">\n")
}

impl TestBoard {
    /// A board whose first event is 1.
    pub(crate) fn new(window_bytes: usize) -> Self {
        Self::with_payload(0, window_bytes)
    }

    /// A board whose events have payloads of at least `min_payload` bytes.
    pub(crate) fn with_payload(min_payload: usize, window_bytes: usize) -> Self {
        let history = Mutex::new(vec![1]);
        let state = Arc::new(TestBoardState { history, min_payload, ..Default::default() });
        let snapshot_state = Arc::clone(&state);
        let windows = WindowBudget::new(window_bytes, usize::MAX);
        let channel = Channel::new(1, &windows, move |reason| snapshot_state.snapshot(reason));
        state.channel.set(Arc::downgrade(&channel)).unwrap();
        Self { channel, state }
    }

    pub(crate) fn publish(&self, seq: u64) {
        self.state.publish(seq);
    }

    /// Closes the board if it is open.
    pub(crate) fn close(&self) {
        self.state.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.is_closed.load(Ordering::SeqCst)
    }

    pub(crate) fn history(&self) -> Vec<u64> {
        self.state.history.lock().unwrap().clone()
    }

    pub(crate) fn interfere(&self, interference: SnapshotInterference) {
        *self.state.next_interference.lock().unwrap() = interference;
    }
}

impl TestBoardState {
    fn publish(&self, seq: u64) {
        self.history.lock().unwrap().push(seq);
        self.channel().publish(seq, frame(format!("{seq:.<0$}", self.min_payload)));
    }

    fn close(&self) {
        if !self.is_closed.swap(true, Ordering::SeqCst) {
            self.channel().close(self.newest() + 1, frame("Closed now"));
        }
    }

    fn snapshot(&self, reason: SnapshotReason) -> Snapshot {
        let interference = std::mem::take(&mut *self.next_interference.lock().unwrap());
        self.publish_more(interference.before);
        let snapshot = {
            let rows = self.history.lock().unwrap();
            let text: Vec<_> = rows.iter().map(u64::to_string).collect();
            let frame = frame(format!("{reason:?} {}", text.join(" ")));
            Snapshot { seq: *rows.last().unwrap(), frames: frame.into() }
        };
        self.publish_more(interference.after);
        if interference.closes {
            self.close();
        }
        snapshot
    }

    fn publish_more(&self, events: usize) {
        for _ in 0..events {
            self.publish(self.newest() + 1);
        }
    }

    fn newest(&self) -> u64 {
        *self.history.lock().unwrap().last().unwrap()
    }

    fn channel(&self) -> Arc<Channel> {
        self.channel.get().and_then(Weak::upgrade).unwrap()
    }
}

impl SeqView {
    /// Pulls until there is nothing to pull. Returns true if the stream has ended.
    pub(crate) fn drain(&mut self, follower: &mut Follower) -> bool {
        loop {
            match follower.pull() {
                PullResult::Empty => return false,
                PullResult::Closed => return true,
                PullResult::Frames(frames) => frames.iter().for_each(|frame| self.apply(frame)),
            }
        }
    }

    /// Pulls once.
    pub(crate) fn pull(&mut self, follower: &mut Follower) {
        if let PullResult::Frames(frames) = follower.pull() {
            frames.iter().for_each(|frame| self.apply(frame));
        }
    }

    pub(crate) fn apply(&mut self, frame: &Frame) {
        assert!(!self.closed, "a frame after the last one");
        let payload = frame.payload();
        let text = std::str::from_utf8(&payload).unwrap().trim_end_matches('.');
        let Some((reason, rows)) = text.split_once(' ') else {
            let seq = text.parse().unwrap();
            let last = self.rows.last();
            assert!(last < Some(&seq), "{seq} after {:?}: repeated or out of order", self.rows);
            return self.rows.push(seq);
        };
        if reason == "Closed" {
            self.closed = true;
            return;
        }
        let reasons = [
            SnapshotReason::Start,
            SnapshotReason::Expired,
            SnapshotReason::Unknown,
            SnapshotReason::Slow,
        ];
        let reason = reasons.into_iter().find(|known| format!("{known:?}") == reason).unwrap();
        self.snapshots.push(reason);
        self.rows = rows.split(' ').map(|seq| seq.parse().unwrap()).collect();
    }
}
