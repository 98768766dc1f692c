//! State shared by the writer, the tailer and all followers: the recent records, the epochs, and the last
//! record read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use journal::backend::RecordRing;
use journal::{
    Cause, Epoch, Epochs, RECENT_BYTES, RECENT_RECORDS, Record, Seq, StorageError, UnixMillis,
};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::connection::NatsConnection;
use crate::queue::WriteQueue;
use crate::reader::ReceivedRecord;
use crate::streams::JournalStreams;

#[derive(Debug)]
pub(crate) struct NatsShared {
    /// The name of this journal in errors.
    pub(crate) journal: String,
    pub(crate) connection: NatsConnection,
    pub(crate) streams: JournalStreams,
    pub(crate) queue: WriteQueue,
    pub(crate) tail: watch::Sender<StreamTail>,
    /// Asks the tailer to check that the records it has read are still stored.
    pub(crate) recheck: Notify,
    read: Mutex<ReadState>,
    /// The last time at which all records of the stream were known to be read.
    current_as_of: Mutex<Instant>,
}

/// The end of the records read; followers that have read everything wait for it to change.
#[derive(Clone, Debug)]
pub(crate) struct StreamTail {
    pub(crate) seq: Seq,
    /// Set when no more records will follow.
    pub(crate) stopped: Option<StopReason>,
}

#[derive(Clone, Debug)]
pub(crate) enum StopReason {
    Closed,
    Replaced(Cause),
}

/// Everything known from the records read so far.
#[derive(Debug)]
struct ReadState {
    ring: RecordRing,
    epoch_starts: Vec<(Epoch, Seq)>,
    epochs: Epochs,
    newest_time: UnixMillis,
    /// The epoch that the next record written here begins, if any.
    pending_epoch: Option<Epoch>,
}

/// The record before the next one to be written, and the epoch of that next one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Predecessor {
    pub(crate) tail: Seq,
    pub(crate) time: UnixMillis,
    pub(crate) epoch: Epoch,
}

/// The start of reading, and the epochs up to there.
#[derive(Debug, Default)]
pub(crate) struct ReplayStart {
    /// Reading starts after this record.
    pub(crate) seq: Seq,
    /// Each epoch with the number of its first record.
    pub(crate) epoch_starts: Vec<(Epoch, Seq)>,
}

impl NatsShared {
    pub(crate) fn new(
        journal: String,
        connection: NatsConnection,
        streams: JournalStreams,
        start: ReplayStart,
    ) -> Self {
        let mut epoch_starts = start.epoch_starts;
        if epoch_starts.is_empty() {
            epoch_starts.push((streams.identity.epoch(), Seq(1)));
        }
        let read = ReadState {
            ring: RecordRing::default(),
            epochs: Epochs::new(epoch_starts.iter().copied(), start.seq),
            epoch_starts,
            newest_time: UnixMillis::default(),
            pending_epoch: None,
        };
        NatsShared {
            journal,
            connection,
            streams,
            queue: WriteQueue::default(),
            tail: watch::Sender::new(StreamTail { seq: start.seq, stopped: None }),
            recheck: Notify::new(),
            read: Mutex::new(read),
            current_as_of: Mutex::new(Instant::now()),
        }
    }

    /// Adds records that were read and moves the tail, which wakes the followers.
    pub(crate) fn advance(&self, records: Vec<ReceivedRecord>) {
        let mut read = self.read();
        let mut tail = read.epochs.tail();
        for record in records {
            let headers = record.headers(read.epoch());
            read.newest_time = headers.time;
            if record.seq <= tail {
                continue; // A read starts with the last record, which is here already.
            }
            tail = record.seq;
            read.begin_epoch(headers.epoch, record.seq);
            read.ring.push(record.into_record(headers));
        }
        while read.ring.len() > RECENT_RECORDS || read.ring.bytes() > RECENT_BYTES {
            read.ring.pop_oldest();
        }
        read.epochs = read.epochs.with_tail(tail);
        // Under the lock: a follower that is behind takes all records in the ring, without regard to the
        // tail, and may ask for their ids at once.
        self.tail.send_if_modified(|current| std::mem::replace(&mut current.seq, tail) != tail);
    }

    /// Makes the next record written here begin an epoch, since the records before it may be another
    /// replica's.
    pub(crate) fn begin_epoch(&self) {
        let mut read = self.read();
        read.pending_epoch = Some(read.epochs.unused_epoch());
    }

    pub(crate) fn predecessor(&self) -> Predecessor {
        let read = self.read();
        let epoch = read.pending_epoch.unwrap_or_else(|| read.epoch());
        Predecessor { tail: read.epochs.tail(), time: read.newest_time, epoch }
    }

    pub(crate) fn epochs(&self) -> Epochs {
        self.read().epochs.clone()
    }

    /// The epochs of the records up to `seq`.
    pub(crate) fn epoch_starts_to(&self, seq: Seq) -> Vec<(Epoch, Seq)> {
        let read = self.read();
        read.epoch_starts.iter().copied().filter(|&(_, first)| first <= seq.max(Seq(1))).collect()
    }

    pub(crate) fn recent_after(&self, after: Seq) -> Option<Vec<Record>> {
        self.read().ring.after(after)
    }

    pub(crate) fn tail(&self) -> Seq {
        self.tail.borrow().seq
    }

    /// Everything written before `at` has been read.
    pub(crate) fn mark_current(&self, at: Instant) {
        *self.current_as_of.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// Time since all records of the stream were known to be read.
    pub(crate) fn staleness(&self) -> Duration {
        self.current_as_of.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Returns an error if the journal is stopped.
    pub(crate) fn check_open(&self) -> Result<(), StorageError> {
        let stopped = self.tail.borrow().stopped.clone();
        stopped.map_or(Ok(()), |reason| Err(self.stop_error(reason)))
    }

    /// Stops the journal. The first reason is kept.
    pub(crate) fn stop(&self, reason: StopReason) {
        self.tail.send_modify(|tail| tail.stopped = tail.stopped.take().or(Some(reason)));
    }

    /// Stops the journal when the result is dropped by a panic, so that no caller waits for the task in vain.
    pub(crate) fn stop_on_panic(self: &Arc<Self>) -> PanicGuard {
        PanicGuard(Arc::clone(self))
    }

    pub(crate) fn stop_error(&self, reason: StopReason) -> StorageError {
        match reason {
            StopReason::Closed => StorageError::Closed,
            StopReason::Replaced(source) => {
                StorageError::Replaced { journal: self.journal.clone(), source }
            }
        }
    }

    pub(crate) fn storage(&self, source: Cause) -> StorageError {
        StorageError::Unavailable {
            journal: self.journal.clone(),
            source: self.connection.explain(source),
        }
    }

    fn read(&self) -> MutexGuard<'_, ReadState> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct PanicGuard(Arc<NatsShared>);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        self.0.queue.close();
        self.0.queue.take_all();
        self.0.stop(StopReason::Closed);
    }
}

impl ReadState {
    fn epoch(&self) -> Epoch {
        self.epoch_starts.last().map_or(Epoch(0), |&(epoch, _)| epoch)
    }

    fn begin_epoch(&mut self, epoch: Epoch, first: Seq) {
        if self.pending_epoch == Some(epoch) {
            self.pending_epoch = None;
        }
        if self.epoch() == epoch {
            return;
        }
        // Drop an epoch in which no record was written.
        self.epoch_starts.retain(|&(_, start)| start < first);
        self.epoch_starts.push((epoch, first));
        let surplus = self.epoch_starts.len().saturating_sub(journal::MAX_EPOCHS);
        self.epoch_starts.drain(..surplus);
        self.epochs = Epochs::new(self.epoch_starts.iter().copied(), self.epochs.tail());
    }
}
