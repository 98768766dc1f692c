//! What waits for the one task that writes, bounded in number and bytes as the queue to a file is. The
//! more waits, the more is sent before the first answer has to come.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use journal::making::check_waiting;
use journal::{Error, Seq};
use tokio::sync::{Notify, oneshot};

/// The most records that are sent before their acknowledgements have come.
pub const IN_FLIGHT_RECORDS: usize = 512;

/// The most payload bytes that are sent before their acknowledgements have come; a single record may be
/// larger.
pub const IN_FLIGHT_BYTES: usize = 4 * 1024 * 1024;

/// A record on its way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) payload: Bytes,
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// The records of one append.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) records: Vec<Outgoing>,
    pub(crate) answer: Answer<Vec<Seq>>,
}

#[derive(Debug)]
pub(crate) enum Job {
    Append(Append),
    Probe(Answer<()>),
}

/// What the writer is given.
pub(crate) enum Work {
    /// Appends to be written together, in order.
    Write(Vec<Append>),
    Probe(Answer<()>),
    /// Nothing came in time.
    Idle,
    /// The queue is closed and empty.
    End,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<(Job, usize)>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    pub(crate) fn push(&self, job: Job, bytes: usize) -> Result<(), Error> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Error::Closed);
        }
        check_waiting(waiting.jobs.len(), waiting.bytes, bytes)?;
        waiting.bytes += bytes;
        waiting.jobs.push_back((job, bytes));
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for something to do, at most this long.
    pub(crate) async fn take(&self, patience: Duration) -> Work {
        let arrives = async {
            loop {
                if let Some(work) = self.lock().take() {
                    return work;
                }
                self.arrived.notified().await;
            }
        };
        tokio::time::timeout(patience, arrives).await.unwrap_or(Work::Idle)
    }

    /// Refuses whatever comes from now on. What waits is still taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// What waits now, with nothing done about it.
    pub(crate) fn take_all(&self) -> Vec<Job> {
        let mut waiting = self.lock();
        waiting.bytes = 0;
        waiting.jobs.drain(..).map(|(job, _)| job).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take(&mut self) -> Option<Work> {
        let Some((first, bytes)) = self.jobs.pop_front() else {
            return self.closed.then_some(Work::End);
        };
        self.bytes -= bytes;
        let first = match first {
            Job::Probe(answer) => return Some(Work::Probe(answer)),
            Job::Append(append) => append,
        };
        let (mut records, mut total) = (first.records.len(), bytes);
        let mut appends = vec![first];
        while let Some(next) = self.pop_append(&mut records, &mut total) {
            appends.push(next);
        }
        Some(Work::Write(appends))
    }

    /// The next append, if there is one and it can be sent with those before it.
    fn pop_append(&mut self, records: &mut usize, total: &mut usize) -> Option<Append> {
        let fits = |(job, bytes): &mut (Job, usize)| match job {
            Job::Append(append) => {
                *records += append.records.len();
                *total += *bytes;
                *records <= IN_FLIGHT_RECORDS && *total <= IN_FLIGHT_BYTES
            }
            Job::Probe(_) => false,
        };
        match self.jobs.pop_front_if(fits)? {
            (Job::Append(append), bytes) => {
                self.bytes -= bytes;
                Some(append)
            }
            (Job::Probe(_), _) => None,
        }
    }
}
