//! The recent frames of one board, bounded in bytes. Positions only grow; some are left out, since
//! they are those of all boards together.

use std::collections::VecDeque;

use crate::frame::Frame;

/// Counted for a frame besides its bytes, so that a window of tiny frames is bounded as well.
pub const FRAME_OVERHEAD_BYTES: usize = 64;

#[derive(Debug)]
pub(crate) struct Window {
    frames: VecDeque<(u64, Frame)>,
    /// Whoever has seen the event of this position can be served from the frames.
    floor: u64,
    bytes: usize,
    max_bytes: usize,
}

/// Where an earlier position lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// All that came after it is here.
    Within,
    /// Some of what came after it is gone.
    Before,
    /// No event of this board has it.
    Nowhere,
}

impl Window {
    /// An empty window behind the event at `floor`.
    pub(crate) fn new(floor: u64, max_bytes: usize) -> Self {
        Self { frames: VecDeque::new(), floor, bytes: 0, max_bytes }
    }

    /// Adds the frame of the event at `seq`, which is greater than all before; the oldest frames
    /// make room. A frame larger than the whole window is not kept either.
    pub(crate) fn push(&mut self, seq: u64, frame: Frame) {
        debug_assert!(seq > self.head(), "positions only grow");
        self.bytes += size(&frame);
        self.frames.push_back((seq, frame));
        while self.bytes > self.max_bytes
            && let Some((seq, frame)) = self.frames.pop_front()
        {
            self.bytes -= size(&frame);
            self.floor = seq;
        }
    }

    /// Position of the newest event.
    pub(crate) fn head(&self) -> u64 {
        self.frames.back().map_or(self.floor, |(seq, _)| *seq)
    }

    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    pub(crate) fn place(&self, seq: u64) -> Place {
        if seq < self.floor {
            return Place::Before;
        }
        let known = seq == self.floor || self.frames.binary_search_by_key(&seq, at).is_ok();
        if known { Place::Within } else { Place::Nowhere }
    }

    /// The frames after `seq` up to `until` with their positions, oldest first, at least one if
    /// there is any and about `max_bytes` at most. `None` if the window has passed `seq`.
    pub(crate) fn after(
        &self,
        seq: u64,
        until: u64,
        max_bytes: usize,
    ) -> Option<Vec<(u64, Frame)>> {
        if seq < self.floor {
            return None;
        }
        let first = self.frames.partition_point(|(frame, _)| *frame <= seq);
        let (mut bytes, mut due) = (0, Vec::new());
        for (seq, frame) in self.frames.range(first..).take_while(|(seq, _)| *seq <= until) {
            bytes += frame.whole().len();
            if bytes > max_bytes && !due.is_empty() {
                break;
            }
            due.push((*seq, frame.clone()));
        }
        Some(due)
    }
}

fn at((seq, _): &(u64, Frame)) -> u64 {
    *seq
}

fn size(frame: &Frame) -> usize {
    frame.whole().len() + FRAME_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn frame(bytes: usize) -> Frame {
        Frame::bare(Bytes::from(vec![b'x'; bytes]))
    }

    /// A window that holds three frames of ten bytes, given events at 20, 30, … 70.
    fn window() -> Window {
        let mut window = Window::new(10, 3 * (10 + FRAME_OVERHEAD_BYTES));
        for seq in (20..=70).step_by(10) {
            window.push(seq, frame(10));
        }
        window
    }

    #[test]
    fn the_oldest_frames_make_room() {
        let window = window();
        assert_eq!((window.floor(), window.head(), window.frames.len()), (40, 70, 3));
    }

    #[test]
    fn only_an_event_of_the_board_is_a_place_to_go_on_from() {
        let window = window();
        let places = [30, 39, 40, 45, 50, 70, 71].map(|seq| window.place(seq));
        use Place::{Before, Nowhere, Within};
        assert_eq!(places, [Before, Before, Within, Nowhere, Within, Within, Nowhere]);
        assert_eq!(Window::new(10, 100).place(10), Within);
    }

    #[test]
    fn a_pull_is_bounded_but_never_empty_when_something_is_due() {
        let window = window();
        let pulled = |seq, until, max| {
            let due = window.after(seq, until, max)?;
            Some(due.into_iter().map(|(seq, _)| seq).collect::<Vec<_>>())
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
    fn a_frame_larger_than_the_window_is_passed_at_once() {
        let mut window = window();
        window.push(80, frame(1_000));
        assert_eq!((window.floor(), window.head(), window.bytes), (80, 80, 0));
    }
}
