//! The encoded rows of boards that followers and other readers hold. Beyond a bound in bytes the oldest are withdrawn:
//! their readers, the slowest, start again with the current rows.

use std::collections::VecDeque;

use fanout::RowFrames;
use parking_lot::Mutex;

/// Encoded rows, bounded in bytes.
#[derive(Debug)]
pub(crate) struct SnapshotPool {
    max_bytes: usize,
    state: Mutex<PoolState>,
}

#[derive(Debug, Default)]
struct PoolState {
    /// The oldest first.
    held: VecDeque<RowFrames>,
    withdrawn: u64,
}

/// The figures of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolFigures {
    pub(crate) snapshots: usize,
    pub(crate) bytes: usize,
    pub(crate) withdrawn: u64,
}

impl SnapshotPool {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, state: Mutex::default() }
    }

    /// Adds `rows`, and withdraws the oldest rows while there are too many. `rows` themselves stay, even if they are too
    /// large.
    pub(crate) fn hold(&self, rows: RowFrames) -> RowFrames {
        let state = &mut *self.state.lock();
        state.release_unread();
        let mut bytes = rows.bytes() + state.bytes();
        while bytes > self.max_bytes
            && let Some(oldest) = state.held.pop_front()
        {
            bytes -= oldest.bytes();
            oldest.withdraw();
            state.withdrawn += 1;
        }
        state.held.push_back(rows.clone());
        rows
    }

    pub(crate) fn figures(&self) -> PoolFigures {
        let state = &mut *self.state.lock();
        state.release_unread();
        let (snapshots, bytes) = (state.held.len(), state.bytes());
        PoolFigures { snapshots, bytes, withdrawn: state.withdrawn }
    }
}

impl PoolState {
    fn release_unread(&mut self) {
        self.held.retain(RowFrames::are_shared);
    }

    fn bytes(&self) -> usize {
        self.held.iter().map(RowFrames::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use fanout::Frame;

    use super::*;

    fn rows(bytes: usize) -> RowFrames {
        RowFrames::new(vec![Frame::bare(vec![b' '; bytes].into())])
    }

    #[test]
    fn oldest_rows_are_withdrawn_first() {
        let pool = SnapshotPool::new(100);
        let held: Vec<_> = [40, 40, 40].map(|bytes| pool.hold(rows(bytes))).into();
        let withdrawn: Vec<_> = held.iter().map(RowFrames::are_withdrawn).collect();
        assert_eq!(withdrawn, [true, false, false]);
        let expected = PoolFigures { snapshots: 2, bytes: 80, withdrawn: 1 };
        assert_eq!(pool.figures(), expected);
    }

    #[test]
    fn unread_rows_take_no_room() {
        let pool = SnapshotPool::new(100);
        let first = pool.hold(rows(60));
        for _ in 0..10 {
            drop(pool.hold(rows(40)));
        }
        assert!(!first.are_withdrawn());
        assert_eq!(pool.figures().bytes, 60);
    }

    #[test]
    fn newest_rows_stay() {
        let pool = SnapshotPool::new(100);
        let [first, second] = [(); 2].map(|()| pool.hold(rows(200)));
        assert!(first.are_withdrawn());
        assert!(!second.are_withdrawn());
    }
}
