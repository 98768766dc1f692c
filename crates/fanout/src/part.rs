//! Channels with some of the events of another, such as those of one row of a board.
//!
//! A part has a window and followers of its own, so events that are not in it cost its followers nothing. Its window
//! shares the bytes of frames with the window of the whole.

use std::sync::Arc;

use crate::channel::Channel;
use crate::frame::Frame;
use crate::snapshot::{Snapshot, SnapshotReason};
use crate::topic::Topic;
use crate::window::{FrameWindow, SeqStatus, WindowFrame};
use crate::window_budget::WindowBudget;

impl Channel {
    /// A channel with some of the events of this one, after the event at `seq`. Publish these events to it.
    ///
    /// A follower of the part resumes from any event of the whole. `snapshot` is as for [`Channel::new`], and may have
    /// the number of any event of the whole.
    pub fn part(
        self: &Arc<Self>,
        seq: u64,
        windows: &Arc<WindowBudget>,
        snapshot: impl Fn(SnapshotReason) -> Snapshot + Send + Sync + 'static,
    ) -> Arc<Self> {
        let window = FrameWindow::new(seq, windows);
        Arc::new(Self::open(window, Some(Arc::clone(self)), snapshot))
    }

    /// Lets followers of this part resume from the event of the whole at `seq`, if the window of the whole reaches back to
    /// it. `select` returns the frame for the part, if it has one: of each event on `topic`, and of those on all topics.
    /// Others may be published to the part meanwhile.
    pub fn reach_back(&self, seq: u64, topic: Topic, select: impl Fn(&Frame) -> Option<Frame>) {
        let Some(whole) = &self.whole else { return };
        let floor = self.floor();
        if seq >= floor {
            return;
        }
        let frames = {
            let state = whole.state.lock();
            if state.window.status(seq) != SeqStatus::Available {
                return;
            }
            state.window.frames_on(topic, seq, floor)
        };
        let selected = frames.into_iter().filter_map(|it| {
            let frame = select(&it.frame)?;
            Some(WindowFrame { frame, ..it })
        });
        let selected = selected.collect();
        let window = &mut self.state.lock().window;
        // It may have been trimmed, or another follower may have reached further back.
        if window.floor() <= floor && seq < window.floor() {
            window.reach_back(seq, selected);
        }
    }
}
