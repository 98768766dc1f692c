//! What waits for the writer, bounded in number and bytes. The writer takes all the appends that
//! fit into one commit at once: the more wait, the more share one fsync.
//!
//! Publishers that were answered together publish again together, a moment later. The first of them
//! must not get a commit of its own while all others wait for the one after it: so for a moment the
//! writer waits for as many as it had. See [`GroupCommit`].

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::Seq;
use crate::error::{AppendError, QueueError, SaveCheckpointError};
use crate::journal::{MAX_APPEND_BYTES, MAX_APPEND_RECORDS};

/// The most appends, checkpoints and probes that wait for the disk at once. Past it they are refused, and
/// their callers slow down.
pub const QUEUE_APPENDS: usize = 8192;

/// The most payload bytes that wait for the disk at once. A queue that is empty takes anything
/// that keeps to the other bounds.
pub const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// Refuses what would have to wait behind more than that.
///
/// # Errors
/// [`QueueError::Full`].
pub fn check_queue(jobs: usize, waiting_bytes: usize, bytes: usize) -> Result<(), QueueError> {
    let too_large = jobs > 0 && waiting_bytes + bytes > QUEUE_BYTES;
    if too_large || jobs == QUEUE_APPENDS { Err(QueueError::Full) } else { Ok(()) }
}

/// One thing for the writer to do.
#[derive(Debug)]
pub(super) enum SqliteJob {
    Append { payloads: Vec<Bytes>, answer: AppendReply },
    Checkpoint { seq: Seq, state: Bytes, needed_after: Seq, answer: CheckpointReply },
    Probe { answer: ProbeReply },
}

pub(super) type AppendReply = oneshot::Sender<Result<Vec<Seq>, AppendError>>;

pub(super) type CheckpointReply = oneshot::Sender<Result<(), SaveCheckpointError>>;

pub(super) type ProbeReply = oneshot::Sender<Result<(), AppendError>>;

/// What is worth waiting for: as many as the last commit had, and no longer than four such take.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GroupCommit {
    jobs: usize,
    patience: Duration,
}

/// The longest wait for company. Only a slow disk makes a commit that takes longer.
const MAX_COMMIT_DELAY: Duration = Duration::from_millis(2);

/// What the writer is given.
pub(super) enum WriterWork {
    /// Appends for one commit, in order.
    Commit(Vec<(Vec<Bytes>, AppendReply)>),
    /// A checkpoint to keep.
    SaveCheckpoint { seq: Seq, state: Bytes, needed_after: Seq, answer: CheckpointReply },
    /// Whether an append would be taken.
    Probe { answer: ProbeReply },
    /// Nothing came in time.
    Idle,
    /// The queue is closed and empty.
    End,
}

#[derive(Debug, Default)]
pub(super) struct SqliteQueue {
    waiting: Mutex<QueueState>,
    available: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    jobs: VecDeque<(SqliteJob, usize)>,
    bytes: usize,
    closed: bool,
    /// How many have to be there before the writer is woken.
    wanted: usize,
}

impl GroupCommit {
    pub(super) fn of_last_commit(appends: usize, took: Duration) -> Self {
        Self { jobs: appends, patience: (4 * took).min(MAX_COMMIT_DELAY) }
    }
}

impl SqliteQueue {
    pub(super) fn push(&self, job: SqliteJob, bytes: usize) -> Result<(), QueueError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(QueueError::Closed);
        }
        check_queue(waiting.jobs.len(), waiting.bytes, bytes)?;
        waiting.bytes += bytes;
        waiting.jobs.push_back((job, bytes));
        let is_enough = waiting.jobs.len() >= waiting.wanted;
        drop(waiting);
        if is_enough {
            self.available.notify_one();
        }
        Ok(())
    }

    /// Waits for company, and then for anything to do, at most this long.
    pub(super) fn take(&self, company: GroupCommit, patience: Duration) -> WriterWork {
        let mut waiting = self.lock();
        // One alone is no company: who comes first is what is waited for anyway.
        if company.jobs > 1 {
            waiting = self.wait(waiting, company.jobs, company.patience);
        }
        waiting = self.wait(waiting, 1, patience);
        waiting.take()
    }

    fn wait<'a>(
        &self,
        mut waiting: MutexGuard<'a, QueueState>,
        wanted: usize,
        patience: Duration,
    ) -> MutexGuard<'a, QueueState> {
        waiting.wanted = wanted;
        let too_few = |waiting: &mut QueueState| waiting.jobs.len() < wanted && !waiting.closed;
        let (waiting, _) = self
            .available
            .wait_timeout_while(waiting, patience, too_few)
            .unwrap_or_else(PoisonError::into_inner);
        waiting
    }

    /// Refuses whatever comes from now on. What waits is still taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.available.notify_one();
    }

    /// Closes, and lets go of what waits: those who wait for its answer learn that none will come.
    pub(super) fn abandon(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.jobs.clear();
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn take(&mut self) -> WriterWork {
        let Some((first, bytes)) = self.jobs.pop_front() else {
            return if self.closed { WriterWork::End } else { WriterWork::Idle };
        };
        self.bytes -= bytes;
        match first {
            SqliteJob::Checkpoint { seq, state, needed_after, answer } => {
                WriterWork::SaveCheckpoint { seq, state, needed_after, answer }
            }
            SqliteJob::Probe { answer } => WriterWork::Probe { answer },
            SqliteJob::Append { payloads, answer } => {
                let (mut records, mut total) = (payloads.len(), bytes);
                let mut commit = vec![(payloads, answer)];
                while let Some(next) = self.pop_append(&mut records, &mut total) {
                    commit.push(next);
                }
                WriterWork::Commit(commit)
            }
        }
    }

    /// The next append, if there is one and the commit has room for it.
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
            SqliteJob::Checkpoint { .. } | SqliteJob::Probe { .. } => false,
        };
        match self.jobs.pop_front_if(fits)? {
            (SqliteJob::Append { payloads, answer }, bytes) => {
                self.bytes -= bytes;
                Some((payloads, answer))
            }
            (SqliteJob::Checkpoint { .. } | SqliteJob::Probe { .. }, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn append(queue: &SqliteQueue) {
        let (answer, _) = oneshot::channel();
        let payloads = vec![Bytes::from_static(b"a")];
        queue.push(SqliteJob::Append { payloads, answer }, 1).expect("there is room");
    }

    /// How many appends the next commit has.
    fn taken(queue: &SqliteQueue, company: GroupCommit) -> usize {
        match queue.take(company, LONG) {
            WriterWork::Commit(appends) => appends.len(),
            _ => 0,
        }
    }

    #[test]
    fn commit_waits_for_siblings() {
        let queue = SqliteQueue::default();
        thread::scope(|scope| {
            let writer = scope.spawn(|| taken(&queue, GroupCommit { jobs: 3, patience: LONG }));
            for _ in 0..3 {
                // Time enough to take too few, if that is what it does.
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
        assert_eq!(taken(&queue, GroupCommit::of_last_commit(3, LONG)), 1);
        append(&queue);
        assert_eq!(taken(&queue, GroupCommit::default()), 1);
    }

    #[test]
    fn closed_queue_does_not_wait() {
        let queue = SqliteQueue::default();
        append(&queue);
        queue.close();
        assert_eq!(taken(&queue, GroupCommit { jobs: 3, patience: LONG }), 1);
        assert!(matches!(queue.take(GroupCommit::default(), LONG), WriterWork::End));
    }
}
