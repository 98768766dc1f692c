//! Copying a journal, and opening one read-only.

use std::path::{Path, PathBuf};
use std::time::Duration;

use journal::{
    AppendError, Checkpoint, Import, ImportError, ImportRecord, ImportSource, Journal,
    JournalOptions, MemoryJournal, OpenError, Record, SaveCheckpointError, Seq, SqliteJournal,
    StorageError, UnixMillis,
};
use tempfile::TempDir;

use super::records::{TestClock, all_after, numbered, one};
use super::{DurableFixture, JournalFixture, temp_path};

pub async fn copy_preserves_numbers_times_and_ids<F: JournalFixture>() {
    let (source, location) = (SourceJournal::new().await, F::new_location());
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    assert_eq!(import.tail(), Seq(5));
    let mut records = source.records_after(import.tail()).await;
    let rest = records.split_off(2);
    import.write(records).await.unwrap();
    assert_eq!(import.tail(), Seq(7));
    import.write(rest).await.unwrap();
    let copy = import.finish(source.start().await).await.unwrap();
    let records = all_after(&copy, Seq(5)).await.unwrap();
    let times: Vec<_> = records.iter().map(|record| record.time).collect();
    assert_eq!(times, [2000, 2000, 2000, 2000, 2000, 3000].map(UnixMillis));
    source.check(&copy).await;
}

pub async fn empty_journal_can_be_copied<F: JournalFixture>() {
    let location = F::new_location();
    let source = ImportSource::read(&MemoryJournal::default()).await.unwrap();
    let import = F::import(&location, &source).await.unwrap();
    let copy = import.finish(None).await.unwrap();
    assert_eq!(copy.tail(), Seq::ZERO);
    assert_eq!(copy.append(one("first")).await.unwrap(), [Seq(1)]);
}

pub async fn gaps_are_rejected<F: JournalFixture>() {
    let (source, location) = (SourceJournal::new().await, F::new_location());
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    for after in [Seq(6), Seq(8)] {
        let refused = import.write(source.records_after(after).await).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("record {} does not follow record 5", after.next())
        );
    }
    import.write(source.records_after(Seq(5)).await).await.unwrap();
    let twice = import.write(source.records_after(Seq(10)).await).await;
    assert!(matches!(twice, Err(ImportError::Gap { seq: Seq(11), tail: Seq(11) })), "{twice:?}");
}

pub async fn checkpoint_beyond_copy_is_rejected<F: JournalFixture>() {
    let (source, location) = (SourceJournal::new().await, F::new_location());
    let import = F::import(&location, &source.describe().await).await.unwrap();
    let refused = import.finish(source.start().await).await.map(drop);
    assert!(
        matches!(
            refused,
            Err(ImportError::Checkpoint(SaveCheckpointError::OutOfRange { seq: Seq(7), .. }))
        ),
        "{refused:?}"
    );
}

pub async fn interrupted_copy_resumes<F: DurableFixture>() {
    let (mut source, location) = (SourceJournal::new().await, F::new_location());
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    let mut records = source.records_after(Seq(5)).await;
    records.truncate(3);
    import.write(records).await.unwrap();
    drop(import);

    source.journal.close().await;
    source.journal = open(&source.path, &source.clock);
    source.append("of a fourth epoch", 12_000).await;
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    assert_eq!(import.tail(), Seq(8));
    import.write(source.records_after(Seq(8)).await).await.unwrap();
    let copy = import.finish(source.start().await).await.unwrap();
    source.check(&copy).await;
}

pub async fn resumed_copy_skips_newly_pruned_records<F: DurableFixture>() {
    let (source, location) = (SourceJournal::new().await, F::new_location());
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    let mut records = source.records_after(Seq(5)).await;
    records.truncate(3);
    import.write(records).await.unwrap();
    drop(import);

    source.append("late", 12_000).await;
    source.journal.checkpoint(Seq(10), "later state".into(), Seq(10)).await.unwrap();
    source.prune_to(Seq(10), 12_500).await;
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    assert_eq!(import.tail(), Seq(10), "the copy skips pruned records");
    import.write(source.records_after(Seq(10)).await).await.unwrap();
    let copy = import.finish(source.start().await).await.unwrap();
    source.check(&copy).await;
}

pub async fn unfinished_copy_cannot_be_opened<F: DurableFixture>() {
    let (source, location) = (SourceJournal::new().await, F::new_location());
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    import.write(source.records_after(Seq(5)).await).await.unwrap();
    drop(import);
    for opened in
        [F::open(&location, JournalOptions::default()).await, F::open_read_only(&location).await]
    {
        let error = opened.map(drop).unwrap_err();
        assert!(error.to_string().ends_with("copy to it again to finish it"), "{error}");
    }
}

pub async fn existing_journal_is_not_overwritten<F: DurableFixture>() {
    let (source, other) = (SourceJournal::new().await, SourceJournal::new().await);
    let location = F::new_location();
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    import.write(source.records_after(Seq(5)).await).await.unwrap();
    drop(import);
    let of_another = F::import(&location, &other.describe().await).await.map(drop);
    assert!(matches!(of_another, Err(ImportError::SourceMismatch { .. })), "{of_another:?}");

    let import = F::import(&location, &source.describe().await).await.unwrap();
    import.finish(source.start().await).await.unwrap().close().await;
    let finished = F::import(&location, &source.describe().await).await.map(drop);
    assert!(matches!(finished, Err(ImportError::AlreadyExists { .. })), "{finished:?}");
    let copy = F::open(&location, JournalOptions::default()).await.unwrap();
    source.check(&copy).await;
}

pub async fn read_only_journal_rejects_writes<F: DurableFixture>() {
    let (source, location) = (SourceJournal::new().await, F::new_location());
    let absent = F::open_read_only(&location).await.map(drop);
    assert!(matches!(absent, Err(OpenError::NotFound { .. })), "{absent:?}");
    let mut import = F::import(&location, &source.describe().await).await.unwrap();
    import.write(source.records_after(Seq(5)).await).await.unwrap();
    import.finish(source.start().await).await.unwrap().close().await;

    let journal = F::open_read_only(&location).await.unwrap();
    let appended = journal.append(one("more")).await;
    assert!(matches!(appended, Err(AppendError::Storage(StorageError::Closed))), "{appended:?}");
    let kept = journal.checkpoint(Seq(9), "other state".into(), Seq(9)).await;
    assert!(matches!(kept, Err(SaveCheckpointError::Storage(StorageError::Closed))), "{kept:?}");
    assert_eq!(journal.start_point().await.unwrap(), source.start().await);
    let records = all_after(&journal, Seq(5)).await.unwrap();
    assert_eq!(records, all_after(&source.journal, Seq(5)).await.unwrap());
    journal.close().await;
}
/// A journal of three epochs whose first records were pruned.
struct SourceJournal {
    journal: SqliteJournal,
    path: PathBuf,
    clock: TestClock,
    _folder: TempDir,
}

impl SourceJournal {
    async fn new() -> Self {
        let (folder, path) = temp_path();
        let clock = TestClock::default();
        for epoch in 1..=2 {
            clock.set(epoch * 1000);
            let journal = open(&path, &clock);
            journal.append(numbered(0..5)).await.unwrap();
        }
        let journal = open(&path, &clock);
        let source = Self { journal, path, clock, _folder: folder };
        source.append("the third", 3000).await;
        source.journal.checkpoint(Seq(7), "state".into(), Seq(7)).await.unwrap();
        source.prune_to(Seq(5), 11_500).await;
        source
    }

    async fn append(&self, text: &str, time: u64) {
        self.clock.set(time);
        self.journal.append(one(text)).await.unwrap();
    }

    /// Writes until the journal has pruned the records older than ten seconds, up to its checkpoint.
    async fn prune_to(&self, kept_after: Seq, time: u64) {
        self.clock.set(time);
        while self.describe().await.kept_after < kept_after {
            self.journal.probe().await.unwrap();
        }
    }

    async fn describe(&self) -> ImportSource {
        ImportSource::read(&self.journal).await.unwrap()
    }

    async fn records_after(&self, after: Seq) -> Vec<ImportRecord> {
        to_import_records(all_after(&self.journal, after).await.unwrap())
    }

    async fn start(&self) -> Option<Checkpoint> {
        self.journal.start_point().await.unwrap()
    }

    async fn check(&self, copy: &impl Journal) {
        let ImportSource { kept_after, epochs } = self.describe().await;
        assert!(kept_after > Seq::ZERO, "the first ones are gone");
        let records = all_after(&self.journal, kept_after).await.unwrap();
        assert_eq!(all_after(copy, kept_after).await.unwrap(), records);
        assert_eq!(ImportSource::read(copy).await.unwrap().kept_after, kept_after);
        assert_eq!(copy.start_point().await.unwrap(), self.start().await);
        let (there, start) = (copy.epochs(), self.start().await.unwrap().seq);
        for seq in (start.0..=epochs.tail().0).map(Seq) {
            assert_eq!(there.record_id(seq), epochs.record_id(seq), "{seq}");
        }
        let next = copy.append(one("next")).await.unwrap();
        assert_eq!(next, [epochs.tail().next()]);
        let id = copy.epochs().record_id(next[0]).unwrap();
        assert!(
            epochs.starts().iter().all(|&(known, _)| known != id.epoch),
            "it has an epoch of its own"
        );
        let times: Vec<_> = all_after(copy, kept_after).await.unwrap();
        assert!(times.is_sorted_by_key(|record| record.time));
    }
}

fn open(path: &Path, clock: &TestClock) -> SqliteJournal {
    let keep = Some(Duration::from_secs(10));
    SqliteJournal::open(
        path,
        JournalOptions { keep, clock: clock.to_clock(), ..JournalOptions::default() },
    )
    .unwrap()
}

fn to_import_records(records: Vec<Record>) -> Vec<ImportRecord> {
    let mut imports = Vec::with_capacity(records.len());
    for record in records {
        imports.push(ImportRecord { record, subject: vec!["main".into(), "I768".into()] });
    }
    imports
}
