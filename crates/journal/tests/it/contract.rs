//! The contract of all journals, for those of this crate.

use std::path::PathBuf;

use journal::{
    ImportError, ImportSource, JournalOptions, MemoryImport, MemoryJournal, OpenError,
    SqliteImport, SqliteJournal,
};
use tempfile::TempDir;
use testkit::journal_contract::{DurableFixture, JournalFixture, temp_path};

mod memory {
    testkit::journal_contract! { crate::contract::MemoryFixture }
}

mod sqlite {
    testkit::journal_contract! { durable crate::contract::SqliteFixture }
}

struct MemoryFixture;

impl JournalFixture for MemoryFixture {
    type Journal = MemoryJournal;
    type Import = MemoryImport;
    type Location = ();

    fn new_location() {}

    async fn open((): &(), options: JournalOptions) -> Result<MemoryJournal, OpenError> {
        Ok(MemoryJournal::new(options))
    }

    async fn import((): &(), source: &ImportSource) -> Result<MemoryImport, ImportError> {
        Ok(MemoryJournal::import(source.clone(), JournalOptions::default()))
    }
}

struct SqliteFixture;

impl JournalFixture for SqliteFixture {
    type Journal = SqliteJournal;
    type Import = SqliteImport;
    type Location = (TempDir, PathBuf);

    fn new_location() -> Self::Location {
        temp_path()
    }

    async fn open(
        (_, path): &Self::Location,
        options: JournalOptions,
    ) -> Result<SqliteJournal, OpenError> {
        SqliteJournal::open(path, options)
    }

    async fn import(
        (_, path): &Self::Location,
        source: &ImportSource,
    ) -> Result<SqliteImport, ImportError> {
        SqliteImport::begin(path, source)
    }
}

impl DurableFixture for SqliteFixture {
    async fn open_read_only((_, path): &Self::Location) -> Result<SqliteJournal, OpenError> {
        SqliteJournal::open_read_only(path)
    }
}
