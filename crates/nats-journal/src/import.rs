//! Copies another journal into a stream. Each record keeps its number: it is sent on the condition that the
//! stream ends with the record before it, so a repeated message is not stored twice.
//!
//! An import is the only writer, so a pipeline of records can be in flight, bound to each other by number alone.
//! The description of the stream marks it as unfinished, and no replica opens such a stream.
//!
//! If the first records of the other journal were dropped, the stream has to begin with a higher number.
//! Since NATS 2.10 an empty stream continues after the number that it was purged to. Older servers do not
//! support that, so they get as many empty messages, which are then purged.

use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use journal::backend::{check_checkpoint_seq, check_import, check_size};
use journal::{
    Cause, Checkpoint, Epochs, Import, ImportError, ImportRecord, ImportSource, JournalOptions,
    MAX_STATE_BYTES, Seq, StorageError,
};
use tokio::time::timeout;

use crate::checkpoints::{self, CheckpointContents};
use crate::config::NatsConfig;
use crate::connection::NatsConnection;
use crate::error::{PublishFailure, to_cause};
use crate::headers::RecordHeaders;
use crate::journal::NatsJournal;
use crate::open::{connect, open_with_retry};
use crate::pipeline::{IN_FLIGHT_RECORDS, pipeline_length};
use crate::streams::JournalStreams;
use crate::subject;
use crate::timing::RESPONSE_TIMEOUT;

/// An unfinished copy of another journal, which becomes a [`NatsJournal`].
#[derive(Debug)]
pub struct NatsImport {
    config: NatsConfig,
    connection: NatsConnection,
    streams: JournalStreams,
    origin: ImportSource,
    tail: Seq,
}

/// A record to send.
struct ImportMessage {
    subject: String,
    headers: HeaderMap,
    payload: Bytes,
}

impl NatsImport {
    /// Starts copying another journal to this place, or resumes a copy that was interrupted.
    ///
    /// # Errors
    /// [`ImportError::AlreadyExists`], [`ImportError::SourceMismatch`], and those of [`NatsJournal::open`].
    pub async fn begin(config: &NatsConfig, origin: &ImportSource) -> Result<Self, ImportError> {
        let connection = connect(config).await?;
        let open = || JournalStreams::open_to_import(&connection.jetstream, config);
        let streams = open_with_retry(config, &connection, open).await?;
        if !streams.unfinished {
            return Err(ImportError::AlreadyExists { journal: config.to_string() });
        }
        let mut import = NatsImport {
            config: config.clone(),
            connection,
            streams,
            origin: origin.clone(),
            tail: Seq::ZERO,
        };
        import.tail = import.query_tail_with_retry().await?;
        if import.tail > Seq::ZERO {
            import.check_source().await?;
        }
        import.skip_pruned_records().await?;
        Ok(import)
    }

    /// Checks that the records copied so far are the first ones of this journal.
    async fn check_source(&self) -> Result<(), ImportError> {
        let last = self.connection.retry(|| self.streams.message(self.tail.0)).await;
        let last = last.map_err(|cause| self.storage(cause))?;
        let is_same = match last.filter(|last| RecordHeaders::are_present(&last.headers)) {
            Some(last) => {
                // A record older than all known epochs was sent without an epoch, too.
                let epoch = RecordHeaders::epoch_in(&last.headers).map(|epoch| (epoch, self.tail));
                self.origin.contains(self.tail, &Epochs::new(epoch, self.tail))
            }
            // The stream has been advanced to its first number, and has no record yet.
            None => self.tail <= self.origin.kept_after,
        };
        if is_same {
            Ok(())
        } else {
            Err(ImportError::SourceMismatch { journal: self.config.to_string() })
        }
    }

    /// Makes the stream begin with the number of the first record to copy.
    async fn skip_pruned_records(&mut self) -> Result<(), StorageError> {
        let kept_after = self.origin.kept_after;
        if kept_after == Seq::ZERO {
            return Ok(());
        }
        if !self.connection.client.is_server_compatible(2, 10, 0) {
            while self.tail < kept_after {
                let missing = usize::try_from(kept_after.0 - self.tail.0).unwrap_or(usize::MAX);
                self.send(self.empty_messages(missing.min(IN_FLIGHT_RECORDS))).await?;
            }
        }
        let purge = || async {
            let purge = self.streams.records.purge().sequence(kept_after.next().0);
            purge.await.map(drop).map_err(to_cause)
        };
        self.connection.retry(purge).await.map_err(|cause| self.storage(cause))?;
        self.tail = self.query_tail_with_retry().await?;
        if self.tail < kept_after {
            let reason = "the servers did not advance the stream to its first number";
            return Err(self.storage(to_cause(reason)));
        }
        Ok(())
    }

    fn empty_messages(&self, count: usize) -> Vec<ImportMessage> {
        let message = || ImportMessage {
            subject: self.streams.default_subject(),
            headers: HeaderMap::new(),
            payload: Bytes::new(),
        };
        std::iter::repeat_with(message).take(count).collect()
    }

    fn message(&self, copied: ImportRecord) -> Result<ImportMessage, ImportError> {
        let subject = subject::encode_subject(self.config.prefix.as_str(), &copied.subject)?;
        let position = self.origin.epochs.record_id(copied.record.seq);
        let headers = RecordHeaders::encode_parts(
            position.map(|position| position.epoch),
            copied.record.time,
        );
        Ok(ImportMessage { subject, headers, payload: copied.record.payload })
    }

    /// Sends messages until all are stored. An unacknowledged message may have been stored, or may still be,
    /// so each retry continues at the current end of the stream.
    async fn send(&mut self, messages: Vec<ImportMessage>) -> Result<(), StorageError> {
        let first = self.tail;
        let mut window = self.connection.retry_window();
        loop {
            let stored = usize::try_from(self.tail.0 - first.0).unwrap_or(usize::MAX);
            let remaining = messages.get(stored..).unwrap_or_default();
            if remaining.is_empty() {
                return Ok(());
            }
            self.connection.wait_connected().await.map_err(|cause| self.storage(cause))?;
            let length = pipeline_length(
                remaining.iter().map(|message| message.payload.len()),
                IN_FLIGHT_RECORDS,
            );
            let pipeline = &remaining[..length];
            let cause = match self.attempt(pipeline).await {
                Ok(()) => {
                    self.tail = Seq(self.tail.0 + pipeline.len() as u64);
                    window = self.connection.retry_window();
                    continue;
                }
                Err(PublishFailure::NoSpace(source)) => {
                    return Err(StorageError::NoSpace { journal: self.config.to_string(), source });
                }
                Err(PublishFailure::Conflict) => to_cause("another client writes to the stream"),
                Err(PublishFailure::Rejected(cause) | PublishFailure::Unacknowledged(cause)) => {
                    cause
                }
            };
            if !window.retries().await {
                return Err(self.storage(cause));
            }
            if let Ok(found) = self.query_tail().await {
                self.check_tail(found, Seq(first.0 + messages.len() as u64))?;
                self.tail = found;
            }
        }
    }

    /// Checks that the stream ends between the last known record and `end`.
    fn check_tail(&self, found: Seq, end: Seq) -> Result<(), StorageError> {
        if found < self.tail {
            return Err(self.storage(to_cause("the stream lost records of the copy")));
        }
        if found > end {
            return Err(self.storage(to_cause("another client writes to the stream")));
        }
        Ok(())
    }

    /// Sends a pipeline and waits for all its acknowledgements.
    async fn attempt(&self, pipeline: &[ImportMessage]) -> Result<(), PublishFailure> {
        let mut responses = Vec::with_capacity(pipeline.len());
        for (expected, message) in (self.tail.0..).zip(pipeline) {
            let publish = PublishMessage::build()
                .headers(message.headers.clone())
                .payload(message.payload.clone())
                .expected_last_sequence(expected);
            responses.push(
                self.connection.jetstream.send_publish(message.subject.clone(), publish).await?,
            );
        }
        for response in responses {
            match timeout(RESPONSE_TIMEOUT, response.into_future()).await {
                Ok(ack) => drop(ack?),
                Err(e) => return Err(PublishFailure::Unacknowledged(to_cause(e))),
            }
        }
        Ok(())
    }

    /// The number of the last record of the stream.
    async fn query_tail(&self) -> Result<Seq, Cause> {
        match self.streams.state().await {
            Ok(state) => Ok(Seq(state.last_sequence)),
            Err(status) => Err(status.into()),
        }
    }

    async fn query_tail_with_retry(&self) -> Result<Seq, StorageError> {
        self.connection.retry(|| self.query_tail()).await.map_err(|cause| self.storage(cause))
    }

    async fn save_checkpoint(&self, start: Checkpoint) -> Result<(), ImportError> {
        check_size("a state", start.state.len(), MAX_STATE_BYTES)?;
        check_checkpoint_seq(start.seq, self.origin.kept_after, self.tail)?;
        let epoch_starts = self.origin.epochs.starts().iter().copied();
        let epoch_starts =
            epoch_starts.filter(|&(_, first)| first <= start.seq.max(Seq(1))).collect();
        let contents = CheckpointContents { epoch_starts, state: start.state };
        let put = || checkpoints::put(&self.streams, start.seq, &contents);
        self.connection.retry(put).await.map_err(|cause| self.storage(cause))?;
        Ok(())
    }

    fn storage(&self, source: Cause) -> StorageError {
        StorageError::Unavailable {
            journal: self.config.to_string(),
            source: self.connection.explain(source),
        }
    }
}

impl Import for NatsImport {
    type Journal = NatsJournal;

    fn tail(&self) -> Seq {
        self.tail
    }

    async fn write(&mut self, records: Vec<ImportRecord>) -> Result<(), ImportError> {
        check_import(self.tail, &records)?;
        let largest = records.iter().map(|copied| copied.record.payload.len()).max();
        check_size("a payload", largest.unwrap_or(0), self.connection.max_payload_bytes())?;
        let messages = records.into_iter().map(|copied| self.message(copied));
        let messages = messages.collect::<Result<_, _>>()?;
        Ok(self.send(messages).await?)
    }

    async fn finish(self, start: Option<Checkpoint>) -> Result<NatsJournal, ImportError> {
        if let Some(start) = start {
            self.save_checkpoint(start).await?;
        }
        let finished =
            self.connection.retry(|| self.streams.finish(&self.connection.jetstream)).await;
        finished.map_err(|cause| self.storage(cause))?;
        Ok(NatsJournal::open(&self.config, JournalOptions::default()).await?)
    }
}
