//! The queue to the writer, bounded in jobs and bytes. The writer takes all the appends that fit into one
//! commit at once: the more appends wait, the more share one fsync.
//!
//! Publishers whose appends were acknowledged together publish again together, a moment later. If the first
//! of them were committed alone, all others would wait for the commit after it. So the writer waits briefly
//! for as many appends as the last commit had; see [`GroupCommit`].

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::Seq;
use crate::error::{AppendError, QueueError, SaveCheckpointError, StorageError};
use crate::journal::{MAX_APPEND_BYTES, MAX_APPEND_RECORDS};

/// The maximum number of queued appends, checkpoints, probes and checks. The queue rejects more, so that callers slow
/// down.
pub const QUEUE_APPENDS: usize = 8192;

/// The maximum number of queued payload bytes. An empty queue accepts any job within the other limits.
pub const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// Checks that a queue with this many jobs and bytes can take a job of `bytes`.
///
/// # Errors
/// [`QueueError::Full`].
pub fn check_queue(jobs: usize, queued_bytes: usize, bytes: usize) -> Result<(), QueueError> {
    let too_large = jobs > 0 && queued_bytes + bytes > QUEUE_BYTES;
    if too_large || jobs == QUEUE_APPENDS { Err(QueueError::Full) } else { Ok(()) }
}

/// A task for the writer.
#[derive(Debug)]
pub(super) enum SqliteJob {
    Append { payloads: Vec<Bytes>, reply: AppendReply },
    SaveCheckpoint { seq: Seq, state: Bytes, needed_after: Seq, reply: CheckpointReply },
    Probe { reply: ProbeReply },
    Check { reply: CheckReply },
}

pub(super) type AppendReply = oneshot::Sender<Result<Vec<Seq>, AppendError>>;

pub(super) type CheckpointReply = oneshot::Sender<Result<(), SaveCheckpointError>>;

pub(super) type ProbeReply = oneshot::Sender<Result<(), AppendError>>;

pub(super) type CheckReply = oneshot::Sender<Result<(), StorageError>>;

/// The number of appends to wait for, as `commit_siblings` and `commit_delay` in PostgreSQL: as many as the last
/// commit had, for at most four times its duration.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GroupCommit {
    siblings: usize,
    delay: Duration,
}

/// The maximum wait for siblings. Only on a slow disk does a commit take longer.
const MAX_COMMIT_DELAY: Duration = Duration::from_millis(2);

/// The next task of the writer.
pub(super) enum WriterWork {
    /// Appends for one commit, in order.
    Commit(Vec<(Vec<Bytes>, AppendReply)>),
    /// A checkpoint to save.
    SaveCheckpoint { seq: Seq, state: Bytes, needed_after: Seq, reply: CheckpointReply },
    /// A check whether an append would succeed.
    Probe { reply: ProbeReply },
    /// A check whether the files are in place.
    Check { reply: CheckReply },
    /// No job came in time.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

#[derive(Debug, Default)]
pub(super) struct SqliteQueue {
    state: Mutex<QueueState>,
    available: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    jobs: VecDeque<(SqliteJob, usize)>,
    bytes: usize,
    closed: bool,
    /// The number of jobs at which the writer is woken.
    wanted: usize,
}

impl GroupCommit {
    pub(super) fn of_last_commit(appends: usize, took: Duration) -> Self {
        Self { siblings: appends, delay: (4 * took).min(MAX_COMMIT_DELAY) }
    }
}

impl SqliteQueue {
    pub(super) fn push(&self, job: SqliteJob, bytes: usize) -> Result<(), QueueError> {
        let mut state = self.lock();
        if state.closed {
            return Err(QueueError::Closed);
        }
        check_queue(state.jobs.len(), state.bytes, bytes)?;
        state.bytes += bytes;
        state.jobs.push_back((job, bytes));
        let is_enough = state.jobs.len() >= state.wanted;
        drop(state);
        if is_enough {
            self.available.notify_one();
        }
        Ok(())
    }

    /// Waits for the siblings of a group commit, then for any job, but not longer than `timeout`.
    pub(super) fn take(&self, group: GroupCommit, timeout: Duration) -> WriterWork {
        let mut state = self.lock();
        // For a single sibling, the wait for any job below suffices.
        if group.siblings > 1 {
            state = self.wait(state, group.siblings, group.delay);
        }
        state = self.wait(state, 1, timeout);
        state.take()
    }

    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, QueueState>,
        wanted: usize,
        timeout: Duration,
    ) -> MutexGuard<'a, QueueState> {
        // `push` wakes the writer only at this many jobs: each wake-up before would be in vain.
        state.wanted = wanted;
        let too_few = |state: &mut QueueState| state.jobs.len() < wanted && !state.closed;
        let (state, _) = self
            .available
            .wait_timeout_while(state, timeout, too_few)
            .unwrap_or_else(PoisonError::into_inner);
        state
    }

    /// Rejects jobs from now on. The writer still takes the queued ones.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.available.notify_one();
    }

    /// Closes the queue and drops the queued jobs, so that their callers get [`QueueError::Closed`].
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.jobs.clear();
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn take(&mut self) -> WriterWork {
        let Some((first, bytes)) = self.jobs.pop_front() else {
            return if self.closed { WriterWork::Closed } else { WriterWork::Idle };
        };
        self.bytes -= bytes;
        match first {
            SqliteJob::SaveCheckpoint { seq, state, needed_after, reply } => {
                WriterWork::SaveCheckpoint { seq, state, needed_after, reply }
            }
            SqliteJob::Probe { reply } => WriterWork::Probe { reply },
            SqliteJob::Check { reply } => WriterWork::Check { reply },
            SqliteJob::Append { payloads, reply } => {
                let (mut records, mut total) = (payloads.len(), bytes);
                let mut commit = vec![(payloads, reply)];
                while let Some(next) = self.pop_append(&mut records, &mut total) {
                    commit.push(next);
                }
                WriterWork::Commit(commit)
            }
        }
    }

    /// Removes the next append, if it fits into the commit.
    fn pop_append(
        &mut self,
        records: &mut usize,
        total: &mut usize,
    ) -> Option<(Vec<Bytes>, AppendReply)> {
        let fits = |(job, bytes): &mut (SqliteJob, usize)| match job {
            SqliteJob::Append { payloads, .. } => {
                *records += payloads.len();
                *total += *bytes;
                *records <= MAX_APPEND_RECORDS && *total <= MAX_APPEND_BYTES
            }
            _ => false,
        };
        match self.jobs.pop_front_if(fits)? {
            (SqliteJob::Append { payloads, reply }, bytes) => {
                self.bytes -= bytes;
                Some((payloads, reply))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn append(queue: &SqliteQueue) {
        let (reply, _) = oneshot::channel();
        let payloads = vec![Bytes::from_static(b"a")];
        queue.push(SqliteJob::Append { payloads, reply }, 1).expect("there is room");
    }

    /// Takes the next commit and counts its appends.
    fn take_commit(queue: &SqliteQueue, group: GroupCommit) -> usize {
        match queue.take(group, LONG) {
            WriterWork::Commit(appends) => appends.len(),
            _ => 0,
        }
    }

    #[test]
    fn commit_waits_for_siblings() {
        let queue = SqliteQueue::default();
        thread::scope(|scope| {
            let writer =
                scope.spawn(|| take_commit(&queue, GroupCommit { siblings: 3, delay: LONG }));
            for _ in 0..3 {
                // Gives a wrong writer the time to take too few.
                thread::sleep(Duration::from_millis(20));
                append(&queue);
            }
            assert_eq!(writer.join().expect("the queue does not panic"), 3);
        });
    }

    #[test]
    fn lone_append_commits_after_delay() {
        let queue = SqliteQueue::default();
        append(&queue);
        assert_eq!(take_commit(&queue, GroupCommit::of_last_commit(3, LONG)), 1);
        append(&queue);
        assert_eq!(take_commit(&queue, GroupCommit::default()), 1);
    }

    #[test]
    fn closed_queue_does_not_wait() {
        let queue = SqliteQueue::default();
        append(&queue);
        queue.close();
        assert_eq!(take_commit(&queue, GroupCommit { siblings: 3, delay: LONG }), 1);
        assert!(matches!(queue.take(GroupCommit::default(), LONG), WriterWork::Closed));
    }
}
