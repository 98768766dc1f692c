//! A board whose state is a list of positions, and a screen that follows it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use fanout::{Channel, Due, Follower, Frame, Reason, Snapshot};

/// The history is the state: a frame is its position as text, a snapshot all positions so far.
pub(crate) struct Board {
    pub(crate) channel: Arc<Channel>,
    past: Arc<Past>,
}

#[derive(Default)]
struct Past {
    history: Mutex<Vec<u64>>,
    /// How many bytes wide a frame of a position is at least.
    width: usize,
    meanwhile: Mutex<Meanwhile>,
    channel: OnceLock<Weak<Channel>>,
    is_closed: AtomicBool,
}

/// What befalls the board while its next snapshot is made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meanwhile {
    /// How many events come before the rows are looked at, and how many after.
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) closes: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) rows: Vec<u64>,
    pub(crate) snapshots: Vec<Reason>,
    /// Whether it was told the last frame.
    pub(crate) closed: bool,
}

/// A line of text in a wrapping of its own.
pub(crate) fn frame(text: impl Into<String>) -> Frame {
    Frame::wrapped(b"<", text.into().as_bytes(), b">\n")
}

impl Board {
    /// A board that opened with the event at 1.
    pub(crate) fn new(window_bytes: usize) -> Self {
        Self::of_width(0, window_bytes)
    }

    /// The same with frames of so many bytes.
    pub(crate) fn of_width(width: usize, window_bytes: usize) -> Self {
        let past = Arc::new(Past { history: Mutex::new(vec![1]), width, ..Past::default() });
        let of_past = Arc::clone(&past);
        let channel = Channel::new(1, window_bytes, move |reason| of_past.snapshot(reason));
        past.channel.set(Arc::downgrade(&channel)).unwrap();
        Self { channel, past }
    }

    pub(crate) fn publish(&self, seq: u64) {
        self.past.publish(seq);
    }

    /// Publishes the last frame, if it was not.
    pub(crate) fn close(&self) {
        self.past.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.past.is_closed.load(Ordering::SeqCst)
    }

    pub(crate) fn history(&self) -> Vec<u64> {
        self.past.history.lock().unwrap().clone()
    }

    pub(crate) fn meanwhile(&self, meanwhile: Meanwhile) {
        *self.past.meanwhile.lock().unwrap() = meanwhile;
    }
}

impl Past {
    fn publish(&self, seq: u64) {
        self.history.lock().unwrap().push(seq);
        self.channel().publish(seq, frame(format!("{seq:.<0$}", self.width)));
    }

    fn close(&self) {
        if !self.is_closed.swap(true, Ordering::SeqCst) {
            self.channel().close(self.newest() + 1, frame("Closed now"));
        }
    }

    fn snapshot(&self, reason: Reason) -> Snapshot {
        let Meanwhile { before, after, closes } =
            std::mem::take(&mut *self.meanwhile.lock().unwrap());
        self.publish_more(before);
        let snapshot = {
            let rows = self.history.lock().unwrap();
            let text: Vec<_> = rows.iter().map(u64::to_string).collect();
            let frame = frame(format!("{reason:?} {}", text.join(" ")));
            Snapshot { seq: *rows.last().unwrap(), frame }
        };
        self.publish_more(after);
        if closes {
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

impl Screen {
    /// Takes all that is due; whether the stream ended.
    pub(crate) fn drain(&mut self, follower: &mut Follower) -> bool {
        loop {
            match follower.due() {
                Due::Nothing => return false,
                Due::End => return true,
                Due::Frames(frames) => frames.iter().for_each(|frame| self.take(frame)),
            }
        }
    }

    pub(crate) fn take(&mut self, frame: &Frame) {
        assert!(!self.closed, "nothing comes after the last frame");
        let payload = frame.payload();
        let text = std::str::from_utf8(&payload).unwrap().trim_end_matches('.');
        let Some((reason, rows)) = text.split_once(' ') else {
            let seq = text.parse().unwrap();
            assert!(
                self.rows.last() < Some(&seq),
                "once and in order: {seq} after {:?}",
                self.rows
            );
            return self.rows.push(seq);
        };
        if reason == "Closed" {
            self.closed = true;
            return;
        }
        let reasons = [Reason::Start, Reason::Expired, Reason::Unknown, Reason::Slow];
        self.snapshots
            .push(reasons.into_iter().find(|known| format!("{known:?}") == reason).unwrap());
        self.rows = rows.split(' ').map(|seq| seq.parse().unwrap()).collect();
    }
}
