//! The journal, made of the other modules.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use journal::backend::{check_append, check_size};
use journal::{
    AppendError, Cause, Checkpoint, Epochs, Journal, JournalOptions, MAX_STATE_BYTES, NewRecord,
    OpenError, PROBE_BYTES, SaveCheckpointError, Seq, SizeError, StorageError,
};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::checkpoints::{self, StoredCheckpoint};
use crate::config::NatsConfig;
use crate::connection::NatsConnection;
use crate::cursor::StreamCursor;
use crate::error::to_cause;
use crate::follower::NatsFollower;
use crate::open::{connect, open_with_retry, storage_error};
use crate::prune::StreamPruner;
use crate::queue::{OutgoingRecord, PendingAppend, WriteRequest};
use crate::shared::{NatsShared, ReplayStart, StopReason, StreamTail};
use crate::streams::JournalStreams;
use crate::subject;
use crate::tailer::Tailer;
use crate::writer::StreamWriter;

/// A journal in NATS JetStream. Any number of programs may open the same one.
#[derive(Debug)]
pub struct NatsJournal {
    shared: Arc<NatsShared>,
    prefix: String,
    pruner: Arc<StreamPruner>,
    tailer: AbortHandle,
    /// `None` if the journal is open only for reading.
    writer: Option<AbortHandle>,
}

impl NatsJournal {
    /// Connects, opens the journal or creates it, and reads it from its newest checkpoint to its end.
    ///
    /// # Errors
    /// [`OpenError::Storage`] if no server responds or JetStream is not enabled; [`OpenError::Incompatible`] if the stream
    /// cannot hold a journal, or a standalone server was asked for replicas; [`StorageError::Replaced`] if records
    /// after the newest checkpoint are missing; [`OpenError::Unfinished`].
    pub async fn open(config: &NatsConfig, options: JournalOptions) -> Result<Self, OpenError> {
        let connection = connect(config).await?;
        let streams = open_with_retry(config, &connection, || {
            JournalStreams::open(&connection.jetstream, config)
        })
        .await?;
        if streams.may_lose_acknowledged(&connection) {
            tracing::warn!(
                "{config}: in a cluster, this version of NATS can lose acknowledged updates when a server \
                 is suspended for seconds and resumes, or when several servers fail: use 2.12 or newer"
            );
        }
        let mut journal = Self::read(config, connection, streams, options.clone()).await?;
        if journal.tail() > Seq::ZERO {
            journal.shared.begin_epoch();
        }
        let shared = Arc::clone(&journal.shared);
        let writer = StreamWriter::new(shared, options, Arc::clone(&journal.pruner));
        journal.writer = Some(tokio::spawn(writer.run()).abort_handle());
        Ok(journal)
    }

    /// Opens an existing journal for reading and does not change it. Appends, probes and checkpoints fail with
    /// [`Error::Closed`]. Other programs may write to it meanwhile.
    ///
    /// # Errors
    /// [`OpenError::NotFound`] if there is no journal, and those of [`NatsJournal::open`].
    pub async fn open_read_only(config: &NatsConfig) -> Result<Self, OpenError> {
        let connection = connect(config).await?;
        let found = open_with_retry(config, &connection, || {
            JournalStreams::find(&connection.jetstream, config)
        })
        .await?;
        let streams = found.ok_or_else(|| OpenError::NotFound { journal: config.to_string() })?;
        let journal = Self::read(config, connection, streams, JournalOptions::default()).await?;
        journal.shared.queue.close();
        Ok(journal)
    }

    async fn read(
        config: &NatsConfig,
        connection: NatsConnection,
        streams: JournalStreams,
        options: JournalOptions,
    ) -> Result<Self, OpenError> {
        let name = config.to_string();
        if streams.unfinished {
            return Err(OpenError::Unfinished { journal: name });
        }
        let OpeningState { tail, orphaned, start } = connection
            .retry(|| OpeningState::find(&streams))
            .await
            .map_err(|cause| storage_error(config, connection.explain(cause)))?;

        let cursor = StreamCursor { seq: start.seq, fingerprint: None };
        let shared = Arc::new(NatsShared::new(name.clone(), connection, streams, start));
        let pruner = Arc::new(StreamPruner::new(options, orphaned));
        let tailer = tokio::spawn(Tailer::new(Arc::clone(&shared), cursor).run()).abort_handle();
        let prefix = config.prefix.to_string();
        let journal = NatsJournal { shared, prefix, pruner, tailer, writer: None };
        journal.read_to(tail).await?;
        Ok(journal)
    }

    async fn read_to(&self, tail: Seq) -> Result<(), StorageError> {
        let mut changes = self.shared.tail.subscribe();
        loop {
            let StreamTail { seq: read, stopped } = changes.borrow_and_update().clone();
            match stopped {
                Some(reason) => return Err(self.shared.stop_error(reason)),
                None if read >= tail => return Ok(()),
                None => {}
            }
            if timeout(REPLAY_STALL_TIMEOUT, changes.changed()).await.is_err() {
                let source =
                    to_cause(format!("reading the stream stalled at record {read} of {tail}"));
                return Err(self.shared.storage(source));
            }
        }
    }

    fn enqueue(
        &self,
        payloads: Vec<NewRecord>,
    ) -> Result<oneshot::Receiver<Result<Vec<Seq>, AppendError>>, AppendError> {
        let only: Vec<_> = payloads.iter().map(|keyed| keyed.payload.clone()).collect();
        let bytes = check_append(&only)?;
        let limit = self.shared.connection.max_payload_bytes();
        check_size("a payload", only.iter().map(Bytes::len).max().unwrap_or(0), limit)?;
        let records = payloads.into_iter().map(|keyed| self.encode_record(keyed));
        let records = records.collect::<Result<_, _>>()?;
        let (reply, response) = oneshot::channel();
        self.shared.check_open()?;
        self.shared.queue.push(WriteRequest::Append(PendingAppend { records, reply }), bytes)?;
        Ok(response)
    }

    fn encode_record(&self, keyed: NewRecord) -> Result<OutgoingRecord, SizeError> {
        let id = match keyed.dedup_id {
            Some(id) => subject::encode_message_id(&id)?,
            // Unlike any id of a caller: encoded ids do not contain `~`.
            None => format!("~{:032x}", rand::random::<u128>()),
        };
        let subject = subject::encode_subject(&self.prefix, &keyed.subject)?;
        Ok(OutgoingRecord { subject, id, payload: keyed.payload })
    }

    fn abort(&self) {
        self.tailer.abort();
        self.writer.iter().for_each(AbortHandle::abort);
    }
}

impl Journal for NatsJournal {
    type Follower = NatsFollower;

    fn append(
        &self,
        payloads: Vec<Bytes>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send {
        let keyed = |payload| NewRecord { payload, ..NewRecord::default() };
        self.append_records(payloads.into_iter().map(keyed).collect())
    }

    fn append_records(
        &self,
        payloads: Vec<NewRecord>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send {
        let queued = self.enqueue(payloads);
        async move { queued?.await.unwrap_or(Err(StorageError::Closed.into())) }
    }

    fn probe(&self) -> impl Future<Output = Result<(), AppendError>> + Send {
        let (reply, response) = oneshot::channel();
        let queued = self.shared.queue.push(WriteRequest::Probe(reply), PROBE_BYTES);
        async move {
            queued?;
            response.await.unwrap_or(Err(StorageError::Closed.into()))
        }
    }

    fn follow(&self, after: Seq) -> NatsFollower {
        NatsFollower::new(Arc::clone(&self.shared), after)
    }

    fn epochs(&self) -> Epochs {
        self.shared.epochs()
    }

    fn tail(&self) -> Seq {
        self.shared.tail()
    }

    fn staleness(&self) -> Option<Duration> {
        Some(self.shared.staleness())
    }

    async fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), SaveCheckpointError> {
        check_size("a state", state.len(), MAX_STATE_BYTES)?;
        self.shared.check_open()?;
        if self.writer.is_none() {
            return Err(StorageError::Closed.into());
        }
        self.pruner.checkpoint(&self.shared, seq, state, needed_after).await
    }

    async fn latest_checkpoint(&self) -> Result<Seq, StorageError> {
        self.shared.check_open()?;
        self.pruner.newest(&self.shared).await
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.shared.check_open()?;
        self.pruner.start_point(&self.shared).await
    }

    async fn close(&self) {
        self.shared.queue.close();
        if self.writer.is_none() {
            self.shared.stop(StopReason::Closed);
        }
        let mut tail = self.shared.tail.subscribe();
        let _ = tail.wait_for(|tail| tail.stopped.is_some()).await;
        self.abort();
    }
}

impl Drop for NatsJournal {
    fn drop(&mut self) {
        self.shared.queue.close();
        self.shared.queue.take_all();
        self.abort();
        self.shared.stop(StopReason::Closed);
    }
}

/// The state of the stream and its checkpoints when a journal is opened.
struct OpeningState {
    tail: Seq,
    /// Checkpoints of records that the stream has lost.
    orphaned: HashSet<Seq>,
    start: ReplayStart,
}

impl OpeningState {
    async fn find(streams: &JournalStreams) -> Result<Self, Cause> {
        // List the checkpoints before querying the stream, so that no checkpoint is beyond its end.
        let all = checkpoints::list(streams, &HashSet::new()).await?;
        let state = streams.state().await?;
        let tail = Seq(state.last_sequence);
        let orphaned = checkpoints::find_orphaned(streams, &all, tail).await?;
        let newest = all.iter().rev().find(|checkpoint| !orphaned.contains(&checkpoint.seq));
        let start = match newest {
            Some(&StoredCheckpoint { seq, .. }) => {
                let contents = checkpoints::get(streams, seq).await?;
                ReplayStart { seq, epoch_starts: contents.epoch_starts }
            }
            None => ReplayStart::default(),
        };
        Ok(OpeningState { tail, orphaned, start })
    }
}

/// Maximum time without a new record while opening reads the stream.
const REPLAY_STALL_TIMEOUT: Duration = Duration::from_secs(20);
