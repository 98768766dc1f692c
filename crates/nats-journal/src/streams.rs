//! What a journal consists of in JetStream, made where it is not there: the stream of records, one of a
//! single message that probes write to, and the bucket of checkpoints.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamErrorKind,
};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::object_store::{self, ObjectStore};
use async_nats::jetstream::stream::RawMessageErrorKind;
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, RetentionPolicy, StorageType, Stream,
};
use async_nats::jetstream::{Context, ErrorCode, stream};
use journal::{Cause, Epoch};
use xxhash_rust::xxh3::xxh3_64;

use crate::config::{NatsConfig, StreamStorage};
use crate::connection::NatsConnection;
use crate::cursor::StreamCursor;
use crate::error::{NatsOpenError, to_cause};
use crate::headers::Fingerprint;

/// How long a payload's id is remembered, so that a repetition is recognised.
pub const DEDUPLICATION_WINDOW: Duration = Duration::from_secs(120);

#[derive(Clone)]
pub(crate) struct JournalStreams {
    pub(crate) records: Stream,
    pub(crate) checkpoints: ObjectStore,
    /// The subject that probes write to.
    pub(crate) probe: String,
    pub(crate) identity: StreamIdentity,
    /// Whether another journal is being copied into it, and was not yet wholly when it was opened.
    pub(crate) unfinished: bool,
    /// Whether more than one server keeps each record, when last heard.
    replicated: Arc<AtomicBool>,
}

impl fmt::Debug for JournalStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// Which stream it is: one that was deleted and made again has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamIdentity {
    name: String,
    created: Fingerprint,
}

impl StreamIdentity {
    fn of(info: &Info) -> Self {
        StreamIdentity { name: info.config.name.clone(), created: Fingerprint::of(info.created) }
    }

    /// The epoch of the records of those who found the stream empty.
    pub(crate) fn epoch(&self) -> Epoch {
        let text = format!("{} {}", self.name, self.created.to_text());
        Epoch((xxh3_64(text.as_bytes()) & u64::from(u32::MAX)) as u32)
    }
}

impl JournalStreams {
    /// Those that are there, or new ones.
    pub(crate) async fn open(
        jetstream: &Context,
        config: &NatsConfig,
    ) -> Result<Self, NatsOpenError> {
        Self::open_or_create(jetstream, config, records(config)).await
    }

    /// The same, where new ones are such that nobody opens them as a journal.
    pub(crate) async fn open_to_import(
        jetstream: &Context,
        config: &NatsConfig,
    ) -> Result<Self, NatsOpenError> {
        let unfinished = Config { description: Some(UNFINISHED.to_owned()), ..records(config) };
        Self::open_or_create(jetstream, config, unfinished).await
    }

    /// Those that are there.
    pub(crate) async fn find(
        jetstream: &Context,
        config: &NatsConfig,
    ) -> Result<Option<Self>, NatsOpenError> {
        let records = match jetstream.get_stream(config.prefix.as_str()).await {
            Ok(records) => records,
            Err(e) => match e.kind() {
                GetStreamErrorKind::JetStream(said)
                    if said.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    return Ok(None);
                }
                _ => return Err(to_cause(e).into()),
            },
        };
        let bucket = jetstream.get_object_store(bucket(config)).await.map_err(to_cause)?;
        Self::of(config, records, bucket).await.map(Some)
    }

    async fn open_or_create(
        jetstream: &Context,
        config: &NatsConfig,
        stream: Config,
    ) -> Result<Self, NatsOpenError> {
        let records = jetstream.get_or_create_stream(stream).await.map_err(not_made)?;
        jetstream.get_or_create_stream(probes(config)).await.map_err(to_cause)?;
        Self::of(config, records, checkpoints(jetstream, config).await?).await
    }

    async fn of(
        config: &NatsConfig,
        records: Stream,
        checkpoints: ObjectStore,
    ) -> Result<Self, NatsOpenError> {
        let info = records.get_info().await.map_err(to_cause)?;
        check(&info.config, config.prefix.as_str()).map_err(NatsOpenError::Permanent)?;
        Ok(JournalStreams {
            records,
            checkpoints,
            probe: probe(config),
            identity: StreamIdentity::of(&info),
            unfinished: info.config.description.as_deref() == Some(UNFINISHED),
            replicated: Arc::new(AtomicBool::new(info.config.num_replicas > 1)),
        })
    }

    /// Makes a journal of what was copied.
    pub(crate) async fn finish(&self, jetstream: &Context) -> Result<(), Cause> {
        let info = self.records.get_info().await.map_err(to_cause)?;
        let finished = Config { description: None, ..info.config };
        jetstream.update_stream(finished).await.map(drop).map_err(to_cause)
    }

    /// A subject of records without a key.
    pub(crate) fn default_subject(&self) -> String {
        format!("{}.{}", self.identity.name, crate::subject::EMPTY)
    }

    /// Whether records may be sent bound to each other by their ids: see the head of `writer.rs`.
    pub(crate) fn supports_pipelining(&self, connection: &NatsConnection) -> bool {
        !self.replicated.load(Ordering::Relaxed)
            || !connection.client.is_server_compatible(2, 10, 0)
    }

    /// Whether its servers are known to lose what they acknowledged: see the crate's "What is not".
    pub(crate) fn may_lose_acknowledged(&self, connection: &NatsConnection) -> bool {
        self.replicated.load(Ordering::Relaxed) && !connection.client.is_server_compatible(2, 12, 0)
    }

    /// The state of the stream of records, or why it is not ours any more.
    pub(crate) async fn look(&self) -> Result<stream::State, StreamStatus> {
        let info = match self.records.get_info().await {
            Ok(info) => info,
            Err(e) if says(&e, ErrorCode::STREAM_NOT_FOUND) => return Err(StreamStatus::NotFound),
            Err(e) => return Err(StreamStatus::Unreachable(to_cause(e))),
        };
        self.replicated.store(info.config.num_replicas > 1, Ordering::Relaxed);
        let is_ours = StreamIdentity::of(&info) == self.identity;
        if is_ours { Ok(info.state) } else { Err(StreamStatus::Recreated(info.state)) }
    }

    /// The same, of the stream that has the record which was read last. Servers of a cluster that were all
    /// killed may come back and say that they made their stream at another time: seen with 2.12.8.
    pub(crate) async fn look_from(&self, at: StreamCursor) -> Result<stream::State, StreamStatus> {
        let (state, fingerprint) = match (self.look().await, at.fingerprint) {
            (Err(StreamStatus::Recreated(state)), Some(fingerprint)) => (state, fingerprint),
            (looked, _) => return looked,
        };
        match self.fingerprint(at.seq.0).await {
            Ok(Some(found)) if found == fingerprint => Ok(state),
            Ok(_) => Err(StreamStatus::Recreated(state)),
            Err(cause) => Err(StreamStatus::Unreachable(cause)),
        }
    }

    /// What tells the record of this number from others. `None` where it is not kept.
    pub(crate) async fn fingerprint(&self, seq: u64) -> Result<Option<Fingerprint>, Cause> {
        Ok(self.message(seq).await?.map(|message| Fingerprint::of(message.time)))
    }

    /// The message of this number, if it is kept.
    pub(crate) async fn message(&self, seq: u64) -> Result<Option<StreamMessage>, Cause> {
        match self.records.get_raw_message(seq).await {
            Ok(message) => Ok(Some(message)),
            Err(e) if says(&e, ErrorCode::NO_MESSAGE_FOUND) => Ok(None),
            Err(e) if e.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(e) => Err(to_cause(e)),
        }
    }
}

/// What looking at the stream gave instead of its state.
#[derive(Debug)]
pub(crate) enum StreamStatus {
    /// There is no such stream, or not yet again.
    NotFound,
    /// A stream of the same name, made at another time.
    Recreated(stream::State),
    /// No answer came.
    Unreachable(Cause),
}

/// Whether JetStream answered with this.
pub(crate) fn says(error: &(dyn std::error::Error + 'static), code: ErrorCode) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .filter_map(|error| error.downcast_ref::<async_nats::jetstream::Error>())
        .any(|said| said.error_code() == code)
}

/// Servers of a cluster may still be on their way; one that stands alone stays alone.
fn not_made(error: CreateStreamError) -> NatsOpenError {
    match error.kind() {
        CreateStreamErrorKind::JetStream(said)
            if said.error_code() == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED =>
        {
            NatsOpenError::Permanent(to_cause(error))
        }
        _ => NatsOpenError::Transient(to_cause(error)),
    }
}

/// Full, it refuses. It lets go of nothing by itself.
fn records(config: &NatsConfig) -> Config {
    let prefix = config.prefix.as_str();
    Config {
        name: prefix.to_owned(),
        subjects: vec![format!("{prefix}.>")],
        discard: DiscardPolicy::New,
        duplicate_window: DEDUPLICATION_WINDOW,
        ..kept(config)
    }
}

fn probes(config: &NatsConfig) -> Config {
    Config { name: probe(config), subjects: vec![probe(config)], max_messages: 1, ..kept(config) }
}

fn probe(config: &NatsConfig) -> String {
    format!("{}-probe", config.prefix)
}

fn kept(config: &NatsConfig) -> Config {
    Config { storage: kind(config), num_replicas: config.replicas, ..Config::default() }
}

fn kind(config: &NatsConfig) -> StorageType {
    match config.storage {
        StreamStorage::File => StorageType::File,
        StreamStorage::Memory => StorageType::Memory,
    }
}

async fn checkpoints(jetstream: &Context, config: &NatsConfig) -> Result<ObjectStore, Cause> {
    let bucket = bucket(config);
    if let Ok(found) = jetstream.get_object_store(&bucket).await {
        return Ok(found);
    }
    let config = object_store::Config {
        bucket,
        max_bytes: -1,
        storage: kind(config),
        num_replicas: config.replicas,
        ..object_store::Config::default()
    };
    jetstream.create_object_store(config).await.map_err(to_cause)
}

fn bucket(config: &NatsConfig) -> String {
    format!("{}-checkpoints", config.prefix)
}

/// What the stream says of itself while another journal is copied into it.
const UNFINISHED: &str = "A copy of a journal, not yet finished";

/// A stream that was there may have been made by somebody else, for something else.
fn check(config: &Config, prefix: &str) -> Result<(), Cause> {
    let limited = config.max_messages > 0
        || config.max_messages_per_subject > 0
        || !config.max_age.is_zero()
        || (config.max_bytes > 0 && config.discard != DiscardPolicy::New);
    let wrong = if config.subjects != [format!("{prefix}.>")] {
        "its subjects are not those of a journal"
    } else if config.retention != RetentionPolicy::Limits || limited {
        "it has limits that let records go unasked"
    } else if config.no_ack {
        "it acknowledges nothing"
    } else {
        return Ok(());
    };
    Err(to_cause(format!("the stream {prefix} cannot be used: {wrong}")))
}

#[cfg(test)]
mod tests {
    use journal::Seq;
    use testkit::nats::NatsServer;

    use super::*;
    use crate::open::connect;

    #[tokio::test]
    async fn a_stream_said_to_be_made_at_another_time_is_the_same_if_it_has_what_was_read() {
        let server = NatsServer::start();
        let config = NatsConfig::new(server.url().parse().unwrap());
        let connection = connect(&config).await.unwrap();
        let mut streams = JournalStreams::open(&connection.jetstream, &config).await.unwrap();
        let written =
            connection.jetstream.publish(streams.default_subject(), "x".into()).await.unwrap();
        let seq = Seq(written.await.unwrap().sequence);
        let fingerprint = streams.fingerprint(seq.0).await.unwrap();
        streams.identity.created = Fingerprint::parse("1").unwrap();

        assert!(streams.look_from(StreamCursor { seq, fingerprint }).await.is_ok());
        for fingerprint in [Fingerprint::parse("2"), None] {
            let looked = streams.look_from(StreamCursor { seq, fingerprint }).await;
            assert!(matches!(looked, Err(StreamStatus::Recreated(_))), "{looked:?}");
        }
    }
}
