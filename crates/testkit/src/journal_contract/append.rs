//! Appends: order, acknowledgement, and the end of a journal.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use journal::{
    AppendError, Follow, FollowError, Journal, JournalOptions, SaveCheckpointError, Seq,
    StorageError, UnixMillis,
};

use super::JournalFixture;
use super::records::{TestClock, all_after, assert_consecutive, numbered, one, texts};

pub async fn sequence_numbers_start_at_one<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    assert_eq!(journal.tail(), Seq::ZERO);
    assert_eq!(journal.append(numbered(0..3)).await.unwrap(), [Seq(1), Seq(2), Seq(3)]);
    assert_eq!(journal.append(vec![]).await.unwrap(), []);
    assert_eq!(journal.append(one("")).await.unwrap(), [Seq(4)]);
    assert_eq!(journal.tail(), Seq(4));
    let records = all_after(&*journal, Seq::ZERO).await.unwrap();
    assert_consecutive(Seq::ZERO, &records);
    assert_eq!(texts(&records), ["0", "1", "2", ""]);
}

pub async fn appends_keep_call_order<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    let first = journal.append(one("first"));
    let second = journal.append(one("second"));
    assert_eq!(second.await.unwrap(), [Seq(2)]);
    assert_eq!(first.await.unwrap(), [Seq(1)]);
    assert_eq!(texts(&all_after(&*journal, Seq::ZERO).await.unwrap()), ["first", "second"]);
}

pub async fn concurrent_appends_get_distinct_numbers<F: JournalFixture>() {
    let journal = Arc::new(F::create(JournalOptions::default()).await);
    let appenders: Vec<_> = (0..64)
        .map(|appender| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let mut answers = Vec::new();
                for turn in 0..20 {
                    let payload = format!("{appender} {turn}");
                    let seqs = journal.append(vec![payload.clone().into(), payload.into()]);
                    answers.push(seqs.await.unwrap());
                }
                (appender, answers)
            })
        })
        .collect();
    let mut expected = vec![String::new(); 64 * 20 * 2];
    for appender in appenders {
        let (appender, answers) = appender.await.unwrap();
        for (turn, seqs) in answers.into_iter().enumerate() {
            assert_eq!(seqs[1], seqs[0].next(), "one append is one run of numbers");
            for seq in seqs {
                expected[usize::try_from(seq.0).unwrap() - 1] = format!("{appender} {turn}");
            }
        }
    }
    let records = all_after(&**journal, Seq::ZERO).await.unwrap();
    assert_consecutive(Seq::ZERO, &records);
    assert_eq!(texts(&records), expected);
}

pub async fn acknowledged_records_are_readable<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    for n in 1..=50 {
        let seqs = journal.append(one("x")).await.unwrap();
        assert_eq!((journal.tail(), seqs), (Seq(n), vec![Seq(n)]));
        assert_eq!(journal.epochs().tail(), Seq(n));
        assert!(journal.epochs().record_id(Seq(n)).is_some());
        let mut follower = journal.follow(Seq(n - 1));
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            pin!(follower.next()).poll(&mut context).is_ready(),
            "a durable record needs no wait"
        );
    }
}

pub async fn record_times_never_decrease<F: JournalFixture>() {
    let clock = TestClock::default();
    let journal =
        F::create(JournalOptions { clock: clock.to_clock(), ..JournalOptions::default() }).await;
    for millis in [1000, 1000, 3000, 500, 2999, 3001] {
        clock.set(millis);
        journal.append(one("x")).await.unwrap();
    }
    let records = all_after(&*journal, Seq::ZERO).await.unwrap();
    let times: Vec<_> = records.iter().map(|record| record.time).collect();
    assert_eq!(times, [1000, 1000, 3000, 3000, 3000, 3001].map(UnixMillis));
}

pub async fn dropped_append_is_still_written<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    drop(journal.append(one("dropped")));
    journal.append(one("awaited")).await.unwrap();
    assert_eq!(texts(&all_after(&*journal, Seq::ZERO).await.unwrap()), ["dropped", "awaited"]);
}

pub async fn closed_journal_rejects_all_operations<F: JournalFixture>() {
    let journal = Arc::new(F::create(JournalOptions::default()).await);
    let mut waiting = journal.follow(Seq(1));
    let waiting = tokio::spawn(async move { waiting.next().await });
    let mut behind = journal.follow(Seq::ZERO);
    let last = journal.append(one("last"));
    journal.close().await;
    assert_eq!(last.await.unwrap(), [Seq(1)], "queued appends are written");
    journal.close().await;
    assert!(matches!(
        journal.append(one("late")).await,
        Err(AppendError::Storage(StorageError::Closed))
    ));
    let late = journal.checkpoint(Seq(1), "state".into(), Seq(1));
    assert!(matches!(late.await, Err(SaveCheckpointError::Storage(StorageError::Closed))));
    assert!(matches!(journal.start_point().await, Err(StorageError::Closed)));
    assert!(matches!(waiting.await.unwrap(), Err(FollowError::Storage(StorageError::Closed))));
    assert_eq!(texts(&behind.next().await.unwrap()), ["last"], "still in memory");
    assert!(matches!(behind.next().await, Err(FollowError::Storage(StorageError::Closed))));
}

pub async fn dropping_the_journal_ends_followers<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    let mut follower = journal.follow(Seq::ZERO);
    drop(journal);
    assert!(matches!(follower.next().await, Err(FollowError::Storage(StorageError::Closed))));
}
