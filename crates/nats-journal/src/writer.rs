//! The task that writes. It sends each record on the condition that the stream ends with the record before
//! it, which this replica must have read or sent in the same pipeline.
//!
//! So a writer never appends after a record that it has not read: times do not go back, no replica
//! continues an epoch after another replica began a newer one, and nothing is written to the old end of a
//! stream that was restored. The records of an append keep their order even if messages are lost or late.
//! A record of another replica in between makes the servers reject the ones after it, which are sent again
//! behind that record.
//!
//! **A pipeline** is several records sent without waiting, each bound to the one before it by number and
//! deduplication id. The number alone would not do: if another replica's record took the place of the first,
//! the second would fit behind it. Replicated streams of servers since 2.10 get no pipelines: with 2.15.1, a
//! record that expects an id which is not the last one ends the stream, with a "critical write error" on each
//! of its servers. There each record waits for the acknowledgement of the one before it.
//!
//! **A distant replica** would lose every race against a near and busy one. After [`MAX_CONFLICTS`] in a row
//! it sends its next record without a condition, and each further record of the pipeline bound to the one
//! before it by id alone. The time of that record may then be behind that of the record before it, by as much
//! as the clocks differ; nothing else is given up.
//!
//! **An unacknowledged record** is sent again under the same id until
//! [`APPEND_TIMEOUT`](crate::APPEND_TIMEOUT) is over: JetStream answers a duplicate with the number of the
//! original.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use journal::{AppendError, JournalOptions, Seq, StorageError};
use tokio::time::{Instant, timeout};

use crate::error::{PublishFailure, to_cause};
use crate::headers::RecordHeaders;
use crate::pipeline::{IN_FLIGHT_RECORDS, pipeline_length};
use crate::probe::probe;
use crate::prune::StreamPruner;
use crate::queue::{OutgoingRecord, PendingAppend, WriteRequest, WriterTask};
use crate::quota::reject_oversized;
use crate::shared::{NatsShared, Predecessor, StopReason};
use crate::timing::{APPEND_TIMEOUT, RESPONSE_TIMEOUT, RETRY_INTERVAL};

/// Number of conflicts in a row after which a record is sent without its condition.
pub const MAX_CONFLICTS: u32 = 8;

pub(crate) struct StreamWriter {
    shared: Arc<NatsShared>,
    options: JournalOptions,
    pruner: Arc<StreamPruner>,
    conflicts: u32,
}

#[derive(Default)]
struct SendProgress {
    /// The numbers of the acknowledged records, which are the first ones.
    seqs: Vec<Seq>,
    /// The number of records, from the first, that may have been stored.
    possibly_stored: usize,
}

impl StreamWriter {
    pub(crate) fn new(
        shared: Arc<NatsShared>,
        options: JournalOptions,
        pruner: Arc<StreamPruner>,
    ) -> Self {
        StreamWriter { shared, options, pruner, conflicts: 0 }
    }

    /// Runs until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        let _guard = self.shared.stop_on_panic();
        loop {
            match self.shared.queue.next_task(PRUNE_INTERVAL).await {
                WriterTask::Append(appends) => {
                    self.write(appends).await;
                    self.pruner.prune_step(&self.shared).await;
                }
                WriterTask::Probe(reply) => {
                    let result = probe(&self.shared, &self.options).await;
                    let _ = reply.send(result.map_err(AppendError::from));
                }
                WriterTask::Idle => self.pruner.prune_step(&self.shared).await,
                WriterTask::Closed => break,
            }
        }
        self.shared.stop(StopReason::Closed);
    }

    async fn write(&mut self, appends: Vec<PendingAppend>) {
        let appends = reject_oversized(&self.shared, &self.options, appends).await;
        let mut records = Vec::new();
        let mut replies = Vec::new();
        for append in appends {
            replies.push((append.records.len(), append.reply));
            records.extend(append.records);
        }
        let mut progress = SendProgress::default();
        let sent = self.send(&records, &mut progress).await;
        // An append succeeds only after this replica has read its records, so that the caller finds them.
        let read = self.wait_read(&progress.seqs).await;
        if read.is_err() {
            progress.seqs.clear();
        }
        let failure = sent.and(read).err();
        let mut first = 0;
        for (count, reply) in replies {
            let range = first..first + count;
            first = range.end;
            let _ = reply.send(match (progress.seqs.get(range.clone()), &failure) {
                (Some(seqs), _) => Ok(seqs.to_vec()),
                (None, Some(error)) if range.start < progress.possibly_stored => {
                    Err(self.unknown(error))
                }
                (None, Some(error)) => Err(error.clone().into()),
                (None, None) => Err(StorageError::Closed.into()),
            });
        }
        if let Some(error @ (StorageError::Unavailable { .. } | StorageError::Replaced { .. })) =
            failure
        {
            self.fail_queued(&error);
        }
    }

    /// Fails all queued requests with the error of the one before them: they have waited as long, and none
    /// of their records was sent.
    fn fail_queued(&self, error: &StorageError) {
        for request in self.shared.queue.take_all() {
            match request {
                WriteRequest::Append(append) => drop(append.reply.send(Err(error.clone().into()))),
                WriteRequest::Probe(reply) => drop(reply.send(Err(error.clone().into()))),
            }
        }
    }

    /// Sends all records. After an error, only records counted in `progress` may have been stored.
    async fn send(
        &mut self,
        records: &[OutgoingRecord],
        progress: &mut SendProgress,
    ) -> Result<(), StorageError> {
        let mut deadline = Instant::now() + APPEND_TIMEOUT;
        while progress.seqs.len() < records.len() {
            self.shared.check_open()?;
            self.shared.connection.wait_connected().await.map_err(|e| self.shared.storage(e))?;

            // Send as many of the remaining records as may be in flight.
            let remaining = &records[progress.seqs.len()..];
            let pipelining = self.shared.streams.supports_pipelining(&self.shared.connection);
            let max_records = if pipelining { IN_FLIGHT_RECORDS } else { 1 };
            let sizes = remaining.iter().map(|record| record.payload.len());
            let pipeline = &remaining[..pipeline_length(sizes, max_records)];
            let predecessor = self.shared.predecessor();
            let (acknowledged, failure) = self.attempt(pipeline, predecessor).await;

            // Any acknowledgement is progress: the servers are there and this replica is not starved.
            if !acknowledged.is_empty() {
                deadline = Instant::now() + APPEND_TIMEOUT;
                self.conflicts = 0;
            }
            // Without an answer, each record of the pipeline may have been stored. A conflict or a
            // rejection says that the one it answers was not; those after it depend on that one.
            if let Some(PublishFailure::Unacknowledged(_)) = failure {
                let attempted = progress.seqs.len() + pipeline.len();
                progress.possibly_stored = progress.possibly_stored.max(attempted);
            }
            progress.seqs.extend(acknowledged);
            progress.possibly_stored = progress.possibly_stored.max(progress.seqs.len());
            self.handle_failure(failure, predecessor, &progress.seqs, deadline).await?;
        }
        Ok(())
    }

    /// Waits until the next attempt makes sense, or returns the error after `deadline`.
    async fn handle_failure(
        &mut self,
        failure: Option<PublishFailure>,
        predecessor: Predecessor,
        seqs: &[Seq],
        deadline: Instant,
    ) -> Result<(), StorageError> {
        let cause = match failure {
            // The next pipeline comes after these records, so this replica has to read them first.
            None => return self.wait_read(seqs).await,
            Some(PublishFailure::NoSpace(source)) => {
                return Err(StorageError::NoSpace { journal: self.shared.journal.clone(), source });
            }
            // Another replica's record came first: the next attempt goes behind it, once it is read.
            Some(PublishFailure::Conflict) => {
                self.conflicts += 1;
                self.wait_read_past(predecessor.tail).await;
                to_cause(
                    "other replicas always wrote first, or the stream ends before the last record read",
                )
            }
            Some(PublishFailure::Rejected(cause) | PublishFailure::Unacknowledged(cause)) => {
                tokio::time::sleep(RETRY_INTERVAL).await;
                cause
            }
        };
        if Instant::now() < deadline { Ok(()) } else { Err(self.shared.storage(cause)) }
    }

    /// Sends a pipeline. Returns the numbers of the records acknowledged before the first failure, and that
    /// failure.
    async fn attempt(
        &self,
        pipeline: &[OutgoingRecord],
        predecessor: Predecessor,
    ) -> (Vec<Seq>, Option<PublishFailure>) {
        // The clock of this machine may be behind that of the writer of the record before.
        let time = self.options.clock.now().max(predecessor.time);
        let headers = RecordHeaders { epoch: predecessor.epoch, time };
        let unconditional = self.conflicts >= MAX_CONFLICTS;
        let mut responses = Vec::with_capacity(pipeline.len());
        let mut previous: Option<&OutgoingRecord> = None;
        for (expected, record) in (predecessor.tail.0..).zip(pipeline) {
            let mut message = PublishMessage::build()
                .payload(record.payload.clone())
                .headers(headers.encode())
                .message_id(&record.id);
            if !unconditional {
                message = message.expected_last_sequence(expected);
            }
            // Binds the record to the one before it: if that one fails, this one fails too.
            if let Some(previous) = previous.replace(record) {
                message = message.expected_last_message_id(&previous.id);
            }
            let jetstream = &self.shared.connection.jetstream;
            match jetstream.send_publish(record.subject.clone(), message).await {
                Ok(response) => responses.push(response),
                // The records sent before are possibly stored; a retry under their ids finds out.
                Err(e) => return (Vec::new(), Some(PublishFailure::Unacknowledged(to_cause(e)))),
            }
        }
        // The first failure ends the attempt. If later records were stored nevertheless, a retry gets their
        // numbers from deduplication.
        let mut seqs = Vec::with_capacity(pipeline.len());
        for response in responses {
            match timeout(RESPONSE_TIMEOUT, response.into_future()).await {
                Ok(Ok(ack)) => seqs.push(Seq(ack.sequence)),
                Ok(Err(e)) => return (seqs, Some(e.into())),
                Err(e) => return (seqs, Some(PublishFailure::Unacknowledged(to_cause(e)))),
            }
        }
        (seqs, None)
    }

    /// Waits until the tailer has read the acknowledged records.
    async fn wait_read(&self, seqs: &[Seq]) -> Result<(), StorageError> {
        let Some(&newest) = seqs.iter().max() else { return Ok(()) };
        let mut tail = self.shared.tail.subscribe();
        let read = tail.wait_for(|tail| tail.seq >= newest || tail.stopped.is_some());
        if let Ok(Ok(tail)) = timeout(APPEND_TIMEOUT, read).await {
            let stopped = tail.stopped.clone().filter(|_| tail.seq < newest);
            return stopped.map_or(Ok(()), |reason| Err(self.shared.stop_error(reason)));
        }
        Err(self.shared.storage(to_cause("the written records could not be read back in time")))
    }

    /// Waits until the tailer has read the record that caused a conflict. If none arrives, the stream may
    /// have been truncated, so ask the tailer to check.
    async fn wait_read_past(&self, seq: Seq) {
        let mut tail = self.shared.tail.subscribe();
        let read = tail.wait_for(|tail| tail.seq > seq || tail.stopped.is_some());
        let read = timeout(CONFLICT_WAIT, read).await;
        if read.is_err() {
            self.shared.recheck.notify_one();
        }
    }

    /// The error of an append whose records may have been stored.
    fn unknown(&self, error: &StorageError) -> AppendError {
        let journal = self.shared.journal.clone();
        match error {
            StorageError::Unavailable { source, .. } | StorageError::NoSpace { source, .. } => {
                AppendError::OutcomeUnknown { journal, source: Arc::clone(source) }
            }
            StorageError::Replaced { .. } => error.clone().into(),
            other => AppendError::OutcomeUnknown { journal, source: to_cause(other.to_string()) },
        }
    }
}

/// Interval at which an idle writer checks for expired records.
const PRUNE_INTERVAL: Duration = Duration::from_secs(5);

/// Maximum time to wait for the record that caused a conflict.
const CONFLICT_WAIT: Duration = Duration::from_millis(500);
