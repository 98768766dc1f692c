//! What is in a journal, to be compared with another: its records, and the timetables that they come to.

use std::fmt;

use anyhow::Result;
use engine::Replay;
use journal::{Follow, ImportSource, Journal, Record, Seq};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::progress::Progress;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    records: u64,
    tail: Seq,
    /// Of all records with their numbers and times.
    digest: u128,
    /// Of the state that a server has who starts from this journal.
    timetables: u128,
}

impl Survey {
    /// Reads the part of a journal that is copied, and replays it from the start point.
    pub(super) async fn of(
        journal: &impl Journal,
        part: &ImportSource,
        progress: &Progress,
    ) -> Result<Self> {
        let mut replay = Replay::begin(journal).await?;
        let (mut digest, mut records) = (Xxh3::new(), 0);
        let (mut at, tail) = (part.kept_after, part.epochs.tail());
        let mut follow = journal.follow(at);
        while at < tail {
            let batch = follow.next().await?;
            let before = records;
            for record in batch.iter().take_while(|record| record.seq <= tail) {
                replay.apply(record)?;
                add(&mut digest, record);
                (at, records) = (record.seq, records + 1);
            }
            progress.add(records - before);
        }
        let timetables = xxh3_128(&replay.checkpoint());
        Ok(Self { records, tail, digest: digest.digest128(), timetables })
    }
}

fn add(digest: &mut Xxh3, record: &Record) {
    let Record { seq, time, payload } = record;
    for number in [seq.0, time.0, payload.len() as u64] {
        digest.update(&number.to_le_bytes());
    }
    digest.update(payload);
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, tail, digest, timetables } = self;
        write!(
            f,
            "{records} records up to number {tail} (digest {digest:032x}) and timetables (digest \
             {timetables:032x})"
        )
    }
}
