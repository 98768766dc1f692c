//! Recovers from files that are not in their places.
//!
//! **A lost database** is usable again once it is moved back. Until then the writer accepts nothing. It copies the
//! log into the database at once, so that the file has all acknowledged records wherever it is now. If the file has
//! no name left when the journal is closed, the writer writes it back to its place, or beside the file that took it.
//!
//! **A lost log** needs no help: with the log copied, the database in its place is complete, and the writer opens it
//! again, with a new log.
//!
//! **A database that another program has written into** cannot be used any more: its pages and the log do not
//! belong together. The writer touches neither until the journal is closed. It recognises such a write because only
//! the copying of the log changes the database, which is the writer's own work.

use std::iter;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::shared::storage_error;
use super::watch::{FileLoss, JournalFiles};
use super::writer::SqliteWriter;
use super::{lock, schema};
use crate::error::{Cause, StorageError};

impl SqliteWriter {
    /// Checks that all files are in place: an append is acknowledged only if the next start finds it.
    pub(super) fn check_files(&mut self) -> Result<(), StorageError> {
        self.check_contents()?;
        if let Some(loss) = &self.reopening {
            return Err(loss.clone());
        }
        let checked = self.files.check();
        if checked.is_ok() {
            self.log_copied = false;
        } else if !self.log_copied {
            self.log_copied = self.copy_log();
        }
        Ok(checked?)
    }

    /// Like [`SqliteWriter::check_files`], and replaces a lost log.
    pub(super) fn restore_files(&mut self) -> Result<(), StorageError> {
        let checked = self.check_files();
        let database_in_place = !matches!(self.files.check(), Err(FileLoss::Database(_)));
        let is_complete = self.reopening.is_some() || self.log_copied;
        match checked {
            Err(loss) if database_in_place && is_complete => self.reopen(loss),
            checked => checked,
        }
    }

    /// Checks that only this writer has written to the database, whatever its name is now.
    fn check_contents(&mut self) -> Result<(), StorageError> {
        self.is_overwritten |= self.file.stamp().is_ok_and(|found| found != self.stamp);
        if self.is_overwritten {
            return Err(StorageError::FileOverwritten { path: self.file.given() });
        }
        Ok(())
    }

    /// Copies all of the write-ahead log into the database. Both are open, wherever they are.
    fn copy_log(&mut self) -> bool {
        matches!(self.checkpoint("TRUNCATE"), Ok((0, _)))
    }

    /// Copies the write-ahead log into the database. Returns whether SQLite was kept from copying all (0 or 1), and
    /// the number of frames in the log.
    pub(super) fn checkpoint(&mut self, mode: &str) -> rusqlite::Result<(i64, i64)> {
        if self.check_contents().is_err() {
            // The operator learns of it from the next update or probe.
            return Ok((1, 0));
        }
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let copied = self.db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        self.restamp();
        copied
    }

    /// Takes the database's stamp after a write of its own.
    fn restamp(&mut self) {
        match self.file.stamp() {
            Ok(stamp) => self.stamp = stamp,
            Err(e) => tracing::warn!(error = %e, "cannot read the size of the journal"),
        }
    }

    /// Called last but one. Makes SQLite leave the files as they are if another program has written into them.
    pub(super) fn close_log(&mut self) {
        if let Err(e) = self.check_contents() {
            tracing::error!("{e}");
            let _ = self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        } else if let Err(e) = self.checkpoint("TRUNCATE") {
            tracing::warn!(error = %e, "cannot checkpoint the write-ahead log on close; the next start reads it");
        }
    }

    /// Opens the complete database again. SQLite removes what is left of the old log when the last connection to it
    /// closes.
    fn reopen(&mut self, loss: StorageError) -> Result<(), StorageError> {
        let Some(paused) = self.shared.readers.pause() else { return Err(loss) };
        self.db =
            Connection::open_in_memory().map_err(|e| storage_error(&self.shared.journal, e))?;
        self.reopening = Some(loss.clone());
        let unavailable = |source: Cause| StorageError::Unavailable {
            journal: self.shared.journal.clone(),
            source,
        };
        let reopened = schema::reopen(&self.file, &self.options, self.tail);
        let db = reopened.map_err(|e| unavailable(Arc::new(e)))?;
        let files = JournalFiles::watch(&self.file).map_err(|e| unavailable(Arc::new(e)))?;
        self.db = db;
        self.files = files.into();
        self.shared.readers.watch(&self.files);
        self.reopening = None;
        self.log_copied = false;
        drop(paused);
        self.restamp();
        tracing::warn!("{loss}; its records are in the database, which has a new log now");
        Ok(())
    }

    /// Called last. Writes a database without a name to its place, or beside the file that took it.
    pub(super) fn restore_deleted(&self) {
        let Err(FileLoss::Database(_)) = self.files.check() else { return };
        let journal = &self.shared.journal;
        if !self.file.is_deleted() {
            tracing::error!(
                "the journal {journal} is not in its place: its records are in the moved file"
            );
            return;
        }
        let place = self.file.path().display();
        let beside = (1..).map(|number| format!("{place}.saved-{number}"));
        let mut names = iter::once(place.to_string()).chain(beside);
        let Some(path) = names.find(|name| !Path::new(name).exists()) else { return };
        // SQLite fills an empty file, whose permissions stay.
        if let Err(e) = lock::create_database(Path::new(&path)) {
            tracing::error!(
                "the journal {journal} was deleted, and cannot be written to {path}: {e}"
            );
            return;
        }
        match self.db.execute("VACUUM INTO ?1", [&path]) {
            Ok(_) => tracing::warn!("the journal {journal} was deleted; its records are in {path}"),
            Err(e) => tracing::error!(
                "the journal {journal} was deleted, and cannot be written to {path}: {e}"
            ),
        }
    }
}
