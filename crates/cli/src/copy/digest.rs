//! A digest of a journal, to compare it with another one: of its records and of the resulting timetables.

use std::fmt;

use anyhow::Result;
use engine::Replay;
use journal::{Follow, ImportSource, Journal, Record, Seq};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::progress::CopyProgress;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JournalDigest {
    records: u64,
    tail: Seq,
    /// Digest of all records with their numbers and times.
    records_digest: u128,
    /// Digest of the state of a server that starts from this journal.
    timetables_digest: u128,
}

impl JournalDigest {
    /// Reads the part of a journal that is copied, and replays it from its start point.
    pub(super) async fn compute(
        journal: &impl Journal,
        part: &ImportSource,
        progress: &CopyProgress,
    ) -> Result<Self> {
        let mut replay = Replay::begin(journal).await?;
        let mut hasher = Xxh3::new();
        let mut records = 0;
        let mut at = part.kept_after;
        let tail = part.epochs.tail();
        let mut follow = journal.follow(at);
        while at < tail {
            let batch = follow.next().await?;
            let before = records;
            for record in batch.iter().take_while(|record| record.seq <= tail) {
                replay.apply(record)?;
                hash_record(&mut hasher, record);
                at = record.seq;
                records += 1;
            }
            progress.add(records - before);
        }
        let timetables_digest = xxh3_128(&replay.checkpoint());
        Ok(Self { records, tail, records_digest: hasher.digest128(), timetables_digest })
    }
}

fn hash_record(hasher: &mut Xxh3, record: &Record) {
    let Record { seq, time, payload } = record;
    for number in [seq.0, time.0, payload.len() as u64] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(payload);
}

impl fmt::Display for JournalDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, tail, records_digest, timetables_digest } = self;
        write!(
            f,
            "{records} records up to number {tail} (digest {records_digest:032x}) and timetables (digest \
             {timetables_digest:032x})"
        )
    }
}
