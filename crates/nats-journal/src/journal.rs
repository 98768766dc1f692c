//! The journal: what joins the parts.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use journal::making::{check_append, check_size};
use journal::{
    Cause, Checkpoint, Epochs, Error, Follow, Journal, Keyed, MAX_STATE_BYTES, Options, Origin,
    PROBE_BYTES, Record, Seq,
};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use crate::checkpoints;
use crate::ends::{End, Ends, Known, Live};
use crate::fault::{NotOpened, because};
use crate::history::{History, Of, Old};
use crate::import::NatsImport;
use crate::link::Link;
use crate::place::Place;
use crate::queue::{Append, IN_FLIGHT_RECORDS, Job, Outgoing};
use crate::reading::At;
use crate::retain::Retention;
use crate::streams::Streams;
use crate::subject;
use crate::tail::Tail;
use crate::writer::Writer;

/// A journal in NATS JetStream. Any number of programs may have the same one open.
#[derive(Debug)]
pub struct NatsJournal {
    ends: Arc<Ends>,
    prefix: String,
    retention: Arc<Retention>,
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
    pub async fn open(place: &Place, options: Options) -> Result<Self, Error> {
        let link = connect(place).await?;
        let streams = opened(place, &link, || Streams::open(&link.jetstream, place)).await?;
        if streams.may_lose(&link) {
            tracing::warn!(
                "{place}: this version of NATS can lose updates that it acknowledged when a server of its \
                 cluster stands still for seconds and goes on, or several are lost: use 2.12 or newer"
            );
        }
        let mut journal = Self::read(place, link, streams, options.clone()).await?;
        let (ends, retention) = (Arc::clone(&journal.ends), Arc::clone(&journal.retention));
        if ends.tail() > Seq::ZERO {
            ends.begin_epoch();
        }
        let writer = Writer::new(ends, options, retention);
        journal.writing = Some(tokio::spawn(writer.run()).abort_handle());
        Ok(journal)
    }

    /// Opens a journal that is there to read it, and changes nothing of it. Appends, probes and checkpoints
    /// are refused as if it were closed. Others may write to it meanwhile.
    ///
    /// # Errors
    /// [`Error::Absent`], and those of [`NatsJournal::open`].
    pub async fn open_to_read(place: &Place) -> Result<Self, Error> {
        let link = connect(place).await?;
        let found = opened(place, &link, || Streams::find(&link.jetstream, place)).await?;
        let streams = found.ok_or_else(|| Error::Absent { journal: place.to_string() })?;
        let journal = Self::read(place, link, streams, Options::default()).await?;
        journal.ends.queue.close();
        Ok(journal)
    }

    /// Begins to copy another journal into this place, or goes on with it.
    ///
    /// # Errors
    /// [`Error::Occupied`], [`Error::OtherOrigin`], and those of [`NatsJournal::open`].
    pub async fn import(place: &Place, origin: &Origin) -> Result<NatsImport, Error> {
        NatsImport::begin(place, origin).await
    }

    async fn read(
        place: &Place,
        link: Link,
        streams: Streams,
        options: Options,
    ) -> Result<Self, Error> {
        let name = place.to_string();
        if streams.unfinished {
            return Err(Error::Unfinished { journal: name });
        }
        let Beginning { tail, foreign, known } = link
            .patiently(|| Beginning::find(&streams))
            .await
            .map_err(|cause| storage(place, link.explain(cause)))?;

        let at = At { seq: known.seq, mark: None };
        let ends = Arc::new(Ends::new(name.clone(), link, streams, known));
        let retention = Arc::new(Retention::new(options, foreign));
        let reading = tokio::spawn(Tail::new(Arc::clone(&ends), at).run()).abort_handle();
        let prefix = place.prefix.to_string();
        let journal = NatsJournal { ends, prefix, retention, reading, writing: None };
        journal.read_to(tail).await?;
        Ok(journal)
    }

    async fn read_to(&self, tail: Seq) -> Result<(), Error> {
        let mut live = self.ends.live.subscribe();
        loop {
            let Live { tail: read, end } = live.borrow_and_update().clone();
            match end {
                Some(end) => return Err(self.ends.error_of(end)),
                None if read >= tail => return Ok(()),
                None => {}
            }
            if timeout(STANDSTILL, live.changed()).await.is_err() {
                let source =
                    because(format!("reading it came to a standstill at {read} of {tail}"));
                return Err(self.ends.storage(source));
            }
        }
    }

    fn push(
        &self,
        payloads: Vec<Keyed>,
    ) -> Result<oneshot::Receiver<Result<Vec<Seq>, Error>>, Error> {
        let only: Vec<_> = payloads.iter().map(|keyed| keyed.payload.clone()).collect();
        let bytes = check_append(&only)?;
        let limit = self.ends.link.max_payload_bytes();
        check_size("a payload", only.iter().map(Bytes::len).max().unwrap_or(0), limit)?;
        let records = payloads.into_iter().map(|keyed| self.outgoing(keyed));
        let records = records.collect::<Result<_, _>>()?;
        let (answer, answered) = oneshot::channel();
        self.ends.check_open()?;
        self.ends.queue.push(Job::Append(Append { records, answer }), bytes)?;
        Ok(answered)
    }

    fn outgoing(&self, keyed: Keyed) -> Result<Outgoing, Error> {
        let id = match keyed.id {
            Some(id) => subject::of_id(&id)?,
            // What no caller's id can be.
            None => format!("~{:032x}", rand::random::<u128>()),
        };
        let subject = subject::of_key(&self.prefix, &keyed.key)?;
        Ok(Outgoing { subject, id, payload: keyed.payload })
    }

    fn abort(&self) {
        self.reading.abort();
        self.writing.iter().for_each(AbortHandle::abort);
    }
}

impl Journal for NatsJournal {
    type Follow = NatsFollow;

    fn append(&self, payloads: Vec<Bytes>) -> impl Future<Output = Result<Vec<Seq>, Error>> + Send {
        let keyed = |payload| Keyed { payload, ..Keyed::default() };
        self.append_keyed(payloads.into_iter().map(keyed).collect())
    }

    fn append_keyed(
        &self,
        payloads: Vec<Keyed>,
    ) -> impl Future<Output = Result<Vec<Seq>, Error>> + Send {
        let queued = self.push(payloads);
        async move { queued?.await.unwrap_or(Err(Error::Closed)) }
    }

    fn probe(&self) -> impl Future<Output = Result<(), Error>> + Send {
        let (answer, answered) = oneshot::channel();
        let queued = self.ends.queue.push(Job::Probe(answer), PROBE_BYTES);
        async move {
            queued?;
            answered.await.unwrap_or(Err(Error::Closed))
        }
    }

    fn follow(&self, after: Seq) -> NatsFollow {
        let (ends, live) = (Arc::clone(&self.ends), self.ends.live.subscribe());
        NatsFollow { after, ends, live, history: None }
    }

    fn epochs(&self) -> Epochs {
        self.ends.epochs()
    }

    fn tail(&self) -> Seq {
        self.ends.tail()
    }

    fn unsure_for(&self) -> Option<Duration> {
        Some(self.ends.unsure_for())
    }

    async fn checkpoint(&self, seq: Seq, state: Bytes, needed_after: Seq) -> Result<(), Error> {
        check_size("a state", state.len(), MAX_STATE_BYTES)?;
        self.ends.check_open()?;
        if self.writing.is_none() {
            return Err(Error::Closed);
        }
        self.retention.checkpoint(&self.ends, seq, state, needed_after).await
    }

    async fn others_checkpoint(&self) -> Result<Seq, Error> {
        self.ends.check_open()?;
        self.retention.newest(&self.ends).await
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, Error> {
        self.ends.check_open()?;
        self.retention.start_point(&self.ends).await
    }

    async fn close(&self) {
        self.ends.queue.close();
        if self.writing.is_none() {
            self.ends.end(End::Closed);
        }
        let mut live = self.ends.live.subscribe();
        let _ = live.wait_for(|live| live.end.is_some()).await;
        self.abort();
    }
}

impl Drop for NatsJournal {
    fn drop(&mut self) {
        self.ends.queue.close();
        self.ends.queue.take_all();
        self.abort();
        self.ends.end(End::Closed);
    }
}

/// What an opening begins with.
struct Beginning {
    tail: Seq,
    /// Checkpoints that are of records which were lost.
    foreign: HashSet<Seq>,
    known: Known,
}

impl Beginning {
    async fn find(streams: &Streams) -> Result<Self, Cause> {
        // Checkpoints first: none of them is then beyond what the stream has.
        let all = checkpoints::list(streams, &HashSet::new()).await?;
        let state = streams.look().await.map_err(|look| because(format!("{look:?}")))?;
        let tail = Seq(state.last_sequence);
        let foreign = checkpoints::foreign(streams, &all, tail).await?;
        let newest = all.iter().rev().find(|kept| !foreign.contains(&kept.seq));
        let known = match newest {
            Some(kept) => {
                let contents = checkpoints::get(streams, kept.seq).await?;
                Known { seq: kept.seq, runs: contents.runs }
            }
            None => Known::default(),
        };
        Ok(Beginning { tail, foreign, known })
    }
}

/// Follows a [`NatsJournal`].
#[derive(Debug)]
pub struct NatsFollow {
    after: Seq,
    ends: Arc<Ends>,
    live: watch::Receiver<Live>,
    history: Option<History>,
}

impl Follow for NatsFollow {
    async fn next(&mut self) -> Result<Vec<Record>, Error> {
        loop {
            let Live { tail, end } = self.live.borrow_and_update().clone();
            // What is in memory may be of what was replaced.
            if let Some(end @ End::Replaced(_)) = end {
                return Err(self.ends.error_of(end));
            }
            if self.after < tail {
                let batch = match self.ends.recent_after(self.after) {
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

impl NatsFollow {
    async fn read(&mut self, tail: Seq) -> Result<Vec<Record>, Error> {
        // Taken out while it reads: one whose future was dropped stands nobody knows where.
        let after = self.after;
        let mut history = self.history.take().unwrap_or_else(|| History::new(Of::Records, after));
        let batch = history.next(&self.ends, tail).await?;
        self.history = Some(history);
        Ok(batch.into_iter().map(|Old { record, .. }| record).collect())
    }
}

/// Connects to the servers of a journal, which may be about to come.
pub(crate) async fn connect(place: &Place) -> Result<Link, Error> {
    let deadline = Instant::now() + CONNECTED_WITHIN;
    loop {
        match Link::connect(place, 2 * IN_FLIGHT_RECORDS).await {
            Err(_) if Instant::now() < deadline => tokio::time::sleep(AGAIN).await,
            connected => return connected.map_err(|source| storage(place, source)),
        }
    }
}

/// What there is in JetStream, once servers gave it.
pub(crate) async fn opened<T, F: Future<Output = Result<T, NotOpened>>>(
    place: &Place,
    link: &Link,
    try_it: impl Fn() -> F,
) -> Result<T, Error> {
    let patience = link.patience();
    loop {
        match try_it().await {
            Err(NotOpened::Now(_)) if patience.again().await => {}
            Err(NotOpened::Now(cause)) => return Err(storage(place, link.explain(cause))),
            Err(NotOpened::Ever(source)) => {
                return Err(Error::Unfit { journal: place.to_string(), source });
            }
            Ok(opened) => return Ok(opened),
        }
    }
}

fn storage(place: &Place, source: Cause) -> Error {
    Error::Storage { journal: place.to_string(), source }
}

const CONNECTED_WITHIN: Duration = Duration::from_secs(10);

const AGAIN: Duration = Duration::from_millis(200);

/// How long an opening may see nothing of the records that it waits for.
const STANDSTILL: Duration = Duration::from_secs(20);
