use std::time::Duration;

use journal::{
    FollowError, Journal, JournalOptions, RECENT_BYTES, SaveCheckpointError, Seq, SqliteJournal,
};

use crate::records::all_after;
use crate::subject::{Hands, Subject, for_each_journal, numbered, one, place, zeros};

for_each_journal! {
    old_records_go_but_none_after_the_oldest_checkpoint
    without_a_checkpoint_nothing_goes
    the_newest_record_stays
    too_many_bytes_go_oldest_first
    no_checkpoint_is_kept_where_records_are_gone
}

/// Where following can begin: what it says that is kept. Retention follows an append's answer, so
/// one more append shows that the step after the one before is over; where the step after this one
/// overtakes the reading, it is read again.
async fn kept_after(journal: &impl Journal) -> Seq {
    for _ in 0..100 {
        journal.append(one("x")).await.unwrap();
        let kept_after = match all_after(journal, Seq::ZERO).await {
            Ok(_) => return Seq::ZERO,
            Err(FollowError::Pruned { kept_after, .. }) => kept_after,
            Err(e) => panic!("{e}"),
        };
        assert!(kept_after > Seq::ZERO);
        if all_after(journal, kept_after).await.is_ok() {
            return kept_after;
        }
    }
    panic!("what is said to be kept is not there");
}

/// Beyond what a journal in a file still has in memory, so that what is gone shows.
async fn fill(journal: &impl Journal) {
    for _ in 0..3 {
        journal.append(numbered(0..4000)).await.unwrap();
    }
}

fn a_minute(hands: &Hands) -> JournalOptions {
    let keep = Some(Duration::from_secs(60));
    JournalOptions { keep, clock: hands.clock(), ..JournalOptions::default() }
}

async fn old_records_go_but_none_after_the_oldest_checkpoint<J: Subject>() {
    let hands = Hands::default();
    let journal = J::fresh(a_minute(&hands)).await;
    journal.append(numbered(0..10)).await.unwrap();
    hands.set(30_000);
    journal.append(numbered(10..20)).await.unwrap();
    fill(&*journal).await;
    journal.checkpoint(Seq(15), "state".into(), Seq(15)).await.unwrap();
    hands.set(60_000);
    assert_eq!(kept_after(&*journal).await, Seq::ZERO, "a minute old is not too old");
    hands.set(60_001);
    kept_after(&*journal).await;
    assert_eq!(kept_after(&*journal).await, Seq(10));
    hands.set(10_000_000);
    kept_after(&*journal).await;
    assert_eq!(kept_after(&*journal).await, Seq(15), "all are old, but these are needed");
    let start = journal.start_point().await.unwrap().unwrap();
    let replayed = all_after(&*journal, start.seq).await.unwrap();
    assert_eq!(replayed[0].seq, Seq(16));

    let tail = journal.tail();
    journal.checkpoint(tail, "newer".into(), Seq(18)).await.unwrap();
    kept_after(&*journal).await;
    assert_eq!(kept_after(&*journal).await, Seq(15), "the older one is still needed");
    journal.checkpoint(tail, "newer".into(), tail).await.unwrap();
    // Twelve thousand go in steps; the appends between them are young.
    for _ in 0..30 {
        kept_after(&*journal).await;
    }
    assert_eq!(kept_after(&*journal).await, Seq(12_023));
}

async fn without_a_checkpoint_nothing_goes<J: Subject>() {
    let hands = Hands::default();
    let journal = J::fresh(JournalOptions { keep_bytes: Some(1), ..a_minute(&hands) }).await;
    fill(&*journal).await;
    hands.set(10_000_000);
    for _ in 0..5 {
        assert_eq!(kept_after(&*journal).await, Seq::ZERO);
    }
}

async fn the_newest_record_stays<J: Subject>() {
    let hands = Hands::default();
    let journal = J::fresh(JournalOptions { keep_bytes: Some(1), ..a_minute(&hands) }).await;
    journal.append(numbered(0..3)).await.unwrap();
    hands.set(10_000_000);
    journal.checkpoint(Seq(3), "state".into(), Seq(3)).await.unwrap();
    journal.checkpoint(Seq(3), "state".into(), Seq(3)).await.unwrap();
    assert_eq!(all_after(&*journal, Seq(2)).await.unwrap().len(), 1);
    assert_eq!(journal.append(one("next")).await.unwrap(), [Seq(4)]);
}

async fn too_many_bytes_go_oldest_first<J: Subject>() {
    let keep_bytes = 4 * 1024 * 1024;
    let journal =
        J::fresh(JournalOptions { keep_bytes: Some(keep_bytes), ..JournalOptions::default() })
            .await;
    let (kilobytes, between) = (16, 50);
    for n in 1..=1500 {
        journal.append(zeros(kilobytes * 1024)).await.unwrap();
        if n % between == 0 {
            let tail = journal.tail();
            journal.checkpoint(tail, "state".into(), tail).await.unwrap();
            let kept = (tail.0 - kept_after(&*journal).await.0) * kilobytes as u64 * 1024;
            if n * kilobytes * 1024 < 2 * RECENT_BYTES {
                continue; // What was let go may still be in memory.
            }
            // As much as came since the checkpoint before may be too much.
            let most = keep_bytes + (between * kilobytes * 1024) as u64;
            assert!((keep_bytes / 2..=most).contains(&kept), "{kept} bytes are kept");
        }
    }
}

async fn no_checkpoint_is_kept_where_records_are_gone<J: Subject>() {
    let hands = Hands::default();
    let journal = J::fresh(a_minute(&hands)).await;
    journal.append(numbered(0..10)).await.unwrap();
    journal.checkpoint(Seq(8), "state".into(), Seq(8)).await.unwrap();
    hands.set(10_000_000);
    journal.append(one("x")).await.unwrap();
    journal.append(one("x")).await.unwrap();
    let refused = journal.checkpoint(Seq(7), "state".into(), Seq(0)).await;
    assert!(
        matches!(refused, Err(SaveCheckpointError::OutOfRange { kept_after: Seq(8), .. })),
        "{refused:?}"
    );
    journal.checkpoint(Seq(9), "state".into(), Seq(8)).await.unwrap();
}

/// Else the next start would give its number again.
#[tokio::test]
async fn the_newest_record_stays_in_the_file() {
    let (_folder, path) = place();
    let options = JournalOptions { keep_bytes: Some(1), ..JournalOptions::default() };
    let journal = SqliteJournal::open(&path, options.clone()).unwrap();
    journal.append(numbered(0..3)).await.unwrap();
    journal.checkpoint(Seq(3), "state".into(), Seq(3)).await.unwrap();
    drop(journal);
    let journal = SqliteJournal::open(&path, options).unwrap();
    assert_eq!(journal.append(one("next")).await.unwrap(), [Seq(4)]);
}

/// The pages of records that went are used again: the file does not grow with what passed through.
#[tokio::test]
async fn the_file_stays_near_its_bound() {
    let (_folder, path) = place();
    let keep_bytes = 1024 * 1024;
    let options = JournalOptions { keep_bytes: Some(keep_bytes), ..JournalOptions::default() };
    let journal = SqliteJournal::open(&path, options.clone()).unwrap();
    let mut largest = 0;
    for _ in 0..100 {
        journal.append(vec![zeros(100 * 1024).remove(0); 10]).await.unwrap();
        let tail = journal.tail();
        journal.checkpoint(tail, "state".into(), tail).await.unwrap();
        largest = largest.max(std::fs::metadata(&path).unwrap().len());
    }
    assert!(largest < 8 * keep_bytes, "{largest} bytes for {keep_bytes} to keep");
    let log = std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
    assert!(log < 32 * 1024 * 1024, "the log has {log} bytes");
    drop(journal);
    // What a start loads goes on from there.
    let journal = SqliteJournal::open(&path, options).unwrap();
    assert_eq!(journal.tail(), Seq(1000));
    assert!(matches!(all_after(&journal, Seq::ZERO).await, Err(FollowError::Pruned { .. })));
}
