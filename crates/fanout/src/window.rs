//! The recent frames of one board, bounded in bytes.
//!
//! Sequence numbers grow but have gaps, since all boards of a journal share one sequence.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::frame::Frame;
use crate::topic::Topic;
use crate::window_budget::{WindowBudget, WindowShare};

/// Overhead counted for each frame, so that a window of tiny frames is bounded as well.
pub const FRAME_OVERHEAD_BYTES: usize = 64;

#[derive(Debug)]
pub(crate) struct FrameWindow {
    frames: VecDeque<WindowFrame>,
    /// Sequence number of the last evicted event: the oldest that a follower can resume from.
    floor: u64,
    /// Holds the size of `frames`, overhead included.
    share: WindowShare,
}

/// A frame with the sequence number and the topic of its event.
#[derive(Debug, Clone)]
pub(crate) struct WindowFrame {
    pub(crate) seq: u64,
    pub(crate) topic: Topic,
    pub(crate) frame: Frame,
}

/// Tells whether a follower can resume from a sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeqStatus {
    /// All frames after it are in the window.
    Available,
    /// Some of the frames after it have been evicted.
    Evicted,
    /// No event of this board has this number.
    Unknown,
}

impl FrameWindow {
    /// An empty window after the event at `floor`.
    pub(crate) fn new(floor: u64, budget: &Arc<WindowBudget>) -> Self {
        Self { frames: VecDeque::new(), floor, share: budget.share() }
    }

    /// Appends the frame of the event at `seq`, which must be greater than all before, and trims the
    /// window. A frame larger than the window evicts itself too.
    pub(crate) fn push(&mut self, seq: u64, topic: Topic, frame: Frame) {
        debug_assert!(seq > self.head(), "sequence numbers only grow");
        self.share.grow(size(&frame));
        self.frames.push_back(WindowFrame { seq, topic, frame });
        self.trim();
    }

    /// Prepends the frames of all events of this window after the one at `floor`, up to the former floor.
    pub(crate) fn reach_back(&mut self, floor: u64, frames: Vec<WindowFrame>) {
        let former = std::mem::replace(&mut self.floor, floor);
        for frame in frames.into_iter().rev().filter(|frame| frame.seq <= former) {
            self.share.grow(size(&frame.frame));
            self.frames.push_front(frame);
        }
        self.trim();
    }

    /// Evicts the oldest frames that no longer fit.
    pub(crate) fn trim(&mut self) {
        while self.share.is_exceeded()
            && let Some(WindowFrame { seq, frame, .. }) = self.frames.pop_front()
        {
            self.share.shrink(size(&frame));
            self.floor = seq;
        }
    }

    /// Sequence number of the newest event.
    pub(crate) fn head(&self) -> u64 {
        self.frames.back().map_or(self.floor, |newest| newest.seq)
    }

    /// Sequence number of the oldest event that a follower can resume from.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    pub(crate) fn status(&self, seq: u64) -> SeqStatus {
        if seq < self.floor {
            return SeqStatus::Evicted;
        }
        // The frame of `floor` itself is gone, but a follower that has it misses nothing.
        let is_event =
            seq == self.floor || self.frames.binary_search_by_key(&seq, |frame| frame.seq).is_ok();
        if is_event { SeqStatus::Available } else { SeqStatus::Unknown }
    }

    /// Returns the frames after `seq` up to `up_to` with their sequence numbers, oldest first: about
    /// `max_bytes` of them, but at least one if there is any. `None` if some have been evicted.
    pub(crate) fn frames_after(
        &self,
        seq: u64,
        up_to: u64,
        max_bytes: usize,
    ) -> Option<Vec<(u64, Frame)>> {
        if seq < self.floor {
            return None;
        }
        let mut bytes = 0;
        let mut frames = Vec::new();
        for WindowFrame { seq, frame, .. } in self.after(seq).take_while(|next| next.seq <= up_to) {
            bytes += frame.wire_bytes().len();
            // The first frame is returned even if it is larger: no frames would mean "nothing new".
            if bytes > max_bytes && !frames.is_empty() {
                break;
            }
            frames.push((*seq, frame.clone()));
        }
        Some(frames)
    }

    /// The frames of the topic after `seq` up to `up_to`, and those of all topics.
    pub(crate) fn frames_on(&self, topic: Topic, seq: u64, up_to: u64) -> Vec<WindowFrame> {
        let due = self.after(seq).take_while(|next| next.seq <= up_to);
        due.filter(|next| next.topic == topic || next.topic == Topic::ALL).cloned().collect()
    }

    fn after(&self, seq: u64) -> impl Iterator<Item = &WindowFrame> {
        self.frames.range(self.frames.partition_point(|frame| frame.seq <= seq)..)
    }
}

fn size(frame: &Frame) -> usize {
    frame.wire_bytes().len() + FRAME_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::SeqStatus::{Available, Evicted, Unknown};
    use super::*;

    fn frame(bytes: usize) -> Frame {
        Frame::bare(Bytes::from(vec![b'x'; bytes]))
    }

    /// A window that has room for three frames of ten bytes, after events at 20, 30, … 70.
    fn window() -> FrameWindow {
        let budget = WindowBudget::new(3 * (10 + FRAME_OVERHEAD_BYTES), usize::MAX);
        let mut window = FrameWindow::new(10, &budget);
        for seq in (20..=70).step_by(10) {
            window.push(seq, Topic::ALL, frame(10));
        }
        window
    }

    #[test]
    fn oldest_frames_are_evicted() {
        let window = window();
        assert_eq!((window.floor(), window.head(), window.frames.len()), (40, 70, 3));
    }

    #[test]
    fn only_board_events_are_available() {
        let window = window();
        let statuses = [30, 39, 40, 45, 50, 70, 71].map(|seq| window.status(seq));
        assert_eq!(statuses, [Evicted, Evicted, Available, Unknown, Available, Available, Unknown]);
        assert_eq!(FrameWindow::new(10, &WindowBudget::new(100, 100)).status(10), Available);
    }

    #[test]
    fn pulls_are_bounded() {
        let window = window();
        let pulled = |seq, up_to, max_bytes| {
            let frames = window.frames_after(seq, up_to, max_bytes)?;
            Some(frames.into_iter().map(|(seq, _)| seq).collect::<Vec<_>>())
        };
        assert_eq!(pulled(30, 70, 100), None);
        assert_eq!(pulled(40, 70, 100), Some(vec![50, 60, 70]));
        assert_eq!(pulled(40, 70, 20), Some(vec![50, 60]));
        assert_eq!(pulled(40, 70, 1), Some(vec![50]));
        assert_eq!(pulled(70, 70, 100), Some(vec![]));
        assert_eq!(pulled(40, 65, 100), Some(vec![50, 60]));
        assert_eq!(pulled(50, 40, 100), Some(vec![]));
    }

    #[test]
    fn windows_reach_back_without_a_gap() {
        let earlier = |seqs: &[u64]| {
            let frame = |seq: &u64| WindowFrame { seq: *seq, topic: Topic::ALL, frame: frame(10) };
            seqs.iter().map(frame).collect()
        };
        let mut window = FrameWindow::new(40, &WindowBudget::new(1_000, usize::MAX));
        window.push(50, Topic::ALL, frame(10));
        window.reach_back(10, earlier(&[20, 40, 50]));
        let seqs = |window: &FrameWindow| window.frames.iter().map(|it| it.seq).collect::<Vec<_>>();
        assert_eq!((window.floor(), seqs(&window)), (10, vec![20, 40, 50]));
        let mut window = FrameWindow::new(40, &WindowBudget::new(10 + FRAME_OVERHEAD_BYTES, 1_000));
        window.reach_back(10, earlier(&[20, 30]));
        assert_eq!((window.floor(), seqs(&window)), (20, vec![30]), "within its bound");
    }

    #[test]
    fn oversized_frames_are_evicted_at_once() {
        let mut window = window();
        window.push(80, Topic::ALL, frame(1_000));
        assert_eq!((window.floor(), window.head(), window.frames.len()), (80, 80, 0));
    }
}
