//! Copying another journal into a file: records as they are, a batch a commit, and at the end the mark that
//! makes a journal of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use super::lock::{self, LockedFile};
use super::schema::{self, APPLICATION_ID, integer};
use super::{SqliteJournal, failure};
use crate::error::{ImportError, StorageError};
use crate::import::{Import, ImportRecord, ImportSource, check_import};
use crate::journal::{MAX_STATE_BYTES, check_checkpoint_seq, check_size};
use crate::{Checkpoint, JournalOptions, Seq};

/// A [`SqliteJournal`] in the making.
#[derive(Debug)]
pub struct SqliteImport {
    path: PathBuf,
    kept_after: Seq,
    tail: Seq,
    db: Arc<Mutex<Connection>>,
    file: LockedFile,
}

impl SqliteImport {
    pub(super) fn begin(path: &Path, origin: &ImportSource) -> Result<Self, ImportError> {
        let file = lock::lock_exclusive(path)?;
        let opened = schema::open_to_import(&file)?;
        let found = opened.epochs.tail();
        if found > Seq::ZERO && !origin.has(found, &opened.epochs) {
            return Err(ImportError::SourceMismatch { journal: path.display().to_string() });
        }
        let mut db = opened.db;
        begin(&mut db, origin).map_err(|e| failure(&path.display().to_string(), e))?;
        Ok(SqliteImport {
            path: path.to_owned(),
            kept_after: origin.kept_after,
            tail: found.max(origin.kept_after),
            db: Arc::new(Mutex::new(db)),
            file,
        })
    }

    /// Commits off the async threads. One that nobody waits for any more is carried out all the same.
    async fn commit(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StorageError> {
        let db = Arc::clone(&self.db);
        let working = tokio::task::spawn_blocking(move || {
            work(&mut db.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let worked = working.await.map_err(|_| StorageError::Closed)?;
        worked.map_err(|e| failure(&self.path.display().to_string(), e))
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

/// The epochs of all records that will come. What the origin has let go of since goes here too.
fn begin(db: &mut Connection, origin: &ImportSource) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute("DELETE FROM record WHERE seq <= ?1", [integer(origin.kept_after.0)])?;
    tx.execute("DELETE FROM epoch", [])?;
    for (epoch, first) in origin.epochs.starts() {
        // One that several wrote in turn has several beginnings. The ids of the later ones are not known
        // here, so those who come with them get a snapshot.
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
