//! What waits for the writer, bounded in number and bytes. The writer takes all the appends that
//! fit into one commit at once: the more wait, the more share one fsync.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::journal::{MAX_APPEND_BYTES, MAX_APPEND_RECORDS};
use crate::{Error, Seq};

/// The most appends, checkpoints and probes that wait for the disk at once. Past it they are refused, and
/// their callers slow down.
pub const QUEUE_APPENDS: usize = 8192;

/// The most payload bytes that wait for the disk at once. A queue that is empty takes anything
/// that keeps to the other bounds.
pub const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// One thing for the writer to do.
#[derive(Debug)]
pub(super) enum Job {
    Append { payloads: Vec<Bytes>, answer: Answer<Vec<Seq>> },
    Checkpoint { seq: Seq, state: Bytes, needed_after: Seq, answer: Answer<()> },
    Probe { answer: Answer<()> },
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// What the writer is given.
pub(super) enum Work {
    /// Appends for one commit, in order.
    Commit(Vec<(Vec<Bytes>, Answer<Vec<Seq>>)>),
    /// A checkpoint to keep.
    Keep { seq: Seq, state: Bytes, needed_after: Seq, answer: Answer<()> },
    /// Whether an append would be taken.
    Probe { answer: Answer<()> },
    /// Nothing came in time.
    Idle,
    /// The queue is closed and empty.
    End,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<(Job, usize)>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    pub(super) fn push(&self, job: Job, bytes: usize) -> Result<(), Error> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Error::Closed);
        }
        let too_large = !waiting.jobs.is_empty() && waiting.bytes + bytes > QUEUE_BYTES;
        if too_large || waiting.jobs.len() == QUEUE_APPENDS {
            return Err(Error::Busy);
        }
        waiting.bytes += bytes;
        waiting.jobs.push_back((job, bytes));
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for something to do, at most this long.
    pub(super) fn take(&self, patience: Duration) -> Work {
        let waiting = self.lock();
        let nothing = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.closed;
        let (mut waiting, _) = self
            .arrived
            .wait_timeout_while(waiting, patience, nothing)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    /// Refuses whatever comes from now on. What waits is still taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Closes, and lets go of what waits: those who wait for its answer learn that none will come.
    pub(super) fn abandon(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.jobs.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take(&mut self) -> Work {
        let Some((first, bytes)) = self.jobs.pop_front() else {
            return if self.closed { Work::End } else { Work::Idle };
        };
        self.bytes -= bytes;
        match first {
            Job::Checkpoint { seq, state, needed_after, answer } => {
                Work::Keep { seq, state, needed_after, answer }
            }
            Job::Probe { answer } => Work::Probe { answer },
            Job::Append { payloads, answer } => {
                let (mut records, mut total) = (payloads.len(), bytes);
                let mut commit = vec![(payloads, answer)];
                while let Some(next) = self.pop_append(&mut records, &mut total) {
                    commit.push(next);
                }
                Work::Commit(commit)
            }
        }
    }

    /// The next append, if there is one and the commit has room for it.
    fn pop_append(
        &mut self,
        records: &mut usize,
        total: &mut usize,
    ) -> Option<(Vec<Bytes>, Answer<Vec<Seq>>)> {
        let fits = |(job, bytes): &mut (Job, usize)| match job {
            Job::Append { payloads, .. } => {
                *records += payloads.len();
                *total += *bytes;
                *records <= MAX_APPEND_RECORDS && *total <= MAX_APPEND_BYTES
            }
            Job::Checkpoint { .. } | Job::Probe { .. } => false,
        };
        match self.jobs.pop_front_if(fits)? {
            (Job::Append { payloads, answer }, bytes) => {
                self.bytes -= bytes;
                Some((payloads, answer))
            }
            (Job::Checkpoint { .. } | Job::Probe { .. }, _) => None,
        }
    }
}
