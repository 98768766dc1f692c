//! A journal that becomes the same as another one, and one that is only read.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ::nats_journal::NatsJournal;
use journal::{
    AppendError, Checkpoint, Import, ImportError, ImportRecord, ImportSource, Journal,
    JournalOptions, MemoryJournal, OpenError, Record, SaveCheckpointError, Seq, SqliteJournal,
    StorageError, UnixMillis,
};
use tempfile::TempDir;

use crate::records::all_after;
use crate::subject::{Hands, Lasting, Subject, for_each_journal, in_time, numbered, one, place};

for_each_journal! {
    a_copy_has_the_records_under_their_numbers_times_and_ids
    a_copy_of_an_empty_journal_is_one
    records_that_do_not_follow_are_refused
    a_checkpoint_that_a_copy_does_not_reach_is_refused
}

/// A journal of three epochs whose first records are gone.
struct Original {
    journal: SqliteJournal,
    path: std::path::PathBuf,
    hands: Hands,
    _folder: TempDir,
}

impl Original {
    async fn new() -> Self {
        let (folder, path) = place();
        let hands = Hands::default();
        for epoch in 1..=2 {
            hands.set(epoch * 1000);
            let journal = open(&path, &hands);
            journal.append(numbered(0..5)).await.unwrap();
        }
        let journal = open(&path, &hands);
        let original = Self { journal, path, hands, _folder: folder };
        original.append("the third", 3000).await;
        original.journal.checkpoint(Seq(7), "state".into(), Seq(7)).await.unwrap();
        original.let_go_to(Seq(5), 11_500).await;
        original
    }

    async fn append(&self, text: &str, time: u64) {
        self.hands.set(time);
        self.journal.append(one(text)).await.unwrap();
    }

    /// Records older than ten seconds go when something is written, and none after the checkpoint.
    async fn let_go_to(&self, kept_after: Seq, time: u64) {
        self.hands.set(time);
        while self.origin().await.kept_after < kept_after {
            self.journal.probe().await.unwrap();
        }
    }

    async fn origin(&self) -> ImportSource {
        ImportSource::of(&self.journal).await.unwrap()
    }

    async fn copied(&self, after: Seq) -> Vec<ImportRecord> {
        copied(all_after(&self.journal, after).await.unwrap())
    }

    async fn start(&self) -> Option<Checkpoint> {
        self.journal.start_point().await.unwrap()
    }

    async fn check(&self, copy: &impl Journal) {
        let ImportSource { kept_after, epochs } = self.origin().await;
        assert!(kept_after > Seq::ZERO, "the first ones are gone");
        let records = all_after(&self.journal, kept_after).await.unwrap();
        assert_eq!(all_after(copy, kept_after).await.unwrap(), records);
        assert_eq!(ImportSource::of(copy).await.unwrap().kept_after, kept_after);
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

fn open(path: &Path, hands: &Hands) -> SqliteJournal {
    let keep = Some(Duration::from_secs(10));
    SqliteJournal::open(
        path,
        JournalOptions { keep, clock: hands.clock(), ..JournalOptions::default() },
    )
    .unwrap()
}

fn copied(records: Vec<Record>) -> Vec<ImportRecord> {
    let key = || vec!["main".into(), "I768".into()];
    records.into_iter().map(|record| ImportRecord { record, subject: key() }).collect()
}

async fn a_copy_has_the_records_under_their_numbers_times_and_ids<J: Subject>() {
    let (original, place) = (Original::new().await, J::empty_place());
    let origin = original.origin().await;
    let mut import = J::import(&place, &origin).await.unwrap();
    assert_eq!(import.tail(), Seq(5));
    let mut records = original.copied(import.tail()).await;
    let rest = records.split_off(2);
    import.write(records).await.unwrap();
    assert_eq!(import.tail(), Seq(7));
    import.write(rest).await.unwrap();
    let copy = import.finish(original.start().await).await.unwrap();
    original.check(&copy).await;
}

async fn a_copy_of_an_empty_journal_is_one<J: Subject>() {
    let (original, place) = (MemoryJournal::default(), J::empty_place());
    let origin = ImportSource::of(&original).await.unwrap();
    let import = J::import(&place, &origin).await.unwrap();
    let copy = import.finish(None).await.unwrap();
    assert_eq!(copy.tail(), Seq::ZERO);
    assert_eq!(copy.append(one("first")).await.unwrap(), [Seq(1)]);
}

async fn records_that_do_not_follow_are_refused<J: Subject>() {
    let (original, place) = (Original::new().await, J::empty_place());
    let mut import = J::import(&place, &original.origin().await).await.unwrap();
    for after in [Seq(6), Seq(8)] {
        let refused = import.write(original.copied(after).await).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("record {} does not follow record 5", after.next())
        );
    }
    import.write(original.copied(Seq(5)).await).await.unwrap();
    let twice = import.write(original.copied(Seq(10)).await).await;
    assert!(matches!(twice, Err(ImportError::Gap { seq: Seq(11), tail: Seq(11) })), "{twice:?}");
}

async fn a_checkpoint_that_a_copy_does_not_reach_is_refused<J: Subject>() {
    let (original, place) = (Original::new().await, J::empty_place());
    let import = J::import(&place, &original.origin().await).await.unwrap();
    let refused = import.finish(original.start().await).await.map(drop);
    assert!(
        matches!(
            refused,
            Err(ImportError::Checkpoint(SaveCheckpointError::OutOfRange { seq: Seq(7), .. }))
        ),
        "{refused:?}"
    );
}

/// Makes a `#[tokio::test]` of each function, once for each kind of journal that outlives the program.
macro_rules! for_each_lasting_journal {
    ($($test:ident)*) => {
        mod lasting_sqlite {
            $(#[tokio::test] async fn $test() {
                super::in_time(super::$test::<super::SqliteJournal>()).await;
            })*
        }
        mod lasting_nats {
            $(#[tokio::test] async fn $test() {
                super::in_time(super::$test::<super::NatsJournal>()).await;
            })*
        }
    };
}

for_each_lasting_journal! {
    an_interrupted_copy_goes_on_where_it_was_though_the_original_went_on_too
    one_that_was_interrupted_before_the_original_let_go_more_begins_where_that_does
    an_interrupted_copy_is_opened_by_nobody
    what_is_there_already_is_not_copied_over
    what_is_opened_to_be_read_takes_nothing
}

async fn an_interrupted_copy_goes_on_where_it_was_though_the_original_went_on_too<J: Lasting>() {
    let (mut original, place) = (Original::new().await, J::empty_place());
    let mut import = J::import(&place, &original.origin().await).await.unwrap();
    let mut records = original.copied(Seq(5)).await;
    records.truncate(3);
    import.write(records).await.unwrap();
    drop(import);

    original.journal.close().await;
    original.journal = open(&original.path, &original.hands);
    original.append("of a fourth epoch", 12_000).await;
    let mut import = J::import(&place, &original.origin().await).await.unwrap();
    assert_eq!(import.tail(), Seq(8));
    import.write(original.copied(Seq(8)).await).await.unwrap();
    let copy = import.finish(original.start().await).await.unwrap();
    original.check(&copy).await;
}

async fn one_that_was_interrupted_before_the_original_let_go_more_begins_where_that_does<
    J: Lasting,
>() {
    let (original, place) = (Original::new().await, J::empty_place());
    let mut import = J::import(&place, &original.origin().await).await.unwrap();
    let mut records = original.copied(Seq(5)).await;
    records.truncate(3);
    import.write(records).await.unwrap();
    drop(import);

    original.append("late", 12_000).await;
    original.journal.checkpoint(Seq(10), "later state".into(), Seq(10)).await.unwrap();
    original.let_go_to(Seq(10), 12_500).await;
    let mut import = J::import(&place, &original.origin().await).await.unwrap();
    assert_eq!(import.tail(), Seq(10), "what is gone there goes here too");
    import.write(original.copied(Seq(10)).await).await.unwrap();
    let copy = import.finish(original.start().await).await.unwrap();
    original.check(&copy).await;
}

async fn an_interrupted_copy_is_opened_by_nobody<J: Lasting>() {
    let (original, place) = (Original::new().await, J::empty_place());
    let mut import = J::import(&place, &original.origin().await).await.unwrap();
    import.write(original.copied(Seq(5)).await).await.unwrap();
    drop(import);
    for opened in [J::open(&place).await, J::open_read_only(&place).await] {
        let error = opened.map(drop).unwrap_err();
        assert!(error.to_string().ends_with("copy to it again to finish it"), "{error}");
    }
}

async fn what_is_there_already_is_not_copied_over<J: Lasting>() {
    let (original, other) = (Original::new().await, Original::new().await);
    let place = J::empty_place();
    let mut import = J::import(&place, &original.origin().await).await.unwrap();
    import.write(original.copied(Seq(5)).await).await.unwrap();
    drop(import);
    let of_another = J::import(&place, &other.origin().await).await.map(drop);
    assert!(matches!(of_another, Err(ImportError::SourceMismatch { .. })), "{of_another:?}");

    let import = J::import(&place, &original.origin().await).await.unwrap();
    import.finish(original.start().await).await.unwrap().close().await;
    let finished = J::import(&place, &original.origin().await).await.map(drop);
    assert!(matches!(finished, Err(ImportError::AlreadyExists { .. })), "{finished:?}");
    let copy = J::open(&place).await.unwrap();
    original.check(&copy).await;
}

async fn what_is_opened_to_be_read_takes_nothing<J: Lasting>() {
    let (original, place) = (Original::new().await, J::empty_place());
    let absent = J::open_read_only(&place).await.map(drop);
    assert!(matches!(absent, Err(OpenError::NotFound { .. })), "{absent:?}");
    let mut import = J::import(&place, &original.origin().await).await.unwrap();
    import.write(original.copied(Seq(5)).await).await.unwrap();
    import.finish(original.start().await).await.unwrap().close().await;

    let journal = J::open_read_only(&place).await.unwrap();
    let appended = journal.append(one("more")).await;
    assert!(matches!(appended, Err(AppendError::Storage(StorageError::Closed))), "{appended:?}");
    let kept = journal.checkpoint(Seq(9), "other state".into(), Seq(9)).await;
    assert!(matches!(kept, Err(SaveCheckpointError::Storage(StorageError::Closed))), "{kept:?}");
    assert_eq!(journal.start_point().await.unwrap(), original.start().await);
    let records = all_after(&journal, Seq(5)).await.unwrap();
    assert_eq!(records, all_after(&original.journal, Seq(5)).await.unwrap());
    journal.close().await;
}

/// All files of a journal but its lock, byte for byte.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<_> = entries.map(|path| (name(&path), fs::read(&path).unwrap())).collect();
    // SQLite's index of the log is no part of what is kept.
    files.retain(|(name, _)| !name.ends_with(".lock") && !name.ends_with("-shm"));
    files.sort();
    files
}

#[tokio::test]
async fn a_file_that_is_read_stays_as_it_was_and_is_kept_from_writers() {
    let (folder, path) = place();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    journal.append(numbered(0..9)).await.unwrap();
    let in_use = SqliteJournal::open_read_only(&path).map(drop);
    assert!(matches!(in_use, Err(OpenError::InUse { .. })), "{in_use:?}");

    // As a killed program leaves it, with records in its log.
    let (killed, copy) = place();
    for (name, bytes) in files(folder.path()) {
        fs::write(killed.path().join(name), bytes).unwrap();
    }
    journal.close().await;
    for (folder, path) in [(&folder, &path), (&killed, &copy)] {
        let before = files(folder.path());
        let journal = SqliteJournal::open_read_only(path).unwrap();
        let another = SqliteJournal::open_read_only(path).unwrap();
        assert_eq!(all_after(&journal, Seq::ZERO).await.unwrap().len(), 9);
        assert_eq!(another.tail(), Seq(9));
        let writer = SqliteJournal::open(path, JournalOptions::default()).map(drop);
        assert!(matches!(writer, Err(OpenError::InUse { .. })), "{writer:?}");
        journal.close().await;
        drop((journal, another));
        assert_eq!(files(folder.path()), before);
    }
}

#[tokio::test]
async fn the_time_of_a_record_is_that_of_the_original() {
    let (original, place) = (Original::new().await, place());
    let mut import = SqliteJournal::import(&place.1, &original.origin().await).unwrap();
    import.write(original.copied(Seq(5)).await).await.unwrap();
    let copy = import.finish(original.start().await).await.unwrap();
    let times: Vec<_> =
        all_after(&copy, Seq(5)).await.unwrap().iter().map(|record| record.time).collect();
    assert_eq!(times, [2000, 2000, 2000, 2000, 2000, 3000].map(UnixMillis));
}
