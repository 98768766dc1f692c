//! What the one who writes, the one who reads and all followers hold in common: the recent records, the
//! epochs, and how far the stream was read.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use journal::backend::RecordRing;
use journal::{Cause, Epoch, Epochs, Error, RECENT_BYTES, RECENT_RECORDS, Record, Seq, UnixMillis};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::connection::NatsConnection;
use crate::queue::WriteQueue;
use crate::reader::ReceivedRecord;
use crate::streams::JournalStreams;

#[derive(Debug)]
pub(crate) struct NatsShared {
    /// What this journal is called in errors.
    pub(crate) journal: String,
    pub(crate) connection: NatsConnection,
    pub(crate) streams: JournalStreams,
    pub(crate) queue: WriteQueue,
    pub(crate) live: watch::Sender<StreamTail>,
    /// Asks the one who reads to make sure that what was read is still there.
    pub(crate) recheck: Notify,
    recent: Mutex<ReadState>,
    /// When it was sure that what was read is all there is.
    sure_at: Mutex<Instant>,
}

/// What followers that have read everything wait on.
#[derive(Clone, Debug)]
pub(crate) struct StreamTail {
    pub(crate) tail: Seq,
    pub(crate) end: Option<StopReason>,
}

/// Why nothing more comes.
#[derive(Clone, Debug)]
pub(crate) enum StopReason {
    Closed,
    Replaced(Cause),
}

#[derive(Debug)]
struct ReadState {
    ring: RecordRing,
    runs: Vec<(Epoch, Seq)>,
    epochs: Epochs,
    newest_time: UnixMillis,
    /// What our next record begins, if it begins one.
    pending_epoch: Option<Epoch>,
}

/// What a record that is written now comes after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Predecessor {
    pub(crate) tail: Seq,
    pub(crate) time: UnixMillis,
    pub(crate) epoch: Epoch,
}

impl NatsShared {
    pub(crate) fn new(
        journal: String,
        connection: NatsConnection,
        streams: JournalStreams,
        known: ReplayStart,
    ) -> Self {
        let mut runs = known.runs;
        if runs.is_empty() {
            runs.push((streams.identity.epoch(), Seq(1)));
        }
        let recent = ReadState {
            ring: RecordRing::default(),
            epochs: Epochs::new(runs.iter().copied(), known.seq),
            runs,
            newest_time: UnixMillis::default(),
            pending_epoch: None,
        };
        let live = watch::Sender::new(StreamTail { tail: known.seq, end: None });
        let (queue, recheck) = (WriteQueue::default(), Notify::new());
        NatsShared {
            journal,
            connection,
            streams,
            queue,
            live,
            recheck,
            recent: Mutex::new(recent),
            sure_at: Mutex::new(Instant::now()),
        }
    }

    /// Lets followers see what arrived. The records are there before the tail says so, and none of them
    /// can be taken before.
    pub(crate) fn announce(&self, arrived: Vec<ReceivedRecord>) {
        let mut recent = self.recent();
        let mut tail = recent.epochs.tail();
        for arrived in arrived {
            let stamp = arrived.stamp(recent.epoch());
            recent.newest_time = stamp.time;
            if arrived.seq <= tail {
                continue; // Where a look begins, the record that was had before.
            }
            tail = arrived.seq;
            recent.begin(stamp.epoch, arrived.seq);
            recent.ring.push(arrived.into_record(stamp));
        }
        while recent.ring.len() > RECENT_RECORDS || recent.ring.bytes() > RECENT_BYTES {
            recent.ring.pop_oldest();
        }
        recent.epochs = recent.epochs.with_tail(tail);
        // Under the lock: who is behind takes all that is there, and may ask at once for its ids.
        self.live.send_if_modified(|live| std::mem::replace(&mut live.tail, tail) != tail);
    }

    /// The next record that is written here begins an epoch: what went before may be another's.
    pub(crate) fn begin_epoch(&self) {
        let mut recent = self.recent();
        recent.pending_epoch = Some(recent.epochs.unused_epoch());
    }

    pub(crate) fn before(&self) -> Predecessor {
        let recent = self.recent();
        let epoch = recent.pending_epoch.unwrap_or_else(|| recent.epoch());
        Predecessor { tail: recent.epochs.tail(), time: recent.newest_time, epoch }
    }

    pub(crate) fn epochs(&self) -> Epochs {
        self.recent().epochs.clone()
    }

    /// The epochs of the records up to one.
    pub(crate) fn runs_to(&self, seq: Seq) -> Vec<(Epoch, Seq)> {
        self.recent().runs.iter().copied().filter(|&(_, first)| first <= seq.max(Seq(1))).collect()
    }

    pub(crate) fn recent_after(&self, after: Seq) -> Option<Vec<Record>> {
        self.recent().ring.after(after)
    }

    pub(crate) fn tail(&self) -> Seq {
        self.live.borrow().tail
    }

    /// At that moment there was nothing but what is read by now.
    pub(crate) fn sure(&self, at: Instant) {
        *self.sure_at.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    pub(crate) fn staleness(&self) -> Duration {
        self.sure_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Why nothing is taken, if so.
    pub(crate) fn check_open(&self) -> Result<(), Error> {
        let end = self.live.borrow().end.clone();
        end.map_or(Ok(()), |end| Err(self.error_of(end)))
    }

    /// The first reason to end stays.
    pub(crate) fn end(&self, end: StopReason) {
        self.live.send_modify(|live| live.end = live.end.take().or(Some(end)));
    }

    pub(crate) fn error_of(&self, end: StopReason) -> Error {
        match end {
            StopReason::Closed => Error::Closed,
            StopReason::Replaced(source) => {
                Error::Replaced { journal: self.journal.clone(), source }
            }
        }
    }

    pub(crate) fn storage(&self, source: Cause) -> Error {
        Error::Storage { journal: self.journal.clone(), source: self.connection.explain(source) }
    }

    fn recent(&self) -> MutexGuard<'_, ReadState> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadState {
    fn epoch(&self) -> Epoch {
        self.runs.last().map_or(Epoch(0), |&(epoch, _)| epoch)
    }

    fn begin(&mut self, epoch: Epoch, first: Seq) {
        if self.pending_epoch == Some(epoch) {
            self.pending_epoch = None;
        }
        if self.epoch() == epoch {
            return;
        }
        // One that wrote nothing makes way.
        self.runs.retain(|&(_, begun)| begun < first);
        self.runs.push((epoch, first));
        let surplus = self.runs.len().saturating_sub(journal::MAX_EPOCHS);
        self.runs.drain(..surplus);
        self.epochs = Epochs::new(self.runs.iter().copied(), self.epochs.tail());
    }
}

/// What a journal knows before it has read anything.
#[derive(Debug, Default)]
pub(crate) struct ReplayStart {
    /// The record to begin after.
    pub(crate) seq: Seq,
    /// The epochs up to it.
    pub(crate) runs: Vec<(Epoch, Seq)>,
}
