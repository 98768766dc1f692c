//! Copying another journal into a file: each batch of records is one commit, and the last commit marks the
//! database as a journal.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use super::journal::SqliteJournal;
use super::lock::{self, LockedFile};
use super::schema::{self, APPLICATION_ID};
use super::shared::storage_error;
use super::sql::integer;
use crate::error::{ImportError, StorageError};
use crate::import::{Import, ImportRecord, ImportSource, check_import};
use crate::journal::{MAX_STATE_BYTES, check_checkpoint_seq, check_size};
use crate::{Checkpoint, JournalOptions, Seq};

/// An unfinished copy in a file, which becomes a [`SqliteJournal`].
#[derive(Debug)]
pub struct SqliteImport {
    path: PathBuf,
    kept_after: Seq,
    tail: Seq,
    db: Arc<Mutex<Connection>>,
    file: LockedFile,
}

impl SqliteImport {
    /// Starts to copy a journal into this file, or resumes.
    ///
    /// # Errors
    /// [`ImportError::AlreadyExists`], [`ImportError::SourceMismatch`], and those of [`SqliteJournal::open`].
    pub fn begin(path: impl AsRef<Path>, source: &ImportSource) -> Result<Self, ImportError> {
        let path = path.as_ref();
        let file = lock::lock_exclusive(path)?;
        let opened = schema::open_to_import(&file)?;
        let found = opened.epochs.tail();
        if found > Seq::ZERO && !source.contains(found, &opened.epochs) {
            return Err(ImportError::SourceMismatch { journal: path.display().to_string() });
        }
        let mut db = opened.db;
        begin(&mut db, source).map_err(|e| storage_error(&path.display().to_string(), e))?;
        Ok(SqliteImport {
            path: path.to_owned(),
            kept_after: source.kept_after,
            tail: found.max(source.kept_after),
            db: Arc::new(Mutex::new(db)),
            file,
        })
    }

    /// Commits on a blocking thread. A commit completes even if its future is dropped.
    async fn commit(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StorageError> {
        let db = Arc::clone(&self.db);
        let working = tokio::task::spawn_blocking(move || {
            work(&mut db.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let worked = working.await.map_err(|_| StorageError::Closed)?;
        worked.map_err(|e| storage_error(&self.path.display().to_string(), e))
    }
}

impl Import for SqliteImport {
    type Journal = SqliteJournal;

    fn tail(&self) -> Seq {
        self.tail
    }

    async fn write(&mut self, records: Vec<ImportRecord>) -> Result<(), ImportError> {
        check_import(self.tail, &records)?;
        let tail = records.last().map_or(self.tail, |copied| copied.record.seq);
        self.commit(move |db| insert(db, &records)).await?;
        self.tail = tail;
        Ok(())
    }

    async fn finish(self, start: Option<Checkpoint>) -> Result<SqliteJournal, ImportError> {
        if let Some(Checkpoint { seq, state }) = &start {
            check_size("a state", state.len(), MAX_STATE_BYTES)?;
            check_checkpoint_seq(*seq, self.kept_after, self.tail)?;
        }
        self.commit(move |db| finish(db, start)).await?;
        let SqliteImport { path, db, file, .. } = self;
        drop((db, file));
        Ok(SqliteJournal::open(path, JournalOptions::default())?)
    }
}

/// Saves the epochs of all records to come, and deletes the records that the source has pruned meanwhile.
fn begin(db: &mut Connection, source: &ImportSource) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute("DELETE FROM record WHERE seq <= ?1", [integer(source.kept_after.0)])?;
    tx.execute("DELETE FROM epoch", [])?;
    for (epoch, first) in source.epochs.starts() {
        // Replicas that wrote alternately start one epoch several times, and a file keeps only the first range.
        // Followers with ids of later ranges get a snapshot.
        let begin = "INSERT OR IGNORE INTO epoch (first, id) VALUES (?1, ?2)";
        tx.execute(begin, [integer(first.0), i64::from(epoch.0)])?;
    }
    tx.commit()
}

fn insert(db: &mut Connection, records: &[ImportRecord]) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut insert =
        tx.prepare_cached("INSERT INTO record (seq, time, payload) VALUES (?1, ?2, ?3)")?;
    for ImportRecord { record, .. } in records {
        let (seq, time) = (integer(record.seq.0), integer(record.time.0));
        insert.execute((seq, time, record.payload.as_ref()))?;
    }
    drop(insert);
    tx.commit()
}

fn finish(db: &mut Connection, start: Option<Checkpoint>) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(Checkpoint { seq, state }) = start {
        let insert = "INSERT OR REPLACE INTO checkpoint (seq, state) VALUES (?1, ?2)";
        tx.execute(insert, (integer(seq.0), state.as_ref()))?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.commit()
}
