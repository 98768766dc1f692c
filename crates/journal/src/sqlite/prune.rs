//! Removal of the oldest records, on the writer thread, in steps short enough to keep appends from waiting. The
//! file does not shrink: later commits reuse its free pages.

use rusqlite::Connection;

use super::schema::oldest_record;
use super::sql::{integer, millis, seq};
use super::writer::{SqliteWriter, WriteVolume, first_failure};
use crate::retention::{self, Expiry};
use crate::{Seq, UnixMillis};

impl SqliteWriter {
    /// Takes one step, if records are due. Returns whether more may be due.
    pub(super) fn prune(&mut self, written: WriteVolume) -> bool {
        let limit = retention::prune_limit(self.checkpoints.first().copied(), self.tail);
        let Some(oldest) = self.oldest else { return false };
        if oldest.0 > limit {
            return false;
        }
        let step = step(&mut self.db, &self.options, oldest, limit, step_bound(written));
        let stays = step.as_ref().ok().copied().flatten();
        if let Some(e) = first_failure(&mut self.failures.prune, step) {
            tracing::warn!(error = %e, "cannot prune old records");
        }
        if stays.is_some() {
            self.oldest = stays;
            self.checkpoint_wal(STEP_WAL_BYTES);
        }
        stays.is_some()
    }
}

/// Deletes the oldest records that are due. Returns the oldest remaining record, or `None` if none was due.
fn step(
    db: &mut Connection,
    options: &crate::JournalOptions,
    oldest: (Seq, UnixMillis),
    limit: Seq,
    bound: WriteVolume,
) -> rusqlite::Result<Option<(Seq, UnixMillis)>> {
    let expiry =
        Expiry::new(options, if options.keep_bytes.is_some() { used_bytes(db)? } else { 0 });
    if !expiry.covers(oldest.1, 0) {
        return Ok(None);
    }
    let last = last_due(db, expiry, limit, bound)?;
    db.execute("DELETE FROM record WHERE seq <= ?1", [integer(last.0)])?;
    oldest_record(db)
}

/// Returns the last record that this step deletes.
fn last_due(
    db: &Connection,
    expiry: Expiry,
    limit: Seq,
    bound: WriteVolume,
) -> rusqlite::Result<Seq> {
    let sql = "SELECT seq, time, length(payload) FROM record WHERE seq <= ?1 ORDER BY seq LIMIT ?2";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([integer(limit.0), integer(bound.records as u64)])?;
    let (mut last, mut freed) = (Seq::ZERO, 0);
    while let Some(row) = rows.next()? {
        if freed >= bound.bytes as u64 || !expiry.covers(millis(row.get(1)?), freed) {
            break;
        }
        last = seq(row.get(0)?);
        freed += u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default();
    }
    Ok(last)
}

fn used_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let figure = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = figure("page_count")? - figure("freelist_count")?;
    Ok(u64::try_from(pages * figure("page_size")?).unwrap_or_default())
}

/// Twice the volume written since the last step, so that pruning overtakes any rate of appends.
fn step_bound(written: WriteVolume) -> WriteVolume {
    WriteVolume {
        records: (2 * written.records).max(STEP_RECORDS),
        bytes: (2 * written.bytes).max(STEP_BYTES),
    }
}

/// The minimum number of due records that a step may delete.
const STEP_RECORDS: usize = 512;

/// The minimum payload bytes of due records that a step may delete.
const STEP_BYTES: usize = 1024 * 1024;

/// Approximate bytes that a step writes to the log.
const STEP_WAL_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, JournalOptions};

    /// A hundred records of ten bytes, all due.
    #[test]
    fn step_respects_bounds_and_prune_limit() -> rusqlite::Result<()> {
        let db = Connection::open_in_memory()?;
        db.execute_batch(
            "CREATE TABLE record (seq INTEGER PRIMARY KEY, time INTEGER, payload BLOB);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
             INSERT INTO record SELECT i, 0, zeroblob(10) FROM n;",
        )?;
        let options = JournalOptions {
            keep: Some(std::time::Duration::ZERO),
            clock: Clock::new(|| UnixMillis(1)),
            ..JournalOptions::default()
        };
        let expiry = Expiry::new(&options, 0);
        for (limit, records, bytes, expected) in
            [(100, 7, 1000, 7), (100, 1000, 35, 4), (100, 1000, 10_000, 100), (50, 60, 1000, 50)]
        {
            let bound = WriteVolume { records, bytes };
            assert_eq!(last_due(&db, expiry, Seq(limit), bound)?, Seq(expected));
        }
        Ok(())
    }

    #[test]
    fn pruning_overtakes_any_append_rate() {
        for (records, bytes) in [(0, 0), (1, 1), (4096, 100), (10, 16 * 1024 * 1024)] {
            let bound = step_bound(WriteVolume { records, bytes });
            assert!(bound.records > records && bound.bytes > bytes);
        }
    }
}
