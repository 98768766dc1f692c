//! The one thread that writes. It takes all appends that wait, commits them together, and only then
//! lets followers see them and answers.
//!
//! **When a commit fails** nothing of it is in the tables: SQLite makes frames of the log visible
//! only after their fsync succeeded, and rolls back otherwise. The numbers are given again to the
//! next commit; nobody has seen them. But after a failed *fsync* the frames are in the log file all
//! the same, whole, and a crash at that moment would let recovery find them: an append answered with
//! an error would be there after all. So before such a failure is answered, a commit that changes
//! nothing is written over the place where they lie ([`SqliteWriter::void_failed_commit`]). Each frame's checksum
//! builds on the one before, so what is left of them behind it is void. Only where that fails too,
//! and the program dies before any later commit, can a refused record survive: with a number of its
//! own in an epoch that is over, so that even then no id names two records.
//!
//! A failed fsync may also drop pages that the system will not write again. SQLite's next commit
//! begins where the failed one began and so writes all of them anew.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::lock::LockedFile;
use super::queue::{AppendReply, GroupCommit, WriterWork};
use super::schema::{FORMAT, LoadedJournal, integer};
use super::{SqliteShared, failure};
use crate::error::{AppendError, SaveCheckpointError};
use crate::journal::{PROBE_BYTES, check_checkpoint_seq};
use crate::retention::obsolete_checkpoints;
use crate::{JournalOptions, Record, Seq, UnixMillis};

/// Everything that only the writing thread touches. The lock is let go last.
pub(super) struct SqliteWriter {
    pub(super) db: Connection,
    pub(super) shared: Arc<SqliteShared>,
    pub(super) options: JournalOptions,
    pub(super) tail: Seq,
    newest_time: UnixMillis,
    /// The oldest record, and when it was written.
    pub(super) oldest: Option<(Seq, UnixMillis)>,
    pub(super) checkpoints: Vec<Seq>,
    /// Bytes written since the log was last folded, roughly.
    wal_bytes: usize,
    pub(super) failures: FailureFlags,
    _file: LockedFile,
}

/// What failed when it was last tried. A disk may fail all night: each is told once, until it
/// succeeds.
#[derive(Default)]
pub(super) struct FailureFlags {
    overwriting: bool,
    folding: bool,
    pub(super) retaining: bool,
}

/// How much a round wrote. Retention lets go of at least as much, so that it keeps up.
#[derive(Clone, Copy, Default)]
pub(super) struct WriteVolume {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

pub(super) fn start(
    shared: Arc<SqliteShared>,
    opened: LoadedJournal,
    options: JournalOptions,
    file: LockedFile,
) -> std::io::Result<JoinHandle<()>> {
    let writer = SqliteWriter {
        db: opened.db,
        shared,
        options,
        tail: opened.epochs.tail(),
        newest_time: opened.newest_time,
        oldest: opened.oldest,
        checkpoints: opened.checkpoints,
        wal_bytes: 0,
        failures: FailureFlags::default(),
        _file: file,
    };
    thread::Builder::new().name("journal-writer".into()).spawn(move || {
        let _ending = CloseOnExit(Arc::clone(&writer.shared));
        writer.run();
    })
}

impl SqliteWriter {
    fn run(mut self) {
        let mut patience = PRUNE_INTERVAL;
        let mut company = GroupCommit::default();
        loop {
            let work = self.shared.queue.take(company, patience);
            company = GroupCommit::default();
            let written = match work {
                WriterWork::Commit(appends) => {
                    let (start, count) = (Instant::now(), appends.len());
                    let written = self.commit(appends);
                    company = GroupCommit::of_last_commit(count, start.elapsed());
                    written
                }
                WriterWork::SaveCheckpoint { seq, state, needed_after, answer } => {
                    let bytes = state.len();
                    let _ = answer.send(self.save_checkpoint(seq, &state, needed_after));
                    WriteVolume { records: 0, bytes }
                }
                WriterWork::Probe { answer } => {
                    let _ = answer.send(self.probe());
                    WriteVolume::default()
                }
                WriterWork::Idle => WriteVolume::default(),
                WriterWork::End => break,
            };
            let more = self.prune(written);
            self.checkpoint_wal(written.bytes + PAGE_BYTES);
            patience = if more { Duration::ZERO } else { PRUNE_INTERVAL };
        }
        self.shared.readers.close();
        if let Err(e) = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            tracing::warn!(error = %e, "the journal's log stays beside it and is read at the next start");
        }
    }

    fn commit(&mut self, appends: Vec<(Vec<Bytes>, AppendReply)>) -> WriteVolume {
        let (mut payloads, mut answers) = (Vec::new(), Vec::new());
        for (given, answer) in appends {
            answers.push((given.len(), answer));
            payloads.extend(given);
        }
        let mut seqs = (self.tail.next().0..).map(Seq);
        match self.write(payloads) {
            Ok(records) => {
                let written = self.publish(records);
                for (count, answer) in answers {
                    let _ = answer.send(Ok(seqs.by_ref().take(count).collect()));
                }
                written
            }
            Err(e) => {
                self.void_failed_commit(&e);
                let error = failure(&self.shared.journal, e);
                for (_, answer) in answers {
                    let _ = answer.send(Err(error.clone().into()));
                }
                WriteVolume::default()
            }
        }
    }

    fn write(&mut self, payloads: Vec<Bytes>) -> rusqlite::Result<Vec<Record>> {
        // A clock that jumps back gives the newest record's time again.
        let time = self.newest_time.max(self.options.clock.now());
        let seqs = (self.tail.next().0..).map(Seq);
        let records: Vec<_> =
            seqs.zip(payloads).map(|(seq, payload)| Record { seq, time, payload }).collect();
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut insert =
            tx.prepare_cached("INSERT INTO record (seq, time, payload) VALUES (?1, ?2, ?3)")?;
        for Record { seq, time, payload } in &records {
            insert.execute((integer(seq.0), integer(time.0), payload.as_ref()))?;
        }
        drop(insert);
        tx.commit()?;
        Ok(records)
    }

    /// Durable now: lets followers see them. The records are there before the tail says so, and none
    /// of them can be taken before.
    fn publish(&mut self, records: Vec<Record>) -> WriteVolume {
        let bytes = records.iter().map(|record| record.payload.len()).sum();
        let written = WriteVolume { records: records.len(), bytes };
        if let Some(first) = records.first() {
            self.oldest.get_or_insert((first.seq, first.time));
        }
        if let Some(last) = records.last() {
            (self.tail, self.newest_time) = (last.seq, last.time);
        }
        let mut recent = self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            recent.push(record);
        }
        while recent.len() > RECENT_RECORDS || recent.bytes() > RECENT_BYTES {
            recent.pop_oldest();
        }
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        // Under the lock: who is behind takes all that is there, and may ask at once for its ids.
        self.shared.tail_state.send_modify(|live| live.tail = self.tail);
        drop(recent);
        written
    }

    fn save_checkpoint(
        &mut self,
        seq: Seq,
        state: &[u8],
        needed_after: Seq,
    ) -> Result<(), SaveCheckpointError> {
        let kept_after = self.oldest.map_or(Seq::ZERO, |(seq, _)| seq.prev());
        check_checkpoint_seq(seq, kept_after, self.tail)?;
        let mut kept = self.checkpoints.clone();
        if let Err(place) = kept.binary_search(&seq) {
            kept.insert(place, seq);
        }
        let superfluous = obsolete_checkpoints(&kept, needed_after);
        kept.retain(|seq| !superfluous.contains(seq));
        if let Err(e) = self.write_checkpoint(seq, state, &superfluous) {
            self.void_failed_commit(&e);
            return Err(failure(&self.shared.journal, e).into());
        }
        self.checkpoints = kept;
        Ok(())
    }

    fn write_checkpoint(
        &mut self,
        seq: Seq,
        state: &[u8],
        superfluous: &[Seq],
    ) -> rusqlite::Result<()> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let insert = "INSERT OR REPLACE INTO checkpoint (seq, state) VALUES (?1, ?2)";
        tx.execute(insert, (integer(seq.0), state))?;
        for seq in superfluous {
            tx.execute("DELETE FROM checkpoint WHERE seq = ?1", [integer(seq.0)])?;
        }
        tx.commit()
    }

    /// Nothing of a probe needs to be undone on the disk: whole, it changes nothing.
    fn probe(&mut self) -> Result<(), AppendError> {
        let probed = self.write_and_remove();
        self.roll_back();
        probed.map_err(|e| failure(&self.shared.journal, e))?;
        self.wal_bytes += PROBE_BYTES;
        Ok(())
    }

    /// One commit of a record and its removal. All the pages that it took go to the log, though they
    /// are free again.
    fn write_and_remove(&mut self) -> rusqlite::Result<()> {
        let seq = integer(self.tail.next().0);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let insert = "INSERT INTO record (seq, time, payload) VALUES (?1, 0, zeroblob(?2))";
        tx.execute(insert, (seq, integer(PROBE_BYTES as u64)))?;
        tx.execute("DELETE FROM record WHERE seq = ?1", [seq])?;
        tx.commit()
    }

    fn roll_back(&self) {
        if !self.db.is_autocommit() {
            let _ = self.db.execute_batch("ROLLBACK");
        }
    }

    /// Makes sure that what failed stays undone: see the head of this file. Writing the header's
    /// format again changes one page to what it is.
    fn void_failed_commit(&mut self, failed: &rusqlite::Error) {
        self.roll_back();
        // Another program has the file: nothing of ours reached the log.
        if failed.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
            return;
        }
        let overwritten = self.db.pragma_update(None, "user_version", FORMAT);
        if let Some(e) = first_failure(&mut self.failures.overwriting, overwritten) {
            tracing::warn!(error = %e, "a commit to the journal failed, and could not be overwritten");
        }
    }

    /// Moves the log's contents into the file once it has grown, after those who waited for the
    /// commit were answered. ReaderPool keep a log from being begun anew; one that has grown far
    /// beyond its measure waits a moment for them.
    pub(super) fn checkpoint_wal(&mut self, grown_bytes: usize) {
        self.wal_bytes += grown_bytes;
        if self.wal_bytes < WAL_CHECKPOINT_BYTES {
            return;
        }
        self.wal_bytes = 0;
        let folded = self.try_checkpoint_wal();
        if let Some(e) = first_failure(&mut self.failures.folding, folded) {
            tracing::warn!(error = %e, "the journal's log could not be folded into the file");
        }
    }

    fn try_checkpoint_wal(&self) -> rusqlite::Result<()> {
        let frames: i64 =
            self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))?;
        if frames > MAX_WAL_FRAMES {
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }
}

/// The error, if it is the first in a row.
pub(super) fn first_failure<T>(
    failures: &mut bool,
    result: rusqlite::Result<T>,
) -> Option<rusqlite::Error> {
    let was_failing = std::mem::replace(failures, result.is_err());
    result.err().filter(|_| !was_failing)
}

/// However the thread shared, by a fault of ours too: nobody waits for it in vain.
struct CloseOnExit(Arc<SqliteShared>);

impl Drop for CloseOnExit {
    fn drop(&mut self) {
        self.0.queue.abandon();
        self.0.end();
    }
}

/// How many recent records are kept in memory for followers. Those further behind read the file.
pub const RECENT_RECORDS: usize = 8192;

/// How many bytes the recent records may take in memory.
pub const RECENT_BYTES: usize = 8 * 1024 * 1024;

/// How often an idle writer looks for records grown too old.
const PRUNE_INTERVAL: Duration = Duration::from_secs(5);

/// How much is written between two foldings of the log. A commit that writes over what the log had
/// before takes half as long as one that makes the file longer, so the log is kept short.
const WAL_CHECKPOINT_BYTES: usize = 1024 * 1024;

/// What any commit writes at least.
const PAGE_BYTES: usize = 4096;

/// How many frames, a page each, the log may have before folding insists.
const MAX_WAL_FRAMES: i64 = 16 * 1024;
