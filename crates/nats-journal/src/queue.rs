//! What waits for the one task that writes, bounded in number and bytes as the queue to a file is. The
//! more waits, the more is sent before the first answer has to come.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use journal::backend::check_queue;
use journal::{Error, Seq};
use tokio::sync::{Notify, oneshot};

/// The most records that are sent before their acknowledgements have come.
pub const IN_FLIGHT_RECORDS: usize = 512;

/// The most payload bytes that are sent before their acknowledgements have come; a single record may be
/// larger.
pub const IN_FLIGHT_BYTES: usize = 4 * 1024 * 1024;

/// A record on its way.
#[derive(Debug)]
pub(crate) struct OutgoingRecord {
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) payload: Bytes,
}

pub(crate) type ReplySender<T> = oneshot::Sender<Result<T, Error>>;

/// The records of one append.
#[derive(Debug)]
pub(crate) struct PendingAppend {
    pub(crate) records: Vec<OutgoingRecord>,
    pub(crate) answer: ReplySender<Vec<Seq>>,
}

#[derive(Debug)]
pub(crate) enum WriteRequest {
    Append(PendingAppend),
    Probe(ReplySender<()>),
}

/// What the writer is given.
pub(crate) enum WriterTask {
    /// Appends to be written together, in order.
    Append(Vec<PendingAppend>),
    Probe(ReplySender<()>),
    /// Nothing came in time.
    Idle,
    /// The queue is closed and empty.
    StopReason,
}

#[derive(Debug, Default)]
pub(crate) struct WriteQueue {
    waiting: Mutex<QueuedRequests>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct QueuedRequests {
    jobs: VecDeque<(WriteRequest, usize)>,
    bytes: usize,
    closed: bool,
}

impl WriteQueue {
    pub(crate) fn push(&self, job: WriteRequest, bytes: usize) -> Result<(), Error> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Error::Closed);
        }
        check_queue(waiting.jobs.len(), waiting.bytes, bytes)?;
        waiting.bytes += bytes;
        waiting.jobs.push_back((job, bytes));
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for something to do, at most this long.
    pub(crate) async fn take(&self, patience: Duration) -> WriterTask {
        let arrives = async {
            loop {
                if let Some(work) = self.lock().take() {
                    return work;
                }
                self.arrived.notified().await;
            }
        };
        tokio::time::timeout(patience, arrives).await.unwrap_or(WriterTask::Idle)
    }

    /// Refuses whatever comes from now on. What waits is still taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// What waits now, with nothing done about it.
    pub(crate) fn take_all(&self) -> Vec<WriteRequest> {
        let mut waiting = self.lock();
        waiting.bytes = 0;
        waiting.jobs.drain(..).map(|(job, _)| job).collect()
    }

    fn lock(&self) -> MutexGuard<'_, QueuedRequests> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueuedRequests {
    fn take(&mut self) -> Option<WriterTask> {
        let Some((first, bytes)) = self.jobs.pop_front() else {
            return self.closed.then_some(WriterTask::StopReason);
        };
        self.bytes -= bytes;
        let first = match first {
            WriteRequest::Probe(answer) => return Some(WriterTask::Probe(answer)),
            WriteRequest::Append(append) => append,
        };
        let (mut records, mut total) = (first.records.len(), bytes);
        let mut appends = vec![first];
        while let Some(next) = self.pop_append(&mut records, &mut total) {
            appends.push(next);
        }
        Some(WriterTask::Append(appends))
    }

    /// The next append, if there is one and it can be sent with those before it.
    fn pop_append(&mut self, records: &mut usize, total: &mut usize) -> Option<PendingAppend> {
        let fits = |(job, bytes): &mut (WriteRequest, usize)| match job {
            WriteRequest::Append(append) => {
                *records += append.records.len();
                *total += *bytes;
                *records <= IN_FLIGHT_RECORDS && *total <= IN_FLIGHT_BYTES
            }
            WriteRequest::Probe(_) => false,
        };
        match self.jobs.pop_front_if(fits)? {
            (WriteRequest::Append(append), bytes) => {
                self.bytes -= bytes;
                Some(append)
            }
            (WriteRequest::Probe(_), _) => None,
        }
    }
}
