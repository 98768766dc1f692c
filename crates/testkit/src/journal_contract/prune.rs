//! Pruning: which records are removed, and which never are.

use std::time::Duration;

use journal::{FollowError, Journal, JournalOptions, RECENT_BYTES, SaveCheckpointError, Seq};

use super::JournalFixture;
use super::records::{TestClock, all_after, numbered, one, zeros};

pub async fn checkpoint_protects_newer_records<F: JournalFixture>() {
    let clock = TestClock::default();
    let journal = F::create(one_minute(&clock)).await;
    journal.append(numbered(0..10)).await.unwrap();
    clock.set(30_000);
    journal.append(numbered(10..20)).await.unwrap();
    fill(&*journal).await;
    journal.checkpoint(Seq(15), "state".into(), Seq(15)).await.unwrap();
    clock.set(60_000);
    assert_eq!(kept_after(&*journal).await, Seq::ZERO, "a minute old is not too old");
    clock.set(60_001);
    kept_after(&*journal).await;
    assert_eq!(kept_after(&*journal).await, Seq(10));
    clock.set(10_000_000);
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
    // Pruning twelve thousand records takes several steps; the appends between them are too young.
    for _ in 0..30 {
        kept_after(&*journal).await;
    }
    assert_eq!(kept_after(&*journal).await, Seq(12_023));
}

pub async fn nothing_is_pruned_without_checkpoint<F: JournalFixture>() {
    let clock = TestClock::default();
    let journal = F::create(JournalOptions { keep_bytes: Some(1), ..one_minute(&clock) }).await;
    fill(&*journal).await;
    clock.set(10_000_000);
    for _ in 0..5 {
        assert_eq!(kept_after(&*journal).await, Seq::ZERO);
    }
}

pub async fn newest_record_is_never_pruned<F: JournalFixture>() {
    let clock = TestClock::default();
    let journal = F::create(JournalOptions { keep_bytes: Some(1), ..one_minute(&clock) }).await;
    journal.append(numbered(0..3)).await.unwrap();
    clock.set(10_000_000);
    journal.checkpoint(Seq(3), "state".into(), Seq(3)).await.unwrap();
    journal.checkpoint(Seq(3), "state".into(), Seq(3)).await.unwrap();
    assert_eq!(all_after(&*journal, Seq(2)).await.unwrap().len(), 1);
    assert_eq!(journal.append(one("next")).await.unwrap(), [Seq(4)]);
}

pub async fn byte_limit_prunes_oldest_first<F: JournalFixture>() {
    let keep_bytes = 4 * 1024 * 1024;
    let journal =
        F::create(JournalOptions { keep_bytes: Some(keep_bytes), ..JournalOptions::default() })
            .await;
    let (kilobytes, between) = (16, 50);
    for n in 1..=1500 {
        journal.append(zeros(kilobytes * 1024)).await.unwrap();
        if n % between == 0 {
            let tail = journal.tail();
            journal.checkpoint(tail, "state".into(), tail).await.unwrap();
            let kept = (tail.0 - kept_after(&*journal).await.0) * kilobytes as u64 * 1024;
            if n * kilobytes * 1024 < 2 * RECENT_BYTES {
                continue; // Pruned records may still be in memory.
            }
            // The records since the previous checkpoint may exceed the limit.
            let most = keep_bytes + (between * kilobytes * 1024) as u64;
            assert!((keep_bytes / 2..=most).contains(&kept), "{kept} bytes are kept");
        }
    }
}

pub async fn checkpoint_before_pruned_records_is_rejected<F: JournalFixture>() {
    let clock = TestClock::default();
    let journal = F::create(one_minute(&clock)).await;
    journal.append(numbered(0..10)).await.unwrap();
    journal.checkpoint(Seq(8), "state".into(), Seq(8)).await.unwrap();
    clock.set(10_000_000);
    journal.append(one("x")).await.unwrap();
    journal.append(one("x")).await.unwrap();
    let refused = journal.checkpoint(Seq(7), "state".into(), Seq(0)).await;
    assert!(
        matches!(refused, Err(SaveCheckpointError::OutOfRange { kept_after: Seq(8), .. })),
        "{refused:?}"
    );
    journal.checkpoint(Seq(9), "state".into(), Seq(8)).await.unwrap();
}
/// Returns the last pruned record. Pruning follows the reply to an append, so one more append ensures that the
/// previous step has ended. If the next step overtakes this read, it starts again.
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
    panic!("the journal lacks records that it reports");
}

/// Appends more records than a journal in a file holds in memory, so that pruned ones are missing.
async fn fill(journal: &impl Journal) {
    for _ in 0..3 {
        journal.append(numbered(0..4000)).await.unwrap();
    }
}

fn one_minute(clock: &TestClock) -> JournalOptions {
    let keep = Some(Duration::from_secs(60));
    JournalOptions { keep, clock: clock.to_clock(), ..JournalOptions::default() }
}
