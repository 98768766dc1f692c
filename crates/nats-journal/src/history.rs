//! Reading what lies behind the recent records, a batch at a time, for as long as somebody asks.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use futures_util::StreamExt;
use journal::backend::BatchLimit;
use journal::{Epoch, Error, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, Record, Seq};

use crate::error::to_cause;
use crate::headers::{Fingerprint, MAX_HEADER_BYTES, RecordHeaders};
use crate::shared::NatsShared;
use crate::timing::RESPONSE_TIMEOUT;

/// What is read of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    /// All of them.
    Records,
    /// No payloads, only their sizes.
    Sizes,
}

/// One who reads. It stands behind the record that it gave last.
#[derive(Debug)]
pub(crate) struct HistoryReader {
    of: Fetch,
    after: Seq,
    consumer: Option<PullConsumer>,
}

impl HistoryReader {
    pub(crate) fn new(of: Fetch, after: Seq) -> Self {
        HistoryReader { of, after, consumer: None }
    }

    /// The records after the last ones, at least one and none beyond `tail`, with the bytes that each
    /// takes. Servers that do not answer are asked again. Where the future is dropped, they are asked anew from
    /// the same place.
    pub(crate) async fn next(
        &mut self,
        shared: &NatsShared,
        tail: Seq,
    ) -> Result<Vec<StoredRecord>, Error> {
        let patience = shared.connection.patience();
        loop {
            shared.connection.up().await.map_err(|cause| shared.storage(cause))?;
            match self.next_at_once(shared, tail).await {
                Err(Error::Storage { .. }) if patience.again().await => {}
                outcome => return outcome,
            }
        }
    }

    /// The same, or the first failure.
    pub(crate) async fn next_at_once(
        &mut self,
        shared: &NatsShared,
        tail: Seq,
    ) -> Result<Vec<StoredRecord>, Error> {
        let consumer = match self.consumer.take() {
            Some(consumer) => consumer,
            None => self.ask(shared).await.map_err(|e| shared.storage(to_cause(e)))?,
        };
        let count = MAX_BATCH_RECORDS.min(usize::try_from(tail.0 - self.after.0).unwrap_or(1));
        let mut arriving = consumer
            .batch()
            .max_messages(count)
            .max_bytes(PULLED_BYTES)
            .expires(RESPONSE_TIMEOUT)
            .messages()
            .await
            .map_err(|e| shared.storage(to_cause(e)))?;
        let mut batch = HistoryBatch { after: self.after, ..HistoryBatch::default() };
        let mut failed = None;
        while let Ok(Some(arrived)) =
            tokio::time::timeout(2 * RESPONSE_TIMEOUT, arriving.next()).await
        {
            match arrived {
                Ok(message) if batch.take(&message) => {}
                Ok(_) => break,
                Err(e) => {
                    failed = Some(to_cause(e));
                    break;
                }
            }
        }
        let whole = batch.records.len() == count;
        let records = batch.finish(shared, failed)?;
        self.after = records.last().map_or(self.after, |old| old.record.seq);
        // One that gave less than it was asked for may have more on its way.
        self.consumer = whole.then_some(consumer);
        Ok(records)
    }

    async fn ask(
        &self,
        shared: &NatsShared,
    ) -> Result<PullConsumer, impl std::error::Error + use<>> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.after.next().0 },
            ack_policy: AckPolicy::None,
            headers_only: self.of == Fetch::Sizes,
            inactive_threshold: UNUSED_FOR,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        shared.streams.records.create_consumer(config).await
    }
}

/// A record of the past, and the bytes that it takes.
#[derive(Debug)]
pub(crate) struct StoredRecord {
    pub(crate) record: Record,
    pub(crate) bytes: u64,
}

#[derive(Default)]
struct HistoryBatch {
    after: Seq,
    bound: BatchLimit,
    records: Vec<StoredRecord>,
    /// Where the servers went on instead of at the next record.
    jumped_to: Option<Seq>,
}

impl HistoryBatch {
    /// Whether this one still belongs to it.
    fn take(&mut self, message: &async_nats::jetstream::Message) -> bool {
        let Ok(info) = message.info() else { return false };
        let (seq, fingerprint) = (Seq(info.stream_sequence), Fingerprint::of(info.published));
        let expected = self.records.last().map_or(self.after, |old| old.record.seq).next();
        if seq != expected {
            self.jumped_to = Some(seq);
            return false;
        }
        // The epoch is of no use here.
        let stamp = RecordHeaders::read(message.headers.as_ref(), fingerprint, Epoch(0));
        let record = Record { seq, time: stamp.time, payload: message.payload.clone() };
        if !self.bound.admits(&record) {
            return false;
        }
        let bytes = size(message);
        self.records.push(StoredRecord { record, bytes });
        true
    }

    /// A hole further on ends the batch, so that the next one begins with it and tells.
    fn finish(
        self,
        shared: &NatsShared,
        failed: Option<journal::Cause>,
    ) -> Result<Vec<StoredRecord>, Error> {
        match (self.records.is_empty(), self.jumped_to) {
            (false, _) => Ok(self.records),
            (true, Some(next)) if next > self.after => {
                Err(Error::Removed { after: self.after, kept_after: next.prev() })
            }
            (true, _) => {
                let nothing = || to_cause("the servers gave none of the records that they have");
                Err(shared.storage(failed.unwrap_or_else(nothing)))
            }
        }
    }
}

/// With its headers, which say how large a payload is that did not come.
fn size(message: &async_nats::jetstream::Message) -> u64 {
    let said = message.headers.as_ref().and_then(|headers| headers.get(SIZE));
    let absent: u64 = said.and_then(|size| size.as_str().parse().ok()).unwrap_or_default();
    message.length as u64 + absent
}

/// Room for one of the largest, whatever went before it.
const PULLED_BYTES: usize = 2 * MAX_BATCH_BYTES;

const _: () = assert!(PULLED_BYTES > journal::MAX_PAYLOAD_BYTES + MAX_HEADER_BYTES);

/// How long servers remember one who does not ask any more.
const UNUSED_FOR: Duration = Duration::from_secs(30);

const SIZE: &str = "Nats-Msg-Size";
