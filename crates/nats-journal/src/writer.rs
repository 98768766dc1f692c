//! The one task that writes. Each record goes on the condition that the stream ends with the one before
//! it, and that one is a record which was read here, or one of the same run.
//!
//! So no record is written after one that its writer has not read: times never go back, and an epoch is
//! never written on by who does not know of the next; and where the stream was put back, nothing is
//! written at its old end. The records of an append stand in their order, whatever is lost on the way and
//! whatever arrives late. Another replica's record in between refuses what comes after it, which is sent
//! again behind that record.
//!
//! **A run** is several records sent at once, each bound to the one before by number and id. The number
//! alone would not do: where another's record took the place of the first, the second would fit behind
//! it. Replicated streams of servers since 2.10 are not sent runs: seen with 2.15.1, an id that is not
//! the last one ends such a stream, with a "critical write error" on each of its servers. There each
//! record waits for the acknowledgement of the one before it.
//!
//! **A replica that is far away** would never be first against one that is near and busy. After
//! [`MAX_CONFLICTS`] in a row it sends its next record without a condition, and the others of a run each
//! behind the one before by its id alone. Then its time may be behind that of the record before it, by as
//! much as clocks differ, and no more is lost than that.
//!
//! **What was sent without an answer** is sent again under the same id, for as long as
//! [`APPEND_TIMEOUT`](crate::APPEND_TIMEOUT) lasts: JetStream answers a repetition with the number of the first.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use journal::{Error, JournalOptions, MAX_PAYLOAD_BYTES, PROBE_BYTES, Seq};
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{PublishFailure, to_cause};
use crate::headers::RecordHeaders;
use crate::prune::StreamPruner;
use crate::queue::{
    IN_FLIGHT_BYTES, IN_FLIGHT_RECORDS, OutgoingRecord, PendingAppend, WriteRequest, WriterTask,
};
use crate::shared::{NatsShared, Predecessor, StopReason};
use crate::streams::StreamStatus;
use crate::timing::{APPEND_TIMEOUT, RESPONSE_TIMEOUT, RETRY_INTERVAL};

/// How often in a row a run may come too late before it is sent without its condition.
pub const MAX_CONFLICTS: u32 = 8;

pub(crate) struct Writer {
    shared: Arc<NatsShared>,
    options: JournalOptions,
    retention: Arc<StreamPruner>,
    conflicts: u32,
}

/// How far a run has come.
#[derive(Default)]
struct SendProgress {
    /// The numbers of the records that were acknowledged.
    seqs: Vec<Seq>,
    /// How many may have been written.
    unacknowledged: usize,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<NatsShared>,
        options: JournalOptions,
        retention: Arc<StreamPruner>,
    ) -> Self {
        Writer { shared, options, retention, conflicts: 0 }
    }

    /// Runs until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        loop {
            match self.shared.queue.take(HOUSEKEEPING).await {
                WriterTask::Append(appends) => {
                    self.write(appends).await;
                    self.retention.step(&self.shared).await;
                }
                WriterTask::Probe(answer) => {
                    let probed = self.probe().await;
                    let _ = answer.send(probed);
                }
                WriterTask::Idle => self.retention.step(&self.shared).await,
                WriterTask::StopReason => break,
            }
        }
        self.shared.end(StopReason::Closed);
    }

    async fn write(&mut self, appends: Vec<PendingAppend>) {
        let appends = self.with_room(appends).await;
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        for append in appends {
            answers.push((append.records.len(), append.answer));
            records.extend(append.records);
        }
        let mut progress = SendProgress::default();
        let sent = self.send(&records, &mut progress).await;
        let read = self.read_back(&progress.seqs).await;
        if read.is_err() {
            progress.seqs.clear();
        }
        let failure = sent.and(read).err();
        let mut first = 0;
        for (count, answer) in answers {
            let range = first..first + count;
            first = range.end;
            let _ = answer.send(match (progress.seqs.get(range.clone()), &failure) {
                (Some(seqs), _) => Ok(seqs.to_vec()),
                (None, Some(error)) if range.start < progress.unacknowledged => {
                    Err(self.unknown(error))
                }
                (None, Some(error)) => Err(error.clone()),
                (None, None) => Err(Error::Closed),
            });
        }
        if let Some(error @ (Error::Storage { .. } | Error::Replaced { .. })) = failure {
            self.refuse_waiting(&error);
        }
    }

    /// Whoever waited behind what failed has waited long enough. Nothing of it was sent.
    fn refuse_waiting(&self, error: &Error) {
        for job in self.shared.queue.take_all() {
            match job {
                WriteRequest::Append(append) => drop(append.answer.send(Err(error.clone()))),
                WriteRequest::Probe(answer) => drop(answer.send(Err(error.clone()))),
            }
        }
    }

    /// Sends all records. Where it fails, none that was not acknowledged or is doubtful was written.
    async fn send(
        &mut self,
        records: &[OutgoingRecord],
        progress: &mut SendProgress,
    ) -> Result<(), Error> {
        let mut deadline = Instant::now() + APPEND_TIMEOUT;
        while progress.seqs.len() < records.len() {
            self.shared.check_open()?;
            self.shared.connection.up().await.map_err(|e| self.shared.storage(e))?;
            let rest = &records[progress.seqs.len()..];
            let most = if self.shared.streams.supports_pipelining(&self.shared.connection) {
                IN_FLIGHT_RECORDS
            } else {
                1
            };
            let sizes = rest.iter().map(|record| record.payload.len());
            let run = &rest[..pipeline_length(sizes, most)];
            let before = self.shared.before();
            let (acknowledged, refusal) = self.attempt(run, before).await;
            if !acknowledged.is_empty() {
                deadline = Instant::now() + APPEND_TIMEOUT;
                self.conflicts = 0;
            }
            if let Some(PublishFailure::Unacknowledged(_)) = refusal {
                progress.unacknowledged =
                    progress.unacknowledged.max(progress.seqs.len() + run.len());
            }
            progress.seqs.extend(acknowledged);
            progress.unacknowledged = progress.unacknowledged.max(progress.seqs.len());
            self.settle(refusal, before, &progress.seqs, deadline).await?;
        }
        Ok(())
    }

    /// Gets ready for the next run, or says why there is none.
    async fn settle(
        &mut self,
        refusal: Option<PublishFailure>,
        before: Predecessor,
        seqs: &[Seq],
        deadline: Instant,
    ) -> Result<(), Error> {
        let cause = match refusal {
            None => return self.read_back(seqs).await,
            Some(PublishFailure::NoSpace(source)) => {
                return Err(Error::NoRoom { journal: self.shared.journal.clone(), source });
            }
            Some(PublishFailure::Conflict) => {
                self.conflicts += 1;
                self.read_past(before.tail).await;
                to_cause("others wrote all the time, or the stream ends before what was read of it")
            }
            Some(PublishFailure::Rejected(cause) | PublishFailure::Unacknowledged(cause)) => {
                tokio::time::sleep(RETRY_INTERVAL).await;
                cause
            }
        };
        if Instant::now() < deadline { Ok(()) } else { Err(self.shared.storage(cause)) }
    }

    /// Sends a run, and gives the numbers of the records at its beginning that were acknowledged.
    async fn attempt(
        &self,
        run: &[OutgoingRecord],
        before: Predecessor,
    ) -> (Vec<Seq>, Option<PublishFailure>) {
        let time = self.options.clock.now().max(before.time);
        let stamp = RecordHeaders { epoch: before.epoch, time };
        let unconditioned = self.conflicts >= MAX_CONFLICTS;
        let mut sent = Vec::with_capacity(run.len());
        let mut previous: Option<&OutgoingRecord> = None;
        for (expected, record) in (before.tail.0..).zip(run) {
            let message =
                PublishMessage::build().payload(record.payload.clone()).headers(stamp.write());
            let message = message.message_id(&record.id);
            let message =
                if unconditioned { message } else { message.expected_last_sequence(expected) };
            let message = match previous.replace(record) {
                Some(previous) => message.expected_last_message_id(&previous.id),
                None => message,
            };
            match self
                .shared
                .connection
                .jetstream
                .send_publish(record.subject.clone(), message)
                .await
            {
                Ok(answer) => sent.push(answer),
                Err(e) => return (Vec::new(), Some(PublishFailure::Unacknowledged(to_cause(e)))),
            }
        }
        let mut seqs = Vec::with_capacity(run.len());
        for answer in sent {
            match timeout(RESPONSE_TIMEOUT, answer.into_future()).await {
                Ok(Ok(answer)) => seqs.push(Seq(answer.sequence)),
                Ok(Err(e)) => return (seqs, Some(e.into())),
                Err(e) => return (seqs, Some(PublishFailure::Unacknowledged(to_cause(e)))),
            }
        }
        (seqs, None)
    }

    /// What was acknowledged is answered when whoever asks finds it.
    async fn read_back(&self, seqs: &[Seq]) -> Result<(), Error> {
        let Some(&newest) = seqs.iter().max() else { return Ok(()) };
        let mut live = self.shared.live.subscribe();
        let read = live.wait_for(|live| live.tail >= newest || live.end.is_some());
        if let Ok(Ok(live)) = timeout(APPEND_TIMEOUT, read).await {
            let end = live.end.clone().filter(|_| live.tail < newest);
            return end.map_or(Ok(()), |end| Err(self.shared.error_of(end)));
        }
        Err(self.shared.storage(to_cause("what was written was not read again in time")))
    }

    /// Waits for the record that came before ours.
    async fn read_past(&self, tail: Seq) {
        let mut live = self.shared.live.subscribe();
        let read = live.wait_for(|live| live.tail > tail || live.end.is_some());
        let read = timeout_at(Instant::now() + RACE_WAIT, read).await;
        if read.is_err() {
            self.shared.recheck.notify_one();
        }
    }

    fn unknown(&self, error: &Error) -> Error {
        let journal = self.shared.journal.clone();
        match error {
            Error::Storage { source, .. } | Error::NoRoom { source, .. } => {
                Error::Unknown { journal, source: Arc::clone(source) }
            }
            Error::Replaced { .. } => error.clone(),
            other => Error::Unknown { journal, source: to_cause(other.to_string()) },
        }
    }

    /// Refuses the appends that would take more than may be in use.
    async fn with_room(&self, appends: Vec<PendingAppend>) -> Vec<PendingAppend> {
        let Some(limit) = self.options.max_bytes else { return appends };
        let used = match self.used_bytes().await {
            Ok(used) => used,
            Err(e) => {
                appends.into_iter().for_each(|append| drop(append.answer.send(Err(e.clone()))));
                return Vec::new();
            }
        };
        let (mut used, mut taken) = (used, Vec::new());
        for append in appends {
            let grown: u64 = append.records.iter().map(cost).sum();
            match self.check_room(used + grown, limit) {
                Ok(()) => {
                    used += grown;
                    taken.push(append);
                }
                Err(e) => drop(append.answer.send(Err(e))),
            }
        }
        taken
    }

    async fn used_bytes(&self) -> Result<u64, Error> {
        self.shared.connection.up().await.map_err(|e| self.shared.storage(e))?;
        match self.shared.streams.look().await {
            Ok(state) | Err(StreamStatus::Recreated(state)) => Ok(state.bytes),
            Err(look) => Err(self.shared.storage(to_cause(format!("{look:?}")))),
        }
    }

    fn check_room(&self, wanted: u64, limit: u64) -> Result<(), Error> {
        if wanted <= limit {
            return Ok(());
        }
        let source = to_cause(format!("{wanted} bytes would be in use, and {limit} are allowed"));
        Err(Error::NoRoom { journal: self.shared.journal.clone(), source })
    }

    /// Writes to the stream beside that of the records, which has the same servers and the same kind of
    /// storage, and then something to the records that has to be refused: whoever leads them is there.
    async fn probe(&self) -> Result<(), Error> {
        self.shared.check_open()?;
        if let Some(limit) = self.options.max_bytes {
            self.check_room(self.used_bytes().await? + PROBE_BYTES as u64, limit)?;
        }
        let deadline = Instant::now() + APPEND_TIMEOUT;
        loop {
            self.shared.connection.up().await.map_err(|e| self.shared.storage(e))?;
            let cause = match self.ask().await {
                Ok(()) => return Ok(()),
                Err(PublishFailure::NoSpace(source)) => {
                    return Err(Error::NoRoom { journal: self.shared.journal.clone(), source });
                }
                Err(PublishFailure::Conflict) => to_cause("the probe was refused"),
                Err(PublishFailure::Rejected(cause) | PublishFailure::Unacknowledged(cause)) => {
                    cause
                }
            };
            if Instant::now() >= deadline {
                return Err(self.shared.storage(cause));
            }
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }

    async fn ask(&self) -> Result<(), PublishFailure> {
        let (streams, room) = (&self.shared.streams, bytes::Bytes::from_static(&[0; PROBE_BYTES]));
        self.publish(streams.probe.clone(), PublishMessage::build().payload(room)).await?;
        let subject = streams.default_subject();
        let refused = PublishMessage::build().expected_last_sequence(NEVER);
        match self.publish(subject, refused).await {
            Err(PublishFailure::Conflict) => Ok(()),
            other => other,
        }
    }

    async fn publish(
        &self,
        subject: String,
        message: PublishMessage,
    ) -> Result<(), PublishFailure> {
        let answer = self.shared.connection.jetstream.send_publish(subject, message).await?;
        match timeout(RESPONSE_TIMEOUT, answer.into_future()).await {
            Ok(answer) => Ok(answer.map(drop)?),
            Err(e) => Err(PublishFailure::Unacknowledged(to_cause(e))),
        }
    }
}

/// How many payloads of these sizes are sent before their acknowledgements have come.
pub(crate) fn pipeline_length(sizes: impl Iterator<Item = usize>, most: usize) -> usize {
    let mut bytes = 0;
    let fits = sizes.take(most).take_while(|size| {
        bytes += size;
        bytes <= IN_FLIGHT_BYTES
    });
    fits.count().max(1)
}

/// What a record takes in a stream, roughly.
fn cost(record: &OutgoingRecord) -> u64 {
    (record.payload.len() + record.subject.len() + record.id.len() + OVERHEAD_BYTES) as u64
}

/// What headers and the file take beside.
const OVERHEAD_BYTES: usize = 150;

/// A position that no stream comes to: servers read it as a signed number.
const NEVER: u64 = i64::MAX as u64;

/// How often an idle writer looks for records grown too old.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// How long to wait for the record of another that came before ours.
const RACE_WAIT: Duration = Duration::from_millis(500);

const _: () = assert!(MAX_PAYLOAD_BYTES <= IN_FLIGHT_BYTES);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_unacknowledged_is_bounded_in_records_and_bytes() {
        let sizes = |count, bytes| vec![bytes; count];
        let half = IN_FLIGHT_BYTES / 2;
        for (sizes, most, expected) in [
            (sizes(3, 1), IN_FLIGHT_RECORDS, 3),
            (sizes(3, 1), 1, 1),
            (sizes(IN_FLIGHT_RECORDS + 1, 1), IN_FLIGHT_RECORDS, IN_FLIGHT_RECORDS),
            (sizes(5, half), IN_FLIGHT_RECORDS, 2),
            (sizes(5, half + 1), IN_FLIGHT_RECORDS, 1),
        ] {
            assert_eq!(pipeline_length(sizes.into_iter(), most), expected);
        }
    }
}
