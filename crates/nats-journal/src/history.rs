//! Reading what lies behind the recent records, a batch at a time, for as long as somebody asks.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use futures_util::StreamExt;
use journal::making::BatchBound;
use journal::{Epoch, Error, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, Record, Seq};

use crate::ends::Ends;
use crate::fault::because;
use crate::link::ANSWER_WAIT;
use crate::stamp::{MAX_HEADER_BYTES, Mark, Stamp};

/// What is read of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// All of them.
    Records,
    /// No payloads, only their sizes.
    Sizes,
}

/// One who reads. It stands behind the record that it gave last.
#[derive(Debug)]
pub(crate) struct History {
    of: Of,
    after: Seq,
    consumer: Option<PullConsumer>,
}

impl History {
    pub(crate) fn new(of: Of, after: Seq) -> Self {
        History { of, after, consumer: None }
    }

    /// The records after the last ones, at least one and none beyond `tail`, with the bytes that each
    /// takes. Servers that do not answer are asked again. Where the future is dropped, they are asked anew from
    /// the same place.
    pub(crate) async fn next(&mut self, ends: &Ends, tail: Seq) -> Result<Vec<Old>, Error> {
        let patience = ends.link.patience();
        loop {
            ends.link.up().await.map_err(|cause| ends.storage(cause))?;
            match self.next_at_once(ends, tail).await {
                Err(Error::Storage { .. }) if patience.again().await => {}
                outcome => return outcome,
            }
        }
    }

    /// The same, or the first failure.
    pub(crate) async fn next_at_once(&mut self, ends: &Ends, tail: Seq) -> Result<Vec<Old>, Error> {
        let consumer = match self.consumer.take() {
            Some(consumer) => consumer,
            None => self.ask(ends).await.map_err(|e| ends.storage(because(e)))?,
        };
        let count = MAX_BATCH_RECORDS.min(usize::try_from(tail.0 - self.after.0).unwrap_or(1));
        let mut arriving = consumer
            .batch()
            .max_messages(count)
            .max_bytes(PULLED_BYTES)
            .expires(ANSWER_WAIT)
            .messages()
            .await
            .map_err(|e| ends.storage(because(e)))?;
        let mut batch = Batch { after: self.after, ..Batch::default() };
        let mut failed = None;
        while let Ok(Some(arrived)) = tokio::time::timeout(2 * ANSWER_WAIT, arriving.next()).await {
            match arrived {
                Ok(message) if batch.take(&message) => {}
                Ok(_) => break,
                Err(e) => {
                    failed = Some(because(e));
                    break;
                }
            }
        }
        let whole = batch.records.len() == count;
        let records = batch.finish(ends, failed)?;
        self.after = records.last().map_or(self.after, |old| old.record.seq);
        // One that gave less than it was asked for may have more on its way.
        self.consumer = whole.then_some(consumer);
        Ok(records)
    }

    async fn ask(&self, ends: &Ends) -> Result<PullConsumer, impl std::error::Error + use<>> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.after.next().0 },
            ack_policy: AckPolicy::None,
            headers_only: self.of == Of::Sizes,
            inactive_threshold: UNUSED_FOR,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        ends.streams.records.create_consumer(config).await
    }
}

/// A record of the past, and the bytes that it takes.
#[derive(Debug)]
pub(crate) struct Old {
    pub(crate) record: Record,
    pub(crate) bytes: u64,
}

#[derive(Default)]
struct Batch {
    after: Seq,
    bound: BatchBound,
    records: Vec<Old>,
    /// Where the servers went on instead of at the next record.
    jumped_to: Option<Seq>,
}

impl Batch {
    /// Whether this one still belongs to it.
    fn take(&mut self, message: &async_nats::jetstream::Message) -> bool {
        let Ok(place) = message.info() else { return false };
        let (seq, mark) = (Seq(place.stream_sequence), Mark::of(place.published));
        let expected = self.records.last().map_or(self.after, |old| old.record.seq).next();
        if seq != expected {
            self.jumped_to = Some(seq);
            return false;
        }
        // The epoch is of no use here.
        let stamp = Stamp::read(message.headers.as_ref(), mark, Epoch(0));
        let record = Record { seq, time: stamp.time, payload: message.payload.clone() };
        if !self.bound.admits(&record) {
            return false;
        }
        let bytes = size(message);
        self.records.push(Old { record, bytes });
        true
    }

    /// A hole further on ends the batch, so that the next one begins with it and tells.
    fn finish(self, ends: &Ends, failed: Option<journal::Cause>) -> Result<Vec<Old>, Error> {
        match (self.records.is_empty(), self.jumped_to) {
            (false, _) => Ok(self.records),
            (true, Some(next)) if next > self.after => {
                Err(Error::Removed { after: self.after, kept_after: next.prev() })
            }
            (true, _) => {
                let nothing = || because("the servers gave none of the records that they have");
                Err(ends.storage(failed.unwrap_or_else(nothing)))
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
