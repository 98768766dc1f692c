//! The thread that writes. It commits all queued appends together, and only then publishes their records to
//! followers and acknowledges the appends.
//!
//! **A failed commit** leaves nothing in the tables: SQLite makes frames of the write-ahead log visible only
//! after their fsync succeeded, and rolls back otherwise. The next commit reuses the numbers, which no follower
//! has seen. But after a failed *fsync* the log file contains the complete frames. If the program crashed now,
//! recovery would find them, and an append that failed would be in the journal. So before the writer replies to
//! such an append, it commits a change without effect, which overwrites the start of those frames
//! ([`SqliteWriter::void_failed_commit`]). A frame's checksum covers the frame before it, so the remaining ones
//! are void as well. A rejected record can survive only if that commit fails too and the program dies before any
//! later commit. Even then no id names two records: its number belongs to an epoch that ended.
//!
//! The kernel may drop the pages of a failed fsync without writing them again. SQLite's next commit starts
//! where the failed one started, and so rewrites all of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::lock::{FileStamp, LockedFile};
use super::queue::{AppendReply, GroupCommit, WriterWork};
use super::schema::{FORMAT, LoadedJournal};
use super::shared::{SqliteShared, storage_error};
use super::sql::integer;
use super::watch::JournalFiles;
use crate::error::{AppendError, SaveCheckpointError, StorageError};
use crate::journal::{PROBE_BYTES, check_checkpoint_seq};
use crate::retention::obsolete_checkpoints;
use crate::{JournalOptions, Record, Seq, UnixMillis};

/// The state of the writer thread. It releases the file lock last.
pub(super) struct SqliteWriter {
    pub(super) db: Connection,
    pub(super) shared: Arc<SqliteShared>,
    pub(super) options: JournalOptions,
    pub(super) tail: Seq,
    newest_time: UnixMillis,
    /// The oldest record and its time.
    pub(super) oldest: Option<(Seq, UnixMillis)>,
    pub(super) checkpoints: Vec<Seq>,
    /// Approximate bytes written since the last WAL checkpoint.
    wal_bytes: usize,
    pub(super) failures: FailureFlags,
    pub(super) files: Arc<JournalFiles>,
    /// The database after the last write of this writer.
    pub(super) stamp: FileStamp,
    /// Another program has written into the database.
    pub(super) is_overwritten: bool,
    /// True while a file is lost and the database has the contents of the log.
    pub(super) log_copied: bool,
    /// Why the database is closed and about to be opened again.
    pub(super) reopening: Option<StorageError>,
    pub(super) file: LockedFile,
}

/// Operations that failed at the last attempt. A disk may fail all night, so the writer logs only the first
/// failure in a row.
#[derive(Default)]
pub(super) struct FailureFlags {
    void_commit: bool,
    wal_checkpoint: bool,
    pub(super) prune: bool,
}

/// Records and bytes written in one round. Pruning removes at least as much, so that it keeps up.
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
    files: Arc<JournalFiles>,
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
        files,
        stamp: file.stamp()?,
        is_overwritten: false,
        log_copied: false,
        reopening: None,
        file,
    };
    thread::Builder::new().name("journal-writer".into()).spawn(move || {
        let _guard = CloseOnExit(Arc::clone(&writer.shared));
        writer.run();
    })
}

impl SqliteWriter {
    fn run(mut self) {
        let mut timeout = PRUNE_INTERVAL;
        let mut group = GroupCommit::default();
        loop {
            let work = self.shared.queue.take(group, timeout);
            group = GroupCommit::default();
            let written = match work {
                WriterWork::Commit(appends) => {
                    let start = Instant::now();
                    let count = appends.len();
                    let written = self.commit(appends);
                    group = GroupCommit::of_last_commit(count, start.elapsed());
                    written
                }
                WriterWork::SaveCheckpoint { seq, state, needed_after, reply } => {
                    let bytes = state.len();
                    let _ = reply.send(self.save_checkpoint(seq, &state, needed_after));
                    WriteVolume { records: 0, bytes }
                }
                WriterWork::Probe { reply } => {
                    let _ = reply.send(self.probe());
                    WriteVolume::default()
                }
                WriterWork::Check { reply } => {
                    let _ = reply.send(self.check_files());
                    WriteVolume::default()
                }
                WriterWork::Idle => WriteVolume::default(),
                WriterWork::Closed => break,
            };
            // Housekeeping follows the replies, so that no caller waits for it.
            let more = self.prune(written);
            self.checkpoint_wal(written.bytes + PAGE_BYTES);
            timeout = if more { Duration::ZERO } else { PRUNE_INTERVAL };
        }
        self.shared.readers.close();
        self.close_log();
        self.restore_deleted();
    }

    fn commit(&mut self, appends: Vec<(Vec<Bytes>, AppendReply)>) -> WriteVolume {
        // One transaction holds the payloads of all appends, in order.
        let mut payloads = Vec::new();
        let mut replies = Vec::new();
        for (append, reply) in appends {
            replies.push((append.len(), reply));
            payloads.extend(append);
        }
        if let Err(loss) = self.check_files() {
            for (_, reply) in replies {
                let _ = reply.send(Err(loss.clone().into()));
            }
            return WriteVolume::default();
        }
        let mut seqs = (self.tail.next().0..).map(Seq);
        match self.write(payloads) {
            Ok(records) => {
                let written = self.publish(records);
                for (count, reply) in replies {
                    let _ = reply.send(Ok(seqs.by_ref().take(count).collect()));
                }
                written
            }
            Err(e) => {
                self.void_failed_commit(&e);
                let error = storage_error(&self.shared.journal, e);
                for (_, reply) in replies {
                    let _ = reply.send(Err(error.clone().into()));
                }
                WriteVolume::default()
            }
        }
    }

    fn write(&mut self, payloads: Vec<Bytes>) -> rusqlite::Result<Vec<Record>> {
        // If the clock jumped back, the newest record's time stays.
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

    /// Publishes committed records to followers: first the records, then the tail, under one lock.
    fn publish(&mut self, records: Vec<Record>) -> WriteVolume {
        let bytes = records.iter().map(|record| record.payload.len()).sum();
        let written = WriteVolume { records: records.len(), bytes };
        if let Some(first) = records.first() {
            self.oldest.get_or_insert((first.seq, first.time));
        }
        if let Some(last) = records.last() {
            self.tail = last.seq;
            self.newest_time = last.time;
        }
        let mut recent = self.shared.recent();
        for record in records {
            recent.push(record);
        }
        while recent.len() > RECENT_RECORDS || recent.bytes() > RECENT_BYTES {
            recent.pop_oldest();
        }
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        // Still under the lock: a follower takes all recent records and may ask for their ids at once, which
        // exist only up to the tail.
        self.shared.tail_state.send_modify(|state| state.tail = self.tail);
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
        if let Err(index) = kept.binary_search(&seq) {
            kept.insert(index, seq);
        }
        let obsolete = obsolete_checkpoints(&kept, needed_after);
        kept.retain(|seq| !obsolete.contains(seq));
        self.check_files()?;
        if let Err(e) = self.write_checkpoint(seq, state, &obsolete) {
            self.void_failed_commit(&e);
            return Err(storage_error(&self.shared.journal, e).into());
        }
        self.checkpoints = kept;
        Ok(())
    }

    fn write_checkpoint(
        &mut self,
        seq: Seq,
        state: &[u8],
        obsolete: &[Seq],
    ) -> rusqlite::Result<()> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let insert = "INSERT OR REPLACE INTO checkpoint (seq, state) VALUES (?1, ?2)";
        tx.execute(insert, (integer(seq.0), state))?;
        for seq in obsolete {
            tx.execute("DELETE FROM checkpoint WHERE seq = ?1", [integer(seq.0)])?;
        }
        tx.commit()
    }

    /// Writes like an append. A failed probe needs no voiding: even if its frames survive, it changes nothing.
    fn probe(&mut self) -> Result<(), AppendError> {
        self.restore_files()?;
        let probed = self.write_and_remove();
        self.roll_back();
        probed.map_err(|e| storage_error(&self.shared.journal, e))?;
        self.wal_bytes += PROBE_BYTES;
        Ok(())
    }

    /// Inserts and deletes a record in one commit. All its pages are written to the log, although they are free
    /// again.
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

    /// Makes the rollback of a failed commit final, as described in the module's documentation. Rewriting the
    /// format number in the header commits one page unchanged.
    fn void_failed_commit(&mut self, failed: &rusqlite::Error) {
        self.roll_back();
        // Another program holds the file, so no frame of this commit reached the log.
        if failed.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
            return;
        }
        let voided = self.db.pragma_update(None, "user_version", FORMAT);
        if let Some(e) = first_failure(&mut self.failures.void_commit, voided) {
            tracing::warn!(error = %e, "cannot void a failed commit of the journal");
        }
    }

    /// Copies the write-ahead log into the database once it has grown. Readers prevent SQLite from restarting the
    /// log; a log far beyond its usual size waits briefly for them.
    pub(super) fn checkpoint_wal(&mut self, grown_bytes: usize) {
        self.wal_bytes += grown_bytes;
        if self.wal_bytes < WAL_CHECKPOINT_BYTES {
            return;
        }
        self.wal_bytes = 0;
        let checkpointed = self.try_checkpoint_wal();
        if let Some(e) = first_failure(&mut self.failures.wal_checkpoint, checkpointed) {
            tracing::warn!(error = %e, "cannot checkpoint the journal's write-ahead log");
        }
    }

    fn try_checkpoint_wal(&mut self) -> rusqlite::Result<()> {
        let (_, frames) = self.checkpoint("PASSIVE")?;
        if frames > MAX_WAL_FRAMES {
            self.checkpoint("TRUNCATE")?;
        }
        Ok(())
    }
}

/// Returns the error if it is the first in a row.
pub(super) fn first_failure<T>(
    failing: &mut bool,
    result: rusqlite::Result<T>,
) -> Option<rusqlite::Error> {
    let was_failing = std::mem::replace(failing, result.is_err());
    result.err().filter(|_| !was_failing)
}

/// Closes the journal when the thread ends, even by a panic, so that no caller waits in vain.
struct CloseOnExit(Arc<SqliteShared>);

impl Drop for CloseOnExit {
    fn drop(&mut self) {
        self.0.queue.abandon();
        self.0.close();
    }
}

/// The maximum number of recent records in memory. Followers further behind read the file.
pub const RECENT_RECORDS: usize = 8192;

/// The maximum bytes of recent records in memory.
pub const RECENT_BYTES: usize = 8 * 1024 * 1024;

/// The interval at which an idle writer prunes old records.
const PRUNE_INTERVAL: Duration = Duration::from_secs(5);

/// Bytes written between two WAL checkpoints. A commit that overwrites the log takes half as long as a commit
/// that extends it, so the log is kept short.
const WAL_CHECKPOINT_BYTES: usize = 1024 * 1024;

/// The least that a commit writes.
const PAGE_BYTES: usize = 4096;

/// The number of frames, one page each, at which a checkpoint waits for readers.
const MAX_WAL_FRAMES: i64 = 16 * 1024;
