//! Appends and probes waiting for the writer, bounded in number and bytes like the queue of a file journal.
//! The writer takes all waiting appends that fit into one pipeline, so a backlog is sent with fewer round
//! trips.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use journal::backend::check_queue;
use journal::{AppendError, QueueError, Seq};
use tokio::sync::{Notify, oneshot};

use crate::pipeline::{IN_FLIGHT_BYTES, IN_FLIGHT_RECORDS};

/// A record to be written.
#[derive(Debug)]
pub(crate) struct OutgoingRecord {
    pub(crate) subject: String,
    /// The deduplication id.
    pub(crate) id: String,
    pub(crate) payload: Bytes,
}

pub(crate) type ReplySender<T> = oneshot::Sender<Result<T, AppendError>>;

/// The records of one append.
#[derive(Debug)]
pub(crate) struct PendingAppend {
    pub(crate) records: Vec<OutgoingRecord>,
    pub(crate) reply: ReplySender<Vec<Seq>>,
}

#[derive(Debug)]
pub(crate) enum WriteRequest {
    Append(PendingAppend),
    Probe(ReplySender<()>),
}

/// The next step of the writer.
pub(crate) enum WriterTask {
    /// Appends to be written together, in order.
    Append(Vec<PendingAppend>),
    Probe(ReplySender<()>),
    /// No request arrived in time.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

#[derive(Debug, Default)]
pub(crate) struct WriteQueue {
    requests: Mutex<QueuedRequests>,
    /// Wakes the writer.
    notify: Notify,
}

#[derive(Debug, Default)]
struct QueuedRequests {
    /// Each with its payload bytes.
    requests: VecDeque<(WriteRequest, usize)>,
    bytes: usize,
    closed: bool,
}

impl WriteQueue {
    pub(crate) fn push(&self, request: WriteRequest, bytes: usize) -> Result<(), QueueError> {
        let mut queued = self.lock();
        if queued.closed {
            return Err(QueueError::Closed);
        }
        check_queue(queued.requests.len(), queued.bytes, bytes)?;
        queued.bytes += bytes;
        queued.requests.push_back((request, bytes));
        drop(queued);
        self.notify.notify_one();
        Ok(())
    }

    /// Waits for the next task, at most `max_wait`.
    pub(crate) async fn next_task(&self, max_wait: Duration) -> WriterTask {
        let task = async {
            loop {
                if let Some(task) = self.lock().take_task() {
                    return task;
                }
                self.notify.notified().await;
            }
        };
        tokio::time::timeout(max_wait, task).await.unwrap_or(WriterTask::Idle)
    }

    /// Rejects further requests. The writer still takes those that are queued.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.notify.notify_one();
    }

    /// Removes all queued requests.
    pub(crate) fn take_all(&self) -> Vec<WriteRequest> {
        let mut queued = self.lock();
        queued.bytes = 0;
        queued.requests.drain(..).map(|(request, _)| request).collect()
    }

    fn lock(&self) -> MutexGuard<'_, QueuedRequests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueuedRequests {
    fn take_task(&mut self) -> Option<WriterTask> {
        let Some((first, mut total_bytes)) = self.requests.pop_front() else {
            return self.closed.then_some(WriterTask::Closed);
        };
        self.bytes -= total_bytes;
        let first = match first {
            WriteRequest::Probe(reply) => return Some(WriterTask::Probe(reply)),
            WriteRequest::Append(append) => append,
        };
        let mut record_count = first.records.len();
        let mut appends = vec![first];
        while let Some(next) = self.pop_append(&mut record_count, &mut total_bytes) {
            appends.push(next);
        }
        Some(WriterTask::Append(appends))
    }

    /// Takes the next request if it is an append that fits into one pipeline with those before it.
    fn pop_append(
        &mut self,
        record_count: &mut usize,
        total_bytes: &mut usize,
    ) -> Option<PendingAppend> {
        let fits = |(request, bytes): &mut (WriteRequest, usize)| match request {
            WriteRequest::Append(append) => {
                *record_count += append.records.len();
                *total_bytes += *bytes;
                *record_count <= IN_FLIGHT_RECORDS && *total_bytes <= IN_FLIGHT_BYTES
            }
            WriteRequest::Probe(_) => false,
        };
        match self.requests.pop_front_if(fits)? {
            (WriteRequest::Append(append), bytes) => {
                self.bytes -= bytes;
                Some(append)
            }
            (WriteRequest::Probe(_), _) => None,
        }
    }
}
