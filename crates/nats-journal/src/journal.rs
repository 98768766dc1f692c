//! The journal: what joins the parts.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use journal::backend::{check_append, check_size};
use journal::{
    Cause, Checkpoint, Epochs, Error, Follow, Journal, JournalOptions, MAX_STATE_BYTES, NewRecord,
    PROBE_BYTES, Record, Seq,
};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::checkpoints;
use crate::config::NatsConfig;
use crate::connection::NatsConnection;
use crate::cursor::StreamCursor;
use crate::error::to_cause;
use crate::history::{Fetch, HistoryReader, StoredRecord};
use crate::open::{connect, opened, storage};
use crate::prune::StreamPruner;
use crate::queue::{OutgoingRecord, PendingAppend, WriteRequest};
use crate::shared::{NatsShared, ReplayStart, StopReason, StreamTail};
use crate::streams::JournalStreams;
use crate::subject;
use crate::tailer::Tailer;
use crate::writer::Writer;

/// A journal in NATS JetStream. Any number of programs may have the same one open.
#[derive(Debug)]
pub struct NatsJournal {
    shared: Arc<NatsShared>,
    prefix: String,
    retention: Arc<StreamPruner>,
    reading: AbortHandle,
    /// `None` where it is only read.
    writing: Option<AbortHandle>,
}

impl NatsJournal {
    /// Connects, opens the journal or makes a new one, and reads it from its newest checkpoint to its end.
    ///
    /// # Errors
    /// [`Error::Storage`]: no server answers, JetStream is not enabled. [`Error::Unfit`]: the stream is not
    /// one of ours, or a server that stands alone is asked for replicas.
    /// [`Error::Replaced`]: records are missing after the newest checkpoint. [`Error::Unfinished`].
    pub async fn open(config: &NatsConfig, options: JournalOptions) -> Result<Self, Error> {
        let connection = connect(config).await?;
        let streams =
            opened(config, &connection, || JournalStreams::open(&connection.jetstream, config))
                .await?;
        if streams.may_lose_acknowledged(&connection) {
            tracing::warn!(
                "{config}: this version of NATS can lose updates that it acknowledged when a server of its \
                 cluster stands still for seconds and goes on, or several are lost: use 2.12 or newer"
            );
        }
        let mut journal = Self::read(config, connection, streams, options.clone()).await?;
        let (shared, retention) = (Arc::clone(&journal.shared), Arc::clone(&journal.retention));
        if shared.tail() > Seq::ZERO {
            shared.begin_epoch();
        }
        let writer = Writer::new(shared, options, retention);
        journal.writing = Some(tokio::spawn(writer.run()).abort_handle());
        Ok(journal)
    }

    /// Opens a journal that is there to read it, and changes nothing of it. Appends, probes and checkpoints
    /// are refused as if it were closed. Others may write to it meanwhile.
    ///
    /// # Errors
    /// [`Error::Absent`], and those of [`NatsJournal::open`].
    pub async fn open_read_only(config: &NatsConfig) -> Result<Self, Error> {
        let connection = connect(config).await?;
        let found =
            opened(config, &connection, || JournalStreams::find(&connection.jetstream, config))
                .await?;
        let streams = found.ok_or_else(|| Error::Absent { journal: config.to_string() })?;
        let journal = Self::read(config, connection, streams, JournalOptions::default()).await?;
        journal.shared.queue.close();
        Ok(journal)
    }

    async fn read(
        config: &NatsConfig,
        connection: NatsConnection,
        streams: JournalStreams,
        options: JournalOptions,
    ) -> Result<Self, Error> {
        let name = config.to_string();
        if streams.unfinished {
            return Err(Error::Unfinished { journal: name });
        }
        let OpeningState { tail, foreign, known } = connection
            .retry(|| OpeningState::find(&streams))
            .await
            .map_err(|cause| storage(config, connection.explain(cause)))?;

        let at = StreamCursor { seq: known.seq, fingerprint: None };
        let shared = Arc::new(NatsShared::new(name.clone(), connection, streams, known));
        let retention = Arc::new(StreamPruner::new(options, foreign));
        let reading = tokio::spawn(Tailer::new(Arc::clone(&shared), at).run()).abort_handle();
        let prefix = config.prefix.to_string();
        let journal = NatsJournal { shared, prefix, retention, reading, writing: None };
        journal.read_to(tail).await?;
        Ok(journal)
    }

    async fn read_to(&self, tail: Seq) -> Result<(), Error> {
        let mut live = self.shared.live.subscribe();
        loop {
            let StreamTail { tail: read, end } = live.borrow_and_update().clone();
            match end {
                Some(end) => return Err(self.shared.error_of(end)),
                None if read >= tail => return Ok(()),
                None => {}
            }
            if timeout(REPLAY_STALL_TIMEOUT, live.changed()).await.is_err() {
                let source =
                    to_cause(format!("reading it came to a standstill at {read} of {tail}"));
                return Err(self.shared.storage(source));
            }
        }
    }

    fn push(
        &self,
        payloads: Vec<NewRecord>,
    ) -> Result<oneshot::Receiver<Result<Vec<Seq>, Error>>, Error> {
        let only: Vec<_> = payloads.iter().map(|keyed| keyed.payload.clone()).collect();
        let bytes = check_append(&only)?;
        let limit = self.shared.connection.max_payload_bytes();
        check_size("a payload", only.iter().map(Bytes::len).max().unwrap_or(0), limit)?;
        let records = payloads.into_iter().map(|keyed| self.outgoing(keyed));
        let records = records.collect::<Result<_, _>>()?;
        let (answer, answered) = oneshot::channel();
        self.shared.check_open()?;
        self.shared.queue.push(WriteRequest::Append(PendingAppend { records, answer }), bytes)?;
        Ok(answered)
    }

    fn outgoing(&self, keyed: NewRecord) -> Result<OutgoingRecord, Error> {
        let id = match keyed.dedup_id {
            Some(id) => subject::encode_message_id(&id)?,
            // What no caller's id can be.
            None => format!("~{:032x}", rand::random::<u128>()),
        };
        let subject = subject::encode_subject(&self.prefix, &keyed.subject)?;
        Ok(OutgoingRecord { subject, id, payload: keyed.payload })
    }

    fn abort(&self) {
        self.reading.abort();
        self.writing.iter().for_each(AbortHandle::abort);
    }
}

impl Journal for NatsJournal {
    type Follower = NatsFollower;

    fn append(&self, payloads: Vec<Bytes>) -> impl Future<Output = Result<Vec<Seq>, Error>> + Send {
        let keyed = |payload| NewRecord { payload, ..NewRecord::default() };
        self.append_records(payloads.into_iter().map(keyed).collect())
    }

    fn append_records(
        &self,
        payloads: Vec<NewRecord>,
    ) -> impl Future<Output = Result<Vec<Seq>, Error>> + Send {
        let queued = self.push(payloads);
        async move { queued?.await.unwrap_or(Err(Error::Closed)) }
    }

    fn probe(&self) -> impl Future<Output = Result<(), Error>> + Send {
        let (answer, answered) = oneshot::channel();
        let queued = self.shared.queue.push(WriteRequest::Probe(answer), PROBE_BYTES);
        async move {
            queued?;
            answered.await.unwrap_or(Err(Error::Closed))
        }
    }

    fn follow(&self, after: Seq) -> NatsFollower {
        let (shared, live) = (Arc::clone(&self.shared), self.shared.live.subscribe());
        NatsFollower { after, shared, live, history: None }
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

    async fn checkpoint(&self, seq: Seq, state: Bytes, needed_after: Seq) -> Result<(), Error> {
        check_size("a state", state.len(), MAX_STATE_BYTES)?;
        self.shared.check_open()?;
        if self.writing.is_none() {
            return Err(Error::Closed);
        }
        self.retention.checkpoint(&self.shared, seq, state, needed_after).await
    }

    async fn latest_checkpoint(&self) -> Result<Seq, Error> {
        self.shared.check_open()?;
        self.retention.newest(&self.shared).await
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, Error> {
        self.shared.check_open()?;
        self.retention.start_point(&self.shared).await
    }

    async fn close(&self) {
        self.shared.queue.close();
        if self.writing.is_none() {
            self.shared.end(StopReason::Closed);
        }
        let mut live = self.shared.live.subscribe();
        let _ = live.wait_for(|live| live.end.is_some()).await;
        self.abort();
    }
}

impl Drop for NatsJournal {
    fn drop(&mut self) {
        self.shared.queue.close();
        self.shared.queue.take_all();
        self.abort();
        self.shared.end(StopReason::Closed);
    }
}

/// What an opening begins with.
struct OpeningState {
    tail: Seq,
    /// Checkpoints that are of records which were lost.
    foreign: HashSet<Seq>,
    known: ReplayStart,
}

impl OpeningState {
    async fn find(streams: &JournalStreams) -> Result<Self, Cause> {
        // Checkpoints first: none of them is then beyond what the stream has.
        let all = checkpoints::list(streams, &HashSet::new()).await?;
        let state = streams.look().await.map_err(|look| to_cause(format!("{look:?}")))?;
        let tail = Seq(state.last_sequence);
        let foreign = checkpoints::foreign(streams, &all, tail).await?;
        let newest = all.iter().rev().find(|kept| !foreign.contains(&kept.seq));
        let known = match newest {
            Some(kept) => {
                let contents = checkpoints::get(streams, kept.seq).await?;
                ReplayStart { seq: kept.seq, runs: contents.runs }
            }
            None => ReplayStart::default(),
        };
        Ok(OpeningState { tail, foreign, known })
    }
}

/// Follows a [`NatsJournal`].
#[derive(Debug)]
pub struct NatsFollower {
    after: Seq,
    shared: Arc<NatsShared>,
    live: watch::Receiver<StreamTail>,
    history: Option<HistoryReader>,
}

impl Follow for NatsFollower {
    async fn next(&mut self) -> Result<Vec<Record>, Error> {
        loop {
            let StreamTail { tail, end } = self.live.borrow_and_update().clone();
            // What is in memory may be of what was replaced.
            if let Some(end @ StopReason::Replaced(_)) = end {
                return Err(self.shared.error_of(end));
            }
            if self.after < tail {
                let batch = match self.shared.recent_after(self.after) {
                    Some(batch) => {
                        self.history = None;
                        batch
                    }
                    None if end.is_some() => return Err(Error::Closed),
                    None => self.read(tail).await?,
                };
                // Only here, after the last wait: a dropped future has moved nothing.
                self.after = batch.last().map_or(self.after, |record| record.seq);
                return Ok(batch);
            }
            if end.is_some() {
                return Err(Error::Closed);
            }
            self.live.changed().await.map_err(|_| Error::Closed)?;
        }
    }
}

impl NatsFollower {
    async fn read(&mut self, tail: Seq) -> Result<Vec<Record>, Error> {
        // Taken out while it reads: one whose future was dropped stands nobody knows where.
        let after = self.after;
        let mut history =
            self.history.take().unwrap_or_else(|| HistoryReader::new(Fetch::Records, after));
        let batch = history.next(&self.shared, tail).await?;
        self.history = Some(history);
        Ok(batch.into_iter().map(|StoredRecord { record, .. }| record).collect())
    }
}

/// How long an opening may see nothing of the records that it waits for.
const REPLAY_STALL_TIMEOUT: Duration = Duration::from_secs(20);
