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
//! [`LOST_RACES`] in a row it sends its next record without a condition, and the others of a run each
//! behind the one before by its id alone. Then its time may be behind that of the record before it, by as
//! much as clocks differ, and no more is lost than that.
//!
//! **What was sent without an answer** is sent again under the same id, for as long as
//! [`PATIENCE`](crate::PATIENCE) lasts: JetStream answers a repetition with the number of the first.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use journal::{Error, MAX_PAYLOAD_BYTES, Options, PROBE_BYTES, Seq};
use tokio::time::{Instant, timeout, timeout_at};

use crate::ends::{Before, End, Ends};
use crate::fault::{Refusal, because};
use crate::link::{ANSWER_WAIT, PATIENCE, PAUSE};
use crate::queue::{Append, IN_FLIGHT_BYTES, IN_FLIGHT_RECORDS, Job, Outgoing, Work};
use crate::retain::Retention;
use crate::stamp::Stamp;
use crate::streams::Look;

/// How often in a row a run may come too late before it is sent without its condition.
pub const LOST_RACES: u32 = 8;

pub(crate) struct Writer {
    ends: Arc<Ends>,
    options: Options,
    retention: Arc<Retention>,
    lost_races: u32,
}

/// How far a run has come.
#[derive(Default)]
struct Progress {
    /// The numbers of the records that were acknowledged.
    seqs: Vec<Seq>,
    /// How many may have been written.
    doubtful: usize,
}

impl Writer {
    pub(crate) fn new(ends: Arc<Ends>, options: Options, retention: Arc<Retention>) -> Self {
        Writer { ends, options, retention, lost_races: 0 }
    }

    /// Runs until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        loop {
            match self.ends.queue.take(HOUSEKEEPING).await {
                Work::Write(appends) => {
                    self.write(appends).await;
                    self.retention.step(&self.ends).await;
                }
                Work::Probe(answer) => {
                    let probed = self.probe().await;
                    let _ = answer.send(probed);
                }
                Work::Idle => self.retention.step(&self.ends).await,
                Work::End => break,
            }
        }
        self.ends.end(End::Closed);
    }

    async fn write(&mut self, appends: Vec<Append>) {
        let appends = self.with_room(appends).await;
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        for append in appends {
            answers.push((append.records.len(), append.answer));
            records.extend(append.records);
        }
        let mut progress = Progress::default();
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
                (None, Some(error)) if range.start < progress.doubtful => Err(self.unknown(error)),
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
        for job in self.ends.queue.take_all() {
            match job {
                Job::Append(append) => drop(append.answer.send(Err(error.clone()))),
                Job::Probe(answer) => drop(answer.send(Err(error.clone()))),
            }
        }
    }

    /// Sends all records. Where it fails, none that was not acknowledged or is doubtful was written.
    async fn send(&mut self, records: &[Outgoing], progress: &mut Progress) -> Result<(), Error> {
        let mut deadline = Instant::now() + PATIENCE;
        while progress.seqs.len() < records.len() {
            self.ends.check_open()?;
            self.ends.link.up().await.map_err(|e| self.ends.storage(e))?;
            let rest = &records[progress.seqs.len()..];
            let most =
                if self.ends.streams.takes_runs(&self.ends.link) { IN_FLIGHT_RECORDS } else { 1 };
            let sizes = rest.iter().map(|record| record.payload.len());
            let run = &rest[..run_length(sizes, most)];
            let before = self.ends.before();
            let (acknowledged, refusal) = self.attempt(run, before).await;
            if !acknowledged.is_empty() {
                deadline = Instant::now() + PATIENCE;
                self.lost_races = 0;
            }
            if let Some(Refusal::Unanswered(_)) = refusal {
                progress.doubtful = progress.doubtful.max(progress.seqs.len() + run.len());
            }
            progress.seqs.extend(acknowledged);
            progress.doubtful = progress.doubtful.max(progress.seqs.len());
            self.settle(refusal, before, &progress.seqs, deadline).await?;
        }
        Ok(())
    }

    /// Gets ready for the next run, or says why there is none.
    async fn settle(
        &mut self,
        refusal: Option<Refusal>,
        before: Before,
        seqs: &[Seq],
        deadline: Instant,
    ) -> Result<(), Error> {
        let cause = match refusal {
            None => return self.read_back(seqs).await,
            Some(Refusal::Full(source)) => {
                return Err(Error::NoRoom { journal: self.ends.journal.clone(), source });
            }
            Some(Refusal::Raced) => {
                self.lost_races += 1;
                self.read_past(before.tail).await;
                because("others wrote all the time, or the stream ends before what was read of it")
            }
            Some(Refusal::Refused(cause) | Refusal::Unanswered(cause)) => {
                tokio::time::sleep(PAUSE).await;
                cause
            }
        };
        if Instant::now() < deadline { Ok(()) } else { Err(self.ends.storage(cause)) }
    }

    /// Sends a run, and gives the numbers of the records at its beginning that were acknowledged.
    async fn attempt(&self, run: &[Outgoing], before: Before) -> (Vec<Seq>, Option<Refusal>) {
        let time = self.options.clock.now().max(before.time);
        let stamp = Stamp { epoch: before.epoch, time };
        let unconditioned = self.lost_races >= LOST_RACES;
        let mut sent = Vec::with_capacity(run.len());
        let mut previous: Option<&Outgoing> = None;
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
            match self.ends.link.jetstream.send_publish(record.subject.clone(), message).await {
                Ok(answer) => sent.push(answer),
                Err(e) => return (Vec::new(), Some(Refusal::Unanswered(because(e)))),
            }
        }
        let mut seqs = Vec::with_capacity(run.len());
        for answer in sent {
            match timeout(ANSWER_WAIT, answer.into_future()).await {
                Ok(Ok(answer)) => seqs.push(Seq(answer.sequence)),
                Ok(Err(e)) => return (seqs, Some(e.into())),
                Err(e) => return (seqs, Some(Refusal::Unanswered(because(e)))),
            }
        }
        (seqs, None)
    }

    /// What was acknowledged is answered when whoever asks finds it.
    async fn read_back(&self, seqs: &[Seq]) -> Result<(), Error> {
        let Some(&newest) = seqs.iter().max() else { return Ok(()) };
        let mut live = self.ends.live.subscribe();
        let read = live.wait_for(|live| live.tail >= newest || live.end.is_some());
        if let Ok(Ok(live)) = timeout(PATIENCE, read).await {
            let end = live.end.clone().filter(|_| live.tail < newest);
            return end.map_or(Ok(()), |end| Err(self.ends.error_of(end)));
        }
        Err(self.ends.storage(because("what was written was not read again in time")))
    }

    /// Waits for the record that came before ours.
    async fn read_past(&self, tail: Seq) {
        let mut live = self.ends.live.subscribe();
        let read = live.wait_for(|live| live.tail > tail || live.end.is_some());
        let read = timeout_at(Instant::now() + RACE_WAIT, read).await;
        if read.is_err() {
            self.ends.doubt.notify_one();
        }
    }

    fn unknown(&self, error: &Error) -> Error {
        let journal = self.ends.journal.clone();
        match error {
            Error::Storage { source, .. } | Error::NoRoom { source, .. } => {
                Error::Unknown { journal, source: Arc::clone(source) }
            }
            Error::Replaced { .. } => error.clone(),
            other => Error::Unknown { journal, source: because(other.to_string()) },
        }
    }

    /// Refuses the appends that would take more than may be in use.
    async fn with_room(&self, appends: Vec<Append>) -> Vec<Append> {
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
        self.ends.link.up().await.map_err(|e| self.ends.storage(e))?;
        match self.ends.streams.look().await {
            Ok(state) | Err(Look::Another(state)) => Ok(state.bytes),
            Err(look) => Err(self.ends.storage(because(format!("{look:?}")))),
        }
    }

    fn check_room(&self, wanted: u64, limit: u64) -> Result<(), Error> {
        if wanted <= limit {
            return Ok(());
        }
        let source = because(format!("{wanted} bytes would be in use, and {limit} are allowed"));
        Err(Error::NoRoom { journal: self.ends.journal.clone(), source })
    }

    /// Writes to the stream beside that of the records, which has the same servers and the same kind of
    /// storage, and then something to the records that has to be refused: whoever leads them is there.
    async fn probe(&self) -> Result<(), Error> {
        self.ends.check_open()?;
        if let Some(limit) = self.options.max_bytes {
            self.check_room(self.used_bytes().await? + PROBE_BYTES as u64, limit)?;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.ends.link.up().await.map_err(|e| self.ends.storage(e))?;
            let cause = match self.ask().await {
                Ok(()) => return Ok(()),
                Err(Refusal::Full(source)) => {
                    return Err(Error::NoRoom { journal: self.ends.journal.clone(), source });
                }
                Err(Refusal::Raced) => because("the probe was refused"),
                Err(Refusal::Refused(cause) | Refusal::Unanswered(cause)) => cause,
            };
            if Instant::now() >= deadline {
                return Err(self.ends.storage(cause));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn ask(&self) -> Result<(), Refusal> {
        let (streams, room) = (&self.ends.streams, bytes::Bytes::from_static(&[0; PROBE_BYTES]));
        self.publish(streams.probe.clone(), PublishMessage::build().payload(room)).await?;
        let subject = streams.subject_of_nothing();
        let refused = PublishMessage::build().expected_last_sequence(NEVER);
        match self.publish(subject, refused).await {
            Err(Refusal::Raced) => Ok(()),
            other => other,
        }
    }

    async fn publish(&self, subject: String, message: PublishMessage) -> Result<(), Refusal> {
        let answer = self.ends.link.jetstream.send_publish(subject, message).await?;
        match timeout(ANSWER_WAIT, answer.into_future()).await {
            Ok(answer) => Ok(answer.map(drop)?),
            Err(e) => Err(Refusal::Unanswered(because(e))),
        }
    }
}

/// How many payloads of these sizes are sent before their acknowledgements have come.
pub(crate) fn run_length(sizes: impl Iterator<Item = usize>, most: usize) -> usize {
    let mut bytes = 0;
    let fits = sizes.take(most).take_while(|size| {
        bytes += size;
        bytes <= IN_FLIGHT_BYTES
    });
    fits.count().max(1)
}

/// What a record takes in a stream, roughly.
fn cost(record: &Outgoing) -> u64 {
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
            assert_eq!(run_length(sizes.into_iter(), most), expected);
        }
    }
}
