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

use crate::fault::{NotOpened, because};
use crate::link::Link;
use crate::place::{Place, Storage};
use crate::reading::At;
use crate::stamp::Mark;

/// How long a payload's id is remembered, so that a repetition is recognised.
pub const DEDUPLICATED_FOR: Duration = Duration::from_secs(120);

#[derive(Clone)]
pub(crate) struct Streams {
    pub(crate) records: Stream,
    pub(crate) checkpoints: ObjectStore,
    /// The subject that probes write to.
    pub(crate) probe: String,
    pub(crate) identity: Identity,
    /// Whether another journal is being copied into it, and was not yet wholly when it was opened.
    pub(crate) unfinished: bool,
    /// Whether more than one server keeps each record, when last heard.
    replicated: Arc<AtomicBool>,
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// Which stream it is: one that was deleted and made again has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    name: String,
    created: Mark,
}

impl Identity {
    fn of(info: &Info) -> Self {
        Identity { name: info.config.name.clone(), created: Mark::of(info.created) }
    }

    /// The epoch of the records of those who found the stream empty.
    pub(crate) fn epoch(&self) -> Epoch {
        let text = format!("{} {}", self.name, self.created.to_text());
        Epoch((xxh3_64(text.as_bytes()) & u64::from(u32::MAX)) as u32)
    }
}

impl Streams {
    /// Those that are there, or new ones.
    pub(crate) async fn open(jetstream: &Context, place: &Place) -> Result<Self, NotOpened> {
        Self::open_or_make(jetstream, place, records(place)).await
    }

    /// The same, where new ones are such that nobody opens them as a journal.
    pub(crate) async fn open_to_import(
        jetstream: &Context,
        place: &Place,
    ) -> Result<Self, NotOpened> {
        let unfinished = Config { description: Some(UNFINISHED.to_owned()), ..records(place) };
        Self::open_or_make(jetstream, place, unfinished).await
    }

    /// Those that are there.
    pub(crate) async fn find(
        jetstream: &Context,
        place: &Place,
    ) -> Result<Option<Self>, NotOpened> {
        let records = match jetstream.get_stream(place.prefix.as_str()).await {
            Ok(records) => records,
            Err(e) => match e.kind() {
                GetStreamErrorKind::JetStream(said)
                    if said.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    return Ok(None);
                }
                _ => return Err(because(e).into()),
            },
        };
        let bucket = jetstream.get_object_store(bucket(place)).await.map_err(because)?;
        Self::of(place, records, bucket).await.map(Some)
    }

    async fn open_or_make(
        jetstream: &Context,
        place: &Place,
        config: Config,
    ) -> Result<Self, NotOpened> {
        let records = jetstream.get_or_create_stream(config).await.map_err(not_made)?;
        jetstream.get_or_create_stream(probes(place)).await.map_err(because)?;
        Self::of(place, records, checkpoints(jetstream, place).await?).await
    }

    async fn of(
        place: &Place,
        records: Stream,
        checkpoints: ObjectStore,
    ) -> Result<Self, NotOpened> {
        let info = records.get_info().await.map_err(because)?;
        check(&info.config, place.prefix.as_str()).map_err(NotOpened::Ever)?;
        Ok(Streams {
            records,
            checkpoints,
            probe: probe(place),
            identity: Identity::of(&info),
            unfinished: info.config.description.as_deref() == Some(UNFINISHED),
            replicated: Arc::new(AtomicBool::new(info.config.num_replicas > 1)),
        })
    }

    /// Makes a journal of what was copied.
    pub(crate) async fn finish(&self, jetstream: &Context) -> Result<(), Cause> {
        let info = self.records.get_info().await.map_err(because)?;
        let finished = Config { description: None, ..info.config };
        jetstream.update_stream(finished).await.map(drop).map_err(because)
    }

    /// A subject of records without a key.
    pub(crate) fn subject_of_nothing(&self) -> String {
        format!("{}.{}", self.identity.name, crate::subject::EMPTY)
    }

    /// Whether records may be sent bound to each other by their ids: see the head of `writer.rs`.
    pub(crate) fn takes_runs(&self, link: &Link) -> bool {
        !self.replicated.load(Ordering::Relaxed) || !link.client.is_server_compatible(2, 10, 0)
    }

    /// Whether its servers are known to lose what they acknowledged: see the crate's "What is not".
    pub(crate) fn may_lose(&self, link: &Link) -> bool {
        self.replicated.load(Ordering::Relaxed) && !link.client.is_server_compatible(2, 12, 0)
    }

    /// The state of the stream of records, or why it is not ours any more.
    pub(crate) async fn look(&self) -> Result<stream::State, Look> {
        let info = match self.records.get_info().await {
            Ok(info) => info,
            Err(e) if says(&e, ErrorCode::STREAM_NOT_FOUND) => return Err(Look::Gone),
            Err(e) => return Err(Look::Failed(because(e))),
        };
        self.replicated.store(info.config.num_replicas > 1, Ordering::Relaxed);
        let is_ours = Identity::of(&info) == self.identity;
        if is_ours { Ok(info.state) } else { Err(Look::Another(info.state)) }
    }

    /// The same, of the stream that has the record which was read last. Servers of a cluster that were all
    /// killed may come back and say that they made their stream at another time: seen with 2.12.8.
    pub(crate) async fn look_from(&self, at: At) -> Result<stream::State, Look> {
        let (state, mark) = match (self.look().await, at.mark) {
            (Err(Look::Another(state)), Some(mark)) => (state, mark),
            (looked, _) => return looked,
        };
        match self.mark(at.seq.0).await {
            Ok(Some(found)) if found == mark => Ok(state),
            Ok(_) => Err(Look::Another(state)),
            Err(cause) => Err(Look::Failed(cause)),
        }
    }

    /// What tells the record of this number from others. `None` where it is not kept.
    pub(crate) async fn mark(&self, seq: u64) -> Result<Option<Mark>, Cause> {
        Ok(self.message(seq).await?.map(|message| Mark::of(message.time)))
    }

    /// The message of this number, if it is kept.
    pub(crate) async fn message(&self, seq: u64) -> Result<Option<StreamMessage>, Cause> {
        match self.records.get_raw_message(seq).await {
            Ok(message) => Ok(Some(message)),
            Err(e) if says(&e, ErrorCode::NO_MESSAGE_FOUND) => Ok(None),
            Err(e) if e.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(e) => Err(because(e)),
        }
    }
}

/// What looking at the stream gave instead of its state.
#[derive(Debug)]
pub(crate) enum Look {
    /// There is no such stream, or not yet again.
    Gone,
    /// A stream of the same name, made at another time.
    Another(stream::State),
    /// No answer came.
    Failed(Cause),
}

/// Whether JetStream answered with this.
pub(crate) fn says(error: &(dyn std::error::Error + 'static), code: ErrorCode) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .filter_map(|error| error.downcast_ref::<async_nats::jetstream::Error>())
        .any(|said| said.error_code() == code)
}

/// Servers of a cluster may still be on their way; one that stands alone stays alone.
fn not_made(error: CreateStreamError) -> NotOpened {
    match error.kind() {
        CreateStreamErrorKind::JetStream(said)
            if said.error_code() == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED =>
        {
            NotOpened::Ever(because(error))
        }
        _ => NotOpened::Now(because(error)),
    }
}

/// Full, it refuses. It lets go of nothing by itself.
fn records(place: &Place) -> Config {
    let prefix = place.prefix.as_str();
    Config {
        name: prefix.to_owned(),
        subjects: vec![format!("{prefix}.>")],
        discard: DiscardPolicy::New,
        duplicate_window: DEDUPLICATED_FOR,
        ..kept(place)
    }
}

fn probes(place: &Place) -> Config {
    Config { name: probe(place), subjects: vec![probe(place)], max_messages: 1, ..kept(place) }
}

fn probe(place: &Place) -> String {
    format!("{}-probe", place.prefix)
}

fn kept(place: &Place) -> Config {
    Config { storage: kind(place), num_replicas: place.replicas, ..Config::default() }
}

fn kind(place: &Place) -> StorageType {
    match place.storage {
        Storage::Disk => StorageType::File,
        Storage::Memory => StorageType::Memory,
    }
}

async fn checkpoints(jetstream: &Context, place: &Place) -> Result<ObjectStore, Cause> {
    let bucket = bucket(place);
    if let Ok(found) = jetstream.get_object_store(&bucket).await {
        return Ok(found);
    }
    let config = object_store::Config {
        bucket,
        max_bytes: -1,
        storage: kind(place),
        num_replicas: place.replicas,
        ..object_store::Config::default()
    };
    jetstream.create_object_store(config).await.map_err(because)
}

fn bucket(place: &Place) -> String {
    format!("{}-checkpoints", place.prefix)
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
    Err(because(format!("the stream {prefix} cannot be used: {wrong}")))
}

#[cfg(test)]
mod tests {
    use journal::Seq;
    use testkit::nats::NatsServer;

    use super::*;
    use crate::journal::connect;

    #[tokio::test]
    async fn a_stream_said_to_be_made_at_another_time_is_the_same_if_it_has_what_was_read() {
        let server = NatsServer::start();
        let place = Place::at(server.url().parse().unwrap());
        let link = connect(&place).await.unwrap();
        let mut streams = Streams::open(&link.jetstream, &place).await.unwrap();
        let written =
            link.jetstream.publish(streams.subject_of_nothing(), "x".into()).await.unwrap();
        let seq = Seq(written.await.unwrap().sequence);
        let mark = streams.mark(seq.0).await.unwrap();
        streams.identity.created = Mark::parse("1").unwrap();

        assert!(streams.look_from(At { seq, mark }).await.is_ok());
        for mark in [Mark::parse("2"), None] {
            let looked = streams.look_from(At { seq, mark }).await;
            assert!(matches!(looked, Err(Look::Another(_))), "{looked:?}");
        }
    }
}
