//! Reads of records older than the recent ones in memory, one batch per request.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use futures_util::StreamExt;
use journal::backend::BatchLimit;
use journal::{
    Cause, Epoch, FollowError, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, Record, Seq, StorageError,
};

use crate::error::to_cause;
use crate::headers::{Fingerprint, MAX_HEADER_BYTES, RecordHeaders};
use crate::shared::NatsShared;
use crate::timing::RESPONSE_TIMEOUT;

/// The parts of records to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    /// Whole records.
    Records,
    /// Sizes and times, with empty payloads.
    Sizes,
}

/// Reads on from its position, the last record returned.
#[derive(Debug)]
pub(crate) struct HistoryReader {
    fetch: Fetch,
    after: Seq,
    consumer: Option<PullConsumer>,
}

impl HistoryReader {
    pub(crate) fn new(fetch: Fetch, after: Seq) -> Self {
        HistoryReader { fetch, after, consumer: None }
    }

    /// Returns the next records, at least one and none after `tail`. Requests are repeated until the servers
    /// respond. A dropped future leaves the position unchanged.
    pub(crate) async fn next(
        &mut self,
        shared: &NatsShared,
        tail: Seq,
    ) -> Result<Vec<StoredRecord>, FollowError> {
        let window = shared.connection.retry_window();
        loop {
            shared.connection.wait_connected().await.map_err(|cause| shared.storage(cause))?;
            match self.try_next(shared, tail).await {
                Err(FollowError::Storage(StorageError::Unavailable { .. }))
                    if window.retries().await => {}
                outcome => return outcome,
            }
        }
    }

    /// Like [`HistoryReader::next`], with a single request.
    pub(crate) async fn try_next(
        &mut self,
        shared: &NatsShared,
        tail: Seq,
    ) -> Result<Vec<StoredRecord>, FollowError> {
        // Taken out during the request: if this future is dropped, the position of the consumer is unknown.
        let consumer = match self.consumer.take() {
            Some(consumer) => consumer,
            None => self.create_consumer(shared).await.map_err(|e| shared.storage(to_cause(e)))?,
        };
        let count = MAX_BATCH_RECORDS.min(usize::try_from(tail.0 - self.after.0).unwrap_or(1));
        let mut messages = consumer
            .batch()
            .max_messages(count)
            .max_bytes(PULL_BYTES)
            .expires(RESPONSE_TIMEOUT)
            .messages()
            .await
            .map_err(|e| shared.storage(to_cause(e)))?;
        let mut batch = HistoryBatch { after: self.after, ..HistoryBatch::default() };
        let mut failure = None;
        while let Ok(Some(message)) =
            tokio::time::timeout(2 * RESPONSE_TIMEOUT, messages.next()).await
        {
            match message {
                Ok(message) if batch.push(&message) => {}
                Ok(_) => break,
                Err(e) => {
                    failure = Some(to_cause(e));
                    break;
                }
            }
        }
        let is_complete = batch.records.len() == count;
        let records = batch.finish(shared, failure)?;
        self.after = records.last().map_or(self.after, |stored| stored.record.seq);
        // After an incomplete batch, the rest of it may still be on its way, so the next request needs a new
        // consumer.
        self.consumer = is_complete.then_some(consumer);
        Ok(records)
    }

    async fn create_consumer(
        &self,
        shared: &NatsShared,
    ) -> Result<PullConsumer, impl std::error::Error + use<>> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.after.next().0 },
            ack_policy: AckPolicy::None,
            headers_only: self.fetch == Fetch::Sizes,
            inactive_threshold: INACTIVE_THRESHOLD,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        shared.streams.records.create_consumer(config).await
    }
}

#[derive(Debug)]
pub(crate) struct StoredRecord {
    pub(crate) record: Record,
    /// Size in the stream.
    pub(crate) bytes: u64,
}

#[derive(Default)]
struct HistoryBatch {
    after: Seq,
    bound: BatchLimit,
    records: Vec<StoredRecord>,
    /// The record that the servers sent instead of the next one.
    jumped_to: Option<Seq>,
}

impl HistoryBatch {
    /// Adds the message unless it does not follow the last record or exceeds the bounds of a batch. Returns
    /// whether it did.
    fn push(&mut self, message: &async_nats::jetstream::Message) -> bool {
        let Ok(info) = message.info() else { return false };
        let seq = Seq(info.stream_sequence);
        let fingerprint = Fingerprint::from_time(info.published);
        let expected = self.records.last().map_or(self.after, |last| last.record.seq).next();
        if seq != expected {
            self.jumped_to = Some(seq);
            return false;
        }
        // Only the time is needed, so any epoch will do.
        let headers = RecordHeaders::decode(message.headers.as_ref(), fingerprint, Epoch(0));
        let record = Record { seq, time: headers.time, payload: message.payload.clone() };
        if !self.bound.admits(&record) {
            return false;
        }
        self.records.push(StoredRecord { record, bytes: message_bytes(message) });
        true
    }

    /// A gap after the first record only ends the batch; the next batch starts at it and reports it.
    fn finish(
        self,
        shared: &NatsShared,
        failure: Option<Cause>,
    ) -> Result<Vec<StoredRecord>, FollowError> {
        match (self.records.is_empty(), self.jumped_to) {
            (false, _) => Ok(self.records),
            (true, Some(next)) if next > self.after => {
                Err(FollowError::Pruned { after: self.after, kept_after: next.prev() })
            }
            (true, _) => {
                let no_records =
                    || to_cause("the servers sent no records, although there are some");
                Err(shared.storage(failure.unwrap_or_else(no_records)).into())
            }
        }
    }
}

/// The size of a message with its headers. For a message sent without its payload, a header has the size of
/// the payload.
fn message_bytes(message: &async_nats::jetstream::Message) -> u64 {
    let header = message.headers.as_ref().and_then(|headers| headers.get(SIZE_HEADER));
    let omitted: u64 = header.and_then(|size| size.as_str().parse().ok()).unwrap_or_default();
    message.length as u64 + omitted
}

/// Maximum bytes of one request: room for a payload of maximum size after an almost full batch.
const PULL_BYTES: usize = 2 * MAX_BATCH_BYTES;

const _: () = assert!(PULL_BYTES > journal::MAX_PAYLOAD_BYTES + MAX_HEADER_BYTES);

/// Time after which the servers drop an unused consumer.
const INACTIVE_THRESHOLD: Duration = Duration::from_secs(30);

const SIZE_HEADER: &str = "Nats-Msg-Size";
