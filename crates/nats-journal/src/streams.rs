//! The parts of a journal in JetStream, created if missing: the stream of records, a stream of one message
//! for probes, and the bucket of checkpoints.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamErrorKind,
};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::object_store::ObjectStore;
use async_nats::jetstream::stream::{Config, Info, RawMessageErrorKind, Stream};
use async_nats::jetstream::{Context, ErrorCode, stream};
use journal::{Cause, Epoch};
use xxhash_rust::xxh3::xxh3_64;

use crate::config::NatsConfig;
use crate::connection::NatsConnection;
use crate::cursor::StreamCursor;
use crate::error::{NatsOpenError, StreamStatus, to_cause};
use crate::headers::Fingerprint;
use crate::layout::{
    UNFINISHED, bucket_config, bucket_name, check_config, probe_config, probe_name, records_config,
};

#[derive(Clone)]
pub(crate) struct JournalStreams {
    pub(crate) records: Stream,
    pub(crate) checkpoints: ObjectStore,
    /// The subject of probes.
    pub(crate) probe: String,
    pub(crate) identity: StreamIdentity,
    /// True if an import into it was unfinished when it was opened.
    pub(crate) unfinished: bool,
    /// True if more than one server keeps each record, as of the last response.
    replicated: Arc<AtomicBool>,
}

impl fmt::Debug for JournalStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// Identifies a stream: after it was deleted and created again, it has another identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamIdentity {
    name: String,
    created: Fingerprint,
}

impl StreamIdentity {
    fn from_info(info: &Info) -> Self {
        StreamIdentity {
            name: info.config.name.clone(),
            created: Fingerprint::from_time(info.created),
        }
    }

    /// The epoch of records written by replicas that found the stream empty.
    pub(crate) fn epoch(&self) -> Epoch {
        let text = format!("{} {}", self.name, self.created.to_text());
        Epoch((xxh3_64(text.as_bytes()) & u64::from(u32::MAX)) as u32)
    }
}

impl JournalStreams {
    /// Opens the streams, creating those that are missing.
    pub(crate) async fn open(
        jetstream: &Context,
        config: &NatsConfig,
    ) -> Result<Self, NatsOpenError> {
        Self::open_or_create(jetstream, config, records_config(config)).await
    }

    /// Like [`JournalStreams::open`], but marks a new stream as unfinished, so that no replica opens it.
    pub(crate) async fn open_to_import(
        jetstream: &Context,
        config: &NatsConfig,
    ) -> Result<Self, NatsOpenError> {
        let unfinished =
            Config { description: Some(UNFINISHED.to_owned()), ..records_config(config) };
        Self::open_or_create(jetstream, config, unfinished).await
    }

    /// Opens the streams without creating any; `None` if there is no journal.
    pub(crate) async fn find(
        jetstream: &Context,
        config: &NatsConfig,
    ) -> Result<Option<Self>, NatsOpenError> {
        let records = match jetstream.get_stream(config.prefix.as_str()).await {
            Ok(records) => records,
            Err(e) => match e.kind() {
                GetStreamErrorKind::JetStream(response)
                    if response.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    return Ok(None);
                }
                _ => return Err(to_cause(e).into()),
            },
        };
        let bucket = jetstream.get_object_store(bucket_name(config)).await.map_err(to_cause)?;
        Self::assemble(config, records, bucket).await.map(Some)
    }

    async fn open_or_create(
        jetstream: &Context,
        config: &NatsConfig,
        stream: Config,
    ) -> Result<Self, NatsOpenError> {
        let records = jetstream.get_or_create_stream(stream).await.map_err(create_error)?;
        jetstream.get_or_create_stream(probe_config(config)).await.map_err(to_cause)?;
        Self::assemble(config, records, open_bucket(jetstream, config).await?).await
    }

    async fn assemble(
        config: &NatsConfig,
        records: Stream,
        checkpoints: ObjectStore,
    ) -> Result<Self, NatsOpenError> {
        let info = records.get_info().await.map_err(to_cause)?;
        check_config(&info.config, config.prefix.as_str()).map_err(NatsOpenError::Permanent)?;
        Ok(JournalStreams {
            records,
            checkpoints,
            probe: probe_name(config),
            identity: StreamIdentity::from_info(&info),
            unfinished: info.config.description.as_deref() == Some(UNFINISHED),
            replicated: Arc::new(AtomicBool::new(info.config.num_replicas > 1)),
        })
    }

    /// Removes the mark of an unfinished import.
    pub(crate) async fn finish(&self, jetstream: &Context) -> Result<(), Cause> {
        let info = self.records.get_info().await.map_err(to_cause)?;
        let finished = Config { description: None, ..info.config };
        jetstream.update_stream(finished).await.map(drop).map_err(to_cause)
    }

    /// The subject of records that have none of their own.
    pub(crate) fn default_subject(&self) -> String {
        format!("{}.{}", self.identity.name, crate::subject::EMPTY_TOKEN)
    }

    /// Returns true if a record may be sent before its predecessor is acknowledged: see the documentation of
    /// the module `writer`.
    pub(crate) fn supports_pipelining(&self, connection: &NatsConnection) -> bool {
        !self.replicated.load(Ordering::Relaxed)
            || !connection.client.is_server_compatible(2, 10, 0)
    }

    /// Returns true if its servers are known to lose acknowledged records: see "Not guaranteed" in the crate's
    /// documentation.
    pub(crate) fn may_lose_acknowledged(&self, connection: &NatsConnection) -> bool {
        self.replicated.load(Ordering::Relaxed) && !connection.client.is_server_compatible(2, 12, 0)
    }

    /// Queries the state of the stream, checking that it is still the stream that was opened.
    pub(crate) async fn state(&self) -> Result<stream::State, StreamStatus> {
        let info = match self.records.get_info().await {
            Ok(info) => info,
            Err(e) if has_code(&e, ErrorCode::STREAM_NOT_FOUND) => {
                return Err(StreamStatus::NotFound);
            }
            Err(e) => return Err(StreamStatus::Unreachable(to_cause(e))),
        };
        self.replicated.store(info.config.num_replicas > 1, Ordering::Relaxed);
        if StreamIdentity::from_info(&info) == self.identity {
            Ok(info.state)
        } else {
            Err(StreamStatus::Recreated(info.state))
        }
    }

    /// Like [`JournalStreams::state`], but also accepts a stream with another creation time if it has the
    /// last record read. The servers of a cluster that were all killed may report another creation time
    /// afterwards: observed with 2.12.8.
    pub(crate) async fn state_at(
        &self,
        cursor: StreamCursor,
    ) -> Result<stream::State, StreamStatus> {
        let (state, fingerprint) = match (self.state().await, cursor.fingerprint) {
            (Err(StreamStatus::Recreated(state)), Some(fingerprint)) => (state, fingerprint),
            (result, _) => return result,
        };
        match self.fingerprint(cursor.seq.0).await {
            Ok(Some(found)) if found == fingerprint => Ok(state),
            Ok(_) => Err(StreamStatus::Recreated(state)),
            Err(cause) => Err(StreamStatus::Unreachable(cause)),
        }
    }

    /// The fingerprint of the record with this number, `None` if it is not stored.
    pub(crate) async fn fingerprint(&self, seq: u64) -> Result<Option<Fingerprint>, Cause> {
        Ok(self.message(seq).await?.map(|message| Fingerprint::from_time(message.time)))
    }

    /// The message with this number, `None` if it is not stored.
    pub(crate) async fn message(&self, seq: u64) -> Result<Option<StreamMessage>, Cause> {
        match self.records.get_raw_message(seq).await {
            Ok(message) => Ok(Some(message)),
            Err(e) if has_code(&e, ErrorCode::NO_MESSAGE_FOUND) => Ok(None),
            Err(e) if e.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(e) => Err(to_cause(e)),
        }
    }
}

/// Returns true if the error is a response of JetStream with this code.
pub(crate) fn has_code(error: &(dyn std::error::Error + 'static), code: ErrorCode) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .filter_map(|error| error.downcast_ref::<async_nats::jetstream::Error>())
        .any(|response| response.error_code() == code)
}

/// Other servers of a cluster may still be starting, but a standalone server never has more replicas.
fn create_error(error: CreateStreamError) -> NatsOpenError {
    match error.kind() {
        CreateStreamErrorKind::JetStream(response)
            if response.error_code() == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED =>
        {
            NatsOpenError::Permanent(to_cause(error))
        }
        _ => NatsOpenError::Transient(to_cause(error)),
    }
}

async fn open_bucket(jetstream: &Context, config: &NatsConfig) -> Result<ObjectStore, Cause> {
    if let Ok(found) = jetstream.get_object_store(&bucket_name(config)).await {
        return Ok(found);
    }
    jetstream.create_object_store(bucket_config(config)).await.map_err(to_cause)
}

#[cfg(test)]
mod tests {
    use journal::Seq;
    use testkit::nats::NatsServer;

    use super::*;
    use crate::open::connect;

    #[tokio::test]
    async fn stream_is_identified_by_last_record() {
        let server = NatsServer::start();
        let config = NatsConfig::new(server.url().parse().unwrap());
        let connection = connect(&config).await.unwrap();
        let mut streams = JournalStreams::open(&connection.jetstream, &config).await.unwrap();
        let written =
            connection.jetstream.publish(streams.default_subject(), "x".into()).await.unwrap();
        let seq = Seq(written.await.unwrap().sequence);
        let fingerprint = streams.fingerprint(seq.0).await.unwrap();
        streams.identity.created = Fingerprint::parse("1").unwrap();

        assert!(streams.state_at(StreamCursor { seq, fingerprint }).await.is_ok());
        for fingerprint in [Fingerprint::parse("2"), None] {
            let result = streams.state_at(StreamCursor { seq, fingerprint }).await;
            assert!(matches!(result, Err(StreamStatus::Recreated(_))), "{result:?}");
        }
    }
}
