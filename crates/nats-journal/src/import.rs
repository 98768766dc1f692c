//! Copying another journal into a stream: each record under the number that it has, on the condition that the
//! stream ends with the one before it. So none comes twice, whatever is sent again.
//!
//! Nobody else writes meanwhile, so that many records can be on their way at once, bound to each other by
//! number alone. A stream that says of itself that it is not finished is opened by nobody as a journal.
//!
//! Where the records before are gone, the stream has to begin with a number in the middle. Servers since 2.10
//! go on after any number that an empty stream is purged to. Older ones do not, so they are given as many
//! messages without contents, which are purged.

use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use journal::backend::{check_checkpoint_seq, check_import, check_size};
use journal::{
    Cause, Checkpoint, Epochs, Error, Import, ImportRecord, ImportSource, JournalOptions,
    MAX_STATE_BYTES, Seq,
};
use tokio::time::timeout;

use crate::checkpoints::{self, CheckpointContents};
use crate::config::NatsConfig;
use crate::connection::NatsConnection;
use crate::error::{PublishFailure, to_cause};
use crate::headers::RecordHeaders;
use crate::journal::NatsJournal;
use crate::open::{connect, opened};
use crate::queue::IN_FLIGHT_RECORDS;
use crate::streams::{JournalStreams, StreamStatus};
use crate::subject;
use crate::timing::RESPONSE_TIMEOUT;
use crate::writer::pipeline_length;

/// A [`NatsJournal`] in the making.
#[derive(Debug)]
pub struct NatsImport {
    config: NatsConfig,
    connection: NatsConnection,
    streams: JournalStreams,
    origin: ImportSource,
    tail: Seq,
}

/// A message on its way, under the number after that of the one before it.
struct Message {
    subject: String,
    headers: HeaderMap,
    payload: Bytes,
}

impl NatsImport {
    /// Starts copying another journal to this place, or resumes a copy that was interrupted.
    ///
    /// # Errors
    /// [`Error::Occupied`], [`Error::OtherOrigin`], and those of [`NatsJournal::open`].
    pub async fn begin(config: &NatsConfig, origin: &ImportSource) -> Result<Self, Error> {
        let connection = connect(config).await?;
        let open = || JournalStreams::open_to_import(&connection.jetstream, config);
        let streams = opened(config, &connection, open).await?;
        if !streams.unfinished {
            return Err(Error::Occupied { journal: config.to_string() });
        }
        let (config, origin) = (config.clone(), origin.clone());
        let mut import = NatsImport { config, connection, streams, origin, tail: Seq::ZERO };
        import.tail = import.look_patiently().await?;
        if import.tail > Seq::ZERO {
            import.check_origin().await?;
        }
        import.skip_what_is_gone().await?;
        Ok(import)
    }

    async fn check_origin(&self) -> Result<(), Error> {
        let last = self.connection.retry(|| self.streams.message(self.tail.0)).await;
        let last = last.map_err(|cause| self.storage(cause))?;
        let same = match last.filter(|last| RecordHeaders::is_on(&last.headers)) {
            Some(last) => {
                // A record that is older than all epochs known has none here either.
                let said = RecordHeaders::epoch_on(&last.headers).map(|epoch| (epoch, self.tail));
                self.origin.has(self.tail, &Epochs::new(said, self.tail))
            }
            // It begins in the middle, and has no record yet.
            None => self.tail <= self.origin.kept_after,
        };
        if same { Ok(()) } else { Err(Error::OtherOrigin { journal: self.config.to_string() }) }
    }

    /// The stream begins where the origin does.
    async fn skip_what_is_gone(&mut self) -> Result<(), Error> {
        let kept_after = self.origin.kept_after;
        if kept_after == Seq::ZERO {
            return Ok(());
        }
        if !self.connection.client.is_server_compatible(2, 10, 0) {
            while self.tail < kept_after {
                let missing = usize::try_from(kept_after.0 - self.tail.0).unwrap_or(usize::MAX);
                self.send(self.nothing(missing.min(IN_FLIGHT_RECORDS))).await?;
            }
        }
        let purge = || async {
            let purge = self.streams.records.purge().sequence(kept_after.next().0);
            purge.await.map(drop).map_err(to_cause)
        };
        self.connection.retry(purge).await.map_err(|cause| self.storage(cause))?;
        self.tail = self.look_patiently().await?;
        if self.tail < kept_after {
            let why = "the servers do not let it begin after the records that are gone";
            return Err(self.storage(to_cause(why)));
        }
        Ok(())
    }

    fn nothing(&self, count: usize) -> Vec<Message> {
        let message = || Message {
            subject: self.streams.default_subject(),
            headers: HeaderMap::new(),
            payload: Bytes::new(),
        };
        std::iter::repeat_with(message).take(count).collect()
    }

    fn message(&self, copied: ImportRecord) -> Result<Message, Error> {
        let subject = subject::encode_subject(self.config.prefix.as_str(), &copied.subject)?;
        let position = self.origin.epochs.record_id(copied.record.seq);
        let headers =
            RecordHeaders::write_of(position.map(|position| position.epoch), copied.record.time);
        Ok(Message { subject, headers, payload: copied.record.payload })
    }

    /// Sends messages until all are there. What was not answered may have come, or may still come: the stream
    /// says how far it is.
    async fn send(&mut self, messages: Vec<Message>) -> Result<(), Error> {
        let first = self.tail;
        let mut patience = self.connection.patience();
        loop {
            let done = usize::try_from(self.tail.0 - first.0).unwrap_or(usize::MAX);
            let rest = messages.get(done..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            self.connection.up().await.map_err(|cause| self.storage(cause))?;
            let length = pipeline_length(
                rest.iter().map(|message| message.payload.len()),
                IN_FLIGHT_RECORDS,
            );
            let run = &rest[..length];
            let cause = match self.attempt(run).await {
                Ok(()) => {
                    self.tail = Seq(self.tail.0 + run.len() as u64);
                    patience = self.connection.patience();
                    continue;
                }
                Err(PublishFailure::NoSpace(source)) => {
                    return Err(Error::NoRoom { journal: self.config.to_string(), source });
                }
                Err(PublishFailure::Conflict) => to_cause("others write to it"),
                Err(PublishFailure::Rejected(cause) | PublishFailure::Unacknowledged(cause)) => {
                    cause
                }
            };
            if !patience.again().await {
                return Err(self.storage(cause));
            }
            if let Ok(found) = self.look().await {
                self.check_found(found, Seq(first.0 + messages.len() as u64))?;
                self.tail = found;
            }
        }
    }

    fn check_found(&self, found: Seq, most: Seq) -> Result<(), Error> {
        if found < self.tail {
            return Err(self.storage(to_cause("it ends before what it had taken")));
        }
        if found > most {
            return Err(self.storage(to_cause("others write to it")));
        }
        Ok(())
    }

    /// Sends a run, and returns when all of it is acknowledged.
    async fn attempt(&self, run: &[Message]) -> Result<(), PublishFailure> {
        let mut sent = Vec::with_capacity(run.len());
        for (expected, message) in (self.tail.0..).zip(run) {
            let publish = PublishMessage::build()
                .headers(message.headers.clone())
                .payload(message.payload.clone())
                .expected_last_sequence(expected);
            sent.push(
                self.connection.jetstream.send_publish(message.subject.clone(), publish).await?,
            );
        }
        for answer in sent {
            match timeout(RESPONSE_TIMEOUT, answer.into_future()).await {
                Ok(answer) => drop(answer?),
                Err(e) => return Err(PublishFailure::Unacknowledged(to_cause(e))),
            }
        }
        Ok(())
    }

    /// How far the stream is.
    async fn look(&self) -> Result<Seq, Cause> {
        match self.streams.look().await {
            Ok(state) => Ok(Seq(state.last_sequence)),
            Err(StreamStatus::Unreachable(cause)) => Err(cause),
            Err(look) => Err(to_cause(format!("{look:?}"))),
        }
    }

    async fn look_patiently(&self) -> Result<Seq, Error> {
        self.connection.retry(|| self.look()).await.map_err(|cause| self.storage(cause))
    }

    async fn keep(&self, start: Checkpoint) -> Result<(), Error> {
        check_size("a state", start.state.len(), MAX_STATE_BYTES)?;
        check_checkpoint_seq(start.seq, self.origin.kept_after, self.tail)?;
        let runs = self.origin.epochs.starts().iter().copied();
        let runs = runs.filter(|&(_, first)| first <= start.seq.max(Seq(1))).collect();
        let contents = CheckpointContents { runs, state: start.state };
        let put = || checkpoints::put(&self.streams, start.seq, &contents);
        self.connection.retry(put).await.map(drop).map_err(|cause| self.storage(cause))
    }

    fn storage(&self, source: Cause) -> Error {
        Error::Storage { journal: self.config.to_string(), source: self.connection.explain(source) }
    }
}

impl Import for NatsImport {
    type Journal = NatsJournal;

    fn tail(&self) -> Seq {
        self.tail
    }

    async fn write(&mut self, records: Vec<ImportRecord>) -> Result<(), Error> {
        check_import(self.tail, &records)?;
        let largest = records.iter().map(|copied| copied.record.payload.len()).max();
        check_size("a payload", largest.unwrap_or(0), self.connection.max_payload_bytes())?;
        let messages = records.into_iter().map(|copied| self.message(copied));
        let messages = messages.collect::<Result<_, _>>()?;
        self.send(messages).await
    }

    async fn finish(self, start: Option<Checkpoint>) -> Result<NatsJournal, Error> {
        if let Some(start) = start {
            self.keep(start).await?;
        }
        let finished =
            self.connection.retry(|| self.streams.finish(&self.connection.jetstream)).await;
        finished.map_err(|cause| self.storage(cause))?;
        NatsJournal::open(&self.config, JournalOptions::default()).await
    }
}
