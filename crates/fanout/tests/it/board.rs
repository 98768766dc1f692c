//! A board whose state is a list of positions, and a screen that follows it.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use fanout::{Channel, Due, Follower, Reason, Snapshot};

/// The history is the state: a frame is its position as text, a snapshot all positions so far.
pub(crate) struct Board {
    pub(crate) channel: Arc<Channel>,
    history: Arc<Mutex<Vec<u64>>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) rows: Vec<u64>,
    pub(crate) snapshots: Vec<Reason>,
}

impl Board {
    /// A board that opened with the event at 1.
    pub(crate) fn new(window_bytes: usize) -> Self {
        let history = Arc::new(Mutex::new(vec![1]));
        let state = Arc::clone(&history);
        let snapshot = move |reason: Reason| {
            let rows = state.lock().unwrap();
            let text: Vec<_> = rows.iter().map(u64::to_string).collect();
            let frame = Bytes::from(format!("{reason:?} {}", text.join(" ")));
            Snapshot { seq: *rows.last().unwrap(), frame }
        };
        Self { channel: Channel::new(1, window_bytes, snapshot), history }
    }

    pub(crate) fn publish(&self, seq: u64) {
        self.history.lock().unwrap().push(seq);
        self.channel.publish(seq, Bytes::from(seq.to_string()));
    }

    pub(crate) fn history(&self) -> Vec<u64> {
        self.history.lock().unwrap().clone()
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

    pub(crate) fn take(&mut self, frame: &Bytes) {
        let text = std::str::from_utf8(frame).unwrap();
        let Some((reason, rows)) = text.split_once(' ') else {
            return self.rows.push(text.parse().unwrap());
        };
        let reasons = [Reason::Start, Reason::Expired, Reason::Unknown, Reason::Slow];
        self.snapshots
            .push(reasons.into_iter().find(|known| format!("{known:?}") == reason).unwrap());
        self.rows = rows.split(' ').map(|seq| seq.parse().unwrap()).collect();
    }
}
